/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nodes with links and sessions, over a kernel that is made up. All are made before
 * each test, and know nothing of each other.
 */
#ifndef _SKYWIRE_TESTS_NODES_H
#define _SKYWIRE_TESTS_NODES_H

#include "mock_kernel.h"
#include "swd/hearsay.h"
#include "swd/neighbours.h"
#include "swd/network.h"
#include "swd/sessions.h"

enum { NODES = 4 };

struct node {
	struct config		config;
	struct sw_identity	*self;
	struct times		*times;
	struct kernel		*kernel;
	struct neighbours	*neighbours;
	struct kernel_path	to;		/* the only path over relays, ... */
	unsigned int		ways;		/* ... or so many like it, ... */
	bool			swapped;	/* ... the second before the first, or ... */
	unsigned int		asked;		/* for paths, so often */
	bool			undecided;	/* whether there are any */
	struct network		*network;	/* ... those that the map knows */
	struct sessions_routes	routes;
	struct sessions		*sessions;
	struct hearsay		*hearsay;
	unsigned int		ups;
	unsigned int		downs;
};

extern struct node node[NODES];
extern __u64 now;	/* milliseconds */

/* What a node knows without a map: its @to, as sessions_routes wants it */
int paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
	  unsigned int max);
/* The daemon of a node starts, with what the kernel has, and stops. */
void node_make_parts(struct node *n);
void node_stop(struct node *n);
/* Before and after each test: all nodes */
int nodes_set_up(void **state);
int nodes_tear_down(void **state);
/* What is due, once, at all nodes */
void run_all(void);
/* Seconds pass, and what is sent arrives. */
void pass(unsigned int seconds);
/* @to is a neighbour that @n has been told of. @label: 0 for any; @psk may be NULL */
void configure(struct node *n, const struct node *to, __u16 label,
	       const __u8 *psk);
/* Does @a have a link with @b, and both the same newest key for it? */
bool linked(const struct node *a, const struct node *b);
bool is_peer(const struct node *a, const struct node *b);
void identity_of(struct sw_identity **identity, unsigned int number);
/* The label of @a's link with @b */
__u16 label_to(const struct node *a, const struct node *b);
/* @a knows a path to @b over node 1. */
void set_paths(struct node *a, const struct node *b);
struct sw_addr address_of(const struct node *n);
/* node 0 - node 1 - node 2 */
void make_line(void);
/* Do both have the same key for a session? */
bool in_session(const struct node *a, const struct node *b);

#endif /* _SKYWIRE_TESTS_NODES_H */
