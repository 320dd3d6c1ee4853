/* SPDX-License-Identifier: GPL-2.0 */
/* What the algorithm "exec" says to a program, and understands. */
#ifndef _SKYWIRE_SWD_ROUTE_EXEC_H
#define _SKYWIRE_SWD_ROUTE_EXEC_H

#include "routing.h"

enum {
	EXEC_ANSWER_MAX		= 16 << 20,	/* bytes */
	EXEC_KEYS_MAX		= 65536,	/* nodes that an answer has paths to */
	EXEC_TARGETS_MAX	= 4096,		/* nodes that paths were asked to */
};

struct exec_path {
	__u16	link;
	__u16	labels[ROUTE_LABELS_MAX];
	__u32	count;
};

/* A node that paths were asked to. */
struct exec_target {
	__u8	key[SW_KEY_LEN];
};

struct exec_paths {
	UT_hash_handle		hh;
	__u8			key[SW_KEY_LEN];
	struct exec_path	paths[ROUTES_MAX];
	unsigned int		count;
};

/*
 * The graph, and the keys that paths are wanted to, as JSON. Return: NULL where
 * there is no memory; else to be freed, of @len bytes.
 */
char *exec_describe(const struct graph *graph, const struct exec_target *targets,
		    unsigned int count, size_t *len);

/**
 * exec_understand - read an answer
 * @answer: replaced by what the text says, or left alone where it says nothing
 *	that is right
 *
 * Return: 0, or -EINVAL, and @err says why.
 */
int exec_understand(struct exec_paths **answer, const char *text, size_t len,
		    struct sw_error *err);
void exec_forget(struct exec_paths **answer);
const struct exec_paths *exec_find(const struct exec_paths *answer,
				   const __u8 key[SW_KEY_LEN]);

#endif /* _SKYWIRE_SWD_ROUTE_EXEC_H */
