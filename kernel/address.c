// SPDX-License-Identifier: GPL-2.0
/*
 * Overlay addresses: 0xfc and the first 15 bytes of BLAKE2b-256 of the public
 * key, keyed with "skywire-address" (RFC 7693). Derived here, so that no
 * request can bring an address that is not its key's.
 */
#include <crypto/hash.h>
#include "skywire.h"

static struct crypto_shash *blake2b;

int __init sw_address_init(void)
{
	static const u8 key[] = "skywire-address";
	int err;

	blake2b = crypto_alloc_shash("blake2b-256", 0, 0);
	if (IS_ERR(blake2b))
		return PTR_ERR(blake2b);
	err = crypto_shash_setkey(blake2b, key, sizeof(key) - 1);
	if (err)
		crypto_free_shash(blake2b);
	return err;
}

void sw_address_exit(void)
{
	crypto_free_shash(blake2b);
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

	err = crypto_shash_tfm_digest(blake2b, key, SKYWIRE_PUBLIC_KEY_LEN,
				      digest);
	if (err)
		return err;
	address->s6_addr[0] = 0xfc;
	memcpy(&address->s6_addr[1], digest, SKYWIRE_ADDRESS_LEN - 1);
	return 0;
}
