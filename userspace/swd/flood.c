// SPDX-License-Identifier: GPL-2.0
/*
 * Messages begin with
 *
 *   0   kind
 *   1   flags
 *   2   count (16 bits)
 *
 * and go on with
 *
 *   SUMMARY   one sum of 64 bits; count is 0
 *   BUCKETS   256 sums of 64 bits; flag 1: "send me yours"; count is 0
 *   OFFER     count entries: what the sender has
 *   WANT      count entries: what the sender has, and wants newer than that
 *   RECORDS   count times the age of a record (32 bits) and the record
 *
 * An entry is
 *
 *   0   public key (32 bytes)
 *   32  sequence (64 bits), 0 for no record
 *   40  digest (64 bits)
 *   48  age in seconds (32 bits)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flood.h"
#include "record_octets.h"

enum {
	HEAD_LEN	= 4,
	ENTRY_LEN	= 52,
	AGE_LEN		= 4,
	/*
	 * Of a message that is lost in part all is lost: none is longer than this
	 * but for a single record.
	 */
	LEN_GOOD	= 4096,
	ENTRIES_MAX	= (LEN_GOOD - HEAD_LEN) / ENTRY_LEN,
	SUMMARY_LEN	= HEAD_LEN + 8,
	BUCKETS_LEN	= HEAD_LEN + 8 * MAP_BUCKETS,
	FLAG_ANSWER	= 1,
};

#define MS		(MAP_SECOND / 1000)
/* Changes come several at once. */
#define GATHER		(20 * MS)
/* The first sum waits for what a new neighbour is asked anyway. */
#define FIRST_SUMMARY	MAP_SECOND
#define SUMMARY		(20 * MAP_SECOND)
/* After offers, which may have got lost */
#define FOLLOW_UP	(4 * MAP_SECOND)
#define BUCKETS_INTERVAL	(2 * MAP_SECOND)
#define BUCKETS_BURST	4
/* Without any answer, and in all */
#define ANSWER		(2 * MAP_SECOND)
#define ANSWER_MAX	(10 * MAP_SECOND)
/* Answers that did not come: 8 at once, then one in 30 s, or for each that did */
#define MISS_INTERVAL	(30 * MAP_SECOND)
#define MISS_BURST	8
/* A record makes good for one of them, but no more than one in this time. */
#define REFUND		ANSWER
#define MUTE		(60 * MAP_SECOND)
#define MUTE_MAX	(3600 * MAP_SECOND)
/* Who did not answer, or had not what it offered, is asked last. */
#define SUSPECT		(30 * MAP_SECOND)
#define SUSPECT_MAX	(3600 * MAP_SECOND)
/* Records asked for, of one neighbour and of all: each may cost a signature. */
#define ASK_INTERVAL	(MAP_SECOND / 400)
#define ASK_BURST	2000
#define ASK_ALL_INTERVAL	(MAP_SECOND / 800)
#define ASK_ALL_BURST	4000
/* Bytes */
#define OUT_INTERVAL	(MAP_SECOND / (512 << 10))
#define OUT_BURST	(128 << 10)
#define IN_INTERVAL	(MAP_SECOND / (1024 << 10))
#define IN_BURST	(1024 << 10)

struct flood_neighbour {
	__u8			key[SW_KEY_LEN];
	__u32			slot;
	struct map_bringer	*bringer;
	/* What it was offered: all changes up to this one. */
	__u64			cursor;
	__u64			offers_due;
	/* What we want of it, and have asked it for; the longest waiting first. */
	struct map_list		queued;
	struct map_list		asked;
	unsigned int		asked_count;
	__u64			progress;	/* when it last answered */
	__u32			instance;	/* of its own record, as it sent it last, ... */
	__u32			former;		/* ... and the one before that */
	__u64			ask_pace;
	__u64			misses;		/* pace */
	__u64			refunds;	/* pace */
	__u64			suspect;	/* until then */
	__u64			suspicion;	/* how long the next time */
	__u64			muted;		/* until then */
	__u64			mute;		/* how long the next time */
	/* What it wants of us: numbers of vertices. */
	__u32			serve[FLOOD_ASKED_MAX];
	unsigned int		serve_count;
	/* Sums */
	__u64			summary_due;
	__u64			buckets_pace;
	bool			differs[MAP_BUCKETS];	/* to be offered */
	unsigned int		differ_count;
	unsigned int		offered;	/* origins of the first of these */
	__u64			in_pace;
	__u64			out_pace;
};

struct flood {
	struct map		*map;
	const struct flood_ops	*ops;
	void			*context;
	struct flood_neighbour	*neighbours[MAP_NEIGHBOURS_MAX];
	__u32			end;	/* no slot from here on is in use */
	__u32			turn;	/* who may ask first */
	__u64			ask_pace;
	__u64			now;	/* when we were called last */
	struct flood_stats	stats;
	__u8			message[FLOOD_MESSAGE_MAX];	/* being written */
	size_t			len;
};

static void sooner(__u64 *due, __u64 when)
{
	if (when < *due)
		*due = when;
}

/* Messages being written */

static void begin(struct flood *flood, enum flood_kind kind, __u8 flags)
{
	flood->message[0] = kind;
	flood->message[1] = flags;
	put16(flood->message + 2, 0);
	flood->len = HEAD_LEN;
}

static unsigned int count_of(const __u8 *message)
{
	return get16(message + 2);
}

static void add_entry(struct flood *flood, const struct map_origin *origin, __u64 now)
{
	__u8 *at = flood->message + flood->len;

	memcpy(at, origin->vertex.key, SW_KEY_LEN);
	put64(at + 32, origin->record ? origin->sequence : 0);
	put64(at + 40, origin->record ? origin->digest : 0);
	put32(at + 48, origin->record ? map_age(origin, now) : 0);
	put16(flood->message + 2, count_of(flood->message) + 1);
	flood->len += ENTRY_LEN;
}

static void add_sum(struct flood *flood, __u64 sum)
{
	put64(flood->message + flood->len, sum);
	flood->len += 8;
}

static bool add_record(struct flood *flood, const struct map_origin *origin, __u64 now)
{
	__u8 *at = flood->message + flood->len;

	if (count_of(flood->message) && flood->len + AGE_LEN + origin->len > LEN_GOOD)
		return false;
	put32(at, map_age(origin, now));
	memcpy(at + AGE_LEN, origin->record, origin->len);
	put16(flood->message + 2, count_of(flood->message) + 1);
	flood->len += AGE_LEN + origin->len;
	return true;
}

/* How long until something may be sent to it */
static __u64 out_wait(const struct flood_neighbour *to, __u64 now)
{
	return map_pace_wait(to->out_pace, now, OUT_INTERVAL, OUT_BURST);
}

static void finish(struct flood *flood, struct flood_neighbour *to, __u64 now)
{
	__u64 from = to->out_pace > now ? to->out_pace : now;

	to->out_pace = from + flood->len * OUT_INTERVAL;
	flood->stats.messages_out++;
	flood->stats.bytes_out += flood->len;
	flood->ops->send(flood->context, to->key, flood->message, flood->len);
}

/* Wanting */

static bool is_muted(const struct flood_neighbour *neighbour, __u64 now)
{
	return neighbour->muted > now;
}

/* It has left us without an answer lately, or with less than it had offered. */
static bool is_suspect(const struct flood_neighbour *neighbour, __u64 now)
{
	return neighbour->suspect > now;
}

static void unlink_want(struct flood *flood, struct map_origin *origin)
{
	struct flood_neighbour *asked = flood->neighbours[origin->asked];

	if (origin->want == MAP_ASKED) {
		TAILQ_REMOVE(&asked->asked, origin, by_want);
		asked->asked_count--;
	} else if (origin->want == MAP_QUEUED) {
		TAILQ_REMOVE(&asked->queued, origin, by_want);
	}
}

static void queue_want(struct flood *flood, struct map_origin *origin,
		       struct flood_neighbour *from)
{
	if (origin->want == MAP_NOT_WANTED)
		origin->vertex.holds++;
	else
		unlink_want(flood, origin);
	origin->want = MAP_QUEUED;
	origin->asked = from->slot;
	TAILQ_INSERT_TAIL(&from->queued, origin, by_want);
}

/* The origin itself may be gone after this. */
static void end_want(struct flood *flood, struct map_origin *origin)
{
	if (origin->want == MAP_NOT_WANTED)
		return;
	unlink_want(flood, origin);
	origin->want = MAP_NOT_WANTED;
	origin->best_sequence = 0;
	origin->best_digest = 0;
	origin->best_doubted = false;
	memset(&origin->offered, 0, sizeof(origin->offered));
	memset(&origin->best, 0, sizeof(origin->best));
	graph_put(&flood->map->graph, &origin->vertex);
}

/*
 * Another one that has offered something newer: one that is not suspect if there
 * is one, and of these one that has offered the best.
 */
static struct flood_neighbour *next_offer(struct flood *flood,
					  const struct map_origin *origin, __u64 now)
{
	struct flood_neighbour *found = NULL;
	unsigned int rank, least = 0;
	__u32 slot;

	for (slot = 0; slot < flood->end; slot++) {
		struct flood_neighbour *neighbour = flood->neighbours[slot];

		if (!map_set_has(&origin->offered, slot) || !neighbour ||
		    is_muted(neighbour, now))
			continue;
		rank = 2 * is_suspect(neighbour, now) + !map_set_has(&origin->best, slot);
		if (found && rank >= least)
			continue;
		found = neighbour;
		least = rank;
	}
	return found;
}

/* What it has offered is settled, in one way or the other. */
static void forget_offer(struct map_origin *origin, const struct flood_neighbour *of)
{
	map_set_del(&origin->offered, of->slot);
	map_set_del(&origin->best, of->slot);
}

/*
 * A neighbour has answered, or will not: others may have something newer than
 * we have now.
 */
static void ask_others(struct flood *flood, struct map_origin *origin,
		       struct flood_neighbour *not, __u64 now)
{
	struct flood_neighbour *next;

	forget_offer(origin, not);
	next = map_is_newer(origin, origin->best_sequence, origin->best_digest) ?
	       next_offer(flood, origin, now) : NULL;
	if (next)
		queue_want(flood, origin, next);
	else
		end_want(flood, origin);
}

/* Of these, what others have offered as well is asked of them. */
static void pass_on(struct flood *flood, struct map_list *list, __u64 now)
{
	struct map_origin *origin, *after;
	struct flood_neighbour *next;

	for (origin = TAILQ_FIRST(list); origin; origin = after) {
		after = TAILQ_NEXT(origin, by_want);
		next = next_offer(flood, origin, now);
		if (next && !is_suspect(next, now))
			queue_want(flood, origin, next);
	}
}

/*
 * It is asked last for a while, and its word does not count against that of
 * others; for twice as long where it did not do better for as long. That is not
 * for records to make good: one that is sent costs nothing.
 */
static void suspect(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	if (is_suspect(neighbour, now))
		return;
	if (now - neighbour->suspect >= neighbour->suspicion)
		neighbour->suspicion = SUSPECT;
	neighbour->suspect = now + neighbour->suspicion;
	if (neighbour->suspicion * 2 <= SUSPECT_MAX)
		neighbour->suspicion *= 2;
	pass_on(flood, &neighbour->asked, now);
	pass_on(flood, &neighbour->queued, now);
}

static void want(struct flood *flood, struct map_origin *origin,
		 struct flood_neighbour *from, __u64 now)
{
	if (is_muted(from, now))
		return;
	map_set_add(&origin->offered, from->slot);
	if (origin->want == MAP_NOT_WANTED ||
	    (is_suspect(flood->neighbours[origin->asked], now) && !is_suspect(from, now)))
		queue_want(flood, origin, from);
}

static void mute(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	struct map_origin *origin;

	neighbour->muted = now + neighbour->mute;
	neighbour->mute = neighbour->mute * 2 < MUTE_MAX ? neighbour->mute * 2 : MUTE_MAX;
	while ((origin = TAILQ_FIRST(&neighbour->asked) ?:
			 TAILQ_FIRST(&neighbour->queued)))
		ask_others(flood, origin, neighbour, now);
	flood->map->ops->event(flood->map->context, MAP_EVENT_MUTED, neighbour->key);
}

static struct flood_neighbour *find_neighbour(struct flood *flood, const __u8 *key)
{
	__u32 slot;

	for (slot = 0; slot < flood->end; slot++)
		if (flood->neighbours[slot] &&
		    !memcmp(flood->neighbours[slot]->key, key, SW_KEY_LEN))
			return flood->neighbours[slot];
	return NULL;
}

/* A record has named this one for the first time: who sent it should know more. */
static void named(void *context, struct map_origin *origin, struct map_bringer *from)
{
	struct flood *flood = context;
	struct flood_neighbour *neighbour =
		find_neighbour(flood, from ? from->key : origin->vertex.key);

	if (neighbour && map_has_room(flood->map, neighbour->bringer))
		want(flood, origin, neighbour, flood->now);
}

static __u64 expire_asked(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	bool missed = false;
	struct map_origin *origin;

	while ((origin = TAILQ_FIRST(&neighbour->asked))) {
		__u64 since = origin->asked_at > neighbour->progress ?
			      origin->asked_at : neighbour->progress;
		__u64 due = since + ANSWER;

		sooner(&due, origin->asked_at + ANSWER_MAX);
		if (due > now)
			return due;
		if (!missed) {
			missed = true;
			flood->stats.timeouts++;
			if (!map_pace_take(&neighbour->misses, now, MISS_INTERVAL,
					   MISS_BURST)) {
				mute(flood, neighbour, now);
				break;
			}
			suspect(flood, neighbour, now);
			continue;
		}
		/* A message may have been lost: it is asked again if it is the only one. */
		forget_offer(origin, neighbour);
		queue_want(flood, origin, next_offer(flood, origin, now) ?: neighbour);
		map_set_add(&origin->offered, neighbour->slot);
	}
	return MAP_NEVER;
}

static bool may_ask(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	if (map_pace_wait(flood->ask_pace, now, ASK_ALL_INTERVAL, ASK_ALL_BURST))
		return false;
	if (!map_pace_take(&neighbour->ask_pace, now, ASK_INTERVAL, ASK_BURST))
		return false;
	map_pace_take(&flood->ask_pace, now, ASK_ALL_INTERVAL, ASK_ALL_BURST);
	return true;
}

static __u64 ask(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	struct map_origin *origin;

	if (TAILQ_EMPTY(&neighbour->queued) || neighbour->asked_count == FLOOD_ASKED_MAX)
		return MAP_NEVER;
	if (out_wait(neighbour, now))
		return now + out_wait(neighbour, now);
	begin(flood, FLOOD_WANT, 0);
	while ((origin = TAILQ_FIRST(&neighbour->queued)) &&
	       neighbour->asked_count < FLOOD_ASKED_MAX && may_ask(flood, neighbour, now)) {
		TAILQ_REMOVE(&neighbour->queued, origin, by_want);
		TAILQ_INSERT_TAIL(&neighbour->asked, origin, by_want);
		neighbour->asked_count++;
		origin->want = MAP_ASKED;
		origin->asked_at = now;
		add_entry(flood, origin, now);
	}
	if (!count_of(flood->message))
		return now + ASK_INTERVAL;
	finish(flood, neighbour, now);
	return TAILQ_EMPTY(&neighbour->queued) ? MAP_NEVER : now + ASK_INTERVAL;
}

/* Serving and offering */

static __u64 serve(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	struct graph *graph = &flood->map->graph;
	unsigned int i;

	while (neighbour->serve_count) {
		if (out_wait(neighbour, now))
			return now + out_wait(neighbour, now);
		begin(flood, FLOOD_RECORDS, 0);
		for (i = 0; i < neighbour->serve_count; i++) {
			struct map_origin *origin = (struct map_origin *)
				(neighbour->serve[i] < graph->size ?
				 graph_at(graph, neighbour->serve[i]) : NULL);

			if (!origin || !origin->record)
				continue;
			if (!add_record(flood, origin, now))
				break;
			map_set_add(&origin->has, neighbour->slot);
		}
		neighbour->serve_count -= i;
		memmove(neighbour->serve, neighbour->serve + i,
			neighbour->serve_count * sizeof(neighbour->serve[0]));
		if (count_of(flood->message))
			finish(flood, neighbour, now);
	}
	return MAP_NEVER;
}

static struct map_origin *first_after(struct map *map, __u64 change)
{
	struct map_origin *origin, *first = NULL;

	TAILQ_FOREACH_REVERSE(origin, &map->by_change, map_list, by_change) {
		if (origin->change <= change)
			break;
		first = origin;
	}
	return first;
}

static void finish_offer(struct flood *flood, struct flood_neighbour *to, __u64 now)
{
	finish(flood, to, now);
	sooner(&to->summary_due, now + FOLLOW_UP);
}

/* What has changed since it was last told */
static __u64 offer(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	struct map *map = flood->map;
	struct map_origin *origin;

	if (neighbour->cursor == map->changes)
		return MAP_NEVER;
	if (neighbour->offers_due == MAP_NEVER)
		neighbour->offers_due = now + GATHER;
	if (neighbour->offers_due > now)
		return neighbour->offers_due;
	if (out_wait(neighbour, now))
		return now + out_wait(neighbour, now);
	begin(flood, FLOOD_OFFER, 0);
	neighbour->offers_due = MAP_NEVER;
	for (origin = first_after(map, neighbour->cursor); origin;
	     origin = TAILQ_NEXT(origin, by_change)) {
		if (count_of(flood->message) == ENTRIES_MAX) {
			neighbour->offers_due = now;
			break;
		}
		neighbour->cursor = origin->change;
		if (origin->connected && !map_set_has(&origin->has, neighbour->slot))
			add_entry(flood, origin, now);
	}
	if (!origin)
		neighbour->cursor = map->changes;
	if (count_of(flood->message))
		finish_offer(flood, neighbour, now);
	return neighbour->offers_due;
}

/* One message of the buckets that differ */
static __u64 offer_buckets(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	struct map_origin *origin;
	unsigned int i, skip;

	if (!neighbour->differ_count)
		return MAP_NEVER;
	if (out_wait(neighbour, now))
		return now + out_wait(neighbour, now);
	begin(flood, FLOOD_OFFER, 0);
	for (i = 0; i < MAP_BUCKETS; i++) {
		if (!neighbour->differs[i])
			continue;
		skip = neighbour->offered;
		TAILQ_FOREACH(origin, &flood->map->buckets[i].origins, by_bucket) {
			if (skip) {
				skip--;
				continue;
			}
			if (count_of(flood->message) == ENTRIES_MAX)
				goto out_finish;
			neighbour->offered++;
			if (origin->connected)
				add_entry(flood, origin, now);
		}
		neighbour->differs[i] = false;
		neighbour->differ_count--;
		neighbour->offered = 0;
	}
out_finish:
	if (count_of(flood->message))
		finish_offer(flood, neighbour, now);
	return neighbour->differ_count ? now + MS : MAP_NEVER;
}

static __u64 summarise(struct flood *flood, struct flood_neighbour *neighbour, __u64 now)
{
	struct map *map = flood->map;

	if (neighbour->summary_due > now)
		return neighbour->summary_due;
	begin(flood, FLOOD_SUMMARY, 0);
	add_sum(flood, map->sum);
	finish(flood, neighbour, now);
	neighbour->summary_due = now + SUMMARY - SUMMARY / 8 +
				 map->ops->random(map->context) % 1024 * (SUMMARY / 4096);
	return neighbour->summary_due;
}

/* Receiving */

static void send_buckets(struct flood *flood, struct flood_neighbour *to, __u8 flags,
			 __u64 now)
{
	unsigned int i;

	begin(flood, FLOOD_BUCKETS, flags);
	for (i = 0; i < MAP_BUCKETS; i++)
		add_sum(flood, flood->map->buckets[i].sum);
	finish(flood, to, now);
}

static void receive_summary(struct flood *flood, struct flood_neighbour *from,
			    const __u8 *bytes, __u64 now)
{
	if (get64(bytes + HEAD_LEN) == flood->map->sum)
		return;
	if (!out_wait(from, now) &&
	    map_pace_take(&from->buckets_pace, now, BUCKETS_INTERVAL, BUCKETS_BURST))
		send_buckets(flood, from, FLAG_ANSWER, now);
}

static void receive_buckets(struct flood *flood, struct flood_neighbour *from,
			    const __u8 *bytes, __u64 now)
{
	unsigned int i;

	if (!map_pace_take(&from->buckets_pace, now, BUCKETS_INTERVAL, BUCKETS_BURST))
		return;
	for (i = 0; i < MAP_BUCKETS; i++) {
		if (from->differs[i] ||
		    get64(bytes + HEAD_LEN + 8 * i) == flood->map->buckets[i].sum)
			continue;
		from->differs[i] = true;
		from->differ_count++;
	}
	if (bytes[1] & FLAG_ANSWER && !out_wait(from, now))
		send_buckets(flood, from, 0, now);
}

struct entry {
	const __u8	*key;
	__u64		sequence;
	__u64		digest;
	__u32		age;
};

static struct entry read_entry(const __u8 *message, unsigned int i)
{
	const __u8 *at = message + HEAD_LEN + (size_t)i * ENTRY_LEN;

	return (struct entry) {
		.key = at,
		.sequence = get64(at + 32),
		.digest = get64(at + 40),
		.age = get32(at + 48),
	};
}

static bool is_same(const struct map_origin *origin, const struct entry *entry)
{
	return origin->record && origin->sequence == entry->sequence &&
	       origin->digest == entry->digest;
}

/* Would the map take it? Otherwise it is better not asked for. */
static bool may_be_asked(struct flood *flood, const struct map_origin *origin,
			 const struct flood_neighbour *from, __u64 now)
{
	if (is_muted(from, now))
		return false;
	if (origin->record || origin == flood->map->self)
		return map_may_change(origin, now);
	return map_has_room(flood->map, from->bringer);
}

/* The word of one that is suspect does not count against that of others. */
static bool is_best(const struct map_origin *origin, const struct entry *entry,
		    bool doubted)
{
	bool better = entry->sequence > origin->best_sequence ||
		      (entry->sequence == origin->best_sequence &&
		       entry->digest > origin->best_digest);

	if (doubted)
		return better && (!origin->best_sequence || origin->best_doubted);
	return better || origin->best_doubted;
}

/*
 * Who has offered something newer is remembered, and of all that the best: when we
 * have that, the others have nothing to add.
 */
static void receive_newer(struct flood *flood, struct map_origin *origin,
			  struct flood_neighbour *from, const struct entry *entry,
			  __u64 now)
{
	bool doubted = is_suspect(from, now);

	if (is_best(origin, entry, doubted)) {
		origin->best_sequence = entry->sequence;
		origin->best_digest = entry->digest;
		origin->best_doubted = doubted;
		memset(&origin->best, 0, sizeof(origin->best));
	}
	want(flood, origin, from, now);
	if (origin->want != MAP_NOT_WANTED && entry->sequence == origin->best_sequence &&
	    entry->digest == origin->best_digest)
		map_set_add(&origin->best, from->slot);
}

/* It has answered with this version: is that as good as what it had offered? */
static void check_word(struct flood *flood, struct map_origin *origin,
		       struct flood_neighbour *from, __u64 sequence, __u64 digest,
		       __u64 now)
{
	if (!map_set_has(&origin->best, from->slot) ||
	    sequence > origin->best_sequence ||
	    (sequence == origin->best_sequence && digest >= origin->best_digest))
		return;
	flood->stats.broken++;
	suspect(flood, from, now);
}

static void receive_offer(struct flood *flood, struct flood_neighbour *from,
			  const struct entry *entry, __u64 now)
{
	struct map_origin *origin = map_find(flood->map, entry->key);

	if (!origin) {
		flood->stats.unnamed++;
		return;
	}
	if (is_same(origin, entry)) {
		map_set_add(&origin->has, from->slot);
		map_is_younger(flood->map, origin, now, entry->age);
	}
	if (entry->sequence && entry->age < MAP_EXPIRY &&
	    map_is_newer(origin, entry->sequence, entry->digest)) {
		if (may_be_asked(flood, origin, from, now))
			receive_newer(flood, origin, from, entry, now);
	} else if (origin->want == MAP_ASKED && origin->asked == from->slot) {
		/* It was asked, and has nothing better. */
		from->progress = now;
		check_word(flood, origin, from, entry->sequence, entry->digest, now);
		ask_others(flood, origin, from, now);
	}
}

static void receive_offers(struct flood *flood, struct flood_neighbour *from,
			   const __u8 *bytes, __u64 now)
{
	unsigned int i;

	for (i = 0; i < count_of(bytes) && !is_muted(from, now); i++) {
		struct entry entry = read_entry(bytes, i);

		receive_offer(flood, from, &entry, now);
	}
}

static bool is_served(const struct flood_neighbour *neighbour, __u32 number)
{
	unsigned int i;

	for (i = 0; i < neighbour->serve_count; i++)
		if (neighbour->serve[i] == number)
			return true;
	return false;
}

static void add_nothing(struct flood *flood, const __u8 *key)
{
	__u8 *at = flood->message + flood->len;

	memcpy(at, key, SW_KEY_LEN);
	memset(at + SW_KEY_LEN, 0, ENTRY_LEN - SW_KEY_LEN);
	put16(flood->message + 2, count_of(flood->message) + 1);
	flood->len += ENTRY_LEN;
}

/* What it cannot have is answered too, by what there is. */
static void receive_wants(struct flood *flood, struct flood_neighbour *from,
			  const __u8 *bytes, __u64 now)
{
	unsigned int i;

	begin(flood, FLOOD_OFFER, 0);
	for (i = 0; i < count_of(bytes) && i < FLOOD_ASKED_MAX; i++) {
		struct entry entry = read_entry(bytes, i);
		struct map_origin *origin = map_find(flood->map, entry.key);

		if (!origin || !origin->record || !origin->connected) {
			add_nothing(flood, entry.key);
		} else if (map_is_newer(origin, entry.sequence, entry.digest) ||
			   is_same(origin, &entry)) {
			add_entry(flood, origin, now);
		} else if (from->serve_count < FLOOD_ASKED_MAX &&
			   !is_served(from, origin->vertex.number)) {
			from->serve[from->serve_count++] = origin->vertex.number;
		}
	}
	if (count_of(flood->message) && !out_wait(from, now))
		finish(flood, from, now);
}

static void note_taken(struct map_origin *origin, struct flood_neighbour *from, __u64 now)
{
	if (origin->sequence == origin->best_sequence &&
	    origin->digest == origin->best_digest)
		origin->has = origin->best;
	map_set_add(&origin->has, from->slot);
	if (from->misses > now && map_pace_take(&from->refunds, now, REFUND, 1))
		from->misses -= MISS_INTERVAL;
}

/*
 * A newer record of its own has come from a neighbour itself, so that instance is
 * running. One that starts anew leaves its instance for good: if the former one is
 * back, both run. Records that others pass on prove nothing, for they may be old.
 */
static void note_instance(struct flood *flood, struct flood_neighbour *from, __u32 instance)
{
	if (instance == from->instance)
		return;
	if (instance == from->former)
		flood->map->ops->event(flood->map->context, MAP_EVENT_SHARED, from->key);
	from->former = from->instance;
	from->instance = instance;
}

static void receive_record(struct flood *flood, struct flood_neighbour *from,
			   const __u8 *bytes, size_t len, __u32 age, __u64 now)
{
	enum map_verdict verdict;
	struct record_head head;
	struct map_origin *origin;

	record_read_head(bytes, &head);
	origin = map_find(flood->map, head.key);
	if (!origin || origin->want != MAP_ASKED || origin->asked != from->slot) {
		flood->stats.unsolicited++;
		return;
	}
	from->progress = now;
	verdict = map_take(flood->map, now, bytes, len, age, from->bringer);
	flood->stats.verdicts[verdict]++;
	if (verdict == MAP_FORGED || verdict == MAP_MALFORMED) {
		flood->map->ops->event(flood->map->context, MAP_EVENT_FORGED, from->key);
		mute(flood, from, now);
		return;
	}
	check_word(flood, origin, from, head.sequence, record_digest(bytes, len), now);
	if (verdict == MAP_TAKEN) {
		note_taken(origin, from, now);
		if (!memcmp(head.key, from->key, SW_KEY_LEN))
			note_instance(flood, from, head.instance);
	}
	ask_others(flood, origin, from, now);
}

static void receive_records(struct flood *flood, struct flood_neighbour *from,
			    const __u8 *bytes, size_t len, __u64 now)
{
	const __u8 *at = bytes + HEAD_LEN, *end = bytes + len;
	unsigned int count = count_of(bytes);

	while (count-- && !is_muted(from, now)) {
		int size = end - at < AGE_LEN ? -EBADMSG :
			   record_size(at + AGE_LEN, end - at - AGE_LEN);

		if (size < 0) {
			flood->stats.malformed++;
			return;
		}
		receive_record(flood, from, at + AGE_LEN, size, get32(at), now);
		at += AGE_LEN + size;
	}
}

static bool is_well_formed(const __u8 *bytes, size_t len)
{
	if (len < HEAD_LEN || len > FLOOD_MESSAGE_MAX)
		return false;
	switch (bytes[0]) {
	case FLOOD_SUMMARY:
		return len == SUMMARY_LEN;
	case FLOOD_BUCKETS:
		return len == BUCKETS_LEN;
	case FLOOD_OFFER:
	case FLOOD_WANT:
		return len == HEAD_LEN + (size_t)count_of(bytes) * ENTRY_LEN;
	case FLOOD_RECORDS:
		return true;
	}
	return false;
}

static bool may_receive(struct flood_neighbour *from, size_t len, __u64 now)
{
	__u64 since = from->in_pace > now ? from->in_pace : now;

	if (map_pace_wait(from->in_pace, now, IN_INTERVAL, IN_BURST))
		return false;
	from->in_pace = since + len * IN_INTERVAL;
	return true;
}

static void dispatch(struct flood *flood, struct flood_neighbour *from, const __u8 *bytes,
		     size_t len, __u64 now)
{
	switch (bytes[0]) {
	case FLOOD_SUMMARY:
		receive_summary(flood, from, bytes, now);
		break;
	case FLOOD_BUCKETS:
		receive_buckets(flood, from, bytes, now);
		break;
	case FLOOD_OFFER:
		receive_offers(flood, from, bytes, now);
		break;
	case FLOOD_WANT:
		receive_wants(flood, from, bytes, now);
		break;
	case FLOOD_RECORDS:
		receive_records(flood, from, bytes, len, now);
		break;
	}
}

void flood_receive(struct flood *flood, __u64 now, int slot, const __u8 *bytes, size_t len)
{
	struct flood_neighbour *from = flood->neighbours[slot];

	flood->now = now;
	flood->stats.messages_in++;
	flood->stats.bytes_in += len;
	if (!may_receive(from, len, now))
		flood->stats.limited++;
	else if (!is_well_formed(bytes, len))
		flood->stats.malformed++;
	else
		dispatch(flood, from, bytes, len, now);
}

/* Neighbours */

int flood_neighbour_up(struct flood *flood, __u64 now, const __u8 key[SW_KEY_LEN])
{
	struct flood_neighbour *neighbour;
	struct map_origin *origin;
	int slot = 0;

	flood->now = now;
	if (find_neighbour(flood, key))
		return -EEXIST;
	while (slot < MAP_NEIGHBOURS_MAX && flood->neighbours[slot])
		slot++;
	if (slot == MAP_NEIGHBOURS_MAX)
		return -ENOSPC;
	neighbour = calloc(1, sizeof(*neighbour));
	if (!neighbour)
		return -ENOMEM;
	neighbour->bringer = map_bringer_hold(flood->map, key);
	if (!neighbour->bringer) {
		free(neighbour);
		return -ENOMEM;
	}
	memcpy(neighbour->key, key, SW_KEY_LEN);
	neighbour->slot = slot;
	neighbour->cursor = flood->map->changes;
	neighbour->offers_due = MAP_NEVER;
	neighbour->summary_due = now + FIRST_SUMMARY;
	neighbour->mute = MUTE;
	neighbour->suspicion = SUSPECT;
	TAILQ_INIT(&neighbour->queued);
	TAILQ_INIT(&neighbour->asked);
	flood->neighbours[slot] = neighbour;
	if ((__u32)slot >= flood->end)
		flood->end = slot + 1;
	origin = map_find(flood->map, key);
	if (origin && !origin->record)
		want(flood, origin, neighbour, now);
	return slot;
}

void flood_neighbour_down(struct flood *flood, __u64 now, int slot)
{
	struct flood_neighbour *neighbour = flood->neighbours[slot];
	struct graph *graph = &flood->map->graph;
	struct map_origin *origin;
	__u32 i;

	while ((origin = TAILQ_FIRST(&neighbour->asked) ?:
			 TAILQ_FIRST(&neighbour->queued)))
		ask_others(flood, origin, neighbour, now);
	for (i = 0; i < graph->size; i++) {
		origin = (struct map_origin *)graph_at(graph, i);
		if (!origin)
			continue;
		map_set_del(&origin->has, slot);
		forget_offer(origin, neighbour);
	}
	flood->neighbours[slot] = NULL;
	while (flood->end && !flood->neighbours[flood->end - 1])
		flood->end--;
	map_bringer_put(flood->map, neighbour->bringer);
	free(neighbour);
}

static void tick_neighbour(struct flood *flood, struct flood_neighbour *neighbour,
			   __u64 now, __u64 *due)
{
	sooner(due, expire_asked(flood, neighbour, now));
	sooner(due, ask(flood, neighbour, now));
	sooner(due, serve(flood, neighbour, now));
	sooner(due, offer(flood, neighbour, now));
	sooner(due, offer_buckets(flood, neighbour, now));
	sooner(due, summarise(flood, neighbour, now));
}

__u64 flood_tick(struct flood *flood, __u64 now)
{
	__u64 due;
	__u32 i;

	flood->now = now;
	due = map_tick(flood->map, now);
	for (i = 0; i < flood->end; i++) {
		__u32 slot = (flood->turn + i) % flood->end;

		if (flood->neighbours[slot])
			tick_neighbour(flood, flood->neighbours[slot], now, &due);
	}
	flood->turn++;
	return due;
}

struct flood *flood_new(struct map *map, const struct flood_ops *ops, void *context)
{
	struct flood *flood = calloc(1, sizeof(*flood));

	if (!flood)
		return NULL;
	flood->map = map;
	flood->ops = ops;
	flood->context = context;
	map->named = named;
	map->named_context = flood;
	return flood;
}

void flood_free(struct flood *flood)
{
	int slot;

	for (slot = 0; slot < MAP_NEIGHBOURS_MAX; slot++)
		if (flood->neighbours[slot])
			flood_neighbour_down(flood, 0, slot);
	flood->map->named = NULL;
	free(flood);
}

const struct flood_stats *flood_stats(const struct flood *flood)
{
	return &flood->stats;
}
