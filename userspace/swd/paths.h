/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths from a file, for "Algorithm = static". A line has a path, the best of a
 * node's first, in the words of swctl:
 *
 *	peer KEY link LABEL labels LABEL,LABEL,...
 */
#ifndef _SKYWIRE_SWD_PATHS_H
#define _SKYWIRE_SWD_PATHS_H

#include "sessions.h"

enum { PATHS_MAX = 4096 };

struct paths;

/* Return: NULL, and why. */
struct paths *paths_parse(const char *name, const char *text, struct sw_error *err);
struct paths *paths_load(const char *path, struct sw_error *err);
void paths_free(struct paths *paths);

/* As sessions_routes has them. */
bool paths_owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN]);
unsigned int paths_find(void *arg, const __u8 key[SW_KEY_LEN],
			struct kernel_path *path, unsigned int max);

#endif /* _SKYWIRE_SWD_PATHS_H */
