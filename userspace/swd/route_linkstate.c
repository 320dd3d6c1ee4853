// SPDX-License-Identifier: GPL-2.0
/*
 * Shortest paths that share no link, least in sum: Suurballe's algorithm, and
 * successive augmentation for more than two.
 *
 * The first path is that of the tree. Each further one is the shortest in the
 * residual graph, where what earlier paths use is gone and can be undone the
 * other way, at the price that it cost. Costs are reduced by the distances of
 * the tree, and by those of each search after it, so that none is negative and
 * a search ends where it reaches the target: most look at few vertices.
 *
 * What is used in the end is taken apart into paths. Links are used in one
 * direction at most: in both, undoing would have been shorter.
 */
#include <errno.h>
#include <string.h>

#include "route_linkstate.h"

enum {
	TREES_MAX	= 4,	/* policies that are remembered */
};

struct linkstate {
	struct routing	*routing;
	struct tree	trees[TREES_MAX];
	bool		used[TREES_MAX];
	unsigned int	next;	/* tree to be replaced by another policy's */
	struct search	search;
};

/* Searches */

static int search_grow(struct search *search, __u32 size)
{
	void *vertices;

	if (size <= search->room)
		return 0;
	vertices = realloc(search->vertices, size * sizeof(*search->vertices));
	if (!vertices)
		return -ENOMEM;
	search->vertices = vertices;
	memset(search->vertices + search->room, 0,
	       (size - search->room) * sizeof(*search->vertices));
	search->room = size;
	return 0;
}

void search_free(struct search *search)
{
	free(search->vertices);
	free(search->used);
	free(search->seen);
	heap_free(&search->heap);
}

/* A vertex as this search sees it, begun anew where an earlier one left it. */
static struct search_vertex *visit(struct search *search, __u32 number)
{
	struct search_vertex *vertex = &search->vertices[number];

	if (vertex->query != search->query)
		*vertex = (struct search_vertex) { .query = search->query };
	if (vertex->pass != search->pass) {
		vertex->pass = search->pass;
		vertex->distance = TREE_FAR;
		vertex->done = false;
	}
	return vertex;
}

static __s64 potential(const struct search *search, const struct search_vertex *vertex)
{
	__u32 number = (__u32)(vertex - search->vertices);

	return (__s64)search->tree->distance[number] + vertex->potential;
}

static struct search_arc *find_used(struct search *search, __u32 from, __u32 index)
{
	__u32 i;

	for (i = 0; i < search->used_count; i++)
		if (search->used[i].from == from && search->used[i].index == index)
			return &search->used[i];
	return NULL;
}

static int add_used(struct search *search, __u32 from, __u32 index)
{
	__u32 to = graph_at(search->tree->graph, from)->arcs[index].to;

	if (search->used_count == search->used_room) {
		__u32 room = search->used_room ? search->used_room * 2 : 64;
		void *used = realloc(search->used, room * sizeof(*search->used));

		if (!used)
			return -ENOMEM;
		search->used = used;
		search->used_room = room;
	}
	search->used[search->used_count++] = (struct search_arc) {
		.from = from, .to = to, .index = index,
	};
	visit(search, from)->on_path = true;
	visit(search, to)->on_path = true;
	return 0;
}

static void del_used(struct search *search, __u32 from, __u32 index)
{
	*find_used(search, from, index) = search->used[--search->used_count];
}

/*
 * @reduced: what the arc costs, less the potential that is lost by it
 * @back: the arc is one in use, from @to to the vertex that it is undone at
 */
static int search_reach(struct search *search, struct search_vertex *to, __s64 reduced,
			const struct search_arc *arc, bool back)
{
	__u64 distance = reduced - potential(search, to);

	/* What is farther than the target is of no interest any more. */
	if (distance >= to->distance || distance >= search->limit)
		return 0;
	to->distance = distance;
	to->arc = *arc;
	to->back = back;
	if (to == &search->vertices[search->to])
		search->limit = distance;
	return heap_push(&search->heap, distance, (__u32)(to - search->vertices)) ?
	       0 : -ENOMEM;
}

static int search_forward(struct search *search, __u32 number)
{
	const struct search_vertex *here = &search->vertices[number];
	__s64 reduced = (__s64)here->distance + potential(search, here);
	const struct tree *tree = search->tree;
	const struct graph_vertex *vertex = graph_at(tree->graph, number);
	struct search_arc arc = { .from = number };
	int rc = 0;

	for (; arc.index < vertex->count && !rc; arc.index++) {
		const struct graph_arc *to = &vertex->arcs[arc.index];
		struct search_vertex *there = visit(search, to->to);
		__u64 cost;

		if (there->done)
			continue;
		cost = tree_cost(tree->graph, &tree->policy, number, to);
		if (cost == TREE_FAR ||
		    (here->on_path && find_used(search, number, arc.index)))
			continue;
		arc.to = to->to;
		rc = search_reach(search, there, reduced + (__s64)cost, &arc, false);
	}
	return rc;
}

static int search_back(struct search *search, __u32 number)
{
	const struct search_vertex *here = &search->vertices[number];
	__s64 reduced = (__s64)here->distance + potential(search, here);
	const struct tree *tree = search->tree;
	__u32 i;
	int rc = 0;

	for (i = 0; i < search->used_count && !rc; i++) {
		const struct search_arc *used = &search->used[i];
		__u64 cost;

		if (used->to != number || visit(search, used->from)->done)
			continue;
		cost = tree_cost(tree->graph, &tree->policy, used->from,
				 &graph_at(tree->graph, used->from)->arcs[used->index]);
		rc = search_reach(search, visit(search, used->from), reduced - (__s64)cost,
				  used, true);
	}
	return rc;
}

static int note_seen(struct search *search, __u32 number)
{
	if (search->seen_count == search->seen_room) {
		__u32 room = search->seen_room ? search->seen_room * 2 : 256;
		void *seen = realloc(search->seen, room * sizeof(*search->seen));

		if (!seen)
			return -ENOMEM;
		search->seen = seen;
		search->seen_room = room;
	}
	search->seen[search->seen_count++] = number;
	return 0;
}

/* What was nearer than the target is that much nearer from now on. */
static void move_potentials(struct search *search, __u64 reached)
{
	__u32 i;

	for (i = 0; i < search->seen_count; i++) {
		struct search_vertex *vertex = &search->vertices[search->seen[i]];

		vertex->potential -= (__s64)(reached - vertex->distance);
	}
}

/* Return: 1 where the target was reached, 0 where it was not; or -ENOMEM. */
static int search_run(struct search *search)
{
	int rc;

	search->pass++;
	search->limit = TREE_FAR;
	search->seen_count = 0;
	search->heap.count = 0;
	visit(search, search->tree->graph->self)->distance = 0;
	if (!heap_push(&search->heap, 0, search->tree->graph->self))
		return -ENOMEM;
	while (search->heap.count) {
		struct heap_entry next = heap_pop(&search->heap);
		struct search_vertex *vertex = visit(search, next.vertex);

		if (vertex->done)
			continue;
		if (next.vertex == search->to) {
			move_potentials(search, next.distance);
			return 1;
		}
		vertex->done = true;
		rc = note_seen(search, next.vertex) ?: search_forward(search, next.vertex);
		if (!rc && vertex->on_path)
			rc = search_back(search, next.vertex);
		if (rc)
			return rc;
	}
	return 0;
}

/* Adds the path that was found to what is in use. */
static int augment(struct search *search, __u32 to)
{
	const __u32 self = search->tree->graph->self;

	while (to != self) {
		const struct search_vertex *vertex = &search->vertices[to];
		struct search_arc arc = vertex->arc;

		if (vertex->back)
			del_used(search, arc.from, arc.index);
		else if (add_used(search, arc.from, arc.index))
			return -ENOMEM;
		to = vertex->back ? arc.to : arc.from;
	}
	return 0;
}

/* The arc by which the tree reaches a vertex */
static __u32 tree_arc(const struct tree *tree, __u32 to)
{
	__u32 from = tree->parent[to];
	const struct graph_vertex *vertex = graph_at(tree->graph, from);
	__u32 i;

	for (i = 0; i < vertex->count; i++) {
		const struct graph_arc *arc = &vertex->arcs[i];

		if (arc->to == to && tree->distance[from] +
		    tree_cost(tree->graph, &tree->policy, from, arc) == tree->distance[to])
			break;
	}
	return i;
}

static int use_tree(struct search *search, __u32 to)
{
	const struct tree *tree = search->tree;

	for (; to != tree->graph->self; to = tree->parent[to])
		if (add_used(search, tree->parent[to], tree_arc(tree, to)))
			return -ENOMEM;
	return 0;
}

int search_paths(struct search *search, const struct tree *tree, __u32 to, __u32 count)
{
	__u32 found = 1;
	int rc;

	if (tree->distance[to] == TREE_FAR)
		return 0;
	rc = search_grow(search, tree->room);
	if (rc)
		return rc;
	search->tree = tree;
	search->to = to;
	search->query++;
	search->used_count = 0;
	rc = use_tree(search, to);
	while (!rc && found < count) {
		rc = search_run(search);
		if (rc <= 0)
			break;
		rc = augment(search, to);
		found += !rc;
	}
	return rc < 0 ? rc : (int)found;
}

/*
 * Takes one path out of what is in use. One of too many hops is counted, and
 * its arcs are not kept.
 */
static void take_path(struct search *search, __u32 to, struct route_arcs *arcs)
{
	__u32 at = search->tree->graph->self;

	arcs->count = 0;
	while (at != to) {
		__u32 i = 0;

		while (search->used[i].from != at)
			i++;
		if (arcs->count < ROUTE_HOPS_MAX) {
			arcs->arcs[arcs->count].from = at;
			arcs->arcs[arcs->count].index = search->used[i].index;
		}
		arcs->count++;
		at = search->used[i].to;
		search->used[i] = search->used[--search->used_count];
	}
}

static __u64 cost_of(const struct tree *tree, const struct route_arcs *arcs)
{
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < arcs->count; i++) {
		__u32 from = arcs->arcs[i].from;

		sum += tree_cost(tree->graph, &tree->policy, from,
				 &graph_at(tree->graph, from)->arcs[arcs->arcs[i].index]);
	}
	return sum;
}

/* The cheapest first; of equals the shortest, and then the lowest first label */
static bool is_better(const struct route *a, const struct route *b)
{
	if (a->cost != b->cost)
		return a->cost < b->cost;
	if (a->count != b->count)
		return a->count < b->count;
	return a->link < b->link;
}

/* Keeps lists of @count routes and their arcs in order. */
static void insert_route(struct route *routes, struct route_arcs *list, unsigned int count,
			 const struct route *route, const struct route_arcs *arcs)
{
	while (count && is_better(route, &routes[count - 1])) {
		routes[count] = routes[count - 1];
		list[count] = list[count - 1];
		count--;
	}
	routes[count] = *route;
	list[count] = *arcs;
}

int route_add(const struct tree *tree, const struct route_arcs *arcs,
	      struct route *routes, struct route_arcs *list, int count)
{
	struct route route;

	if (arcs->count > ROUTE_HOPS_MAX || !route_describe(tree->graph, arcs, &route))
		return count;
	route.cost = cost_of(tree, arcs);
	insert_route(routes, list, count, &route, arcs);
	return count + 1;
}

/* A link too small for the relayed may do for the neighbour at its end. */
static int add_direct(const struct tree *tree, __u32 to, struct route *routes,
		      struct route_arcs *list)
{
	const struct graph_vertex *self = graph_at(tree->graph, tree->graph->self);
	struct route_arcs arcs = { .count = 1 };
	int count = 0;
	__u32 i;

	for (i = 0; i < self->count && count < ROUTES_MAX; i++) {
		if (self->arcs[i].to != to)
			continue;
		arcs.arcs[0].from = self->number;
		arcs.arcs[0].index = i;
		count = route_add(tree, &arcs, routes, list, count);
	}
	return count;
}

static struct tree *tree_of(struct linkstate *linkstate, const struct routing_policy *policy)
{
	unsigned int i;

	for (i = 0; i < TREES_MAX; i++) {
		const struct routing_policy *other = &linkstate->trees[i].policy;

		if (linkstate->used[i] && other->price == policy->price &&
		    other->loss == policy->loss)
			return &linkstate->trees[i];
	}
	i = linkstate->next++ % TREES_MAX;
	if (linkstate->used[i])
		tree_free(&linkstate->trees[i]);
	tree_init(&linkstate->trees[i], linkstate->routing->graph, policy);
	linkstate->used[i] = true;
	return &linkstate->trees[i];
}

static int routes_to(struct routing *routing, const __u8 key[SW_KEY_LEN],
		     const struct routing_policy *policy, struct route *routes)
{
	const struct graph_vertex *vertex = graph_find(routing->graph, key);
	struct linkstate *linkstate = routing->data;
	struct tree *tree = tree_of(linkstate, policy);
	struct route_arcs arcs, list[ROUTES_MAX];
	int rc, found, count = 0;
	__u32 to;

	if (!vertex)
		return 0;
	to = vertex->number;
	rc = tree_update(tree);
	if (rc)
		return rc;
	found = search_paths(&linkstate->search, tree, to, policy->paths);
	if (found < 0)
		return found;
	while (found--) {
		take_path(&linkstate->search, to, &arcs);
		count = route_add(tree, &arcs, routes, list, count);
	}
	if (!count)
		count = bounded_paths(tree, to, policy->paths, routes, list);
	if (!count)
		count = add_direct(tree, to, routes, list);
	if (count > 0)
		route_compare(routing->graph, list, routes, count);
	return count;
}

static void changed(struct routing *routing, __u32 from, __u32 to)
{
	struct linkstate *linkstate = routing->data;
	unsigned int i;

	for (i = 0; i < TREES_MAX; i++)
		if (linkstate->used[i])
			tree_change(&linkstate->trees[i], from, to);
	routing->host->updated(routing->context);
}

static int check(const char *argument, struct sw_error *err)
{
	return argument ? sw_fail(err, EINVAL, "linkstate takes no argument") : 0;
}

static int start(struct routing *routing, const char *argument, struct sw_error *err)
{
	struct linkstate *linkstate;

	if (check(argument, err))
		return -EINVAL;
	linkstate = calloc(1, sizeof(*linkstate));
	if (!linkstate)
		return sw_fail(err, ENOMEM, "no memory");
	linkstate->routing = routing;
	routing->data = linkstate;
	return 0;
}

static void stop(struct routing *routing)
{
	struct linkstate *linkstate = routing->data;
	unsigned int i;

	for (i = 0; i < TREES_MAX; i++)
		if (linkstate->used[i])
			tree_free(&linkstate->trees[i]);
	search_free(&linkstate->search);
	free(linkstate);
}

const struct routing_algorithm routing_linkstate = {
	.name = "linkstate",
	.check = check,
	.start = start,
	.stop = stop,
	.changed = changed,
	.routes = routes_to,
};
