/* SPDX-License-Identifier: GPL-2.0 */
/* Files that hold one key in its text form, a line of it. */
#ifndef _SKYWIRE_LIB_KEYFILE_H
#define _SKYWIRE_LIB_KEYFILE_H

#include "error.h"
#include "key.h"

/**
 * sw_secret_read - read a secret
 * @path: file, or "-" for standard input
 * @secret: room for SW_SECRET_MAX; the caller wipes it
 * @err: what was wrong
 *
 * A regular file that others than its owner may read or write is refused, as
 * ssh does. Standard input, pipes and the like are taken as they come.
 *
 * Return: the number of bytes, 16 or 32, or a negative errno.
 */
int sw_secret_read(const char *path, __u8 *secret, struct sw_error *err);

/* The same for a public key, which anyone may read. Return: 0 or an errno. */
int sw_public_read(const char *path, __u8 key[SW_KEY_LEN], struct sw_error *err);

/* A new file, mode 0600; one that exists is left alone. */
int sw_secret_create(const char *path, const __u8 seed[SW_SEED_LEN],
		     struct sw_error *err);

#endif /* _SKYWIRE_LIB_KEYFILE_H */
