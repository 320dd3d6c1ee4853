/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events to clients that follow them, a line of JSON each. A client that does not
 * read gets the next ones when it does, up to a bound, and is told how many it has
 * missed; nobody waits for it.
 */
#ifndef _SKYWIRE_SWD_STREAM_H
#define _SKYWIRE_SWD_STREAM_H

#include <stdbool.h>

#include <jansson.h>

struct ev_loop;
struct stream;

enum {
	STREAM_CLIENTS	= 8,
	STREAM_ROOM	= 1 << 16,	/* bytes that wait for a client */
};

struct stream *stream_new(struct ev_loop *loop);
void stream_free(struct stream *s);

/*
 * A client from now on. @first: what it gets first; taken over. Return: false where
 * there is no room, and @fd is still the caller's.
 */
bool stream_add(struct stream *s, int fd, json_t *first);

bool stream_is_followed(const struct stream *s);

/* @event: taken over */
void stream_tell(struct stream *s, json_t *event);

#endif /* _SKYWIRE_SWD_STREAM_H */
