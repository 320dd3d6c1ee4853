/* SPDX-License-Identifier: GPL-2.0 */
/* What a node is: one key pair, in the forms that it is used in. */
#ifndef _SKYWIRE_LIB_IDENTITY_H
#define _SKYWIRE_LIB_IDENTITY_H

#include "key.h"

enum {
	SW_DH_LEN	= 32,	/* X25519 keys */
	SW_SIGN_LEN	= 64,	/* signatures, and what makes them */
};

/*
 * Secret: to be had from
 * sw_identity_new() alone, in memory that is locked, and wiped when it goes.
 */
struct sw_identity {
	__u8	key[SW_KEY_LEN];	/* Ed25519, public: the node's name */
	__u8	sign[SW_SIGN_LEN];	/* Ed25519, secret */
	__u8	dh_secret[SW_DH_LEN];	/* X25519 form of both */
	__u8	dh_public[SW_DH_LEN];
};

/* Return: the identity, or NULL without memory or libsodium. */
struct sw_identity *sw_identity_new(const __u8 seed[SW_SEED_LEN]);
void sw_identity_free(struct sw_identity *identity);

/*
 * The X25519 form of a node's key. Two keys, that differ in a sign, have the
 * same one. Return: 0, or -EINVAL where @key is no key that anybody may have.
 */
int sw_identity_convert(__u8 dh[SW_DH_LEN], const __u8 key[SW_KEY_LEN]);

#endif /* _SKYWIRE_LIB_IDENTITY_H */
