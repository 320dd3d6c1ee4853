/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Routing: which paths lead to a node. Algorithms are interchangeable: each is
 * a table of operations over the graph, chosen by name in the configuration.
 *
 * None of it blocks. An algorithm that waits for something asks its host for
 * events, and tells it when there may be other paths than before.
 */
#ifndef _SKYWIRE_SWD_ROUTING_H
#define _SKYWIRE_SWD_ROUTING_H

#include "lib/error.h"
#include "graph.h"

enum {
	ROUTE_LABELS_MAX	= SKYWIRE_LABELS_MAX,
	ROUTE_HOPS_MAX		= ROUTE_LABELS_MAX + 1,
	ROUTES_MAX		= SKYWIRE_PATHS_MAX,
};

/* One path to a node. */
struct route {
	__u16	link;		/* our label for the first link */
	__u16	labels[ROUTE_LABELS_MAX];	/* what the relays consume */
	__u32	count;		/* of labels, and of relays */
	__u32	mtu;		/* of layer-2 packets: the least of its links' */
	__u32	inner_mtu;	/* of inner packets */
	__u64	latency;	/* one way, microseconds */
	__u32	loss;		/* parts per million */
	__u32	capacity;	/* kbit/s, the least of its links'; 0 if not known */
	__u32	price_base;	/* postage, as the kernel computes it */
	__u32	price_rate;
	__u64	cost;		/* under the policy; microseconds where it has no other */
	__u32	shared_links;	/* with paths before it in the list */
	__u32	shared_nodes;	/* relays, likewise */
};

/*
 * What a path is judged by: the cost of a link is its latency in microseconds,
 * and what the others make of price and loss.
 */
struct routing_policy {
	__u32	price;	/* microseconds that 1000 nano coin-hours a packet are worth */
	__u32	loss;	/* microseconds that losing 1/e of all packets is worth */
	__u32	paths;	/* edge-disjoint ones to look for; 1 to ROUTES_MAX */
};

enum {
	ROUTING_PRICE	= 1000,		/* these two unless the configuration says else */
	ROUTING_LOSS	= 1000000,
	ROUTING_PATHS	= 4,
};

#define ROUTING_POLICY_DEFAULT	\
	{ .price = ROUTING_PRICE, .loss = ROUTING_LOSS, .paths = ROUTING_PATHS }

enum {
	ROUTING_READ	= 1,
	ROUTING_WRITE	= 2,
};

struct routing;

/*
 * What the event loop does for algorithms. None of it calls back at once. The
 * process ignores SIGPIPE.
 */
struct routing_host {
	/*
	 * Have routing_ready() called when @fd is ready for @events, from now on;
	 * for no events, not any more, which comes before it is closed.
	 */
	void	(*watch)(void *context, int fd, int events);
	/* Have routing_expired() called once at @when, and at no other time any more. */
	void	(*timer)(void *context, __u64 when);
	/* There may be other paths than before. */
	void	(*updated)(void *context);
	/* Something that the operator should know. */
	void	(*report)(void *context, const char *text);
	/* Monotonic, in nanoseconds */
	__u64	(*now)(void *context);
};

struct routing_algorithm {
	const char *name;
	/* Could it start with that? @argument: of the configuration; may be NULL. */
	int	(*check)(const char *argument, struct sw_error *err);
	/* Sets @routing->data. */
	int	(*start)(struct routing *routing, const char *argument,
			 struct sw_error *err);
	void	(*stop)(struct routing *routing);
	/* Arcs from one vertex to another may have changed. May be NULL. */
	void	(*changed)(struct routing *routing, __u32 from, __u32 to);
	/*
	 * Return: how many, the best first, or a negative errno; -EAGAIN: none, but that
	 * may be otherwise soon, and is told then.
	 */
	int	(*routes)(struct routing *routing, const __u8 key[SW_KEY_LEN],
			  const struct routing_policy *policy, struct route *routes);
	/* These two may be NULL. */
	void	(*ready)(struct routing *routing, int fd, int events);
	void	(*expired)(struct routing *routing);
};

struct routing {
	struct graph_watch		watch;	/* first */
	struct graph			*graph;
	const struct routing_algorithm	*algorithm;
	const struct routing_host	*host;
	void				*context;	/* the host's */
	void				*data;	/* the algorithm's */
};

extern const struct routing_algorithm routing_linkstate;
extern const struct routing_algorithm routing_static;
extern const struct routing_algorithm routing_exec;

/* Return: NULL where there is no algorithm of that name. */
const struct routing_algorithm *routing_find(const char *name);

/**
 * routing_new - begin to route by an algorithm
 * @graph: with our own vertex; outlives the routing
 * @argument: what the configuration says besides the name, or NULL
 *
 * Return: NULL, and @err says why.
 */
struct routing *routing_new(struct graph *graph, const struct routing_algorithm *algorithm,
			    const char *argument, const struct routing_host *host,
			    void *context, struct sw_error *err);
void routing_free(struct routing *routing);

/**
 * routing_routes - paths to a node
 * @routes: room for ROUTES_MAX
 *
 * Return: how many, the best first; 0 where there are none; -EAGAIN where that is
 * not known yet, and routing_host.updated() will tell; or another negative errno.
 */
int routing_routes(struct routing *routing, const __u8 key[SW_KEY_LEN],
		   const struct routing_policy *policy, struct route *routes);

void routing_ready(struct routing *routing, int fd, int events);
void routing_expired(struct routing *routing);

/* implemented in route.c */

/* A path as a list of arcs: from our own vertex, each from where the last one led. */
struct route_arcs {
	__u32		count;
	struct {
		__u32	from;
		__u32	index;	/* among the arcs of @from */
	} arcs[ROUTE_HOPS_MAX];
};

/*
 * What a path is, from its arcs. Return: false where no packet can go by it: it
 * has none or too many arcs, one of them is of one side only, too small, or
 * leads back where the packet came from; or its fees do not fit.
 */
bool route_describe(const struct graph *graph, const struct route_arcs *arcs,
		    struct route *route);

/* The largest inner packet of a path; without relays there is no session. */
__u32 route_inner_mtu(__u32 mtu, __u32 labels);

/* Finds the arcs of a path from its labels. Return: false where there are none. */
bool route_find(const struct graph *graph, __u16 link, const __u16 *labels,
		__u32 count, struct route_arcs *arcs);

/* The vertex where a path ends. */
__u32 route_end(const struct graph *graph, const struct route_arcs *arcs);

/* Fills in what the routes of a list share with those before them. */
void route_compare(const struct graph *graph, const struct route_arcs *arcs,
		   struct route *routes, unsigned int count);

#endif /* _SKYWIRE_SWD_ROUTING_H */
