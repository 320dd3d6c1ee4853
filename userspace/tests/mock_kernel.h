/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel that is made up, for several daemons in one process: what they send
 * each other waits in a list until it is carried on, or lost. Only what the
 * daemon sees of a kernel is there: no packet is ever sealed.
 */
#ifndef _SKYWIRE_MOCK_KERNEL_H
#define _SKYWIRE_MOCK_KERNEL_H

#include "swd/kernel.h"

enum {
	MOCK_LINKS	= 1024,
	MOCK_KEYS	= 8192,
	MOCK_PEERS	= 4096,
	MOCK_PATHS	= 8192,
	MOCK_PREFIXES	= 16,
};

struct mock_prefix {
	__u8			peer[SW_KEY_LEN];
	struct sw_prefix	prefix;
};

struct mock_key {
	struct kernel_key	key;
	__u8			tx[32];
	__u8			rx[32];
};

struct kernel {
	const struct kernel_events	*events;
	void				*arg;
	struct sw_endpoint		at;
	struct kernel_link		link[MOCK_LINKS];
	unsigned int			links;
	struct mock_key			key[MOCK_KEYS];
	unsigned int			keys;
	__u8				peer[MOCK_PEERS][SW_KEY_LEN];
	unsigned int			peers;
	unsigned int			peers_max;	/* 0: all that fit */
	__u64				used[MOCK_PEERS];	/* besides, of each of them */
	struct kernel_path		path[MOCK_PATHS];
	unsigned int			paths;
	struct mock_prefix		prefix[MOCK_PREFIXES];
	unsigned int			prefixes;
	__u64				packets;	/* of each peer, since the last came */
	unsigned int			offers_out;
	unsigned int			released;
	unsigned int			refused;
	bool				asks_cookie;	/* of each offer without */
	struct kernel			*next;
};

/* One more node in the network, with an address of that number. */
struct kernel *mock_kernel(const struct kernel_events *events, void *arg,
			   __u8 number);
void mock_free(void);

/* Carry on all that has been sent, and what follows from it. */
void mock_deliver(void);
bool mock_deliver_one(void);
/* Lose all that has been sent. */
void mock_lose(void);
/* All that has been sent comes twice. */
void mock_repeat(void);
unsigned int mock_waiting(void);

/* The youngest key of a link, or of a peer's session where @label is 0. */
const struct mock_key *mock_key_of(const struct kernel *k, __u16 label,
				   const __u8 *peer);

/* Packets are exchanged with a peer. */
void mock_use(struct kernel *k, const __u8 *peer, __u64 packets);
bool mock_has_peer(const struct kernel *k, const __u8 *peer);

/* Tell of a link's liveness. */
void mock_liveness(struct kernel *k, __u16 label, __u8 liveness);

#endif /* _SKYWIRE_MOCK_KERNEL_H */
