// SPDX-License-Identifier: GPL-2.0
/* Netlink: prefixes. */
#include "nl.h"

static struct sw_peer *owner(const struct sw_prefix *prefix)
{
	return rcu_dereference_protected(prefix->peer,
					 lockdep_is_held(&sw_mutex));
}

static int fill_prefix(struct sk_buff *msg, void *object)
{
	struct sw_prefix *prefix = object;
	struct sw_peer *peer = owner(prefix);

	if (sw_nl_put_device(msg, peer->sw) ||
	    nla_put(msg, SKYWIRE_A_PREFIX_PREFIX,
		    prefix->name.family == AF_INET ? 4 : 16,
		    prefix->name.addr) ||
	    nla_put_u8(msg, SKYWIRE_A_PREFIX_LENGTH, prefix->name.len) ||
	    nla_put(msg, SKYWIRE_A_PREFIX_PEER, sizeof(peer->key), peer->key) ||
	    (prefix->own && nla_put_flag(msg, SKYWIRE_A_PREFIX_OWN)))
		return -EMSGSIZE;
	return 0;
}

void sw_notify_prefix(struct sw_prefix *prefix, u8 cmd)
{
	sw_nl_notify(owner(prefix)->sw, cmd, fill_prefix, prefix);
}

/* A prefix in a request. */
struct asked {
	const u8	*addr;
	u8		family;
	u8		len;
};

static bool has_host_bits(const struct asked *p)
{
	unsigned int bytes = p->family == AF_INET ? 4 : 16;
	unsigned int i = p->len / 8;

	if (p->len % 8 && p->addr[i++] & (0xff >> p->len % 8))
		return true;
	for (; i < bytes; i++)
		if (p->addr[i])
			return true;
	return false;
}

static int parse_prefix(struct genl_info *info, struct asked *p)
{
	struct nlattr *addr, *len;

	addr = sw_nl_need(info, SKYWIRE_A_PREFIX_PREFIX,
			  "the prefix is missing");
	len = sw_nl_need(info, SKYWIRE_A_PREFIX_LENGTH,
			 "the prefix length is missing");
	if (!addr || !len)
		return -EINVAL;
	if (nla_len(addr) != 4 && nla_len(addr) != 16) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr,
				    "a prefix has 4 or 16 bytes");
		return -EINVAL;
	}
	p->addr = nla_data(addr);
	p->family = nla_len(addr) == 4 ? AF_INET : AF_INET6;
	p->len = nla_get_u8(len);
	if (p->len > nla_len(addr) * 8) {
		NL_SET_ERR_MSG_ATTR(info->extack, len,
				    "longer than the address");
		return -EINVAL;
	}
	if (has_host_bits(p)) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr,
				    "bits beyond the prefix length are set");
		return -EINVAL;
	}
	return 0;
}

static int get_prefix(struct sw_device *sw, struct genl_info *info)
{
	struct sw_prefix *prefix;
	struct asked p;
	int err;

	err = parse_prefix(info, &p);
	if (err)
		return err;
	if (p.len != (p.family == AF_INET ? 32 : 128)) {
		GENL_SET_ERR_MSG(info, "longest match takes a whole address");
		return -EINVAL;
	}
	prefix = sw_prefix_match(sw, p.family, p.addr);
	if (!prefix) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SKYWIRE_A_PREFIX_PREFIX],
				    "no prefix holds the address");
		return -ENOENT;
	}
	return sw_nl_reply(info, SKYWIRE_CMD_PREFIX_GET, fill_prefix, prefix);
}

static int new_prefix(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer = sw_nl_peer(sw, info, SKYWIRE_A_PREFIX_PEER);
	struct sw_prefix *prefix;
	struct asked p;
	int err;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = parse_prefix(info, &p);
	if (err)
		return err;
	if (p.len == 128 && sw->has_identity &&
	    !memcmp(p.addr, &sw->address, sizeof(sw->address))) {
		GENL_SET_ERR_MSG(info, "this is the device's own address");
		return -EINVAL;
	}
	prefix = sw_prefix_find(sw, p.family, p.addr, p.len);
	if (prefix && prefix->own) {
		GENL_SET_ERR_MSG(info, "the prefix is a peer's own address");
		return -EEXIST;
	}
	if (prefix) {
		sw_prefix_move(prefix, peer);
	} else {
		prefix = sw_prefix_create(peer, p.family, p.addr, p.len, false,
					  info->extack);
		if (IS_ERR(prefix))
			return PTR_ERR(prefix);
	}
	sw_notify_prefix(prefix, SKYWIRE_CMD_PREFIX_NTF);
	/* The prefix is there, whatever becomes of the answer. */
	sw_nl_reply(info, SKYWIRE_CMD_PREFIX_NEW, fill_prefix, prefix);
	return 0;
}

static int del_prefix(struct sw_device *sw, struct genl_info *info)
{
	struct sw_prefix *prefix;
	struct asked p;
	int err;

	err = parse_prefix(info, &p);
	if (err)
		return err;
	prefix = sw_prefix_find(sw, p.family, p.addr, p.len);
	if (!prefix) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SKYWIRE_A_PREFIX_PREFIX],
				    "no such prefix");
		return -ENOENT;
	}
	if (prefix->own) {
		GENL_SET_ERR_MSG(info, "the prefix goes with its peer only");
		return -EBUSY;
	}
	sw_prefix_delete(prefix);
	return 0;
}

int skywire_nl_prefix_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, get_prefix);
}

int skywire_nl_prefix_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, new_prefix);
}

int skywire_nl_prefix_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, del_prefix);
}

static int walk_prefixes(struct sw_device *sw, struct sw_nl_dump *dump)
{
	struct sw_prefix *prefix;
	struct sw_peer *peer;
	int err;

	list_for_each_entry(peer, &sw->peers, node) {
		list_for_each_entry(prefix, &peer->prefixes, node) {
			err = sw_nl_dump_object(dump, prefix);
			if (err)
				return err;
		}
	}
	return 0;
}

int skywire_nl_prefix_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return sw_nl_dump(skb, cb, SKYWIRE_CMD_PREFIX_GET, walk_prefixes,
			  fill_prefix);
}
