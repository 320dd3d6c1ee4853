// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simnet.h"
#include "test.h"

static void nodes(struct sim *sim, __u32 count)
{
	while (count--)
		sim_node(sim);
}

static void ring(struct sim *sim, __u32 count)
{
	__u32 i;

	nodes(sim, count);
	for (i = 0; i < count; i++)
		sim_link(sim->nodes[i], sim->nodes[(i + 1) % count], 5000);
}

static void grid(struct sim *sim, __u32 side)
{
	__u32 i, count = side * side;

	nodes(sim, count);
	for (i = 0; i < count; i++) {
		if (i % side)
			sim_link(sim->nodes[i], sim->nodes[i - 1], 5000);
		if (i >= side)
			sim_link(sim->nodes[i], sim->nodes[i - side], 5000);
	}
}

static void tree(struct sim *sim, __u32 count)
{
	__u32 i;

	nodes(sim, count);
	for (i = 1; i < count; i++)
		sim_link(sim->nodes[i], sim->nodes[(i - 1) / 2], 5000);
}

/* Does every map have all links, both ends agreed? */
static void assert_complete(const struct sim *sim)
{
	__u32 i, j, k, links;

	for (i = 0; i < sim->count; i++) {
		const struct graph *graph = &sim->nodes[i]->map->graph;

		for (j = 0; j < sim->count; j++) {
			struct map_origin *origin = map_find(sim->nodes[i]->map,
							     sim->nodes[j]->key);

			assert_non_null(origin);
			assert_true(origin->connected);
			for (k = links = 0; k < origin->vertex.count; k++)
				links += graph_is_linked(&origin->vertex.arcs[k]);
			assert_int_equal(links, sim->nodes[j]->end_count);
		}
		assert_int_equal(graph->self, sim->nodes[i]->map->self->vertex.number);
	}
}

static void settles(struct sim *sim, const char *what, unsigned int most)
{
	__u64 begin = sim->messages, bytes = sim->bytes, took;

	took = sim_settle(sim, most * MAP_SECOND);
	if (took == MAP_NEVER)
		fail_msg("%s: not settled after %u s", what, most);
	assert_complete(sim);
	printf("# %s: %u nodes settled in %.2f s, %llu messages, %llu bytes\n", what,
	       sim->count, took / 1e9, sim->messages - begin, sim->bytes - bytes);
}

static void cold_start(void **state)
{
	struct sim *sim = sim_new(1);

	(void)state;
	ring(sim, 24);
	settles(sim, "ring", 5);
	sim_free(sim);
	sim = sim_new(2);
	grid(sim, 6);
	settles(sim, "grid", 5);
	sim_free(sim);
	sim = sim_new(3);
	tree(sim, 31);
	settles(sim, "tree", 5);
	sim_free(sim);
}

static void link_fails(void **state)
{
	struct sim *sim = sim_new(4);

	(void)state;
	grid(sim, 6);
	settles(sim, "grid", 5);
	sim_run(sim, 60 * MAP_SECOND);
	sim_unlink(sim->nodes[0], sim->nodes[1]);
	sim_run(sim, MAP_SECOND / 4);
	settles(sim, "a link less", 2);
	sim_link(sim->nodes[0], sim->nodes[1], 5000);
	sim_run(sim, MAP_SECOND / 4);
	settles(sim, "a link more", 2);
	sim_free(sim);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(cold_start),
		cmocka_unit_test(link_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
