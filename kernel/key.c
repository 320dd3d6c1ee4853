// SPDX-License-Identifier: GPL-2.0
/*
 * Keys: their table, slots, lifetimes, replay windows and end.
 *
 * A key is in the table of all keys from its installation to its removal, and
 * in one slot of its owner's keyring, which it may leave earlier: the packet
 * path promotes the next key when a frame under it arrives, and pushes out the
 * previous one. It cannot notify or sleep there, so it marks the key and kicks
 * the key's work, which does the rest under sw_mutex. The table's reference is
 * dropped by sw_key_remove(); with the last one the key is wiped in process
 * context after a grace period, and then its owner is let go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/aead.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include "skywire.h"

/* Of kmalloc()'s next size a third would be for nothing. */
static struct kmem_cache *key_cache;
static struct rhashtable sw_keys;
struct workqueue_struct *sw_wq;
static siphash_key_t print_key;

static const struct rhashtable_params key_params = {
	.head_offset		= offsetof(struct sw_key, node),
	.key_offset		= offsetof(struct sw_key, name),
	.key_len		= sizeof(struct sw_key_name),
	.automatic_shrinking	= true,
};

/* Session keys by what the other end calls them, which need not be unique. */
static struct rhltable sw_sent_keys;

static const struct rhashtable_params sent_params = {
	.head_offset		= offsetof(struct sw_key, tx_node),
	.key_offset		= offsetof(struct sw_key, tx_name),
	.key_len		= sizeof(struct sw_key_name),
	.automatic_shrinking	= true,
};

/* Without @alg no driver is needed. */
static const struct {
	const char	*alg;
	unsigned int	key_len;
	u64		max_frames;
} ciphers[] = {
	[SKYWIRE_CIPHER_CHACHA20_POLY1305] = {
		NULL, 4 * SW_CHACHA_KEY_WORDS, 1ull << 60
	},
	/* Beyond 2^32 frames forging gets too easy (RFC 8645, SP 800-38D). */
	[SKYWIRE_CIPHER_AES_256_GCM] = { "gcm(aes)", 32, 1ull << 32 },
	[SKYWIRE_CIPHER_AES_128_GCM] = { "gcm(aes)", 16, 1ull << 32 },
};

unsigned int sw_cipher_key_len(u8 cipher)
{
	return ciphers[cipher].key_len;
}

u64 sw_cipher_max_frames(u8 cipher)
{
	return ciphers[cipher].max_frames;
}

void sw_keyring_init(struct sw_keyring *ring)
{
	spin_lock_init(&ring->lock);
}

static void unpin_owner(struct sw_key *key)
{
	if (key->link)
		sw_link_put(key->link);
	else
		sw_peer_put(key->peer);
}

/* Freeing a transform wipes it, and may sleep. */
static void key_free(struct sw_key *key)
{
	if (key->tx) {
		crypto_free_aead(key->tx);
		crypto_free_aead(key->rx);
	}
	unpin_owner(key);
	pr_debug("key %p destroyed\n", key);
	memzero_explicit(key, sizeof(*key));
	kmem_cache_free(key_cache, key);
}

static void key_free_work(struct work_struct *work)
{
	key_free(container_of(to_rcu_work(work), struct sw_key, free));
}

void sw_key_put(struct sw_key *key)
{
	if (!refcount_dec_and_test(&key->refs))
		return;
	INIT_RCU_WORK(&key->free, key_free_work);
	queue_rcu_work(sw_wq, &key->free);
}

/* Run the key's work now. The packet path may do so to a key just removed. */
static void kick(struct sw_key *key)
{
	if (!refcount_inc_not_zero(&key->refs))
		return;
	/* A pending work has a reference already. */
	if (mod_delayed_work(sw_wq, &key->work, 0))
		sw_key_put(key);
}

/* Run the key's work when it has something to do next, unless it is kicked. */
static void rearm(struct sw_key *key, u64 now)
{
	u64 next = READ_ONCE(key->expires);

	if (key->soft_at && !key->soft_told)
		next = min(next, key->soft_at);
	refcount_inc(&key->refs);
	if (!queue_delayed_work(sw_wq, &key->work, next > now ?
				nsecs_to_jiffies(next - now) + 1 : 0))
		sw_key_put(key);
}

/* Take the key out of its slot, if it is in one. */
static void leave_slot(struct sw_key *key)
{
	struct sw_keyring *ring = sw_key_ring(key);

	spin_lock_bh(&ring->lock);
	if (key->slot != SW_KEY_DEAD) {
		RCU_INIT_POINTER(ring->slot[key->slot], NULL);
		WRITE_ONCE(key->slot, SW_KEY_DEAD);
	}
	spin_unlock_bh(&ring->lock);
}

/**
 * sw_key_remove - end a key
 * @key: key that is in the table
 *
 * Under sw_mutex. Drops the table's reference.
 */
void sw_key_remove(struct sw_key *key)
{
	sw_notify_key(key, SKYWIRE_CMD_KEY_DEL_NTF);
	leave_slot(key);
	rhashtable_remove_fast(&sw_keys, &key->node, key_params);
	if (key->peer)
		rhltable_remove(&sw_sent_keys, &key->tx_node, sent_params);
	if (cancel_delayed_work(&key->work))
		sw_key_put(key);
	sw_key_device(key)->generation++;
	sw_key_put(key);
}

/*
 * The keys of a ring, NULL where a slot is empty; under sw_mutex, and as long as that
 * is held they stay. The ring's lock keeps the packet path from moving them between
 * slots while they are looked at.
 */
void sw_keyring_list(struct sw_keyring *ring, struct sw_key **keys)
{
	int i;

	spin_lock_bh(&ring->lock);
	for (i = 0; i < SW_KEY_SLOTS; i++)
		keys[i] = rcu_dereference_protected(ring->slot[i],
						    lockdep_is_held(&ring->lock));
	spin_unlock_bh(&ring->lock);
}

/* End all keys of an owner that goes away; under sw_mutex. */
void sw_keyring_flush(struct sw_keyring *ring)
{
	struct sw_key *keys[SW_KEY_SLOTS];
	int i;

	sw_keyring_list(ring, keys);
	for (i = 0; i < SW_KEY_SLOTS; i++)
		if (keys[i])
			sw_key_remove(keys[i]);
}

static bool in_table(struct sw_key *key)
{
	return rhashtable_lookup_fast(&sw_keys, &key->name, key_params) == key;
}

/* Has the soft limit been passed? */
static bool soft_expired(const struct sw_key *key, u64 now)
{
	if (key->soft_at && now >= key->soft_at)
		return true;
	return key->soft_frames &&
	       atomic64_read(&key->tx_counter) >= key->soft_frames;
}

static void key_work(struct work_struct *work)
{
	struct sw_key *key = container_of(to_delayed_work(work), struct sw_key,
					  work);
	u64 now;

	mutex_lock(&sw_mutex);
	if (!in_table(key))
		goto out;
	now = ktime_get_boottime_ns();
	if (READ_ONCE(key->slot) == SW_KEY_DEAD ||
	    now >= READ_ONCE(key->expires)) {
		sw_key_remove(key);
		goto out;
	}
	if (xchg(&key->changed, false) ||
	    (!key->soft_told && soft_expired(key, now))) {
		key->soft_told = soft_expired(key, now);
		sw_key_device(key)->generation++;
		sw_notify_key(key, SKYWIRE_CMD_KEY_NTF);
	}
	rearm(key, now);
out:
	mutex_unlock(&sw_mutex);
	sw_key_put(key);
}

static struct crypto_aead *alloc_aead(u8 cipher)
{
	struct crypto_aead *tfm;

	/* Asynchronous drivers are welcome: to mask them out would leave x86
	 * with the generic AES-GCM before 7.0.
	 */
	tfm = crypto_alloc_aead(ciphers[cipher].alg, 0, 0);
	if (IS_ERR(tfm))
		return tfm;
	if (crypto_aead_ivsize(tfm) != SW_NONCE_LEN ||
	    crypto_aead_setauthsize(tfm, SW_TAG_LEN)) {
		crypto_free_aead(tfm);
		return ERR_PTR(-EINVAL);
	}
	return tfm;
}

static bool is_async(struct crypto_aead *tfm)
{
	return crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC;
}

/* Give the key drivers, where its cipher needs them. */
static int alloc_drivers(struct sw_key *key, u8 cipher)
{
	struct crypto_aead *tx, *rx;

	if (!ciphers[cipher].alg)
		return 0;
	tx = alloc_aead(cipher);
	if (IS_ERR(tx))
		return PTR_ERR(tx);
	rx = alloc_aead(cipher);
	if (IS_ERR(rx)) {
		crypto_free_aead(tx);
		return PTR_ERR(rx);
	}
	key->tx = tx;
	key->rx = rx;
	key->async = is_async(tx) || is_async(rx);
	return 0;
}

static void configure(struct sw_key *key, const struct sw_key_config *c)
{
	u64 now = ktime_get_boottime_ns();

	key->link = c->link;
	key->peer = c->peer;
	key->cipher = c->cipher;
	key->role = c->role;
	key->seal = c->seal;
	key->tx_index = c->tx_index;
	key->name.index = c->rx_index;
	key->installed = now;
	key->hard_time = c->hard_time;
	key->expires = now + c->hard_time * (u64)NSEC_PER_SEC;
	key->soft_time = c->soft_time;
	key->soft_at = c->soft_time ?
		       now + c->soft_time * (u64)NSEC_PER_SEC : 0;
	key->soft_frames = c->soft_frames;
	key->hard_frames = c->hard_frames;
	key->opaque_len = c->opaque_len;
	memcpy(key->opaque, c->opaque, c->opaque_len);
}

static void explain(struct netlink_ext_ack *extack, int err)
{
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "the kernel has no such cipher");
	else
		NL_SET_ERR_MSG(extack, "the cipher cannot be allocated");
}

/**
 * sw_key_create - allocate a key for a link or a peer
 * @c: what it is to be; checked by the caller
 * @extack: where to say why not
 *
 * Under sw_mutex. The key bytes are set by sw_key_set(); sw_key_install() puts
 * the key to use. Until then sw_key_put() gets rid of it.
 *
 * Return: the key, with one reference and its owner pinned; or an ERR_PTR.
 */
struct sw_key *sw_key_create(const struct sw_key_config *c,
			     struct netlink_ext_ack *extack)
{
	struct sw_key *key;
	int err;

	key = kmem_cache_zalloc(key_cache, GFP_KERNEL);
	if (!key)
		return ERR_PTR(-ENOMEM);
	err = alloc_drivers(key, c->cipher);
	if (err) {
		explain(extack, err);
		kmem_cache_free(key_cache, key);
		return ERR_PTR(err);
	}
	configure(key, c);
	key->name.cookie = sw_key_device(key)->cookie;
	key->tx_name.cookie = key->name.cookie;
	key->tx_name.index = c->tx_index;
	key->slot = SW_KEY_DEAD;
	spin_lock_init(&key->tx_lock);
	spin_lock_init(&key->rx_lock);
	refcount_set(&key->refs, 1);
	INIT_DELAYED_WORK(&key->work, key_work);
	if (key->link)
		refcount_inc(&key->link->refs);
	else
		refcount_inc(&key->peer->refs);
	pr_debug("key %p created\n", key);
	return key;
}

/*
 * Has a key of the ring the bytes that @key seals with, for either direction, or
 * does it seal with those that @key opens with? A second counter under the same
 * bytes would use each nonce again.
 */
static bool in_ring(struct sw_keyring *ring, const struct sw_key *key)
{
	struct sw_key *keys[SW_KEY_SLOTS], *old;
	int i;

	sw_keyring_list(ring, keys);
	for (i = 0; i < SW_KEY_SLOTS; i++) {
		old = keys[i];
		if (old && (old->tx_print == key->tx_print ||
			    old->rx_print == key->tx_print ||
			    old->tx_print == key->rx_print))
			return true;
	}
	return false;
}

/**
 * sw_key_set - give a key its bytes
 * @key: not yet installed
 * @tx: sw_cipher_key_len() bytes that seal
 * @rx: as many that open
 *
 * Under sw_mutex.
 *
 * Return: 0, or -EINVAL where @tx and @rx are the same, or -EALREADY where the
 * owner has a key that seals with @tx, or one that goes the other way with
 * either, or what the driver said.
 */
int sw_key_set(struct sw_key *key, const u8 *tx, const u8 *rx)
{
	unsigned int len = sw_cipher_key_len(key->cipher);
	int err;

	key->tx_print = siphash(tx, len, &print_key);
	key->rx_print = siphash(rx, len, &print_key);
	if (key->tx_print == key->rx_print)
		return -EINVAL;
	if (in_ring(sw_key_ring(key), key))
		return -EALREADY;
	if (!key->tx) {
		sw_chacha_key(key->tx_chacha, tx);
		sw_chacha_key(key->rx_chacha, rx);
		return 0;
	}
	err = crypto_aead_setkey(key->tx, tx, len);
	if (err)
		return err;
	return crypto_aead_setkey(key->rx, rx, len);
}

static int enter_table(struct sw_key *key, bool draw)
{
	int err, tries = 100;

	do {
		if (draw)
			key->name.index = get_random_u32();
		err = rhashtable_lookup_insert_fast(&sw_keys, &key->node,
						    key_params);
	} while (err == -EEXIST && draw && --tries);
	if (err || !key->peer)
		return err;
	err = rhltable_insert(&sw_sent_keys, &key->tx_node, sent_params);
	if (err)
		rhashtable_remove_fast(&sw_keys, &key->node, key_params);
	return err;
}

/* Put @key into @slot and return what was there. The ring's lock is held. */
static struct sw_key *swap_slot(struct sw_keyring *ring, unsigned int slot,
				struct sw_key *key)
{
	struct sw_key *old;

	old = rcu_dereference_protected(ring->slot[slot],
					lockdep_is_held(&ring->lock));
	if (key)
		WRITE_ONCE(key->slot, slot);
	rcu_assign_pointer(ring->slot[slot], key);
	return old;
}

/*
 * Make @key the current one, and the current one previous. Returns the key that
 * lost its slot by that, or NULL. The ring's lock is held.
 */
static struct sw_key *make_current(struct sw_keyring *ring, struct sw_key *key)
{
	struct sw_key *old, *previous;
	u64 until;

	old = swap_slot(ring, SKYWIRE_KEY_SLOT_CURRENT, key);
	if (!old)
		return NULL;
	until = ktime_get_boottime_ns() +
		SW_KEY_PREVIOUS_TIME * (u64)NSEC_PER_SEC;
	WRITE_ONCE(old->expires, min(old->expires, until));
	previous = swap_slot(ring, SKYWIRE_KEY_SLOT_PREVIOUS, old);
	if (previous)
		WRITE_ONCE(previous->slot, SW_KEY_DEAD);
	WRITE_ONCE(old->changed, true);
	kick(old);
	return previous;
}

/**
 * sw_key_install - put a key to use
 * @key: made by sw_key_create() and sw_key_set()
 * @draw: draw the receiver index, rather than use the configured one
 *
 * Under sw_mutex. An initiator's key becomes the current one, a responder's the
 * next one; a key that is pushed out by it is removed. On success the
 * reference of sw_key_create() is the table's.
 *
 * Return: 0, or -EEXIST where the index is taken, or -ENOMEM.
 */
int sw_key_install(struct sw_key *key, bool draw)
{
	struct sw_keyring *ring = sw_key_ring(key);
	struct sw_key *pushed = NULL;
	int err;

	err = enter_table(key, draw);
	if (err)
		return err;
	spin_lock_bh(&ring->lock);
	if (key->role == SKYWIRE_ROLE_RESPONDER)
		pushed = swap_slot(ring, SKYWIRE_KEY_SLOT_NEXT, key);
	else
		pushed = make_current(ring, key);
	if (pushed)
		WRITE_ONCE(pushed->slot, SW_KEY_DEAD);
	spin_unlock_bh(&ring->lock);
	if (pushed)
		sw_key_remove(pushed);
	rearm(key, ktime_get_boottime_ns());
	/* The responder sends with it only when it has seen it. */
	if (key->link)
		sw_live_kick(key->link);
	else
		sw_prober_wake(key->peer);
	sw_key_device(key)->generation++;
	return 0;
}

/* A frame under the next key has arrived: the other end has it. */
static void promote(struct sw_key *key)
{
	struct sw_keyring *ring = sw_key_ring(key);
	struct sw_key *pushed;

	spin_lock_bh(&ring->lock);
	if (key->slot == SKYWIRE_KEY_SLOT_NEXT) {
		RCU_INIT_POINTER(ring->slot[SKYWIRE_KEY_SLOT_NEXT], NULL);
		pushed = make_current(ring, key);
		if (pushed)
			kick(pushed);
		WRITE_ONCE(key->changed, true);
		kick(key);
	}
	spin_unlock_bh(&ring->lock);
}

/**
 * sw_key_lookup - the key that a receiver index names
 * @cookie: of the namespace that the frame arrived in
 * @index: receiver index
 *
 * Under RCU.
 *
 * Return: the key, not pinned, of whichever device of the namespace; or NULL.
 */
struct sw_key *sw_key_lookup(u64 cookie, u32 index)
{
	struct sw_key_name name = { .cookie = cookie, .index = index };

	return rhashtable_lookup(&sw_keys, &name, key_params);
}

/* May a frame with this counter be opened under the key? Costs no crypto. */
bool sw_key_may_open(const struct sw_key *key, u64 counter)
{
	return READ_ONCE(key->slot) != SW_KEY_DEAD &&
	       counter < key->hard_frames && sw_now() < READ_ONCE(key->expires);
}

/**
 * sw_key_accept - a frame under this key has authenticated
 * @key: key
 * @counter: the frame's
 *
 * Return: 0 the first time, or SKYWIRE_DROP_REPLAY.
 */
enum skywire_drop sw_key_accept(struct sw_key *key, u64 counter)
{
	bool fresh;

	spin_lock(&key->rx_lock);
	fresh = sw_replay_accept(&key->replay, counter);
	if (fresh)
		key->rx_frames++;
	spin_unlock(&key->rx_lock);
	if (unlikely(!fresh))
		return SKYWIRE_DROP_REPLAY;
	if (unlikely(READ_ONCE(key->slot) == SKYWIRE_KEY_SLOT_NEXT))
		promote(key);
	return 0;
}

/**
 * sw_key_is_newest - has nothing newer come under this key or a newer one?
 * @key: key
 * @counter: of a frame that was accepted
 *
 * Under RCU with bottom halves off.
 */
bool sw_key_is_newest(struct sw_key *key, u64 counter)
{
	bool newest;

	spin_lock(&key->rx_lock);
	newest = key->replay.top == counter + 1;
	spin_unlock(&key->rx_lock);
	return newest && READ_ONCE(key->slot) == SKYWIRE_KEY_SLOT_CURRENT;
}

/**
 * sw_keyring_usable - can something be sent under a keyring?
 * @ring: of a link or a peer
 *
 * Under RCU or sw_mutex.
 */
bool sw_keyring_usable(const struct sw_keyring *ring)
{
	const struct sw_key *key;

	key = rcu_dereference_check(ring->slot[SKYWIRE_KEY_SLOT_CURRENT],
				    lockdep_is_held(&sw_mutex));
	return key && sw_now() < READ_ONCE(key->expires) &&
	       atomic64_read(&key->tx_counter) < key->hard_frames;
}

/**
 * sw_key_take_counter - the counter of the next frame to send
 * @key: current key
 * @counter: result
 *
 * Return: 0, or -EKEYEXPIRED past a hard limit.
 */
int sw_key_take_counter(struct sw_key *key, u64 *counter)
{
	/* Its work counts in jiffies, which stand still in suspend. */
	if (unlikely(sw_now() >= READ_ONCE(key->expires))) {
		kick(key);
		return -EKEYEXPIRED;
	}
	/* Not even an attempt beyond the limit: 2^64 of them would wrap. */
	if (unlikely(atomic64_read(&key->tx_counter) >= key->hard_frames))
		return -EKEYEXPIRED;
	*counter = atomic64_inc_return(&key->tx_counter) - 1;
	if (unlikely(*counter >= key->hard_frames))
		return -EKEYEXPIRED;
	if (unlikely(*counter + 1 == key->soft_frames))
		kick(key);
	return 0;
}

/* Time in slots of about a second, from 1. */
static u32 slot_now(void)
{
	return (sw_now() >> 30) + 1;
}

/* A session's frame with this counter is on its way. */
void sw_key_note_sent(struct sw_key *key, u64 counter)
{
	u32 now = slot_now();

	if (likely(!sw_recent_is_new(&key->recent, now)))
		return;
	spin_lock(&key->tx_lock);
	if (sw_recent_is_new(&key->recent, now))
		sw_recent_note(&key->recent, now, counter);
	spin_unlock(&key->tx_lock);
}

static bool was_sent(struct sw_key *key, u64 counter)
{
	bool was;

	if (counter >= atomic64_read(&key->tx_counter))
		return false;
	spin_lock(&key->tx_lock);
	was = sw_recent_has(&key->recent, slot_now(), counter);
	spin_unlock(&key->tx_lock);
	return was;
}

/**
 * sw_key_sent - whom was a session frame sent to, within 2 s or so?
 * @sw: device
 * @tx_index: index that it carried
 * @counter: counter that it carried
 *
 * Under RCU with bottom halves off.
 *
 * Return: the peer, not pinned; NULL where no such frame was sent.
 */
struct sw_peer *sw_key_sent(const struct sw_device *sw, u32 tx_index,
			    u64 counter)
{
	struct sw_key_name name = { .cookie = sw->cookie, .index = tx_index };
	struct rhlist_head *list, *pos;
	struct sw_key *key;
	int tries = 16;

	list = rhltable_lookup(&sw_sent_keys, &name, sent_params);
	rhl_for_each_entry_rcu(key, pos, list, tx_node) {
		if (key->peer->sw == sw && was_sent(key, counter))
			return key->peer;
		/* Peers choose the index: many could choose the same. */
		if (!--tries)
			break;
	}
	return NULL;
}

int __init sw_key_init(void)
{
	int err = -ENOMEM;

	key_cache = KMEM_CACHE(sw_key, SLAB_ACCOUNT);
	if (!key_cache)
		return -ENOMEM;
	/* One at a time: they would all wait for sw_mutex. */
	sw_wq = alloc_ordered_workqueue("skywire", 0);
	if (!sw_wq)
		goto err_cache;
	get_random_bytes(&print_key, sizeof(print_key));
	err = rhashtable_init(&sw_keys, &key_params);
	if (err)
		goto err_wq;
	err = rhltable_init(&sw_sent_keys, &sent_params);
	if (err)
		goto err_keys;
	return 0;

err_keys:
	rhashtable_destroy(&sw_keys);
err_wq:
	destroy_workqueue(sw_wq);
err_cache:
	kmem_cache_destroy(key_cache);
	return err;
}

/* All devices have gone, and so have all keys, or they are on their way. */
void sw_key_exit(void)
{
	rcu_barrier();
	destroy_workqueue(sw_wq);
	/* Owners are let go through call_rcu(). */
	rcu_barrier();
	rhltable_destroy(&sw_sent_keys);
	rhashtable_destroy(&sw_keys);
	kmem_cache_destroy(key_cache);
}
