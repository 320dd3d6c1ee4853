// SPDX-License-Identifier: GPL-2.0
/*
 * Dijkstra's algorithm, and Ramalingam's and Reps' way to mend its result: what
 * hung on arcs that got longer is cut off and hung on anew, and what arcs that
 * got shorter bring nearer is moved, both by the algorithm itself, which begins
 * with the vertices that border on the change.
 *
 * Of several parents that are equally good the lowest number is it: so the tree
 * does not depend on the order in which changes came, and does not flap.
 */
#include <errno.h>
#include <string.h>

#include <skywire/postage.h>

#include "route_tree.h"

/* No arc is longer, so that no sum of arcs overflows. */
#define COST_MAX	1000000000000ULL

__u64 tree_cost(const struct graph *graph, const struct routing_policy *policy,
		__u32 from, const struct graph_arc *arc)
{
	__u64 cost;

	if (!graph_is_linked(arc) || arc->mtu < TREE_MTU_MIN)
		return TREE_FAR;
	/* Each hop costs something, so that there are no circles for nothing. */
	cost = 1 + (__u64)arc->latency +
	       ((__u64)arc->nepers * policy->loss >> 20);
	if (from != graph->self && (arc->price_base || arc->price_rate)) {
		if (arc->price_rate > TREE_FEE_MAX ||
		    sw_fee(arc->price_base, arc->price_rate, 65535) > TREE_FEE_MAX)
			return TREE_FAR;
		cost += sw_fee(arc->price_base, arc->price_rate, TREE_PACKET) *
			policy->price / 1000;
	}
	return cost < COST_MAX ? cost : COST_MAX;
}

void tree_init(struct tree *tree, const struct graph *graph,
	       const struct routing_policy *policy)
{
	memset(tree, 0, sizeof(*tree));
	tree->graph = graph;
	tree->policy = *policy;
}

void tree_free(struct tree *tree)
{
	free(tree->distance);
	free(tree->parent);
	free(tree->changes);
	free(tree->cut);
	heap_free(&tree->heap);
}

/* More changes than this are as much work as all of it. */
static __u32 changes_max(const struct tree *tree)
{
	return tree->graph->size / 4 + 64;
}

void tree_change(struct tree *tree, __u32 from, __u32 to)
{
	if (!tree->valid)
		return;
	if (tree->change_count == tree->change_room) {
		__u32 room = tree->change_room ? tree->change_room * 2 : 64;
		void *changes = realloc(tree->changes, room * sizeof(*tree->changes));

		if (!changes) {
			tree->valid = false;
			return;
		}
		tree->changes = changes;
		tree->change_room = room;
	}
	tree->changes[tree->change_count++] = (struct tree_change) { from, to };
	if (tree->change_count > changes_max(tree))
		tree->valid = false;
}

/* Room for all numbers of the graph */
static int grow(struct tree *tree)
{
	__u32 i, room = tree->graph->room;
	void *array;

	if (tree->graph->size <= tree->room)
		return 0;
	array = realloc(tree->distance, room * sizeof(*tree->distance));
	if (!array)
		return -ENOMEM;
	tree->distance = array;
	array = realloc(tree->parent, room * sizeof(*tree->parent));
	if (!array)
		return -ENOMEM;
	tree->parent = array;
	array = realloc(tree->cut, room * sizeof(*tree->cut));
	if (!array)
		return -ENOMEM;
	tree->cut = array;
	for (i = tree->room; i < room; i++) {
		tree->distance[i] = TREE_FAR;
		tree->parent[i] = GRAPH_NONE;
	}
	tree->room = room;
	return 0;
}

/* Return: false where there is no memory. */
static bool reach(struct tree *tree, __u32 from, __u32 to, __u64 distance)
{
	if (distance > tree->distance[to])
		return true;
	if (distance == tree->distance[to]) {
		if (tree->parent[to] != GRAPH_NONE && from < tree->parent[to])
			tree->parent[to] = from;
		return true;
	}
	tree->distance[to] = distance;
	tree->parent[to] = from;
	return heap_push(&tree->heap, distance, to);
}

static bool reach_all(struct tree *tree, __u32 from)
{
	const struct graph_vertex *vertex = graph_at(tree->graph, from);
	__u64 distance = tree->distance[from];
	unsigned int i;

	for (i = 0; i < vertex->count; i++) {
		const struct graph_arc *arc = &vertex->arcs[i];
		__u64 cost = tree_cost(tree->graph, &tree->policy, from, arc);

		if (cost != TREE_FAR && !reach(tree, from, arc->to, distance + cost))
			return false;
	}
	return true;
}

static int run(struct tree *tree)
{
	while (tree->heap.count) {
		struct heap_entry next = heap_pop(&tree->heap);

		if (next.distance == tree->distance[next.vertex] &&
		    !reach_all(tree, next.vertex))
			return -ENOMEM;
	}
	return 0;
}

static int compute(struct tree *tree)
{
	__u32 i;

	for (i = 0; i < tree->room; i++) {
		tree->distance[i] = TREE_FAR;
		tree->parent[i] = GRAPH_NONE;
	}
	tree->distance[tree->graph->self] = 0;
	if (!heap_push(&tree->heap, 0, tree->graph->self))
		return -ENOMEM;
	return run(tree);
}

/* Of several arcs between two vertices the cheapest */
static __u64 cost_between(const struct tree *tree, __u32 from, __u32 to)
{
	const struct graph_vertex *vertex = graph_at(tree->graph, from);
	__u64 best = TREE_FAR;
	unsigned int i;

	for (i = 0; vertex && i < vertex->count; i++) {
		__u64 cost;

		if (vertex->arcs[i].to != to)
			continue;
		cost = tree_cost(tree->graph, &tree->policy, from, &vertex->arcs[i]);
		if (cost < best)
			best = cost;
	}
	return best;
}

static bool still_holds(const struct tree *tree, __u32 from, __u32 to)
{
	__u64 cost = cost_between(tree, from, to);

	return cost != TREE_FAR && tree->distance[from] != TREE_FAR &&
	       tree->distance[from] + cost == tree->distance[to];
}

static __u32 cut_off(struct tree *tree, __u32 vertex, __u32 count)
{
	tree->distance[vertex] = TREE_FAR;
	tree->parent[vertex] = GRAPH_NONE;
	tree->cut[count] = vertex;
	return count + 1;
}

/*
 * Cuts what hung on arcs that are longer now or gone, and all below it. Where
 * an arc to a child is gone, that is a change as well.
 */
static __u32 cut(struct tree *tree)
{
	__u32 i, j, count = 0;

	for (i = 0; i < tree->change_count; i++) {
		const struct tree_change *change = &tree->changes[i];

		if (tree->parent[change->to] == change->from &&
		    !still_holds(tree, change->from, change->to))
			count = cut_off(tree, change->to, count);
	}
	for (i = 0; i < count; i++) {
		const struct graph_vertex *vertex = graph_at(tree->graph, tree->cut[i]);

		for (j = 0; vertex && j < vertex->count; j++)
			if (tree->parent[vertex->arcs[j].to] == tree->cut[i])
				count = cut_off(tree, vertex->arcs[j].to, count);
	}
	return count;
}

/* Hangs a vertex that was cut off on the best one that was not. */
static bool hang(struct tree *tree, __u32 number)
{
	const struct graph_vertex *vertex = graph_at(tree->graph, number);
	unsigned int i;

	for (i = 0; vertex && i < vertex->count; i++) {
		__u32 from = vertex->arcs[i].to;
		const struct graph_arc *arc;
		__u64 cost;

		if (!graph_is_linked(&vertex->arcs[i]) || tree->distance[from] == TREE_FAR)
			continue;
		arc = &graph_at(tree->graph, from)->arcs[vertex->arcs[i].twin];
		cost = tree_cost(tree->graph, &tree->policy, from, arc);
		if (cost != TREE_FAR &&
		    !reach(tree, from, number, tree->distance[from] + cost))
			return false;
	}
	return true;
}

static int mend(struct tree *tree)
{
	__u32 i, count = cut(tree);

	/* All are cut before any is hung: what one hangs on must be sound. */
	for (i = 0; i < count; i++)
		if (!hang(tree, tree->cut[i]))
			return -ENOMEM;
	for (i = 0; i < tree->change_count; i++) {
		const struct tree_change *change = &tree->changes[i];
		__u64 cost = cost_between(tree, change->from, change->to);

		if (cost != TREE_FAR && tree->distance[change->from] != TREE_FAR &&
		    !reach(tree, change->from, change->to,
			   tree->distance[change->from] + cost))
			return -ENOMEM;
	}
	return run(tree);
}

int tree_update(struct tree *tree)
{
	int rc;

	if (tree->valid && !tree->change_count)
		return 0;
	rc = grow(tree);
	if (!rc)
		rc = tree->valid ? mend(tree) : compute(tree);
	tree->valid = !rc;
	tree->change_count = 0;
	tree->heap.count = 0;
	return rc;
}
