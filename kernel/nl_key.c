// SPDX-License-Identifier: GPL-2.0
/* Netlink: keys. Key bytes come in, and never go out. */
#include <crypto/aead.h>
#include "nl.h"

static int put_owner(struct sk_buff *msg, const struct sw_key *key)
{
	if (key->link)
		return nla_put_u16(msg, SKYWIRE_A_KEY_LINK, key->link->label);
	return nla_put(msg, SKYWIRE_A_KEY_PEER, sizeof(key->peer->key),
		       key->peer->key);
}

static int put_limits(struct sk_buff *msg, const struct sw_key *key)
{
	if (nla_put_u32(msg, SKYWIRE_A_KEY_SOFT_TIME, key->soft_time) ||
	    nla_put_u32(msg, SKYWIRE_A_KEY_HARD_TIME, key->hard_time) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_KEY_SOFT_FRAMES, key->soft_frames,
			      SKYWIRE_A_KEY_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_KEY_HARD_FRAMES, key->hard_frames,
			      SKYWIRE_A_KEY_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_use(struct sk_buff *msg, struct sw_key *key)
{
	u64 age = ktime_get_boottime_ns() - key->installed;
	u64 rx_frames;

	spin_lock_bh(&key->rx_lock);
	rx_frames = key->rx_frames;
	spin_unlock_bh(&key->rx_lock);
	if (nla_put_u64_64bit(msg, SKYWIRE_A_KEY_AGE,
			      div_u64(age, NSEC_PER_MSEC),
			      SKYWIRE_A_KEY_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_KEY_TX_FRAMES,
			      min_t(u64, atomic64_read(&key->tx_counter),
				    key->hard_frames), SKYWIRE_A_KEY_PAD) ||
	    nla_put_u64_64bit(msg, SKYWIRE_A_KEY_RX_FRAMES, rx_frames,
			      SKYWIRE_A_KEY_PAD) ||
	    (key->soft_told && nla_put_flag(msg, SKYWIRE_A_KEY_SOFT_EXPIRED)))
		return -EMSGSIZE;
	return 0;
}

static const char *driver_name(const struct sw_key *key)
{
	return key->tx ? crypto_tfm_alg_driver_name(crypto_aead_tfm(key->tx)) :
	       "library";
}

static int fill_key(struct sk_buff *msg, void *object)
{
	struct sw_key *key = object;
	u8 slot = READ_ONCE(key->slot);

	if (sw_nl_put_device(msg, sw_key_device(key)) || put_owner(msg, key) ||
	    nla_put_u8(msg, SKYWIRE_A_KEY_CIPHER, key->cipher) ||
	    nla_put_u8(msg, SKYWIRE_A_KEY_ROLE, key->role) ||
	    nla_put_u8(msg, SKYWIRE_A_KEY_SEAL, key->seal) ||
	    nla_put_u32(msg, SKYWIRE_A_KEY_RX_INDEX, key->name.index) ||
	    nla_put_u32(msg, SKYWIRE_A_KEY_TX_INDEX, key->tx_index) ||
	    nla_put(msg, SKYWIRE_A_KEY_OPAQUE, key->opaque_len, key->opaque) ||
	    nla_put_string(msg, SKYWIRE_A_KEY_DRIVER,
			   driver_name(key)))
		return -EMSGSIZE;
	/* A key that has just been pushed out has no slot any more. */
	if (slot != SW_KEY_DEAD && nla_put_u8(msg, SKYWIRE_A_KEY_SLOT, slot))
		return -EMSGSIZE;
	return put_limits(msg, key) ?: put_use(msg, key);
}

void sw_notify_key(struct sw_key *key, u8 cmd)
{
	sw_nl_notify(sw_key_device(key), cmd, fill_key, key);
}

/* The installed key that a request names, or an ERR_PTR explained. */
static struct sw_key *named_key(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *index;
	struct sw_key *key;

	index = sw_nl_need(info, SKYWIRE_A_KEY_RX_INDEX,
			   "the key's rx-index is missing");
	if (!index)
		return ERR_PTR(-EINVAL);
	rcu_read_lock();
	/* In the table while sw_mutex is held. */
	key = sw_key_lookup(sw->cookie, nla_get_u32(index));
	rcu_read_unlock();
	if (!key || sw_key_device(key) != sw) {
		NL_SET_ERR_MSG_ATTR(info->extack, index, "no such key");
		return ERR_PTR(-ENOENT);
	}
	return key;
}

/* A link or a peer, and not both. */
static int parse_owner(struct sw_device *sw, struct genl_info *info,
		       struct sw_key_config *c)
{
	if (!info->attrs[SKYWIRE_A_KEY_LINK] ==
	    !info->attrs[SKYWIRE_A_KEY_PEER]) {
		GENL_SET_ERR_MSG(info, "a key is for a link or for a peer");
		return -EINVAL;
	}
	if (info->attrs[SKYWIRE_A_KEY_LINK]) {
		c->link = sw_nl_link(sw, info, SKYWIRE_A_KEY_LINK);
		return PTR_ERR_OR_ZERO(c->link);
	}
	c->peer = sw_nl_peer(sw, info, SKYWIRE_A_KEY_PEER);
	return PTR_ERR_OR_ZERO(c->peer);
}

/* A soft limit past the hard one would never be told. */
static int check_soft(struct genl_info *info, const struct sw_key_config *c)
{
	struct nlattr **a = info->attrs;

	if (c->soft_time > c->hard_time) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[SKYWIRE_A_KEY_SOFT_TIME],
				    "the soft time is above the hard one");
		return -ERANGE;
	}
	if (c->soft_frames > c->hard_frames) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[SKYWIRE_A_KEY_SOFT_FRAMES],
				    "more soft frames than hard ones");
		return -ERANGE;
	}
	return 0;
}

static int parse_limits(struct genl_info *info, struct sw_key_config *c)
{
	u64 max = sw_cipher_max_frames(c->cipher);
	struct nlattr **a = info->attrs;

	c->hard_time = a[SKYWIRE_A_KEY_HARD_TIME] ?
		       nla_get_u32(a[SKYWIRE_A_KEY_HARD_TIME]) : 3600;
	c->soft_time = a[SKYWIRE_A_KEY_SOFT_TIME] ?
		       nla_get_u32(a[SKYWIRE_A_KEY_SOFT_TIME]) :
		       min(120u, c->hard_time);
	if (c->hard_time > 7 * 24 * 3600) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[SKYWIRE_A_KEY_HARD_TIME],
				    "a key lives for a week at most");
		return -ERANGE;
	}
	c->soft_frames = a[SKYWIRE_A_KEY_SOFT_FRAMES] ?
			 nla_get_u64(a[SKYWIRE_A_KEY_SOFT_FRAMES]) : 0;
	c->hard_frames = a[SKYWIRE_A_KEY_HARD_FRAMES] ?
			 nla_get_u64(a[SKYWIRE_A_KEY_HARD_FRAMES]) : max;
	if (!c->hard_frames || c->hard_frames > max) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[SKYWIRE_A_KEY_HARD_FRAMES],
				    "more frames than the cipher allows, or none");
		return -ERANGE;
	}
	return check_soft(info, c);
}

static int parse_opaque(struct genl_info *info, struct sw_key_config *c)
{
	struct nlattr *attr = info->attrs[SKYWIRE_A_KEY_OPAQUE];

	if (!attr)
		return 0;
	if (nla_len(attr) > SKYWIRE_OPAQUE_LEN) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "64 bytes at most");
		return -EINVAL;
	}
	c->opaque = nla_data(attr);
	c->opaque_len = nla_len(attr);
	return 0;
}

static int parse_key(struct sw_device *sw, struct genl_info *info,
		     struct sw_key_config *c)
{
	struct nlattr *role = info->attrs[SKYWIRE_A_KEY_ROLE];
	struct nlattr *seal = info->attrs[SKYWIRE_A_KEY_SEAL];
	struct nlattr *rx = info->attrs[SKYWIRE_A_KEY_RX_INDEX];
	struct nlattr *cipher, *tx;
	int err;

	err = parse_owner(sw, info, c);
	if (err)
		return err;
	cipher = sw_nl_need(info, SKYWIRE_A_KEY_CIPHER,
			    "the cipher is missing");
	tx = sw_nl_need(info, SKYWIRE_A_KEY_TX_INDEX,
			"the tx-index is missing");
	if (!cipher || !tx)
		return -EINVAL;
	c->cipher = nla_get_u8(cipher);
	c->role = role ? nla_get_u8(role) : SKYWIRE_ROLE_INITIATOR;
	c->tx_index = nla_get_u32(tx);
	c->rx_index = rx ? nla_get_u32(rx) : 0;
	c->seal = seal ? nla_get_u8(seal) : SKYWIRE_SEAL_FULL;
	if (c->seal != SKYWIRE_SEAL_FULL && c->peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, seal,
				    "a session has no header to seal");
		return -EINVAL;
	}
	return parse_limits(info, c) ?: parse_opaque(info, c);
}

/* The bytes of a key, or NULL with the refusal explained. */
static const u8 *key_bytes(struct genl_info *info, int attr, u8 cipher)
{
	struct nlattr *a = sw_nl_need(info, attr, "the key bytes are missing");

	if (!a)
		return NULL;
	if (nla_len(a) != sw_cipher_key_len(cipher)) {
		NL_SET_ERR_MSG_ATTR(info->extack, a,
				    "not the length of the cipher's keys");
		return NULL;
	}
	return nla_data(a);
}

static int new_key(struct sw_device *sw, struct genl_info *info)
{
	struct sw_key_config c = {};
	const u8 *tx, *rx;
	struct sw_key *key;
	int err;

	err = parse_key(sw, info, &c);
	if (err)
		return err;
	tx = key_bytes(info, SKYWIRE_A_KEY_TX_KEY, c.cipher);
	rx = key_bytes(info, SKYWIRE_A_KEY_RX_KEY, c.cipher);
	if (!tx || !rx)
		return -EINVAL;
	/* One key for both directions would use each nonce twice. */
	if (!memcmp(tx, rx, sw_cipher_key_len(c.cipher))) {
		GENL_SET_ERR_MSG(info, "rx-key and tx-key must differ");
		return -EINVAL;
	}
	key = sw_key_create(&c, info->extack);
	if (IS_ERR(key))
		return PTR_ERR(key);
	err = sw_key_set(key, tx, rx);
	if (!err)
		err = sw_key_install(key, !info->attrs[SKYWIRE_A_KEY_RX_INDEX]);
	if (err == -EALREADY)
		GENL_SET_ERR_MSG(info, "the key is in use; nonces would repeat");
	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SKYWIRE_A_KEY_RX_INDEX],
				    "the rx-index is in use");
	if (err) {
		sw_key_put(key);
		return err;
	}
	sw_notify_key(key, SKYWIRE_CMD_KEY_NTF);
	/* The key is there, whatever becomes of the answer. */
	sw_nl_reply(info, SKYWIRE_CMD_KEY_NEW, fill_key, key);
	return 0;
}

static int get_key(struct sw_device *sw, struct genl_info *info)
{
	struct sw_key *key = named_key(sw, info);

	if (IS_ERR(key))
		return PTR_ERR(key);
	return sw_nl_reply(info, SKYWIRE_CMD_KEY_GET, fill_key, key);
}

static int del_key(struct sw_device *sw, struct genl_info *info)
{
	struct sw_key *key = named_key(sw, info);

	if (IS_ERR(key))
		return PTR_ERR(key);
	sw_key_remove(key);
	return 0;
}

static void wipe(struct nlattr *attr)
{
	if (attr)
		memzero_explicit(nla_data(attr), nla_len(attr));
}

int skywire_nl_key_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, get_key);
}

int skywire_nl_key_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = sw_nl_do(skb, info, new_key);

	/* The request's buffer is freed without a thought. */
	wipe(info->attrs[SKYWIRE_A_KEY_RX_KEY]);
	wipe(info->attrs[SKYWIRE_A_KEY_TX_KEY]);
	return err;
}

int skywire_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, del_key);
}

static int dump_ring(struct sw_keyring *ring, struct sw_nl_dump *dump)
{
	struct sw_key *keys[SW_KEY_SLOTS];
	int i, err = 0;

	sw_keyring_list(ring, keys);
	for (i = 0; i < SW_KEY_SLOTS && !err; i++)
		if (keys[i])
			err = sw_nl_dump_object(dump, keys[i]);
	return err;
}

static int walk_keys(struct sw_device *sw, struct sw_nl_dump *dump)
{
	struct sw_link *link;
	struct sw_peer *peer;
	int err;

	list_for_each_entry(link, &sw->links, node) {
		err = dump_ring(&link->keys, dump);
		if (err)
			return err;
	}
	list_for_each_entry(peer, &sw->peers, node) {
		err = dump_ring(&peer->keys, dump);
		if (err)
			return err;
	}
	return 0;
}

int skywire_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sw_nl_dump(skb, cb, SKYWIRE_CMD_KEY_GET, walk_keys, fill_key);
}
