// SPDX-License-Identifier: GPL-2.0
/* What a path is, whoever has computed it. */
#include <math.h>
#include <string.h>

#include "routing.h"

enum {
	HEADER_LEN	= 12,	/* of a source-routed packet, without labels */
	SESSION_LEN	= 28,
	PAYLOAD_MAX	= 65535,
};

static const struct graph_arc *arc_of(const struct graph *graph,
				      const struct route_arcs *arcs, unsigned int i)
{
	return &graph_at(graph, arcs->arcs[i].from)->arcs[arcs->arcs[i].index];
}

static const struct graph_claim *claim_of(const struct graph *graph,
					  const struct route_arcs *arcs, unsigned int i)
{
	return &graph_at(graph, arcs->arcs[i].from)->claims[arcs->arcs[i].index];
}

__u32 route_end(const struct graph *graph, const struct route_arcs *arcs)
{
	return arc_of(graph, arcs, arcs->count - 1)->to;
}

static bool leads_on(const struct graph *graph, const struct route_arcs *arcs)
{
	unsigned int i;

	if (!arcs->count || arcs->count > ROUTE_HOPS_MAX ||
	    arcs->arcs[0].from != graph->self)
		return false;
	for (i = 0; i < arcs->count; i++) {
		if (!graph_is_linked(arc_of(graph, arcs, i)))
			return false;
		if (i && arcs->arcs[i].from != arc_of(graph, arcs, i - 1)->to)
			return false;
		/* A relay does not send back to who it came from. */
		if (i && arc_of(graph, arcs, i)->to == arcs->arcs[i - 1].from)
			return false;
	}
	return true;
}

__u32 route_inner_mtu(__u32 mtu, __u32 labels)
{
	__u32 overhead = HEADER_LEN + (labels * 2 + 3) / 4 * 4;

	if (labels)
		overhead += SESSION_LEN;
	return mtu > overhead ? mtu - overhead : 0;
}

/*
 * The postage that pays all relays. Each rounds its own fee up, the origin only
 * the sum: what it may be short by is in the base.
 */
static bool add_fees(const struct graph *graph, const struct route_arcs *arcs,
		     struct route *route)
{
	__u64 base = 0, rate = 0, most;
	unsigned int i, rates = 0;

	for (i = 1; i < arcs->count; i++) {
		const struct graph_arc *arc = arc_of(graph, arcs, i);

		base += arc->price_base;
		rate += arc->price_rate;
		rates += arc->price_rate != 0;
	}
	if (rates)
		base += rates - 1;
	most = base + ((PAYLOAD_MAX * rate + (1 << 20) - 1) >> 20);
	if (most > UINT32_MAX || rate > UINT32_MAX)
		return false;
	route->price_base = (__u32)base;
	route->price_rate = (__u32)rate;
	return true;
}

static void add_metrics(const struct graph *graph, const struct route_arcs *arcs,
			struct route *route)
{
	double delivery, sum = 0;
	unsigned int i;

	route->mtu = UINT32_MAX;
	for (i = 0; i < arcs->count; i++) {
		const struct graph_claim *claim = claim_of(graph, arcs, i);
		const struct graph_arc *arc = arc_of(graph, arcs, i);
		const struct graph_claim *back =
			&graph_at(graph, arc->to)->claims[arc->twin];
		__u32 capacity = claim->capacity < back->capacity ?
				 claim->capacity : back->capacity;

		if (arc->mtu < route->mtu)
			route->mtu = arc->mtu;
		if (!i || capacity < route->capacity)
			route->capacity = capacity;
		route->latency += arc->latency;
		sum += arc->nepers;
	}
	delivery = exp(-sum / (1 << 20));
	route->loss = (__u32)lround((1 - delivery) * 1e6);
}

bool route_describe(const struct graph *graph, const struct route_arcs *arcs,
		    struct route *route)
{
	unsigned int i;

	memset(route, 0, sizeof(*route));
	if (!leads_on(graph, arcs))
		return false;
	route->link = claim_of(graph, arcs, 0)->label;
	route->count = arcs->count - 1;
	for (i = 0; i < route->count; i++)
		route->labels[i] = claim_of(graph, arcs, i + 1)->label;
	add_metrics(graph, arcs, route);
	route->inner_mtu = route_inner_mtu(route->mtu, route->count);
	return route->inner_mtu >= SKYWIRE_MTU_MIN && add_fees(graph, arcs, route);
}

static bool add_arc(const struct graph *graph, struct route_arcs *arcs, __u32 from,
		    __u16 label)
{
	const struct graph_vertex *vertex = graph_at(graph, from);
	unsigned int i;

	if (arcs->count == ROUTE_HOPS_MAX)
		return false;
	for (i = 0; i < vertex->count; i++) {
		if (vertex->claims[i].label != label || !graph_is_linked(&vertex->arcs[i]))
			continue;
		arcs->arcs[arcs->count].from = from;
		arcs->arcs[arcs->count++].index = i;
		return true;
	}
	return false;
}

bool route_find(const struct graph *graph, __u16 link, const __u16 *labels,
		__u32 count, struct route_arcs *arcs)
{
	unsigned int i;

	arcs->count = 0;
	if (!add_arc(graph, arcs, graph->self, link))
		return false;
	for (i = 0; i < count; i++)
		if (!add_arc(graph, arcs, route_end(graph, arcs), labels[i]))
			return false;
	return true;
}

static bool is_same_link(const struct graph *graph, const struct route_arcs *a,
			 unsigned int i, const struct route_arcs *b, unsigned int j)
{
	const struct graph_arc *arc = arc_of(graph, a, i);

	if (a->arcs[i].from == b->arcs[j].from && a->arcs[i].index == b->arcs[j].index)
		return true;
	return arc->to == b->arcs[j].from && arc->twin == b->arcs[j].index;
}

static bool has_link(const struct graph *graph, const struct route_arcs *a,
		     unsigned int i, const struct route_arcs *list, unsigned int count)
{
	unsigned int j, k;

	for (j = 0; j < count; j++)
		for (k = 0; k < list[j].count; k++)
			if (is_same_link(graph, a, i, &list[j], k))
				return true;
	return false;
}

static bool has_relay(__u32 vertex, const struct route_arcs *list, unsigned int count)
{
	unsigned int j, k;

	for (j = 0; j < count; j++)
		for (k = 1; k < list[j].count; k++)
			if (list[j].arcs[k].from == vertex)
				return true;
	return false;
}

void route_compare(const struct graph *graph, const struct route_arcs *arcs,
		   struct route *routes, unsigned int count)
{
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		routes[i].shared_links = 0;
		routes[i].shared_nodes = 0;
		for (j = 0; j < arcs[i].count; j++) {
			routes[i].shared_links += has_link(graph, &arcs[i], j, arcs, i);
			routes[i].shared_nodes += j &&
				has_relay(arcs[i].arcs[j].from, arcs, i);
		}
	}
}
