/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the supported kernels; HAVE_* come from the Makefile. */
#ifndef _SKYWIRE_COMPAT_H
#define _SKYWIRE_COMPAT_H

#include <linux/crypto.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#if __has_include(<net/gso.h>)
#include <net/gso.h>
#endif

#ifdef HAVE_CRYPTO_COMPLETION_DATA
typedef void *sw_completion_t;
#define sw_completion_data(c)	(c)
#else
typedef struct crypto_async_request *sw_completion_t;
#define sw_completion_data(c)	((c)->data)
#endif

/* Older kernels let anyone in the namespace listen to a multicast group. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define SW_MCAST_CAP_NET_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define SW_MCAST_CAP_NET_ADMIN	0
#endif

static inline void sw_compat_set_lltx(struct net_device *dev)
{
#ifdef HAVE_NETDEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

static inline struct nlattr **sw_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _SKYWIRE_COMPAT_H */
