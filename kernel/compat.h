/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the supported kernels; HAVE_* come from the Makefile. */
#ifndef _SKYWIRE_COMPAT_H
#define _SKYWIRE_COMPAT_H

#include <crypto/chacha.h>
#include <linux/crypto.h>
#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#ifdef HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/* A crypto completion @name that passes the request's data to @fn. */
#ifdef HAVE_CRYPTO_COMPLETION_DATA
#define SW_CRYPTO_COMPLETION(name, fn)					\
static void name(void *data, int err)					\
{									\
	fn(data, err);							\
}
#else
#define SW_CRYPTO_COMPLETION(name, fn)					\
static void name(struct crypto_async_request *req, int err)		\
{									\
	fn(req->data, err);						\
}
#endif

/* The state of a key stream has become a structure. */
#ifdef HAVE_CHACHA_STATE
struct sw_chacha {
	struct chacha_state	state;
};

#define SW_CHACHA_STATE(c)	(&(c)->state)
#else
struct sw_chacha {
	u32	state[CHACHA_STATE_WORDS];
};

#define SW_CHACHA_STATE(c)	((c)->state)
#endif

/* Older kernels let anyone in the namespace listen to a multicast group. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define SW_MCAST_CAP_NET_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define SW_MCAST_CAP_NET_ADMIN	0
#endif

static inline void
sw_compat_hrtimer_setup(struct hrtimer *timer,
			enum hrtimer_restart (*fn)(struct hrtimer *),
			clockid_t clock, enum hrtimer_mode mode)
{
#ifdef HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

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
