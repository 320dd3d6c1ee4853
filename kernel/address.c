// SPDX-License-Identifier: GPL-2.0
/*
 * What is derived from a public key alone, by BLAKE2b-256 with a key that says
 * what for (RFC 7693). Derived here, so that no request can bring an address
 * that is not its key's.
 */
#include <crypto/hash.h>
#include "skywire.h"

static struct crypto_shash *for_address;
static struct crypto_shash *for_mac1;

static struct crypto_shash *alloc_hash(const char *purpose)
{
	struct crypto_shash *tfm;
	int err;

	tfm = crypto_alloc_shash("blake2b-256", 0, 0);
	if (IS_ERR(tfm))
		return tfm;
	err = crypto_shash_setkey(tfm, purpose, strlen(purpose));
	if (err) {
		crypto_free_shash(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

int __init sw_address_init(void)
{
	for_address = alloc_hash("skywire-address");
	if (IS_ERR(for_address))
		return PTR_ERR(for_address);
	for_mac1 = alloc_hash("skywire-mac1");
	if (IS_ERR(for_mac1)) {
		crypto_free_shash(for_address);
		return PTR_ERR(for_mac1);
	}
	return 0;
}

void sw_address_exit(void)
{
	crypto_free_shash(for_mac1);
	crypto_free_shash(for_address);
}

/**
 * sw_address - derive the address of a key
 * @key: public key, SKYWIRE_PUBLIC_KEY_LEN bytes
 * @address: result
 *
 * Return: 0, or what the hash driver said.
 */
int sw_address(const u8 *key, struct in6_addr *address)
{
	u8 digest[32];
	int err;

	err = crypto_shash_tfm_digest(for_address, key, SKYWIRE_PUBLIC_KEY_LEN,
				      digest);
	if (err)
		return err;
	address->s6_addr[0] = 0xfc;
	memcpy(&address->s6_addr[1], digest, SKYWIRE_ADDRESS_LEN - 1);
	return 0;
}

/**
 * sw_mac1_key - derive what handshakes to the owner of a key are marked with
 * @key: public key, SKYWIRE_PUBLIC_KEY_LEN bytes
 * @mac1_key: result
 *
 * Return: 0, or what the hash driver said.
 */
int sw_mac1_key(const u8 *key, siphash_key_t *mac1_key)
{
	__le64 digest[4];
	int err;

	err = crypto_shash_tfm_digest(for_mac1, key, SKYWIRE_PUBLIC_KEY_LEN,
				      (u8 *)digest);
	if (err)
		return err;
	mac1_key->key[0] = le64_to_cpu(digest[0]);
	mac1_key->key[1] = le64_to_cpu(digest[1]);
	return 0;
}
