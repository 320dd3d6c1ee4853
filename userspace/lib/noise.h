/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b (noiseprotocol.org, revision 34).
 *
 * Two messages, each with a payload of the caller's. The initiator knows the
 * responder's static key and tells its own in the first message; the pre-shared
 * key, all zeros where there is none, enters with the second. Functions are to be
 * called in the order of the messages; one that fails ends the handshake.
 */
#ifndef _SKYWIRE_LIB_NOISE_H
#define _SKYWIRE_LIB_NOISE_H

#include <stdbool.h>
#include <stddef.h>

#include "identity.h"

enum {
	SW_NOISE_KEY	= 32,	/* pre-shared and split keys */
	SW_NOISE_HASH	= 64,
	SW_NOISE_TAG	= 16,
	/* What the messages have beside their payloads */
	SW_NOISE_FIRST	= SW_DH_LEN + SW_DH_LEN + 2 * SW_NOISE_TAG,
	SW_NOISE_SECOND	= SW_DH_LEN + SW_NOISE_TAG,
};

/* Secret, all of it: the caller keeps it in locked memory, and wipes it. */
struct sw_noise {
	__u8	hash[SW_NOISE_HASH];		/* h */
	__u8	chain[SW_NOISE_HASH];		/* ck */
	__u8	key[SW_NOISE_KEY];		/* k */
	__u64	nonce;				/* n */
	__u8	s_secret[SW_DH_LEN];		/* own static key, and ... */
	__u8	s_public[SW_DH_LEN];
	__u8	e_secret[SW_DH_LEN];		/* ... ephemeral one */
	__u8	e_public[SW_DH_LEN];
	__u8	rs[SW_DH_LEN];			/* the other side's static key */
	__u8	re[SW_DH_LEN];			/* and ephemeral one */
};

/**
 * sw_noise_init - begin
 * @ns: state
 * @prologue: what both must know, @len bytes
 * @secret: own static key; @public: its public part
 * @remote: the responder's static key, for its initiator; NULL for a responder
 */
void sw_noise_init(struct sw_noise *ns, const void *prologue, size_t len,
		   const __u8 secret[SW_DH_LEN], const __u8 public[SW_DH_LEN],
		   const __u8 *remote);

/* The own ephemeral key, before a message is written: random, used once. */
void sw_noise_ephemeral(struct sw_noise *ns, const __u8 secret[SW_DH_LEN]);

/*
 * The first message, SW_NOISE_FIRST bytes longer than its payload. Return: 0, or
 * -EINVAL where a key is weak or, reading, anything is wrong.
 */
int sw_noise_write_first(struct sw_noise *ns, __u8 *msg, const __u8 *payload,
			 size_t len);
int sw_noise_read_first(struct sw_noise *ns, const __u8 *msg, size_t msg_len,
			__u8 *payload);

/* The second, SW_NOISE_SECOND bytes longer. */
int sw_noise_write_second(struct sw_noise *ns, const __u8 psk[SW_NOISE_KEY],
			  __u8 *msg, const __u8 *payload, size_t len);
int sw_noise_read_second(struct sw_noise *ns, const __u8 psk[SW_NOISE_KEY],
			 const __u8 *msg, size_t msg_len, __u8 *payload);

/* At the end: a key for what the initiator sends, and one for the responder. */
void sw_noise_split(const struct sw_noise *ns, __u8 initiator[SW_NOISE_KEY],
		    __u8 responder[SW_NOISE_KEY]);

#endif /* _SKYWIRE_LIB_NOISE_H */
