/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One daemon: its parts, and how they are joined. All run in one thread, in the
 * loop's callbacks; the parts themselves never wait. When the device is gone, those
 * that need it are made anew as soon as there can be another one.
 */
#ifndef _SKYWIRE_SWD_DAEMON_H
#define _SKYWIRE_SWD_DAEMON_H

#include "config.h"

struct ev_loop;

struct daemon;

/* Are the files that @config names for peers and routing right? Return: 0, or why not. */
int daemon_check(const struct config *config, struct sw_error *err);

/*
 * @config outlives it, and is changed when it is read anew from @path, NULL for the
 * default. Return: NULL, and why.
 */
struct daemon *daemon_start(struct ev_loop *loop, struct config *config,
			    const char *path, const char *dev, struct sw_error *err);

/*
 * Read the configuration anew, and do what it says; links and sessions live on. One
 * that is wrong changes nothing.
 */
void daemon_reload(struct daemon *d);

/* All stays as it is, and goes on: another daemon is to take it over. */
void daemon_stop(struct daemon *d);

/* The same for links, sessions and paths; packets do not go into the device any more. */
void daemon_end(struct daemon *d);

#endif /* _SKYWIRE_SWD_DAEMON_H */
