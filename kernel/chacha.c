// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 (RFC 8439), in place, of the kernel's libraries for the two.
 *
 * The first block of the key stream is Poly1305's key; what follows goes over the
 * data. The kernel's own library for both together makes the first block by itself,
 * which is too little for vector instructions. Made together with the next ones it
 * costs next to nothing, and for short packets, and headers sealed alone, that is
 * most of the work.
 */
#include <crypto/algapi.h>
#include <crypto/poly1305.h>
#include "compat.h"
#include "skywire.h"

/* As many blocks as vector instructions make at once, at the least. */
#define BLOCKS	4

/**
 * struct stream - an operation; as large as it is, it is not cleared beforehand
 * @chacha: state of the key stream, behind @block
 * @poly: Poly1305, of what has been authenticated so far
 * @block: the first blocks of the key stream, as many as are needed
 */
struct stream {
	struct sw_chacha	chacha;
	struct poly1305_desc_ctx poly;
	u8			block[BLOCKS][CHACHA_BLOCK_SIZE];
};

/* How much of the data @block goes over */
static unsigned int first_part(unsigned int len)
{
	return min_t(unsigned int, len, (BLOCKS - 1) * CHACHA_BLOCK_SIZE);
}

static void begin(struct stream *s, const u32 *key, u64 counter,
		  unsigned int len)
{
	unsigned int first = CHACHA_BLOCK_SIZE + first_part(len);
	__le32 iv[4] = {};

	/* The counter of blocks, and the nonce: 4 zero bytes and ours. */
	put_unaligned_be64(counter, &iv[2]);
	chacha_init(SW_CHACHA_STATE(&s->chacha), key, (const u8 *)iv);
	memset(s->block, 0, first);
	chacha20_crypt(SW_CHACHA_STATE(&s->chacha), s->block[0], s->block[0],
		       first);
	poly1305_init(&s->poly, s->block[0]);
}

static void apply(struct stream *s, u8 *data, unsigned int len)
{
	unsigned int first = first_part(len);

	crypto_xor(data, s->block[1], first);
	if (len > first)
		chacha20_crypt(SW_CHACHA_STATE(&s->chacha), data + first,
			       data + first, len - first);
}

/* Each call of Poly1305 costs as much as a block or two: so few of them. */
static void authenticate(struct stream *s, const u8 *data, unsigned int aad,
			 unsigned int len, u8 *tag)
{
	/* Zeros, to fill up a block, and the lengths */
	u8 end[2 * POLY1305_BLOCK_SIZE] = {};
	unsigned int pad = -len % POLY1305_BLOCK_SIZE;

	put_unaligned_le64(aad, end + POLY1305_BLOCK_SIZE);
	put_unaligned_le64(len, end + POLY1305_BLOCK_SIZE + sizeof(__le64));
	/* A frame's header is a block, a session's is not. */
	if (aad % POLY1305_BLOCK_SIZE) {
		poly1305_update(&s->poly, data, aad);
		poly1305_update(&s->poly, end, -aad % POLY1305_BLOCK_SIZE);
		data += aad;
		aad = 0;
	}
	poly1305_update(&s->poly, data, aad + len);
	poly1305_update(&s->poly, end + POLY1305_BLOCK_SIZE - pad,
			pad + POLY1305_BLOCK_SIZE);
	poly1305_final(&s->poly, tag);
}

/* poly1305_final() has cleared its own. */
static void forget(struct stream *s)
{
	memzero_explicit(&s->chacha, sizeof(s->chacha));
	memzero_explicit(s->block, sizeof(s->block));
}

/**
 * sw_chacha_seal - seal in place
 * @key: as of sw_chacha_key()
 * @counter: nonce
 * @data: what is authenticated only, and behind it what is sealed, and room for
 *	the tag
 * @aad: bytes that are authenticated only
 * @len: bytes that are sealed
 */
void sw_chacha_seal(const u32 *key, u64 counter, u8 *data, unsigned int aad,
		    unsigned int len)
{
	u8 *text = data + aad;
	struct stream s __uninitialized;

	begin(&s, key, counter, len);
	apply(&s, text, len);
	authenticate(&s, data, aad, len, text + len);
	forget(&s);
}

/**
 * sw_chacha_open - open in place
 * @key: as of sw_chacha_key()
 * @counter: nonce
 * @data: what is authenticated only, and behind it what is sealed, and the tag
 * @aad: bytes that are authenticated only
 * @len: bytes that are sealed
 *
 * Return: 0, or -EBADMSG, and nothing was changed.
 */
int sw_chacha_open(const u32 *key, u64 counter, u8 *data, unsigned int aad,
		   unsigned int len)
{
	u8 *text = data + aad, tag[SW_TAG_LEN];
	struct stream s __uninitialized;
	int err = 0;

	begin(&s, key, counter, len);
	authenticate(&s, data, aad, len, tag);
	if (crypto_memneq(tag, text + len, sizeof(tag)))
		err = -EBADMSG;
	else
		apply(&s, text, len);
	forget(&s);
	memzero_explicit(tag, sizeof(tag));
	return err;
}

/* Bring the bytes of a key into the form in which it is used. */
void sw_chacha_key(u32 *key, const u8 *bytes)
{
	int i;

	for (i = 0; i < SW_CHACHA_KEY_WORDS; i++)
		key[i] = get_unaligned_le32(bytes + 4 * i);
}
