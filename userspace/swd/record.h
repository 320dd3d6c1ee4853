/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Node records: what a node says of itself and its links, signed. Nothing else
 * in the daemon knows an offset of theirs; Documentation/protocol.rst says the
 * same in words.
 *
 * A record has one encoding: two of the same content are the same bytes. It is
 * kept and passed on as it came, and read by the functions below, which rely
 * on record_check() having passed.
 */
#ifndef _SKYWIRE_SWD_RECORD_H
#define _SKYWIRE_SWD_RECORD_H

#include <stddef.h>

#include "lib/key.h"

enum {
	RECORD_VERSION		= 1,
	RECORD_LINKS_MAX	= 256,
	RECORD_HEAD_LEN		= 48,
	RECORD_LINK_LEN		= 56,
	RECORD_SIGNATURE_LEN	= 64,
	RECORD_MIN		= RECORD_HEAD_LEN + RECORD_SIGNATURE_LEN,
	RECORD_MAX		= RECORD_MIN + RECORD_LINKS_MAX * RECORD_LINK_LEN,
	RECORD_LOSS_MAX		= 1000000,
	RECORD_MTU_MIN		= SKYWIRE_MTU_MIN + 12,
	RECORD_SECRET_LEN	= 64,	/* an Ed25519 secret as libsodium has it */
};

/* Who speaks. */
struct record_head {
	__u8	key[SW_KEY_LEN];
	__u64	sequence;	/* the higher one replaces the lower one */
	__u32	instance;	/* drawn when the daemon starts */
	__u32	count;		/* of links */
};

/* One link, seen from its one end. */
struct record_link {
	__u8	key[SW_KEY_LEN];	/* the neighbour's */
	__u16	label;
	__u16	mtu;		/* of layer-2 packets */
	__u32	latency;	/* one way, microseconds */
	__u32	loss;		/* parts per million */
	__u32	capacity;	/* kbit/s, 0 if not known */
	__u32	price_base;	/* fee for forwarding out of it */
	__u32	price_rate;
};

/* Return: bytes of the record that @bytes begins with, or a negative errno. */
int record_size(const __u8 *bytes, size_t len);

/**
 * record_check - is this a record, and in its one encoding?
 *
 * Says nothing of the signature.
 *
 * Return: 0, -EPROTONOSUPPORT for a version unknown here, or -EBADMSG.
 */
int record_check(const __u8 *bytes, size_t len);

void record_read_head(const __u8 *bytes, struct record_head *head);
void record_read_link(const __u8 *bytes, unsigned int i, struct record_link *link);

/**
 * record_write - encode all but the signature
 * @bytes: room for RECORD_MAX
 * @links: @head->count of them; they are put in order
 *
 * Return: bytes of the record, signature included; or -EINVAL where the content
 * cannot be a record.
 */
int record_write(__u8 *bytes, const struct record_head *head,
		 struct record_link *links);

/* Sign what record_write() has made of @len bytes. */
void record_sign(__u8 *bytes, size_t len, const __u8 secret[RECORD_SECRET_LEN]);
bool record_verify(const __u8 *bytes, size_t len);

/* Names the record for those who compare what they have; covers all of it. */
__u64 record_digest(const __u8 *bytes, size_t len);

#endif /* _SKYWIRE_SWD_RECORD_H */
