// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "lib/keyfile.h"
#include "identity.h"
#include "log.h"

/* The directory too, where it is the last one that is missing. */
static void make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[512];

	if (!slash || slash == path || slash - path >= (long)sizeof(dir))
		return;
	memcpy(dir, path, slash - path);
	dir[slash - path] = '\0';
	mkdir(dir, 0700);
}

static int generate(const char *path, __u8 seed[SW_SEED_LEN],
		    struct sw_error *err)
{
	if (sw_identity_generate(seed))
		return sw_fail(err, EIO, "libsodium does not start");
	make_directory(path);
	if (sw_secret_create(path, seed, err))
		return -EIO;
	log_say(LOG_NOTICE, "made a new identity: %s", path);
	return SW_SEED_LEN;
}

struct sw_identity *identity_load(const char *path, struct sw_error *err)
{
	struct sw_identity *identity = NULL;
	__u8 seed[SW_SECRET_MAX];
	int rc;

	sodium_mlock(seed, sizeof(seed));
	rc = sw_secret_read(path, seed, err);
	if (rc == -ENOENT)
		rc = generate(path, seed, err);
	if (rc >= 0 && rc != SW_SEED_LEN)
		rc = sw_fail(err, EINVAL, "%s: %d bytes, an identity has %d", path,
			     rc, SW_SEED_LEN);
	if (rc >= 0) {
		identity = sw_identity_new(seed);
		if (!identity)
			sw_fail(err, ENOMEM, "no memory for the identity");
	}
	sodium_munlock(seed, sizeof(seed));
	return identity;
}
