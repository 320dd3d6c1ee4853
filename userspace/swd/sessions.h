/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peers: the nodes that packets are exchanged with. A neighbour is one as long as
 * there is a link with it. Any other becomes one when packets wait for it, or when
 * it makes an offer: then there are paths to it, and a session. Sessions that
 * nothing was sent by, or received, end.
 *
 * A peer may be both: its paths over relays are those that it falls back on.
 *
 * Keys cost nothing, so what strangers can take is bounded apart from all else: of
 * all sessions that others have asked for, and we have not, there are
 * SESSIONS_STRANGERS. One more takes the place of another that came in by the link
 * that most of them came in by: of those that are there longest the one that was
 * used least. So it is for those that we have asked for, among themselves. Neighbours
 * are as many as there are links, and not displaced.
 */
#ifndef _SKYWIRE_SWD_SESSIONS_H
#define _SKYWIRE_SWD_SESSIONS_H

#include "neighbours.h"

enum {
	SESSIONS_MAX		= 4096,
	SESSIONS_STRANGERS	= 1536,
	SESSIONS_OWN		= 1024,
};

struct sessions;

/* Where nodes are, as far as anybody knows. */
struct sessions_routes {
	/* Whose address is it? Return: false where nobody's. */
	bool (*owner)(void *arg, const struct sw_addr *addr,
		      __u8 key[SW_KEY_LEN]);
	/*
	 * The best paths first, over relays, with ids of 0. Return: how many
	 * there are, @max at most; -EAGAIN where that is not known yet, and
	 * sessions_reroute() is called when it is; or another negative errno.
	 */
	int (*paths)(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		     unsigned int max);
	/* The kernel has a new peer. */
	void (*peered)(void *arg, const __u8 key[SW_KEY_LEN]);
	void *arg;
};

struct sessions *sessions_new(const struct config *config,
			      const struct sw_identity *self,
			      struct kernel *kernel, struct times *times,
			      const struct neighbours *neighbours,
			      const struct sessions_routes *routes);
void sessions_free(struct sessions *s);

/* What the kernel has from before; before any link is up. */
int sessions_adopt(struct sessions *s, __u64 now, struct sw_error *err);

/*
 * A link with a neighbour can be used, or never again. Where there is no room for
 * the path by it, that is tried again.
 */
void sessions_link_up(struct sessions *s, const struct neighbour *link);
void sessions_link_down(struct sessions *s, const struct neighbour *link);

/* The link is dead: the neighbour is to be reached by relays. */
void sessions_link_dead(struct sessions *s, const struct neighbour *link);

/*
 * Neighbours that packets are exchanged with get a session as well, where there are
 * relays: a link may die at any time. To be called every few seconds.
 */
void sessions_look_ahead(struct sessions *s, __u64 now);

void sessions_miss(struct sessions *s, const struct sw_addr *addr, __u64 now);

/* A CONTROL message that has labels. */
void sessions_message(struct sessions *s, const struct kernel_message *m,
		      __u64 now);

/*
 * The kernel tells whether a path is suspect. Where all are, the other end may have
 * lost its keys, as after a reboot, and is offered new ones.
 */
void sessions_path(struct sessions *s, const struct kernel_path *path, __u64 now);

/* The routes may be others now: sessions_run() looks at a few at a time. */
void sessions_reroute(struct sessions *s);

/* A peer, as far as it is of interest. */
struct session_info {
	const __u8			*key;
	const struct kernel_path	*path;	/* SKYWIRE_PATHS_MAX; id 0: none */
	bool				wanted;	/* a session, not only a link */
	__u64				keyed;	/* when; 0: not yet */
};

void sessions_each(struct sessions *s,
		   void (*fn)(void *arg, const struct session_info *info), void *arg);
unsigned int sessions_count(const struct sessions *s);

/* As neighbours_twin() */
__u64 sessions_twin(const struct sessions *s);

/* How many had to make room for others */
__u64 sessions_displaced(const struct sessions *s);

__u64 sessions_run(struct sessions *s, __u64 now);

#endif /* _SKYWIRE_SWD_SESSIONS_H */
