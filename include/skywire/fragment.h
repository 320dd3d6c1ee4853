/* SPDX-License-Identifier: GPL-2.0 */
/* Fragments of neighbours' CONTROL messages: cutting, checking, collecting. */
#ifndef _SKYWIRE_FRAGMENT_H
#define _SKYWIRE_FRAGMENT_H

#include <skywire/wire.h>

enum {
	/* All fragments begin, and all but the last end, at a multiple. */
	SW_FRAGMENT_UNIT	= 64,
	SW_FRAGMENT_WORDS	= SKYWIRE_CONTROL_MAX / SW_FRAGMENT_UNIT / 64,
};

/**
 * sw_fragment_check - may this fragment be used?
 * @f: fragment, with its header
 * @len: bytes there
 *
 * Nothing of the header may be used before this has returned true. The message
 * has 1 to SKYWIRE_CONTROL_MAX bytes then, and the fragment lies within it.
 */
static inline bool sw_fragment_check(const struct sw_fragment *f,
				     unsigned int len)
{
	unsigned int total, offset;

	if (len <= sizeof(*f))
		return false;
	len -= sizeof(*f);
	total = __be16_to_cpu(f->total);
	offset = __be16_to_cpu(f->offset);
	if (total > SKYWIRE_CONTROL_MAX || offset % SW_FRAGMENT_UNIT)
		return false;
	if (len > total || offset > total - len)
		return false;
	return offset + len == total || len % SW_FRAGMENT_UNIT == 0;
}

/* Bytes of message in each fragment but the last, for packets of @mtu bytes. */
static inline unsigned int sw_fragment_room(unsigned int mtu)
{
	mtu -= sizeof(struct sw_route) + sizeof(struct sw_fragment);
	return mtu - mtu % SW_FRAGMENT_UNIT;
}

/**
 * struct sw_fragments - what has arrived of a message
 * @left: units that have not
 * @got: a bit for each unit that has
 */
struct sw_fragments {
	__u32	left;
	__u64	got[SW_FRAGMENT_WORDS];
};

static inline unsigned int sw_fragment_units(unsigned int bytes)
{
	return (bytes + SW_FRAGMENT_UNIT - 1) / SW_FRAGMENT_UNIT;
}

static inline void sw_fragments_init(struct sw_fragments *have,
				     unsigned int total)
{
	*have = (struct sw_fragments){ .left = sw_fragment_units(total) };
}

/**
 * sw_fragments_add - a fragment of the message has arrived
 * @have: what arrived before
 * @offset: of the checked fragment
 * @len: bytes of it, not 0
 *
 * It may repeat or overlap others.
 *
 * Return: true when the message is complete.
 */
static inline bool sw_fragments_add(struct sw_fragments *have,
				    unsigned int offset, unsigned int len)
{
	unsigned int unit = offset / SW_FRAGMENT_UNIT;
	unsigned int end = sw_fragment_units(offset + len);

	for (; unit < end; unit++) {
		__u64 bit = 1ull << (unit % 64);

		if (have->got[unit / 64] & bit)
			continue;
		have->got[unit / 64] |= bit;
		have->left--;
	}
	return !have->left;
}

#endif /* _SKYWIRE_FRAGMENT_H */
