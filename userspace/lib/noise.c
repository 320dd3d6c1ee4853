// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "noise.h"

enum {
	BLOCK_LEN	= 128,	/* of BLAKE2b */
	NONCE_LEN	= crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
};

static const char protocol[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b";

static_assert(sizeof(protocol) - 1 <= SW_NOISE_HASH, "it is padded, not hashed");
static_assert(crypto_scalarmult_BYTES == SW_DH_LEN, "X25519");
static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == SW_NOISE_TAG, "tags");

/* HMAC (RFC 2104) with BLAKE2b for its hash: @a and @b, one after the other. */
static void hmac(__u8 mac[SW_NOISE_HASH], const __u8 key[SW_NOISE_HASH],
		 const void *a, size_t a_len, const void *b, size_t b_len)
{
	crypto_generichash_state state;
	__u8 pad[BLOCK_LEN];
	size_t i;

	memset(pad, 0x36, sizeof(pad));
	for (i = 0; i < SW_NOISE_HASH; i++)
		pad[i] ^= key[i];
	crypto_generichash_init(&state, NULL, 0, SW_NOISE_HASH);
	crypto_generichash_update(&state, pad, sizeof(pad));
	crypto_generichash_update(&state, a, a_len);
	crypto_generichash_update(&state, b, b_len);
	crypto_generichash_final(&state, mac, SW_NOISE_HASH);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	crypto_generichash_init(&state, NULL, 0, SW_NOISE_HASH);
	crypto_generichash_update(&state, pad, sizeof(pad));
	crypto_generichash_update(&state, mac, SW_NOISE_HASH);
	crypto_generichash_final(&state, mac, SW_NOISE_HASH);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(&state, sizeof(state));
}

/* HKDF: @count outputs, 2 or 3, from the chaining key and some more. */
static void hkdf(const __u8 chain[SW_NOISE_HASH], const __u8 *more, size_t len,
		 __u8 out[][SW_NOISE_HASH], unsigned int count)
{
	__u8 temp[SW_NOISE_HASH], n;

	hmac(temp, chain, more, len, NULL, 0);
	for (n = 1; n <= count; n++)
		hmac(out[n - 1], temp, n > 1 ? out[n - 2] : NULL,
		     n > 1 ? SW_NOISE_HASH : 0, &n, 1);
	sodium_memzero(temp, sizeof(temp));
}

static void mix_hash(struct sw_noise *ns, const void *data, size_t len)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, SW_NOISE_HASH);
	crypto_generichash_update(&state, ns->hash, SW_NOISE_HASH);
	crypto_generichash_update(&state, data, len);
	crypto_generichash_final(&state, ns->hash, SW_NOISE_HASH);
}

static void set_key(struct sw_noise *ns, const __u8 key[SW_NOISE_HASH])
{
	memcpy(ns->key, key, SW_NOISE_KEY);
	ns->nonce = 0;
}

static void mix_key(struct sw_noise *ns, const __u8 *more, size_t len)
{
	__u8 out[2][SW_NOISE_HASH];

	hkdf(ns->chain, more, len, out, 2);
	memcpy(ns->chain, out[0], SW_NOISE_HASH);
	set_key(ns, out[1]);
	sodium_memzero(out, sizeof(out));
}

static void mix_psk(struct sw_noise *ns, const __u8 psk[SW_NOISE_KEY])
{
	__u8 out[3][SW_NOISE_HASH];

	hkdf(ns->chain, psk, SW_NOISE_KEY, out, 3);
	memcpy(ns->chain, out[0], SW_NOISE_HASH);
	mix_hash(ns, out[1], SW_NOISE_HASH);
	set_key(ns, out[2]);
	sodium_memzero(out, sizeof(out));
}

/* A weak key, which makes the result known to all, is refused. */
static int mix_dh(struct sw_noise *ns, const __u8 secret[SW_DH_LEN],
		  const __u8 public[SW_DH_LEN])
{
	__u8 shared[SW_DH_LEN];

	if (crypto_scalarmult(shared, secret, public))
		return -EINVAL;
	mix_key(ns, shared, sizeof(shared));
	sodium_memzero(shared, sizeof(shared));
	return 0;
}

/* A public ephemeral key enters both: in handshakes with a pre-shared key. */
static void mix_ephemeral(struct sw_noise *ns, const __u8 public[SW_DH_LEN])
{
	mix_hash(ns, public, SW_DH_LEN);
	mix_key(ns, public, SW_DH_LEN);
}

static void next_nonce(struct sw_noise *ns, __u8 nonce[NONCE_LEN])
{
	int i;

	memset(nonce, 0, NONCE_LEN);
	for (i = 0; i < 8; i++)
		nonce[4 + i] = ns->nonce >> (8 * i);
	ns->nonce++;
}

static void seal(struct sw_noise *ns, __u8 *to, const __u8 *from, size_t len)
{
	__u8 nonce[NONCE_LEN];

	next_nonce(ns, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(to, NULL, from, len, ns->hash,
						  SW_NOISE_HASH, NULL, nonce,
						  ns->key);
	mix_hash(ns, to, len + SW_NOISE_TAG);
}

static int open_sealed(struct sw_noise *ns, __u8 *to, const __u8 *from,
		       size_t len)
{
	__u8 nonce[NONCE_LEN];

	next_nonce(ns, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(to, NULL, NULL, from, len,
						      ns->hash, SW_NOISE_HASH,
						      nonce, ns->key))
		return -EINVAL;
	mix_hash(ns, from, len);
	return 0;
}

void sw_noise_init(struct sw_noise *ns, const void *prologue, size_t len,
		   const __u8 secret[SW_DH_LEN], const __u8 public[SW_DH_LEN],
		   const __u8 *remote)
{
	memset(ns, 0, sizeof(*ns));
	memcpy(ns->hash, protocol, sizeof(protocol) - 1);
	memcpy(ns->chain, ns->hash, SW_NOISE_HASH);
	memcpy(ns->s_secret, secret, SW_DH_LEN);
	memcpy(ns->s_public, public, SW_DH_LEN);
	mix_hash(ns, prologue, len);
	/* "<- s": what is known before. */
	mix_hash(ns, remote ?: public, SW_DH_LEN);
	if (remote)
		memcpy(ns->rs, remote, SW_DH_LEN);
}

void sw_noise_ephemeral(struct sw_noise *ns, const __u8 secret[SW_DH_LEN])
{
	memcpy(ns->e_secret, secret, SW_DH_LEN);
	crypto_scalarmult_base(ns->e_public, secret);
}

/* "-> e, es, s, ss" */
int sw_noise_write_first(struct sw_noise *ns, __u8 *msg, const __u8 *payload,
			 size_t len)
{
	memcpy(msg, ns->e_public, SW_DH_LEN);
	mix_ephemeral(ns, ns->e_public);
	if (mix_dh(ns, ns->e_secret, ns->rs))
		return -EINVAL;
	msg += SW_DH_LEN;
	seal(ns, msg, ns->s_public, SW_DH_LEN);
	if (mix_dh(ns, ns->s_secret, ns->rs))
		return -EINVAL;
	seal(ns, msg + SW_DH_LEN + SW_NOISE_TAG, payload, len);
	return 0;
}

int sw_noise_read_first(struct sw_noise *ns, const __u8 *msg, size_t msg_len,
			__u8 *payload)
{
	const __u8 *end = msg + msg_len;

	if (msg_len < SW_NOISE_FIRST)
		return -EINVAL;
	memcpy(ns->re, msg, SW_DH_LEN);
	mix_ephemeral(ns, ns->re);
	if (mix_dh(ns, ns->s_secret, ns->re))
		return -EINVAL;
	msg += SW_DH_LEN;
	if (open_sealed(ns, ns->rs, msg, SW_DH_LEN + SW_NOISE_TAG) ||
	    mix_dh(ns, ns->s_secret, ns->rs))
		return -EINVAL;
	msg += SW_DH_LEN + SW_NOISE_TAG;
	return open_sealed(ns, payload, msg, end - msg);
}

/* "<- e, ee, se, psk" */
int sw_noise_write_second(struct sw_noise *ns, const __u8 psk[SW_NOISE_KEY],
			  __u8 *msg, const __u8 *payload, size_t len)
{
	memcpy(msg, ns->e_public, SW_DH_LEN);
	mix_ephemeral(ns, ns->e_public);
	if (mix_dh(ns, ns->e_secret, ns->re) || mix_dh(ns, ns->e_secret, ns->rs))
		return -EINVAL;
	mix_psk(ns, psk);
	seal(ns, msg + SW_DH_LEN, payload, len);
	return 0;
}

int sw_noise_read_second(struct sw_noise *ns, const __u8 psk[SW_NOISE_KEY],
			 const __u8 *msg, size_t msg_len, __u8 *payload)
{
	if (msg_len < SW_NOISE_SECOND)
		return -EINVAL;
	memcpy(ns->re, msg, SW_DH_LEN);
	mix_ephemeral(ns, ns->re);
	if (mix_dh(ns, ns->e_secret, ns->re) || mix_dh(ns, ns->s_secret, ns->re))
		return -EINVAL;
	mix_psk(ns, psk);
	return open_sealed(ns, payload, msg + SW_DH_LEN, msg_len - SW_DH_LEN);
}

void sw_noise_split(const struct sw_noise *ns, __u8 initiator[SW_NOISE_KEY],
		    __u8 responder[SW_NOISE_KEY])
{
	__u8 out[2][SW_NOISE_HASH];

	hkdf(ns->chain, NULL, 0, out, 2);
	memcpy(initiator, out[0], SW_NOISE_KEY);
	memcpy(responder, out[1], SW_NOISE_KEY);
	sodium_memzero(out, sizeof(out));
}
