// SPDX-License-Identifier: GPL-2.0
/*
 * The format:
 *
 *   0   version: 1
 *   1   reserved: 0
 *   2   count of links, at most 256 (16 bits)
 *   4   instance (32 bits)
 *   8   sequence (64 bits), not 0
 *   16  public key of the node (32 bytes)
 *   48  links
 *   ..  signature (64 bytes)
 *
 * and of a link:
 *
 *   0   public key of the neighbour (32 bytes)
 *   32  label (16 bits)
 *   34  MTU (16 bits)
 *   36  latency (32 bits)
 *   40  loss (32 bits)
 *   44  capacity (32 bits)
 *   48  price: base (32 bits)
 *   52  price: rate (32 bits)
 */
#include <errno.h>
#include <stdlib.h>

#include <sodium.h>

#include "record.h"
#include "record_octets.h"

/* What a signature of a record is a signature of; no other begins so. */
static const char context[] = "skywire-record-1";

enum {
	CONTEXT_LEN	= sizeof(context) - 1,
	/* In the order of key and label, which are the first bytes of a link. */
	ORDER_LEN	= SW_KEY_LEN + 2,
};

static const __u8 *link_at(const __u8 *bytes, unsigned int i)
{
	return bytes + RECORD_HEAD_LEN + (size_t)i * RECORD_LINK_LEN;
}

int record_size(const __u8 *bytes, size_t len)
{
	unsigned int count;

	if (len < RECORD_MIN)
		return -EBADMSG;
	if (bytes[0] != RECORD_VERSION)
		return -EPROTONOSUPPORT;
	count = get16(bytes + 2);
	if (count > RECORD_LINKS_MAX || len < RECORD_MIN + count * RECORD_LINK_LEN)
		return -EBADMSG;
	return RECORD_MIN + count * RECORD_LINK_LEN;
}

/* A label names one link. */
static bool label_is_new(__u8 seen[8192], __u16 label)
{
	__u8 bit = 1 << (label & 7);

	if (!label || seen[label >> 3] & bit)
		return false;
	seen[label >> 3] |= bit;
	return true;
}

static bool link_is_good(const __u8 *at, const __u8 *key)
{
	return memcmp(at, key, SW_KEY_LEN) &&
	       get16(at + 34) >= RECORD_MTU_MIN &&
	       get16(at + 34) <= SKYWIRE_LINK_MTU_MAX &&
	       get32(at + 40) <= RECORD_LOSS_MAX;
}

int record_check(const __u8 *bytes, size_t len)
{
	__u8 seen[8192] = { 0 };
	unsigned int i, count;
	int size;

	size = record_size(bytes, len);
	if (size < 0)
		return size;
	if ((size_t)size != len || bytes[1] || !get64(bytes + 8))
		return -EBADMSG;
	count = get16(bytes + 2);
	for (i = 0; i < count; i++) {
		const __u8 *at = link_at(bytes, i);

		if (i && memcmp(at - RECORD_LINK_LEN, at, ORDER_LEN) >= 0)
			return -EBADMSG;
		if (!link_is_good(at, bytes + 16) ||
		    !label_is_new(seen, get16(at + 32)))
			return -EBADMSG;
	}
	return 0;
}

void record_read_head(const __u8 *bytes, struct record_head *head)
{
	head->count = get16(bytes + 2);
	head->instance = get32(bytes + 4);
	head->sequence = get64(bytes + 8);
	memcpy(head->key, bytes + 16, SW_KEY_LEN);
}

void record_read_link(const __u8 *bytes, unsigned int i, struct record_link *link)
{
	const __u8 *at = link_at(bytes, i);

	memcpy(link->key, at, SW_KEY_LEN);
	link->label = get16(at + 32);
	link->mtu = get16(at + 34);
	link->latency = get32(at + 36);
	link->loss = get32(at + 40);
	link->capacity = get32(at + 44);
	link->price_base = get32(at + 48);
	link->price_rate = get32(at + 52);
}

static void write_link(__u8 *at, const struct record_link *link)
{
	memcpy(at, link->key, SW_KEY_LEN);
	put16(at + 32, link->label);
	put16(at + 34, link->mtu);
	put32(at + 36, link->latency);
	put32(at + 40, link->loss);
	put32(at + 44, link->capacity);
	put32(at + 48, link->price_base);
	put32(at + 52, link->price_rate);
}

static int by_key_and_label(const void *a, const void *b)
{
	const struct record_link *x = a, *y = b;
	int order = memcmp(x->key, y->key, SW_KEY_LEN);

	return order ?: (x->label > y->label) - (x->label < y->label);
}

int record_write(__u8 *bytes, const struct record_head *head,
		 struct record_link *links)
{
	unsigned int i;
	size_t len;

	if (head->count > RECORD_LINKS_MAX)
		return -EINVAL;
	bytes[0] = RECORD_VERSION;
	bytes[1] = 0;
	put16(bytes + 2, (__u16)head->count);
	put32(bytes + 4, head->instance);
	put64(bytes + 8, head->sequence);
	memcpy(bytes + 16, head->key, SW_KEY_LEN);
	if (head->count)
		qsort(links, head->count, sizeof(*links), by_key_and_label);
	for (i = 0; i < head->count; i++)
		write_link(bytes + RECORD_HEAD_LEN + i * RECORD_LINK_LEN, &links[i]);
	len = RECORD_MIN + head->count * RECORD_LINK_LEN;
	memset(bytes + len - RECORD_SIGNATURE_LEN, 0, RECORD_SIGNATURE_LEN);
	return record_check(bytes, len) ? -EINVAL : (int)len;
}

/* Return: bytes of @text, which is what is signed. */
static size_t signed_text(__u8 text[CONTEXT_LEN + RECORD_MAX], const __u8 *bytes,
			  size_t len)
{
	memcpy(text, context, CONTEXT_LEN);
	memcpy(text + CONTEXT_LEN, bytes, len - RECORD_SIGNATURE_LEN);
	return CONTEXT_LEN + len - RECORD_SIGNATURE_LEN;
}

void record_sign(__u8 *bytes, size_t len, const __u8 secret[RECORD_SECRET_LEN])
{
	__u8 text[CONTEXT_LEN + RECORD_MAX];

	crypto_sign_detached(bytes + len - RECORD_SIGNATURE_LEN, NULL, text,
			     signed_text(text, bytes, len), secret);
}

bool record_verify(const __u8 *bytes, size_t len)
{
	__u8 text[CONTEXT_LEN + RECORD_MAX];

	return !crypto_sign_verify_detached(bytes + len - RECORD_SIGNATURE_LEN, text,
					    signed_text(text, bytes, len), bytes + 16);
}

__u64 record_digest(const __u8 *bytes, size_t len)
{
	__u8 hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), bytes, len, NULL, 0);
	return get64(hash);
}
