// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <uthash.h>

#include "log.h"
#include "sessions.h"

/* Milliseconds */
enum {
	RETRY		= 500,
	RETRY_LATER	= 30000,	/* of a session that has a key */
	OWN_OFFER	= 1000,
	KEY_LIFE	= 3600000,	/* as the kernel has it */
	NEVER		= 3600000,
};

enum {
	TRIES_MAX	= 5,
	OPAQUE_VERSION	= 1,		/* of what a key has for a later daemon */
	PENDING_MAX	= 8,		/* addresses of a peer that packets wait for */
	RELAYED_FIRST	= 10,		/* preference: behind the direct ones */
	LEARNED		= 1000,		/* and behind those that were computed */
	CIPHERS		= 1 << SKYWIRE_CIPHER_CHACHA20_POLY1305 |
			  1 << SKYWIRE_CIPHER_AES_256_GCM |
			  1 << SKYWIRE_CIPHER_AES_128_GCM,
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

struct session {
	UT_hash_handle		hh;
	__u8			key[SW_KEY_LEN];
	struct kernel_path	path[SKYWIRE_PATHS_MAX];	/* id 0: free */
	unsigned int		direct;		/* paths without relays */
	/* The session, which a peer that is only a neighbour has not */
	bool			wanted;
	__u64			keyed;		/* 0: no key yet */
	__u64			due;
	struct sw_exchange	*offer;
	__u32			rx_index;
	__u64			sent;
	unsigned int		tries;
	unsigned int		turn;		/* which path the next offer takes */
	__u64			packets;	/* at the last look */
	/* Destinations that packets wait for */
	struct sw_addr		pending[PENDING_MAX];
	unsigned int		pendings;
};

struct sessions {
	const struct config		*config;
	const struct sw_identity	*self;
	struct kernel			*kernel;
	struct times			*times;
	const struct sessions_routes	*routes;
	struct session			*all;
};

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

static void drop_offer(struct session *p)
{
	sw_exchange_free(p->offer);
	p->offer = NULL;
}

static void answer_pending(struct sessions *s, struct session *p, __u8 verdict)
{
	while (p->pendings)
		kernel_miss_answer(s->kernel, &p->pending[--p->pendings], verdict,
				   NULL);
}

static void release(struct sessions *s, struct session *p)
{
	answer_pending(s, p, SKYWIRE_VERDICT_REFUSE);
	drop_offer(p);
	HASH_DEL(s->all, p);
	free(p);
}

static void remove_peer(struct sessions *s, struct session *p)
{
	kernel_peer_del(s->kernel, p->key, NULL);
	release(s, p);
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
	if (p && !kernel_peer_add(s->kernel, key, &err))
		return p;
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

/* A place for a path; one that was only learned makes room for a better one. */
static struct kernel_path *free_path(struct sessions *s, struct session *p,
				     __u32 preference)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (!p->path[i].id)
			return &p->path[i];
	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		if (!is_learned(&p->path[i]) || preference > LEARNED)
			continue;
		delete_path(s, p, &p->path[i]);
		return &p->path[i];
	}
	return NULL;
}

/* Have this path, whatever there is. Return: false where it cannot be. */
static bool add_path(struct sessions *s, struct session *p,
		     const struct kernel_path *way, __u32 preference)
{
	struct kernel_path *path = find_path(p, way);
	struct sw_error err;

	if (path && path->preference == preference)
		return true;
	if (path)
		delete_path(s, p, path);
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

/* Bring the paths over relays to what the routes are. */
static void route(struct sessions *s, struct session *p)
{
	struct kernel_path way[SKYWIRE_PATHS_MAX], *path;
	unsigned int i, n;

	n = s->routes->paths(s->routes->arg, p->key, way,
			     SKYWIRE_PATHS_MAX - p->direct);
	for (i = 0; i < n; i++)
		add_path(s, p, &way[i], RELAYED_FIRST + i);
	/*
	 * Only now, so that there always was one; and none goes where no other is
	 * known: a map that begins anew knows little.
	 */
	for (i = 0; n && i < SKYWIRE_PATHS_MAX; i++) {
		path = &p->path[i];
		if (path->id && path->count && !is_learned(path) &&
		    !is_among(path, way, n))
			delete_path(s, p, path);
	}
}

void sessions_link_up(struct sessions *s, const struct neighbour *link)
{
	struct kernel_path way = { .link = link->label };
	struct session *p = get(s, link->key);

	if (p && add_path(s, p, &way, 0))
		p->direct++;
}

/* The kernel has deleted, or will delete, all paths through the link. */
static void cut(struct sessions *s, struct session *p, __u16 link)
{
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		if (!p->path[i].id || p->path[i].link != link)
			continue;
		if (!p->path[i].count)
			p->direct--;
		p->path[i].id = 0;
	}
	if (p->wanted)
		route(s, p);
	if (!has_paths(p))
		remove_peer(s, p);
}

void sessions_link_down(struct sessions *s, const struct neighbour *link)
{
	struct session *p, *next;

	HASH_ITER(hh, s->all, p, next)
		cut(s, p, link->label);
}

void sessions_reroute(struct sessions *s, __u64 now)
{
	struct session *p, *next;

	(void)now;
	HASH_ITER(hh, s->all, p, next)
		if (p->wanted)
			route(s, p);
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

static void make_offer(struct sessions *s, struct session *p, __u64 now)
{
	const struct kernel_path *way = next_way(p);
	__u8 msg[SW_EXCHANGE_MAX];
	struct sw_terms own = {
		.time = times_next(s->times), .ciphers = CIPHERS, .lanes = 1,
	};
	int len;

	drop_offer(p);
	p->tries++;
	p->sent = now;
	p->due = now + (p->keyed && p->tries > TRIES_MAX ? RETRY_LATER : RETRY);
	if (!way)
		return;
	p->offer = sw_exchange_new(s->self, SW_LAYER_SESSION, p->key);
	if (!p->offer)
		return;
	p->rx_index = 1 + randombytes_uniform(0xfffffffe);
	own.index[0] = p->rx_index;
	len = sw_exchange_offer(p->offer, &own, msg);
	if (len > 0)
		send_message(s, way, OFFER, p->rx_index, msg, len,
			     postage_for(way, sizeof(struct head) + len));
}

static int install_key(struct sessions *s, struct session *p,
		       const struct sw_exchange *x, const struct sw_terms *chosen,
		       struct kernel_key *key)
{
	struct sw_lane_keys keys;
	struct sw_error err;
	int rc;

	memcpy(key->peer, p->key, SW_KEY_LEN);
	for (key->cipher = 0; chosen->ciphers >> (key->cipher + 1); key->cipher++)
		;
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

	if (!p->keyed)
		log_remote(LOG_INFO, "session with %s", log_key(p->key));
	drop_offer(p);
	p->wanted = true;
	p->keyed = now;
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
		if (p->offer && p->rx_index == index)
			break;
	if (!p || sw_exchange_conclude(p->offer, NULL, msg, len, &theirs))
		return;
	key.rx_index = p->rx_index;
	key.tx_index = theirs.index[0];
	if (install_key(s, p, p->offer, &theirs, &key)) {
		drop_offer(p);
		return;
	}
	keyed(s, p, false, now);
	answer_pending(s, p, SKYWIRE_VERDICT_RELEASE);
}

/* Theirs is on its way back to us, if our offer has arrived. */
static bool ours_goes_on(const struct sessions *s, const struct session *p,
			 __u64 now)
{
	return p && p->offer && now - p->sent < OWN_OFFER &&
	       memcmp(s->self->key, p->key, SW_KEY_LEN) < 0;
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
		.ciphers = theirs->ciphers & 1 << SKYWIRE_CIPHER_CHACHA20_POLY1305,
	};
	__u8 msg[SW_EXCHANGE_MAX];
	int len;

	key.rx_index = 1 + randombytes_uniform(0xfffffffe);
	own.index[0] = key.rx_index;
	len = sw_exchange_answer(x, NULL, &own, msg);
	if (len < 0 || install_key(s, p, x, &own, &key))
		return;
	keyed(s, p, true, now);
	send_message(s, back, ANSWER, theirs->index[0], msg, len, postage);
}

static void take_offer(struct sessions *s, const struct kernel_message *m,
		       const __u8 *msg, size_t len, __u64 now)
{
	struct sw_exchange *x = sw_exchange_new(s->self, SW_LAYER_SESSION, NULL);
	struct kernel_path back = { .link = m->link, .count = m->count };
	struct sw_terms theirs;
	struct session *p;

	memcpy(back.label, m->label, sizeof(back.label));
	if (!x || sw_exchange_hear(x, msg, len, &theirs) ||
	    !memcmp(theirs.key, s->self->key, SW_KEY_LEN) ||
	    ours_goes_on(s, find(s, theirs.key), now) ||
	    !times_take(s->times, SW_LAYER_SESSION, theirs.key, theirs.time))
		goto out;
	p = get(s, theirs.key);
	if (!p)
		goto out;
	if (!p->wanted)
		route(s, p);
	/* The way it came is one to go, where nothing better is known. */
	if (!find_path(p, &back))
		add_path(s, p, &back, LEARNED);
	if (has_paths(p))
		answer(s, p, x, &theirs, &back, m->postage, now);
	else
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

/*
 * The kernel does not ask for what a dead link would carry. Whoever has a link with
 * the peer gets a session with it as well, if there is a way.
 */
void sessions_link_dead(struct sessions *s, const struct neighbour *link, __u64 now)
{
	struct session *p = find(s, link->key);

	if (!p || p->wanted)
		return;
	route(s, p);
	if (!next_way(p))
		return;
	p->wanted = true;
	p->tries = 0;
	make_offer(s, p, now);
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
	if (!p->offer) {
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
	p = get(s, key);
	if (p)
		route(s, p);
	if (p && next_way(p)) {
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

static void adopt_path(void *arg, const struct kernel_path *path)
{
	struct session *p = enter(((struct adoption *)arg)->s, path->peer);
	unsigned int i;

	for (i = 0; p && i < SKYWIRE_PATHS_MAX; i++)
		if (!p->path[i].id) {
			p->path[i] = *path;
			return;
		}
}

/* The youngest key says when the next one is due. */
static void adopt_key(void *arg, const struct kernel_key *key)
{
	struct adoption *a = arg;
	__u64 after = key->soft_time * 1000ull, made;
	struct session *p = find(a->s, key->peer);

	if (key->link || !p || !key->opaque_len || key->opaque[0] != OPAQUE_VERSION)
		return;
	made = a->now > key->age ? a->now - key->age : 1;
	if (made < p->keyed)
		return;
	p->wanted = true;
	p->keyed = made;
	p->due = made + after;
	if (key->role == SKYWIRE_ROLE_RESPONDER)
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

static void end_session(struct sessions *s, struct session *p)
{
	log_remote(LOG_DEBUG, "no session with %s", log_key(p->key));
	if (!p->direct) {
		remove_peer(s, p);
		return;
	}
	/* Its keys end by themselves. */
	delete_relayed(s, p);
	p->wanted = false;
	p->keyed = 0;
	p->due = UINT64_MAX;
}

/* Without an answer for too long: the packets have waited in vain. */
static void give_up(struct sessions *s, struct session *p)
{
	answer_pending(s, p, SKYWIRE_VERDICT_REFUSE);
	drop_offer(p);
	end_session(s, p);
}

static void act(struct sessions *s, struct session *p, __u64 now)
{
	bool over = p->keyed && now - p->keyed >= KEY_LIFE;

	if (over || (!p->offer && !p->tries && p->keyed && is_idle(s, p)))
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

	HASH_ITER(hh, s->all, p, next)
		if (p->due <= now)
			act(s, p, now);
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

struct sessions *sessions_new(const struct config *config,
			      const struct sw_identity *self,
			      struct kernel *kernel, struct times *times,
			      const struct sessions_routes *routes)
{
	struct sessions *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = config;
	s->self = self;
	s->kernel = kernel;
	s->times = times;
	s->routes = routes;
	return s;
}

/* The kernel keeps its peers. */
void sessions_free(struct sessions *s)
{
	struct session *p, *next;

	if (!s)
		return;
	HASH_ITER(hh, s->all, p, next) {
		drop_offer(p);
		HASH_DEL(s->all, p);
		free(p);
	}
	free(s);
}
