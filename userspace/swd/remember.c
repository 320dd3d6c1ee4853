// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "remember.h"
#include "statefile.h"

/* Milliseconds */
enum { AGAIN = 60000 };

struct known {
	TAILQ_ENTRY(known)	entry;
	__u8			key[SW_KEY_LEN];
	struct sw_endpoint	at;
};

TAILQ_HEAD(knowns, known);

struct remember {
	struct statefile	file;
	const struct config	*config;
	struct knowns		known;	/* the longest not reached first */
	unsigned int		count;
	__u64			due;
};

static bool same_place(const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	return a->port == b->port && a->addr.len == b->addr.len &&
	       !memcmp(a->addr.bytes, b->addr.bytes, a->addr.len);
}

static struct known *find(struct remember *r, const __u8 key[SW_KEY_LEN])
{
	struct known *k;

	TAILQ_FOREACH(k, &r->known, entry)
		if (!memcmp(k->key, key, SW_KEY_LEN))
			return k;
	return NULL;
}

static void forget(struct remember *r, struct known *k)
{
	TAILQ_REMOVE(&r->known, k, entry);
	r->count--;
	free(k);
}

static void add(struct remember *r, const __u8 key[SW_KEY_LEN],
		const struct sw_endpoint *at)
{
	struct known *k = find(r, key);

	if (k)
		forget(r, k);
	if (r->count == REMEMBER_MAX)
		forget(r, TAILQ_FIRST(&r->known));
	k = calloc(1, sizeof(*k));
	if (!k)
		return;
	memcpy(k->key, key, SW_KEY_LEN);
	k->at = *at;
	TAILQ_INSERT_TAIL(&r->known, k, entry);
	r->count++;
}

/* --- the file: "KEY ENDPOINT" for each ------------------------------------- */

static void read_line(void *arg, const char *line)
{
	char text[SW_TEXT_MAX], where[64];
	struct sw_endpoint at;
	__u8 key[SW_KEY_LEN];
	struct sw_error err;

	if (sscanf(line, "%64s %63s", text, where) == 2 &&
	    !sw_key_parse(key, text) && !sw_parse_endpoint(where, &at, &err) &&
	    at.addr.len != 6 && !at.zone[0])
		add(arg, key, &at);
}

static void write_all(void *arg, FILE *file)
{
	char key[SW_KEY_TEXT], addr[INET6_ADDRSTRLEN];
	struct remember *r = arg;
	struct known *k;

	TAILQ_FOREACH(k, &r->known, entry) {
		bool v4 = k->at.addr.len == 4;

		sw_key_format(key, k->key);
		inet_ntop(v4 ? AF_INET : AF_INET6, k->at.addr.bytes, addr, sizeof(addr));
		fprintf(file, v4 ? "%s %s:%u\n" : "%s [%s]:%u\n", key, addr, k->at.port);
	}
}

void remember_save(struct remember *r)
{
	statefile_save(&r->file, write_all, r);
}

/* --- links ----------------------------------------------------------------- */

static bool is_configured(const struct remember *r, const struct neighbour *link)
{
	unsigned int i, j;

	for (i = 0; i < r->config->peers; i++) {
		const struct config_peer *peer = &r->config->peer[i];

		if (memcmp(peer->key, link->key, SW_KEY_LEN))
			continue;
		for (j = 0; j < peer->endpoints; j++)
			if (same_place(&peer->endpoint[j], &link->endpoint))
				return true;
	}
	return false;
}

void remember_link(struct remember *r, struct neighbour *link)
{
	const struct sw_endpoint *at = &link->endpoint;
	struct known *k;

	if (!link->reached || link->liveness != SKYWIRE_LIVENESS_ALIVE ||
	    at->addr.len == 6 || at->zone[0] || !at->port)
		return;
	k = find(r, link->key);
	if ((k ? same_place(&k->at, at) : link->remembered) || is_configured(r, link))
		return;
	/* Once: where there are more than fit they would take turns. */
	link->remembered = true;
	add(r, link->key, at);
	r->file.dirty = true;
}

static bool any_alive(struct neighbours *n)
{
	struct neighbour *l = NULL;

	while ((l = neighbours_next(n, l)))
		if (l->installed && l->liveness == SKYWIRE_LIVENESS_ALIVE)
			return true;
	return false;
}

__u64 remember_run(struct remember *r, struct neighbours *n, __u64 now)
{
	bool first = !r->due;
	struct known *k;

	if (now < r->due)
		return r->due;
	r->due = now + AGAIN;
	if (!first && any_alive(n))
		return r->due;
	TAILQ_FOREACH(k, &r->known, entry)
		neighbours_discovered(n, k->key, &k->at, now);
	return r->due;
}

void remember_hurry(struct remember *r)
{
	if (r->due > 1)
		r->due = 1;
}

struct remember *remember_open(const char *path, const struct config *config)
{
	struct remember *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->config = config;
	TAILQ_INIT(&r->known);
	statefile_load(&r->file, path, read_line, r);
	return r;
}

void remember_close(struct remember *r)
{
	if (!r)
		return;
	remember_save(r);
	while (!TAILQ_EMPTY(&r->known))
		forget(r, TAILQ_FIRST(&r->known));
	free(r);
}
