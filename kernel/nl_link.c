// SPDX-License-Identifier: GPL-2.0
/* Netlink: links. */
#include <skywire/live.h>
#include "nl.h"

static struct sw_endpoint *endpoint(const struct sw_link *link)
{
	return rcu_dereference_protected(link->endpoint,
					 lockdep_is_held(&sw_mutex));
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

static int put_live(struct sk_buff *msg, struct sw_live *live)
{
	u64 heard, rtt, now = ktime_get_ns();
	u32 busy, idle, loss, deaths;
	u8 state;

	spin_lock_bh(&live->lock);
	busy = div_u64(live->busy_ns, NSEC_PER_USEC);
	idle = div_u64(live->idle_ns, NSEC_PER_USEC);
	heard = READ_ONCE(live->heard);
	state = live->state;
	rtt = div_u64(live->rtt, NSEC_PER_USEC);
	loss = sw_loss_ppm(live->loss);
	deaths = live->deaths;
	spin_unlock_bh(&live->lock);
	if (nla_put_u32(msg, SKYWIRE_A_LINK_PROBE_BUSY, busy) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_PROBE_IDLE, idle) ||
	    nla_put_u8(msg, SKYWIRE_A_LINK_LIVENESS, state) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_RTT, rtt) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_LOSS, loss) ||
	    nla_put_u32(msg, SKYWIRE_A_LINK_DEATHS, deaths))
		return -EMSGSIZE;
	if (!heard)
		return 0;
	return nla_put_u64_64bit(msg, SKYWIRE_A_LINK_HEARD,
				 div_u64(max(now, heard) - heard, NSEC_PER_MSEC),
				 SKYWIRE_A_LINK_PAD);
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
	if (ep && ep->transport->fill(msg, ep))
		return -EMSGSIZE;
	return put_traffic(msg, link) ?: put_live(msg, &link->live);
}

void sw_notify_link(struct sw_link *link, u8 cmd)
{
	sw_nl_notify(link->sw, cmd, fill_link, link);
}

/* Intervals of probes in microseconds */
enum {
	PROBE_MIN = 1000,
	PROBE_MAX = 60000000,
};

struct probes {
	u32	busy;
	u32	idle;
};

static struct probes probes_of(struct sw_link *link)
{
	struct probes p;

	spin_lock_bh(&link->live.lock);
	p.busy = div_u64(link->live.busy_ns, NSEC_PER_USEC);
	p.idle = div_u64(link->live.idle_ns, NSEC_PER_USEC);
	spin_unlock_bh(&link->live.lock);
	return p;
}

/* Change @p as the request says; 0 or -ERANGE explained. */
static int parse_probes(struct genl_info *info, struct probes *p)
{
	struct nlattr *busy = info->attrs[SKYWIRE_A_LINK_PROBE_BUSY];
	struct nlattr *idle = info->attrs[SKYWIRE_A_LINK_PROBE_IDLE];

	if (busy)
		p->busy = nla_get_u32(busy);
	if (idle)
		p->idle = nla_get_u32(idle);
	if (p->idle <= PROBE_MAX &&
	    (!p->busy || (p->busy >= PROBE_MIN && p->busy <= p->idle)))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, busy ?: idle,
			    "not 1000 <= probe-busy <= probe-idle <= 60000000");
	return -ERANGE;
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
 * Does the request say anything of the endpoint? 1 or 0, or -EINVAL explained
 * where it says what is another transport's to understand.
 */
static int names_endpoint(struct genl_info *info,
			  const struct sw_transport *transport)
{
	u64 all = sw_transport_attrs();
	int i, any = 0;

	for (i = 1; all >> i; i++) {
		if (!(all & BIT_ULL(i)) || !info->attrs[i])
			continue;
		if (!(transport->attrs & BIT_ULL(i))) {
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[i],
					    "not for a link of this transport");
			return -EINVAL;
		}
		any = 1;
	}
	return any;
}

/*
 * Check the request, and make the endpoint that the link is to have: its old
 * one, changed. NULL where there is none to be, or an ERR_PTR explained.
 */
struct sw_endpoint *sw_nl_endpoint(struct sw_device *sw, struct genl_info *info,
				   const struct sw_transport *transport,
				   const struct sw_endpoint *old)
{
	struct sw_endpoint *ep;
	int err;

	err = check_mtu(info) ?: names_endpoint(info, transport);
	if (err < 0)
		return ERR_PTR(err);
	if (!err && !old)
		return NULL;
	ep = transport->parse(sw, info, old);
	if (!IS_ERR(ep))
		ep->transport = transport;
	return ep;
}

/* Nothing here can fail. */
static void apply(struct sw_link *link, struct genl_info *info,
		  struct sw_endpoint *ep, const struct probes *p)
{
	struct nlattr **a = info->attrs;

	if (ep) {
		sw_roam_hold(link);
		sw_link_set_endpoint(link, ep);
	}
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
	if (a[SKYWIRE_A_LINK_PROBE_BUSY] || a[SKYWIRE_A_LINK_PROBE_IDLE])
		sw_live_configure(link, p->busy * (u64)NSEC_PER_USEC,
				  p->idle * (u64)NSEC_PER_USEC);
	link->sw->generation++;
	sw_notify_link(link, SKYWIRE_CMD_LINK_NTF);
}

/* The transport that a request names, udp where it does not; or an ERR_PTR. */
const struct sw_transport *sw_nl_transport(struct genl_info *info)
{
	struct nlattr *id = info->attrs[SKYWIRE_A_LINK_TRANSPORT];
	const struct sw_transport *transport;

	transport = sw_transport_find(id ? nla_get_u8(id) :
				      SKYWIRE_TRANSPORT_UDP);
	if (transport)
		return transport;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "no such transport");
	return ERR_PTR(-EOPNOTSUPP);
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
	const struct sw_transport *transport;
	struct nlattr *neighbour;
	struct sw_endpoint *ep;
	struct sw_link *link;
	struct probes p = {
		SKYWIRE_PROBE_BUSY_DEFAULT, SKYWIRE_PROBE_IDLE_DEFAULT
	};
	int err;

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
	transport = sw_nl_transport(info);
	if (IS_ERR(transport))
		return PTR_ERR(transport);
	err = parse_probes(info, &p);
	if (err)
		return err;
	ep = sw_nl_endpoint(sw, info, transport, NULL);
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	link = sw_link_create(sw, label ? nla_get_u16(label) : 0,
			      nla_data(neighbour), transport, info->extack);
	if (IS_ERR(link)) {
		sw_endpoint_free(ep);
		return PTR_ERR(link);
	}
	apply(link, info, ep, &p);
	/* The link is there, whatever becomes of the answer. */
	sw_nl_reply(info, SKYWIRE_CMD_LINK_NEW, fill_link, link);
	return 0;
}

static int set_link(struct sw_device *sw, struct genl_info *info)
{
	struct sw_link *link = sw_nl_link(sw, info, SKYWIRE_A_LINK_LABEL);
	struct sw_endpoint *ep;
	struct probes p;
	int err;

	if (IS_ERR(link))
		return PTR_ERR(link);
	p = probes_of(link);
	err = parse_probes(info, &p);
	if (err)
		return err;
	ep = sw_nl_endpoint(sw, info, link->transport, endpoint(link));
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	apply(link, info, ep, &p);
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
	return sw_nl_do(skb, info, get_link);
}

int skywire_nl_link_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, new_link);
}

int skywire_nl_link_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, set_link);
}

int skywire_nl_link_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, del_link);
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
