// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>

#include <sodium.h>

#include "identity.h"

static_assert(crypto_sign_SECRETKEYBYTES == SW_SIGN_LEN, "secret keys");
static_assert(crypto_sign_BYTES == SW_SIGN_LEN, "signatures");

struct sw_identity *sw_identity_new(const __u8 seed[SW_SEED_LEN])
{
	struct sw_identity *identity;

	if (sodium_init() < 0)
		return NULL;
	identity = sodium_malloc(sizeof(*identity));
	if (!identity)
		return NULL;
	crypto_sign_seed_keypair(identity->key, identity->sign, seed);
	if (!crypto_sign_ed25519_sk_to_curve25519(identity->dh_secret,
						  identity->sign) &&
	    !sw_identity_convert(identity->dh_public, identity->key))
		return identity;
	sodium_free(identity);
	return NULL;
}

void sw_identity_free(struct sw_identity *identity)
{
	sodium_free(identity);
}

int sw_identity_convert(__u8 dh[SW_DH_LEN], const __u8 key[SW_KEY_LEN])
{
	return crypto_sign_ed25519_pk_to_curve25519(dh, key) ? -EINVAL : 0;
}
