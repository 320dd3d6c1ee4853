/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire format: link frames (layer 1), source-routed packets (layer 2) and
 * session frames (layer 3). Nothing else in the tree knows an offset.
 * Documentation/protocol.rst describes the same in words. All integers are
 * big-endian.
 *
 * This header and its neighbours are built into the kernel, the daemon, the
 * tests and the fuzzers alike: no allocation, no locks, no skbs.
 */
#ifndef _SKYWIRE_WIRE_H
#define _SKYWIRE_WIRE_H

#include <skywire/types.h>
#include <linux/skywire.h>

/* No padding; the layers below align what they carry to 4 bytes at most. */
#pragma pack(push, 4)

enum {
	SW_TAG_LEN	= 16,	/* of every AEAD in use */
	SW_NONCE_LEN	= 12,	/* 4 zero bytes and the counter */
	SW_MAC_LEN	= 8,	/* SipHash-2-4, in the order of its reference */
	SW_COOKIE_LEN	= 16,
	SW_ADDRESS_FIRST = 0xfc, /* byte of each key's address */
};

/* Layer 1. The whole struct is the additional data of the frame's AEAD. */
struct sw_frame {
	__u8	type;		/* enum sw_frame_type */
	__u8	sealed;		/* type 5: sealed header in 4-byte units; else 0 */
	__be16	len;		/* of the whole frame, this header included */
	__be32	index;		/* names the receiver's key */
	__be64	counter;
};

enum sw_frame_type {
	SW_FRAME_INITIATION	= 1,
	SW_FRAME_RESPONSE	= 2,
	SW_FRAME_COOKIE		= 3,
	SW_FRAME_DATA		= 4,
	SW_FRAME_DATA_HEADER	= 5,
};

/* The end of a frame of type 1 or 2. */
struct sw_macs {
	__u8	mac1[SW_MAC_LEN];	/* by the receiver's public key */
	__u8	mac2[SW_MAC_LEN];	/* by a cookie of the receiver's; or zeros */
};

/* A frame of type 3. */
struct sw_cookie {
	struct sw_frame	frame;
	__u8		mac1[SW_MAC_LEN];	/* of the frame that it answers */
	__u8		cookie[SW_COOKIE_LEN];
};

/* Layer 2. @count labels follow, padded with zeros to 4 bytes. */
struct sw_route {
	__u8	version_type;	/* version in the upper 4 bits */
	__u8	class;		/* DSCP and ECN, as in an IPv4 header */
	__u8	next;		/* index of the label that this node consumes */
	__u8	count;		/* number of labels */
	__be32	postage;	/* nano coin-hours */
	__be32	flow;
	__be16	labels[];
};

enum {
	SW_ROUTE_VERSION	= 1,
};

enum sw_packet_type {
	SW_PACKET_DATA		= 0,
	SW_PACKET_CONTROL	= 1,
	SW_PACKET_DIRECT	= 2,
	SW_PACKET_ECHO		= 3,
	SW_PACKET_ERROR		= 4,
};

/* Payload of an ECHO packet; a request may be padded, a reply is not. */
struct sw_echo {
	__u8	kind;		/* enum sw_echo_kind */
	__u8	flags;		/* SW_ECHO_HEARD */
	__be16	reserved;	/* sent as zero, not looked at */
	__be32	number;		/* of the request, counted up */
	__be64	time;		/* the requester's; returned as it was */
};

enum sw_echo_kind {
	SW_ECHO_REQUEST	= 0,
	SW_ECHO_REPLY	= 1,
};

enum {
	SW_ECHO_HEARD	= 1,	/* the sender hears the receiver; of probes */
	SW_ECHO_FULL	= 2,	/* the sender wants no type 5; of probes */
};

/* Payload of an ERROR packet, about a DATA packet. */
struct sw_route_error {
	__u8	code;		/* enum sw_error_code */
	__u8	reserved;	/* sent as zero, not looked at */
	__be16	label;		/* that the packet was to leave by */
	__be32	mtu;		/* of too-big: that link's, of layer-2 packets */
	__u8	quote[12];	/* the packet's session header */
};

enum sw_error_code {
	SW_ERROR_LINK_DOWN	= 1,
	SW_ERROR_TOO_BIG	= 2,
	SW_ERROR_NO_CREDIT	= 3,
	SW_ERROR_NO_LABEL	= 4,
};

/*
 * A session's own echo, in place of an inner packet, whose first four bits are
 * 4 or 6. A request may be padded, and has zeros for what arrived.
 */
struct sw_proof_echo {
	__u8	kind;		/* enum sw_echo_kind */
	__u8	reserved[3];	/* sent as zero, not looked at */
	__be32	number;		/* of the request */
	__be64	time;		/* the requester's; returned as it was */
	__be32	epoch;		/* changes when the count begins again */
	__be32	reserved2;
	__be64	packets;	/* inner packets that arrived by the path */
	__be64	bytes;
	__be64	postage;	/* that they had left */
};

/* The payload of a CONTROL packet without labels begins so. */
struct sw_fragment {
	__be32	id;		/* names the message, for the sender's link */
	__be16	total;		/* bytes of the message */
	__be16	offset;		/* of what follows, in it */
};

/* Layer 3. The whole struct is the additional data of the session's AEAD. */
struct sw_session {
	__be32	index;
	__be64	counter;
};

#pragma pack(pop)

enum {
	SW_FRAME_LEN	= sizeof(struct sw_frame),
	SW_SESSION_LEN	= sizeof(struct sw_session),
	/* What a link adds to a layer-2 packet, a session to an inner one. */
	SW_LINK_OVERHEAD	= SW_FRAME_LEN + SW_TAG_LEN,
	SW_SESSION_OVERHEAD	= SW_SESSION_LEN + SW_TAG_LEN,
	/* The least legal data frame seals a packet of a bare route header. */
	SW_FRAME_MIN	= SW_LINK_OVERHEAD + sizeof(struct sw_route),
	SW_ROUTE_LEN_MAX = sizeof(struct sw_route) + SKYWIRE_LABELS_LEN,
};

#endif /* _SKYWIRE_WIRE_H */
