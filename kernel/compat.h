/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the supported kernels; HAVE_* come from the Makefile. */
#ifndef _SKYWIRE_COMPAT_H
#define _SKYWIRE_COMPAT_H

#include <crypto/blake2b.h>
#include <crypto/chacha.h>
#include <crypto/hash.h>
#include <linux/crypto.h>
#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <net/ip6_route.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>
#ifdef HAVE_NET_GSO_H
#include <net/gso.h>
#endif
#include "skywire.h"

/**
 * struct sw_compat_hash - BLAKE2b-256 with a key
 * @key: the key, a string; where BLAKE2b is a library, as in newer kernels, of
 *	which Debian's have no more than that
 * @tfm: where it is an algorithm only
 */
struct sw_compat_hash {
	const char		*key;
	struct crypto_shash	*tfm;
};

static inline int sw_compat_hash_init(struct sw_compat_hash *hash,
				      const char *key)
{
	hash->key = key;
#ifdef HAVE_BLAKE2B_LIB
	return 0;
#else
	hash->tfm = crypto_alloc_shash("blake2b-256", 0, 0);
	return PTR_ERR_OR_ZERO(hash->tfm) ?:
	       crypto_shash_setkey(hash->tfm, key, strlen(key));
#endif
}

/* Also of one whose initialisation has failed. */
static inline void sw_compat_hash_exit(struct sw_compat_hash *hash)
{
	if (!IS_ERR_OR_NULL(hash->tfm))
		crypto_free_shash(hash->tfm);
	hash->tfm = NULL;
}

static inline int sw_compat_hash(const struct sw_compat_hash *hash,
				 const u8 *data, unsigned int len,
				 u8 digest[BLAKE2B_256_HASH_SIZE])
{
#ifdef HAVE_BLAKE2B_LIB
	blake2b(hash->key, strlen(hash->key), data, len, digest,
		BLAKE2B_256_HASH_SIZE);
	return 0;
#else
	return crypto_shash_tfm_digest(hash->tfm, data, len, digest);
#endif
}

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

/* Until v6.7 groups had the flag of operations. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define SW_MCAST_CAP_NET_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define SW_MCAST_CAP_NET_ADMIN	GENL_UNS_ADMIN_PERM
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

/* For the namespace of the request, or the one that the request names. */
#ifdef HAVE_RTNL_NEWLINK_PARAMS
static inline int sw_compat_newlink(struct net_device *dev,
				    struct rtnl_newlink_params *params,
				    struct netlink_ext_ack *extack)
{
	return sw_device_create(rtnl_newlink_link_net(params), dev);
}
#else
static inline int sw_compat_newlink(struct net *net, struct net_device *dev,
				    struct nlattr *tb[], struct nlattr *data[],
				    struct netlink_ext_ack *extack)
{
	return sw_device_create(net, dev);
}
#endif

/* Flags for IP's part of the control block: none. */
#ifdef HAVE_UDP_TUNNEL_CB_FLAGS
#define sw_compat_tunnel_xmit(...)	udp_tunnel_xmit_skb(__VA_ARGS__, 0)
#define sw_compat_tunnel6_xmit(...)	udp_tunnel6_xmit_skb(__VA_ARGS__, 0)
#else
#define sw_compat_tunnel_xmit		udp_tunnel_xmit_skb
#define sw_compat_tunnel6_xmit		udp_tunnel6_xmit_skb
#endif

static inline void sw_compat_tunnel_setup(struct net *net, struct sock *sk,
					  struct udp_tunnel_sock_cfg *cfg)
{
#ifdef HAVE_UDP_TUNNEL_SOCK
	setup_udp_tunnel_sock(net, sk, cfg);
#else
	setup_udp_tunnel_sock(net, sk->sk_socket, cfg);
#endif
}

/* Newer kernels do not wait for receivers, so that callers have to. */
static inline void sw_compat_tunnel_release(struct sock *sk)
{
#ifdef HAVE_UDP_TUNNEL_SOCK
	udp_tunnel_sock_release(sk);
#else
	udp_tunnel_sock_release(sk->sk_socket);
#endif
}

#if IS_ENABLED(CONFIG_IPV6)
/* Return: a route with increased refcount, or an error. */
static inline struct dst_entry *
sw_compat_route6(struct net *net, const struct sock *sk, struct flowi6 *fl)
{
#ifdef HAVE_IPV6_STUB
	return ipv6_stub->ipv6_dst_lookup_flow(net, sk, fl, NULL);
#else
	return ip6_dst_lookup_flow(net, sk, fl, NULL);
#endif
}
#endif

static inline struct nlattr **sw_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _SKYWIRE_COMPAT_H */
