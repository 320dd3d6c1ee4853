// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <skywire/wire.h>

#include "mock_kernel.h"

/* Something on its way. */
struct sent {
	struct kernel		*from;
	struct kernel		*to;		/* NULL: nobody is there */
	bool			is_frame;
	struct kernel_message	m;		/* as it arrives */
	__u8			bytes[SKYWIRE_CONTROL_MAX];
	size_t			len;
	struct sent		*next;
};

static struct kernel *all;
static struct sent *first, **last = &first;

struct kernel *mock_kernel(const struct kernel_events *events, void *arg,
			   __u8 number)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->events = events;
	k->arg = arg;
	k->at = (struct sw_endpoint) {
		.addr = { .len = 4, .bytes = { 192, 0, 2, number } }, .port = 5000,
	};
	k->next = all;
	all = k;
	return k;
}

static struct kernel *at(const struct sw_endpoint *ep)
{
	struct kernel *k;

	for (k = all; k; k = k->next)
		if (!memcmp(&k->at.addr, &ep->addr, sizeof(ep->addr)) &&
		    k->at.port == ep->port)
			return k;
	return NULL;
}

static struct sent *send_to(struct kernel *from, struct kernel *to,
			    const __u8 *bytes, size_t len)
{
	struct sent *s = calloc(1, sizeof(*s));

	if (!s || len > sizeof(s->bytes))
		abort();
	s->from = from;
	s->to = to;
	s->len = len;
	memcpy(s->bytes, bytes, len);
	*last = s;
	last = &s->next;
	return s;
}

static struct sent *take_first(void)
{
	struct sent *s = first;

	if (s) {
		first = s->next;
		if (!first)
			last = &first;
	}
	return s;
}

unsigned int mock_waiting(void)
{
	unsigned int n = 0;
	struct sent *s;

	for (s = first; s; s = s->next)
		n++;
	return n;
}

void mock_lose(void)
{
	struct sent *s;

	while ((s = take_first()))
		free(s);
}

void mock_repeat(void)
{
	unsigned int n = mock_waiting();
	struct sent *s, *again;

	for (s = first; n--; s = s->next) {
		again = send_to(s->from, s->to, s->bytes, s->len);
		again->is_frame = s->is_frame;
		again->m = s->m;
	}
}

void mock_free(void)
{
	struct kernel *k;

	mock_lose();
	while ((k = all)) {
		all = k->next;
		free(k);
	}
}

/* A cookie for an offer or answer that has none. Return: whether it was sent. */
static bool answered_with_cookie(struct sent *s)
{
	static const __u8 none[SW_MAC_LEN];
	const struct sw_frame *frame = (const void *)s->bytes;
	struct sw_cookie cookie = {
		.frame = { .type = SW_FRAME_COOKIE, .len = htons(sizeof(cookie)),
			   .index = frame->index },
		.cookie = "a cookie of 16 b",
	};

	if (!s->to->asks_cookie || frame->type == SW_FRAME_COOKIE ||
	    memcmp(s->bytes + s->len - SW_MAC_LEN, none, SW_MAC_LEN))
		return false;
	memcpy(cookie.mac1, s->bytes + s->len - 2 * SW_MAC_LEN, SW_MAC_LEN);
	send_to(s->to, s->from, (const void *)&cookie, sizeof(cookie))->is_frame = true;
	return true;
}

static void deliver(struct sent *s)
{
	if (!s->to)
		return;
	if (!s->is_frame) {
		s->m.payload = s->bytes;
		s->m.len = s->len;
		s->to->events->message(s->to->arg, &s->m);
	} else if (!answered_with_cookie(s)) {
		s->to->events->handshake(s->to->arg, &s->from->at, s->bytes, s->len);
	}
}

bool mock_deliver_one(void)
{
	struct sent *s = take_first();

	if (s)
		deliver(s);
	free(s);
	return s;
}

void mock_deliver(void)
{
	while (mock_deliver_one())
		;
}

static struct kernel_link *find_link(struct kernel *k, __u16 label)
{
	unsigned int i;

	for (i = 0; i < k->links; i++)
		if (k->link[i].label == label)
			return &k->link[i];
	return NULL;
}

void mock_liveness(struct kernel *k, __u16 label, __u8 liveness)
{
	struct kernel_link *link = find_link(k, label);

	link->liveness = liveness;
	k->events->link(k->arg, link, false);
}

const struct mock_key *mock_key_of(const struct kernel *k, __u16 label,
				   const __u8 *peer)
{
	unsigned int i = k->keys;

	while (i--)
		if (k->key[i].key.link == label &&
		    (label || !memcmp(k->key[i].key.peer, peer, SW_KEY_LEN)))
			return &k->key[i];
	return NULL;
}

/* --- what the daemon calls ------------------------------------------------- */

int kernel_handshake_send(struct kernel *k, const struct sw_endpoint *to,
			  const __u8 *frame, size_t len, struct sw_error *err)
{
	(void)err;
	k->offers_out += frame[0] == SW_FRAME_INITIATION;
	send_to(k, at(to), frame, len)->is_frame = true;
	return 0;
}

__u32 kernel_frame_room(struct kernel *k, const struct sw_endpoint *to)
{
	(void)k;
	(void)to;
	return SKYWIRE_LINK_MTU_MAX;
}

int kernel_link_add(struct kernel *k, struct kernel_link *link, struct sw_error *err)
{
	if (!link->label)
		for (link->label = 100 + k->links; find_link(k, link->label);)
			link->label++;
	if (find_link(k, link->label) || k->links == MOCK_LINKS)
		return sw_fail(err, EEXIST, "the label is in use");
	link->liveness = SKYWIRE_LIVENESS_UNPROVEN;
	k->link[k->links++] = *link;
	return 0;
}

int kernel_link_get(struct kernel *k, __u16 label, struct kernel_link *link)
{
	struct kernel_link *found = find_link(k, label);

	if (!found)
		return -ENOENT;
	*link = *found;
	return 0;
}

int kernel_link_del(struct kernel *k, __u16 label, struct sw_error *err)
{
	struct kernel_link *link = find_link(k, label);

	if (!link)
		return sw_fail(err, ENOENT, "no such link");
	*link = k->link[--k->links];
	return 0;
}

int kernel_key_add(struct kernel *k, const struct kernel_key *key,
		   const __u8 *tx, const __u8 *rx, size_t len,
		   struct sw_error *err)
{
	struct mock_key *new;
	unsigned int i;

	for (i = 0; i < k->keys; i++)
		if (k->key[i].key.rx_index == key->rx_index)
			return sw_fail(err, EEXIST, "the rx-index is in use");
	/* The oldest one has ended. */
	if (k->keys == MOCK_KEYS)
		memmove(&k->key[0], &k->key[1], --k->keys * sizeof(k->key[0]));
	new = &k->key[k->keys];
	new->key = *key;
	memcpy(new->tx, tx, len);
	memcpy(new->rx, rx, len);
	k->keys++;
	return 0;
}

static int find_peer(const struct kernel *k, const __u8 *key)
{
	unsigned int i;

	for (i = 0; i < k->peers; i++)
		if (!memcmp(k->peer[i], key, SW_KEY_LEN))
			return i;
	return -1;
}

bool mock_has_peer(const struct kernel *k, const __u8 *peer)
{
	return find_peer(k, peer) >= 0;
}

void mock_use(struct kernel *k, const __u8 *peer, __u64 packets)
{
	int i = find_peer(k, peer);

	if (i >= 0)
		k->used[i] += packets;
}

int kernel_peer_add(struct kernel *k, const __u8 key[SW_KEY_LEN], struct sw_error *err)
{
	if (find_peer(k, key) >= 0)
		return 0;
	if (k->peers == (k->peers_max ?: MOCK_PEERS))
		return sw_fail(err, ENOSPC, "no room");
	memcpy(k->peer[k->peers], key, SW_KEY_LEN);
	k->used[k->peers++] = 0;
	k->packets = 0;
	return 0;
}

static bool is_peer(const struct kernel *k, const __u8 key[SW_KEY_LEN])
{
	unsigned int i;

	for (i = 0; i < k->peers; i++)
		if (!memcmp(k->peer[i], key, SW_KEY_LEN))
			return true;
	return false;
}

int kernel_prefix_del(struct kernel *k, const struct sw_prefix *prefix,
		      struct sw_error *err)
{
	unsigned int i;

	for (i = 0; i < k->prefixes; i++)
		if (!memcmp(&k->prefix[i].prefix, prefix, sizeof(*prefix))) {
			k->prefix[i] = k->prefix[--k->prefixes];
			return 0;
		}
	return sw_fail(err, ENOENT, "no such prefix");
}

int kernel_prefix_add(struct kernel *k, const __u8 peer[SW_KEY_LEN],
		      const struct sw_prefix *prefix, struct sw_error *err)
{
	struct mock_prefix *new;

	if (!is_peer(k, peer))
		return sw_fail(err, ENOENT, "no such peer");
	kernel_prefix_del(k, prefix, err);
	if (k->prefixes == MOCK_PREFIXES)
		return sw_fail(err, ENOSPC, "no room");
	new = &k->prefix[k->prefixes++];
	memcpy(new->peer, peer, SW_KEY_LEN);
	new->prefix = *prefix;
	return 0;
}

int kernel_prefixes(struct kernel *k,
		    void (*fn)(void *arg, const __u8 peer[SW_KEY_LEN],
			       const struct sw_prefix *prefix),
		    void *arg, struct sw_error *err)
{
	unsigned int i;

	(void)err;
	for (i = 0; i < k->prefixes; i++)
		fn(arg, k->prefix[i].peer, &k->prefix[i].prefix);
	return 0;
}

int kernel_peer_del(struct kernel *k, const __u8 key[SW_KEY_LEN], struct sw_error *err)
{
	unsigned int i, kept = 0;
	int at = find_peer(k, key);

	(void)err;
	for (i = k->prefixes; i--;)
		if (!memcmp(k->prefix[i].peer, key, SW_KEY_LEN))
			k->prefix[i] = k->prefix[--k->prefixes];
	for (i = 0; i < k->paths; i++)
		if (memcmp(k->path[i].peer, key, SW_KEY_LEN))
			k->path[kept++] = k->path[i];
	k->paths = kept;
	for (i = kept = 0; i < k->keys; i++)
		if (k->key[i].key.link || memcmp(k->key[i].key.peer, key, SW_KEY_LEN))
			k->key[kept++] = k->key[i];
	k->keys = kept;
	if (at < 0)
		return -ENOENT;
	k->peers--;
	memmove(k->peer[at], k->peer[k->peers], SW_KEY_LEN);
	k->used[at] = k->used[k->peers];
	return 0;
}

int kernel_peer_packets(struct kernel *k, const __u8 key[SW_KEY_LEN], __u64 *packets)
{
	int i = find_peer(k, key);

	if (i < 0)
		return -ENOENT;
	*packets = k->packets + k->used[i];
	return 0;
}

static bool has_path(const struct kernel *k, const __u8 *peer, __u8 id)
{
	unsigned int i;

	for (i = 0; i < k->paths; i++)
		if (k->path[i].id == id && !memcmp(k->path[i].peer, peer, SW_KEY_LEN))
			return true;
	return false;
}

int kernel_path_add(struct kernel *k, struct kernel_path *path, struct sw_error *err)
{
	if (k->paths == MOCK_PATHS)
		return sw_fail(err, ENOSPC, "no room");
	if (!find_link(k, path->link))
		return sw_fail(err, ENOENT, "no such link");
	path->id = 1;
	while (has_path(k, path->peer, path->id))
		path->id++;
	if (path->id > SKYWIRE_PATHS_MAX)
		return sw_fail(err, ENOSPC, "the peer has enough paths");
	k->path[k->paths++] = *path;
	return 0;
}

int kernel_path_set(struct kernel *k, const struct kernel_path *path,
		    struct sw_error *err)
{
	unsigned int i;

	for (i = 0; i < k->paths; i++) {
		struct kernel_path *p = &k->path[i];

		if (p->id != path->id || memcmp(p->peer, path->peer, SW_KEY_LEN))
			continue;
		p->preference = path->preference;
		p->mtu = path->mtu;
		p->postage_base = path->postage_base;
		p->postage_rate = path->postage_rate;
		return 0;
	}
	return sw_fail(err, ENOENT, "no such path");
}

int kernel_path_del(struct kernel *k, const __u8 peer[SW_KEY_LEN], __u8 id,
		    struct sw_error *err)
{
	unsigned int i;

	(void)err;
	for (i = 0; i < k->paths; i++) {
		if (k->path[i].id != id || memcmp(k->path[i].peer, peer, SW_KEY_LEN))
			continue;
		k->path[i] = k->path[--k->paths];
		return 0;
	}
	return -ENOENT;
}

/* As relays carry it on: a label for each, and the way back in their place. */
int kernel_message_send(struct kernel *k, const struct kernel_message *m,
			struct sw_error *err)
{
	struct kernel *node = k, *next = NULL;
	struct kernel_message in = { .count = m->count, .postage = m->postage };
	unsigned int hop, i;
	__u16 label = m->link;

	(void)err;
	for (hop = 0; hop <= m->count; hop++) {
		struct kernel_link *out = find_link(node, label);

		next = out ? at(&out->endpoint) : NULL;
		if (!next)
			return 0;
		for (i = 0; i < next->links; i++)
			if (at(&next->link[i].endpoint) == node)
				in.link = next->link[i].label;
		if (hop < m->count) {
			in.label[m->count - 1 - hop] = htons(in.link);
			label = ntohs(m->label[hop]);
		}
		node = next;
	}
	send_to(k, node, m->payload, m->len)->m = in;
	return 0;
}

int kernel_miss_answer(struct kernel *k, const struct sw_addr *addr,
		       __u8 verdict, struct sw_error *err)
{
	(void)addr;
	(void)err;
	if (verdict == SKYWIRE_VERDICT_RELEASE)
		k->released++;
	else
		k->refused++;
	return 0;
}

int kernel_links(struct kernel *k, void (*fn)(void *arg, const struct kernel_link *link),
		 void *arg, struct sw_error *err)
{
	unsigned int i;

	(void)err;
	for (i = 0; i < k->links; i++)
		fn(arg, &k->link[i]);
	return 0;
}

int kernel_keys(struct kernel *k, void (*fn)(void *arg, const struct kernel_key *key),
		void *arg, struct sw_error *err)
{
	unsigned int i;

	(void)err;
	for (i = 0; i < k->keys; i++)
		fn(arg, &k->key[i].key);
	return 0;
}

int kernel_paths(struct kernel *k, void (*fn)(void *arg, const struct kernel_path *path),
		 void *arg, struct sw_error *err)
{
	unsigned int i;

	(void)err;
	for (i = 0; i < k->paths; i++)
		fn(arg, &k->path[i]);
	return 0;
}
