/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Neighbours from before: where a node was reached that the configuration does
 * not say, so that it can be tried there after a restart.
 *
 * Only what this node has reached itself is kept: strangers that come by cannot
 * push out what is there. It is UDP over addresses that hold beyond one wire; all
 * else beacons find again.
 */
#ifndef _SKYWIRE_SWD_REMEMBER_H
#define _SKYWIRE_SWD_REMEMBER_H

#include "neighbours.h"

struct remember;

enum {
	REMEMBER_MAX	= 64,	/* nodes; the longest not reached goes */
};

/* @path: of the file; NULL to keep nothing. Return: NULL without memory. */
struct remember *remember_open(const char *path, const struct config *config);

/* Writes what is not written yet. */
void remember_close(struct remember *r);
void remember_save(struct remember *r);

/* A link is there, or is another one than before. */
void remember_link(struct remember *r, struct neighbour *link);

/*
 * Tries all, at first and again each minute as long as no link is alive. Return:
 * when to be called next.
 */
__u64 remember_run(struct remember *r, struct neighbours *n, __u64 now);

/* There may be ways that were not there: no minute is waited for. */
void remember_hurry(struct remember *r);

#endif /* _SKYWIRE_SWD_REMEMBER_H */
