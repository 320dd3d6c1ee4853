/* SPDX-License-Identifier: GPL-2.0 */
/* What the shared headers need of either side's own headers. */
#ifndef _SKYWIRE_TYPES_H
#define _SKYWIRE_TYPES_H

#include <linux/types.h>
#include <asm/byteorder.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#endif /* _SKYWIRE_TYPES_H */
