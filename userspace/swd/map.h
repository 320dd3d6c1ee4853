/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map: the newest record of every node that is connected to us by links
 * that both ends claim, and the graph that follows from the records.
 *
 * Time, randomness, signatures and whom to tell come in through struct
 * map_ops: any number of maps can live in one process. Time is in nanoseconds
 * of a clock that never runs backwards. Nothing here blocks; no function may be
 * called from within one of the operations.
 *
 * What bounds it: origins and bytes, see map_take(). What is evicted when it is
 * full is decided by who brought it: each origin is charged to the neighbour
 * through which it was first learned, and the newest of those of the neighbour
 * that brought most go first. So who brings a million origins pushes out his
 * own.
 */
#ifndef _SKYWIRE_SWD_MAP_H
#define _SKYWIRE_SWD_MAP_H

#include <sys/queue.h>

#include "graph.h"
#include "record.h"

#define MAP_SECOND	1000000000ULL
#define MAP_NEVER	(~0ULL)

enum {
	MAP_REFRESH		= 8 * 3600,	/* seconds; of our own record */
	MAP_EXPIRY		= 25 * 3600,	/* since its origin made it */
	MAP_GRACE		= 60,	/* what is cut off is kept so long */
	MAP_BUCKETS		= 256,
	MAP_NEIGHBOURS_MAX	= 256,
	MAP_ORIGINS_DEFAULT	= 32768,
	MAP_BYTES_DEFAULT	= 64 << 20,
	/* Records of one origin: 16 at once, then one in 10 s. */
	MAP_ORIGIN_BURST	= 16,
	MAP_ORIGIN_INTERVAL	= 10,
	/* Our own: 8 at once, then one in 15 s; for metrics alone, one a minute. */
	MAP_OWN_BURST		= 8,
	MAP_OWN_INTERVAL	= 15,
	MAP_METRIC_INTERVAL	= 60,
	MAP_METRIC_CHANGE	= 25,	/* percent that are worth a record */
};

/* Neighbours, by slot. */
struct map_set {
	__u64 words[MAP_NEIGHBOURS_MAX / 64];
};

enum map_event {
	MAP_EVENT_CHANGED,	/* @key: an origin that came, changed or went */
	MAP_EVENT_TWIN,		/* our own key is in use elsewhere */
	MAP_EVENT_SHARED,	/* @key: a neighbour that is two nodes */
	MAP_EVENT_CONFLICT,	/* @key signed two records of one sequence */
	MAP_EVENT_FULL,		/* @key: whose origin was turned away or evicted */
	MAP_EVENT_FORGED,	/* @key: a neighbour that passed on what is not signed */
	MAP_EVENT_MUTED,	/* @key: a neighbour that is not listened to for a while */
};

struct map_ops {
	/* Of the record @bytes, whose origin's key it carries */
	bool	(*verify)(void *context, const __u8 *bytes, size_t len);
	/* Our own record */
	void	(*sign)(void *context, __u8 *bytes, size_t len);
	__u32	(*random)(void *context);
	void	(*event)(void *context, enum map_event event, const __u8 key[SW_KEY_LEN]);
};

TAILQ_HEAD(map_list, map_origin);

/* Through whom origins were first learned. Lives while it has any, or a hold. */
struct map_bringer {
	LIST_ENTRY(map_bringer)	entry;
	__u8			key[SW_KEY_LEN];
	unsigned int		holds;
	__u64			bytes;	/* what its origins are charged with */
	struct map_list		origins;	/* the newest last */
};

LIST_HEAD(map_bringers, map_bringer);

enum map_want {
	MAP_NOT_WANTED,
	MAP_QUEUED,	/* to be asked for */
	MAP_ASKED,
};

/*
 * A node that has a record, or is named by one. The map holds the vertex while
 * there is a record, the flood while it is wanted.
 */
struct map_origin {
	struct graph_vertex	vertex;	/* first: the graph allocates it */
	__u8			*record;	/* NULL where it is only named */
	__u32			len;
	bool			connected;
	bool			was_connected;	/* differs within a walk only */
	__u64			sequence;
	__u64			digest;
	__u64			expires;
	__u64			lost;	/* since when it has not been connected */
	__u64			pace;
	__u64			charge;	/* bytes that its bringer is charged with */
	struct map_bringer	*bringer;	/* NULL of our own */
	__u64			change;	/* counts changes of the whole map */
	/* The flood's */
	struct map_set		has;	/* neighbours that have this version or a newer one */
	struct map_set		offered;	/* those that offered a newer one, ... */
	struct map_set		best;	/* ... and of them those that offered the best */
	__u64			best_sequence;	/* that was offered since it is wanted */
	__u64			best_digest;
	bool			best_doubted;	/* nobody but suspects has offered it */
	enum map_want		want;
	__u32			asked;	/* slot of the neighbour */
	__u64			asked_at;

	/* For the walk over those that are connected */
	struct map_origin	*back;
	__u32			next_arc;

	TAILQ_ENTRY(map_origin)	by_bringer;
	TAILQ_ENTRY(map_origin)	by_change;
	TAILQ_ENTRY(map_origin)	by_bucket;
	TAILQ_ENTRY(map_origin)	by_want;	/* the flood's */
};

struct map_bucket {
	struct map_list	origins;
	__u64		sum;	/* digests, added bit by bit without carry */
};

/* A link of ours. */
struct map_link {
	struct record_link	live;	/* as the graph has it */
	struct record_link	latest;	/* as it was last measured */
};

struct map_own {
	struct map_link		links[RECORD_LINKS_MAX];
	unsigned int		count;
	__u64			sequence;
	__u32			instance;
	__u64			pace;
	__u64			published;	/* when */
	__u64			due;	/* when to publish next */
	__u64			overtaken;	/* pace of how often that may happen */
};

struct map_config {
	__u32	origins_max;	/* 0: the default */
	__u64	bytes_max;	/* 0: the default */
	__u64	sequence;	/* above which our records begin */
};

/* What was turned away, and why: see enum map_verdict. */
struct map_stats {
	__u64	taken;
	__u64	verified;
	__u64	evicted;
	__u64	expired;
	__u64	cut_off;
	__u64	published;
	__u64	conflicts;
};

struct map {
	struct graph			graph;
	const struct map_ops		*ops;
	void				*context;
	struct map_config		config;
	struct map_origin		*self;
	struct map_own			own;
	__u32				count;	/* of records */
	__u64				record_bytes;
	__u64				changes;
	struct map_list			by_change;	/* the latest last */
	struct map_bucket		buckets[MAP_BUCKETS];
	__u64				sum;	/* of all buckets' sums */
	struct map_bringers		bringers;
	__u64				walk_due;	/* to see who is connected */
	__u64				sweep_due;	/* to see what expired */
	struct map_stats		stats;
	/* The flood's: @origin was named for the first time by a record from @from. */
	void	(*named)(void *context, struct map_origin *origin, struct map_bringer *from);
	void				*named_context;
};

enum map_verdict {
	MAP_TAKEN,
	MAP_KNOWN,	/* the same as before, or an older one */
	MAP_STRANGE,	/* its origin is not connected to us */
	MAP_FULL,
	MAP_OFTEN,	/* its origin has changed too often lately */
	MAP_EXPIRED,
	MAP_FOREIGN,	/* of a version that is unknown here */
	MAP_MALFORMED,
	MAP_FORGED,
	MAP_NO_MEMORY,
};

/* Return: NULL where there is no memory. */
struct map *map_new(const struct map_ops *ops, void *context, const __u8 key[SW_KEY_LEN],
		    const struct map_config *config, __u64 now);
void map_free(struct map *map);

/* Do what is due. Return: when to call again at the latest. */
__u64 map_tick(struct map *map, __u64 now);

/**
 * map_take - a record has come
 * @age: seconds since its origin made it, as far as the sender knows
 * @from: the neighbour that sent it
 *
 * Checks what is cheap first: a signature is verified only of a record that
 * would be stored.
 */
enum map_verdict map_take(struct map *map, __u64 now, const __u8 *bytes, size_t len,
			  __u32 age, struct map_bringer *from);

/* Is there room for an origin more that @from would bring? */
bool map_has_room(const struct map *map, const struct map_bringer *from);

/* Is a version newer than what the map has of @origin? */
bool map_is_newer(const struct map_origin *origin, __u64 sequence, __u64 digest);

/* Or has its origin changed too often lately? */
bool map_may_change(const struct map_origin *origin, __u64 now);

/* A sender with a younger copy of what we have: it expires later. */
void map_is_younger(struct map *map, struct map_origin *origin, __u64 now, __u32 age);

/* In seconds, rounded up, so that it shrinks on no way. */
__u32 map_age(const struct map_origin *origin, __u64 now);

struct map_origin *map_find(struct map *map, const __u8 key[SW_KEY_LEN]);

/* What of one neighbour is counted together, whatever becomes of the link. */
struct map_bringer *map_bringer_hold(struct map *map, const __u8 key[SW_KEY_LEN]);
void map_bringer_put(struct map *map, struct map_bringer *bringer);

/* Memory in use, records, graph and origins */
__u64 map_bytes(const struct map *map);

/* implemented in map_own.c */

/**
 * map_link_set - a link of ours is there, or was measured anew
 * @link: by its label; another neighbour's key makes it another link
 *
 * Small changes of what was measured are nobody's business, and kept.
 *
 * Return: 0, -EINVAL where a record cannot say so, -ENOSPC, -ENOMEM.
 */
int map_link_set(struct map *map, __u64 now, const struct record_link *link);
void map_link_del(struct map *map, __u64 now, __u16 label);

__u64 map_own_tick(struct map *map, __u64 now);

/*
 * A record that our key signed is newer than ours: this node forgot its
 * sequence, or the key is in use elsewhere.
 */
void map_own_overtaken(struct map *map, __u64 now, __u64 sequence, __u32 instance);

/* implemented in map.c, for map_own.c */

/* Links of @origin, which is connected, may connect others as well. */
void map_connect(struct map *map, struct map_origin *origin);

/* Some that are connected may not be any more. */
void map_walk_soon(struct map *map, __u64 now);

int map_store(struct map *map, struct map_origin *origin, const __u8 *bytes, size_t len,
	      __u64 expires);

/* Token buckets that are one number, as skywire/bucket.h has them, but slow. */
static inline __u64 map_pace_wait(__u64 full, __u64 now, __u64 interval, __u32 burst)
{
	__u64 from = full > now ? full : now;
	__u64 most = interval * (burst - 1);

	return from - now > most ? from - now - most : 0;
}

static inline bool map_pace_take(__u64 *full, __u64 now, __u64 interval, __u32 burst)
{
	if (map_pace_wait(*full, now, interval, burst))
		return false;
	*full = (*full > now ? *full : now) + interval;
	return true;
}

static inline void map_set_add(struct map_set *set, __u32 slot)
{
	set->words[slot / 64] |= 1ULL << slot % 64;
}

static inline void map_set_del(struct map_set *set, __u32 slot)
{
	set->words[slot / 64] &= ~(1ULL << slot % 64);
}

static inline bool map_set_has(const struct map_set *set, __u32 slot)
{
	return set->words[slot / 64] >> slot % 64 & 1;
}

#endif /* _SKYWIRE_SWD_MAP_H */
