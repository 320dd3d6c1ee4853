// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family: what all objects share, the device itself, counters.
 * Documentation/netlink/specs/skywire.yaml describes requests and attributes;
 * the policies made from it have checked each attribute on its own before a
 * function here sees it.
 */
#include <net/sock.h>
#include "compat.h"
#include "nl.h"

/* The generator does not know flags: who may listen sees all of the map. */
static const struct genl_multicast_group groups[] = {
	[SKYWIRE_NLGRP_CONFIG] = {
		.name	= SKYWIRE_MCGRP_CONFIG,
		.flags	= SW_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family family __ro_after_init = {
	.name		= SKYWIRE_FAMILY_NAME,
	.version	= SKYWIRE_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= skywire_nl_ops,
	.n_ops		= ARRAY_SIZE(skywire_nl_ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/* The family is registered; sw_mutex. */
static bool registered;

/* The device that a request names, or an ERR_PTR; under sw_mutex. */
static struct sw_device *named_device(struct genl_info *info)
{
	struct nlattr *index = info->attrs[SKYWIRE_A_DEV_IFINDEX];
	struct nlattr *name = info->attrs[SKYWIRE_A_DEV_IFNAME];
	struct sw_device *sw;

	if (!index && !name) {
		GENL_SET_ERR_MSG(info, "ifindex or ifname is missing");
		return ERR_PTR(-EINVAL);
	}
	sw = sw_device_find(genl_info_net(info), index ? nla_get_u32(index) : 0,
			    name ? nla_data(name) : NULL);
	if (!sw) {
		NL_SET_ERR_MSG_ATTR(info->extack, index ?: name,
				    "no such skywire device");
		return ERR_PTR(-ENODEV);
	}
	return sw;
}

/**
 * sw_nl_do - carry out a request
 * @skb: message that it came in
 * @info: request; those for all objects name the device alike
 * @act: does so under sw_mutex
 *
 * Return: what @act returned, or the refusal of the device, explained.
 */
int sw_nl_do(struct sk_buff *skb, struct genl_info *info,
	     int (*act)(struct sw_device *sw, struct genl_info *info))
{
	struct sw_device *sw;
	int err;

	info->user_ptr[0] = skb;
	mutex_lock(&sw_mutex);
	sw = named_device(info);
	err = IS_ERR(sw) ? PTR_ERR(sw) : act(sw, info);
	mutex_unlock(&sw_mutex);
	return err;
}

/* An attribute that must be there; NULL, with the refusal explained, if not. */
struct nlattr *sw_nl_need(struct genl_info *info, int attr, const char *msg)
{
	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		info->extack->_msg = msg;
		return NULL;
	}
	return info->attrs[attr];
}

/**
 * sw_nl_check_underlay - may the sender set what acts on the sockets' namespace?
 * @sw: device, which may have moved away from there
 * @info: request
 * @attr: attribute, if present
 *
 * Who opened the socket has to be allowed to as well: others may have been made to
 * write to it.
 *
 * Return: 0, or -EPERM explained.
 */
int sw_nl_check_underlay(struct sw_device *sw, struct genl_info *info, int attr)
{
	struct net *net;
	bool may;

	if (!info->attrs[attr])
		return 0;
	rcu_read_lock();
	net = rcu_dereference(sw->net);
	may = net && netlink_ns_capable(info->user_ptr[0], net->user_ns,
					CAP_NET_ADMIN);
	rcu_read_unlock();
	if (may)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
			    "needs CAP_NET_ADMIN where the sockets are");
	return -EPERM;
}

/* The link whose label is in @attr, or an ERR_PTR; under sw_mutex. */
struct sw_link *sw_nl_link(struct sw_device *sw, struct genl_info *info,
			   int attr)
{
	struct nlattr *a = sw_nl_need(info, attr, "the link is missing");
	struct sw_link *link;

	if (!a)
		return ERR_PTR(-EINVAL);
	link = sw_link_lookup(sw, nla_get_u16(a));
	if (!link) {
		NL_SET_ERR_MSG_ATTR(info->extack, a, "no such link");
		return ERR_PTR(-ENOENT);
	}
	return link;
}

/* The peer whose key is in @attr, or an ERR_PTR; under sw_mutex. */
struct sw_peer *sw_nl_peer(struct sw_device *sw, struct genl_info *info,
			   int attr)
{
	struct nlattr *a = sw_nl_need(info, attr, "the peer is missing");
	struct sw_peer *peer;

	if (!a)
		return ERR_PTR(-EINVAL);
	peer = sw_peer_find(sw, nla_data(a));
	if (!peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, a, "no such peer");
		return ERR_PTR(-ENOENT);
	}
	return peer;
}

int sw_nl_put_device(struct sk_buff *msg, const struct sw_device *sw)
{
	if (nla_put_u32(msg, SKYWIRE_A_DEV_IFINDEX, sw->dev->ifindex) ||
	    nla_put_string(msg, SKYWIRE_A_DEV_IFNAME, sw->dev->name))
		return -EMSGSIZE;
	return 0;
}

/* An address of 4 or 16 bytes; 0 or -EINVAL explained. */
int sw_nl_parse_address(struct genl_info *info, struct nlattr *attr,
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

/* Put a whole message: header, and what @fill says of @object. */
int sw_nl_put(struct sk_buff *msg, u32 portid, u32 seq, int flags, u8 cmd,
	      sw_nl_fill_t fill, void *object)
{
	void *header;
	int err;

	header = genlmsg_put(msg, portid, seq, &family, flags, cmd);
	if (!header)
		return -EMSGSIZE;
	err = fill(msg, object);
	if (err)
		genlmsg_cancel(msg, header);
	else
		genlmsg_end(msg, header);
	return err;
}

/* Answer a request with an object. */
int sw_nl_reply(struct genl_info *info, u8 cmd, sw_nl_fill_t fill, void *object)
{
	struct sk_buff *msg;
	int err;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = sw_nl_put(msg, info->snd_portid, info->snd_seq, 0, cmd, fill,
			object);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/* Tell listeners of an object; sw_mutex held, so that they hear in order. */
void sw_nl_notify(struct sw_device *sw, u8 cmd, sw_nl_fill_t fill, void *object)
{
	struct net *net = dev_net(sw->dev);
	struct sk_buff *msg;
	int err = -ENOMEM;

	if (!registered ||
	    !genl_has_listeners(&family, net, SKYWIRE_NLGRP_CONFIG))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		goto err_tell;
	err = sw_nl_put(msg, 0, 0, 0, cmd, fill, object);
	if (err) {
		nlmsg_free(msg);
		goto err_tell;
	}
	genlmsg_multicast_netns(&family, net, msg, 0,
				SKYWIRE_NLGRP_CONFIG, GFP_KERNEL);
	return;

err_tell:
	/* Listeners learn by ENOBUFS that they missed something. */
	genl_set_err(&family, net, 0, SKYWIRE_NLGRP_CONFIG, -ENOBUFS);
}

/* Put one object into a dump, unless an earlier round did. */
int sw_nl_dump_object(struct sw_nl_dump *dump, void *object)
{
	struct netlink_callback *cb = dump->cb;
	int err;

	if (dump->at++ < cb->args[1])
		return 0;
	err = sw_nl_put(dump->msg, NETLINK_CB(cb->skb).portid,
			cb->nlh->nlmsg_seq, NLM_F_MULTI, dump->cmd, dump->fill,
			object);
	if (err)
		return err;
	nl_dump_check_consistent(cb, nlmsg_hdr(dump->msg));
	cb->args[1]++;
	return 0;
}

/* Find the device that a dump names, if any: once, for it may get another name, and
 * another device its name. Under sw_mutex. 0, or -ENODEV explained.
 */
static int find_dumped(struct netlink_callback *cb)
{
	struct nlattr *index = sw_dump_attrs(cb)[SKYWIRE_A_DEV_IFINDEX];
	struct nlattr *name = sw_dump_attrs(cb)[SKYWIRE_A_DEV_IFNAME];
	struct sw_device *sw;

	if (cb->args[2] || !(index || name))
		return 0;
	sw = sw_device_find(sock_net(cb->skb->sk),
			    index ? nla_get_u32(index) : 0,
			    name ? nla_data(name) : NULL);
	if (!sw) {
		NL_SET_ERR_MSG(cb->extack, "no such skywire device");
		return -ENODEV;
	}
	cb->args[2] = sw->dev->ifindex;
	return 0;
}

static bool dump_wants(struct netlink_callback *cb, const struct sw_device *sw)
{
	return net_eq(dev_net(sw->dev), sock_net(cb->skb->sk)) &&
	       (!cb->args[2] || cb->args[2] == sw->dev->ifindex);
}

/* Other devices, and other namespaces' above all, are none of the dump's business. */
static u32 generation(struct netlink_callback *cb)
{
	struct sw_device *sw;
	u32 sum = 0;

	list_for_each_entry(sw, &sw_devices, node)
		if (dump_wants(cb, sw))
			sum += sw->generation;
	/* 0 would stand for a dump that cannot tell. */
	return sum ?: 1;
}

/**
 * sw_nl_dump - dump all objects of a kind, of one device or of all
 * @msg: message to fill
 * @cb: the dump's
 * @cmd: command of the replies
 * @walk: goes over a device's objects
 * @fill: puts one
 *
 * A change of these devices between two rounds, their end included, is flagged with
 * NLM_F_DUMP_INTR.
 */
int sw_nl_dump(struct sk_buff *msg, struct netlink_callback *cb, u8 cmd,
	       sw_nl_walk_t walk, sw_nl_fill_t fill)
{
	struct sw_nl_dump dump = {
		.msg = msg, .cb = cb, .fill = fill, .cmd = cmd,
	};
	struct sw_device *sw;
	long done = 0;
	int err;

	mutex_lock(&sw_mutex);
	err = find_dumped(cb);
	if (err)
		goto out;
	cb->seq = generation(cb);
	list_for_each_entry(sw, &sw_devices, node) {
		if (!dump_wants(cb, sw) || done++ < cb->args[0])
			continue;
		dump.at = 0;
		err = walk(sw, &dump);
		if (err)
			break;
		cb->args[0] = done;
		cb->args[1] = 0;
	}
out:
	mutex_unlock(&sw_mutex);
	/* A full message goes out as it is; an empty one would loop. */
	return err == -EMSGSIZE && msg->len ? msg->len : err;
}

static int fill_device(struct sk_buff *msg, void *object)
{
	struct sw_device *sw = object;

	if (sw_nl_put_device(msg, sw) ||
	    nla_put_u16(msg, SKYWIRE_A_DEV_PORT, sw->port) ||
	    nla_put_u32(msg, SKYWIRE_A_DEV_FWMARK, sw->fwmark) ||
	    nla_put_u32(msg, SKYWIRE_A_DEV_LINKS, sw->n_links) ||
	    nla_put_u32(msg, SKYWIRE_A_DEV_PEERS, sw->n_peers) ||
	    nla_put_u32(msg, SKYWIRE_A_DEV_PREFIXES, sw->n_prefixes))
		return -EMSGSIZE;
	if (sw->has_identity &&
	    (nla_put(msg, SKYWIRE_A_DEV_IDENTITY, sizeof(sw->identity),
		     sw->identity) ||
	     nla_put(msg, SKYWIRE_A_DEV_ADDRESS, sizeof(sw->address),
		     &sw->address)))
		return -EMSGSIZE;
	return 0;
}

void sw_notify_device(struct sw_device *sw, u8 cmd)
{
	sw->generation++;
	sw_nl_notify(sw, cmd, fill_device, sw);
}

static int show_device(struct sw_device *sw, struct genl_info *info)
{
	return sw_nl_reply(info, SKYWIRE_CMD_DEV_GET, fill_device, sw);
}

int skywire_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, show_device);
}

static int walk_devices(struct sw_device *sw, struct sw_nl_dump *dump)
{
	return sw_nl_dump_object(dump, sw);
}

int skywire_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sw_nl_dump(skb, cb, SKYWIRE_CMD_DEV_GET, walk_devices,
			  fill_device);
}

static int set_port(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SKYWIRE_A_DEV_PORT];
	int err;

	if (!attr || nla_get_u16(attr) == sw->port)
		return 0;
	err = sw_transports_set_port(sw, nla_get_u16(attr));
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "cannot use the port");
	return err;
}

static void set_fwmark(struct sw_device *sw, u32 mark)
{
	WRITE_ONCE(sw->fwmark, mark);
	/* Routes were chosen by the old one. */
	sw_links_forget_routes(sw);
}

static bool is_neighbour(struct sw_device *sw, const u8 *key)
{
	struct sw_link *link;

	list_for_each_entry(link, &sw->links, node)
		if (!memcmp(link->neighbour, key, sizeof(link->neighbour)))
			return true;
	return false;
}

static int set_device(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *identity = info->attrs[SKYWIRE_A_DEV_IDENTITY];
	struct nlattr *mark = info->attrs[SKYWIRE_A_DEV_FWMARK];
	struct in6_addr address;
	siphash_key_t mac1_key;
	int err;

	err = sw_nl_check_underlay(sw, info, SKYWIRE_A_DEV_PORT) ?:
	      sw_nl_check_underlay(sw, info, SKYWIRE_A_DEV_FWMARK);
	if (err)
		return err;
	if (identity && is_neighbour(sw, nla_data(identity))) {
		NL_SET_ERR_MSG_ATTR(info->extack, identity,
				    "a link's neighbour has this key");
		return -EEXIST;
	}
	if (identity && sw_peer_find(sw, nla_data(identity))) {
		NL_SET_ERR_MSG_ATTR(info->extack, identity,
				    "a peer has this key");
		return -EEXIST;
	}
	if (identity) {
		err = sw_address(nla_data(identity), &address) ?:
		      sw_mac1_key(nla_data(identity), &mac1_key);
		if (err)
			return err;
		if (sw_prefix_find(sw, AF_INET6, &address, 128)) {
			NL_SET_ERR_MSG_ATTR(info->extack, identity,
					    "a prefix is this key's address");
			return -EEXIST;
		}
	}
	/* The last thing that can fail. */
	err = set_port(sw, info);
	if (err)
		return err;
	if (identity) {
		nla_memcpy(sw->identity, identity, sizeof(sw->identity));
		sw->address = address;
		sw_handshake_identity(sw, &mac1_key);
		sw->has_identity = true;
	}
	if (mark)
		set_fwmark(sw, nla_get_u32(mark));
	sw_notify_device(sw, SKYWIRE_CMD_DEV_NTF);
	return 0;
}

int skywire_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, set_device);
}

static int put_entry(struct sk_buff *msg, int attr, u32 id, u64 value)
{
	struct nlattr *nest = nla_nest_start(msg, attr);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, SKYWIRE_A_ENTRY_ID, id) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_ENTRY_VALUE, value,
			      SKYWIRE_A_ENTRY_PAD))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_stats(struct sk_buff *msg, void *object)
{
	u64 counter[SW_COUNTERS], drop[SW_DROPS];
	struct sw_device *sw = object;
	int i, err;

	sw_stats_sum(sw, counter, drop);
	err = sw_nl_put_device(msg, sw);
	for (i = 0; i < SW_COUNTERS && !err; i++)
		err = put_entry(msg, SKYWIRE_A_STATS_COUNTER, i, counter[i]);
	for (i = SKYWIRE_DROP_UNSPEC + 1; i < SW_DROPS && !err; i++)
		err = put_entry(msg, SKYWIRE_A_STATS_DROP, i, drop[i]);
	return err;
}

static int show_stats(struct sw_device *sw, struct genl_info *info)
{
	return sw_nl_reply(info, SKYWIRE_CMD_STATS_GET, fill_stats, sw);
}

int skywire_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, show_stats);
}

static void set_registered(bool is)
{
	mutex_lock(&sw_mutex);
	registered = is;
	mutex_unlock(&sw_mutex);
}

int __init sw_netlink_init(void)
{
	int err;

	/* One pair of attributes names the device in requests for all. */
	BUILD_BUG_ON(SKYWIRE_A_LINK_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_LINK_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_PEER_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_PEER_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_PATH_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_PATH_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_PREFIX_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_PREFIX_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_KEY_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_KEY_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_STATS_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_STATS_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_UPCALL_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_UPCALL_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_CONTROL_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_CONTROL_IFNAME - SKYWIRE_A_DEV_IFNAME);
	BUILD_BUG_ON(SKYWIRE_A_MISS_IFINDEX - SKYWIRE_A_DEV_IFINDEX);
	BUILD_BUG_ON(SKYWIRE_A_MISS_IFNAME - SKYWIRE_A_DEV_IFNAME);
	err = genl_register_family(&family);
	if (!err)
		set_registered(true);
	return err;
}

void sw_netlink_exit(void)
{
	set_registered(false);
	genl_unregister_family(&family);
}
