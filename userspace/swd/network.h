/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network as this node knows it: the map, the flood that fills it, and the
 * algorithm that finds paths in it, joined with the links that there are. Time is
 * as with neighbours.h.
 */
#ifndef _SKYWIRE_SWD_NETWORK_H
#define _SKYWIRE_SWD_NETWORK_H

#include "neighbours.h"
#include "sessions.h"

struct ev_loop;
struct network;

/* Return: NULL, and why. */
struct network *network_new(struct ev_loop *loop, const struct config *config,
			    const struct sw_identity *self, struct kernel *kernel,
			    struct times *times, __u64 now, struct sw_error *err);
void network_free(struct network *net);

/* Route as @config says from now on; as before, and why, if that cannot be. */
int network_configure(struct network *net, const struct config *config,
		      struct sw_error *err);

/* Where flooded messages go. */
void network_join(struct network *net, struct neighbours *neighbours);

/* The link is there, was measured anew, is dead; or it is gone. */
void network_link(struct network *net, const struct neighbour *link, __u64 now);
void network_link_gone(struct network *net, const struct neighbour *link, __u64 now);

/* A neighbour's message. */
void network_message(struct network *net, const struct kernel_message *m, __u64 now);

/* As sessions_routes has them. */
bool network_owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN]);
int network_paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		  unsigned int max);

/* May there be other paths than when this was asked last? */
bool network_changed(struct network *net);

__u64 network_run(struct network *net, __u64 now);

/* As neighbours_twin() */
__u64 network_twin(const struct network *net);

/* When a neighbour has shown last that it is two nodes with one key; 0: never */
__u64 network_shared(struct network *net, const __u8 key[SW_KEY_LEN]);

/* How many nodes the map has, this one among them. */
unsigned int network_nodes(const struct network *net);

struct network_node {
	const __u8	*key;
	unsigned int	links;	/* that it claims */
	__u32		age;	/* of its record, in seconds */
};

void network_each(struct network *net, __u64 now,
		  void (*fn)(void *arg, const struct network_node *node), void *arg);

#endif /* _SKYWIRE_SWD_NETWORK_H */
