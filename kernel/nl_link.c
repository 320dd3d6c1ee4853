// SPDX-License-Identifier: GPL-2.0
/* Netlink: links. */
#include "nl.h"

static struct sw_endpoint *endpoint(const struct sw_link *link)
{
	return rcu_dereference_protected(link->endpoint,
					 lockdep_is_held(&sw_mutex));
}

static int put_endpoint(struct sk_buff *msg, const struct sw_endpoint *ep)
{
	int len = ep->family == AF_INET ? 4 : 16;

	if (nla_put(msg, SKYWIRE_A_LINK_REMOTE, len, &ep->remote) ||
	    nla_put_be16(msg, SKYWIRE_A_LINK_REMOTE_PORT, ep->port) ||
	    nla_put(msg, SKYWIRE_A_LINK_LOCAL, len, &ep->local) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_OIF, ep->oif))
		return -EMSGSIZE;
	return 0;
}

static int put_traffic(struct sk_buff *msg, const struct sw_link *link)
{
	static const struct {
		int attr;
		int sum;
	} sums[] = {
		{ SKYWIRE_A_LINK_RX_PACKETS, SW_SUM_RX_PACKETS },
		{ SKYWIRE_A_LINK_RX_BYTES, SW_SUM_RX_BYTES },
		{ SKYWIRE_A_LINK_TX_PACKETS, SW_SUM_TX_PACKETS },
		{ SKYWIRE_A_LINK_TX_BYTES, SW_SUM_TX_BYTES },
		{ SKYWIRE_A_LINK_POSTAGE_IN, SW_SUM_POSTAGE_IN },
		{ SKYWIRE_A_LINK_POSTAGE_OUT, SW_SUM_POSTAGE_OUT },
		{ SKYWIRE_A_LINK_POSTAGE_FEE, SW_SUM_FEE },
	};
	u64 v[SW_SUMS];
	int i;

	sw_traffic_sum(link->traffic, v);
	for (i = 0; i < ARRAY_SIZE(sums); i++)
		if (nla_put_u64_64bit(msg, sums[i].attr, v[sums[i].sum],
				      SKYWIRE_A_LINK_PAD))
			return -EMSGSIZE;
	return 0;
}

static int fill_link(struct sk_buff *msg, void *object)
{
	struct sw_link *link = object;
	struct sw_endpoint *ep;

	if (sw_nl_put_device(msg, link->sw) ||
	    nla_put_u16(msg, SKYWIRE_A_LINK_LABEL, link->label) ||
	    nla_put(msg, SKYWIRE_A_LINK_NEIGHBOUR, sizeof(link->neighbour),
		    link->neighbour) ||
	    nla_put_u8(msg, SKYWIRE_A_LINK_TRANSPORT, link->transport->id) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_MTU, link->mtu) ||
	    nla_put_u8(msg, SKYWIRE_A_LINK_STATE, link->state) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_PRICE_BASE, link->price_base) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_PRICE_RATE, link->price_rate))
		return -EMSGSIZE;
	ep = endpoint(link);
	if (ep && put_endpoint(msg, ep))
		return -EMSGSIZE;
	return put_traffic(msg, link);
}

void sw_notify_link(struct sw_link *link, u8 cmd)
{
	sw_nl_notify(link->sw, cmd, fill_link, link);
}

/* An address of 4 or 16 bytes; 0 or -EINVAL explained. */
static int parse_address(struct genl_info *info, struct nlattr *attr,
			 struct in6_addr *addr, u16 *family)
{
	memset(addr, 0, sizeof(*addr));
	if (nla_len(attr) != 4 && nla_len(attr) != 16) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	*family = nla_len(attr) == 4 ? AF_INET : AF_INET6;
	nla_memcpy(addr, attr, sizeof(*addr));
	return 0;
}

/* What the underlay can reach one node by. */
static bool is_unicast(const struct sw_endpoint *ep)
{
	__be32 v4 = ep->remote.s6_addr32[0];

	if (ep->family == AF_INET)
		return v4 && !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4);
	return !ipv6_addr_any(&ep->remote) &&
	       !ipv6_addr_is_multicast(&ep->remote) &&
	       !ipv6_addr_v4mapped(&ep->remote);
}

/* Change @ep as the request says; 0 or -errno explained. */
static int parse_endpoint(struct genl_info *info, struct sw_endpoint *ep)
{
	struct nlattr *remote = info->attrs[SKYWIRE_A_LINK_REMOTE];
	struct nlattr *local = info->attrs[SKYWIRE_A_LINK_LOCAL];
	struct nlattr *port = info->attrs[SKYWIRE_A_LINK_REMOTE_PORT];
	struct nlattr *oif = info->attrs[SKYWIRE_A_LINK_OIF];
	u16 family = ep->family;
	int err;

	if (remote) {
		err = parse_address(info, remote, &ep->remote, &ep->family);
		if (err)
			return err;
		/* An address of the other family is no source any more. */
		if (family != ep->family)
			memset(&ep->local, 0, sizeof(ep->local));
		if (!is_unicast(ep)) {
			NL_SET_ERR_MSG_ATTR(info->extack, remote,
					    "not a unicast address");
			return -EINVAL;
		}
	}
	if (local) {
		err = parse_address(info, local, &ep->local, &family);
		if (err)
			return err;
		if (family != ep->family) {
			NL_SET_ERR_MSG_ATTR(info->extack, local,
					    "not of the remote's family");
			return -EINVAL;
		}
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

static int check_mtu(struct genl_info *info)
{
	struct nlattr *mtu = info->attrs[SKYWIRE_A_LINK_MTU];

	if (!mtu || nla_get_u32(mtu) <= SKYWIRE_LINK_MTU_MAX)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, mtu, "no datagram is that large");
	return -ERANGE;
}

/*
 * Check the request, and make the endpoint that the link is to have: its old
 * one, changed. NULL where there is none to be, or an ERR_PTR explained.
 */
static struct sw_endpoint *make_endpoint(struct sw_device *sw,
					 struct genl_info *info,
					 const struct sw_endpoint *old)
{
	struct sw_endpoint *ep;
	int err;

	err = check_mtu(info) ?:
	      sw_nl_check_underlay(sw, info, SKYWIRE_A_LINK_OIF);
	if (err)
		return ERR_PTR(err);
	if (!old && !info->attrs[SKYWIRE_A_LINK_REMOTE]) {
		if (!info->attrs[SKYWIRE_A_LINK_REMOTE_PORT] &&
		    !info->attrs[SKYWIRE_A_LINK_LOCAL] &&
		    !info->attrs[SKYWIRE_A_LINK_OIF])
			return NULL;
		GENL_SET_ERR_MSG(info, "the remote address is missing");
		return ERR_PTR(-EINVAL);
	}
	ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	if (old) {
		ep->remote = old->remote;
		ep->local = old->local;
		ep->family = old->family;
		ep->port = old->port;
		ep->oif = old->oif;
	}
	err = parse_endpoint(info, ep);
	if (!err)
		err = dst_cache_init(&ep->cache, GFP_KERNEL_ACCOUNT);
	if (err) {
		kfree(ep);
		return ERR_PTR(err);
	}
	return ep;
}

/* Nothing here can fail. */
static void apply(struct sw_link *link, struct genl_info *info,
		  struct sw_endpoint *ep)
{
	struct nlattr **a = info->attrs;

	if (ep)
		sw_link_set_endpoint(link, ep);
	if (a[SKYWIRE_A_LINK_MTU])
		WRITE_ONCE(link->mtu, nla_get_u32(a[SKYWIRE_A_LINK_MTU]));
	if (a[SKYWIRE_A_LINK_STATE])
		WRITE_ONCE(link->state, nla_get_u8(a[SKYWIRE_A_LINK_STATE]));
	if (a[SKYWIRE_A_LINK_PRICE_BASE])
		WRITE_ONCE(link->price_base,
			   nla_get_u32(a[SKYWIRE_A_LINK_PRICE_BASE]));
	if (a[SKYWIRE_A_LINK_PRICE_RATE])
		WRITE_ONCE(link->price_rate,
			   nla_get_u32(a[SKYWIRE_A_LINK_PRICE_RATE]));
	sw_generation++;
	sw_notify_link(link, SKYWIRE_CMD_LINK_NTF);
}

static int get_link(struct sw_device *sw, struct genl_info *info)
{
	struct sw_link *link = sw_nl_link(sw, info, SKYWIRE_A_LINK_LABEL);

	if (IS_ERR(link))
		return PTR_ERR(link);
	return sw_nl_reply(info, SKYWIRE_CMD_LINK_GET, fill_link, link);
}

static int new_link(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *label = info->attrs[SKYWIRE_A_LINK_LABEL];
	struct nlattr *id = info->attrs[SKYWIRE_A_LINK_TRANSPORT];
	const struct sw_transport *transport;
	struct nlattr *neighbour;
	struct sw_endpoint *ep;
	struct sw_link *link;

	neighbour = sw_nl_need(info, SKYWIRE_A_LINK_NEIGHBOUR,
			       "the neighbour's key is missing");
	if (!neighbour)
		return -EINVAL;
	if (sw->has_identity && !nla_memcmp(neighbour, sw->identity,
					    sizeof(sw->identity))) {
		NL_SET_ERR_MSG_ATTR(info->extack, neighbour,
				    "this is the device's own key");
		return -EINVAL;
	}
	transport = sw_transport_find(id ? nla_get_u8(id) :
				      SKYWIRE_TRANSPORT_UDP);
	if (!transport) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such transport");
		return -EOPNOTSUPP;
	}
	ep = make_endpoint(sw, info, NULL);
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	link = sw_link_create(sw, label ? nla_get_u16(label) : 0,
			      nla_data(neighbour), transport, info->extack);
	if (IS_ERR(link)) {
		sw_endpoint_free(ep);
		return PTR_ERR(link);
	}
	apply(link, info, ep);
	/* The link is there, whatever becomes of the answer. */
	sw_nl_reply(info, SKYWIRE_CMD_LINK_NEW, fill_link, link);
	return 0;
}

static int set_link(struct sw_device *sw, struct genl_info *info)
{
	struct sw_link *link = sw_nl_link(sw, info, SKYWIRE_A_LINK_LABEL);
	struct sw_endpoint *ep;

	if (IS_ERR(link))
		return PTR_ERR(link);
	ep = make_endpoint(sw, info, endpoint(link));
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	apply(link, info, ep);
	return 0;
}

static int del_link(struct sw_device *sw, struct genl_info *info)
{
	struct sw_link *link = sw_nl_link(sw, info, SKYWIRE_A_LINK_LABEL);

	if (IS_ERR(link))
		return PTR_ERR(link);
	sw_link_delete(link);
	return 0;
}

int skywire_nl_link_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(info, get_link);
}

int skywire_nl_link_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(info, new_link);
}

int skywire_nl_link_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(info, set_link);
}

int skywire_nl_link_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(info, del_link);
}

static int walk_links(struct sw_device *sw, struct sw_nl_dump *dump)
{
	struct sw_link *link;
	int err = 0;

	list_for_each_entry(link, &sw->links, node) {
		err = sw_nl_dump_object(dump, link);
		if (err)
			break;
	}
	return err;
}

int skywire_nl_link_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return sw_nl_dump(skb, cb, SKYWIRE_CMD_LINK_GET, walk_links, fill_link);
}
