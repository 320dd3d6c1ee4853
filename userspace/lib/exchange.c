// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include <skywire/handshake.h>

#include "compiler.h"
#include "exchange.h"

#pragma pack(push, 4)

/* Terms on the wire; the indices follow. */
struct wire_terms {
	__u8	key[SW_KEY_LEN];
	__be64	time;
	__be32	epoch;
	__be16	ciphers;
	__be16	label;
	__u8	flags;
	__u8	lanes;
	__be16	reserved;	/* sent as zero, not looked at */
};

#pragma pack(pop)

static_assert(sizeof(struct wire_terms) == SW_TERMS_LEN, "terms");

/* Secret but for the pointer. */
struct sw_exchange {
	struct sw_noise			noise;
	const struct sw_identity	*self;
	bool				initiator;
	__u8				remote[SW_KEY_LEN];
	struct sw_terms			offered;
};

static const char *const prologues[] = {
	[SW_LAYER_LINK] = "skywire-link-1",
	[SW_LAYER_SESSION] = "skywire-session-1",
};

static const __u8 no_psk[SW_NOISE_KEY];

size_t sw_terms_encode(__u8 *buf, const struct sw_terms *terms)
{
	struct wire_terms wire = {
		.time = htobe64(terms->time),
		.epoch = htonl(terms->epoch),
		.ciphers = htons(terms->ciphers),
		.label = htons(terms->label),
		.flags = terms->flags,
		.lanes = terms->lanes,
	};
	unsigned int i;
	__be32 index;

	memcpy(wire.key, terms->key, SW_KEY_LEN);
	memcpy(buf, &wire, sizeof(wire));
	for (i = 0; i < terms->lanes; i++) {
		index = htonl(terms->index[i]);
		memcpy(buf + sizeof(wire) + 4 * i, &index, sizeof(index));
	}
	return sizeof(wire) + 4 * i;
}

/* Each lane has an index of its own, and 0 is none. */
static bool indices_good(const struct sw_terms *terms)
{
	unsigned int i, j;

	for (i = 0; i < terms->lanes; i++) {
		if (!terms->index[i])
			return false;
		for (j = 0; j < i; j++)
			if (terms->index[j] == terms->index[i])
				return false;
	}
	return true;
}

int sw_terms_decode(struct sw_terms *terms, const __u8 *buf, size_t len)
{
	struct wire_terms wire;
	unsigned int i;
	__be32 index;

	if (len < sizeof(wire))
		return -EINVAL;
	memcpy(&wire, buf, sizeof(wire));
	if (!wire.lanes || wire.lanes > SW_LANES_MAX ||
	    len < sizeof(wire) + 4 * wire.lanes)
		return -EINVAL;
	memset(terms, 0, sizeof(*terms));
	memcpy(terms->key, wire.key, SW_KEY_LEN);
	terms->time = be64toh(wire.time);
	terms->epoch = ntohl(wire.epoch);
	terms->ciphers = ntohs(wire.ciphers);
	terms->label = ntohs(wire.label);
	terms->flags = wire.flags;
	terms->lanes = wire.lanes;
	for (i = 0; i < terms->lanes; i++) {
		memcpy(&index, buf + sizeof(wire) + 4 * i, sizeof(index));
		terms->index[i] = ntohl(index);
	}
	return indices_good(terms) ? 0 : -EINVAL;
}

struct sw_exchange *sw_exchange_new(const struct sw_identity *self,
				    enum sw_layer layer, const __u8 *remote)
{
	const char *prologue = prologues[layer];
	__u8 dh[SW_DH_LEN], secret[SW_DH_LEN];
	struct sw_exchange *x;

	if (remote && sw_identity_convert(dh, remote))
		return NULL;
	x = sodium_malloc(sizeof(*x));
	if (!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	x->self = self;
	x->initiator = remote;
	if (remote)
		memcpy(x->remote, remote, SW_KEY_LEN);
	sw_noise_init(&x->noise, prologue, strlen(prologue), self->dh_secret,
		      self->dh_public, remote ? dh : NULL);
	randombytes_buf(secret, sizeof(secret));
	sw_noise_ephemeral(&x->noise, secret);
	sodium_memzero(secret, sizeof(secret));
	return x;
}

void sw_exchange_free(struct sw_exchange *x)
{
	sodium_free(x);
}

static size_t encode_own(const struct sw_exchange *x, __u8 *buf,
			 const struct sw_terms *own)
{
	struct sw_terms terms = *own;

	memcpy(terms.key, x->self->key, SW_KEY_LEN);
	return sw_terms_encode(buf, &terms);
}

int sw_exchange_offer(struct sw_exchange *x, const struct sw_terms *own,
		      __u8 msg[SW_EXCHANGE_MAX])
{
	__u8 payload[SW_TERMS_MAX];
	size_t len = encode_own(x, payload, own);

	x->offered = *own;
	if (sw_noise_write_first(&x->noise, msg, payload, len))
		return -EINVAL;
	return SW_NOISE_FIRST + len;
}

/*
 * The X25519 key has been proven. The Ed25519 key, which has one more bit, is only
 * claimed: both ends must mean the same node.
 */
static bool key_proven(const struct sw_exchange *x, const struct sw_terms *terms)
{
	__u8 dh[SW_DH_LEN];

	return !sw_identity_convert(dh, terms->key) &&
	       !sodium_memcmp(dh, x->noise.rs, SW_DH_LEN);
}

int sw_exchange_hear(struct sw_exchange *x, const __u8 *msg, size_t len,
		     struct sw_terms *theirs)
{
	/* The bytes that a later version may add are not kept. */
	__u8 payload[SKYWIRE_HANDSHAKE_MAX];

	if (len < SW_NOISE_FIRST || len > sizeof(payload))
		return -EINVAL;
	if (sw_noise_read_first(&x->noise, msg, len, payload) ||
	    sw_terms_decode(theirs, payload, len - SW_NOISE_FIRST) ||
	    !key_proven(x, theirs) || !(theirs->ciphers &
					1 << SKYWIRE_CIPHER_CHACHA20_POLY1305))
		return -EINVAL;
	x->offered = *theirs;
	memcpy(x->remote, theirs->key, SW_KEY_LEN);
	return 0;
}

/* Is it an answer to what was offered? */
static bool answers(const struct sw_terms *offered, const struct sw_terms *terms)
{
	__u16 chosen = terms->ciphers;

	return chosen && !(chosen & (chosen - 1)) &&
	       (chosen & offered->ciphers) && terms->lanes <= offered->lanes &&
	       terms->time == offered->time &&
	       !(terms->flags & ~offered->flags);
}

int sw_exchange_answer(struct sw_exchange *x, const __u8 *psk,
		       const struct sw_terms *own, __u8 msg[SW_EXCHANGE_MAX])
{
	__u8 payload[SW_TERMS_MAX];
	size_t len = encode_own(x, payload, own);

	if (!answers(&x->offered, own) ||
	    sw_noise_write_second(&x->noise, psk ?: no_psk, msg, payload, len))
		return -EINVAL;
	return SW_NOISE_SECOND + len;
}

int sw_exchange_conclude(struct sw_exchange *x, const __u8 *psk,
			 const __u8 *msg, size_t len, struct sw_terms *theirs)
{
	__u8 payload[SKYWIRE_HANDSHAKE_MAX];
	struct sw_noise ns = x->noise;
	int rc = -EINVAL;

	if (len < SW_NOISE_SECOND || len > sizeof(payload))
		goto out;
	if (sw_noise_read_second(&ns, psk ?: no_psk, msg, len, payload) ||
	    sw_terms_decode(theirs, payload, len - SW_NOISE_SECOND) ||
	    memcmp(theirs->key, x->remote, SW_KEY_LEN) ||
	    !answers(&x->offered, theirs))
		goto out;
	x->noise = ns;
	rc = 0;
out:
	sodium_memzero(&ns, sizeof(ns));
	return rc;
}

/* BLAKE2b of what the key is for, keyed with the split key. */
static void derive(__u8 key[SW_SECRET_MAX], const __u8 split[SW_NOISE_KEY],
		   __u8 cipher, __u8 lane)
{
	__u8 of[] = "skywire-key\0\0";

	of[sizeof(of) - 3] = cipher;
	of[sizeof(of) - 2] = lane;
	crypto_generichash(key, SW_SECRET_MAX, of, sizeof(of) - 1, split,
			   SW_NOISE_KEY);
}

void sw_exchange_keys(const struct sw_exchange *x, __u8 cipher, __u8 lane,
		      struct sw_lane_keys *keys)
{
	__u8 initiator[SW_NOISE_KEY], responder[SW_NOISE_KEY];

	sw_noise_split(&x->noise, initiator, responder);
	derive(keys->tx, x->initiator ? initiator : responder, cipher, lane);
	derive(keys->rx, x->initiator ? responder : initiator, cipher, lane);
	keys->len = cipher == SKYWIRE_CIPHER_AES_128_GCM ? 16 : 32;
	sodium_memzero(initiator, sizeof(initiator));
	sodium_memzero(responder, sizeof(responder));
}

static void mac1_of(__u8 mac[SW_MAC_LEN], const __u8 *data, size_t len,
		    const __u8 receiver[SW_KEY_LEN])
{
	static const char context[] = "skywire-mac1";
	__u8 key[32];

	crypto_generichash(key, sizeof(key), receiver, SW_KEY_LEN,
			   (const __u8 *)context, sizeof(context) - 1);
	crypto_shorthash(mac, data, len, key);
}

size_t sw_frame_build(__u8 frame[SW_HANDSHAKE_FRAME_MAX], __u8 type,
		      __u32 index, const __u8 *msg, size_t len,
		      const __u8 receiver[SW_KEY_LEN])
{
	size_t marked = SW_FRAME_LEN + len;
	size_t total = marked + sizeof(struct sw_macs);
	struct sw_frame head = {
		.type = type,
		.len = htons(total),
		.index = htonl(index),
	};

	memcpy(frame, &head, sizeof(head));
	memcpy(frame + sizeof(head), msg, len);
	memset(frame + marked, 0, sizeof(struct sw_macs));
	mac1_of(frame + marked, frame, marked, receiver);
	return total;
}

static size_t frame_len(const __u8 *frame)
{
	return frame[2] << 8 | frame[3];
}

void sw_frame_mark(__u8 *frame, const __u8 cookie[SW_COOKIE_LEN])
{
	size_t marked = frame_len(frame) - SW_MAC_LEN;

	crypto_shorthash(frame + marked, frame, marked, cookie);
}

const __u8 *sw_frame_message(const __u8 *frame, size_t len, size_t *msg_len)
{
	struct sw_frame head;

	if (len < sizeof(head))
		return NULL;
	memcpy(&head, frame, sizeof(head));
	if ((head.type != SW_FRAME_INITIATION && head.type != SW_FRAME_RESPONSE) ||
	    sw_handshake_check(&head, len))
		return NULL;
	*msg_len = sw_macs_offset(&head) - sizeof(head);
	return frame + sizeof(head);
}

bool sw_frame_answered_by(const __u8 *frame, const struct sw_cookie *cookie)
{
	struct sw_frame head;

	memcpy(&head, frame, sizeof(head));
	return cookie->frame.index == head.index &&
	       !memcmp(cookie->mac1, frame + sw_macs_offset(&head), SW_MAC_LEN);
}
