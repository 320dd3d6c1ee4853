/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: a client sends a line of words, and gets a JSON value. Who
 * may ask is a matter of the socket's permissions.
 */
#ifndef _SKYWIRE_SWD_CONTROL_H
#define _SKYWIRE_SWD_CONTROL_H

#include <stdbool.h>

#include <jansson.h>

#include "lib/error.h"

struct ev_loop;
struct control;

enum {
	CONTROL_CLIENTS	= 16,
	CONTROL_LINE	= 256,
	CONTROL_WORDS	= 4,
};

struct control_ops {
	/* @words: ends with NULL. Return: the answer, which is taken over. */
	json_t *(*answer)(void *arg, char *words[CONTROL_WORDS + 1]);
	/* For "monitor": the connection is taken over. Return: false where it is not. */
	bool (*follow)(void *arg, int fd);
};

/* Splits a line. Return: 0, or -E2BIG. */
int control_split(char *line, char *words[CONTROL_WORDS + 1]);

struct control *control_new(struct ev_loop *loop, const char *path,
			    const struct control_ops *ops, void *arg,
			    struct sw_error *err);
void control_free(struct control *c);

#endif /* _SKYWIRE_SWD_CONTROL_H */
