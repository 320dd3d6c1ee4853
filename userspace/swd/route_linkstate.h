/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the algorithm "linkstate". */
#ifndef _SKYWIRE_SWD_ROUTE_LINKSTATE_H
#define _SKYWIRE_SWD_ROUTE_LINKSTATE_H

#include "route_tree.h"

struct search_arc {
	__u32	from;
	__u32	to;
	__u32	index;
};

/* A vertex as searches see it. What is of another query or pass counts as new. */
struct search_vertex {
	__u64	query;
	__u64	pass;
	__u64	distance;
	__s64	potential;	/* added to the distance in the tree */
	struct search_arc arc;	/* by which it was reached */
	bool	back;	/* that is one in use, undone: from here */
	bool	done;
	bool	on_path;
};

struct search {
	const struct tree	*tree;
	struct search_vertex	*vertices;	/* by number */
	__u32			room;
	__u64			query;
	__u64			pass;
	__u32			to;
	__u64			limit;	/* distance at which the target was reached so far */
	struct search_arc	*used;	/* by the paths found so far */
	__u32			used_count;
	__u32			used_room;
	__u32			*seen;	/* vertices done in this pass */
	__u32			seen_count;
	__u32			seen_room;
	struct heap		heap;
};

/* implemented in route_linkstate.c */

/*
 * Up to @count paths that share no link. Return: how many, in @search->used all
 * together; or -ENOMEM.
 */
int search_paths(struct search *search, const struct tree *tree, __u32 to, __u32 count);
void search_free(struct search *search);

/* Adds a route to lists that are in order. Return: how many there are then. */
int route_add(const struct tree *tree, const struct route_arcs *arcs,
	      struct route *routes, struct route_arcs *list, int count);

/* implemented in route_bounded.c */

/**
 * bounded_paths - paths of no more hops than a header has labels for
 *
 * Where the cheapest paths are longer. Finds the cheapest one, and others that
 * share no link with those before: not the cheapest in sum, for that is a hard
 * problem.
 *
 * Return: how many routes, or -ENOMEM.
 */
int bounded_paths(const struct tree *tree, __u32 to, __u32 count, struct route *routes,
		  struct route_arcs *list);

#endif /* _SKYWIRE_SWD_ROUTE_LINKSTATE_H */
