// SPDX-License-Identifier: GPL-2.0
/*
 * Links over UDP, IPv4 and IPv6, from one port of the device's. The sockets
 * live in the namespace the device was created in, wherever the device has
 * moved since, and are open while the device is up.
 */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst_cache.h>
#include <net/inet_ecn.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp_tunnel.h>
#include "compat.h"
#include "nl.h"

/* What a device has open. */
struct udp_sockets {
	struct sock	*sk4;
	struct sock	*sk6;	/* NULL without IPv6 */
};

/**
 * struct udp_endpoint - an underlay address
 * @ep: what all transports' have
 * @remote: 4 or 16 bytes of underlay address, as @family says
 * @local: source address of the same family; all zeros for any
 * @family: AF_INET or AF_INET6
 * @learned: @local is where a frame was sent to that came from there; when it is
 *	no address of ours any more, any other will do
 * @port: remote UDP port
 * @oif: interface to leave through, or 0
 * @cache: routes, per CPU
 *
 * Constant but for the cache, which RCU readers with bottom halves off may use.
 */
struct udp_endpoint {
	struct sw_endpoint	ep;
	struct in6_addr		remote;
	struct in6_addr		local;
	u16			family;
	bool			learned;
	__be16			port;
	int			oif;
	struct dst_cache	cache;
};

static struct udp_endpoint *to_udp(const struct sw_endpoint *ep)
{
	return container_of(ep, struct udp_endpoint, ep);
}

static u32 address_hash(u16 family, const void *addr, __be16 port, u32 oif)
{
	u32 from = (__force u32)port ^ sw_address_secret;

	return family == AF_INET ? jhash_1word(*(const u32 *)addr, from) :
	       jhash_2words(__ipv6_addr_jhash(addr, sw_address_secret), oif,
			    from);
}

/* The interface that belongs to the address; 0 where none does. */
static u32 scope(const struct in6_addr *addr, u32 iif)
{
	return __ipv6_addr_needs_scope_id(__ipv6_addr_type(addr)) ? iif : 0;
}

static void outer4(const struct sk_buff *skb, struct sw_outer *outer)
{
	const struct iphdr *ip = ip_hdr(skb);

	outer->ds = ip->tos;
	outer->from = address_hash(AF_INET, &ip->saddr, udp_hdr(skb)->source,
				   0);
}

static void outer6(const struct sk_buff *skb, struct sw_outer *outer)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	outer->ds = ipv6_get_dsfield(ip);
	outer->from = address_hash(AF_INET6, &ip->saddr, udp_hdr(skb)->source,
				   scope(&ip->saddr, outer->iif));
}

static int udp_receive(struct sock *sk, struct sk_buff *skb)
{
	struct sw_device *sw = rcu_dereference_sk_user_data(sk);
	struct sw_outer outer = {
		.iif		= skb->skb_iif,
		.unicast	= skb->pkt_type == PACKET_HOST,
	};

	/* The socket is being closed. */
	if (unlikely(!sw)) {
		kfree_skb(skb);
		return 0;
	}
	if (sk->sk_family == AF_INET)
		outer4(skb, &outer);
	else
		outer6(skb, &outer);
	/* The UDP layer has checked the length, and the checksum. */
	__skb_pull(skb, sizeof(struct udphdr));
	outer.len = skb->data - skb_network_header(skb);
	sw_receive(sw, &sw_udp, skb, &outer);
	return 0;
}

/* Room for the outer headers, or the packet is dropped. */
static bool make_room(struct sw_device *sw, struct sk_buff *skb,
		      const struct dst_entry *dst, unsigned int header)
{
	header += sizeof(struct udphdr) + LL_RESERVED_SPACE(dst->dev) +
		  dst->header_len;
	if (likely(!sw_skb_own(sw, skb, header, 0,
			       SKYWIRE_COUNTER_SEAL_COPIES)))
		return true;
	sw_drop(sw, skb, SKYWIRE_DROP_NO_MEMORY);
	return false;
}

/* A route of the endpoint's, which the caller gets a reference to; or why not. */
static struct rtable *route4(struct sw_device *sw, struct udp_endpoint *ep,
			     struct sock *sk, struct flowi4 *fl)
{
	struct rtable *rt = dst_cache_get_ip4(&ep->cache, &fl->saddr);

	if (likely(rt))
		return rt;
	fl->saddr = ep->local.s6_addr32[0];
	if (ep->learned && !inet_confirm_addr(sock_net(sk), NULL, 0, fl->saddr,
					      RT_SCOPE_HOST))
		fl->saddr = 0;
	rt = ip_route_output_flow(sock_net(sk), fl, sk);
	if (IS_ERR(rt))
		return rt;
	if (rt->dst.dev == sw->dev) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip4(&ep->cache, &rt->dst, fl->saddr);
	return rt;
}

static bool xmit4(struct sw_device *sw, struct udp_endpoint *ep,
		  struct sock *sk, struct sk_buff *skb, u8 ds)
{
	struct flowi4 fl = {
		.daddr		= ep->remote.s6_addr32[0],
		.fl4_dport	= ep->port,
		.flowi4_mark	= READ_ONCE(sw->fwmark),
		.flowi4_oif	= ep->oif,
		.flowi4_proto	= IPPROTO_UDP,
	};
	struct rtable *rt;

	fl.fl4_sport = inet_sk(sk)->inet_sport;
	rt = route4(sw, ep, sk, &fl);
	if (IS_ERR(rt)) {
		sw_drop(sw, skb, PTR_ERR(rt) == -ELOOP ? SKYWIRE_DROP_LOOP :
			SKYWIRE_DROP_NO_ROUTE);
		return false;
	}
	if (!make_room(sw, skb, &rt->dst, sizeof(struct iphdr))) {
		ip_rt_put(rt);
		return false;
	}
	skb->mark = fl.flowi4_mark;
	sw_compat_tunnel_xmit(rt, sk, skb, fl.saddr, fl.daddr, ds,
			      ip4_dst_hoplimit(&rt->dst), 0, fl.fl4_sport,
			      fl.fl4_dport, false, false);
	return true;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *route6(struct sw_device *sw, struct udp_endpoint *ep,
				struct sock *sk, struct flowi6 *fl)
{
	struct dst_entry *dst = dst_cache_get_ip6(&ep->cache, &fl->saddr);

	if (likely(dst))
		return dst;
	fl->saddr = ep->local;
	if (!ipv6_addr_any(&fl->saddr) &&
	    !ipv6_chk_addr(sock_net(sk), &fl->saddr, NULL, 0)) {
		if (!ep->learned)
			return ERR_PTR(-EADDRNOTAVAIL);
		fl->saddr = in6addr_any;
	}
	dst = sw_compat_route6(sock_net(sk), sk, fl);
	if (IS_ERR(dst))
		return dst;
	if (dst->dev == sw->dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip6(&ep->cache, dst, &fl->saddr);
	return dst;
}

static bool xmit6(struct sw_device *sw, struct udp_endpoint *ep,
		  struct sock *sk, struct sk_buff *skb, u8 ds)
{
	struct flowi6 fl = {
		.daddr		= ep->remote,
		.fl6_dport	= ep->port,
		.flowi6_mark	= READ_ONCE(sw->fwmark),
		.flowi6_oif	= ep->oif,
		.flowi6_proto	= IPPROTO_UDP,
	};
	struct dst_entry *dst;

	fl.fl6_sport = inet_sk(sk)->inet_sport;
	dst = route6(sw, ep, sk, &fl);
	if (IS_ERR(dst)) {
		sw_drop(sw, skb, PTR_ERR(dst) == -ELOOP ? SKYWIRE_DROP_LOOP :
			SKYWIRE_DROP_NO_ROUTE);
		return false;
	}
	if (!make_room(sw, skb, dst, sizeof(struct ipv6hdr))) {
		dst_release(dst);
		return false;
	}
	skb->mark = fl.flowi6_mark;
	/* As on IPv4, the underlay may fragment what is too big for it. */
	skb->ignore_df = 1;
	sw_compat_tunnel6_xmit(dst, sk, skb, NULL, &fl.saddr, &fl.daddr, ds,
			       ip6_dst_hoplimit(dst), 0, fl.fl6_sport,
			       fl.fl6_dport, false);
	return true;
}
#else
static bool xmit6(struct sw_device *sw, struct udp_endpoint *ep,
		  struct sock *sk, struct sk_buff *skb, u8 ds)
{
	sw_drop(sw, skb, SKYWIRE_DROP_NO_ROUTE);
	return false;
}
#endif

static bool udp_xmit(struct sw_device *sw, struct sw_endpoint *ep,
		     struct sk_buff *skb, u8 ds)
{
	struct udp_endpoint *udp = to_udp(ep);
	struct udp_sockets *sockets;

	sockets = rcu_dereference(sw->opened[SKYWIRE_TRANSPORT_UDP]);
	if (likely(sockets && udp->family == AF_INET))
		return xmit4(sw, udp, sockets->sk4, skb, ds);
	if (likely(sockets && sockets->sk6))
		return xmit6(sw, udp, sockets->sk6, skb, ds);
	sw_drop(sw, skb, SKYWIRE_DROP_NO_ROUTE);
	return false;
}

/* What the underlay can reach one node by. */
static bool is_unicast(const struct udp_endpoint *ep)
{
	__be32 v4 = ep->remote.s6_addr32[0];

	if (ep->family == AF_INET)
		return v4 && !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4);
	return !ipv6_addr_any(&ep->remote) &&
	       !ipv6_addr_is_multicast(&ep->remote) &&
	       !ipv6_addr_v4mapped(&ep->remote);
}

/* A broadcast's or multicast's destination is no address to answer from. */
static void source4(const struct iphdr *ip, const struct sw_outer *outer,
		    struct udp_endpoint *udp, struct sw_source_name *prefix)
{
	udp->family = AF_INET;
	udp->remote.s6_addr32[0] = ip->saddr;
	if (outer->unicast)
		udp->local.s6_addr32[0] = ip->daddr;
	memcpy(prefix->addr, &ip->saddr, 3);
}

static void source6(const struct ipv6hdr *ip, const struct sw_outer *outer,
		    struct udp_endpoint *udp, struct sw_source_name *prefix)
{
	udp->family = AF_INET6;
	udp->remote = ip->saddr;
	if (outer->unicast)
		udp->local = ip->daddr;
	udp->oif = scope(&ip->saddr, outer->iif);
	prefix->oif = udp->oif;
	if (!udp->oif)
		memcpy(prefix->addr, &ip->saddr, 6);
}

static bool udp_source(struct sw_device *sw, const void *frame,
		       const struct sw_outer *outer, struct sw_source *s)
{
	const struct udphdr *header = frame - sizeof(*header);
	const struct iphdr *ip = frame - outer->len;
	struct udp_endpoint *udp = (void *)s->room;

	BUILD_BUG_ON(sizeof(*udp) > sizeof(s->room));
	s->ep = &udp->ep;
	s->ep->transport = &sw_udp;
	s->ep->from = outer->from;
	udp->port = header->source;
	udp->learned = true;
	if (ip->version == 4)
		source4(ip, outer, udp, &s->prefix);
	else
		source6((const struct ipv6hdr *)ip, outer, udp, &s->prefix);
	s->prefix.transport = SKYWIRE_TRANSPORT_UDP;
	s->prefix.family = udp->family;
	s->name = s->prefix;
	memcpy(s->name.addr, &udp->remote, sizeof(s->name.addr));
	s->name.port = udp->port;
	return udp->port && is_unicast(udp);
}

/* What an administrator has said holds on. */
static void keep_choice(struct udp_endpoint *udp,
			const struct udp_endpoint *old)
{
	if (!old->learned && old->family == udp->family &&
	    memchr_inv(&old->local, 0, sizeof(old->local))) {
		udp->local = old->local;
		udp->learned = false;
	}
	/* That of a link-local remote says where that is, no more. */
	if (!udp->oif && (old->family == AF_INET || !scope(&old->remote, 1)))
		udp->oif = old->oif;
}

static struct sw_endpoint *udp_clone(const struct sw_endpoint *ep,
				     const struct sw_link *link)
{
	const struct sw_endpoint *old = rcu_dereference(link->endpoint);
	struct udp_endpoint *udp;

	udp = kmemdup(to_udp(ep), sizeof(*udp), GFP_ATOMIC | __GFP_NOWARN);
	if (!udp)
		return NULL;
	if (dst_cache_init(&udp->cache, GFP_ATOMIC | __GFP_NOWARN)) {
		kfree(udp);
		return NULL;
	}
	if (old)
		keep_choice(udp, to_udp(old));
	return &udp->ep;
}

static struct sock *open_socket(struct sw_device *sw, struct net *net,
				u8 family, u16 port)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data	= sw,
		.encap_type	= 1,
		.encap_rcv	= udp_receive,
	};
	struct udp_port_cfg cfg = {
		.family			= family,
		.local_udp_port		= htons(port),
		.use_udp_checksums	= true,
		.use_udp6_tx_checksums	= true,
		.use_udp6_rx_checksums	= true,
		.ipv6_v6only		= true,
	};
	struct socket *sock;
	int err;

	err = udp_sock_create(net, &cfg, &sock);
	if (err)
		return ERR_PTR(err);
	sock->sk->sk_allocation = GFP_ATOMIC;
	/* TCP's own accounting throttles; a second limit would drop. */
	sock->sk->sk_sndbuf = INT_MAX;
	sw_compat_tunnel_setup(net, sock->sk, &tunnel);
	return sock->sk;
}

static void udp_close(void *opened)
{
	struct udp_sockets *sockets = opened;

	sw_compat_tunnel_release(sockets->sk4);
	if (sockets->sk6)
		sw_compat_tunnel_release(sockets->sk6);
	kfree(sockets);
}

/* Both sockets on one port, or none. Port 0 is replaced by what we got. */
static int open_pair(struct sw_device *sw, struct net *net, u16 *port,
		     struct udp_sockets *sockets)
{
	struct sock *sk4, *sk6;
	u16 got;

	sk4 = open_socket(sw, net, AF_INET, *port);
	if (IS_ERR(sk4))
		return PTR_ERR(sk4);
	got = ntohs(inet_sk(sk4)->inet_sport);
	if (ipv6_mod_enabled()) {
		sk6 = open_socket(sw, net, AF_INET6, got);
		if (IS_ERR(sk6)) {
			sw_compat_tunnel_release(sk4);
			return PTR_ERR(sk6);
		}
		sockets->sk6 = sk6;
	}
	sockets->sk4 = sk4;
	*port = got;
	return 0;
}

static void *udp_open(struct sw_device *sw, struct net *net, u16 *port)
{
	struct udp_sockets *sockets;
	int err, tries = 100;

	sockets = kzalloc(sizeof(*sockets), GFP_KERNEL_ACCOUNT);
	if (!sockets)
		return ERR_PTR(-ENOMEM);
	/* A port that the kernel chose for IPv4 may be taken for IPv6. */
	do {
		err = open_pair(sw, net, port, sockets);
	} while (err == -EADDRINUSE && !*port && --tries);
	if (!err)
		return sockets;
	kfree(sockets);
	return ERR_PTR(err);
}

/* Change @ep as the request says; 0 or -errno explained. */
static int change_endpoint(struct genl_info *info, struct udp_endpoint *ep)
{
	struct nlattr *remote = info->attrs[SKYWIRE_A_LINK_REMOTE];
	struct nlattr *local = info->attrs[SKYWIRE_A_LINK_LOCAL];
	struct nlattr *port = info->attrs[SKYWIRE_A_LINK_REMOTE_PORT];
	struct nlattr *oif = info->attrs[SKYWIRE_A_LINK_OIF];
	u16 family = ep->family;
	int err;

	if (remote) {
		err = sw_nl_parse_address(info, remote, &ep->remote,
					  &ep->family);
		if (err)
			return err;
		/* An address of the other family is no source any more, nor
		 * one that the old remote has sent to.
		 */
		if (family != ep->family || ep->learned)
			memset(&ep->local, 0, sizeof(ep->local));
		ep->learned = false;
		if (!is_unicast(ep)) {
			NL_SET_ERR_MSG_ATTR(info->extack, remote,
					    "not a unicast address");
			return -EINVAL;
		}
	}
	if (local) {
		err = sw_nl_parse_address(info, local, &ep->local, &family);
		if (err)
			return err;
		if (family != ep->family) {
			NL_SET_ERR_MSG_ATTR(info->extack, local,
					    "not of the remote's family");
			return -EINVAL;
		}
		ep->learned = false;
	}
	if (port)
		ep->port = nla_get_be16(port);
	if (oif && nla_get_u32(oif) > INT_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, oif, "not an ifindex");
		return -EINVAL;
	}
	if (oif)
		ep->oif = nla_get_u32(oif);
	if (!ep->port) {
		GENL_SET_ERR_MSG(info, "a remote has a port other than 0");
		return -EINVAL;
	}
	if (ep->family == AF_INET6 && !ep->oif &&
	    ipv6_addr_type(&ep->remote) & IPV6_ADDR_LINKLOCAL) {
		GENL_SET_ERR_MSG(info, "a link-local remote needs an oif");
		return -EINVAL;
	}
	return 0;
}

static struct sw_endpoint *udp_parse(struct sw_device *sw,
				     struct genl_info *info,
				     const struct sw_endpoint *old)
{
	struct udp_endpoint *udp;
	int err;

	err = sw_nl_check_underlay(sw, info, SKYWIRE_A_LINK_OIF);
	if (err)
		return ERR_PTR(err);
	if (!old && !sw_nl_need(info, SKYWIRE_A_LINK_REMOTE,
				"the remote address is missing"))
		return ERR_PTR(-EINVAL);
	udp = kzalloc(sizeof(*udp), GFP_KERNEL_ACCOUNT);
	if (!udp)
		return ERR_PTR(-ENOMEM);
	if (old) {
		udp->remote = to_udp(old)->remote;
		udp->local = to_udp(old)->local;
		udp->family = to_udp(old)->family;
		udp->learned = to_udp(old)->learned;
		udp->port = to_udp(old)->port;
		udp->oif = to_udp(old)->oif;
	}
	err = change_endpoint(info, udp);
	udp->ep.from = address_hash(udp->family, &udp->remote, udp->port,
				    scope(&udp->remote, udp->oif));
	if (!err)
		err = dst_cache_init(&udp->cache, GFP_KERNEL_ACCOUNT);
	if (err) {
		kfree(udp);
		return ERR_PTR(err);
	}
	return &udp->ep;
}

static int udp_fill(struct sk_buff *msg, const struct sw_endpoint *ep)
{
	const struct udp_endpoint *udp = to_udp(ep);
	int len = udp->family == AF_INET ? 4 : 16;

	if (nla_put(msg, SKYWIRE_A_LINK_REMOTE, len, &udp->remote) ||
	    nla_put_be16(msg, SKYWIRE_A_LINK_REMOTE_PORT, udp->port) ||
	    nla_put(msg, SKYWIRE_A_LINK_LOCAL, len, &udp->local) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_OIF, udp->oif))
		return -EMSGSIZE;
	return 0;
}

static void udp_forget(struct sw_device *sw, struct sw_endpoint *ep)
{
	/* Without sockets no sender gets as far as the cache. */
	if (sw_is_open(sw, &sw_udp))
		dst_cache_reset(&to_udp(ep)->cache);
	else
		dst_cache_reset_now(&to_udp(ep)->cache);
}

static void udp_free(struct sw_endpoint *ep)
{
	dst_cache_destroy(&to_udp(ep)->cache);
	kfree(to_udp(ep));
}

const struct sw_transport sw_udp = {
	.id	= SKYWIRE_TRANSPORT_UDP,
	.attrs	= BIT_ULL(SKYWIRE_A_LINK_REMOTE) |
		  BIT_ULL(SKYWIRE_A_LINK_REMOTE_PORT) |
		  BIT_ULL(SKYWIRE_A_LINK_LOCAL) | BIT_ULL(SKYWIRE_A_LINK_OIF),
	.open	= udp_open,
	.close	= udp_close,
	.parse	= udp_parse,
	.fill	= udp_fill,
	.forget	= udp_forget,
	.free	= udp_free,
	.xmit	= udp_xmit,
	.source	= udp_source,
	.clone	= udp_clone,
};
