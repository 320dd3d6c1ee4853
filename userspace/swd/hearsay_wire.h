/* SPDX-License-Identifier: GPL-2.0 */
/* What hearsay looks like, see hearsay.h. */
#ifndef _SKYWIRE_SWD_HEARSAY_WIRE_H
#define _SKYWIRE_SWD_HEARSAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/key.h"
#include "lib/parse.h"

/* The first byte of a message; the flood's are others. */
enum hearsay_kind {
	HEARSAY_ASK	= 32,
	HEARSAY_TELL	= 33,
};

enum {
	HEARSAY_TOLD_MAX	= 16,	/* in a message */
	HEARSAY_HEAD_LEN	= 4,
	HEARSAY_ENTRY_LEN	= 52,
	HEARSAY_LEN_MAX		= HEARSAY_HEAD_LEN +
				  HEARSAY_TOLD_MAX * HEARSAY_ENTRY_LEN,
};

struct hearsay_entry {
	__u8			key[SW_KEY_LEN];
	struct sw_endpoint	at;
};

/* Does an address mean the same to everybody? Of UDP, and no group's */
bool hearsay_is_global(const struct sw_endpoint *at);

/* Return: the length. */
size_t hearsay_write_ask(__u8 bytes[HEARSAY_LEN_MAX]);

/* Return: the length. @count: HEARSAY_TOLD_MAX at most */
size_t hearsay_write(__u8 bytes[HEARSAY_LEN_MAX], const struct hearsay_entry *entry,
		     unsigned int count);

/* Those that are usable, of a message of any bytes. Return: how many, or -EBADMSG. */
int hearsay_read(struct hearsay_entry entry[HEARSAY_TOLD_MAX], const __u8 *bytes,
		 size_t len);

#endif /* _SKYWIRE_SWD_HEARSAY_WIRE_H */
