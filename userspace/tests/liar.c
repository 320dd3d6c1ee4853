// SPDX-License-Identifier: GPL-2.0
/*
 * A node that makes links as any other does, and lies of the map: the daemon, with
 * this in the place of network.c. The environment's LIE says how:
 *
 *   links      its record claims links with all nodes, faster than any
 *   sequences  it offers what it does not have: everybody's record, far ahead
 *   origins    its links lead to nodes that it makes up, theirs to more of them,
 *              each with a record that is well signed
 *   long       records that are longer than may be
 *   forged     records of others, newer than theirs, whose signatures are wrong
 *
 * It tells nothing else, again and again, as fast as the loop goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <uthash.h>

#include "swd/flood.h"
#include "swd/network.h"
#include "swd/record_octets.h"

enum {
	HEAD_LEN	= 4,
	ENTRY_LEN	= 52,
	BURST		= 16,		/* messages in a turn of the loop ... */
	PAUSE		= 1,		/* ... and milliseconds until the next one */
	CHILDREN	= 16,		/* of a node that is made up */
	NODES_MAX	= 1000000,
	FAR_AHEAD	= 62,		/* bits of a sequence */
};

static const char *const lies[] = { "links", "sequences", "origins", "long", "forged" };

enum lie { LINKS, SEQUENCES, ORIGINS, LONG, FORGED, LIES };

/* Another node: number 0 is one that there is, others are made up. */
struct node {
	UT_hash_handle	hh;
	__u8		key[SW_KEY_LEN];
	__u32		number;
};

struct network {
	const struct sw_identity	*self;
	struct kernel			*kernel;
	struct neighbours		*neighbours;
	enum lie			lie;
	struct node			*nodes;
	unsigned int			count;
	__u64				sequence;
	__u64				due;
	__u64				told;
	__u8				message[FLOOD_MESSAGE_MAX];
	size_t				len;
};

/* --- messages -------------------------------------------------------------- */

static void begin(struct network *net, enum flood_kind kind)
{
	memset(net->message, 0, HEAD_LEN);
	net->message[0] = kind;
	net->len = HEAD_LEN;
}

static void count(struct network *net)
{
	put16(net->message + 2, get16(net->message + 2) + 1);
}

static void tell(struct network *net, __u16 label)
{
	struct kernel_message m = {
		.link = label, .payload = net->message, .len = net->len,
	};

	if (!kernel_message_send(net->kernel, &m, NULL))
		net->told++;
}

static void add_entry(struct network *net, const __u8 key[SW_KEY_LEN])
{
	__u8 *at = net->message + net->len;

	memcpy(at, key, SW_KEY_LEN);
	put64(at + 32, (1ULL << FAR_AHEAD) + net->sequence++);
	put64(at + 40, ~0ULL);
	put32(at + 48, 0);
	net->len += ENTRY_LEN;
	count(net);
}

/* --- nodes, and what is said of them --------------------------------------- */

static struct node *enter(struct network *net, const __u8 key[SW_KEY_LEN], __u32 number)
{
	struct node *node;

	HASH_FIND(hh, net->nodes, key, SW_KEY_LEN, node);
	if (node || net->count == NODES_MAX || !memcmp(key, net->self->key, SW_KEY_LEN))
		return node;
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	memcpy(node->key, key, SW_KEY_LEN);
	node->number = number;
	HASH_ADD(hh, net->nodes, key, SW_KEY_LEN, node);
	net->count++;
	return node;
}

/* The key pair of a node that is made up; of number 0, this node's own. */
static void pair(const struct network *net, __u32 number, __u8 key[SW_KEY_LEN],
		 __u8 secret[RECORD_SECRET_LEN])
{
	__u8 seed[crypto_sign_SEEDBYTES];

	crypto_generichash(seed, sizeof(seed), (void *)&number, sizeof(number),
			   net->self->key, SW_KEY_LEN);
	crypto_sign_seed_keypair(key, secret, seed);
	if (number)
		return;
	memcpy(key, net->self->key, SW_KEY_LEN);
	memcpy(secret, net->self->sign, RECORD_SECRET_LEN);
}

static void add_link(struct record_head *head, struct record_link *link,
		     const __u8 key[SW_KEY_LEN], __u16 label)
{
	link[head->count] = (struct record_link) {
		.label = label ?: 40000 + head->count, .mtu = 1420, .latency = 1,
	};
	memcpy(link[head->count].key, key, SW_KEY_LEN);
	head->count++;
}

/* Those that there are, in truth */
static void add_true(struct network *net, struct record_head *head,
		     struct record_link *link)
{
	struct neighbour *l = NULL;

	while ((l = neighbours_next(net->neighbours, l)))
		if (l->installed)
			add_link(head, link, l->key, l->label);
}

static void add_family(struct network *net, struct record_head *head,
		       struct record_link *link, __u32 number)
{
	__u8 key[SW_KEY_LEN], secret[RECORD_SECRET_LEN];
	__u32 i;

	if (number) {
		pair(net, (number - 1) / CHILDREN, key, secret);
		add_link(head, link, key, 0);
	}
	for (i = 1; i <= CHILDREN; i++) {
		pair(net, number * CHILDREN + i, key, secret);
		add_link(head, link, key, 0);
		enter(net, key, number * CHILDREN + i);
	}
}

static bool is_neighbour(struct network *net, const __u8 key[SW_KEY_LEN])
{
	struct neighbour *l = NULL;

	while ((l = neighbours_next(net->neighbours, l)))
		if (!memcmp(l->key, key, SW_KEY_LEN))
			return true;
	return false;
}

static void add_all(struct network *net, struct record_head *head,
		    struct record_link *link)
{
	struct node *node, *next;

	HASH_ITER(hh, net->nodes, node, next)
		if (head->count < RECORD_LINKS_MAX && !is_neighbour(net, node->key))
			add_link(head, link, node->key, 0);
}

/* A record of a node that is made up, or of this one, rightly signed */
static void add_record(struct network *net, __u32 number)
{
	struct record_head head = { .sequence = ++net->sequence, .instance = 1 };
	struct record_link link[RECORD_LINKS_MAX + CHILDREN];
	__u8 secret[RECORD_SECRET_LEN];
	__u8 *at = net->message + net->len;
	int len;

	pair(net, number, head.key, secret);
	if (!number)
		add_true(net, &head, link);
	if (net->lie == ORIGINS)
		add_family(net, &head, link, number);
	if (net->lie == LINKS)
		add_all(net, &head, link);
	put32(at, 0);
	len = record_write(at + 4, &head, link);
	if (len < 0)
		return;
	record_sign(at + 4, len, secret);
	net->len += 4 + len;
	count(net);
}

/* A record of @key that is newer than any, with a signature of nobody's */
static void add_forged(struct network *net, const __u8 key[SW_KEY_LEN])
{
	struct record_head head = { .sequence = 1ULL << FAR_AHEAD, .instance = 1 };
	__u8 *at = net->message + net->len;
	struct record_link none;
	int len;

	memcpy(head.key, key, SW_KEY_LEN);
	put32(at, 0);
	len = record_write(at + 4, &head, &none);
	randombytes_buf(at + 4 + len - RECORD_SIGNATURE_LEN, RECORD_SIGNATURE_LEN);
	net->len += 4 + len;
	count(net);
}

/* More links than a record may have, and more than there are bytes for */
static void add_long(struct network *net)
{
	__u8 *record = net->message + net->len + 4;

	memset(net->message + net->len, 1, sizeof(net->message) - net->len);
	memcpy(record + 16, net->self->key, SW_KEY_LEN);
	put16(record + 2, RECORD_LINKS_MAX + 1 + randombytes_uniform(65535 - RECORD_LINKS_MAX));
	net->len = sizeof(net->message);
	put16(net->message + 2, 65535);
}

/* --- what is told ---------------------------------------------------------- */

static void answer(struct network *net, __u16 label, const __u8 key[SW_KEY_LEN])
{
	struct node *node;

	HASH_FIND(hh, net->nodes, key, SW_KEY_LEN, node);
	begin(net, FLOOD_RECORDS);
	if (net->lie == LONG)
		add_long(net);
	else if (!memcmp(key, net->self->key, SW_KEY_LEN) || (node && node->number))
		add_record(net, node ? node->number : 0);
	else if (net->lie == FORGED)
		add_forged(net, key);
	else
		return;
	tell(net, label);
}

static void lie(struct network *net, __u16 label)
{
	struct node *node, *next;

	begin(net, net->lie == LONG ? FLOOD_RECORDS : FLOOD_OFFER);
	if (net->lie == LONG)
		add_long(net);
	else
		add_entry(net, net->self->key);
	HASH_ITER(hh, net->nodes, node, next)
		if (net->lie != LONG && net->len < 4096 - ENTRY_LEN)
			add_entry(net, node->key);
	tell(net, label);
	if (net->lie != FORGED)
		return;
	HASH_ITER(hh, net->nodes, node, next)
		answer(net, label, node->key);
}

void network_message(struct network *net, const struct kernel_message *m, __u64 now)
{
	size_t at;

	(void)now;
	if (m->len < HEAD_LEN)
		return;
	for (at = HEAD_LEN; at + ENTRY_LEN <= m->len; at += ENTRY_LEN) {
		if (m->payload[0] == FLOOD_WANT)
			answer(net, m->link, m->payload + at);
		else if (m->payload[0] == FLOOD_OFFER)
			enter(net, m->payload + at, 0);
	}
}

/* All that the neighbour knows, it tells to one that knows nothing. */
void network_link(struct network *net, const struct neighbour *link, __u64 now)
{
	(void)now;
	if (link->liveness != SKYWIRE_LIVENESS_ALIVE)
		return;
	begin(net, FLOOD_BUCKETS);
	memset(net->message + net->len, 0, 8 * MAP_BUCKETS);
	net->len += 8 * MAP_BUCKETS;
	tell(net, link->label);
}

__u64 network_run(struct network *net, __u64 now)
{
	struct neighbour *l = NULL;
	int i;

	if (now < net->due)
		return net->due;
	net->due = now + PAUSE;
	while ((l = neighbours_next(net->neighbours, l)))
		for (i = 0; i < BURST && l->installed; i++)
			lie(net, l->label);
	return net->due;
}

/* --- what a daemon must have ----------------------------------------------- */

void network_link_gone(struct network *net, const struct neighbour *link, __u64 now)
{
	(void)net;
	(void)link;
	(void)now;
}

void network_join(struct network *net, struct neighbours *neighbours)
{
	net->neighbours = neighbours;
}

bool network_owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN])
{
	(void)arg;
	(void)addr;
	(void)key;
	return false;
}

int network_paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		  unsigned int max)
{
	(void)arg;
	(void)key;
	(void)path;
	(void)max;
	return 0;
}

bool network_changed(struct network *net)
{
	(void)net;
	return false;
}

__u64 network_twin(const struct network *net)
{
	(void)net;
	return 0;
}

__u64 network_shared(struct network *net, const __u8 key[SW_KEY_LEN])
{
	(void)net;
	(void)key;
	return 0;
}

/* For those that ask how it goes */
unsigned int network_nodes(const struct network *net)
{
	return net->told;
}

void network_each(struct network *net, __u64 now,
		  void (*fn)(void *arg, const struct network_node *node), void *arg)
{
	struct network_node told = { .age = 0 };
	struct node *node, *next;

	(void)now;
	HASH_ITER(hh, net->nodes, node, next) {
		told.key = node->key;
		fn(arg, &told);
	}
}

struct network *network_new(struct ev_loop *loop, const struct config *config,
			    const struct sw_identity *self, struct kernel *kernel,
			    struct times *times, __u64 now, struct sw_error *err)
{
	struct network *net = calloc(1, sizeof(*net));
	const char *name = getenv("LIE") ?: "";

	(void)loop;
	(void)config;
	(void)now;
	if (!net) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	net->self = self;
	net->kernel = kernel;
	net->sequence = times_next(times);
	while (net->lie < LIES && strcmp(name, lies[net->lie]))
		net->lie++;
	if (net->lie < LIES)
		return net;
	sw_fail(err, EINVAL, "LIE: not one that is known");
	free(net);
	return NULL;
}

int network_configure(struct network *net, const struct config *config,
		      struct sw_error *err)
{
	(void)net;
	(void)config;
	(void)err;
	return 0;
}

void network_free(struct network *net)
{
	struct node *node, *next;

	if (!net)
		return;
	HASH_ITER(hh, net->nodes, node, next) {
		HASH_DEL(net->nodes, node);
		free(node);
	}
	free(net);
}
