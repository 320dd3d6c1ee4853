// SPDX-License-Identifier: GPL-2.0
/*
 * What is derived from a public key alone, by BLAKE2b-256 with a key that says
 * what for (RFC 7693). Derived here, so that no request can bring an address
 * that is not its key's.
 */
#include "compat.h"
#include "skywire.h"

static struct sw_compat_hash for_address;
static struct sw_compat_hash for_mac1;

int __init sw_address_init(void)
{
	int err;

	err = sw_compat_hash_init(&for_address, "skywire-address") ?:
	      sw_compat_hash_init(&for_mac1, "skywire-mac1");
	if (err)
		sw_address_exit();
	return err;
}

void sw_address_exit(void)
{
	sw_compat_hash_exit(&for_mac1);
	sw_compat_hash_exit(&for_address);
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

	err = sw_compat_hash(&for_address, key, SKYWIRE_PUBLIC_KEY_LEN, digest);
	if (err)
		return err;
	address->s6_addr[0] = SW_ADDRESS_FIRST;
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

	err = sw_compat_hash(&for_mac1, key, SKYWIRE_PUBLIC_KEY_LEN, (u8 *)digest);
	if (err)
		return err;
	mac1_key->key[0] = le64_to_cpu(digest[0]);
	mac1_key->key[1] = le64_to_cpu(digest[1]);
	return 0;
}
