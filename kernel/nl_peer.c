// SPDX-License-Identifier: GPL-2.0
/* Netlink: peers and their paths. */
#include <skywire/live.h>
#include <skywire/postage.h>
#include "nl.h"

/* Bounds of attributes; intervals are in microseconds. */
enum {
	PROBE_INTERVAL_MIN = 50000,
	PROBE_INTERVAL_MAX = 60000000,
	DSCP_MAX = 63,
};

static u32 count_paths(struct sw_peer *peer)
{
	u32 n = 0;
	u8 id;

	for (id = 1; id <= SKYWIRE_PATHS_MAX; id++)
		n += !!sw_path_find(peer, id);
	return n;
}

static int fill_peer(struct sk_buff *msg, void *object)
{
	struct sw_peer *peer = object;
	u64 v[SW_SUMS];

	sw_traffic_sum(peer->traffic, v);
	if (sw_nl_put_device(msg, peer->sw) ||
	    nla_put(msg, SKYWIRE_A_PEER_PUBLIC_KEY, sizeof(peer->key),
		    peer->key) ||
	    nla_put(msg, SKYWIRE_A_PEER_ADDRESS, sizeof(peer->address),
		    &peer->address) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PEER_RX_PACKETS,
			      v[SW_SUM_RX_PACKETS], SKYWIRE_A_PEER_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PEER_RX_BYTES,
			      v[SW_SUM_RX_BYTES], SKYWIRE_A_PEER_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PEER_TX_PACKETS,
			      v[SW_SUM_TX_PACKETS], SKYWIRE_A_PEER_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PEER_TX_BYTES,
			      v[SW_SUM_TX_BYTES], SKYWIRE_A_PEER_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PEER_POSTAGE_IN,
			      v[SW_SUM_POSTAGE_IN], SKYWIRE_A_PEER_PAD) ||
	    nla_put_u32(msg, SKYWIRE_A_PEER_PATHS, count_paths(peer)) ||
	    nla_put_u8(msg, SKYWIRE_A_PEER_REDUNDANCY, peer->redundancy) ||
	    nla_put_u32(msg, SKYWIRE_A_PEER_PROBE_INTERVAL,
			div_u64(peer->prober.interval, NSEC_PER_USEC)))
		return -EMSGSIZE;
	return 0;
}

void sw_notify_peer(struct sw_peer *peer, u8 cmd)
{
	sw_nl_notify(peer->sw, cmd, fill_peer, peer);
}

static int get_peer(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer = sw_nl_peer(sw, info, SKYWIRE_A_PEER_PUBLIC_KEY);

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	return sw_nl_reply(info, SKYWIRE_CMD_PEER_GET, fill_peer, peer);
}

/* Check what can be set; 0 or -ERANGE explained. */
static int check_peer(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SKYWIRE_A_PEER_PROBE_INTERVAL];
	u32 usec = attr ? nla_get_u32(attr) : 0;

	if (!usec || (usec >= PROBE_INTERVAL_MIN && usec <= PROBE_INTERVAL_MAX))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "probe-interval is 0, or from 50000 to 60000000");
	return -ERANGE;
}

/* Nothing here can fail. */
static void apply(struct sw_peer *peer, struct genl_info *info)
{
	struct nlattr *redundancy = info->attrs[SKYWIRE_A_PEER_REDUNDANCY];
	struct nlattr *interval = info->attrs[SKYWIRE_A_PEER_PROBE_INTERVAL];

	if (redundancy)
		WRITE_ONCE(peer->redundancy, nla_get_u8(redundancy));
	if (interval)
		sw_prober_configure(peer, nla_get_u32(interval) *
				    (u64)NSEC_PER_USEC);
	peer->sw->generation++;
	sw_notify_peer(peer, SKYWIRE_CMD_PEER_NTF);
}

static int set_peer(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer = sw_nl_peer(sw, info, SKYWIRE_A_PEER_PUBLIC_KEY);
	int err;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = check_peer(info);
	if (err)
		return err;
	apply(peer, info);
	return 0;
}

static int new_peer(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer;
	struct nlattr *key;
	int err;

	err = check_peer(info);
	if (err)
		return err;
	key = sw_nl_need(info, SKYWIRE_A_PEER_PUBLIC_KEY,
			 "the public key is missing");
	if (!key)
		return -EINVAL;
	if (sw->has_identity &&
	    !nla_memcmp(key, sw->identity, sizeof(sw->identity))) {
		NL_SET_ERR_MSG_ATTR(info->extack, key,
				    "this is the device's own key");
		return -EINVAL;
	}
	peer = sw_peer_create(sw, nla_data(key), info->extack);
	if (peer == ERR_PTR(-EEXIST))
		NL_SET_ERR_MSG_ATTR(info->extack, key,
				    "the key or its address is in use");
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	apply(peer, info);
	sw_notify_prefix(list_first_entry(&peer->prefixes, struct sw_prefix,
					  node), SKYWIRE_CMD_PREFIX_NTF);
	/* The peer is there, whatever becomes of the answer. */
	sw_nl_reply(info, SKYWIRE_CMD_PEER_NEW, fill_peer, peer);
	return 0;
}

static int del_peer(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer = sw_nl_peer(sw, info, SKYWIRE_A_PEER_PUBLIC_KEY);

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	sw_peer_delete(peer);
	return 0;
}

int skywire_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, get_peer);
}

int skywire_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, new_peer);
}

int skywire_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, set_peer);
}

int skywire_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, del_peer);
}

static int walk_peers(struct sw_device *sw, struct sw_nl_dump *dump)
{
	struct sw_peer *peer;
	int err = 0;

	list_for_each_entry(peer, &sw->peers, node) {
		err = sw_nl_dump_object(dump, peer);
		if (err)
			break;
	}
	return err;
}

int skywire_nl_peer_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return sw_nl_dump(skb, cb, SKYWIRE_CMD_PEER_GET, walk_peers, fill_peer);
}

/* What the far end reports; zeros where there is none. */
static int put_proof(struct sk_buff *msg, const struct sw_path *path)
{
	struct sw_prober *prober = &path->peer->prober;
	struct sw_proof proof = {};

	if (path->proof) {
		spin_lock_bh(&prober->lock);
		proof = *path->proof;
		spin_unlock_bh(&prober->lock);
	}
	if (nla_put_u32(msg, SKYWIRE_A_PATH_RTT,
			div_u64(proof.rtt, NSEC_PER_USEC)) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_LOSS, sw_loss_ppm(proof.loss)) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PATH_ARRIVED_PACKETS,
			      proof.arrived.packets, SKYWIRE_A_PATH_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PATH_ARRIVED_BYTES,
			      proof.arrived.bytes, SKYWIRE_A_PATH_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PATH_ARRIVED_POSTAGE,
			      proof.arrived.postage, SKYWIRE_A_PATH_PAD))
		return -EMSGSIZE;
	return 0;
}

static int fill_path(struct sk_buff *msg, void *object)
{
	struct sw_path *path = object;
	u64 v[SW_SUMS];

	sw_traffic_sum(path->traffic, v);
	if (sw_nl_put_device(msg, path->peer->sw) ||
	    nla_put(msg, SKYWIRE_A_PATH_PEER, sizeof(path->peer->key),
		    path->peer->key) ||
	    nla_put_u8(msg, SKYWIRE_A_PATH_ID, path->id) ||
	    nla_put_u16(msg, SKYWIRE_A_PATH_LINK, path->link->label) ||
	    nla_put(msg, SKYWIRE_A_PATH_LABELS,
		    path->count * sizeof(path->labels[0]), path->labels) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_PREFERENCE, path->preference) ||
	    nla_put_u16(msg, SKYWIRE_A_PATH_WEIGHT, path->weight) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_MTU, path->mtu) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_POSTAGE_BASE,
			path->postage_base) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_POSTAGE_RATE,
			path->postage_rate) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_EFFECTIVE_MTU,
			sw_path_mtu(path)) ||
	    nla_put_u8(msg, SKYWIRE_A_PATH_STATE, sw_path_state(path)) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PATH_PACKETS,
			      v[SW_SUM_TX_PACKETS], SKYWIRE_A_PATH_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_PATH_BYTES,
			      v[SW_SUM_TX_BYTES], SKYWIRE_A_PATH_PAD) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_MARK, path->mark) ||
	    nla_put_u8(msg, SKYWIRE_A_PATH_DSCP, path->dscp) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_FEE_BASE, path->fee_base) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_FEE_RATE, path->fee_rate) ||
	    nla_put_u32(msg, SKYWIRE_A_PATH_LOSS_ADMITTED,
			path->loss_admitted))
		return -EMSGSIZE;
	return put_proof(msg, path);
}

void sw_notify_path(struct sw_path *path, u8 cmd)
{
	sw_nl_notify(path->peer->sw, cmd, fill_path, path);
}

/* The path that a request names, or an ERR_PTR explained. */
static struct sw_path *named_path(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer = sw_nl_peer(sw, info, SKYWIRE_A_PATH_PEER);
	struct sw_path *path;
	struct nlattr *id;

	if (IS_ERR(peer))
		return ERR_CAST(peer);
	id = sw_nl_need(info, SKYWIRE_A_PATH_ID, "the path's id is missing");
	if (!id)
		return ERR_PTR(-EINVAL);
	path = sw_path_find(peer, nla_get_u8(id));
	if (!path) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such path");
		return ERR_PTR(-ENOENT);
	}
	return path;
}

/* Labels of a way, none where there is no such attribute; 0 or -EINVAL. */
int sw_nl_parse_labels(struct genl_info *info, int type, __be16 *labels,
		       u8 *count)
{
	struct nlattr *attr = info->attrs[type];
	int i;

	if (!attr)
		return 0;
	if (nla_len(attr) % 2 || nla_len(attr) > SKYWIRE_LABELS_LEN) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "labels have 2 bytes each, and are 24 at most");
		return -EINVAL;
	}
	memset(labels, 0, SKYWIRE_LABELS_LEN);
	nla_memcpy(labels, attr, SKYWIRE_LABELS_LEN);
	*count = nla_len(attr) / 2;
	for (i = 0; i < *count; i++) {
		if (labels[i])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "0 is not a label");
		return -EINVAL;
	}
	return 0;
}

static int parse_dscp(struct genl_info *info, struct sw_path *path)
{
	struct nlattr *attr = info->attrs[SKYWIRE_A_PATH_DSCP];

	if (!attr)
		return 0;
	path->dscp = nla_get_u8(attr);
	if (path->dscp <= DSCP_MAX || path->dscp == SW_DSCP_NONE)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "a DSCP is at most 63");
	return -ERANGE;
}

/* Postage that is put on, and what of it relays may keep: all, if not told. */
static int parse_postage(struct genl_info *info, struct sw_path *path)
{
	static const int attr[] = {
		SKYWIRE_A_PATH_POSTAGE_BASE, SKYWIRE_A_PATH_POSTAGE_RATE,
		SKYWIRE_A_PATH_FEE_BASE, SKYWIRE_A_PATH_FEE_RATE,
	};
	u32 *const value[] = {
		&path->postage_base, &path->postage_rate,
		&path->fee_base, &path->fee_rate,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(attr); i++) {
		if (!info->attrs[attr[i]])
			continue;
		*value[i] = nla_get_u32(info->attrs[attr[i]]);
		if (i < 2)
			*value[i + 2] = *value[i];
	}
	if (sw_fee(path->postage_base, path->postage_rate, U16_MAX) <= U32_MAX)
		return 0;
	GENL_SET_ERR_MSG(info, "a packet's postage must fit 32 bits");
	return -ERANGE;
}

/* Change @path as the request says; 0 or -errno explained. */
static int parse_path(struct sw_device *sw, struct genl_info *info,
		      struct sw_path *path)
{
	struct nlattr **a = info->attrs;
	int err;

	err = sw_nl_parse_labels(info, SKYWIRE_A_PATH_LABELS, path->labels,
				 &path->count);
	if (err)
		return err;
	if (a[SKYWIRE_A_PATH_LINK] || !path->link) {
		path->link = sw_nl_link(sw, info, SKYWIRE_A_PATH_LINK);
		if (IS_ERR(path->link))
			return PTR_ERR(path->link);
	}
	if (a[SKYWIRE_A_PATH_PREFERENCE])
		path->preference = nla_get_u32(a[SKYWIRE_A_PATH_PREFERENCE]);
	if (a[SKYWIRE_A_PATH_WEIGHT])
		path->weight = nla_get_u16(a[SKYWIRE_A_PATH_WEIGHT]);
	if (a[SKYWIRE_A_PATH_MTU])
		path->mtu = nla_get_u32(a[SKYWIRE_A_PATH_MTU]);
	if (path->mtu && (path->mtu < SKYWIRE_MTU_MIN ||
			  path->mtu > SKYWIRE_LINK_MTU_MAX)) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[SKYWIRE_A_PATH_MTU],
				    "a path's MTU is 0, or 1280 to 65475");
		return -EINVAL;
	}
	err = parse_dscp(info, path);
	if (err)
		return err;
	if (a[SKYWIRE_A_PATH_MARK])
		path->mark = nla_get_u32(a[SKYWIRE_A_PATH_MARK]);
	if (a[SKYWIRE_A_PATH_LOSS_ADMITTED])
		path->loss_admitted =
			nla_get_u32(a[SKYWIRE_A_PATH_LOSS_ADMITTED]);
	return parse_postage(info, path);
}

static int install(struct sw_device *sw, struct genl_info *info,
		   struct sw_path *path)
{
	int err = parse_path(sw, info, path);

	if (!err)
		err = sw_path_install(path, info->extack);
	if (err) {
		kfree(path);
		return err;
	}
	sw_notify_path(path, SKYWIRE_CMD_PATH_NTF);
	return 0;
}

static u8 free_id(struct sw_peer *peer)
{
	u8 id;

	for (id = 1; id <= SKYWIRE_PATHS_MAX; id++)
		if (!sw_path_find(peer, id))
			return id;
	return 0;
}

static int new_path(struct sw_device *sw, struct genl_info *info)
{
	struct sw_peer *peer = sw_nl_peer(sw, info, SKYWIRE_A_PATH_PEER);
	struct nlattr *attr = info->attrs[SKYWIRE_A_PATH_ID];
	struct sw_path *path;
	int err;
	u8 id;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	id = attr ? nla_get_u8(attr) : free_id(peer);
	if (!id) {
		GENL_SET_ERR_MSG(info, "the peer has as many paths as it may");
		return -ENOSPC;
	}
	if (sw_path_find(peer, id)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "the path exists");
		return -EEXIST;
	}
	path = kzalloc(sizeof(*path), GFP_KERNEL_ACCOUNT);
	if (!path)
		return -ENOMEM;
	path->peer = peer;
	path->id = id;
	path->weight = 1;
	path->dscp = SW_DSCP_NONE;
	path->loss_admitted = SKYWIRE_LOSS_ADMITTED_DEFAULT;
	err = install(sw, info, path);
	if (err)
		return err;
	/* The path is there, whatever becomes of the answer. */
	sw_nl_reply(info, SKYWIRE_CMD_PATH_NEW, fill_path, path);
	return 0;
}

static int set_path(struct sw_device *sw, struct genl_info *info)
{
	struct sw_path *old = named_path(sw, info);
	struct sw_path *path;

	if (IS_ERR(old))
		return PTR_ERR(old);
	path = kmemdup(old, sizeof(*old), GFP_KERNEL_ACCOUNT);
	if (!path)
		return -ENOMEM;
	return install(sw, info, path);
}

static int get_path(struct sw_device *sw, struct genl_info *info)
{
	struct sw_path *path = named_path(sw, info);

	if (IS_ERR(path))
		return PTR_ERR(path);
	return sw_nl_reply(info, SKYWIRE_CMD_PATH_GET, fill_path, path);
}

static int del_path(struct sw_device *sw, struct genl_info *info)
{
	struct sw_path *path = named_path(sw, info);

	if (IS_ERR(path))
		return PTR_ERR(path);
	sw_path_delete(path);
	return 0;
}

int skywire_nl_path_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, get_path);
}

int skywire_nl_path_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, new_path);
}

int skywire_nl_path_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, set_path);
}

int skywire_nl_path_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, del_path);
}

static int walk_paths(struct sw_device *sw, struct sw_nl_dump *dump)
{
	struct sw_peer *peer;
	struct sw_path *path;
	int err;
	u8 id;

	list_for_each_entry(peer, &sw->peers, node) {
		for (id = 1; id <= SKYWIRE_PATHS_MAX; id++) {
			path = sw_path_find(peer, id);
			err = path ? sw_nl_dump_object(dump, path) : 0;
			if (err)
				return err;
		}
	}
	return 0;
}

int skywire_nl_path_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return sw_nl_dump(skb, cb, SKYWIRE_CMD_PATH_GET, walk_paths, fill_path);
}
