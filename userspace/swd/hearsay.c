// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "hearsay.h"

/* Milliseconds */
enum {
	ASK_EVERY	= 60000,
	ANSWER		= 10000,	/* later it is none */
	TELL_EVERY	= 30000,	/* to one neighbour */
	NEVER		= 3600000,
};

enum {
	ENOUGH		= 4,	/* links that are alive: then nobody is asked */
	TRY_MAX		= 8,	/* of one answer */
};

struct hearsay {
	const struct config		*config;
	const struct sw_identity	*self;
	struct kernel			*kernel;
	struct neighbours		*neighbours;
	__u64				due;	/* to ask */
};

static void send_to(struct hearsay *h, const struct neighbour *to, const __u8 *bytes,
		    size_t len)
{
	const struct kernel_message m = {
		.link = to->label, .payload = bytes, .len = len,
	};

	kernel_message_send(h->kernel, &m, NULL);
}

/* --- telling --------------------------------------------------------------- */

static bool is_alive(const struct neighbour *l)
{
	return l->installed && l->liveness == SKYWIRE_LIVENESS_ALIVE;
}

static bool may_be_told(const struct neighbour *l, const struct neighbour *to)
{
	return l->tells && is_alive(l) && hearsay_is_global(&l->endpoint) &&
	       memcmp(l->key, to->key, SW_KEY_LEN);
}

/* Any of those that there are: each of them with the same chance */
static void tell(struct hearsay *h, const struct neighbour *to)
{
	struct hearsay_entry entry[HEARSAY_TOLD_MAX];
	unsigned int seen = 0, count = 0, at;
	__u8 bytes[HEARSAY_LEN_MAX];
	struct neighbour *l = NULL;

	while ((l = neighbours_next(h->neighbours, l))) {
		if (!may_be_told(l, to))
			continue;
		at = count < HEARSAY_TOLD_MAX ? count++ : randombytes_uniform(seen + 1);
		seen++;
		if (at >= HEARSAY_TOLD_MAX)
			continue;
		memcpy(entry[at].key, l->key, SW_KEY_LEN);
		entry[at].at = l->endpoint;
	}
	send_to(h, to, bytes, hearsay_write(bytes, entry, count));
}

static void answer(struct hearsay *h, struct neighbour *from, __u64 now)
{
	if (!from->tells || (from->told && now - from->told < TELL_EVERY))
		return;
	from->told = now;
	tell(h, from);
}

/* --- asking ---------------------------------------------------------------- */

static bool is_neighbour(struct hearsay *h, const __u8 key[SW_KEY_LEN])
{
	struct neighbour *l = NULL;

	while ((l = neighbours_next(h->neighbours, l)))
		if (!memcmp(l->key, key, SW_KEY_LEN))
			return true;
	return !memcmp(h->self->key, key, SW_KEY_LEN);
}

static void hear(struct hearsay *h, struct neighbour *from, const __u8 *bytes,
		 size_t len, __u64 now)
{
	struct hearsay_entry entry[HEARSAY_TOLD_MAX];
	int i, tries = 0, count;

	if (!from->asked || from->heard || now - from->asked > ANSWER)
		return;
	from->heard = true;
	count = hearsay_read(entry, bytes, len);
	for (i = 0; i < count && tries < TRY_MAX; i++)
		if (!is_neighbour(h, entry[i].key))
			tries += neighbours_discovered(h->neighbours, entry[i].key,
						       &entry[i].at, now);
}

bool hearsay_message(struct hearsay *h, const struct kernel_message *m, __u64 now)
{
	struct neighbour *from = neighbours_by_label(h->neighbours, m->link);

	if (!m->len || (m->payload[0] != HEARSAY_ASK && m->payload[0] != HEARSAY_TELL))
		return false;
	if (!from || !h->config->peer_exchange)
		return true;
	if (m->payload[0] == HEARSAY_TELL)
		hear(h, from, m->payload, m->len, now);
	else if (m->len == HEARSAY_HEAD_LEN)
		answer(h, from, now);
	return true;
}

/* The one that was asked longest ago; NULL where there is none, or no need to */
static struct neighbour *whom_to_ask(struct hearsay *h)
{
	struct neighbour *l = NULL, *found = NULL;
	unsigned int alive = 0;

	while ((l = neighbours_next(h->neighbours, l))) {
		if (!is_alive(l))
			continue;
		alive++;
		if (l->tells && (!found || l->asked < found->asked))
			found = l;
	}
	return alive < ENOUGH ? found : NULL;
}

__u64 hearsay_run(struct hearsay *h, __u64 now)
{
	__u8 ask[HEARSAY_LEN_MAX];
	struct neighbour *to;

	if (!h->config->peer_exchange)
		return now + NEVER;
	if (now < h->due)
		return h->due;
	to = whom_to_ask(h);
	h->due = now + (to ? ASK_EVERY : ASK_EVERY / 10);
	if (!to)
		return h->due;
	to->asked = now;
	to->heard = false;
	send_to(h, to, ask, hearsay_write_ask(ask));
	return h->due;
}

struct hearsay *hearsay_new(const struct config *config,
			    const struct sw_identity *self, struct kernel *kernel,
			    struct neighbours *neighbours)
{
	struct hearsay *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->config = config;
	h->self = self;
	h->kernel = kernel;
	h->neighbours = neighbours;
	return h;
}

void hearsay_free(struct hearsay *h)
{
	free(h);
}
