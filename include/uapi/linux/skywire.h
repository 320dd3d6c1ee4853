/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/skywire.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_SKYWIRE_H
#define _UAPI_LINUX_SKYWIRE_H

#define SKYWIRE_FAMILY_NAME	"skywire"
#define SKYWIRE_FAMILY_VERSION	1

#define SKYWIRE_PUBLIC_KEY_LEN		32
#define SKYWIRE_ADDRESS_LEN		16
#define SKYWIRE_OPAQUE_LEN		64
#define SKYWIRE_LABELS_MAX		24
#define SKYWIRE_LABELS_LEN		48
#define SKYWIRE_PATHS_MAX		8
#define SKYWIRE_LINKS_MAX		16384
#define SKYWIRE_PEERS_MAX		65536
#define SKYWIRE_PREFIXES_MAX		131072
#define SKYWIRE_MTU_MIN			1280
#define SKYWIRE_LINK_MTU_DEFAULT	1420
#define SKYWIRE_LINK_MTU_MAX		65475
#define SKYWIRE_PROBE_BUSY_DEFAULT	10000
#define SKYWIRE_PROBE_IDLE_DEFAULT	1000000
#define SKYWIRE_PROBE_INTERVAL_DEFAULT	250000
#define SKYWIRE_LOSS_ADMITTED_DEFAULT	50000
#define SKYWIRE_HANDSHAKE_MIN		64
#define SKYWIRE_HANDSHAKE_MAX		1024
#define SKYWIRE_CONTROL_MAX		16384
#define SKYWIRE_CONTROL_RELAYED_MAX	512

/**
 * enum skywire_upcall - What the kernel passes to a socket. Each class has a
 *   socket of its own at each device: one that is full loses replies and other
 *   classes as well.
 * @SKYWIRE_UPCALL_HANDSHAKE: Frames of type 1 to 3.
 * @SKYWIRE_UPCALL_CONTROL: CONTROL messages.
 * @SKYWIRE_UPCALL_MISS: Destinations that packets wait for.
 */
enum skywire_upcall {
	SKYWIRE_UPCALL_HANDSHAKE,
	SKYWIRE_UPCALL_CONTROL,
	SKYWIRE_UPCALL_MISS,
};

/**
 * enum skywire_verdict - What becomes of packets that wait for a destination.
 * @SKYWIRE_VERDICT_RELEASE: They are sent as if they came now, but do not wait
 *   again.
 * @SKYWIRE_VERDICT_REFUSE: They are dropped, and their senders told by ICMP or
 *   ICMPv6.
 */
enum skywire_verdict {
	SKYWIRE_VERDICT_RELEASE,
	SKYWIRE_VERDICT_REFUSE,
};

/**
 * enum skywire_transport - What carries a link's frames.
 * @SKYWIRE_TRANSPORT_UDP: UDP over IPv4 or IPv6, from the device's socket.
 * @SKYWIRE_TRANSPORT_ETHERNET: Ethernet frames of type 0x88b5, through one
 *   interface.
 */
enum skywire_transport {
	SKYWIRE_TRANSPORT_UDP = 1,
	SKYWIRE_TRANSPORT_ETHERNET,
};

/**
 * enum skywire_link_state - Whether a link carries packets.
 * @SKYWIRE_LINK_STATE_UP: Packets are forwarded and paths through the link are
 *   used.
 * @SKYWIRE_LINK_STATE_DOWN: Set down by the administrator; nothing is sent
 *   over it or taken from it.
 */
enum skywire_link_state {
	SKYWIRE_LINK_STATE_UP,
	SKYWIRE_LINK_STATE_DOWN,
};

/**
 * enum skywire_liveness - What a link's probes have shown.
 * @SKYWIRE_LIVENESS_UNWATCHED: The link is not probed, and never found dead.
 * @SKYWIRE_LIVENESS_UNPROVEN: Not heard both ways yet, or not for long enough
 *   since it was dead; used where nothing better is.
 * @SKYWIRE_LIVENESS_ALIVE: Each end hears the other.
 * @SKYWIRE_LIVENESS_DEAD: One end has not heard the other for too long; no
 *   packet is sent over it but probes.
 */
enum skywire_liveness {
	SKYWIRE_LIVENESS_UNWATCHED,
	SKYWIRE_LIVENESS_UNPROVEN,
	SKYWIRE_LIVENESS_ALIVE,
	SKYWIRE_LIVENESS_DEAD,
};

/**
 * enum skywire_path_state - Whether a path can be chosen at present.
 * @SKYWIRE_PATH_STATE_USABLE: The path is among those that packets are spread
 *   over.
 * @SKYWIRE_PATH_STATE_LINK_DOWN: The path's first link is down or dead.
 * @SKYWIRE_PATH_STATE_MTU_TOO_SMALL: The path's MTU is below mtu-min.
 * @SKYWIRE_PATH_STATE_NO_KEY: The first link, or the session, has no current
 *   key.
 * @SKYWIRE_PATH_STATE_UNPROVEN: The first link is unproven; the path is chosen
 *   where no path is usable.
 * @SKYWIRE_PATH_STATE_SUSPECT: A relay has told of a failure, probes go
 *   unanswered, or more is lost or taken than admitted; the path is chosen
 *   where no path is usable.
 */
enum skywire_path_state {
	SKYWIRE_PATH_STATE_USABLE,
	SKYWIRE_PATH_STATE_LINK_DOWN,
	SKYWIRE_PATH_STATE_MTU_TOO_SMALL,
	SKYWIRE_PATH_STATE_NO_KEY,
	SKYWIRE_PATH_STATE_UNPROVEN,
	SKYWIRE_PATH_STATE_SUSPECT,
};

/**
 * enum skywire_cipher - An AEAD with 16-byte tags and 12-byte nonces.
 * @SKYWIRE_CIPHER_CHACHA20_POLY1305: RFC 8439; 32-byte keys.
 * @SKYWIRE_CIPHER_AES_256_GCM: NIST SP 800-38D; 32-byte keys.
 * @SKYWIRE_CIPHER_AES_128_GCM: NIST SP 800-38D; 16-byte keys.
 */
enum skywire_cipher {
	SKYWIRE_CIPHER_CHACHA20_POLY1305 = 1,
	SKYWIRE_CIPHER_AES_256_GCM,
	SKYWIRE_CIPHER_AES_128_GCM,
};

/**
 * enum skywire_role - Which side of the handshake this node was, which decides
 *   when it may send.
 * @SKYWIRE_ROLE_INITIATOR: The key is sent with at once; it becomes the
 *   current one.
 * @SKYWIRE_ROLE_RESPONDER: The key is sent with only after a frame under it
 *   has arrived; it is the next one until then.
 */
enum skywire_role {
	SKYWIRE_ROLE_INITIATOR,
	SKYWIRE_ROLE_RESPONDER,
};

/**
 * enum skywire_seal - What a link's frames seal.
 * @SKYWIRE_SEAL_FULL: All of the packet.
 * @SKYWIRE_SEAL_HEADER: Of DATA packets only the source-route header, for
 *   their payload is sealed end to end; of others, all.
 */
enum skywire_seal {
	SKYWIRE_SEAL_FULL,
	SKYWIRE_SEAL_HEADER,
};

/**
 * enum skywire_key_slot - What a key is used for.
 * @SKYWIRE_KEY_SLOT_PREVIOUS: Accepted for 60 seconds after it was replaced,
 *   never sent with.
 * @SKYWIRE_KEY_SLOT_CURRENT: Sent with and accepted.
 * @SKYWIRE_KEY_SLOT_NEXT: Accepted; becomes the current one with the first
 *   frame that authenticates.
 */
enum skywire_key_slot {
	SKYWIRE_KEY_SLOT_PREVIOUS,
	SKYWIRE_KEY_SLOT_CURRENT,
	SKYWIRE_KEY_SLOT_NEXT,
};

/**
 * enum skywire_counter - What a device counts, besides the drops.
 * @SKYWIRE_COUNTER_RX_FRAMES: Link frames taken from a transport.
 * @SKYWIRE_COUNTER_TX_FRAMES: Link frames handed to a transport.
 * @SKYWIRE_COUNTER_FORWARDED: Packets passed on to another link.
 * @SKYWIRE_COUNTER_DELIVERED: Inner packets handed to the IP stack.
 * @SKYWIRE_COUNTER_ORIGINATED: Inner packets taken from the IP stack, after
 *   segmentation.
 * @SKYWIRE_COUNTER_SEAL_COPIES: Slow path - packets copied before sealing,
 *   because they were shared, not linear, or short of head or tail room.
 * @SKYWIRE_COUNTER_OPEN_COPIES: Slow path - frames copied before opening, for
 *   the same reasons.
 * @SKYWIRE_COUNTER_ASYNC_CRYPTS: Slow path - AEAD operations that the driver
 *   finished later.
 * @SKYWIRE_COUNTER_REQUEST_ALLOCS: Slow path - AEAD requests allocated because
 *   the CPU had none of the size; its own was in flight, or this was its
 *   first.
 * @SKYWIRE_COUNTER_FRAGMENTED: IPv4 packets fragmented before sealing because
 *   their path was too small.
 * @SKYWIRE_COUNTER_ECHO_IN: ECHO packets that ended here, well formed.
 * @SKYWIRE_COUNTER_ECHO_OUT: ECHO packets made here; probes and answers.
 * @SKYWIRE_COUNTER_ERROR_IN: ERROR packets that ended here and were acted
 *   upon.
 * @SKYWIRE_COUNTER_ERROR_OUT: ERROR packets made here.
 * @SKYWIRE_COUNTER_ERROR_LIMITED: ERROR packets that were not made, because
 *   there were too many.
 * @SKYWIRE_COUNTER_PROOF_IN: Sessions' own echo packets that ended here, well
 *   formed.
 * @SKYWIRE_COUNTER_PROOF_OUT: Sessions' own echo packets made here; requests
 *   and answers.
 * @SKYWIRE_COUNTER_DUPLICATED: Copies made here for a second path.
 * @SKYWIRE_COUNTER_HEADER_SEALED: Frames sent whose header alone was sealed.
 * @SKYWIRE_COUNTER_HANDSHAKE_UPCALLS: Handshake frames handed to the listener.
 * @SKYWIRE_COUNTER_HANDSHAKES_SENT: Handshake frames sent for a
 *   handshake-send.
 * @SKYWIRE_COUNTER_COOKIES_SENT: Handshake frames answered with a cookie,
 *   because there were too many.
 * @SKYWIRE_COUNTER_CONTROL_IN: CONTROL packets that ended here and were taken;
 *   of fragments, each.
 * @SKYWIRE_COUNTER_CONTROL_UPCALLS: CONTROL messages handed to the listener.
 * @SKYWIRE_COUNTER_CONTROL_SENT: CONTROL packets sent for a control-send, one
 *   for each fragment.
 * @SKYWIRE_COUNTER_MISS_UPCALLS: Times that the listener was asked for a
 *   destination.
 * @SKYWIRE_COUNTER_MISS_RELEASED: Packets that waited for an answer and went
 *   on.
 * @SKYWIRE_COUNTER_ROAMED: Times that a link's endpoint became the address
 *   that its neighbour answered from.
 * @SKYWIRE_COUNTER_REFUSED: Packets of the IP stack that were dropped before
 *   they were originated; the drops say why.
 */
enum skywire_counter {
	SKYWIRE_COUNTER_RX_FRAMES,
	SKYWIRE_COUNTER_TX_FRAMES,
	SKYWIRE_COUNTER_FORWARDED,
	SKYWIRE_COUNTER_DELIVERED,
	SKYWIRE_COUNTER_ORIGINATED,
	SKYWIRE_COUNTER_SEAL_COPIES,
	SKYWIRE_COUNTER_OPEN_COPIES,
	SKYWIRE_COUNTER_ASYNC_CRYPTS,
	SKYWIRE_COUNTER_REQUEST_ALLOCS,
	SKYWIRE_COUNTER_FRAGMENTED,
	SKYWIRE_COUNTER_ECHO_IN,
	SKYWIRE_COUNTER_ECHO_OUT,
	SKYWIRE_COUNTER_ERROR_IN,
	SKYWIRE_COUNTER_ERROR_OUT,
	SKYWIRE_COUNTER_ERROR_LIMITED,
	SKYWIRE_COUNTER_PROOF_IN,
	SKYWIRE_COUNTER_PROOF_OUT,
	SKYWIRE_COUNTER_DUPLICATED,
	SKYWIRE_COUNTER_HEADER_SEALED,
	SKYWIRE_COUNTER_HANDSHAKE_UPCALLS,
	SKYWIRE_COUNTER_HANDSHAKES_SENT,
	SKYWIRE_COUNTER_COOKIES_SENT,
	SKYWIRE_COUNTER_CONTROL_IN,
	SKYWIRE_COUNTER_CONTROL_UPCALLS,
	SKYWIRE_COUNTER_CONTROL_SENT,
	SKYWIRE_COUNTER_MISS_UPCALLS,
	SKYWIRE_COUNTER_MISS_RELEASED,
	SKYWIRE_COUNTER_ROAMED,
	SKYWIRE_COUNTER_REFUSED,
};

/**
 * enum skywire_drop - Why a packet was dropped.
 * @SKYWIRE_DROP_UNSPEC: Never counted.
 * @SKYWIRE_DROP_FRAME_SHORT: A frame shorter than the least legal one.
 * @SKYWIRE_DROP_FRAME_LENGTH: A frame whose own length is more than what
 *   arrived.
 * @SKYWIRE_DROP_FRAME_TYPE: A frame type that is not known or not taken here,
 *   or non-zero reserved bits.
 * @SKYWIRE_DROP_NO_INDEX: The receiver index names no key of this device, or
 *   of a link with another transport.
 * @SKYWIRE_DROP_KEY_EXPIRED: The key is past its hard limit, or previous for
 *   longer than 60 seconds.
 * @SKYWIRE_DROP_AUTH: The tag of a link frame did not verify.
 * @SKYWIRE_DROP_REPLAY: The counter of an authentic frame was seen before or
 *   is too old.
 * @SKYWIRE_DROP_LINK_DOWN: The link that the packet came in on, or would go
 *   out on, is down, or dead.
 * @SKYWIRE_DROP_HEADER: A source-route header cut short, of another version,
 *   or with non-zero padding.
 * @SKYWIRE_DROP_HOPS: More than labels-max labels, or next beyond count.
 * @SKYWIRE_DROP_PACKET_TYPE: A packet type that is not known or not taken
 *   here.
 * @SKYWIRE_DROP_DIRECT_HOPS: A DIRECT packet that has labels.
 * @SKYWIRE_DROP_NO_LABEL: The label names no link.
 * @SKYWIRE_DROP_U_TURN: The egress neighbour is the ingress neighbour.
 * @SKYWIRE_DROP_POSTAGE: Less postage than the relay's fee.
 * @SKYWIRE_DROP_TOO_BIG: Larger than the egress link's, the path's or the
 *   interface's MTU.
 * @SKYWIRE_DROP_ECN: Congestion experienced on a packet that is not ECN
 *   capable (RFC 6040).
 * @SKYWIRE_DROP_NO_KEY: The link or the session has no key to send with.
 * @SKYWIRE_DROP_SESSION_SHORT: A DATA packet too short for a session frame.
 * @SKYWIRE_DROP_SESSION_NO_INDEX: The session's receiver index names no
 *   session key of this device.
 * @SKYWIRE_DROP_SESSION_AUTH: The tag of a session frame did not verify.
 * @SKYWIRE_DROP_SESSION_REPLAY: The counter of an authentic session frame was
 *   seen before or is too old.
 * @SKYWIRE_DROP_INNER_HEADER: The decrypted packet is not a well-formed IPv4
 *   or IPv6 packet.
 * @SKYWIRE_DROP_INNER_SOURCE: The inner source address does not belong to the
 *   peer that sent it.
 * @SKYWIRE_DROP_DEVICE_DOWN: The device is not up.
 * @SKYWIRE_DROP_NO_PEER: No peer has the destination address.
 * @SKYWIRE_DROP_NO_PATH: The peer has no usable path.
 * @SKYWIRE_DROP_PROTOCOL: A packet sent through the device that is neither
 *   IPv4 nor IPv6.
 * @SKYWIRE_DROP_LOOP: A frame that would be routed into the device that made
 *   it, or nests too deep.
 * @SKYWIRE_DROP_NO_ROUTE: The underlay has no route to the link's remote
 *   address, no socket, or an interface that is not there, down, or the port
 *   of another one.
 * @SKYWIRE_DROP_NO_MEMORY: An allocation failed.
 * @SKYWIRE_DROP_CRYPTO: The AEAD driver refused the operation, being busy or
 *   broken.
 * @SKYWIRE_DROP_SEGMENT: A large packet could not be segmented, fragmented or
 *   checksummed.
 * @SKYWIRE_DROP_BACKLOG: The device's receive queue on this CPU was full.
 * @SKYWIRE_DROP_ECHO: An ECHO packet that is cut short, or of no known kind.
 * @SKYWIRE_DROP_ECHO_RATE: An ECHO request beyond what is answered.
 * @SKYWIRE_DROP_ERROR: An ERROR packet that is cut short, or of no known code.
 * @SKYWIRE_DROP_ERROR_FORGED: An ERROR packet about a packet that was not
 *   sent, or not lately, or not that way.
 * @SKYWIRE_DROP_PROOF: A session's echo that is malformed, or an answer that
 *   nobody waits for.
 * @SKYWIRE_DROP_PROOF_RATE: A session's echo request beyond what is answered.
 * @SKYWIRE_DROP_DUPLICATE: The second copy of a packet that was sent by two
 *   paths.
 * @SKYWIRE_DROP_NO_LISTENER: A handshake or CONTROL message that no socket is
 *   bound to take.
 * @SKYWIRE_DROP_MAC1: A handshake whose sender does not know this node's
 *   public key.
 * @SKYWIRE_DROP_HANDSHAKE_LOAD: A handshake beyond the rate that is taken
 *   without a cookie; as a rule it was answered with one.
 * @SKYWIRE_DROP_HANDSHAKE_RATE: Too many handshakes with a cookie from one
 *   prefix, or too many cookies.
 * @SKYWIRE_DROP_UPCALL_RATE: More messages than the listener, or the link that
 *   they came by, is allowed.
 * @SKYWIRE_DROP_UPCALL_FULL: The listener's socket was full, or there was no
 *   memory for the message.
 * @SKYWIRE_DROP_CONTROL_SIZE: A CONTROL packet with labels and more than
 *   control-relayed-max bytes.
 * @SKYWIRE_DROP_CONTROL_FRAGMENT: A neighbour's CONTROL packet that is no
 *   fragment, or contradicts another.
 * @SKYWIRE_DROP_CONTROL_FULL: A fragment for which there was no room.
 * @SKYWIRE_DROP_CONTROL_TIMEOUT: A message whose last fragment did not arrive
 *   in time, or before many others had begun, or whose link went. Its packets
 *   are among control-in.
 * @SKYWIRE_DROP_MISS_FULL: A packet that was not let wait for an answer,
 *   because too many did.
 * @SKYWIRE_DROP_MISS_REFUSED: A packet that waited, and the answer was that
 *   there is no way.
 * @SKYWIRE_DROP_MISS_TIMEOUT: A packet that waited, and there was no answer in
 *   time.
 */
enum skywire_drop {
	SKYWIRE_DROP_UNSPEC,
	SKYWIRE_DROP_FRAME_SHORT,
	SKYWIRE_DROP_FRAME_LENGTH,
	SKYWIRE_DROP_FRAME_TYPE,
	SKYWIRE_DROP_NO_INDEX,
	SKYWIRE_DROP_KEY_EXPIRED,
	SKYWIRE_DROP_AUTH,
	SKYWIRE_DROP_REPLAY,
	SKYWIRE_DROP_LINK_DOWN,
	SKYWIRE_DROP_HEADER,
	SKYWIRE_DROP_HOPS,
	SKYWIRE_DROP_PACKET_TYPE,
	SKYWIRE_DROP_DIRECT_HOPS,
	SKYWIRE_DROP_NO_LABEL,
	SKYWIRE_DROP_U_TURN,
	SKYWIRE_DROP_POSTAGE,
	SKYWIRE_DROP_TOO_BIG,
	SKYWIRE_DROP_ECN,
	SKYWIRE_DROP_NO_KEY,
	SKYWIRE_DROP_SESSION_SHORT,
	SKYWIRE_DROP_SESSION_NO_INDEX,
	SKYWIRE_DROP_SESSION_AUTH,
	SKYWIRE_DROP_SESSION_REPLAY,
	SKYWIRE_DROP_INNER_HEADER,
	SKYWIRE_DROP_INNER_SOURCE,
	SKYWIRE_DROP_DEVICE_DOWN,
	SKYWIRE_DROP_NO_PEER,
	SKYWIRE_DROP_NO_PATH,
	SKYWIRE_DROP_PROTOCOL,
	SKYWIRE_DROP_LOOP,
	SKYWIRE_DROP_NO_ROUTE,
	SKYWIRE_DROP_NO_MEMORY,
	SKYWIRE_DROP_CRYPTO,
	SKYWIRE_DROP_SEGMENT,
	SKYWIRE_DROP_BACKLOG,
	SKYWIRE_DROP_ECHO,
	SKYWIRE_DROP_ECHO_RATE,
	SKYWIRE_DROP_ERROR,
	SKYWIRE_DROP_ERROR_FORGED,
	SKYWIRE_DROP_PROOF,
	SKYWIRE_DROP_PROOF_RATE,
	SKYWIRE_DROP_DUPLICATE,
	SKYWIRE_DROP_NO_LISTENER,
	SKYWIRE_DROP_MAC1,
	SKYWIRE_DROP_HANDSHAKE_LOAD,
	SKYWIRE_DROP_HANDSHAKE_RATE,
	SKYWIRE_DROP_UPCALL_RATE,
	SKYWIRE_DROP_UPCALL_FULL,
	SKYWIRE_DROP_CONTROL_SIZE,
	SKYWIRE_DROP_CONTROL_FRAGMENT,
	SKYWIRE_DROP_CONTROL_FULL,
	SKYWIRE_DROP_CONTROL_TIMEOUT,
	SKYWIRE_DROP_MISS_FULL,
	SKYWIRE_DROP_MISS_REFUSED,
	SKYWIRE_DROP_MISS_TIMEOUT,
};

enum {
	SKYWIRE_A_DEV_PAD = 1,
	SKYWIRE_A_DEV_IFINDEX,
	SKYWIRE_A_DEV_IFNAME,
	SKYWIRE_A_DEV_IDENTITY,
	SKYWIRE_A_DEV_ADDRESS,
	SKYWIRE_A_DEV_PORT,
	SKYWIRE_A_DEV_FWMARK,
	SKYWIRE_A_DEV_LINKS,
	SKYWIRE_A_DEV_PEERS,
	SKYWIRE_A_DEV_PREFIXES,

	__SKYWIRE_A_DEV_MAX,
	SKYWIRE_A_DEV_MAX = (__SKYWIRE_A_DEV_MAX - 1)
};

enum {
	SKYWIRE_A_LINK_PAD = 1,
	SKYWIRE_A_LINK_IFINDEX,
	SKYWIRE_A_LINK_IFNAME,
	SKYWIRE_A_LINK_LABEL,
	SKYWIRE_A_LINK_NEIGHBOUR,
	SKYWIRE_A_LINK_TRANSPORT,
	SKYWIRE_A_LINK_REMOTE,
	SKYWIRE_A_LINK_REMOTE_PORT,
	SKYWIRE_A_LINK_LOCAL,
	SKYWIRE_A_LINK_OIF,
	SKYWIRE_A_LINK_MTU,
	SKYWIRE_A_LINK_STATE,
	SKYWIRE_A_LINK_RX_PACKETS,
	SKYWIRE_A_LINK_RX_BYTES,
	SKYWIRE_A_LINK_TX_PACKETS,
	SKYWIRE_A_LINK_TX_BYTES,
	SKYWIRE_A_LINK_PRICE_BASE,
	SKYWIRE_A_LINK_PRICE_RATE,
	SKYWIRE_A_LINK_POSTAGE_IN,
	SKYWIRE_A_LINK_POSTAGE_OUT,
	SKYWIRE_A_LINK_POSTAGE_FEE,
	SKYWIRE_A_LINK_INTERFACE,
	SKYWIRE_A_LINK_PROBE_BUSY,
	SKYWIRE_A_LINK_PROBE_IDLE,
	SKYWIRE_A_LINK_LIVENESS,
	SKYWIRE_A_LINK_RTT,
	SKYWIRE_A_LINK_LOSS,
	SKYWIRE_A_LINK_HEARD,
	SKYWIRE_A_LINK_DEATHS,
	SKYWIRE_A_LINK_FRAME,

	__SKYWIRE_A_LINK_MAX,
	SKYWIRE_A_LINK_MAX = (__SKYWIRE_A_LINK_MAX - 1)
};

enum {
	SKYWIRE_A_PEER_PAD = 1,
	SKYWIRE_A_PEER_IFINDEX,
	SKYWIRE_A_PEER_IFNAME,
	SKYWIRE_A_PEER_PUBLIC_KEY,
	SKYWIRE_A_PEER_ADDRESS,
	SKYWIRE_A_PEER_RX_PACKETS,
	SKYWIRE_A_PEER_RX_BYTES,
	SKYWIRE_A_PEER_TX_PACKETS,
	SKYWIRE_A_PEER_TX_BYTES,
	SKYWIRE_A_PEER_POSTAGE_IN,
	SKYWIRE_A_PEER_PATHS,
	SKYWIRE_A_PEER_REDUNDANCY,
	SKYWIRE_A_PEER_PROBE_INTERVAL,

	__SKYWIRE_A_PEER_MAX,
	SKYWIRE_A_PEER_MAX = (__SKYWIRE_A_PEER_MAX - 1)
};

enum {
	SKYWIRE_A_PATH_PAD = 1,
	SKYWIRE_A_PATH_IFINDEX,
	SKYWIRE_A_PATH_IFNAME,
	SKYWIRE_A_PATH_PEER,
	SKYWIRE_A_PATH_ID,
	SKYWIRE_A_PATH_LINK,
	SKYWIRE_A_PATH_LABELS,
	SKYWIRE_A_PATH_PREFERENCE,
	SKYWIRE_A_PATH_WEIGHT,
	SKYWIRE_A_PATH_MTU,
	SKYWIRE_A_PATH_POSTAGE_BASE,
	SKYWIRE_A_PATH_POSTAGE_RATE,
	SKYWIRE_A_PATH_EFFECTIVE_MTU,
	SKYWIRE_A_PATH_STATE,
	SKYWIRE_A_PATH_PACKETS,
	SKYWIRE_A_PATH_BYTES,
	SKYWIRE_A_PATH_MARK,
	SKYWIRE_A_PATH_DSCP,
	SKYWIRE_A_PATH_FEE_BASE,
	SKYWIRE_A_PATH_FEE_RATE,
	SKYWIRE_A_PATH_LOSS_ADMITTED,
	SKYWIRE_A_PATH_RTT,
	SKYWIRE_A_PATH_LOSS,
	SKYWIRE_A_PATH_ARRIVED_PACKETS,
	SKYWIRE_A_PATH_ARRIVED_BYTES,
	SKYWIRE_A_PATH_ARRIVED_POSTAGE,

	__SKYWIRE_A_PATH_MAX,
	SKYWIRE_A_PATH_MAX = (__SKYWIRE_A_PATH_MAX - 1)
};

enum {
	SKYWIRE_A_PREFIX_PAD = 1,
	SKYWIRE_A_PREFIX_IFINDEX,
	SKYWIRE_A_PREFIX_IFNAME,
	SKYWIRE_A_PREFIX_PREFIX,
	SKYWIRE_A_PREFIX_LENGTH,
	SKYWIRE_A_PREFIX_PEER,
	SKYWIRE_A_PREFIX_OWN,

	__SKYWIRE_A_PREFIX_MAX,
	SKYWIRE_A_PREFIX_MAX = (__SKYWIRE_A_PREFIX_MAX - 1)
};

enum {
	SKYWIRE_A_KEY_PAD = 1,
	SKYWIRE_A_KEY_IFINDEX,
	SKYWIRE_A_KEY_IFNAME,
	SKYWIRE_A_KEY_LINK,
	SKYWIRE_A_KEY_PEER,
	SKYWIRE_A_KEY_CIPHER,
	SKYWIRE_A_KEY_ROLE,
	SKYWIRE_A_KEY_SLOT,
	SKYWIRE_A_KEY_RX_INDEX,
	SKYWIRE_A_KEY_TX_INDEX,
	SKYWIRE_A_KEY_RX_KEY,
	SKYWIRE_A_KEY_TX_KEY,
	SKYWIRE_A_KEY_SOFT_TIME,
	SKYWIRE_A_KEY_HARD_TIME,
	SKYWIRE_A_KEY_SOFT_FRAMES,
	SKYWIRE_A_KEY_HARD_FRAMES,
	SKYWIRE_A_KEY_OPAQUE,
	SKYWIRE_A_KEY_AGE,
	SKYWIRE_A_KEY_TX_FRAMES,
	SKYWIRE_A_KEY_RX_FRAMES,
	SKYWIRE_A_KEY_DRIVER,
	SKYWIRE_A_KEY_SOFT_EXPIRED,
	SKYWIRE_A_KEY_SEAL,

	__SKYWIRE_A_KEY_MAX,
	SKYWIRE_A_KEY_MAX = (__SKYWIRE_A_KEY_MAX - 1)
};

enum {
	SKYWIRE_A_ENTRY_PAD = 1,
	SKYWIRE_A_ENTRY_ID,
	SKYWIRE_A_ENTRY_VALUE,

	__SKYWIRE_A_ENTRY_MAX,
	SKYWIRE_A_ENTRY_MAX = (__SKYWIRE_A_ENTRY_MAX - 1)
};

enum {
	SKYWIRE_A_STATS_PAD = 1,
	SKYWIRE_A_STATS_IFINDEX,
	SKYWIRE_A_STATS_IFNAME,
	SKYWIRE_A_STATS_COUNTER,
	SKYWIRE_A_STATS_DROP,

	__SKYWIRE_A_STATS_MAX,
	SKYWIRE_A_STATS_MAX = (__SKYWIRE_A_STATS_MAX - 1)
};

enum {
	SKYWIRE_A_UPCALL_PAD = 1,
	SKYWIRE_A_UPCALL_IFINDEX,
	SKYWIRE_A_UPCALL_IFNAME,
	SKYWIRE_A_UPCALL_CLASS,

	__SKYWIRE_A_UPCALL_MAX,
	SKYWIRE_A_UPCALL_MAX = (__SKYWIRE_A_UPCALL_MAX - 1)
};

enum {
	SKYWIRE_A_CONTROL_PAD = 1,
	SKYWIRE_A_CONTROL_IFINDEX,
	SKYWIRE_A_CONTROL_IFNAME,
	SKYWIRE_A_CONTROL_LINK,
	SKYWIRE_A_CONTROL_LABELS,
	SKYWIRE_A_CONTROL_POSTAGE,
	SKYWIRE_A_CONTROL_PAYLOAD,

	__SKYWIRE_A_CONTROL_MAX,
	SKYWIRE_A_CONTROL_MAX = (__SKYWIRE_A_CONTROL_MAX - 1)
};

enum {
	SKYWIRE_A_MISS_PAD = 1,
	SKYWIRE_A_MISS_IFINDEX,
	SKYWIRE_A_MISS_IFNAME,
	SKYWIRE_A_MISS_ADDRESS,
	SKYWIRE_A_MISS_PEER,
	SKYWIRE_A_MISS_VERDICT,

	__SKYWIRE_A_MISS_MAX,
	SKYWIRE_A_MISS_MAX = (__SKYWIRE_A_MISS_MAX - 1)
};

enum {
	SKYWIRE_CMD_DEV_GET = 1,
	SKYWIRE_CMD_DEV_SET,
	SKYWIRE_CMD_DEV_NTF,
	SKYWIRE_CMD_DEV_DEL_NTF,
	SKYWIRE_CMD_LINK_GET,
	SKYWIRE_CMD_LINK_NEW,
	SKYWIRE_CMD_LINK_SET,
	SKYWIRE_CMD_LINK_DEL,
	SKYWIRE_CMD_LINK_NTF,
	SKYWIRE_CMD_LINK_DEL_NTF,
	SKYWIRE_CMD_PEER_GET,
	SKYWIRE_CMD_PEER_NEW,
	SKYWIRE_CMD_PEER_DEL,
	SKYWIRE_CMD_PEER_NTF,
	SKYWIRE_CMD_PEER_DEL_NTF,
	SKYWIRE_CMD_PATH_GET,
	SKYWIRE_CMD_PATH_NEW,
	SKYWIRE_CMD_PATH_SET,
	SKYWIRE_CMD_PATH_DEL,
	SKYWIRE_CMD_PATH_NTF,
	SKYWIRE_CMD_PATH_DEL_NTF,
	SKYWIRE_CMD_PREFIX_GET,
	SKYWIRE_CMD_PREFIX_NEW,
	SKYWIRE_CMD_PREFIX_DEL,
	SKYWIRE_CMD_PREFIX_NTF,
	SKYWIRE_CMD_PREFIX_DEL_NTF,
	SKYWIRE_CMD_KEY_GET,
	SKYWIRE_CMD_KEY_NEW,
	SKYWIRE_CMD_KEY_DEL,
	SKYWIRE_CMD_KEY_NTF,
	SKYWIRE_CMD_KEY_DEL_NTF,
	SKYWIRE_CMD_STATS_GET,
	SKYWIRE_CMD_PEER_SET,
	SKYWIRE_CMD_UPCALL_BIND,
	SKYWIRE_CMD_UPCALL_UNBIND,
	SKYWIRE_CMD_HANDSHAKE_SEND,
	SKYWIRE_CMD_HANDSHAKE_UPCALL,
	SKYWIRE_CMD_CONTROL_SEND,
	SKYWIRE_CMD_CONTROL_UPCALL,
	SKYWIRE_CMD_MISS_UPCALL,
	SKYWIRE_CMD_MISS_ANSWER,

	__SKYWIRE_CMD_MAX,
	SKYWIRE_CMD_MAX = (__SKYWIRE_CMD_MAX - 1)
};

#define SKYWIRE_MCGRP_CONFIG	"config"

#endif /* _UAPI_LINUX_SKYWIRE_H */
