/* SPDX-License-Identifier: GPL-2.0 */
/* Network interfaces, as rtnetlink shows them. */
#ifndef _SKYWIRE_LIB_IFACE_H
#define _SKYWIRE_LIB_IFACE_H

#include <net/if.h>
#include <stdbool.h>

#include <skywire/types.h>

enum {
	SW_ALTNAME_LEN	= 128,		/* with the terminating zero */
};

struct sw_iface {
	__u32	index;
	char	name[IF_NAMESIZE];
	bool	elsewhere;	/* its links are in another network namespace */
};

/* By index, or where that is 0 by name or alternative name. Return: 0 or errno */
int sw_iface_get(struct sw_iface *iface, __u32 index, const char *name);

#endif /* _SKYWIRE_LIB_IFACE_H */
