/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network as a graph: nodes, and what each claims of its links. A link
 * counts only where both ends claim it, and then at the worse of the two
 * claims; the claim of the other end is an arc's twin.
 *
 * The map fills it, routing reads it. It knows neither records nor messages.
 *
 * A vertex has a number, which is its own as long as it lives: arrays of what
 * is computed about vertices are indexed by it. It lives as long as it claims
 * links, is claimed by others, or is held.
 */
#ifndef _SKYWIRE_SWD_GRAPH_H
#define _SKYWIRE_SWD_GRAPH_H

#include <sys/queue.h>
#include <uthash.h>

#include "lib/key.h"

enum {
	GRAPH_NONE	= ~0u,	/* no vertex */
	GRAPH_ALONE	= 0xffff,	/* no twin */
	GRAPH_LINKS_MAX	= 256,
};

/* What one end says of a link. */
struct graph_claim {
	__u32	to;		/* number of the vertex at the other end */
	__u16	label;
	__u16	mtu;
	__u32	latency;	/* microseconds */
	__u32	loss;		/* parts per million */
	__u32	capacity;	/* kbit/s */
	__u32	price_base;
	__u32	price_rate;
};

/*
 * One direction of a link. Metrics are of both claims; of an arc without a
 * twin they mean nothing. The price is that of its own end.
 */
struct graph_arc {
	__u32	to;
	__u16	twin;		/* index among the arcs of @to, or GRAPH_ALONE */
	__u16	mtu;
	__u32	latency;	/* microseconds */
	__u32	nepers;		/* -ln(delivery), in units of 2^-20 */
	__u32	price_base;
	__u32	price_rate;
};

struct graph_vertex {
	UT_hash_handle		hh;
	__u8			key[SW_KEY_LEN];
	__u32			number;
	__u32			mentions;	/* claims that name it */
	__u32			holds;
	__u32			count;		/* of claims, and of arcs */
	struct graph_claim	*claims;	/* ordered by key and label */
	struct graph_arc	*arcs;		/* arcs[i] is that of claims[i] */
};

/* Told after arcs from one vertex to another may have changed. */
struct graph_watch {
	LIST_ENTRY(graph_watch)	entry;
	void			(*changed)(struct graph_watch *watch, __u32 from,
					   __u32 to);
};

struct graph {
	struct graph_vertex	*by_key;
	struct graph_vertex	**vertices;	/* by number; NULL where free */
	__u32			*free;		/* numbers that are free below @size */
	__u32			free_count;
	__u32			size;		/* all numbers are below */
	__u32			room;
	size_t			vertex_size;	/* the map's own struct begins so */
	size_t			bytes;		/* memory in use */
	__u64			generation;	/* counts changes */
	__u32			self;		/* our own vertex, or GRAPH_NONE */
	LIST_HEAD(, graph_watch) watches;
};

/* @vertex_size: of a struct that begins with a graph_vertex; the rest is zero */
void graph_init(struct graph *graph, size_t vertex_size);
void graph_free(struct graph *graph);

struct graph_vertex *graph_find(struct graph *graph, const __u8 key[SW_KEY_LEN]);

/*
 * Finds or makes the vertex of a key, and holds it. Return: NULL where there
 * is no memory.
 */
struct graph_vertex *graph_hold(struct graph *graph, const __u8 key[SW_KEY_LEN]);
void graph_put(struct graph *graph, struct graph_vertex *vertex);

/**
 * graph_claim - replace all that a vertex claims
 * @vertex: held by the caller
 * @claims: in the order of their neighbours' keys, of vertices that are held by
 *	the caller
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int graph_claim(struct graph *graph, struct graph_vertex *vertex,
		const struct graph_claim *claims, unsigned int count);

static inline struct graph_vertex *graph_at(const struct graph *graph, __u32 number)
{
	return graph->vertices[number];
}

static inline bool graph_is_linked(const struct graph_arc *arc)
{
	return arc->twin != GRAPH_ALONE;
}

/* Does @vertex claim a link with the node of this key? */
bool graph_claims(const struct graph *graph, const struct graph_vertex *vertex,
		  const __u8 key[SW_KEY_LEN]);

void graph_watch(struct graph *graph, struct graph_watch *watch);
void graph_unwatch(struct graph_watch *watch);

#endif /* _SKYWIRE_SWD_GRAPH_H */
