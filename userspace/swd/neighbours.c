// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ciphers.h"
#include "event.h"
#include "log.h"
#include "neighbours.h"

/* Milliseconds */
enum {
	FIRST_RETRY	= 1000,
	LAST_RETRY	= 60000,
	HIGHER_WAITS	= 5000,		/* for the lower key to make an offer */
	COOKIE_TIME	= 120000,
	UNHEARD		= 180000,	/* what is not configured goes */
	NEVER		= 3600000,
};

enum {
	TRIES_MAX	= 5,		/* of a link that is not there yet */
	OPAQUE_VERSION	= 1,
};

/* A pre-shared key, in memory of libsodium's. */
struct shared {
	SLIST_ENTRY(shared)	entry;
	__u8			key[SW_KEY_LEN];
	__u8			*psk;
};

TAILQ_HEAD(links, neighbour);
SLIST_HEAD(secrets, shared);

struct neighbours {
	const struct config			*config;
	const struct sw_identity		*self;
	struct kernel				*kernel;
	struct times				*times;
	const struct neighbours_events		*events;
	void					*arg;
	struct links				links;
	unsigned int				count;
	struct secrets				shared;
	__u64					twin;
};

/* What a key's opaque bytes in the kernel hold for a later daemon. */
struct opaque {
	__u8	version;
	__u8	reserved;
	__be16	their_label;
};

static void tell(const struct neighbour *l, const char *what)
{
	event_tell(&(struct event) {
		.object = "neighbour", .what = what, .key = l->key, .label = l->label
	});
}

static __u8 flags_of(const struct neighbours *n)
{
	return (n->config->seal_header ? SW_TERMS_SEAL_HEADER : 0) |
	       (n->config->peer_exchange ? SW_TERMS_TELL : 0);
}

static bool same_endpoint(const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	return a->addr.len == b->addr.len && a->port == b->port &&
	       !memcmp(a->addr.bytes, b->addr.bytes, a->addr.len) &&
	       !strcmp(a->zone, b->zone);
}

static bool is_ethernet(const struct sw_endpoint *ep)
{
	return ep->addr.len == 6;
}

/* Those that use the link know of it from its first key on. */
static bool has_key(const struct neighbour *l)
{
	return l->keyed;
}

const __u8 *neighbours_psk(const struct neighbours *n, const __u8 key[SW_KEY_LEN])
{
	const struct shared *s;

	SLIST_FOREACH(s, &n->shared, entry)
		if (!memcmp(s->key, key, SW_KEY_LEN))
			return s->psk;
	return NULL;
}

struct neighbour *neighbours_next(struct neighbours *n, struct neighbour *link)
{
	return link ? TAILQ_NEXT(link, entry) : TAILQ_FIRST(&n->links);
}

__u64 neighbours_twin(const struct neighbours *n)
{
	return n->twin;
}

struct neighbour *neighbours_by_label(struct neighbours *n, __u16 label)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry)
		if (l->label == label && label)
			return l;
	return NULL;
}

static struct neighbour *by_endpoint(struct neighbours *n, const __u8 *key,
				     const struct sw_endpoint *at)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry)
		if (!memcmp(l->key, key, SW_KEY_LEN) &&
		    same_endpoint(&l->endpoint, at))
			return l;
	return NULL;
}

/* The same, as it was configured; it may have moved since. */
static struct neighbour *by_wish(struct neighbours *n, const __u8 *key,
				 const struct sw_endpoint *at)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry)
		if (l->wanted.addr.len && !memcmp(l->key, key, SW_KEY_LEN) &&
		    same_endpoint(&l->wanted, at))
			return l;
	return by_endpoint(n, key, at);
}

/* The link that an offer is for, or NULL: a new one. */
static struct neighbour *meant_by(struct neighbours *n,
				  const struct sw_terms *terms,
				  const struct sw_endpoint *from)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry)
		if (terms->label && l->their_label == terms->label &&
		    !memcmp(l->key, terms->key, SW_KEY_LEN) &&
		    is_ethernet(&l->endpoint) == is_ethernet(from))
			return l;
	return by_endpoint(n, terms->key, from);
}

/* Does the configuration name it? */
static bool is_named(const struct neighbours *n, const __u8 key[SW_KEY_LEN])
{
	const struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry)
		if (l->configured && !memcmp(l->key, key, SW_KEY_LEN))
			return true;
	return neighbours_psk(n, key);
}

/* Is there room for a link that the configuration does not name? */
static bool has_room(const struct neighbours *n)
{
	return n->count < NEIGHBOURS_MAX;
}

/* Can one host be at both? What it may choose of its address tells nothing. */
static bool same_place(const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	size_t len = is_ethernet(a) ? 0 : a->addr.len == 16 ? 8 : a->addr.len;

	return a->addr.len == b->addr.len && !strcmp(a->zone, b->zone) &&
	       !memcmp(a->addr.bytes, b->addr.bytes, len);
}

static struct neighbour *add(struct neighbours *n, const __u8 key[SW_KEY_LEN],
			     const struct sw_endpoint *at, __u64 now)
{
	struct neighbour *l;

	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	memcpy(l->key, key, SW_KEY_LEN);
	l->endpoint = *at;
	l->alive = now;
	l->due = now;
	TAILQ_INSERT_TAIL(&n->links, l, entry);
	n->count++;
	return l;
}

/* The kernel has no such link any more, or never had it. */
static void release(struct neighbours *n, struct neighbour *l)
{
	offer_drop(&l->offer);
	TAILQ_REMOVE(&n->links, l, entry);
	n->count--;
	free(l);
}

/* A link has its first key, ... */
static void tell_up(struct neighbours *n, struct neighbour *l)
{
	times_pin(n->times, l->key);
	n->events->up(n->arg, l);
}

/* ... or will have no more. */
static void tell_down(struct neighbours *n, struct neighbour *l)
{
	n->events->down(n->arg, l);
	times_unpin(n->times, l->key);
}

static void take_down(struct neighbours *n, struct neighbour *l)
{
	struct sw_error err;

	if (!l->installed)
		return;
	if (has_key(l))
		tell_down(n, l);
	tell(l, "gone");
	l->installed = false;
	if (kernel_link_del(n->kernel, l->label, &err) < 0)
		log_say(LOG_WARNING, "link %u: %s", l->label, err.text);
}

/*
 * A link that others asked for, and that nobody has shown to be at the other end of:
 * the offer may have come from an address that is not its sender's.
 */
static bool is_doubtful(const struct neighbour *l)
{
	return l->installed && has_key(l) && !l->configured && !l->reached &&
	       l->liveness == SKYWIRE_LIVENESS_UNPROVEN;
}

static bool is_try(const struct neighbour *l)
{
	return !l->installed && !l->configured;
}

static bool is_of_others(const struct neighbour *l)
{
	return l->installed && !l->configured;
}

/* @at: of those at that place; NULL: of all */
static unsigned int count(const struct neighbours *n, bool (*is)(const struct neighbour *l),
			  const struct sw_endpoint *at)
{
	const struct neighbour *l;
	unsigned int count = 0;

	TAILQ_FOREACH(l, &n->links, entry)
		count += is(l) && (!at || same_place(&l->endpoint, at));
	return count;
}

/* The oldest of them goes. Return: whether there was one. */
static bool displace(struct neighbours *n, bool (*is)(const struct neighbour *l),
		     const struct sw_endpoint *at)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry) {
		if (!is(l) || (at && !same_place(&l->endpoint, at)))
			continue;
		take_down(n, l);
		release(n, l);
		return true;
	}
	return false;
}

/*
 * Room for the try of what a beacon claims to be. The oldest makes it: who has the lower
 * key is answered long before as many beacons are heard as there are tries.
 */
static bool make_room_to_try(struct neighbours *n, const __u8 key[SW_KEY_LEN],
			     const struct sw_endpoint *at)
{
	if (!is_named(n, key) && count(n, is_try, at) >= NEIGHBOURS_PLACE)
		return displace(n, is_try, at);
	return (has_room(n) && count(n, is_try, NULL) < NEIGHBOURS_TRIES) ||
	       displace(n, is_try, NULL);
}

/*
 * Room for one that asks from there. The oldest doubtful one makes it, or a try: who is
 * there is proven long before as many have asked as may be doubtful.
 */
static bool make_room(struct neighbours *n, const __u8 key[SW_KEY_LEN],
		      const struct sw_endpoint *at)
{
	if (!is_named(n, key) && count(n, is_of_others, at) >= NEIGHBOURS_PLACE)
		return displace(n, is_doubtful, at);
	return (has_room(n) && count(n, is_doubtful, NULL) < NEIGHBOURS_DOUBTFUL) ||
	       displace(n, is_doubtful, NULL) || displace(n, is_try, NULL);
}

/* --- frames that go out ---------------------------------------------------- */

static void send_frame(struct neighbours *n, struct neighbour *l, __u64 now)
{
	struct sw_error err;

	if (now < l->cookie_until)
		sw_frame_mark(l->frame, l->cookie);
	l->sent = now;
	if (kernel_handshake_send(n->kernel, &l->frame_to, l->frame, l->frame_len,
				  &err))
		log_remote(LOG_DEBUG, "to %s: %s", log_key(l->key), err.text);
}

static void put_frame(struct neighbour *l, __u8 type, __u32 index,
		      const __u8 *msg, size_t len, const struct sw_endpoint *to)
{
	l->frame_len = sw_frame_build(l->frame, type, index, msg, len, l->key);
	l->frame_to = *to;
}

/* Doubled with each try, and never quite the same at two nodes. */
static __u64 retry_after(const struct neighbour *l)
{
	unsigned int shift = l->tries > 7 ? 6 : l->tries > 1 ? l->tries - 1 : 0;
	__u64 ms = (__u64)FIRST_RETRY << shift;

	if (ms > LAST_RETRY)
		ms = LAST_RETRY;
	return ms + randombytes_uniform(ms / 4);
}

/* One that no link of ours has; the kernel may know better. */
static __u16 draw_label(struct neighbours *n)
{
	__u16 label;

	do {
		label = 1 + randombytes_uniform(65535);
	} while (neighbours_by_label(n, label));
	return label;
}

static void make_offer(struct neighbours *n, struct neighbour *l, __u64 now)
{
	__u8 msg[SW_EXCHANGE_MAX];
	struct sw_terms own = {
		.time = times_next(n->times), .ciphers = ciphers_offered(n->config),
		.flags = flags_of(n), .lanes = 1,
	};
	int len;

	l->tries++;
	l->due = now + retry_after(l);
	if (!l->label)
		l->label = draw_label(n);
	own.label = l->label;
	len = offer_make(&l->offer, n->self, SW_LAYER_LINK, l->key, &own, msg, now);
	if (len < 0)
		return;
	put_frame(l, SW_FRAME_INITIATION, l->offer.index, msg, len, &l->endpoint);
	send_frame(n, l, now);
}

/* --- keys ------------------------------------------------------------------ */

static int install_link(struct neighbours *n, struct neighbour *l, __u64 now,
			struct sw_error *err)
{
	struct kernel_link link = {
		.label = l->label, .has_endpoint = true, .endpoint = l->endpoint,
		.mtu = n->config->mtu,
	};
	__u32 room = kernel_frame_room(n->kernel, &l->endpoint);
	int rc;

	if (l->installed)
		return 0;
	if (link.mtu > room)
		link.mtu = room;
	memcpy(link.neighbour, l->key, SW_KEY_LEN);
	rc = kernel_link_add(n->kernel, &link, err);
	if (rc) {
		/* In use by somebody else, or resting: another one next time. */
		if (!l->configured)
			l->label = 0;
		return rc;
	}
	l->label = link.label;
	l->installed = true;
	l->mtu = link.mtu;
	l->liveness = SKYWIRE_LIVENESS_UNPROVEN;
	l->alive = now;
	return 0;
}

static void put_opaque(struct kernel_key *key, const struct neighbour *l)
{
	struct opaque opaque = {
		.version = OPAQUE_VERSION, .their_label = htons(l->their_label),
	};

	memcpy(key->opaque, &opaque, sizeof(opaque));
	key->opaque_len = sizeof(opaque);
}

/* @chosen: the terms of the answer, whoever made it */
static int install_key(struct neighbours *n, struct neighbour *l,
		       const struct sw_exchange *x, const struct sw_terms *chosen,
		       struct kernel_key *key, struct sw_error *err)
{
	struct sw_lane_keys keys;
	int rc;

	key->link = l->label;
	key->cipher = ciphers_only(chosen->ciphers);
	key->seal = chosen->flags & SW_TERMS_SEAL_HEADER ?
		    SKYWIRE_SEAL_HEADER : SKYWIRE_SEAL_FULL;
	key->soft_time = n->config->rekey_after;
	put_opaque(key, l);
	sw_exchange_keys(x, key->cipher, 0, &keys);
	rc = kernel_key_add(n->kernel, key, keys.tx, keys.rx, keys.len, err);
	sodium_memzero(&keys, sizeof(keys));
	return rc;
}

/* A key is there. Who made the answer leaves the next offer to the other. */
static void keyed(struct neighbours *n, struct neighbour *l, bool responder,
		  __u64 now)
{
	__u64 after = n->config->rekey_after * 1000ull;
	bool first = !has_key(l);

	l->keyed = now;
	if (offer_is_over(&l->offer, responder, n->self->key, l->key)) {
		l->tries = 0;
		l->due = now + after + (responder ? after / 4 : 0);
	}
	if (!first)
		return;
	log_remote(LOG_INFO, "link %u with %s", l->label, log_key(l->key));
	tell(l, "linked");
	tell_up(n, l);
}

/* --- frames that come in --------------------------------------------------- */

static void log_refused(const struct neighbour *l, const struct sw_error *err)
{
	log_remote(LOG_WARNING, "link with %s: %s", log_key(l->key), err->text);
}

static void take_answer(struct neighbours *n, __u32 index, const __u8 *msg,
			size_t len, __u64 now)
{
	struct kernel_key key = { .role = SKYWIRE_ROLE_INITIATOR };
	struct neighbour *l;
	struct sw_terms theirs;
	struct sw_error err;

	TAILQ_FOREACH(l, &n->links, entry)
		if (l->offer.exchange && l->offer.index == index)
			break;
	if (!l || sw_exchange_conclude(l->offer.exchange, neighbours_psk(n, l->key), msg, len,
				       &theirs))
		return;
	l->their_label = theirs.label;
	l->tells = theirs.flags & SW_TERMS_TELL;
	l->reached |= !has_key(l);
	key.rx_index = l->offer.index;
	key.tx_index = theirs.index[0];
	if (install_link(n, l, now, &err) ||
	    install_key(n, l, l->offer.exchange, &theirs, &key, &err)) {
		log_refused(l, &err);
		offer_drop(&l->offer);
		return;
	}
	keyed(n, l, false, now);
}

/* Is an offer from there to be answered? @l: the link that it is for, or NULL */
static bool acceptable(struct neighbours *n, const struct neighbour *l,
		       const struct sw_terms *theirs, __u64 now)
{
	if (!memcmp(theirs->key, n->self->key, SW_KEY_LEN)) {
		log_remote(LOG_WARNING, "another node has this node's key");
		n->twin = now;
		return false;
	}
	return l || n->config->accept_any || is_named(n, theirs->key);
}

/*
 * The key first, then the answer. Where another key has the index, which all but
 * never happens, the next offer is answered.
 */
static int answer(struct neighbours *n, struct neighbour *l,
		  struct sw_exchange *x, const struct sw_terms *theirs,
		  const struct sw_endpoint *to, struct sw_error *err)
{
	struct kernel_key key = {
		.role = SKYWIRE_ROLE_RESPONDER, .tx_index = theirs->index[0],
	};
	struct sw_terms own = {
		.time = theirs->time,
		.ciphers = ciphers_choose(n->config, theirs->ciphers),
		.label = l->label, .flags = theirs->flags & flags_of(n), .lanes = 1,
	};
	__u8 msg[SW_EXCHANGE_MAX];
	int rc, len;

	own.index[0] = offer_draw_index();
	len = sw_exchange_answer(x, neighbours_psk(n, l->key), &own, msg);
	if (len < 0)
		return sw_fail(err, EINVAL, "the handshake fails");
	key.rx_index = own.index[0];
	rc = install_key(n, l, x, &own, &key, err);
	if (rc)
		return rc;
	l->tells = own.flags & SW_TERMS_TELL;
	put_frame(l, SW_FRAME_RESPONSE, theirs->index[0], msg, len, to);
	return 0;
}

static void answer_offer(struct neighbours *n, struct sw_exchange *x,
			 const struct sw_terms *theirs,
			 const struct sw_endpoint *from, __u64 now)
{
	struct neighbour *l = meant_by(n, theirs, from);
	struct sw_error err;

	if (!acceptable(n, l, theirs, now) ||
	    !times_take(n->times, SW_LAYER_LINK, theirs->key, theirs->time) ||
	    (l && offer_counts(&l->offer, n->self->key, l->key, now)))
		return;
	if (!l && make_room(n, theirs->key, from))
		l = add(n, theirs->key, from, now);
	if (!l) {
		log_remote(LOG_WARNING, "no room for a link with %s",
			   log_key(theirs->key));
		return;
	}
	l->their_label = theirs->label;
	if (install_link(n, l, now, &err) ||
	    answer(n, l, x, theirs, from, &err)) {
		log_refused(l, &err);
		return;
	}
	keyed(n, l, true, now);
	send_frame(n, l, now);
}

static void take_offer(struct neighbours *n, const struct sw_endpoint *from,
		       const __u8 *msg, size_t len, __u64 now)
{
	struct sw_exchange *x = sw_exchange_new(n->self, SW_LAYER_LINK, NULL);
	struct sw_terms theirs;

	if (x && !sw_exchange_hear(x, msg, len, &theirs))
		answer_offer(n, x, &theirs, from, now);
	sw_exchange_free(x);
}

/* The last frame again, with the cookie, and that with others for a while. */
static void take_cookie(struct neighbours *n, const struct sw_cookie *cookie,
			__u64 now)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry) {
		if (!l->frame_len || !sw_frame_answered_by(l->frame, cookie))
			continue;
		memcpy(l->cookie, cookie->cookie, SW_COOKIE_LEN);
		l->cookie_until = now + COOKIE_TIME;
		send_frame(n, l, now);
		return;
	}
}

void neighbours_frame(struct neighbours *n, const struct sw_endpoint *from,
		      const __u8 *frame, size_t len, __u64 now)
{
	struct sw_cookie cookie;
	struct sw_frame head;
	size_t msg_len;
	const __u8 *msg;

	if (len < sizeof(head))
		return;
	memcpy(&head, frame, sizeof(head));
	if (head.type == SW_FRAME_COOKIE && len >= sizeof(cookie)) {
		memcpy(&cookie, frame, sizeof(cookie));
		take_cookie(n, &cookie, now);
		return;
	}
	msg = sw_frame_message(frame, len, &msg_len);
	if (!msg)
		return;
	if (head.type == SW_FRAME_INITIATION)
		take_offer(n, from, msg, msg_len, now);
	else
		take_answer(n, ntohl(head.index), msg, msg_len, now);
}

/* --- what the kernel tells ------------------------------------------------- */

/* Or nobody listens, and so it counts as heard */
static bool is_heard(const struct neighbour *l)
{
	return l->liveness == SKYWIRE_LIVENESS_ALIVE ||
	       l->liveness == SKYWIRE_LIVENESS_UNWATCHED;
}

/* As if it were the first time, but not more often than that. */
static void try_again(struct neighbour *l, __u64 now)
{
	__u64 soonest = l->sent + FIRST_RETRY;

	l->tries = 0;
	if (!l->offer.exchange || now > soonest)
		l->due = now > soonest ? now : soonest;
}

/*
 * The neighbour may have forgotten the keys: ask for new ones at once. But where
 * handshakes get through and nothing else does, each new key is followed by a death.
 */
static void died(struct neighbour *l, __u64 now)
{
	log_remote(LOG_INFO, "link %u with %s is dead", l->label, log_key(l->key));
	tell(l, "down");
	try_again(l, now);
}

static void copy_state(struct neighbour *l, const struct kernel_link *link)
{
	l->liveness = link->liveness;
	l->mtu = link->mtu;
	l->rtt = link->rtt;
	l->loss = link->loss;
	l->price_base = link->price_base;
	l->price_rate = link->price_rate;
}

static void update(struct neighbours *n, struct neighbour *l,
		   const struct kernel_link *link, __u64 now)
{
	bool dies = link->liveness == SKYWIRE_LIVENESS_DEAD &&
		    l->liveness != SKYWIRE_LIVENESS_DEAD;
	bool rises = link->liveness == SKYWIRE_LIVENESS_ALIVE &&
		     l->liveness != SKYWIRE_LIVENESS_ALIVE;

	copy_state(l, link);
	if (rises)
		tell(l, "up");
	if (link->has_endpoint)
		l->endpoint = link->endpoint;
	if (l->liveness == SKYWIRE_LIVENESS_ALIVE)
		l->alive = now;
	if (dies)
		died(l, now);
	n->events->changed(n->arg, l);
}

/* Somebody has deleted it. */
static void lost_link(struct neighbours *n, struct neighbour *l, __u64 now)
{
	if (has_key(l))
		tell_down(n, l);
	tell(l, "gone");
	l->installed = false;
	l->keyed = 0;
	if (l->configured)
		l->due = now + FIRST_RETRY;
	else
		release(n, l);
}

void neighbours_link(struct neighbours *n, const struct kernel_link *link,
		     bool gone, __u64 now)
{
	struct neighbour *l = neighbours_by_label(n, link->label);

	if (!l || !l->installed || memcmp(l->key, link->neighbour, SW_KEY_LEN))
		return;
	if (gone)
		lost_link(n, l, now);
	else
		update(n, l, link, now);
}

void neighbours_hurry(struct neighbours *n, __u64 now)
{
	struct neighbour *l;

	TAILQ_FOREACH(l, &n->links, entry)
		if (l->configured && !(l->installed && is_heard(l)))
			try_again(l, now);
}

void neighbours_resync(struct neighbours *n, __u64 now)
{
	struct neighbour *l, *next;
	struct kernel_link link;
	int rc;

	for (l = TAILQ_FIRST(&n->links); l; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (!l->installed)
			continue;
		rc = kernel_link_get(n->kernel, l->label, &link);
		if (!rc)
			update(n, l, &link, now);
		else if (rc == -ENOENT)
			lost_link(n, l, now);
	}
}

/* --- from the outside ------------------------------------------------------ */

bool neighbours_discovered(struct neighbours *n, const __u8 key[SW_KEY_LEN],
			   const struct sw_endpoint *at, __u64 now)
{
	struct neighbour *l;

	if (!memcmp(key, n->self->key, SW_KEY_LEN) || by_endpoint(n, key, at) ||
	    (!n->config->accept_any && !is_named(n, key)) || !make_room_to_try(n, key, at))
		return false;
	l = add(n, key, at, now);
	if (l && !offer_is_lower(n->self->key, key))
		l->due = now + HIGHER_WAITS;
	return l;
}

static int share(struct neighbours *n, const __u8 key[SW_KEY_LEN], const __u8 *psk)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->psk = sodium_malloc(SW_NOISE_KEY);
	if (!s->psk) {
		free(s);
		return -ENOMEM;
	}
	memcpy(s->psk, psk, SW_NOISE_KEY);
	memcpy(s->key, key, SW_KEY_LEN);
	SLIST_INSERT_HEAD(&n->shared, s, entry);
	return 0;
}

int neighbours_configure(struct neighbours *n, const struct config_peer *peer,
			 const __u8 *psk, __u64 now)
{
	struct neighbour *l;
	unsigned int i;

	if (psk && share(n, peer->key, psk))
		return -ENOMEM;
	times_pin(n->times, peer->key);
	for (i = 0; i < peer->endpoints; i++) {
		l = by_wish(n, peer->key, &peer->endpoint[i]);
		if (!l)
			l = add(n, peer->key, &peer->endpoint[i], now);
		if (!l)
			return -ENOMEM;
		l->configured = true;
		l->wanted = peer->endpoint[i];
		if (!l->label && !i)
			l->label = peer->label;
	}
	return 0;
}

static void forget_secrets(struct neighbours *n)
{
	struct shared *s;

	while ((s = SLIST_FIRST(&n->shared))) {
		SLIST_REMOVE_HEAD(&n->shared, entry);
		sodium_free(s->psk);
		free(s);
	}
}

void neighbours_reconfigure(struct neighbours *n)
{
	struct neighbour *l;

	forget_secrets(n);
	times_unpin_all(n->times);
	TAILQ_FOREACH(l, &n->links, entry) {
		l->configured = false;
		if (has_key(l))
			times_pin(n->times, l->key);
	}
}

/* Does anything speak for the link? */
static bool is_welcome(const struct neighbours *n, const struct neighbour *l)
{
	const struct neighbour *other;

	if (n->config->accept_any)
		return l->installed || !l->wanted.addr.len;
	TAILQ_FOREACH(other, &n->links, entry)
		if (other->configured && !memcmp(other->key, l->key, SW_KEY_LEN))
			return true;
	return neighbours_psk(n, l->key);
}

void neighbours_reconfigured(struct neighbours *n)
{
	struct neighbour *l, *next;

	for (l = TAILQ_FIRST(&n->links); l; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->configured || is_welcome(n, l)) {
			if (!l->configured)
				memset(&l->wanted, 0, sizeof(l->wanted));
			continue;
		}
		take_down(n, l);
		release(n, l);
	}
}

/* --- adoption -------------------------------------------------------------- */

struct adoption {
	struct neighbours	*n;
	__u64			now;
};

static void adopt_link(void *arg, const struct kernel_link *link)
{
	struct adoption *a = arg;
	struct neighbour *l;

	l = add(a->n, link->neighbour, &link->endpoint, a->now);
	if (!l)
		return;
	l->label = link->label;
	l->installed = true;
	copy_state(l, link);
}

/* The youngest key says when the next one is due. */
static void adopt_key(void *arg, const struct kernel_key *key)
{
	struct adoption *a = arg;
	struct neighbour *l = neighbours_by_label(a->n, key->link);
	__u64 after = key->soft_time * 1000ull, made;
	struct opaque opaque;

	if (!l)
		return;
	if (key->opaque_len != sizeof(opaque)) {
		l->foreign = true;
		return;
	}
	memcpy(&opaque, key->opaque, sizeof(opaque));
	made = a->now > key->age ? a->now - key->age : 1;
	if (opaque.version != OPAQUE_VERSION || made < l->keyed)
		return;
	l->their_label = ntohs(opaque.their_label);
	l->keyed = made;
	l->due = made + after;
	if (key->role == SKYWIRE_ROLE_RESPONDER)
		l->due += after / 4;
}

int neighbours_adopt(struct neighbours *n, __u64 now, struct sw_error *err)
{
	struct adoption a = { n, now };
	struct neighbour *l, *next;
	int rc;

	rc = kernel_links(n->kernel, adopt_link, &a, err);
	if (!rc)
		rc = kernel_keys(n->kernel, adopt_key, &a, err);
	for (l = TAILQ_FIRST(&n->links); l; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (has_key(l))
			tell_up(n, l);
		else if (l->foreign)
			release(n, l);
	}
	return rc;
}

/* --- time ------------------------------------------------------------------ */

/* Not heard of for too long, or never? */
static bool is_over(const struct neighbour *l, __u64 now)
{
	if (l->configured)
		return false;
	if (!l->installed)
		return l->tries >= TRIES_MAX;
	return !is_heard(l) && now - l->alive > UNHEARD;
}

static void act(struct neighbours *n, struct neighbour *l, __u64 now)
{
	if (l->liveness == SKYWIRE_LIVENESS_ALIVE)
		l->alive = now;
	if (!is_over(l, now)) {
		if (is_doubtful(l))
			l->due = l->alive + UNHEARD + 1;
		else
			make_offer(n, l, now);
		return;
	}
	if (l->installed)
		log_remote(LOG_INFO, "link %u with %s is given up", l->label,
			   log_key(l->key));
	take_down(n, l);
	release(n, l);
}

__u64 neighbours_run(struct neighbours *n, __u64 now)
{
	struct neighbour *l, *next;
	__u64 first = now + NEVER;

	for (l = TAILQ_FIRST(&n->links); l; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->due <= now)
			act(n, l, now);
	}
	TAILQ_FOREACH(l, &n->links, entry)
		if (l->due < first)
			first = l->due;
	return first;
}

struct neighbours *neighbours_new(const struct config *config,
				  const struct sw_identity *self,
				  struct kernel *kernel, struct times *times,
				  const struct neighbours_events *events,
				  void *arg)
{
	struct neighbours *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->config = config;
	n->self = self;
	n->kernel = kernel;
	n->times = times;
	n->events = events;
	n->arg = arg;
	TAILQ_INIT(&n->links);
	SLIST_INIT(&n->shared);
	return n;
}

void neighbours_free(struct neighbours *n)
{
	if (!n)
		return;
	while (!TAILQ_EMPTY(&n->links))
		release(n, TAILQ_FIRST(&n->links));
	forget_secrets(n);
	times_unpin_all(n->times);
	free(n);
}
