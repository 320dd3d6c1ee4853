// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include <linux/skywire.h>

#include "names.h"

/*
 * Switches without a default rather than arrays: the compiler then names the
 * value that was added to the specification and forgotten here.
 */
const char *sw_transport_name(unsigned int value)
{
	switch ((enum skywire_transport)value) {
	case SKYWIRE_TRANSPORT_UDP:
		return "udp";
	case SKYWIRE_TRANSPORT_ETHERNET:
		return "ethernet";
	}
	return NULL;
}

const char *sw_link_state_name(unsigned int value)
{
	switch ((enum skywire_link_state)value) {
	case SKYWIRE_LINK_STATE_UP:
		return "up";
	case SKYWIRE_LINK_STATE_DOWN:
		return "down";
	}
	return NULL;
}

const char *sw_liveness_name(unsigned int value)
{
	switch ((enum skywire_liveness)value) {
	case SKYWIRE_LIVENESS_UNWATCHED:
		return "unwatched";
	case SKYWIRE_LIVENESS_UNPROVEN:
		return "unproven";
	case SKYWIRE_LIVENESS_ALIVE:
		return "alive";
	case SKYWIRE_LIVENESS_DEAD:
		return "dead";
	}
	return NULL;
}

const char *sw_path_state_name(unsigned int value)
{
	switch ((enum skywire_path_state)value) {
	case SKYWIRE_PATH_STATE_USABLE:
		return "usable";
	case SKYWIRE_PATH_STATE_LINK_DOWN:
		return "link-down";
	case SKYWIRE_PATH_STATE_MTU_TOO_SMALL:
		return "mtu-too-small";
	case SKYWIRE_PATH_STATE_NO_KEY:
		return "no-key";
	case SKYWIRE_PATH_STATE_UNPROVEN:
		return "unproven";
	case SKYWIRE_PATH_STATE_SUSPECT:
		return "suspect";
	}
	return NULL;
}

const char *sw_seal_name(unsigned int value)
{
	switch ((enum skywire_seal)value) {
	case SKYWIRE_SEAL_FULL:
		return "full";
	case SKYWIRE_SEAL_HEADER:
		return "header";
	}
	return NULL;
}

const char *sw_cipher_name(unsigned int value)
{
	switch ((enum skywire_cipher)value) {
	case SKYWIRE_CIPHER_CHACHA20_POLY1305:
		return "chacha20-poly1305";
	case SKYWIRE_CIPHER_AES_256_GCM:
		return "aes-256-gcm";
	case SKYWIRE_CIPHER_AES_128_GCM:
		return "aes-128-gcm";
	}
	return NULL;
}

const char *sw_role_name(unsigned int value)
{
	switch ((enum skywire_role)value) {
	case SKYWIRE_ROLE_INITIATOR:
		return "initiator";
	case SKYWIRE_ROLE_RESPONDER:
		return "responder";
	}
	return NULL;
}

const char *sw_key_slot_name(unsigned int value)
{
	switch ((enum skywire_key_slot)value) {
	case SKYWIRE_KEY_SLOT_PREVIOUS:
		return "previous";
	case SKYWIRE_KEY_SLOT_CURRENT:
		return "current";
	case SKYWIRE_KEY_SLOT_NEXT:
		return "next";
	}
	return NULL;
}

const char *sw_upcall_name(unsigned int value)
{
	switch ((enum skywire_upcall)value) {
	case SKYWIRE_UPCALL_HANDSHAKE:
		return "handshake";
	case SKYWIRE_UPCALL_CONTROL:
		return "control";
	case SKYWIRE_UPCALL_MISS:
		return "miss";
	}
	return NULL;
}

const char *sw_verdict_name(unsigned int value)
{
	switch ((enum skywire_verdict)value) {
	case SKYWIRE_VERDICT_RELEASE:
		return "release";
	case SKYWIRE_VERDICT_REFUSE:
		return "refuse";
	}
	return NULL;
}

const char *sw_counter_name(unsigned int value)
{
	switch ((enum skywire_counter)value) {
	case SKYWIRE_COUNTER_RX_FRAMES:
		return "rx-frames";
	case SKYWIRE_COUNTER_TX_FRAMES:
		return "tx-frames";
	case SKYWIRE_COUNTER_FORWARDED:
		return "forwarded";
	case SKYWIRE_COUNTER_DELIVERED:
		return "delivered";
	case SKYWIRE_COUNTER_ORIGINATED:
		return "originated";
	case SKYWIRE_COUNTER_SEAL_COPIES:
		return "seal-copies";
	case SKYWIRE_COUNTER_OPEN_COPIES:
		return "open-copies";
	case SKYWIRE_COUNTER_ASYNC_CRYPTS:
		return "async-crypts";
	case SKYWIRE_COUNTER_REQUEST_ALLOCS:
		return "request-allocs";
	case SKYWIRE_COUNTER_FRAGMENTED:
		return "fragmented";
	case SKYWIRE_COUNTER_ECHO_IN:
		return "echo-in";
	case SKYWIRE_COUNTER_ECHO_OUT:
		return "echo-out";
	case SKYWIRE_COUNTER_ERROR_IN:
		return "error-in";
	case SKYWIRE_COUNTER_ERROR_OUT:
		return "error-out";
	case SKYWIRE_COUNTER_ERROR_LIMITED:
		return "error-limited";
	case SKYWIRE_COUNTER_PROOF_IN:
		return "proof-in";
	case SKYWIRE_COUNTER_PROOF_OUT:
		return "proof-out";
	case SKYWIRE_COUNTER_DUPLICATED:
		return "duplicated";
	case SKYWIRE_COUNTER_HEADER_SEALED:
		return "header-sealed";
	case SKYWIRE_COUNTER_HANDSHAKE_UPCALLS:
		return "handshake-upcalls";
	case SKYWIRE_COUNTER_HANDSHAKES_SENT:
		return "handshakes-sent";
	case SKYWIRE_COUNTER_COOKIES_SENT:
		return "cookies-sent";
	case SKYWIRE_COUNTER_CONTROL_IN:
		return "control-in";
	case SKYWIRE_COUNTER_CONTROL_UPCALLS:
		return "control-upcalls";
	case SKYWIRE_COUNTER_CONTROL_SENT:
		return "control-sent";
	case SKYWIRE_COUNTER_MISS_UPCALLS:
		return "miss-upcalls";
	case SKYWIRE_COUNTER_MISS_RELEASED:
		return "miss-released";
	case SKYWIRE_COUNTER_ROAMED:
		return "roamed";
	case SKYWIRE_COUNTER_REFUSED:
		return "refused";
	}
	return NULL;
}

const char *sw_drop_name(unsigned int value)
{
	switch ((enum skywire_drop)value) {
	case SKYWIRE_DROP_UNSPEC:
		return "unspec";
	case SKYWIRE_DROP_FRAME_SHORT:
		return "frame-short";
	case SKYWIRE_DROP_FRAME_LENGTH:
		return "frame-length";
	case SKYWIRE_DROP_FRAME_TYPE:
		return "frame-type";
	case SKYWIRE_DROP_NO_INDEX:
		return "no-index";
	case SKYWIRE_DROP_KEY_EXPIRED:
		return "key-expired";
	case SKYWIRE_DROP_AUTH:
		return "auth";
	case SKYWIRE_DROP_REPLAY:
		return "replay";
	case SKYWIRE_DROP_LINK_DOWN:
		return "link-down";
	case SKYWIRE_DROP_HEADER:
		return "header";
	case SKYWIRE_DROP_HOPS:
		return "hops";
	case SKYWIRE_DROP_PACKET_TYPE:
		return "packet-type";
	case SKYWIRE_DROP_DIRECT_HOPS:
		return "direct-hops";
	case SKYWIRE_DROP_NO_LABEL:
		return "no-label";
	case SKYWIRE_DROP_U_TURN:
		return "u-turn";
	case SKYWIRE_DROP_POSTAGE:
		return "postage";
	case SKYWIRE_DROP_TOO_BIG:
		return "too-big";
	case SKYWIRE_DROP_ECN:
		return "ecn";
	case SKYWIRE_DROP_NO_KEY:
		return "no-key";
	case SKYWIRE_DROP_SESSION_SHORT:
		return "session-short";
	case SKYWIRE_DROP_SESSION_NO_INDEX:
		return "session-no-index";
	case SKYWIRE_DROP_SESSION_AUTH:
		return "session-auth";
	case SKYWIRE_DROP_SESSION_REPLAY:
		return "session-replay";
	case SKYWIRE_DROP_INNER_HEADER:
		return "inner-header";
	case SKYWIRE_DROP_INNER_SOURCE:
		return "inner-source";
	case SKYWIRE_DROP_DEVICE_DOWN:
		return "device-down";
	case SKYWIRE_DROP_NO_PEER:
		return "no-peer";
	case SKYWIRE_DROP_NO_PATH:
		return "no-path";
	case SKYWIRE_DROP_PROTOCOL:
		return "protocol";
	case SKYWIRE_DROP_LOOP:
		return "loop";
	case SKYWIRE_DROP_NO_ROUTE:
		return "no-route";
	case SKYWIRE_DROP_NO_MEMORY:
		return "no-memory";
	case SKYWIRE_DROP_CRYPTO:
		return "crypto";
	case SKYWIRE_DROP_SEGMENT:
		return "segment";
	case SKYWIRE_DROP_BACKLOG:
		return "backlog";
	case SKYWIRE_DROP_ECHO:
		return "echo";
	case SKYWIRE_DROP_ECHO_RATE:
		return "echo-rate";
	case SKYWIRE_DROP_ERROR:
		return "error";
	case SKYWIRE_DROP_ERROR_FORGED:
		return "error-forged";
	case SKYWIRE_DROP_PROOF:
		return "proof";
	case SKYWIRE_DROP_PROOF_RATE:
		return "proof-rate";
	case SKYWIRE_DROP_DUPLICATE:
		return "duplicate";
	case SKYWIRE_DROP_NO_LISTENER:
		return "no-listener";
	case SKYWIRE_DROP_MAC1:
		return "mac1";
	case SKYWIRE_DROP_HANDSHAKE_LOAD:
		return "handshake-load";
	case SKYWIRE_DROP_HANDSHAKE_RATE:
		return "handshake-rate";
	case SKYWIRE_DROP_UPCALL_RATE:
		return "upcall-rate";
	case SKYWIRE_DROP_UPCALL_FULL:
		return "upcall-full";
	case SKYWIRE_DROP_CONTROL_SIZE:
		return "control-size";
	case SKYWIRE_DROP_CONTROL_FRAGMENT:
		return "control-fragment";
	case SKYWIRE_DROP_CONTROL_FULL:
		return "control-full";
	case SKYWIRE_DROP_CONTROL_TIMEOUT:
		return "control-timeout";
	case SKYWIRE_DROP_MISS_FULL:
		return "miss-full";
	case SKYWIRE_DROP_MISS_REFUSED:
		return "miss-refused";
	case SKYWIRE_DROP_MISS_TIMEOUT:
		return "miss-timeout";
	}
	return NULL;
}

int sw_name_value(sw_name_fn name, const char *text)
{
	unsigned int value;

	for (value = 0; value < 256; value++) {
		const char *s = name(value);

		if (s && !strcmp(s, text))
			return value;
	}
	return -1;
}

void sw_name_list(sw_name_fn name, char *buf, unsigned int size)
{
	unsigned int value, used = 0;
	int n;

	buf[0] = '\0';
	for (value = 0; value < 256; value++) {
		if (!name(value))
			continue;
		n = snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
			     name(value));
		if (n < 0 || n >= (int)(size - used))
			return;
		used += n;
	}
}
