// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "randnet.h"
#include "test.h"

static struct randnet net;

static void begin(__u32 nodes)
{
	rand_init(&net, 1, nodes);
}

static void add(__u32 from, __u32 to, __u16 label, __u32 latency)
{
	struct rand_node *node = &net.nodes[from];

	node->links[node->count++] = (struct rand_link) {
		.neighbour = to, .label = label, .mtu = 1420, .latency = latency,
	};
}

static const struct graph_arc *arc_of(__u32 node, __u16 label)
{
	const struct graph_vertex *vertex = net.nodes[node].vertex;
	unsigned int i;

	for (i = 0; i < vertex->count; i++)
		if (vertex->claims[i].label == label)
			return &vertex->arcs[i];
	fail_msg("no label %u", label);
	return NULL;
}

/* Do the two ends' labels name one link? */
static bool are_one(__u32 a, __u16 label, __u32 b, __u16 other)
{
	const struct graph_arc *arc = arc_of(a, label), *back = arc_of(b, other);

	return graph_is_linked(arc) && &net.nodes[b].vertex->arcs[arc->twin] == back &&
	       graph_is_linked(back) && &net.nodes[a].vertex->arcs[back->twin] == arc;
}

static void worse_of_two_claims(void **state)
{
	const struct graph_arc *there, *back;
	__u32 there_nepers;

	(void)state;
	begin(2);
	add(0, 1, 7, 1000);
	add(1, 0, 9, 2000);
	net.nodes[0].links[0].loss = 10000;
	net.nodes[1].links[0].loss = 5000;
	net.nodes[0].links[0].mtu = 1400;
	net.nodes[0].links[0].price_base = 3;
	net.nodes[1].links[0].price_base = 4;
	rand_claim(&net, 0);
	/* One end's word is nothing. */
	assert_false(graph_is_linked(arc_of(0, 7)));
	rand_claim(&net, 1);
	assert_true(are_one(0, 7, 1, 9));
	there = arc_of(0, 7);
	back = arc_of(1, 9);
	assert_int_equal(there->latency, 2000);
	assert_int_equal(back->latency, 2000);
	assert_int_equal(there->mtu, 1400);
	assert_int_equal(back->mtu, 1400);
	assert_int_equal(there->nepers, lround(-log(0.99) * 1048576));
	assert_int_equal(back->nepers, there->nepers);
	there_nepers = there->nepers;
	/* But each end has its own price. */
	assert_int_equal(there->price_base, 3);
	assert_int_equal(back->price_base, 4);
	/* Whoever said it last */
	rand_claim(&net, 0);
	assert_int_equal(arc_of(0, 7)->latency, 2000);
	assert_int_equal(arc_of(0, 7)->mtu, 1400);
	assert_int_equal(arc_of(1, 9)->nepers, there_nepers);
	/* Nor is it when the other end takes it back. */
	net.nodes[1].count = 0;
	rand_claim(&net, 1);
	assert_false(graph_is_linked(arc_of(0, 7)));
	rand_free(&net);
}

/* The fastest belongs to the fastest, whatever the labels are. */
static void links_in_parallel(void **state)
{
	(void)state;
	begin(3);
	add(0, 1, 1, 50000);
	add(0, 1, 2, 1000);
	add(0, 1, 3, 9000);
	add(0, 2, 4, 1);
	add(1, 0, 10, 1100);
	add(1, 0, 11, 52000);
	add(2, 0, 20, 1);
	rand_claim(&net, 0);
	rand_claim(&net, 1);
	rand_claim(&net, 2);
	assert_true(are_one(0, 2, 1, 10));
	assert_true(are_one(0, 3, 1, 11));
	assert_true(are_one(0, 4, 2, 20));
	assert_false(graph_is_linked(arc_of(0, 1)));
	/* The third one is there at both ends now. */
	add(1, 0, 12, 9500);
	rand_claim(&net, 1);
	assert_true(are_one(0, 2, 1, 10));
	assert_true(are_one(0, 3, 1, 12));
	assert_true(are_one(0, 1, 1, 11));
	rand_free(&net);
}

struct counter {
	struct graph_watch	watch;	/* first */
	unsigned int		count[8][8];
};

static void count(struct graph_watch *watch, __u32 from, __u32 to)
{
	((struct counter *)watch)->count[from][to]++;
}

/* Both directions of all links of a node that change, and no others */
static void changes_are_told(void **state)
{
	struct counter counter = { .watch.changed = count };
	__u32 i, j, told = 0;

	(void)state;
	begin(4);
	rand_link(&net, 0, 1, 10);
	rand_link(&net, 1, 2, 10);
	rand_link(&net, 2, 3, 10);
	for (i = 0; i < 4; i++)
		rand_claim(&net, i);
	graph_watch(&net.graph, &counter.watch);
	/* 1 leaves 0, and has 3 instead. */
	for (i = 0; i < 2; i++)
		if (net.nodes[1].links[i].neighbour == 0)
			net.nodes[1].links[i].neighbour = 3;
	rand_claim(&net, 1);
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			__u32 a = net.nodes[i].vertex->number;
			__u32 b = net.nodes[j].vertex->number;

			if (i != j && (i == 1 || j == 1))
				assert_true(counter.count[a][b]);
			else
				assert_int_equal(counter.count[a][b], 0);
			told += counter.count[a][b];
		}
	}
	assert_in_range(told, 6, 8);
	graph_unwatch(&counter.watch);
	rand_free(&net);
}

/* Vertices live as long as somebody has them, and numbers are used again. */
static void vertices_come_and_go(void **state)
{
	struct graph graph;
	struct graph_vertex *self, *other;
	struct graph_claim claim = { .label = 1, .mtu = 1420 };
	__u8 key[SW_KEY_LEN] = { 0 };
	unsigned int i;

	(void)state;
	graph_init(&graph, sizeof(*self));
	self = graph_hold(&graph, key);
	for (i = 1; i < 1000; i++) {
		memcpy(key, &i, sizeof(i));
		other = graph_hold(&graph, key);
		claim.to = other->number;
		assert_int_equal(graph_claim(&graph, self, &claim, 1), 0);
		graph_put(&graph, other);
		assert_ptr_equal(graph_find(&graph, key), other);
		assert_true(graph_claims(&graph, self, key));
		assert_true(graph.size <= 3);
	}
	assert_int_equal(graph_claim(&graph, self, NULL, 0), 0);
	assert_null(graph_find(&graph, key));
	graph_put(&graph, self);
	assert_int_equal(graph.bytes, 0);
	graph_free(&graph);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(worse_of_two_claims),
		cmocka_unit_test(links_in_parallel),
		cmocka_unit_test(changes_are_told),
		cmocka_unit_test(vertices_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
