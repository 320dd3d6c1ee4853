/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whoever loads a ruleset deletes all tables that others have made: that is followed,
 * as a node must not forward what its table would have refused.
 */
#ifndef _SKYWIRE_SWD_TABLES_H
#define _SKYWIRE_SWD_TABLES_H

#include "lib/error.h"

struct ev_loop;
struct tables;

/* Calls @deleted when tables of nftables have been deleted. Return: NULL, and why. */
struct tables *tables_watch(struct ev_loop *loop, void (*deleted)(void *arg), void *arg,
			    struct sw_error *err);
void tables_free(struct tables *t);

#endif /* _SKYWIRE_SWD_TABLES_H */
