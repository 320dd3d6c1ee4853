/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How two nodes agree on keys: two messages of a Noise handshake, whose payloads
 * are terms. For links and sessions alike; what carries the messages is the
 * caller's. Documentation/protocol.rst, "Agreeing on keys", has the formats.
 */
#ifndef _SKYWIRE_LIB_EXCHANGE_H
#define _SKYWIRE_LIB_EXCHANGE_H

#include <skywire/wire.h>

#include "noise.h"

enum {
	SW_LANES_MAX		= 8,
	SW_TERMS_LEN		= 52,	/* and 4 bytes for each lane */
	SW_TERMS_MAX		= SW_TERMS_LEN + 4 * SW_LANES_MAX,
	/* The longest messages that are made here */
	SW_EXCHANGE_MAX		= SW_NOISE_FIRST + SW_TERMS_MAX,
	SW_HANDSHAKE_FRAME_MAX	= SW_FRAME_LEN + SW_EXCHANGE_MAX +
				  sizeof(struct sw_macs),
};

enum {
	SW_TERMS_SEAL_HEADER	= 1,	/* flags: frames of type 5 are welcome, ... */
	SW_TERMS_TELL		= 2,	/* ... and others may be told each other's address */
};

enum sw_layer {
	SW_LAYER_LINK,
	SW_LAYER_SESSION,
};

/* What a message says. In host order. */
struct sw_terms {
	__u8	key[SW_KEY_LEN];	/* the sender's, Ed25519 */
	__u64	time;			/* of the offer, rising strictly */
	__u32	epoch;			/* that the sender's counters are of */
	__u16	ciphers;		/* bit 1 << enum skywire_cipher */
	__u16	label;			/* the sender's name for the link, or 0 */
	__u8	flags;
	__u8	lanes;			/* how many indices follow */
	__u32	index[SW_LANES_MAX];	/* that the sender receives by */
};

/* Return: the length, of at most SW_TERMS_MAX. */
size_t sw_terms_encode(__u8 *buf, const struct sw_terms *terms);

/* Return: 0, or -EINVAL where it is cut short or cannot be meant. */
int sw_terms_decode(struct sw_terms *terms, const __u8 *buf, size_t len);

struct sw_exchange;

/**
 * sw_exchange_new - begin an exchange
 * @self: outlives it
 * @layer: what it is for
 * @remote: whom an offer is to go to, or NULL to hear one
 *
 * Return: an exchange in locked memory, or NULL: no memory, or no such key.
 */
struct sw_exchange *sw_exchange_new(const struct sw_identity *self,
				    enum sw_layer layer, const __u8 *remote);

/* Wipes it. NULL is nothing. */
void sw_exchange_free(struct sw_exchange *x);

/*
 * The initiator: an offer, and its answer. @own: terms, whose key is filled in.
 * @psk: SW_NOISE_KEY bytes, or NULL. The terms that come back are those of the
 * node that the offer was for, choose one of the ciphers offered, and no more
 * lanes. Where an answer is refused, another may follow. Return: the length of the
 * message, or 0; or -EINVAL.
 */
int sw_exchange_offer(struct sw_exchange *x, const struct sw_terms *own,
		      __u8 msg[SW_EXCHANGE_MAX]);
int sw_exchange_conclude(struct sw_exchange *x, const __u8 *psk,
			 const __u8 *msg, size_t len, struct sw_terms *theirs);

/*
 * The responder: hears who it is before it knows the pre-shared key, and answers.
 * The key in the terms is the sender's, and proven.
 */
int sw_exchange_hear(struct sw_exchange *x, const __u8 *msg, size_t len,
		     struct sw_terms *theirs);
int sw_exchange_answer(struct sw_exchange *x, const __u8 *psk,
		       const struct sw_terms *own, __u8 msg[SW_EXCHANGE_MAX]);

/* The keys of a lane, for a cipher. The caller wipes them. */
struct sw_lane_keys {
	__u8	tx[SW_SECRET_MAX];
	__u8	rx[SW_SECRET_MAX];
	__u8	len;			/* as the cipher has it */
};

void sw_exchange_keys(const struct sw_exchange *x, __u8 cipher, __u8 lane,
		      struct sw_lane_keys *keys);

/*
 * A frame of type 1 or 2 around a message, with mac1 for its receiver, and mac2
 * if there is a cookie. Return: its length.
 */
size_t sw_frame_build(__u8 frame[SW_HANDSHAKE_FRAME_MAX], __u8 type,
		      __u32 index, const __u8 *msg, size_t len,
		      const __u8 receiver[SW_KEY_LEN]);
void sw_frame_mark(__u8 *frame, const __u8 cookie[SW_COOKIE_LEN]);

/*
 * Look into what the kernel has checked, or anybody else has made. Return: the
 * message in a frame of type 1 or 2, and its length; or NULL.
 */
const __u8 *sw_frame_message(const __u8 *frame, size_t frame_len, size_t *len);

/* Does a frame of type 3 answer this one, of type 1 or 2? */
bool sw_frame_answered_by(const __u8 *frame, const struct sw_cookie *cookie);

#endif /* _SKYWIRE_LIB_EXCHANGE_H */
