// SPDX-License-Identifier: GPL-2.0
/*
 * What flooding costs: bench_flood NODES LINKS. A network starts cold, then a
 * node more joins it, then one link of it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simnet.h"

static void report(const struct sim *sim, const char *what, __u64 took, __u64 messages,
		   __u64 bytes)
{
	if (took == MAP_NEVER) {
		printf("%s: not settled\n", what);
		return;
	}
	printf("%s: %.2f s, %.1f messages and %.0f bytes a node\n", what, took / 1e9,
	       (double)(sim->messages - messages) / sim->count,
	       (double)(sim->bytes - bytes) / sim->count);
}

static void settle(struct sim *sim, const char *what)
{
	__u64 messages = sim->messages, bytes = sim->bytes, begin = sim->now;

	/* A link that came or went is published a tenth of a second later. */
	sim_run(sim, MAP_SECOND / 5);
	if (sim_settle(sim, 600 * MAP_SECOND) == MAP_NEVER)
		report(sim, what, MAP_NEVER, 0, 0);
	else
		report(sim, what, sim->now - begin, messages, bytes);
}

static __u32 latency(struct sim *sim)
{
	return 1000 + sim_random(sim, 20000);
}

static bool are_linked(const struct sim_node *a, const struct sim_node *b)
{
	__u32 i;

	for (i = 0; i < a->end_count; i++)
		if (a->ends[i].to == b)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct sim *sim = sim_new(1);
	__u32 i, nodes, links;
	__u64 verified = 0;

	if (argc != 3)
		return 2;
	nodes = (__u32)atoi(argv[1]);
	links = (__u32)atoi(argv[2]);
	sim->cheap = true;
	for (i = 0; i < nodes; i++)
		sim_node(sim);
	for (i = 1; i < nodes; i++)
		sim_link(sim->nodes[i], sim->nodes[sim_random(sim, i)], latency(sim));
	for (; i <= links; i++) {
		__u32 a = sim_random(sim, nodes), b = sim_random(sim, nodes);

		if (a != b && !are_linked(sim->nodes[a], sim->nodes[b]))
			sim_link(sim->nodes[a], sim->nodes[b], latency(sim));
	}
	settle(sim, "cold start");
	for (i = 0; i < nodes; i++)
		verified += sim->nodes[i]->map->stats.verified;
	printf("of a map: %llu bytes a record; %.2f signatures verified for each\n",
	       (unsigned long long)map_bytes(sim->nodes[0]->map) / nodes,
	       (double)verified / nodes / (nodes - 1));
	sim_run(sim, 60 * MAP_SECOND);
	sim_link(sim_node(sim), sim->nodes[0], 5000);
	settle(sim, "a node more");
	sim_run(sim, 60 * MAP_SECOND);
	sim_unlink(sim->nodes[1], sim->nodes[1]->ends[0].to);
	settle(sim, "a link less");
	sim_free(sim);
	return 0;
}
