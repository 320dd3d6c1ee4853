// SPDX-License-Identifier: GPL-2.0
/*
 * Links over Ethernet, without IP: frames of ethertype 0x88B5 to a neighbour's
 * address, through an interface of the namespace that the device was created
 * in. VLANs, bridges, bonds and whatever else is an Ethernet interface will do,
 * but not the ports of a bridge or bond, whose frames are not theirs to take.
 *
 * An endpoint holds its interface until that goes, and knows its name, by which
 * it takes up one that comes: interfaces vanish with their hardware, and
 * return. Who sends finds it under RCU.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/jhash.h>
#include <linux/rtnetlink.h>
#include <skywire/handshake.h>
#include "nl.h"

/**
 * struct ether_endpoint - a neighbour's address, and where it is
 * @ep: what all transports' have
 * @remote: its address; constant
 * @name: of the interface, which may not be there; sw_mutex
 * @dev: the interface, or NULL; RCU, written under sw_mutex
 * @tracker: of the reference to @dev; sw_mutex
 */
struct ether_endpoint {
	struct sw_endpoint		ep;
	u8				remote[ETH_ALEN];
	char				name[IFNAMSIZ];
	struct net_device __rcu		*dev;
	netdevice_tracker		tracker;
};

/* Devices that are open; sw_mutex. */
static unsigned int n_open;

static struct ether_endpoint *to_ether(const struct sw_endpoint *ep)
{
	return container_of(ep, struct ether_endpoint, ep);
}

static u32 address_hash(const u8 *addr, const struct net_device *dev)
{
	return jhash(addr, ETH_ALEN, sw_address_secret ^ dev->ifindex);
}

static bool is_handshake(const struct sk_buff *skb)
{
	const struct sw_frame *frame;
	struct sw_frame copy;

	frame = skb_header_pointer(skb, 0, sizeof(copy), &copy);
	return frame && sw_frame_is_handshake(frame);
}

/* A frame that names no key: each device of the namespace gets to see it. */
static void offer(struct net *net, struct sk_buff *skb,
		  const struct sw_outer *outer)
{
	struct sw_device *sw;
	struct sk_buff *copy;

	list_for_each_entry_rcu(sw, &sw_devices, node) {
		if (sw->cookie != net->net_cookie || !sw_is_open(sw, &sw_ether))
			continue;
		copy = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
		if (copy) {
			sw_receive(sw, &sw_ether, copy, outer);
		} else {
			sw_count(sw, SKYWIRE_COUNTER_RX_FRAMES);
			sw_count_drop(sw, SKYWIRE_DROP_NO_MEMORY);
		}
	}
	consume_skb(skb);
}

/* The device that a frame is for, by the key that it names; or NULL. */
static struct sw_device *find_device(struct net *net, struct sk_buff *skb)
{
	const struct sw_frame *frame;
	struct sw_device *sw;
	struct sw_frame copy;
	struct sw_key *key;

	frame = skb_header_pointer(skb, 0, sizeof(copy), &copy);
	if (!frame)
		return NULL;
	key = sw_key_lookup(net->net_cookie, be32_to_cpu(frame->index));
	if (!key)
		return NULL;
	sw = sw_key_device(key);
	return sw_is_open(sw, &sw_ether) ? sw : NULL;
}

/* The packet may be shared: it is not changed before sw_receive(). */
static int ether_receive(struct sk_buff *skb, struct net_device *dev,
			 struct packet_type *type, struct net_device *orig_dev)
{
	struct sw_outer outer = { .iif = dev->ifindex };
	struct sw_device *sw;

	/* Those of a VLAN without an interface are another host's as well. What
	 * comes out of a tunnel has no Ethernet header.
	 */
	if (skb->pkt_type != PACKET_HOST || dev->type != ARPHRD_ETHER) {
		kfree_skb_reason(skb, SKB_DROP_REASON_OTHERHOST);
		return NET_RX_DROP;
	}
	outer.from = address_hash(eth_hdr(skb)->h_source, dev);
	outer.len = skb->data - skb_mac_header(skb);
	outer.unicast = true;
	if (unlikely(is_handshake(skb))) {
		offer(dev_net(dev), skb, &outer);
		return NET_RX_SUCCESS;
	}
	sw = find_device(dev_net(dev), skb);
	if (unlikely(!sw)) {
		/* As the core does with a protocol that nobody takes. */
		dev_core_stats_rx_dropped_inc(dev);
		kfree_skb_reason(skb, SKB_DROP_REASON_UNHANDLED_PROTO);
		return NET_RX_DROP;
	}
	sw_receive(sw, &sw_ether, skb, &outer);
	return NET_RX_SUCCESS;
}

/* One for all namespaces: the handler looks at the interface's. */
static struct packet_type packet_type = {
	.type	= htons(ETH_P_802_EX1),
	.func	= ether_receive,
};

static void *ether_open(struct sw_device *sw, struct net *net, u16 *port)
{
	if (!n_open++)
		dev_add_pack(&packet_type);
	return &packet_type;
}

static void ether_close(void *opened)
{
	/* The caller waits for the grace period that this leaves out. */
	if (!--n_open)
		__dev_remove_pack(&packet_type);
}

static bool is_port(const struct net_device *dev)
{
	return netif_is_any_bridge_port(dev) || netif_is_lag_port(dev);
}

/* What stands in the way of a frame, or 0. */
static enum skywire_drop obstacle(struct sw_device *sw,
				  const struct net_device *dev,
				  unsigned int len)
{
	if (!dev || !sw_is_open(sw, &sw_ether) || !(dev->flags & IFF_UP) ||
	    is_port(dev))
		return SKYWIRE_DROP_NO_ROUTE;
	return len > READ_ONCE(dev->mtu) ? SKYWIRE_DROP_TOO_BIG : 0;
}

static bool ether_xmit(struct sw_device *sw, struct sw_endpoint *ep,
		       struct sk_buff *skb, u8 ds)
{
	struct net_device *dev = rcu_dereference(to_ether(ep)->dev);
	enum skywire_drop reason;

	reason = obstacle(sw, dev, skb->len);
	if (unlikely(reason)) {
		sw_drop(sw, skb, reason);
		return false;
	}
	if (unlikely(sw_skb_own(sw, skb, LL_RESERVED_SPACE(dev), 0,
				SKYWIRE_COUNTER_SEAL_COPIES))) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return false;
	}
	skb_reset_network_header(skb);
	skb->dev = dev;
	skb->protocol = htons(ETH_P_802_EX1);
	skb->mark = READ_ONCE(sw->fwmark);
	if (unlikely(dev_hard_header(skb, dev, ETH_P_802_EX1,
				     to_ether(ep)->remote, NULL,
				     skb->len) < 0)) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_ROUTE);
		return false;
	}
	dev_queue_xmit(skb);
	return true;
}

static bool ether_source(struct sw_device *sw, const void *frame,
			 const struct sw_outer *outer, struct sw_source *s)
{
	const struct ethhdr *header = frame - outer->len;
	struct ether_endpoint *ether = (void *)s->room;
	struct net *net = rcu_dereference(sw->net);
	struct net_device *dev;

	BUILD_BUG_ON(sizeof(*ether) > sizeof(s->room));
	dev = net ? dev_get_by_index_rcu(net, outer->iif) : NULL;
	if (!dev)
		return false;
	s->ep = &ether->ep;
	s->ep->transport = &sw_ether;
	s->ep->from = outer->from;
	ether_addr_copy(ether->remote, header->h_source);
	strscpy(ether->name, dev->name, sizeof(ether->name));
	rcu_assign_pointer(ether->dev, dev);
	s->prefix.transport = SKYWIRE_TRANSPORT_ETHERNET;
	s->prefix.oif = outer->iif;
	s->name = s->prefix;
	ether_addr_copy(s->name.addr, header->h_source);
	return is_valid_ether_addr(header->h_source);
}

static struct net_device *interface_of(const struct ether_endpoint *ether)
{
	return rcu_dereference_protected(ether->dev,
					 lockdep_is_held(&sw_mutex));
}

/* Under RCU or rtnl, which keep the interface until it is held. */
static void take(struct ether_endpoint *ether, struct net_device *dev)
{
	strscpy(ether->name, dev->name, sizeof(ether->name));
	WRITE_ONCE(ether->ep.from, address_hash(ether->remote, dev));
	netdev_hold(dev, &ether->tracker, GFP_ATOMIC);
	rcu_assign_pointer(ether->dev, dev);
}

static void let_go(struct ether_endpoint *ether, struct net_device *dev)
{
	RCU_INIT_POINTER(ether->dev, NULL);
	/* The core waits for those who are still sending before it frees. */
	netdev_put(dev, &ether->tracker);
}

static int refuse(struct genl_info *info, const struct nlattr *attr,
		  const char *why)
{
	NL_SET_BAD_ATTR(info->extack, attr);
	info->extack->_msg = why;
	return -EINVAL;
}

/* Can frames go through the interface? 0 or -EINVAL explained. */
static int check_interface(struct genl_info *info, const struct nlattr *attr,
			   const struct net_device *dev)
{
	if (!dev)
		return refuse(info, attr,
			      "no such interface where the device was created");
	if (dev->flags & IFF_LOOPBACK)
		return refuse(info, attr, "the loopback interface has no wire");
	if (dev->type != ARPHRD_ETHER)
		return refuse(info, attr, "not an Ethernet interface");
	if (netif_is_any_bridge_port(dev))
		return refuse(info, attr, "a port of a bridge: use the bridge");
	if (netif_is_lag_port(dev))
		return refuse(info, attr, "a port of a bond or team: use that");
	return 0;
}

static int check_remote(struct genl_info *info, const struct nlattr *attr)
{
	if (nla_len(attr) != ETH_ALEN)
		return refuse(info, attr, "an Ethernet address has 6 bytes");
	if (!is_valid_ether_addr(nla_data(attr)))
		return refuse(info, attr, "not a unicast address");
	return 0;
}

/*
 * Change @ether, with the interface @dev or none, as the request says; 0 or
 * -EINVAL explained. Under RCU.
 */
static int change(struct sw_device *sw, struct genl_info *info,
		  struct ether_endpoint *ether, struct net_device *dev)
{
	struct nlattr *name = info->attrs[SKYWIRE_A_LINK_INTERFACE];
	struct nlattr *remote = info->attrs[SKYWIRE_A_LINK_REMOTE];
	struct nlattr *mtu = info->attrs[SKYWIRE_A_LINK_MTU];
	struct net *net = rcu_dereference(sw->net);
	int err = 0;

	if (name) {
		dev = net ? dev_get_by_name_rcu(net, nla_data(name)) : NULL;
		err = check_interface(info, name, dev);
	}
	if (!err && remote) {
		err = check_remote(info, remote);
		nla_memcpy(ether->remote, remote, ETH_ALEN);
	}
	if (err || !dev)
		return err;
	if ((remote || name) &&
	    ether_addr_equal(ether->remote, dev->dev_addr))
		return refuse(info, remote ?: name,
			      "the address is the interface's own");
	if (mtu && nla_get_u32(mtu) + SW_LINK_OVERHEAD > dev->mtu)
		return refuse(info, mtu,
			      "the interface takes no frames that large");
	take(ether, dev);
	return 0;
}

static struct sw_endpoint *ether_parse(struct sw_device *sw,
				       struct genl_info *info,
				       const struct sw_endpoint *old)
{
	struct net_device *dev = NULL;
	struct ether_endpoint *ether;
	int err;

	err = sw_nl_check_underlay(sw, info, SKYWIRE_A_LINK_INTERFACE);
	if (err)
		return ERR_PTR(err);
	if (!old && (!sw_nl_need(info, SKYWIRE_A_LINK_REMOTE,
				 "the remote address is missing") ||
		     !sw_nl_need(info, SKYWIRE_A_LINK_INTERFACE,
				 "the interface is missing")))
		return ERR_PTR(-EINVAL);
	ether = kzalloc(sizeof(*ether), GFP_KERNEL_ACCOUNT);
	if (!ether)
		return ERR_PTR(-ENOMEM);
	if (old) {
		ether_addr_copy(ether->remote, to_ether(old)->remote);
		strscpy(ether->name, to_ether(old)->name, IFNAMSIZ);
		dev = interface_of(to_ether(old));
	}
	rcu_read_lock();
	err = change(sw, info, ether, dev);
	rcu_read_unlock();
	if (!err)
		return &ether->ep;
	kfree(ether);
	return ERR_PTR(err);
}

static void ether_free(struct sw_endpoint *ep)
{
	struct ether_endpoint *ether = to_ether(ep);

	netdev_put(rcu_dereference_protected(ether->dev, 1), &ether->tracker);
	kfree(ether);
}

static struct sw_endpoint *ether_clone(const struct sw_endpoint *ep,
				       const struct sw_link *link)
{
	struct net_device *dev = rcu_dereference(to_ether(ep)->dev);
	struct ether_endpoint *ether;

	if (READ_ONCE(link->mtu) + SW_LINK_OVERHEAD > READ_ONCE(dev->mtu))
		return NULL;
	ether = kmemdup(to_ether(ep), sizeof(*ether),
			GFP_ATOMIC | __GFP_NOWARN);
	if (!ether)
		return NULL;
	netdev_hold(dev, &ether->tracker, GFP_ATOMIC);
	return &ether->ep;
}

static int ether_fill(struct sk_buff *msg, const struct sw_endpoint *ep)
{
	const struct ether_endpoint *ether = to_ether(ep);
	const struct net_device *dev;

	/* Of an arrival's source, it is known under RCU. */
	dev = rcu_dereference_check(ether->dev, lockdep_is_held(&sw_mutex));
	if (nla_put(msg, SKYWIRE_A_LINK_REMOTE, ETH_ALEN, ether->remote) ||
	    nla_put_string(msg, SKYWIRE_A_LINK_INTERFACE, ether->name) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_OIF, dev ? dev->ifindex : 0))
		return -EMSGSIZE;
	return 0;
}

/*
 * An interface comes, goes or is renamed: does that change the endpoint? It goes
 * by pointer: its namespace may have been forgotten by now.
 */
static bool follow(struct sw_device *sw, struct ether_endpoint *ether,
		   struct net_device *dev, bool gone)
{
	if (interface_of(ether) == dev) {
		if (gone)
			let_go(ether, dev);
		else
			strscpy(ether->name, dev->name, sizeof(ether->name));
		return true;
	}
	if (gone || interface_of(ether) || dev->type != ARPHRD_ETHER ||
	    rtnl_dereference(sw->net) != dev_net(dev) ||
	    strcmp(ether->name, dev->name))
		return false;
	take(ether, dev);
	return true;
}

/* The candidate cannot follow. There will be no other one on an interface that goes,
 * which no frame comes from any more.
 */
static void forget_candidate(struct sw_link *link, const struct net_device *dev)
{
	struct sw_endpoint *ep;
	bool has_it;

	rcu_read_lock();
	ep = rcu_dereference(link->roam.candidate);
	has_it = ep && ep->transport == &sw_ether &&
		 rcu_access_pointer(to_ether(ep)->dev) == dev;
	rcu_read_unlock();
	if (has_it)
		sw_roam_forget(link);
}

static void follow_all(struct sw_device *sw, struct net_device *dev, bool gone)
{
	struct sw_endpoint *ep;
	struct sw_link *link;

	list_for_each_entry(link, &sw->links, node) {
		forget_candidate(link, dev);
		ep = rcu_dereference_protected(link->endpoint,
					       lockdep_is_held(&sw_mutex));
		if (!ep || ep->transport != &sw_ether ||
		    !follow(sw, to_ether(ep), dev, gone))
			continue;
		sw->generation++;
		sw_notify_link(link, SKYWIRE_CMD_LINK_NTF);
	}
}

/*
 * Under rtnl. A request that found an interface before it went has the mutex
 * until its endpoint is in place, where it is found here; one that comes later
 * does not find the interface. To move to another namespace is to go here, and
 * to come there.
 */
static int interface_event(struct notifier_block *nb, unsigned long event,
			   void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct sw_device *sw;

	if (event != NETDEV_REGISTER && event != NETDEV_CHANGENAME &&
	    event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&sw_mutex);
	list_for_each_entry(sw, &sw_devices, node)
		if (sw->cookie == dev_net(dev)->net_cookie)
			follow_all(sw, dev, event == NETDEV_UNREGISTER);
	mutex_unlock(&sw_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = interface_event };

static int ether_init(void)
{
	return register_netdevice_notifier(&notifier);
}

static void ether_exit(void)
{
	unregister_netdevice_notifier(&notifier);
}

const struct sw_transport sw_ether = {
	.id	= SKYWIRE_TRANSPORT_ETHERNET,
	.attrs	= BIT_ULL(SKYWIRE_A_LINK_REMOTE) |
		  BIT_ULL(SKYWIRE_A_LINK_INTERFACE),
	.init	= ether_init,
	.exit	= ether_exit,
	.open	= ether_open,
	.close	= ether_close,
	.parse	= ether_parse,
	.fill	= ether_fill,
	.free	= ether_free,
	.xmit	= ether_xmit,
	.source	= ether_source,
	.clone	= ether_clone,
};
