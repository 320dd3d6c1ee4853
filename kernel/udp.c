// SPDX-License-Identifier: GPL-2.0
/*
 * Links over UDP, IPv4 and IPv6, from one port of the device's. The sockets
 * live in the namespace the device was created in, wherever the device has
 * moved since, and are open while the device is up.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp_tunnel.h>
#include "skywire.h"

static int udp_receive(struct sock *sk, struct sk_buff *skb)
{
	struct sw_device *sw = rcu_dereference_sk_user_data(sk);
	u8 ds;

	/* The socket is being closed. */
	if (unlikely(!sw)) {
		kfree_skb(skb);
		return 0;
	}
	if (sk->sk_family == AF_INET)
		ds = ip_hdr(skb)->tos;
	else
		ds = ipv6_get_dsfield(ipv6_hdr(skb));
	/* The UDP layer has checked the length, and the checksum. */
	__skb_pull(skb, sizeof(struct udphdr));
	sw_receive(sw, skb, ds);
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
static struct rtable *route4(struct sw_device *sw, struct sw_endpoint *ep,
			     struct sock *sk, struct flowi4 *fl)
{
	struct rtable *rt = dst_cache_get_ip4(&ep->cache, &fl->saddr);

	if (likely(rt))
		return rt;
	fl->saddr = ep->local.s6_addr32[0];
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

static bool xmit4(struct sw_device *sw, struct sw_endpoint *ep,
		  struct sk_buff *skb, u8 ds)
{
	struct sock *sk = rcu_dereference(sw->sock4);
	struct flowi4 fl = {
		.daddr		= ep->remote.s6_addr32[0],
		.fl4_dport	= ep->port,
		.flowi4_mark	= READ_ONCE(sw->fwmark),
		.flowi4_oif	= ep->oif,
		.flowi4_proto	= IPPROTO_UDP,
	};
	struct rtable *rt;

	if (unlikely(!sk)) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_ROUTE);
		return false;
	}
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
	udp_tunnel_xmit_skb(rt, sk, skb, fl.saddr, fl.daddr, ds,
			    ip4_dst_hoplimit(&rt->dst), 0, fl.fl4_sport,
			    fl.fl4_dport, false, false);
	return true;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *route6(struct sw_device *sw, struct sw_endpoint *ep,
				struct sock *sk, struct flowi6 *fl)
{
	struct dst_entry *dst = dst_cache_get_ip6(&ep->cache, &fl->saddr);

	if (likely(dst))
		return dst;
	fl->saddr = ep->local;
	if (!ipv6_addr_any(&fl->saddr) &&
	    !ipv6_chk_addr(sock_net(sk), &fl->saddr, NULL, 0))
		return ERR_PTR(-EADDRNOTAVAIL);
	dst = ipv6_stub->ipv6_dst_lookup_flow(sock_net(sk), sk, fl, NULL);
	if (IS_ERR(dst))
		return dst;
	if (dst->dev == sw->dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip6(&ep->cache, dst, &fl->saddr);
	return dst;
}

static bool xmit6(struct sw_device *sw, struct sw_endpoint *ep,
		  struct sk_buff *skb, u8 ds)
{
	struct sock *sk = rcu_dereference(sw->sock6);
	struct flowi6 fl = {
		.daddr		= ep->remote,
		.fl6_dport	= ep->port,
		.flowi6_mark	= READ_ONCE(sw->fwmark),
		.flowi6_oif	= ep->oif,
		.flowi6_proto	= IPPROTO_UDP,
	};
	struct dst_entry *dst;

	if (unlikely(!sk)) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_ROUTE);
		return false;
	}
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
	udp_tunnel6_xmit_skb(dst, sk, skb, NULL, &fl.saddr, &fl.daddr, ds,
			     ip6_dst_hoplimit(dst), 0, fl.fl6_sport,
			     fl.fl6_dport, false);
	return true;
}
#else
static bool xmit6(struct sw_device *sw, struct sw_endpoint *ep,
		  struct sk_buff *skb, u8 ds)
{
	sw_drop(sw, skb, SKYWIRE_DROP_NO_ROUTE);
	return false;
}
#endif

static bool udp_xmit(struct sw_link *link, struct sw_endpoint *ep,
		     struct sk_buff *skb, u8 ds)
{
	if (ep->family == AF_INET)
		return xmit4(link->sw, ep, skb, ds);
	return xmit6(link->sw, ep, skb, ds);
}

static struct socket *open_socket(struct sw_device *sw, struct net *net,
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
	setup_udp_tunnel_sock(net, sock, &tunnel);
	return sock;
}

/* Use these sockets from now on, and let go of those in use until now. */
static void replace_sockets(struct sw_device *sw, struct sock *sk4,
			    struct sock *sk6)
{
	sk4 = rcu_replace_pointer(sw->sock4, sk4, lockdep_is_held(&sw_mutex));
	sk6 = rcu_replace_pointer(sw->sock6, sk6, lockdep_is_held(&sw_mutex));
	if (!sk4)
		return;
	/* Senders may be using the sockets. */
	synchronize_net();
	udp_tunnel_sock_release(sk4->sk_socket);
	if (sk6)
		udp_tunnel_sock_release(sk6->sk_socket);
	/* Receivers may be using the device; not every kernel's release waits. */
	synchronize_net();
}

static void udp_close(struct sw_device *sw)
{
	replace_sockets(sw, NULL, NULL);
}

/* Both sockets on one port, or none. Port 0 is replaced by what we got. */
static int open_pair(struct sw_device *sw, struct net *net)
{
	struct socket *sock4, *sock6 = NULL;
	u16 port = sw->port;

	sock4 = open_socket(sw, net, AF_INET, port);
	if (IS_ERR(sock4))
		return PTR_ERR(sock4);
	port = ntohs(inet_sk(sock4->sk)->inet_sport);
	if (ipv6_mod_enabled()) {
		sock6 = open_socket(sw, net, AF_INET6, port);
		if (IS_ERR(sock6)) {
			udp_tunnel_sock_release(sock4);
			return PTR_ERR(sock6);
		}
	}
	sw->port = port;
	replace_sockets(sw, sock4->sk, sock6 ? sock6->sk : NULL);
	return 0;
}

static int udp_open(struct sw_device *sw)
{
	int err, tries = 100;
	struct net *net;

	rcu_read_lock();
	net = rcu_dereference(sw->net);
	net = net ? maybe_get_net(net) : NULL;
	rcu_read_unlock();
	if (!net)
		return -ENONET;
	/* A port that the kernel chose for IPv4 may be taken for IPv6. */
	do {
		err = open_pair(sw, net);
	} while (err == -EADDRINUSE && !sw->port && --tries);
	put_net(net);
	return err;
}

const struct sw_transport sw_udp = {
	.id	= SKYWIRE_TRANSPORT_UDP,
	.open	= udp_open,
	.close	= udp_close,
	.xmit	= udp_xmit,
};
