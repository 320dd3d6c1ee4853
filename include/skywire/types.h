/* SPDX-License-Identifier: GPL-2.0 */
/* What the shared headers need of either side's own headers. */
#ifndef _SKYWIRE_TYPES_H
#define _SKYWIRE_TYPES_H

#include <linux/types.h>
#include <asm/byteorder.h>
#ifdef __KERNEL__
#include <linux/math64.h>
#include <linux/string.h>
#else
#include <stdbool.h>
#include <string.h>

static inline __u64 div64_u64(__u64 dividend, __u64 divisor)
{
	return dividend / divisor;
}
#endif

#endif /* _SKYWIRE_TYPES_H */
