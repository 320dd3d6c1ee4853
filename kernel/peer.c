// SPDX-License-Identifier: GPL-2.0
/*
 * Peers, and the paths that lead to them.
 *
 * The prefix of its own address keeps a peer until sw_peer_delete(); each of
 * its session keys has another reference. A path is constant and is replaced
 * as a whole; it goes before its first link and before its peer do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <skywire/choice.h>
#include "skywire.h"

static void peer_free_rcu(struct rcu_head *rcu)
{
	struct sw_peer *peer = container_of(rcu, struct sw_peer, rcu);
	struct net_device *dev = peer->sw->dev;

	free_percpu(peer->traffic);
	pr_debug("peer %p destroyed\n", peer);
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
	peer->redundancy = 1;
	sw_keyring_init(&peer->keys);
	sw_arrivals_init(&peer->arrivals);
	sw_prober_open(peer);
	INIT_LIST_HEAD(&peer->prefixes);
	refcount_set(&peer->refs, 1);
	dev_hold(sw->dev);
	pr_debug("peer %p created\n", peer);
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
	sw_prober_close(peer);
	sw_keyring_flush(&peer->keys);
	list_for_each_entry_safe(prefix, next, &peer->prefixes, node)
		sw_prefix_delete(prefix);
	sw_notify_peer(peer, SKYWIRE_CMD_PEER_DEL_NTF);
	list_del(&peer->node);
	peer->sw->n_peers--;
	peer->sw->generation++;
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
	kfree(path->proof);
	pr_debug("path %p destroyed\n", path);
	kfree(path);
}

/* Is it the same way? Then what is known of one holds for the other. */
static bool same_route(const struct sw_path *a, const struct sw_path *b)
{
	return a->link == b->link && a->count == b->count &&
	       !memcmp(a->labels, b->labels, a->count * sizeof(a->labels[0]));
}

/* What the path inherits of @old, if that is not NULL, and what it does not. */
static int inherit(struct sw_path *path, const struct sw_path *old)
{
	path->proof = NULL;
	if (old && same_route(path, old)) {
		path->proof = old->proof;
	} else if (path->count) {
		path->proof = kzalloc(sizeof(*path->proof), GFP_KERNEL_ACCOUNT);
		if (!path->proof)
			return -ENOMEM;
	}
	path->traffic = old ? old->traffic : sw_traffic_alloc();
	if (path->traffic)
		return 0;
	kfree(path->proof);
	return -ENOMEM;
}

/**
 * sw_path_install - put a path to use, in place of its predecessor
 * @path: kzalloc'd and filled in but for @traffic and @proof; the peer's on
 *	success
 * @extack: where to say why not
 *
 * Under sw_mutex.
 *
 * Return: 0 or -errno.
 */
int sw_path_install(struct sw_path *path, struct netlink_ext_ack *extack)
{
	struct sw_path *old = sw_path_find(path->peer, path->id);
	int err;

	if (!path->count && memcmp(path->link->neighbour, path->peer->key,
				   SKYWIRE_PUBLIC_KEY_LEN)) {
		NL_SET_ERR_MSG(extack,
			       "without labels the link must lead to the peer");
		return -EINVAL;
	}
	err = inherit(path, old);
	if (err)
		return err;
	rcu_assign_pointer(path->peer->path[path->id - 1], path);
	list_add_tail(&path->node, &path->link->paths);
	path->peer->sw->generation++;
	pr_debug("path %p created\n", path);
	if (!old)
		return 0;
	list_del(&old->node);
	/* The counters have moved on to the successor. */
	if (old->proof && old->proof != path->proof)
		kfree_rcu(old->proof, rcu);
	pr_debug("path %p destroyed\n", old);
	kfree_rcu(old, rcu);
	return 0;
}

/* Take a path out; under sw_mutex. */
void sw_path_delete(struct sw_path *path)
{
	sw_notify_path(path, SKYWIRE_CMD_PATH_DEL_NTF);
	RCU_INIT_POINTER(path->peer->path[path->id - 1], NULL);
	list_del(&path->node);
	path->peer->sw->generation++;
	call_rcu(&path->rcu, path_free_rcu);
}

/* Largest inner packet that a path takes. */
u32 sw_path_mtu(const struct sw_path *path)
{
	u32 mtu = READ_ONCE(path->link->mtu) - sw_route_len(path->count);
	u32 found = path->proof ? READ_ONCE(path->proof->mtu) : 0;

	if (path->count)
		mtu -= SW_SESSION_OVERHEAD;
	if (path->mtu)
		mtu = min(path->mtu, mtu);
	return found ? min(found, mtu) : mtu;
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
	if (READ_ONCE(path->link->state) != SKYWIRE_LINK_STATE_UP ||
	    sw_link_is_dead(path->link))
		return SKYWIRE_PATH_STATE_LINK_DOWN;
	if (!sw_keyring_usable(&path->link->keys) ||
	    (path->count && !sw_keyring_usable(&path->peer->keys)))
		return SKYWIRE_PATH_STATE_NO_KEY;
	if (sw_path_mtu(path) < SKYWIRE_MTU_MIN)
		return SKYWIRE_PATH_STATE_MTU_TOO_SMALL;
	if (path->proof && READ_ONCE(path->proof->suspect))
		return SKYWIRE_PATH_STATE_SUSPECT;
	if (READ_ONCE(path->link->live.state) == SKYWIRE_LIVENESS_UNPROVEN)
		return SKYWIRE_PATH_STATE_UNPROVEN;
	return SKYWIRE_PATH_STATE_USABLE;
}

/* What chooses among the sets of paths: the mark first, then the DSCP. */
enum path_set {
	SET_OTHER,
	SET_DSCP,
	SET_MARK,
};

/* The set that the path is in for such a packet; -1 if it is for others. */
static int path_set(const struct sw_path *path, const struct sw_choice *by)
{
	if (path->mark)
		return path->mark == by->mark ? SET_MARK : -1;
	if (path->dscp != SW_DSCP_NONE)
		return path->dscp == by->dscp ? SET_DSCP : -1;
	return SET_OTHER;
}

/* How much speaks for a path; those that are worse are a last resort. */
enum standing {
	STANDING_USABLE,
	STANDING_ANSWERS,	/* in doubt, but there are answers by it */
	STANDING_SILENT,	/* in doubt */
	STANDINGS,
	STANDING_OUT = STANDINGS,
};

/**
 * struct shortlist - paths to choose from
 * @path: by id - 1; NULL for those that are out
 * @standing: of each
 */
struct shortlist {
	struct sw_path	*path[SKYWIRE_PATHS_MAX];
	enum standing	standing[SKYWIRE_PATHS_MAX];
};

static enum standing standing_of(const struct sw_path *path)
{
	bool answers;

	switch (sw_path_state(path)) {
	case SKYWIRE_PATH_STATE_USABLE:
		return STANDING_USABLE;
	case SKYWIRE_PATH_STATE_SUSPECT:
		answers = READ_ONCE(path->proof->good_since);
		break;
	case SKYWIRE_PATH_STATE_UNPROVEN:
		answers = READ_ONCE(path->link->live.both_since);
		break;
	default:
		return STANDING_OUT;
	}
	return answers ? STANDING_ANSWERS : STANDING_SILENT;
}

/* The paths of the packet's set, which is chosen whether or not it can be used:
 * who asks for a path gets no other.
 */
static void make_shortlist(const struct sw_peer *peer,
			   const struct sw_choice *by, struct shortlist *list)
{
	int set[SKYWIRE_PATHS_MAX];
	int i, best = -1;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		list->path[i] = rcu_dereference(peer->path[i]);
		set[i] = list->path[i] ? path_set(list->path[i], by) : -1;
		best = max(best, set[i]);
	}
	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		if (set[i] < 0 || set[i] != best)
			list->path[i] = NULL;
		else
			list->standing[i] = standing_of(list->path[i]);
	}
}

/* Those of a worse standing come in where there is nothing better. */
static struct sw_path *choose_from(const struct shortlist *list, u32 flow)
{
	struct sw_candidate c[SKYWIRE_PATHS_MAX] = {};
	enum standing standing;
	int i, pick;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		if (!list->path[i])
			continue;
		c[i].preference = list->path[i]->preference;
		c[i].weight = list->path[i]->weight;
	}
	for (standing = 0; standing < STANDINGS; standing++) {
		for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
			c[i].usable = list->path[i] &&
				      list->standing[i] == standing;
		pick = sw_choose(c, SKYWIRE_PATHS_MAX, flow);
		if (likely(pick >= 0))
			return list->path[pick];
	}
	return NULL;
}

/**
 * sw_peer_incomplete - is what a peer lacks something that can be brought?
 * @peer: peer without a usable path
 *
 * Under RCU.
 *
 * Return: true where it has no path, or one that lacks but a key. Links that are
 * down and MTUs that are too small are not mended by a handshake.
 */
bool sw_peer_incomplete(const struct sw_peer *peer)
{
	const struct sw_path *path;
	bool any = false;
	int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		path = rcu_dereference(peer->path[i]);
		if (!path)
			continue;
		if (sw_path_state(path) == SKYWIRE_PATH_STATE_NO_KEY)
			return true;
		any = true;
	}
	return !any;
}

/**
 * sw_path_choose - the path that a flow takes
 * @peer: where it goes
 * @by: what it is chosen by
 *
 * Under RCU.
 *
 * Return: the path, or NULL where none is usable.
 */
struct sw_path *sw_path_choose(const struct sw_peer *peer,
			       const struct sw_choice *by)
{
	struct shortlist list;

	make_shortlist(peer, by, &list);
	return choose_from(&list, by->flow);
}

/**
 * sw_path_second - another path, for a copy
 * @peer: where it goes
 * @by: what it is chosen by
 * @first: path that the original takes
 *
 * Under RCU.
 *
 * Return: the path, of another first link if there is one; or NULL.
 */
struct sw_path *sw_path_second(const struct sw_peer *peer,
			       const struct sw_choice *by,
			       const struct sw_path *first)
{
	struct shortlist list, apart;
	struct sw_path *path;
	int i;

	make_shortlist(peer, by, &list);
	/* A copy is worth its session: those of a link are not sealed for one. */
	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (list.path[i] == first ||
		    (list.path[i] && !list.path[i]->count))
			list.path[i] = NULL;
	apart = list;
	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (apart.path[i] && apart.path[i]->link == first->link)
			apart.path[i] = NULL;
	path = choose_from(&apart, by->flow);
	return path ?: choose_from(&list, by->flow);
}
