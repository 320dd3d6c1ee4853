/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that outlives the daemon. It is replaced as a whole, so that a crash
 * leaves the old one or the new one. Where it cannot be written, a full disk for
 * one, all goes on without, that is said once, and each save tries again.
 */
#ifndef _SKYWIRE_SWD_STATEFILE_H
#define _SKYWIRE_SWD_STATEFILE_H

#include <stdbool.h>
#include <stdio.h>

enum { STATEFILE_PATH = 512 };

struct statefile {
	char	path[STATEFILE_PATH];	/* empty for none */
	bool	dirty;			/* there is something to write */
	bool	complained;
};

/* @path: NULL to keep nothing. @line: called for each of what there is. */
void statefile_load(struct statefile *f, const char *path,
		    void (*line)(void *arg, const char *text), void *arg);

/* If it is dirty, and stays so if it cannot be written */
void statefile_save(struct statefile *f, void (*write)(void *arg, FILE *file),
		    void *arg);

#endif /* _SKYWIRE_SWD_STATEFILE_H */
