// SPDX-License-Identifier: GPL-2.0
/*
 * Peers, and the paths that lead to them.
 *
 * The prefix of its own address keeps a peer until sw_peer_delete(); each of
 * its session keys has another reference. A path is constant and is replaced
 * as a whole; it goes before its first link and before its peer do.
 */
#include <skywire/choice.h>
#include "skywire.h"

static void peer_free_rcu(struct rcu_head *rcu)
{
	struct sw_peer *peer = container_of(rcu, struct sw_peer, rcu);
	struct net_device *dev = peer->sw->dev;

	free_percpu(peer->traffic);
	kfree(peer);
	dev_put(dev);
}

void sw_peer_put(struct sw_peer *peer)
{
	if (refcount_dec_and_test(&peer->refs))
		call_rcu(&peer->rcu, peer_free_rcu);
}

/**
 * sw_peer_find - the peer of a public key
 * @sw: device
 * @key: public key
 *
 * Under sw_mutex.
 *
 * Return: the peer, not pinned, or NULL.
 */
struct sw_peer *sw_peer_find(struct sw_device *sw, const u8 *key)
{
	struct sw_prefix *prefix;
	struct in6_addr address;
	struct sw_peer *peer;

	if (sw_address(key, &address))
		return NULL;
	prefix = sw_prefix_find(sw, AF_INET6, &address, 128);
	if (!prefix || !prefix->own)
		return NULL;
	peer = rcu_dereference_protected(prefix->peer,
					 lockdep_is_held(&sw_mutex));
	return memcmp(peer->key, key, sizeof(peer->key)) ? NULL : peer;
}

static struct sw_peer *peer_alloc(struct sw_device *sw, const u8 *key)
{
	struct sw_peer *peer;

	peer = kzalloc(sizeof(*peer), GFP_KERNEL_ACCOUNT);
	if (!peer)
		return NULL;
	peer->traffic = sw_traffic_alloc();
	if (!peer->traffic) {
		kfree(peer);
		return NULL;
	}
	peer->sw = sw;
	memcpy(peer->key, key, sizeof(peer->key));
	sw_keyring_init(&peer->keys);
	INIT_LIST_HEAD(&peer->prefixes);
	refcount_set(&peer->refs, 1);
	dev_hold(sw->dev);
	return peer;
}

/**
 * sw_peer_create - make a peer, and the prefix of its address
 * @sw: device
 * @key: public key
 * @extack: where to say why not
 *
 * Under sw_mutex.
 *
 * Return: the peer, or an ERR_PTR.
 */
struct sw_peer *sw_peer_create(struct sw_device *sw, const u8 *key,
			       struct netlink_ext_ack *extack)
{
	struct sw_prefix *prefix;
	struct sw_peer *peer;
	int err;

	if (sw->n_peers >= SKYWIRE_PEERS_MAX) {
		NL_SET_ERR_MSG(extack, "the device has as many peers as it may");
		return ERR_PTR(-ENOSPC);
	}
	peer = peer_alloc(sw, key);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	err = sw_address(key, &peer->address);
	if (err)
		goto err_put;
	prefix = sw_prefix_create(peer, AF_INET6, &peer->address, 128, true,
				  extack);
	if (IS_ERR(prefix)) {
		err = PTR_ERR(prefix);
		goto err_put;
	}
	list_add_tail(&peer->node, &sw->peers);
	sw->n_peers++;
	return peer;

err_put:
	sw_peer_put(peer);
	return ERR_PTR(err);
}

/* Take a peer out, with its keys, paths and prefixes; under sw_mutex. */
void sw_peer_delete(struct sw_peer *peer)
{
	struct sw_prefix *prefix, *next;
	struct sw_path *path;
	u8 id;

	for (id = 1; id <= SKYWIRE_PATHS_MAX; id++) {
		path = sw_path_find(peer, id);
		if (path)
			sw_path_delete(path);
	}
	sw_keyring_flush(&peer->keys);
	list_for_each_entry_safe(prefix, next, &peer->prefixes, node)
		sw_prefix_delete(prefix);
	sw_notify_peer(peer, SKYWIRE_CMD_PEER_DEL_NTF);
	list_del(&peer->node);
	peer->sw->n_peers--;
	sw_generation++;
	sw_peer_put(peer);
}

/* The path of an id, 1 to SKYWIRE_PATHS_MAX; under sw_mutex. */
struct sw_path *sw_path_find(struct sw_peer *peer, u8 id)
{
	return rcu_dereference_protected(peer->path[id - 1],
					 lockdep_is_held(&sw_mutex));
}

static void path_free_rcu(struct rcu_head *rcu)
{
	struct sw_path *path = container_of(rcu, struct sw_path, rcu);

	free_percpu(path->traffic);
	kfree(path);
}

/**
 * sw_path_install - put a path to use, in place of its predecessor
 * @path: kzalloc'd and filled in but for @traffic; the peer's on success
 * @extack: where to say why not
 *
 * Under sw_mutex.
 *
 * Return: 0 or -errno.
 */
int sw_path_install(struct sw_path *path, struct netlink_ext_ack *extack)
{
	struct sw_path *old = sw_path_find(path->peer, path->id);

	if (!path->count && memcmp(path->link->neighbour, path->peer->key,
				   SKYWIRE_PUBLIC_KEY_LEN)) {
		NL_SET_ERR_MSG(extack,
			       "without labels the link must lead to the peer");
		return -EINVAL;
	}
	path->traffic = old ? old->traffic : sw_traffic_alloc();
	if (!path->traffic)
		return -ENOMEM;
	rcu_assign_pointer(path->peer->path[path->id - 1], path);
	list_add_tail(&path->node, &path->link->paths);
	sw_generation++;
	if (!old)
		return 0;
	list_del(&old->node);
	/* The counters have moved on to the successor. */
	kfree_rcu(old, rcu);
	return 0;
}

/* Take a path out; under sw_mutex. */
void sw_path_delete(struct sw_path *path)
{
	sw_notify_path(path, SKYWIRE_CMD_PATH_DEL_NTF);
	RCU_INIT_POINTER(path->peer->path[path->id - 1], NULL);
	list_del(&path->node);
	sw_generation++;
	call_rcu(&path->rcu, path_free_rcu);
}

/* Largest inner packet that a path takes. */
u32 sw_path_mtu(const struct sw_path *path)
{
	u32 mtu = READ_ONCE(path->link->mtu) - sw_route_len(path->count);

	if (path->count)
		mtu -= SW_SESSION_OVERHEAD;
	return path->mtu ? min(path->mtu, mtu) : mtu;
}

/**
 * sw_path_state - can a path be chosen?
 * @path: path
 *
 * Under RCU or sw_mutex.
 *
 * Return: SKYWIRE_PATH_STATE_USABLE, or the first reason why not.
 */
enum skywire_path_state sw_path_state(const struct sw_path *path)
{
	if (READ_ONCE(path->link->state) != SKYWIRE_LINK_STATE_UP)
		return SKYWIRE_PATH_STATE_LINK_DOWN;
	if (!sw_keyring_usable(&path->link->keys) ||
	    (path->count && !sw_keyring_usable(&path->peer->keys)))
		return SKYWIRE_PATH_STATE_NO_KEY;
	if (sw_path_mtu(path) < SKYWIRE_MTU_MIN)
		return SKYWIRE_PATH_STATE_MTU_TOO_SMALL;
	return SKYWIRE_PATH_STATE_USABLE;
}

/**
 * sw_path_choose - the path that a flow takes
 * @peer: where it goes
 * @flow: hash of the flow
 *
 * Under RCU.
 *
 * Return: the path, or NULL where none is usable.
 */
struct sw_path *sw_path_choose(const struct sw_peer *peer, u32 flow)
{
	struct sw_candidate c[SKYWIRE_PATHS_MAX] = {};
	struct sw_path *path[SKYWIRE_PATHS_MAX];
	int i, pick;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		path[i] = rcu_dereference(peer->path[i]);
		if (!path[i])
			continue;
		c[i].preference = path[i]->preference;
		c[i].weight = path[i]->weight;
		c[i].usable = sw_path_state(path[i]) ==
			      SKYWIRE_PATH_STATE_USABLE;
	}
	pick = sw_choose(c, SKYWIRE_PATHS_MAX, flow);
	return pick < 0 ? NULL : path[pick];
}
