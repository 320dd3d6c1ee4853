// SPDX-License-Identifier: GPL-2.0
/* ChaCha20-Poly1305: the module's own, beside the kernel's library. */
#include "../chacha.c"

#include <crypto/chacha20poly1305.h>
#include <kunit/test.h>
#include "draw.h"

enum {
	LONGEST	= 1600,
	AAD_MAX	= 16,
	DENSE	= 4 * CHACHA_BLOCK_SIZE * 2 + 2,
};

/**
 * struct message - one, and what both make of it
 * @key: as bytes
 * @words: as sw_chacha_key() makes of it
 * @counter: nonce
 * @aad: bytes that are authenticated only
 * @len: bytes that are sealed
 * @plain: both, in the clear
 * @want: what the library makes of it, @aad in front of it
 * @got: a copy of its own for each length, to the byte
 */
struct message {
	u8		key[CHACHA20POLY1305_KEY_SIZE];
	u32		words[SW_CHACHA_KEY_WORDS];
	u64		counter;
	unsigned int	aad;
	unsigned int	len;
	u8		plain[AAD_MAX + LONGEST];
	u8		want[AAD_MAX + LONGEST + SW_TAG_LEN];
	u8		*got;
};

static void draw_bytes(u8 *bytes, unsigned int n)
{
	while (n--)
		*bytes++ = draw() >> 56;
}

static void seal(struct message *m)
{
	sw_chacha_seal(m->words, m->counter, m->got, m->aad, m->len);
}

static int open(struct message *m)
{
	return sw_chacha_open(m->words, m->counter, m->got, m->aad, m->len);
}

static bool is_plain(const struct message *m)
{
	return !memcmp(m->got, m->plain, m->aad + m->len);
}

static bool is_sealed(const struct message *m)
{
	return !memcmp(m->got, m->want, m->aad + m->len + SW_TAG_LEN);
}

/* The library has its nonces in the other order of bytes. */
static void seal_by_library(struct message *m)
{
	__be64 nonce = cpu_to_be64(m->counter);

	memcpy(m->want, m->plain, m->aad);
	chacha20poly1305_encrypt(m->want + m->aad, m->plain + m->aad, m->len,
				 m->plain, m->aad, get_unaligned_le64(&nonce),
				 m->key);
}

static void make(struct kunit *test, struct message *m, unsigned int aad,
		 unsigned int len)
{
	unsigned int all = aad + len + SW_TAG_LEN;

	draw_bytes(m->key, sizeof(m->key));
	draw_bytes(m->plain, aad + len);
	sw_chacha_key(m->words, m->key);
	m->counter = draw() >> below(64);
	m->aad = aad;
	m->len = len;
	seal_by_library(m);
	m->got = kunit_kmalloc(test, all, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->got);
	memcpy(m->got, m->plain, aad + len);
}

static int set_up(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct message), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void as_the_library(struct kunit *test)
{
	static const unsigned int aads[] = { 0, 12, 16 };
	struct message *m = test->priv;
	unsigned int i, len;

	/* Each length around the blocks that are made at once, then some */
	for (i = 0; i < ARRAY_SIZE(aads); i++) {
		for (len = 0; len <= LONGEST;
		     len += len < DENSE ? 1 : 1 + below(100)) {
			make(test, m, aads[i], len);
			seal(m);
			KUNIT_ASSERT_TRUE_MSG(test, is_sealed(m),
					      "%u bytes behind %u", len, m->aad);
			KUNIT_ASSERT_EQ(test, open(m), 0);
			KUNIT_ASSERT_TRUE_MSG(test, is_plain(m),
					      "%u bytes behind %u", len, m->aad);
			kunit_kfree(test, m->got);
		}
	}
}

/* Any bit that is changed is found, and then nothing is opened. */
static void forged(struct kunit *test)
{
	static const unsigned int lens[] = { 0, 1, 63, 64, 65, 192, 193, 300 };
	struct message *m = test->priv;
	unsigned int i, bit, all;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		make(test, m, AAD_MAX, lens[i]);
		seal(m);
		all = AAD_MAX + lens[i] + SW_TAG_LEN;
		for (bit = 0; bit < 8 * all; bit += 1 + below(8)) {
			m->got[bit / 8] ^= 1 << bit % 8;
			KUNIT_ASSERT_EQ_MSG(test, open(m), -EBADMSG,
					    "bit %u of %u bytes", bit, all);
			m->got[bit / 8] ^= 1 << bit % 8;
			KUNIT_ASSERT_TRUE(test, is_sealed(m));
		}
		m->counter++;
		KUNIT_ASSERT_EQ(test, open(m), -EBADMSG);
		m->counter--;
		m->words[i] ^= 1;
		KUNIT_ASSERT_EQ(test, open(m), -EBADMSG);
		m->words[i] ^= 1;
		KUNIT_ASSERT_EQ(test, open(m), 0);
		KUNIT_ASSERT_TRUE(test, is_plain(m));
		kunit_kfree(test, m->got);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(as_the_library),
	KUNIT_CASE(forged),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_chacha",
	.init = set_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
