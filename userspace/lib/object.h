/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The attributes of netlink messages, described once: by this description
 * messages are read, printed and turned into JSON, and blamed attributes named.
 */
#ifndef _SKYWIRE_LIB_OBJECT_H
#define _SKYWIRE_LIB_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include <libmnl/libmnl.h>

#include <skywire/types.h>
#include <linux/skywire.h>

#include "names.h"

enum sw_kind {
	SW_KIND_PAD,		/* carries nothing, or is not known */
	SW_KIND_UINT,		/* host order */
	SW_KIND_PORT,		/* 16 bits, network order */
	SW_KIND_ENUM,		/* 8 bits */
	SW_KIND_FLAG,
	SW_KIND_STRING,
	SW_KIND_KEY,
	SW_KIND_ADDR,		/* 4, 6 or 16 bytes, network order */
	SW_KIND_LABELS,		/* 16 bits each, network order */
	SW_KIND_BYTES,
	SW_KIND_NEST,
};

struct sw_attr {
	const char	*name;		/* as in the specification */
	enum sw_kind	kind;
	__u8		len;		/* bytes of an integer */
	sw_name_fn	value_name;	/* of an enum */
};

struct sw_set {
	const char		*name;
	const struct sw_attr	*attr;	/* by attribute type */
	unsigned int		max;	/* highest type */
};

enum {
	SW_ATTRS_MAX	= 32,		/* types of any set are below this */
	SW_VALUE_TEXT	= 168,		/* text of the longest value: labels */
};

/* A message, taken apart. Attributes point into the message. */
struct sw_object {
	const struct sw_set	*set;
	const struct nlattr	*attr[SW_ATTRS_MAX];
};

extern const struct sw_set sw_entry_set;

/* Return: the set that command @cmd's messages are made of, or NULL. */
const struct sw_set *sw_set_of(unsigned int cmd);

/*
 * Attributes of an unknown type or a wrong size are left out, as if absent.
 * Return: 0, or -EPROTO where @nlh is no message of this family.
 */
int sw_object_read(struct sw_object *obj, const struct nlmsghdr *nlh);

/* The same for an attribute that holds attributes. */
void sw_object_nest(struct sw_object *obj, const struct sw_set *set,
		    const struct nlattr *nest);

static inline bool sw_object_has(const struct sw_object *obj, unsigned int type)
{
	return obj->attr[type];
}

/* An integer of whatever width, a flag or a port; 0 where absent. */
__u64 sw_object_uint(const struct sw_object *obj, unsigned int type);

/* Return: the payload, or NULL where absent. */
const void *sw_object_bytes(const struct sw_object *obj, unsigned int type);
size_t sw_object_len(const struct sw_object *obj, unsigned int type);

/* @buf: room for SW_VALUE_TEXT. Return: @buf; empty where absent. */
const char *sw_object_text(const struct sw_object *obj, unsigned int type,
			   char *buf);

#endif /* _SKYWIRE_LIB_OBJECT_H */
