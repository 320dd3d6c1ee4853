/* SPDX-License-Identifier: GPL-2.0 */
/* Handshake frames, as far as the kernel looks into them. */
#ifndef _SKYWIRE_HANDSHAKE_H
#define _SKYWIRE_HANDSHAKE_H

#include <skywire/wire.h>

static inline bool sw_frame_is_handshake(const struct sw_frame *f)
{
	return f->type >= SW_FRAME_INITIATION && f->type <= SW_FRAME_COOKIE;
}

/**
 * sw_handshake_check - may this frame be looked into?
 * @f: frame of type 1 to 3, its header readable
 * @len: bytes there; at least those of a header
 *
 * Return: 0, or the reason (enum skywire_drop) to drop the frame.
 */
static inline int sw_handshake_check(const struct sw_frame *f, unsigned int len)
{
	unsigned int says = __be16_to_cpu(f->len);
	unsigned int least = SKYWIRE_HANDSHAKE_MIN;
	unsigned int most = SKYWIRE_HANDSHAKE_MAX;

	if (f->type == SW_FRAME_COOKIE) {
		least = sizeof(struct sw_cookie);
		most = least;
	}
	if (says < least)
		return SKYWIRE_DROP_FRAME_SHORT;
	if (says > len || says > most)
		return SKYWIRE_DROP_FRAME_LENGTH;
	if (f->sealed || f->counter)
		return SKYWIRE_DROP_FRAME_TYPE;
	return 0;
}

/* Where a checked frame of type 1 or 2 has its MACs; mac1 is of all before. */
static inline unsigned int sw_macs_offset(const struct sw_frame *f)
{
	return __be16_to_cpu(f->len) - sizeof(struct sw_macs);
}

#endif /* _SKYWIRE_HANDSHAKE_H */
