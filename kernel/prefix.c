// SPDX-License-Identifier: GPL-2.0
/*
 * Prefixes: which peer an address is routed to, and may be used by.
 *
 * Longest match is a lookup in one hash table for each length that occurs,
 * longest first. Addresses of peers, which are most of it, match at once; no
 * node has more than a few other lengths. The cost is bounded by the lengths
 * that the administrator uses, whatever the traffic.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/rhashtable.h>
#include "skywire.h"

static const struct rhashtable_params prefix_params = {
	.head_offset		= offsetof(struct sw_prefix, ht_node),
	.key_offset		= offsetof(struct sw_prefix, name),
	.key_len		= sizeof(struct sw_prefix_name),
	.automatic_shrinking	= true,
};

static unsigned int family_bits(u8 family)
{
	return family == AF_INET ? 32 : 128;
}

int sw_prefix_table_init(struct sw_prefix_table *table)
{
	return rhashtable_init(&table->ht, &prefix_params);
}

/* All prefixes have been deleted. */
void sw_prefix_table_destroy(struct sw_prefix_table *table)
{
	rhashtable_destroy(&table->ht);
}

/**
 * sw_prefix_find - the very prefix
 * @sw: device
 * @family: AF_INET or AF_INET6
 * @addr: address, network byte order
 * @len: bits of it
 *
 * Under RCU or sw_mutex.
 *
 * Return: the prefix, not pinned, or NULL.
 */
struct sw_prefix *sw_prefix_find(struct sw_device *sw, u8 family,
				 const void *addr, u8 len)
{
	struct sw_prefix_name name;

	sw_prefix_name(&name, family, addr, len);
	return rhashtable_lookup_fast(&sw->prefixes.ht, &name, prefix_params);
}

/**
 * sw_prefix_match - the longest prefix that holds an address
 * @sw: device
 * @family: AF_INET or AF_INET6
 * @addr: address, network byte order
 *
 * Addresses of the network are those of keys, one each: whoever has ::/0 gets no
 * packets to nodes that are not known yet, and may not send in their names.
 *
 * Under RCU or sw_mutex.
 *
 * Return: the prefix, not pinned, or NULL.
 */
struct sw_prefix *sw_prefix_match(struct sw_device *sw, u8 family,
				  const void *addr)
{
	const unsigned long *lengths = sw->prefixes.lengths[family == AF_INET6];
	unsigned int len = family_bits(family) + 1;
	struct sw_prefix *prefix;

	if (family == AF_INET6 && *(const u8 *)addr == SW_ADDRESS_FIRST)
		return sw_prefix_find(sw, family, addr, 128);
	while (len) {
		unsigned int next = find_last_bit(lengths, len);

		if (next >= len)
			return NULL;
		prefix = sw_prefix_find(sw, family, addr, next);
		if (prefix)
			return prefix;
		len = next;
	}
	return NULL;
}

/**
 * sw_prefix_peer - the peer that an address belongs to
 * @sw: device
 * @family: AF_INET or AF_INET6
 * @addr: address, network byte order
 *
 * Under RCU.
 *
 * Return: the peer, not pinned, or NULL.
 */
struct sw_peer *sw_prefix_peer(struct sw_device *sw, u8 family,
			       const void *addr)
{
	struct sw_prefix *prefix = sw_prefix_match(sw, family, addr);

	return prefix ? rcu_dereference(prefix->peer) : NULL;
}

/**
 * sw_prefix_create - route a new prefix to a peer
 * @peer: peer
 * @family: AF_INET or AF_INET6
 * @addr: address, network byte order
 * @len: bits of it
 * @own: it is the peer's own address
 * @extack: where to say why not
 *
 * Under sw_mutex. The prefix lives until it is deleted, at the latest with the
 * peer.
 *
 * Return: the prefix or an ERR_PTR; -EEXIST where the device has it already.
 */
struct sw_prefix *sw_prefix_create(struct sw_peer *peer, u8 family,
				   const void *addr, u8 len, bool own,
				   struct netlink_ext_ack *extack)
{
	struct sw_device *sw = peer->sw;
	struct sw_prefix_table *table = &sw->prefixes;
	struct sw_prefix *prefix;
	int f = family == AF_INET6;
	int err;

	if (sw->n_prefixes >= SKYWIRE_PREFIXES_MAX) {
		NL_SET_ERR_MSG(extack,
			       "the device has as many prefixes as it may");
		return ERR_PTR(-ENOSPC);
	}
	prefix = kzalloc(sizeof(*prefix), GFP_KERNEL_ACCOUNT);
	if (!prefix)
		return ERR_PTR(-ENOMEM);
	sw_prefix_name(&prefix->name, family, addr, len);
	prefix->own = own;
	RCU_INIT_POINTER(prefix->peer, peer);
	err = rhashtable_lookup_insert_fast(&table->ht, &prefix->ht_node,
					    prefix_params);
	if (err) {
		kfree(prefix);
		return ERR_PTR(err);
	}
	if (!table->used[f][len]++)
		set_bit(len, table->lengths[f]);
	list_add_tail(&prefix->node, &peer->prefixes);
	sw->n_prefixes++;
	sw->generation++;
	pr_debug("prefix %p created\n", prefix);
	return prefix;
}

/* Route a prefix to another peer of the device instead; under sw_mutex. */
void sw_prefix_move(struct sw_prefix *prefix, struct sw_peer *peer)
{
	rcu_assign_pointer(prefix->peer, peer);
	list_move_tail(&prefix->node, &peer->prefixes);
	peer->sw->generation++;
}

/* Delete a prefix; under sw_mutex. */
void sw_prefix_delete(struct sw_prefix *prefix)
{
	struct sw_peer *peer = rcu_dereference_protected(prefix->peer,
						lockdep_is_held(&sw_mutex));
	struct sw_device *sw = peer->sw;
	struct sw_prefix_table *table = &sw->prefixes;
	int f = prefix->name.family == AF_INET6;

	sw_notify_prefix(prefix, SKYWIRE_CMD_PREFIX_DEL_NTF);
	rhashtable_remove_fast(&table->ht, &prefix->ht_node, prefix_params);
	if (!--table->used[f][prefix->name.len])
		clear_bit(prefix->name.len, table->lengths[f]);
	list_del(&prefix->node);
	sw->n_prefixes--;
	sw->generation++;
	pr_debug("prefix %p destroyed\n", prefix);
	kfree_rcu(prefix, rcu);
}
