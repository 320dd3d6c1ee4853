// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <uthash.h>

#include "ciphers.h"
#include "event.h"
#include "log.h"
#include "offer.h"
#include "sessions.h"

/* Milliseconds */
enum {
	RETRY		= 500,		/* and twice as long each time */
	RETRY_LATER	= 10000,	/* of a session that has a key */
	RETRY_LINK	= 30000,	/* for the path by a link */
	AHEAD		= 60000,	/* from one try of relays beside a link to the next */
	RENEW		= 5000,		/* a key that nothing comes back by, from its age on */
	KEYLESS		= 30000,	/* what an earlier daemon left, until it goes */
	KEY_LIFE	= 3600000,	/* as the kernel has it */
	NEVER		= 3600000,
};

enum {
	TRIES_MAX	= 4,		/* an answer may take as long as the last waits */
	OPAQUE_VERSION	= 1,		/* of what a key has for a later daemon */
	PENDING_MAX	= 8,		/* addresses of a peer that packets wait for */
	RELAYED_FIRST	= 10,		/* preference: behind the direct ones */
	LEARNED		= 1000,		/* and behind those that were computed */
	LOOKS		= 8,		/* at sessions, for the one that is used least */
	REROUTES	= 4,		/* in a run: each may take milliseconds */
	SIMILAR		= 8,		/* costs that differ by less than one in so many */
};

/* A message over relays; the handshake's own follows. */
struct head {
	__u8	type;		/* enum type */
	__u8	reserved[3];	/* sent as zero, not looked at */
	__be32	index;		/* the offer's, which its answer repeats */
};

enum type {
	OFFER	= 1,
	ANSWER	= 2,
};

enum { MESSAGE_MAX = sizeof(struct head) + SW_EXCHANGE_MAX };

TAILQ_HEAD(session_list, session);

/* Sessions that make room for each other, the longest not looked at first. */
struct pool {
	UT_hash_handle			hh;
	__u16				via;	/* the link that they came in by */
	unsigned int			count;
	struct session_list		sessions;
};

/* A link without the path by it */
struct pathless {
	LIST_ENTRY(pathless)	entry;
	__u16			label;
	__u8			key[SW_KEY_LEN];
};

LIST_HEAD(pathlesses, pathless);

struct session {
	TAILQ_ENTRY(session)	by_pool;
	TAILQ_ENTRY(session)	by_stale;
	UT_hash_handle		hh;
	struct pool		*pool;		/* NULL: is not displaced */
	__u8			key[SW_KEY_LEN];
	struct kernel_path	path[SKYWIRE_PATHS_MAX];	/* id 0: free */
	unsigned int		direct;		/* paths without relays */
	bool			stale;		/* its routes may be others, ... */
	bool			relays;		/* ... or are wanted beside its link, ... */
	__u64			ahead;		/* ... ahead of need, not before */
	/* The session, which a peer that is only a neighbour has not */
	bool			wanted;
	bool			own;		/* and by us */
	__u16			via;		/* or by an offer that came in by this link */
	__u64			keyed;		/* 0: no key yet */
	__u64			due;
	struct offer		offer;
	unsigned int		tries;
	unsigned int		turn;		/* which path the next offer takes */
	__u64			packets;	/* at the last look, for who is idle, ... */
	__u64			used;		/* ... and for who is to make room */
	/* Destinations that packets wait for */
	struct sw_addr		pending[PENDING_MAX];
	unsigned int		pendings;
};

struct sessions {
	const struct config		*config;
	const struct sw_identity	*self;
	struct kernel			*kernel;
	struct times			*times;
	const struct neighbours		*neighbours;
	const struct sessions_routes	*routes;
	struct session			*all;
	struct pool			own;
	struct pool			*strangers;	/* by link */
	unsigned int			stranger_count;
	__u64				displaced;
	__u64				twin;
	struct session_list		stale;		/* the longest first */
	struct pathlesses		pathless;
	__u64				retry;		/* for these */
};

static void tell(const struct session *p, const char *object, const char *what)
{
	event_tell(&(struct event) {
		.object = object, .what = what, .key = p->key
	});
}

static struct session *find(struct sessions *s, const __u8 key[SW_KEY_LEN])
{
	struct session *p;

	HASH_FIND(hh, s->all, key, SW_KEY_LEN, p);
	return p;
}

static bool has_paths(const struct session *p)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (p->path[i].id)
			return true;
	return false;
}

static bool is_own(const struct sessions *s, const struct pool *pool)
{
	return pool == &s->own;
}

static void leave_pool(struct sessions *s, struct session *p)
{
	struct pool *pool = p->pool;

	if (!pool)
		return;
	p->pool = NULL;
	pool->count--;
	TAILQ_REMOVE(&pool->sessions, p, by_pool);
	if (is_own(s, pool))
		return;
	s->stranger_count--;
	if (pool->count)
		return;
	HASH_DEL(s->strangers, pool);
	free(pool);
}

static struct pool *pool_of_link(struct sessions *s, __u16 via)
{
	struct pool *pool;

	HASH_FIND(hh, s->strangers, &via, sizeof(via), pool);
	if (pool)
		return pool;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return NULL;
	pool->via = via;
	TAILQ_INIT(&pool->sessions);
	HASH_ADD(hh, s->strangers, via, sizeof(pool->via), pool);
	return pool;
}

static void join_pool(struct sessions *s, struct session *p, struct pool *pool)
{
	if (!pool || pool == p->pool)
		return;
	leave_pool(s, p);
	p->pool = pool;
	pool->count++;
	TAILQ_INSERT_TAIL(&pool->sessions, p, by_pool);
	if (!is_own(s, pool))
		s->stranger_count++;
}

/* To be called whenever what it goes by has changed. */
static void find_pool(struct sessions *s, struct session *p)
{
	if (p->direct || !p->wanted)
		leave_pool(s, p);
	else
		join_pool(s, p, p->own ? &s->own : pool_of_link(s, p->via));
}

static void answer_pending(struct sessions *s, struct session *p, __u8 verdict)
{
	while (p->pendings)
		kernel_miss_answer(s->kernel, &p->pending[--p->pendings], verdict,
				   NULL);
}

static void mark_stale(struct sessions *s, struct session *p)
{
	if (p->stale)
		return;
	p->stale = true;
	TAILQ_INSERT_TAIL(&s->stale, p, by_stale);
}

static void unmark_stale(struct sessions *s, struct session *p)
{
	if (!p->stale)
		return;
	p->stale = false;
	TAILQ_REMOVE(&s->stale, p, by_stale);
}

static void release(struct sessions *s, struct session *p)
{
	answer_pending(s, p, SKYWIRE_VERDICT_REFUSE);
	offer_drop(&p->offer);
	leave_pool(s, p);
	unmark_stale(s, p);
	HASH_DEL(s->all, p);
	free(p);
}

static void tell_gone(const struct session *p)
{
	if (p->keyed)
		tell(p, "session", "gone");
}

static void remove_peer(struct sessions *s, struct session *p)
{
	tell_gone(p);
	kernel_peer_del(s->kernel, p->key, NULL);
	release(s, p);
}

/* How many packets it had since the last time that this was asked */
static __u64 use_of(struct sessions *s, struct session *p)
{
	__u64 before = p->used;

	return kernel_peer_packets(s->kernel, p->key, &p->used) ? 0 : p->used - before;
}

/* Those that were looked at go to the end of the queue. */
static struct session *least_used(struct sessions *s, struct pool *pool)
{
	unsigned int i, looks = pool->count < LOOKS ? pool->count : LOOKS;
	struct session *p, *least = TAILQ_FIRST(&pool->sessions);
	__u64 use, least_use = UINT64_MAX;

	for (i = 0; i < looks; i++) {
		p = TAILQ_FIRST(&pool->sessions);
		TAILQ_REMOVE(&pool->sessions, p, by_pool);
		TAILQ_INSERT_TAIL(&pool->sessions, p, by_pool);
		use = use_of(s, p);
		if (use >= least_use)
			continue;
		least = p;
		least_use = use;
	}
	return least;
}

static struct pool *largest(struct sessions *s)
{
	struct pool *pool, *next, *most = NULL;

	HASH_ITER(hh, s->strangers, pool, next)
		if (!most || pool->count > most->count)
			most = pool;
	return most;
}

static void displace(struct sessions *s, struct pool *pool)
{
	struct session *p = least_used(s, pool);

	s->displaced++;
	log_remote(LOG_INFO, "the session with %s makes room for another",
		   log_key(p->key));
	remove_peer(s, p);
}

/* For a session that a stranger asks for. Not while all are gone through. */
static void make_room_for_stranger(struct sessions *s)
{
	while (s->stranger_count >= SESSIONS_STRANGERS)
		displace(s, largest(s));
}

/* For one that we ask for ourselves. */
static void make_room_for_own(struct sessions *s)
{
	while (s->own.count >= SESSIONS_OWN)
		displace(s, &s->own);
}

/* A peer that the kernel has; NULL where there is no room. */
static struct session *enter(struct sessions *s, const __u8 key[SW_KEY_LEN])
{
	struct session *p = find(s, key);

	if (p)
		return p;
	if (HASH_COUNT(s->all) < SESSIONS_MAX)
		p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	memcpy(p->key, key, SW_KEY_LEN);
	p->due = UINT64_MAX;
	HASH_ADD(hh, s->all, key, SW_KEY_LEN, p);
	return p;
}

/* The peer of a key, in the kernel as well; NULL, having said why, if not. */
static struct session *get(struct sessions *s, const __u8 key[SW_KEY_LEN])
{
	struct session *p = find(s, key);
	struct sw_error err = { "no room" };

	if (p)
		return p;
	p = enter(s, key);
	if (p && !kernel_peer_add(s->kernel, key, &err)) {
		s->routes->peered(s->routes->arg, key);
		return p;
	}
	log_remote(LOG_WARNING, "peer %s: %s", log_key(key), err.text);
	if (p)
		release(s, p);
	return NULL;
}

/* --- paths ----------------------------------------------------------------- */

static bool same_way(const struct kernel_path *a, const struct kernel_path *b)
{
	return a->link == b->link && a->count == b->count &&
	       !memcmp(a->label, b->label, a->count * sizeof(a->label[0]));
}

static struct kernel_path *find_path(struct session *p,
				     const struct kernel_path *way)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (p->path[i].id && same_way(&p->path[i], way))
			return &p->path[i];
	return NULL;
}

static bool is_learned(const struct kernel_path *path)
{
	return path->id && path->preference >= LEARNED;
}

static void delete_path(struct sessions *s, struct session *p,
			struct kernel_path *path)
{
	kernel_path_del(s->kernel, p->key, path->id, NULL);
	path->id = 0;
}

/* A place for a path; the worst one makes room for one that is better. */
static struct kernel_path *free_path(struct sessions *s, struct session *p,
				     __u32 preference)
{
	struct kernel_path *worst = &p->path[0];
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		if (!p->path[i].id)
			return &p->path[i];
		if (p->path[i].preference > worst->preference)
			worst = &p->path[i];
	}
	if (worst->preference <= preference)
		return NULL;
	delete_path(s, p, worst);
	return worst;
}

/* A path without relays has no terms. */
static bool same_terms(const struct kernel_path *a, const struct kernel_path *b)
{
	return !a->count || (a->mtu == b->mtu && a->postage_base == b->postage_base &&
			     a->postage_rate == b->postage_rate);
}

/* It stays what it is, with all that the kernel has seen of it. */
static bool change_path(struct sessions *s, struct session *p, struct kernel_path *path,
			const struct kernel_path *way, __u32 preference)
{
	struct kernel_path new = *way;
	struct sw_error err;

	memcpy(new.peer, p->key, SW_KEY_LEN);
	new.id = path->id;
	new.state = path->state;
	new.preference = preference;
	if (kernel_path_set(s->kernel, &new, &err)) {
		log_remote(LOG_INFO, "path to %s: %s", log_key(p->key), err.text);
		return false;
	}
	*path = new;
	return true;
}

/* Have this path, whatever there is. Return: false where it cannot be. */
static bool add_path(struct sessions *s, struct session *p,
		     const struct kernel_path *way, __u32 preference)
{
	struct kernel_path *path = find_path(p, way);
	struct sw_error err;

	if (path && path->preference == preference && same_terms(path, way))
		return true;
	if (path)
		return change_path(s, p, path, way, preference);
	path = free_path(s, p, preference);
	if (!path)
		return false;
	*path = *way;
	memcpy(path->peer, p->key, SW_KEY_LEN);
	path->id = 0;
	path->preference = preference;
	if (!kernel_path_add(s->kernel, path, &err))
		return true;
	log_remote(LOG_INFO, "path to %s: %s", log_key(p->key), err.text);
	path->id = 0;
	return false;
}

static bool is_among(const struct kernel_path *path,
		     const struct kernel_path *ways, unsigned int n)
{
	while (n--)
		if (same_way(path, &ways[n]))
			return true;
	return false;
}

static void add_ways(struct sessions *s, struct session *p,
		     const struct kernel_path *way, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		add_path(s, p, &way[i], RELAYED_FIRST + i);
}

/*
 * Of two that cost nearly the same, the one that was before the other stays there: what
 * they carry is part of what they cost, and traffic would go to and fro.
 */
static void keep_order(struct session *p, struct kernel_path *way, unsigned int n)
{
	const struct kernel_path *was, *next;
	struct kernel_path first;

	for (; n-- > 1; ) {
		was = find_path(p, &way[n]);
		next = find_path(p, &way[n - 1]);
		if (!was || !next || was->preference > next->preference ||
		    way[n].cost - way[n - 1].cost > way[n - 1].cost / SIMILAR)
			continue;
		first = way[n];
		way[n] = way[n - 1];
		way[n - 1] = first;
	}
}

/* Bring the paths over relays to what the routes are. Return: may that be otherwise soon? */
static bool route(struct sessions *s, struct session *p)
{
	struct kernel_path way[SKYWIRE_PATHS_MAX], *path;
	bool changed = false;
	unsigned int i, n;
	int rc;

	rc = s->routes->paths(s->routes->arg, p->key, way,
			      SKYWIRE_PATHS_MAX - p->direct);
	n = rc < 0 ? 0 : rc;
	for (i = 0; i < n; i++)
		changed |= !find_path(p, &way[i]);
	keep_order(p, way, n);
	add_ways(s, p, way, n);
	/*
	 * Only now, so that there always was one; and none goes where no other is
	 * known: a map that begins anew knows little.
	 */
	for (i = 0; n && i < SKYWIRE_PATHS_MAX; i++) {
		path = &p->path[i];
		if (path->id && path->count && !is_learned(path) &&
		    !is_among(path, way, n)) {
			delete_path(s, p, path);
			changed = true;
		}
	}
	/* What the old ones had no room for */
	add_ways(s, p, way, n);
	if (changed)
		tell(p, "route", "changed");
	return rc == -EAGAIN;
}

/* Return: false where there is no room for the path. */
static bool link_path(struct sessions *s, const __u8 key[SW_KEY_LEN], __u16 label)
{
	struct kernel_path way = { .link = label };
	struct session *p = get(s, key);

	if (!p || !add_path(s, p, &way, 0))
		return false;
	p->direct++;
	find_pool(s, p);
	return true;
}

static void retry_links(struct sessions *s, __u64 now)
{
	struct pathless *l, *next;

	for (l = LIST_FIRST(&s->pathless); l; l = next) {
		next = LIST_NEXT(l, entry);
		if (!link_path(s, l->key, l->label))
			continue;
		LIST_REMOVE(l, entry);
		free(l);
	}
	s->retry = LIST_EMPTY(&s->pathless) ? UINT64_MAX : now + RETRY_LINK;
}

void sessions_link_up(struct sessions *s, const struct neighbour *link)
{
	struct pathless *l;

	if (link_path(s, link->key, link->label))
		return;
	l = calloc(1, sizeof(*l));
	if (!l)
		return;
	l->label = link->label;
	memcpy(l->key, link->key, SW_KEY_LEN);
	LIST_INSERT_HEAD(&s->pathless, l, entry);
	s->retry = 0;
}

static void forget_pathless(struct sessions *s, __u16 label)
{
	struct pathless *l;

	LIST_FOREACH(l, &s->pathless, entry)
		if (l->label == label)
			break;
	if (!l)
		return;
	LIST_REMOVE(l, entry);
	free(l);
}

/* The kernel has deleted, or will delete, all paths through the link. */
static void cut(struct sessions *s, struct session *p, __u16 link)
{
	bool lost = false;
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		if (!p->path[i].id || p->path[i].link != link)
			continue;
		if (!p->path[i].count)
			p->direct--;
		p->path[i].id = 0;
		lost = true;
	}
	/* Whether there is another way is found out soon. */
	if (p->wanted && (lost || !has_paths(p)))
		mark_stale(s, p);
	if (has_paths(p) || p->stale)
		find_pool(s, p);
	else
		remove_peer(s, p);
}

void sessions_link_down(struct sessions *s, const struct neighbour *link)
{
	struct session *p, *next;

	HASH_ITER(hh, s->all, p, next)
		cut(s, p, link->label);
	forget_pathless(s, link->label);
	/* There may be room for others now. */
	if (!LIST_EMPTY(&s->pathless))
		s->retry = 0;
}

void sessions_reroute(struct sessions *s)
{
	struct session *p, *next;

	HASH_ITER(hh, s->all, p, next)
		if (p->wanted || p->relays)
			mark_stale(s, p);
}

/* --- messages -------------------------------------------------------------- */

static int send_message(struct sessions *s, const struct kernel_path *way,
			__u8 type, __u32 index, const __u8 *msg, size_t len,
			__u32 postage)
{
	struct head head = { .type = type, .index = htonl(index) };
	__u8 buf[MESSAGE_MAX];
	struct kernel_message m = {
		.link = way->link, .count = way->count, .postage = postage,
		.payload = buf, .len = sizeof(head) + len,
	};

	memcpy(m.label, way->label, sizeof(m.label));
	memcpy(buf, &head, sizeof(head));
	memcpy(buf + sizeof(head), msg, len);
	return kernel_message_send(s->kernel, &m, NULL);
}

/* The next of the paths over relays, each in its turn. */
static const struct kernel_path *next_way(struct session *p)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		const struct kernel_path *path =
			&p->path[p->turn++ % SKYWIRE_PATHS_MAX];

		if (path->id && path->count)
			return path;
	}
	return NULL;
}

/* What the answer costs is put on top of what the offer does. */
static __u32 postage_for(const struct kernel_path *way, size_t len)
{
	__u64 fee = way->postage_base +
		    (((__u64)way->postage_rate * len + 0xfffff) >> 20);

	return 2 * fee > UINT32_MAX ? UINT32_MAX : 2 * fee;
}

/* Only the answer to the last offer is taken, and it may come from far away. */
static unsigned int wait_after(unsigned int tries)
{
	return tries > TRIES_MAX ? RETRY_LATER : RETRY << (tries - 1);
}

static void make_offer(struct sessions *s, struct session *p, __u64 now)
{
	const struct kernel_path *way = next_way(p);
	__u8 msg[SW_EXCHANGE_MAX];
	struct sw_terms own = {
		.time = times_next(s->times), .lanes = 1,
		.ciphers = ciphers_offered(s->config),
	};
	int len;

	p->tries++;
	p->due = now + wait_after(p->tries);
	offer_drop(&p->offer);
	if (!way)
		return;
	len = offer_make(&p->offer, s->self, SW_LAYER_SESSION, p->key, &own, msg, now);
	if (len > 0)
		send_message(s, way, OFFER, p->offer.index, msg, len,
			     postage_for(way, sizeof(struct head) + len));
}

static const __u8 *psk_of(const struct sessions *s, const struct session *p)
{
	return neighbours_psk(s->neighbours, p->key);
}

static int install_key(struct sessions *s, struct session *p,
		       const struct sw_exchange *x, const struct sw_terms *chosen,
		       struct kernel_key *key)
{
	struct sw_lane_keys keys;
	struct sw_error err;
	int rc;

	memcpy(key->peer, p->key, SW_KEY_LEN);
	key->cipher = ciphers_only(chosen->ciphers);
	key->soft_time = s->config->rekey_after;
	key->opaque[0] = OPAQUE_VERSION;
	key->opaque_len = 1;
	sw_exchange_keys(x, key->cipher, 0, &keys);
	rc = kernel_key_add(s->kernel, key, keys.tx, keys.rx, keys.len, &err);
	sodium_memzero(&keys, sizeof(keys));
	if (rc)
		log_remote(LOG_WARNING, "session with %s: %s", log_key(p->key),
			   err.text);
	return rc;
}

static void keyed(struct sessions *s, struct session *p, bool responder, __u64 now)
{
	__u64 after = s->config->rekey_after * 1000ull;

	if (!p->keyed) {
		log_remote(LOG_INFO, "session with %s", log_key(p->key));
		tell(p, "session", "made");
	}
	p->wanted = true;
	find_pool(s, p);
	p->keyed = now;
	if (!offer_is_over(&p->offer, responder, s->self->key, p->key))
		return;
	p->tries = 0;
	p->due = now + after + (responder ? after / 4 : 0);
}

static void take_answer(struct sessions *s, __u32 index, const __u8 *msg,
			size_t len, __u64 now)
{
	struct kernel_key key = { .role = SKYWIRE_ROLE_INITIATOR };
	struct session *p, *next;
	struct sw_terms theirs;

	HASH_ITER(hh, s->all, p, next)
		if (p->offer.exchange && p->offer.index == index)
			break;
	if (!p || sw_exchange_conclude(p->offer.exchange, psk_of(s, p), msg, len, &theirs))
		return;
	key.rx_index = p->offer.index;
	key.tx_index = theirs.index[0];
	if (install_key(s, p, p->offer.exchange, &theirs, &key)) {
		offer_drop(&p->offer);
		return;
	}
	keyed(s, p, false, now);
	answer_pending(s, p, SKYWIRE_VERDICT_RELEASE);
}

static void answer(struct sessions *s, struct session *p, struct sw_exchange *x,
		   const struct sw_terms *theirs, const struct kernel_path *back,
		   __u32 postage, __u64 now)
{
	struct kernel_key key = {
		.role = SKYWIRE_ROLE_RESPONDER, .tx_index = theirs->index[0],
	};
	struct sw_terms own = {
		.time = theirs->time, .lanes = 1,
		.ciphers = ciphers_choose(s->config, theirs->ciphers),
	};
	__u8 msg[SW_EXCHANGE_MAX];
	int len;

	key.rx_index = offer_draw_index();
	own.index[0] = key.rx_index;
	len = sw_exchange_answer(x, psk_of(s, p), &own, msg);
	if (len < 0 || install_key(s, p, x, &own, &key))
		return;
	keyed(s, p, true, now);
	send_message(s, back, ANSWER, theirs->index[0], msg, len, postage);
}

static bool is_twin(struct sessions *s, const __u8 key[SW_KEY_LEN], __u64 now)
{
	if (memcmp(key, s->self->key, SW_KEY_LEN))
		return false;
	log_remote(LOG_WARNING, "another node has this node's key");
	s->twin = now;
	return true;
}

static void take_offer(struct sessions *s, const struct kernel_message *m,
		       const __u8 *msg, size_t len, __u64 now)
{
	struct sw_exchange *x = sw_exchange_new(s->self, SW_LAYER_SESSION, NULL);
	struct kernel_path back = { .link = m->link, .count = m->count };
	struct sw_terms theirs;
	struct session *p;
	bool known;

	memcpy(back.label, m->label, sizeof(back.label));
	if (!x || sw_exchange_hear(x, msg, len, &theirs) ||
	    is_twin(s, theirs.key, now) ||
	    !times_take(s->times, SW_LAYER_SESSION, theirs.key, theirs.time))
		goto out;
	p = find(s, theirs.key);
	known = p;
	if (known && offer_counts(&p->offer, s->self->key, p->key, now))
		goto out;
	if (!known)
		make_room_for_stranger(s);
	p = get(s, theirs.key);
	if (!p)
		goto out;
	if (!p->wanted) {
		p->via = m->link;
		mark_stale(s, p);
	}
	/* The way it came is one to go, where nothing better is known. */
	if (!find_path(p, &back))
		add_path(s, p, &back, LEARNED);
	if (has_paths(p))
		answer(s, p, x, &theirs, &back, m->postage, now);
	if (!has_paths(p) || (!known && !p->wanted))
		remove_peer(s, p);
out:
	sw_exchange_free(x);
}

void sessions_message(struct sessions *s, const struct kernel_message *m, __u64 now)
{
	const __u8 *msg = m->payload + sizeof(struct head);
	size_t len = m->len - sizeof(struct head);
	struct head head;

	if (m->len < sizeof(head) || !m->count)
		return;
	memcpy(&head, m->payload, sizeof(head));
	if (head.type == OFFER)
		take_offer(s, m, msg, len, now);
	else if (head.type == ANSWER)
		take_answer(s, ntohl(head.index), msg, len, now);
}

static void want_relays(struct sessions *s, struct session *p, __u16 via)
{
	p->relays = true;
	p->via = via;
	mark_stale(s, p);
}

/*
 * The kernel does not ask for what a dead link would carry. Whoever has a link with
 * the peer gets a session with it as well, if there is a way.
 */
void sessions_link_dead(struct sessions *s, const struct neighbour *link)
{
	struct session *p = find(s, link->key);

	if (p && !p->wanted)
		want_relays(s, p, link->label);
}

static __u16 direct_link(const struct session *p)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (p->path[i].id && !p->path[i].count)
			return p->path[i].link;
	return 0;
}

void sessions_look_ahead(struct sessions *s, __u64 now)
{
	struct session *p, *next;

	HASH_ITER(hh, s->all, p, next) {
		if (!p->direct || p->wanted || now < p->ahead || !use_of(s, p))
			continue;
		p->ahead = now + AHEAD;
		want_relays(s, p, direct_link(p));
	}
}

static bool all_suspect(const struct session *p)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (p->path[i].id && p->path[i].state != SKYWIRE_PATH_STATE_SUSPECT)
			return false;
	return true;
}

void sessions_path(struct sessions *s, const struct kernel_path *path, __u64 now)
{
	struct session *p = find(s, path->peer);
	unsigned int i;
	__u64 due;

	for (i = 0; p && i < SKYWIRE_PATHS_MAX; i++)
		if (p->path[i].id == path->id)
			p->path[i].state = path->state;
	if (!p || !p->keyed || p->offer.exchange || !all_suspect(p))
		return;
	due = now < p->keyed + RENEW ? p->keyed + RENEW : now;
	if (due < p->due)
		p->due = due;
}

static void go_by_relays(struct sessions *s, struct session *p, __u64 now)
{
	if (!next_way(p))
		return;
	p->wanted = true;
	find_pool(s, p);
	p->tries = 0;
	make_offer(s, p, now);
}

/* Packets may have waited for a path. */
static void offer_at_last(struct sessions *s, struct session *p, __u64 now)
{
	if (!p->pendings || p->offer.exchange)
		return;
	p->tries = 0;
	make_offer(s, p, now);
}

/* Others' work must not wait until all have been looked at. */
static void reroute_some(struct sessions *s, __u64 now)
{
	struct session *p;
	bool undecided;
	unsigned int i;

	for (i = 0; i < REROUTES && (p = TAILQ_FIRST(&s->stale)); i++) {
		unmark_stale(s, p);
		undecided = (p->wanted || p->relays) && route(s, p);
		if (p->relays && !p->wanted)
			go_by_relays(s, p, now);
		p->relays &= undecided;
		if (has_paths(p))
			offer_at_last(s, p, now);
		else if (!undecided)
			remove_peer(s, p);
	}
}

/* --- packets that wait ----------------------------------------------------- */

static void refuse(struct sessions *s, const struct sw_addr *addr)
{
	kernel_miss_answer(s->kernel, addr, SKYWIRE_VERDICT_REFUSE, NULL);
}

static bool is_pending(const struct session *p, const struct sw_addr *addr)
{
	unsigned int i;

	for (i = 0; i < p->pendings; i++)
		if (p->pending[i].len == addr->len &&
		    !memcmp(p->pending[i].bytes, addr->bytes, addr->len))
			return true;
	return false;
}

/* A session is wanted, for the packets to @addr among others. */
static void want(struct sessions *s, struct session *p, const struct sw_addr *addr,
		 __u64 now)
{
	if (!is_pending(p, addr) && p->pendings < PENDING_MAX)
		p->pending[p->pendings++] = *addr;
	p->wanted = true;
	p->own = true;
	find_pool(s, p);
	if (!p->offer.exchange) {
		p->tries = 0;
		make_offer(s, p, now);
	}
}

void sessions_miss(struct sessions *s, const struct sw_addr *addr, __u64 now)
{
	__u8 key[SW_KEY_LEN];
	struct session *p;

	if (!s->routes->owner(s->routes->arg, addr, key) ||
	    !memcmp(key, s->self->key, SW_KEY_LEN)) {
		refuse(s, addr);
		return;
	}
	if (!find(s, key))
		make_room_for_own(s);
	p = get(s, key);
	if (p && (route(s, p) || next_way(p))) {
		want(s, p, addr, now);
		return;
	}
	refuse(s, addr);
	if (p && !has_paths(p))
		remove_peer(s, p);
}

/* --- adoption -------------------------------------------------------------- */

struct adoption {
	struct sessions	*s;
	__u64		now;
};

/* Is it one that a daemon has made, over relays? */
static bool is_made(const struct kernel_path *path)
{
	return path->count && (path->preference == LEARNED ||
			       path->preference - RELAYED_FIRST < SKYWIRE_PATHS_MAX);
}

/* A peer that turns out to have no key goes, see act(). */
static void adopt_path(void *arg, const struct kernel_path *path)
{
	struct adoption *a = arg;
	struct session *p = enter(a->s, path->peer);
	unsigned int i;

	for (i = 0; p && i < SKYWIRE_PATHS_MAX; i++)
		if (!p->path[i].id) {
			p->path[i] = *path;
			p->via = p->path[0].link;
			if (is_made(path))
				p->due = a->now + KEYLESS;
			return;
		}
}

/* The youngest key says when the next one is due; somebody else's, that none is. */
static void adopt_key(void *arg, const struct kernel_key *key)
{
	struct adoption *a = arg;
	__u64 after = key->soft_time * 1000ull, made;
	struct session *p = find(a->s, key->peer);

	if (key->link || !p)
		return;
	if (!key->opaque_len || key->opaque[0] != OPAQUE_VERSION) {
		p->due = p->wanted ? p->due : UINT64_MAX;
		return;
	}
	made = a->now > key->age ? a->now - key->age : 1;
	if (made < p->keyed)
		return;
	p->wanted = true;
	p->own = key->role == SKYWIRE_ROLE_INITIATOR;
	find_pool(a->s, p);
	p->keyed = made;
	p->due = made + after;
	if (!p->own)
		p->due += after / 4;
}

int sessions_adopt(struct sessions *s, __u64 now, struct sw_error *err)
{
	struct adoption a = { s, now };
	int rc = kernel_paths(s->kernel, adopt_path, &a, err);

	return rc ?: kernel_keys(s->kernel, adopt_key, &a, err);
}

/* --- time ------------------------------------------------------------------ */

/* Has nothing gone to or come from the peer since the last look? */
static bool is_idle(struct sessions *s, struct session *p)
{
	__u64 packets = p->packets;

	if (kernel_peer_packets(s->kernel, p->key, &p->packets))
		return true;
	return p->packets == packets;
}

static void delete_relayed(struct sessions *s, struct session *p)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (p->path[i].id && p->path[i].count)
			delete_path(s, p, &p->path[i]);
}

/* It is a neighbour and no more, or nothing at all. */
static void reduce(struct sessions *s, struct session *p)
{
	if (!p->direct) {
		remove_peer(s, p);
		return;
	}
	/* Its keys end by themselves. */
	tell_gone(p);
	offer_drop(&p->offer);
	delete_relayed(s, p);
	p->wanted = false;
	p->own = false;
	p->keyed = 0;
	p->due = UINT64_MAX;
}

static void end_session(struct sessions *s, struct session *p)
{
	log_remote(LOG_DEBUG, "no session with %s", log_key(p->key));
	if (!p->keyed)
		tell(p, "session", "refused");
	reduce(s, p);
}

/* Without an answer for too long: the packets have waited in vain. */
static void give_up(struct sessions *s, struct session *p)
{
	answer_pending(s, p, SKYWIRE_VERDICT_REFUSE);
	end_session(s, p);
}

static void act(struct sessions *s, struct session *p, __u64 now)
{
	bool over = p->keyed && now - p->keyed >= KEY_LIFE;

	if (!p->wanted)
		reduce(s, p);
	else if (over || (!p->offer.exchange && !p->tries && p->keyed && is_idle(s, p)))
		end_session(s, p);
	else if (p->tries >= TRIES_MAX && !p->keyed)
		give_up(s, p);
	else
		make_offer(s, p, now);
}

__u64 sessions_run(struct sessions *s, __u64 now)
{
	struct session *p, *next;
	__u64 first = now + NEVER;

	reroute_some(s, now);
	HASH_ITER(hh, s->all, p, next)
		if (p->due <= now)
			act(s, p, now);
	if (s->retry <= now)
		retry_links(s, now);
	first = s->retry < first ? s->retry : first;
	if (!TAILQ_EMPTY(&s->stale))
		first = now;
	HASH_ITER(hh, s->all, p, next)
		if (p->due < first)
			first = p->due;
	return first;
}

void sessions_each(struct sessions *s,
		   void (*fn)(void *arg, const struct session_info *info), void *arg)
{
	struct session *p, *next;

	HASH_ITER(hh, s->all, p, next) {
		const struct session_info info = {
			p->key, p->path, p->wanted, p->keyed
		};

		fn(arg, &info);
	}
}

unsigned int sessions_count(const struct sessions *s)
{
	return HASH_COUNT(s->all);
}

__u64 sessions_twin(const struct sessions *s)
{
	return s->twin;
}

__u64 sessions_displaced(const struct sessions *s)
{
	return s->displaced;
}

struct sessions *sessions_new(const struct config *config,
			      const struct sw_identity *self,
			      struct kernel *kernel, struct times *times,
			      const struct neighbours *neighbours,
			      const struct sessions_routes *routes)
{
	struct sessions *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = config;
	s->self = self;
	s->kernel = kernel;
	s->times = times;
	s->neighbours = neighbours;
	s->routes = routes;
	TAILQ_INIT(&s->own.sessions);
	TAILQ_INIT(&s->stale);
	LIST_INIT(&s->pathless);
	s->retry = UINT64_MAX;
	return s;
}

/* The kernel keeps its peers. */
void sessions_free(struct sessions *s)
{
	struct session *p, *next;
	struct pathless *l;

	if (!s)
		return;
	while ((l = LIST_FIRST(&s->pathless))) {
		LIST_REMOVE(l, entry);
		free(l);
	}
	HASH_ITER(hh, s->all, p, next) {
		offer_drop(&p->offer);
		leave_pool(s, p);
		HASH_DEL(s->all, p);
		free(p);
	}
	free(s);
}
