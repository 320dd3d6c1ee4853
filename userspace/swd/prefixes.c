// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "prefixes.h"

static const __u8 *peer_of(const struct config *config,
			   const struct config_route *route)
{
	return config->peer[route->peer].key;
}

static bool holds(const struct sw_prefix *prefix, const struct sw_addr *addr)
{
	unsigned int bytes = prefix->length / 8, bits = prefix->length % 8;

	if (prefix->addr.len != addr->len ||
	    memcmp(prefix->addr.bytes, addr->bytes, bytes))
		return false;
	return !bits ||
	       !((prefix->addr.bytes[bytes] ^ addr->bytes[bytes]) >> (8 - bits));
}

bool prefixes_owner(const struct config *config, const struct sw_addr *addr,
		    __u8 key[SW_KEY_LEN])
{
	const struct config_route *best = NULL;
	unsigned int i;

	for (i = 0; i < config->routes; i++) {
		const struct config_route *route = &config->route[i];

		if (holds(&route->prefix, addr) &&
		    (!best || route->prefix.length > best->prefix.length))
			best = route;
	}
	if (best)
		memcpy(key, peer_of(config, best), SW_KEY_LEN);
	return best;
}

/* Return: 0; what the kernel has no peer for waits until it has one. */
static int give(const struct config *config, struct kernel *kernel,
		const struct config_route *route, struct sw_error *err)
{
	int rc = kernel_prefix_add(kernel, peer_of(config, route), &route->prefix,
				   err);

	return rc == -ENOENT ? 0 : rc;
}

void prefixes_give(const struct config *config, struct kernel *kernel,
		   const __u8 key[SW_KEY_LEN])
{
	struct sw_error err;
	unsigned int i;

	for (i = 0; i < config->routes; i++)
		if (!memcmp(peer_of(config, &config->route[i]), key, SW_KEY_LEN) &&
		    give(config, kernel, &config->route[i], &err))
			log_say(LOG_WARNING, "prefix of %s: %s", log_key(key),
				err.text);
}

/* What the kernel has and the configuration has not */
struct stale {
	const struct config	*config;
	struct sw_prefix	*prefix;
	unsigned int		count;
	bool			failed;
};

static bool is_wanted(const struct config *config, const struct sw_prefix *prefix)
{
	unsigned int i;

	for (i = 0; config && i < config->routes; i++)
		if (!memcmp(&config->route[i].prefix, prefix, sizeof(*prefix)))
			return true;
	return false;
}

static void note(void *arg, const __u8 peer[SW_KEY_LEN],
		 const struct sw_prefix *prefix)
{
	struct stale *s = arg;
	struct sw_prefix *more;

	(void)peer;
	if (is_wanted(s->config, prefix))
		return;
	more = reallocarray(s->prefix, s->count + 1, sizeof(*more));
	if (!more) {
		s->failed = true;
		return;
	}
	s->prefix = more;
	more[s->count++] = *prefix;
}

static int take_away(struct kernel *kernel, const struct stale *s,
		     struct sw_error *err)
{
	unsigned int i;
	int rc;

	if (s->failed)
		return sw_fail(err, ENOMEM, "out of memory");
	for (i = 0; i < s->count; i++) {
		rc = kernel_prefix_del(kernel, &s->prefix[i], err);
		if (rc && rc != -ENOENT)
			return rc;
	}
	return 0;
}

int prefixes_sync(const struct config *config, struct kernel *kernel,
		  struct sw_error *err)
{
	struct stale s = { .config = config };
	unsigned int i;
	int rc;

	rc = kernel_prefixes(kernel, note, &s, err) ?: take_away(kernel, &s, err);
	free(s.prefix);
	for (i = 0; !rc && config && i < config->routes; i++)
		rc = give(config, kernel, &config->route[i], err);
	return rc;
}
