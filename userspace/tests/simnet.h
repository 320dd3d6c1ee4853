/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nodes in one process: each has a map and a flood of its own, messages take
 * time, and the clock is made up. The same seed makes the same run.
 */
#ifndef _SKYWIRE_TESTS_SIMNET_H
#define _SKYWIRE_TESTS_SIMNET_H

#include "swd/flood.h"
#include "swd/route_heap.h"

struct sim_end {
	struct sim_node	*to;
	__u32		latency;	/* microseconds */
	__u16		label;
	int		slot;
};

struct sim_node {
	struct sim	*sim;
	__u32		number;
	__u8		key[SW_KEY_LEN];
	__u8		secret[RECORD_SECRET_LEN];
	struct map	*map;
	struct flood	*flood;
	struct sim_end	*ends;
	__u32		end_count;
	__u16		next_label;
	__u64		due;
	unsigned int	events[MAP_EVENT_MUTED + 1];
	/* One that lies: called in place of its flood; may be NULL. */
	void		(*receive)(struct sim_node *node, struct sim_node *from,
				   const __u8 *bytes, size_t len);
	void		*data;
};

struct sim_event {
	struct sim_node	*from;	/* NULL: @to is due */
	struct sim_node	*to;
	__u8		*bytes;
	size_t		len;
};

struct sim {
	__u64			now;
	__u64			random;
	struct map_config	config;	/* of nodes that are made from now on */
	unsigned int		loss;	/* percent of messages */
	bool			cheap;	/* signatures that anybody can make, and fast */
	struct sim_node		**nodes;
	__u32			count;
	__u32			strangers;	/* of them: no maps have these */
	struct heap		queue;	/* times, and numbers of events */
	struct sim_event	*events;
	__u32			event_room;
	__u32			*free_events;
	__u32			free_count;
	__u64			messages;	/* delivered */
	__u64			bytes;
};

struct sim *sim_new(__u64 seed);
void sim_free(struct sim *sim);
__u32 sim_random(struct sim *sim, __u32 below);

struct sim_node *sim_node(struct sim *sim);

/* Another node with the same key. */
struct sim_node *sim_twin(struct sim_node *node);

/* A key that is nobody's, and signatures under it. */
void sim_key(struct sim *sim, __u8 key[SW_KEY_LEN], __u8 secret[RECORD_SECRET_LEN]);
void sim_sign(const struct sim *sim, __u8 *bytes, size_t len,
	      const __u8 secret[RECORD_SECRET_LEN]);

/* A node starts anew, with the same key, and has forgotten all else. */
void sim_restart(struct sim_node *node);

void sim_link(struct sim_node *a, struct sim_node *b, __u32 latency);
void sim_unlink(struct sim_node *a, struct sim_node *b);

/* A message outside of what a node's own flood sends. */
void sim_send(struct sim_node *from, struct sim_node *to, const __u8 *bytes, size_t len);

void sim_run(struct sim *sim, __u64 duration);

/*
 * Runs until all nodes have the same map, for @most at the longest. Return:
 * how long that took, or MAP_NEVER.
 */
__u64 sim_settle(struct sim *sim, __u64 most);

bool sim_agree(const struct sim *sim);

#endif /* _SKYWIRE_TESTS_SIMNET_H */
