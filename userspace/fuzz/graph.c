// SPDX-License-Identifier: GPL-2.0
/*
 * Claims of nodes that say what they like, and the paths that "linkstate" finds over
 * them: links are those that both ends claim, and the paths to a node share none, are
 * as many as there are, and cost the least in sum. The same routing lives through all
 * changes, so what it mends is compared with what is computed anew.
 */
#include "swd/route_tree.h"

#include "fuzz.h"

enum {
	NODES	= 8,		/* so that no path has too many hops */
	CLAIMS	= 12,
	ARCS	= NODES * CLAIMS,
	MTU	= 1420,
	POLICIES = 5,
};

static const struct routing_policy policies[POLICIES] = {
	ROUTING_POLICY_DEFAULT, { 0, 0, 0 }, { 1, 0, 0 }, { 0, ~0u, 0 }, { ~0u, ~0u, 0 },
};

static struct graph graph;
/* Held, all of them */
static struct graph_vertex *nodes[NODES];

static void updated(void *context)
{
	(void)context;
}

static const struct routing_host host = { .updated = updated };

/* Claims of @vertex with @to: those that are links, or all */
static unsigned int count_claims(const struct graph_vertex *vertex, __u32 to, bool linked)
{
	unsigned int i, count = 0;

	for (i = 0; i < vertex->count; i++)
		count += vertex->claims[i].to == to &&
			 (!linked || graph_is_linked(&vertex->arcs[i]));
	return count;
}

static void check_arc(const struct graph_vertex *vertex, unsigned int i)
{
	const struct graph_arc *arc = &vertex->arcs[i], *back;
	const struct graph_claim *here = &vertex->claims[i], *there;
	const struct graph_vertex *to = graph_at(&graph, arc->to);

	require(arc->to == here->to && arc->price_base == here->price_base &&
		arc->price_rate == here->price_rate);
	if (!graph_is_linked(arc))
		return;
	require(arc->twin < to->count);
	back = &to->arcs[arc->twin];
	there = &to->claims[arc->twin];
	require(back->to == vertex->number && back->twin == i);
	require(arc->mtu == (here->mtu < there->mtu ? here->mtu : there->mtu));
	require(arc->latency ==
		(here->latency > there->latency ? here->latency : there->latency));
	require(arc->nepers == back->nepers);
}

/* Of what two nodes claim of each other, the lesser number are links. */
static void check_graph(void)
{
	unsigned int i, j;

	for (i = 0; i < NODES; i++) {
		for (j = 0; j < nodes[i]->count; j++)
			check_arc(nodes[i], j);
		for (j = 0; j < NODES; j++) {
			unsigned int here = count_claims(nodes[i], nodes[j]->number, false);
			unsigned int there = count_claims(nodes[j], nodes[i]->number, false);

			require(count_claims(nodes[i], nodes[j]->number, true) ==
				(here < there ? here : there));
		}
	}
}

static unsigned int node_of(__u32 number)
{
	unsigned int i = 0;

	while (nodes[i]->number != number)
		i++;
	return i;
}

/* The oracle: successive shortest paths, with nothing kept and all edges looked at. */
struct edge {
	unsigned int	from, to;
	__s64		cost;
	bool		used;
};

struct flow {
	struct edge	edges[ARCS];
	unsigned int	count;
	__s64		sum;
};

static void read_edges(struct flow *flow, const struct routing_policy *policy)
{
	unsigned int i, j;
	__u64 cost;

	for (i = 0; i < NODES; i++) {
		for (j = 0; j < nodes[i]->count; j++) {
			const struct graph_arc *arc = &nodes[i]->arcs[j];

			cost = tree_cost(&graph, policy, nodes[i]->number, arc);
			if (cost != TREE_FAR)
				flow->edges[flow->count++] = (struct edge) {
					.from = i, .to = node_of(arc->to), .cost = cost,
				};
		}
	}
}

/* One more path from node 0, and what is undone by it. Return: false, there is none. */
static bool flow_more(struct flow *flow, unsigned int to)
{
	__s64 distance[NODES], far = INT64_MAX / 2;
	struct edge *by[NODES] = { 0 };
	unsigned int i, round;

	for (i = 0; i < NODES; i++)
		distance[i] = i ? far : 0;
	for (round = 0; round < NODES; round++) {
		for (i = 0; i < flow->count; i++) {
			struct edge *e = &flow->edges[i];
			unsigned int a = e->used ? e->to : e->from;
			unsigned int b = e->used ? e->from : e->to;
			__s64 cost = e->used ? -e->cost : e->cost;

			if (distance[a] == far || distance[a] + cost >= distance[b])
				continue;
			distance[b] = distance[a] + cost;
			by[b] = e;
		}
	}
	if (distance[to] == far)
		return false;
	flow->sum += distance[to];
	while (to) {
		by[to]->used = !by[to]->used;
		to = by[to]->used ? by[to]->from : by[to]->to;
	}
	return true;
}

/* One path to where it was to lead; its links are noted, and are nobody else's. */
static void check_route(const struct route *route, unsigned int to,
			const struct routing_policy *policy, bool used[NODES][CLAIMS])
{
	struct route_arcs arcs;
	struct route again;
	__u64 cost = 0;
	unsigned int i;

	require(route->count <= ROUTE_LABELS_MAX && !route->shared_links);
	require(route->inner_mtu >= SKYWIRE_MTU_MIN);
	require(route_find(&graph, route->link, route->labels, route->count, &arcs));
	require(route_end(&graph, &arcs) == nodes[to]->number);
	require(route_describe(&graph, &arcs, &again));
	require(again.latency == route->latency && again.mtu == route->mtu &&
		again.price_base == route->price_base &&
		again.price_rate == route->price_rate);
	for (i = 0; i < arcs.count; i++) {
		__u32 from = arcs.arcs[i].from, index = arcs.arcs[i].index;
		const struct graph_arc *arc = &graph_at(&graph, from)->arcs[index];
		bool *here = &used[node_of(from)][index];
		bool *back = &used[node_of(arc->to)][arc->twin];

		require(!*here && !*back);
		*here = true;
		cost += tree_cost(&graph, policy, from, arc);
	}
	require(cost == route->cost);
}

/* Links too small for relays are for the neighbour itself, where there is no other. */
static bool is_near(unsigned int to)
{
	unsigned int i;

	for (i = 0; i < nodes[0]->count; i++) {
		const struct graph_arc *arc = &nodes[0]->arcs[i];

		if (arc->to == nodes[to]->number && graph_is_linked(arc) &&
		    route_inner_mtu(arc->mtu, 0) >= SKYWIRE_MTU_MIN)
			return true;
	}
	return false;
}

static void ask(struct routing *routing, struct input *in)
{
	unsigned int to = take_u8(in) % NODES, i, more = 0;
	struct routing_policy policy = policies[take_u8(in) % POLICIES];
	bool used[NODES][CLAIMS] = { 0 };
	struct route routes[ROUTES_MAX];
	struct flow flow = { 0 };
	__s64 sum = 0;
	int count;

	policy.paths = 1 + take_u8(in) % ROUTES_MAX;
	count = routing_routes(routing, nodes[to]->key, &policy, routes);
	require(count >= 0 && count <= ROUTES_MAX);
	if (!to) {
		require(!count);
		return;
	}
	read_edges(&flow, &policy);
	while (more < policy.paths && flow_more(&flow, to))
		more++;
	if (!more) {
		require(!!count == is_near(to));
		return;
	}
	require(count == (int)more);
	for (i = 0; i < more; i++) {
		check_route(&routes[i], to, &policy, used);
		require(!i || routes[i].cost >= routes[i - 1].cost);
		sum += routes[i].cost;
	}
	require(sum == flow.sum);
}

/* In the order of neighbours' keys, and of labels, as a record has them */
static void claim(struct input *in)
{
	struct graph_claim claims[CLAIMS];
	unsigned int at = take_u8(in) % NODES, count = take_u8(in) % (CLAIMS + 1), i;
	unsigned int to = 0;

	for (i = 0; i < count; i++) {
		__u8 step = take_u8(in);

		to += step % 4;
		if (to % NODES == at)
			to++;
		if (to >= NODES)
			break;
		claims[i] = (struct graph_claim) {
			.to = nodes[to]->number,
			.label = i + 1,
			.mtu = step & 4 ? take_u16(in) : MTU,
			.latency = step & 8 ? take_any(in) : take_u8(in),
			.loss = step & 16 ? take_any(in) : 0,
			.capacity = step & 32 ? take_any(in) : 0,
			.price_base = step & 64 ? take_any(in) : 0,
			.price_rate = step & 128 ? take_any(in) : 0,
		};
	}
	require(!graph_claim(&graph, nodes[at], claims, i));
}

static void hold(unsigned int node)
{
	__u8 key[SW_KEY_LEN] = { node + 1 };

	nodes[node] = graph_hold(&graph, key);
	require(nodes[node]);
}

static void let_go(unsigned int node)
{
	require(!graph_claim(&graph, nodes[node], NULL, 0));
	graph_put(&graph, nodes[node]);
}

/*
 * Two nodes that begin anew. What nobody claims any more is gone meanwhile, and the
 * number that was free last is given first: each gets that of the other.
 */
static void swap(unsigned int a, unsigned int b)
{
	if (!a || !b || a == b)
		return;
	let_go(a);
	let_go(b);
	hold(a);
	hold(b);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	struct routing *routing;
	struct sw_error err;
	unsigned int i;
	__u8 pair;

	graph_init(&graph, sizeof(struct graph_vertex));
	for (i = 0; i < NODES; i++)
		hold(i);
	graph.self = nodes[0]->number;
	routing = routing_new(&graph, &routing_linkstate, NULL, &host, NULL, &err);
	require(routing);
	while (in.left) {
		switch (take_u8(&in) % 4) {
		case 0:
		case 1:
			claim(&in);
			check_graph();
			break;
		case 2:
			ask(routing, &in);
			break;
		case 3:
			pair = take_u8(&in);
			swap(pair % NODES, pair / NODES % NODES);
		}
	}
	routing_free(routing);
	graph_free(&graph);
	return 0;
}
