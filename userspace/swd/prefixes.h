/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is routed to peers beside their own addresses, as the configuration says it.
 * The kernel has a peer's prefixes as long as it has the peer, and by them knows
 * where packets go, and what a peer may send.
 */
#ifndef _SKYWIRE_SWD_PREFIXES_H
#define _SKYWIRE_SWD_PREFIXES_H

#include "config.h"
#include "kernel.h"

/* Whose is an address, by the longest prefix? Return: false where nobody's. */
bool prefixes_owner(const struct config *config, const struct sw_addr *addr,
		    __u8 key[SW_KEY_LEN]);

/* The kernel has a new peer. */
void prefixes_give(const struct config *config, struct kernel *kernel,
		   const __u8 key[SW_KEY_LEN]);

/* Have what the configuration says, and nothing else. NULL: nothing at all. */
int prefixes_sync(const struct config *config, struct kernel *kernel,
		  struct sw_error *err);

#endif /* _SKYWIRE_SWD_PREFIXES_H */
