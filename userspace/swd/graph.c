// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

/* Keys are chosen by strangers, who must not choose what they collide with. */
static unsigned int hash_key(const void *key, size_t len);
#define HASH_FUNCTION(key, len, hash)	((hash) = hash_key(key, len))
#define HASH_NONFATAL_OOM 1

#include "graph.h"

static unsigned int hash_key(const void *key, size_t len)
{
	static __u8 secret[crypto_shorthash_KEYBYTES];
	static bool drawn;
	unsigned int hash[crypto_shorthash_BYTES / sizeof(unsigned int)];

	if (!drawn) {
		randombytes_buf(secret, sizeof(secret));
		drawn = true;
	}
	crypto_shorthash((unsigned char *)hash, key, len, secret);
	return hash[0];
}

void graph_init(struct graph *graph, size_t vertex_size)
{
	memset(graph, 0, sizeof(*graph));
	graph->vertex_size = vertex_size;
	graph->self = GRAPH_NONE;
	LIST_INIT(&graph->watches);
}

static void free_vertex(struct graph *graph, struct graph_vertex *vertex)
{
	HASH_DEL(graph->by_key, vertex);
	graph->vertices[vertex->number] = NULL;
	graph->bytes -= graph->vertex_size;
	free(vertex->claims);
	free(vertex->arcs);
	free(vertex);
}

void graph_free(struct graph *graph)
{
	__u32 i;

	for (i = 0; i < graph->size; i++)
		if (graph->vertices[i])
			free_vertex(graph, graph->vertices[i]);
	free(graph->vertices);
	free(graph->free);
	graph_init(graph, graph->vertex_size);
}

struct graph_vertex *graph_find(struct graph *graph, const __u8 key[SW_KEY_LEN])
{
	struct graph_vertex *vertex;

	HASH_FIND(hh, graph->by_key, key, SW_KEY_LEN, vertex);
	return vertex;
}

/* Room for one number more in both arrays that are as long as @room */
static int grow(struct graph *graph)
{
	__u32 room = graph->room ? graph->room * 2 : 64;
	void *vertices, *numbers;

	if (graph->size < graph->room)
		return 0;
	vertices = realloc(graph->vertices, room * sizeof(*graph->vertices));
	if (!vertices)
		return -ENOMEM;
	graph->vertices = vertices;
	numbers = realloc(graph->free, room * sizeof(*graph->free));
	if (!numbers)
		return -ENOMEM;
	graph->free = numbers;
	graph->room = room;
	return 0;
}

static struct graph_vertex *new_vertex(struct graph *graph, const __u8 *key)
{
	struct graph_vertex *vertex;

	if (!graph->free_count && grow(graph))
		return NULL;
	vertex = calloc(1, graph->vertex_size);
	if (!vertex)
		return NULL;
	memcpy(vertex->key, key, SW_KEY_LEN);
	HASH_ADD(hh, graph->by_key, key, SW_KEY_LEN, vertex);
	if (!vertex->hh.tbl) {
		free(vertex);
		return NULL;
	}
	vertex->number = graph->free_count ? graph->free[--graph->free_count] :
					     graph->size++;
	graph->vertices[vertex->number] = vertex;
	graph->bytes += graph->vertex_size;
	return vertex;
}

struct graph_vertex *graph_hold(struct graph *graph, const __u8 key[SW_KEY_LEN])
{
	struct graph_vertex *vertex = graph_find(graph, key) ?: new_vertex(graph, key);

	if (vertex)
		vertex->holds++;
	return vertex;
}

static void drop_unused(struct graph *graph, struct graph_vertex *vertex)
{
	if (vertex->holds || vertex->mentions || vertex->count)
		return;
	graph->free[graph->free_count++] = vertex->number;
	free_vertex(graph, vertex);
}

void graph_put(struct graph *graph, struct graph_vertex *vertex)
{
	vertex->holds--;
	drop_unused(graph, vertex);
}

/* Those of a vertex's claims that name one neighbour: they are consecutive. */
struct run {
	unsigned int first;
	unsigned int count;
};

static unsigned int first_not_below(const struct graph *graph,
				    const struct graph_vertex *vertex, const __u8 *key)
{
	unsigned int low = 0, high = vertex->count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		__u32 to = vertex->claims[middle].to;

		if (memcmp(graph_at(graph, to)->key, key, SW_KEY_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct run find_run(const struct graph *graph, const struct graph_vertex *vertex,
			   const struct graph_vertex *to)
{
	struct run run = { first_not_below(graph, vertex, to->key), 0 };

	while (run.first + run.count < vertex->count &&
	       vertex->claims[run.first + run.count].to == to->number)
		run.count++;
	return run;
}

bool graph_claims(const struct graph *graph, const struct graph_vertex *vertex,
		  const __u8 key[SW_KEY_LEN])
{
	unsigned int i = first_not_below(graph, vertex, key);

	return i < vertex->count &&
	       !memcmp(graph_at(graph, vertex->claims[i].to)->key, key, SW_KEY_LEN);
}

static bool is_faster(const struct graph_claim *a, const struct graph_claim *b)
{
	if (a->latency != b->latency)
		return a->latency < b->latency;
	return a->label < b->label;
}

/* Puts the indices of a run's claims in order, the fastest first. */
static void rank(const struct graph_vertex *vertex, struct run run, __u16 *order)
{
	unsigned int i, j;

	for (i = 0; i < run.count; i++) {
		__u16 index = run.first + i;

		for (j = i; j && is_faster(&vertex->claims[index],
					   &vertex->claims[order[j - 1]]); j--)
			order[j] = order[j - 1];
		order[j] = index;
	}
}

static __u32 nepers(__u32 loss)
{
	/* What loses all is as good as what loses all but one in a million. */
	double delivery = loss < 1000000 ? 1 - loss / 1e6 : 1 / 1e6;

	return (__u32)lround(-log(delivery) * (1 << 20));
}

static void join(struct graph_vertex *a, __u16 i, struct graph_vertex *b, __u16 j)
{
	const struct graph_claim *x = &a->claims[i], *y = &b->claims[j];
	struct graph_arc *there = &a->arcs[i], *back = &b->arcs[j];

	there->twin = j;
	back->twin = i;
	there->mtu = x->mtu < y->mtu ? x->mtu : y->mtu;
	back->mtu = there->mtu;
	there->latency = x->latency > y->latency ? x->latency : y->latency;
	back->latency = there->latency;
	there->nepers = nepers(x->loss > y->loss ? x->loss : y->loss);
	back->nepers = there->nepers;
}

static void changed(struct graph *graph, __u32 from, __u32 to)
{
	struct graph_watch *watch;

	LIST_FOREACH(watch, &graph->watches, entry)
		watch->changed(watch, from, to);
}

static void disjoin(struct graph_vertex *vertex, struct run run)
{
	unsigned int i;

	for (i = 0; i < run.count; i++)
		vertex->arcs[run.first + i].twin = GRAPH_ALONE;
}

/*
 * Finds out anew which claims of two vertices belong together. Between two
 * nodes with several links no claim says which of the other's claims it meets.
 * The fastest meets the fastest: links that differ are told apart by just that,
 * and of links that do not differ any may meet any. What one end alone claims
 * is left over.
 */
static void match(struct graph *graph, struct graph_vertex *a, struct graph_vertex *b)
{
	__u16 left[GRAPH_LINKS_MAX], right[GRAPH_LINKS_MAX];
	struct run x = find_run(graph, a, b), y = find_run(graph, b, a);
	unsigned int i;

	disjoin(a, x);
	disjoin(b, y);
	rank(a, x, left);
	rank(b, y, right);
	for (i = 0; i < x.count && i < y.count; i++)
		join(a, left[i], b, right[i]);
}

/* Once for each neighbour that one of @claims names */
static void match_all(struct graph *graph, struct graph_vertex *vertex,
		      const struct graph_claim *claims, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!i || claims[i].to != claims[i - 1].to)
			match(graph, vertex, graph_at(graph, claims[i].to));
}

static void tell_all(struct graph *graph, __u32 from, const struct graph_claim *claims,
		     unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (i && claims[i].to == claims[i - 1].to)
			continue;
		changed(graph, from, claims[i].to);
		changed(graph, claims[i].to, from);
	}
}

static void fill(struct graph_vertex *vertex)
{
	unsigned int i;

	for (i = 0; i < vertex->count; i++) {
		const struct graph_claim *claim = &vertex->claims[i];

		vertex->arcs[i] = (struct graph_arc) {
			.to = claim->to,
			.twin = GRAPH_ALONE,
			.price_base = claim->price_base,
			.price_rate = claim->price_rate,
		};
	}
}

static size_t bytes_of(unsigned int count)
{
	return count * (sizeof(struct graph_claim) + sizeof(struct graph_arc));
}

int graph_claim(struct graph *graph, struct graph_vertex *vertex,
		const struct graph_claim *claims, unsigned int count)
{
	struct graph_claim *old = vertex->claims, *copy = NULL;
	unsigned int i, old_count = vertex->count;
	struct graph_arc *arcs = NULL;

	if (count) {
		copy = malloc(count * sizeof(*copy));
		arcs = malloc(count * sizeof(*arcs));
		if (!copy || !arcs) {
			free(copy);
			free(arcs);
			return -ENOMEM;
		}
		memcpy(copy, claims, count * sizeof(*copy));
	}
	for (i = 0; i < count; i++)
		graph_at(graph, copy[i].to)->mentions++;
	free(vertex->arcs);
	vertex->claims = copy;
	vertex->arcs = arcs;
	vertex->count = count;
	fill(vertex);
	/* Old neighbours that are no longer named lose their twins. */
	match_all(graph, vertex, old, old_count);
	match_all(graph, vertex, copy, count);
	graph->generation++;
	graph->bytes += bytes_of(count) - bytes_of(old_count);
	tell_all(graph, vertex->number, old, old_count);
	tell_all(graph, vertex->number, copy, count);
	for (i = 0; i < old_count; i++) {
		struct graph_vertex *to = graph_at(graph, old[i].to);

		to->mentions--;
		drop_unused(graph, to);
	}
	free(old);
	return 0;
}

void graph_watch(struct graph *graph, struct graph_watch *watch)
{
	LIST_INSERT_HEAD(&graph->watches, watch, entry);
}

void graph_unwatch(struct graph_watch *watch)
{
	LIST_REMOVE(watch, entry);
}
