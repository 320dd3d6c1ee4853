/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Links with neighbours: from a handshake to their end. A link is in the kernel
 * from its first key on. Who asks for it is the configuration, a beacon or the
 * neighbour; what is not configured goes when nothing is heard of it any more.
 *
 * Time is passed in, in milliseconds of a clock that only rises; nothing here
 * waits.
 */
#ifndef _SKYWIRE_SWD_NEIGHBOURS_H
#define _SKYWIRE_SWD_NEIGHBOURS_H

#include <sys/queue.h>

#include "config.h"
#include "kernel.h"
#include "offer.h"
#include "times.h"

enum {
	/* Links, with those that are tried; besides, there are as many as are configured. */
	NEIGHBOURS_MAX	= 1024,
	NEIGHBOURS_TRIES = 256,	/* of those that beacons tell of, at once */
	/* Of those that asked, and nobody has shown to be there */
	NEIGHBOURS_DOUBTFUL = 256,
	/* Of keys that nobody named, at one address of IPv4, 64 bits of IPv6, or wire */
	NEIGHBOURS_PLACE = 64,
};

/* A link, or the try of one. */
struct neighbour {
	TAILQ_ENTRY(neighbour)	entry;
	__u8			key[SW_KEY_LEN];
	__u16			label;		/* 0: the kernel is to choose */
	__u16			their_label;	/* 0: not known */
	bool			installed;	/* the kernel has it */
	bool			configured;
	bool			foreign;	/* somebody else gave it keys */
	bool			reached;	/* its first key is of an offer of ours */
	bool			remembered;	/* see remember.h */
	bool			tells;		/* hearsay.h: both ends have agreed to it */
	bool			heard;		/* it has answered when it was ... */
	__u64			asked;		/* ... asked last */
	__u64			told;		/* when it was told addresses last */
	__u8			liveness;	/* enum skywire_liveness */
	struct sw_endpoint	endpoint;
	struct sw_endpoint	wanted;		/* where it was configured to be */
	__u32			mtu;		/* what follows is the kernel's word */
	__u32			rtt;
	__u32			loss;
	__u32			price_base;
	__u32			price_rate;
	__u64			keyed;		/* when its last key was made */
	__u64			alive;		/* last time that it was, or began */
	__u64			due;		/* when to do something about it */
	struct offer		offer;
	unsigned int		tries;
	/* The last frame that was sent, and when */
	__u64			sent;
	__u8			frame[SW_HANDSHAKE_FRAME_MAX];
	size_t			frame_len;	/* 0 for none */
	struct sw_endpoint	frame_to;
	__u8			cookie[SW_COOKIE_LEN];
	__u64			cookie_until;
};

struct neighbours;

struct neighbours_events {
	void (*up)(void *arg, struct neighbour *link);
	/* Its label will not be used any more. */
	void (*down)(void *arg, struct neighbour *link);
	/* Liveness or metrics may have changed. */
	void (*changed)(void *arg, struct neighbour *link);
};

struct neighbours *neighbours_new(const struct config *config,
				  const struct sw_identity *self,
				  struct kernel *kernel, struct times *times,
				  const struct neighbours_events *events,
				  void *arg);

/* The kernel keeps its links. */
void neighbours_free(struct neighbours *n);

/*
 * Try to have links with a peer of the configuration. @psk: SW_NOISE_KEY bytes
 * that are copied, or NULL. Return: 0, or -ENOMEM.
 */
int neighbours_configure(struct neighbours *n, const struct config_peer *peer,
			 const __u8 *psk, __u64 now);

/* The secret that this node shares with another, for sessions as well; or NULL */
const __u8 *neighbours_psk(const struct neighbours *n, const __u8 key[SW_KEY_LEN]);

/*
 * The configuration has been read anew: before its peers are given once more, and
 * after that. A link that is not configured any more is one as any other; it ends if
 * only peers are accepted.
 */
void neighbours_reconfigure(struct neighbours *n);
void neighbours_reconfigured(struct neighbours *n);

/*
 * What the kernel has from before; to be called once, before all else. Links
 * whose keys somebody else has made are left alone.
 */
int neighbours_adopt(struct neighbours *n, __u64 now, struct sw_error *err);

/*
 * Somebody says to be there, and nothing vouches for it. Return: whether that was
 * not known.
 */
bool neighbours_discovered(struct neighbours *n, const __u8 key[SW_KEY_LEN],
			   const struct sw_endpoint *at, __u64 now);

void neighbours_frame(struct neighbours *n, const struct sw_endpoint *from,
		      const __u8 *frame, size_t len, __u64 now);
void neighbours_link(struct neighbours *n, const struct kernel_link *link,
		     bool gone, __u64 now);

/* There may be ways that were not there: try at once what is configured, and not alive. */
void neighbours_hurry(struct neighbours *n, __u64 now);

/* Ask the kernel again for all that it should have told. */
void neighbours_resync(struct neighbours *n, __u64 now);

/* Does what is due. Return: when it has to be called next. */
__u64 neighbours_run(struct neighbours *n, __u64 now);

/* When another node has shown last that it has this node's key; 0: never */
__u64 neighbours_twin(const struct neighbours *n);

/* All links and tries: begin with NULL. */
struct neighbour *neighbours_next(struct neighbours *n, struct neighbour *link);
struct neighbour *neighbours_by_label(struct neighbours *n, __u16 label);

#endif /* _SKYWIRE_SWD_NEIGHBOURS_H */
