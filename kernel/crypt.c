// SPDX-License-Identifier: GPL-2.0
/*
 * AEAD operations on packets, in place: ChaCha20-Poly1305 by a plain call,
 * and the others by drivers of the crypto API.
 *
 * An operation of a driver needs a request whose size depends on the driver.
 * Each CPU keeps one ready, of the largest size it has needed. An operation
 * takes it out, and puts it back unless the driver answers -EINPROGRESS: then
 * the request is the driver's until it completes, and the next operation on
 * that CPU allocates another. It is back before the packet goes on, because
 * going on can mean to seal again.
 *
 * While a driver that may be asynchronous works on a packet, the operation
 * pins the key, and the key pins link or peer and the device.
 */
#include <crypto/aead.h>
#include <linux/scatterlist.h>
#include "compat.h"
#include "skywire.h"

/**
 * struct sw_op - an operation
 * @size: bytes that @req has, the driver's context included
 * @skb: the packet
 * @key: the key, pinned where it is asynchronous
 * @done: goes on with the packet
 * @iv: nonce
 * @sg: the packet; it is linear
 * @req: request; the driver's context follows
 */
struct sw_op {
	unsigned int		size;
	struct sk_buff		*skb;
	struct sw_key		*key;
	sw_crypt_done_t		done;
	u8			iv[SW_NONCE_LEN];
	struct scatterlist	sg;
	struct aead_request	req;
};

static DEFINE_PER_CPU(struct sw_op *, sw_ops);

void sw_crypt_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree_sensitive(per_cpu(sw_ops, cpu));
}

static struct sw_op *take_op(struct sw_device *sw, struct crypto_aead *tfm)
{
	unsigned int size = sizeof(struct sw_op) + crypto_aead_reqsize(tfm);
	/* With bottom halves off nobody else is here, but on newer PREEMPT_RT. */
	struct sw_op *op = this_cpu_xchg(sw_ops, NULL);

	if (likely(op && op->size >= size))
		return op;
	kfree_sensitive(op);
	sw_count(sw, SKYWIRE_COUNTER_REQUEST_ALLOCS);
	op = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);
	if (op)
		op->size = size;
	return op;
}

static void give_op(struct sw_op *op)
{
	if (unlikely(this_cpu_cmpxchg(sw_ops, NULL, op)))
		kfree_sensitive(op);
}

static void op_done(struct sw_op *op, int err)
{
	struct sw_key *key = op->key;

	/* -EINPROGRESS tells that a backlogged request has started; we never
	 * ask for a backlog.
	 */
	if (err == -EINPROGRESS)
		return;
	/* Drivers may call from any context but a hard interrupt. The key goes
	 * within the RCU section, so that the module cannot be unloaded while
	 * its text is still needed here.
	 */
	local_bh_disable();
	rcu_read_lock();
	sw_count(sw_key_device(key), SKYWIRE_COUNTER_ASYNC_CRYPTS);
	op->done(op->skb, key, err);
	give_op(op);
	sw_key_put(key);
	rcu_read_unlock();
	local_bh_enable();
}

SW_CRYPTO_COMPLETION(complete_async, op_done)

static void crypt(struct sk_buff *skb, struct sw_key *key, unsigned int offset,
		  unsigned int aad, unsigned int len, bool seal,
		  sw_crypt_done_t done)
{
	__be64 counter = cpu_to_be64(sw_cb(skb)->counter);
	struct crypto_aead *tfm = seal ? key->tx : key->rx;
	bool async = key->async;
	struct sw_op *op;
	int err;

	/* Under RCU a key may be looked at that has just ended. */
	if (async && unlikely(!refcount_inc_not_zero(&key->refs))) {
		done(skb, key, -EKEYEXPIRED);
		return;
	}
	op = take_op(sw_key_device(key), tfm);
	if (unlikely(!op)) {
		err = -ENOMEM;
		goto out;
	}
	op->skb = skb;
	op->key = key;
	op->done = done;
	memset(op->iv, 0, 4);
	memcpy(op->iv + 4, &counter, 8);
	sg_init_one(&op->sg, skb->data + offset, aad + len);
	aead_request_set_tfm(&op->req, tfm);
	aead_request_set_callback(&op->req, 0, complete_async, op);
	aead_request_set_ad(&op->req, aad);
	if (seal) {
		aead_request_set_crypt(&op->req, &op->sg, &op->sg,
				       len - SW_TAG_LEN, op->iv);
		err = crypto_aead_encrypt(&op->req);
	} else {
		aead_request_set_crypt(&op->req, &op->sg, &op->sg, len, op->iv);
		err = crypto_aead_decrypt(&op->req);
	}
	if (err == -EINPROGRESS)
		return;
	give_op(op);
out:
	done(skb, key, err);
	if (async)
		sw_key_put(key);
}

static void seal_chacha(struct sk_buff *skb, struct sw_key *key,
			unsigned int offset, unsigned int aad, unsigned int len,
			sw_crypt_done_t done)
{
	sw_chacha_seal(key->tx_chacha, sw_cb(skb)->counter, skb->data + offset,
		       aad, len - SW_TAG_LEN);
	done(skb, key, 0);
}

static void open_chacha(struct sk_buff *skb, struct sw_key *key,
			unsigned int offset, unsigned int aad, unsigned int len,
			sw_crypt_done_t done)
{
	done(skb, key, sw_chacha_open(key->rx_chacha, sw_cb(skb)->counter,
				      skb->data + offset, aad,
				      len - SW_TAG_LEN));
}

/**
 * sw_seal - seal a part of a packet in place
 * @skb: owned (sw_skb_own()), with the tag's room already in its length and the
 *	counter in its cb
 * @key: key
 * @offset: bytes in front that the operation leaves alone
 * @aad: bytes after those that are authenticated only
 * @len: bytes after those, the tag's included
 * @done: called with the packet when it is ready, with bottom halves off under
 *	RCU; now, or later where the driver is asynchronous. The packet is
 *	@done's from then on, in case of an error too.
 */
void sw_seal(struct sk_buff *skb, struct sw_key *key, unsigned int offset,
	     unsigned int aad, unsigned int len, sw_crypt_done_t done)
{
	if (key->tx)
		crypt(skb, key, offset, aad, len, true, done);
	else
		seal_chacha(skb, key, offset, aad, len, done);
}

/**
 * sw_open - open a part of a packet in place
 * @skb: as of sw_seal(), and the tag stays in its length
 * @key: key
 * @offset: bytes in front that the operation leaves alone
 * @aad: bytes after those that are authenticated only
 * @len: bytes after those, the tag's included
 * @done: as of sw_seal(); -EBADMSG tells that the tag did not verify
 */
void sw_open(struct sk_buff *skb, struct sw_key *key, unsigned int offset,
	     unsigned int aad, unsigned int len, sw_crypt_done_t done)
{
	if (key->rx)
		crypt(skb, key, offset, aad, len, false, done);
	else
		open_chacha(skb, key, offset, aad, len, done);
}

/* As skb_tailroom(), which is 0 where there are fragments. */
static unsigned int tail_room(const struct sk_buff *skb)
{
	return skb_end_pointer(skb) - skb_tail_pointer(skb);
}

/**
 * sw_skb_own - make a packet fit to be sealed or opened in place
 * @sw: device that counts
 * @skb: packet, not shared
 * @head: headroom it must have
 * @tail: tailroom it must have
 * @copies: counter of the slow path
 *
 * The bytes of a clone are somebody else's too (a packet socket's, TCP's
 * retransmit queue), and those of fragments may be mapped by a user: both are
 * copied first. The skb stays the same, and so does the socket it is charged
 * to.
 *
 * Return: 0 or -ENOMEM; the skb is the caller's still.
 */
int sw_skb_own(struct sw_device *sw, struct sk_buff *skb, unsigned int head,
	       unsigned int tail, enum skywire_counter copies)
{
	unsigned int more_head, more_tail;

	if (likely(!skb_is_nonlinear(skb) && !skb_cloned(skb) &&
		   skb_headroom(skb) >= head && skb_tailroom(skb) >= tail))
		return 0;
	sw_count(sw, copies);
	/* Room for the fragments too, so that all is copied once. */
	tail += skb->data_len;
	more_head = max_t(int, head - skb_headroom(skb), 0);
	more_tail = max_t(int, tail - tail_room(skb), 0);
	if ((more_head || more_tail || skb_cloned(skb)) &&
	    pskb_expand_head(skb, SKB_DATA_ALIGN(more_head), more_tail,
			     GFP_ATOMIC))
		return -ENOMEM;
	return skb_linearize(skb);
}
