// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uthash.h>

#include "statefile.h"
#include "times.h"

/* Ours are written ahead, so that not each has to be. */
static const __u64 ahead = 3600 * 1000000000ull;
/* In the year 2408. What a file has beyond is damage, after which none could rise. */
static const __u64 end_of_time = 3ull << 62;

enum { LAYERS = SW_LAYER_SESSION + 1 };

struct seen {
	UT_hash_handle	hh;
	__u8		key[SW_KEY_LEN];
	__u64		time;
};

struct pin {
	UT_hash_handle	hh;
	__u8		key[SW_KEY_LEN];
	unsigned int	count;
};

struct times {
	struct statefile	file;
	__u64			(*now)(void);
	__u64			own;		/* the last one that was given */
	__u64			written;	/* all given are below it */
	struct seen		*seen[LAYERS];	/* the longest unheard of first */
	struct pin		*pins;
};

static struct pin *find_pin(struct times *t, const __u8 key[SW_KEY_LEN])
{
	struct pin *pin;

	HASH_FIND(hh, t->pins, key, SW_KEY_LEN, pin);
	return pin;
}

void times_pin(struct times *t, const __u8 key[SW_KEY_LEN])
{
	struct pin *pin = find_pin(t, key);

	if (!pin) {
		pin = calloc(1, sizeof(*pin));
		if (!pin)
			return;
		memcpy(pin->key, key, SW_KEY_LEN);
		HASH_ADD(hh, t->pins, key, SW_KEY_LEN, pin);
	}
	pin->count++;
}

static void drop_pin(struct times *t, struct pin *pin)
{
	HASH_DEL(t->pins, pin);
	free(pin);
}

void times_unpin(struct times *t, const __u8 key[SW_KEY_LEN])
{
	struct pin *pin = find_pin(t, key);

	if (pin && !--pin->count)
		drop_pin(t, pin);
}

void times_unpin_all(struct times *t)
{
	while (t->pins)
		drop_pin(t, t->pins);
}

static struct seen *find(struct times *t, enum sw_layer layer,
			 const __u8 key[SW_KEY_LEN])
{
	struct seen *seen;

	HASH_FIND(hh, t->seen[layer], key, SW_KEY_LEN, seen);
	return seen;
}

static void forget(struct times *t, enum sw_layer layer, struct seen *seen)
{
	HASH_DEL(t->seen[layer], seen);
	free(seen);
}

/* Those that are pinned go behind all others: they are met once in all of these. */
static void make_room(struct times *t, enum sw_layer layer)
{
	unsigned int most = HASH_COUNT(t->seen[layer]);
	struct seen *seen;

	if (most < TIMES_MAX)
		return;
	while (most-- && find_pin(t, t->seen[layer]->key)) {
		seen = t->seen[layer];
		HASH_DEL(t->seen[layer], seen);
		HASH_ADD(hh, t->seen[layer], key, SW_KEY_LEN, seen);
	}
	forget(t, layer, t->seen[layer]);
}

static void remember(struct times *t, enum sw_layer layer,
		     const __u8 key[SW_KEY_LEN], __u64 time)
{
	struct seen *seen = find(t, layer, key);

	if (seen)
		forget(t, layer, seen);
	make_room(t, layer);
	seen = calloc(1, sizeof(*seen));
	if (!seen)
		return;
	memcpy(seen->key, key, SW_KEY_LEN);
	seen->time = time;
	HASH_ADD(hh, t->seen[layer], key, SW_KEY_LEN, seen);
}

/* "own TIME", and for each node "LAYER TIME KEY" */
static void read_line(void *arg, const char *line)
{
	struct times *t = arg;
	unsigned long long time;
	char text[SW_TEXT_MAX];
	__u8 key[SW_KEY_LEN];
	unsigned int layer;

	if (sscanf(line, "own %llu", &time) == 1 && time < end_of_time)
		t->written = time;
	if (sscanf(line, "%u %llu %64s", &layer, &time, text) == 3 &&
	    layer < LAYERS && !sw_key_parse(key, text))
		remember(t, layer, key, time);
}

static __u64 real_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

void times_set_clock(struct times *t, __u64 (*now)(void))
{
	t->now = now;
}

struct times *times_open(const char *path)
{
	struct times *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->now = real_time;
	statefile_load(&t->file, path, read_line, t);
	t->own = t->written;
	return t;
}

static void write_layer(struct times *t, enum sw_layer layer, FILE *file)
{
	char key[SW_KEY_TEXT];
	struct seen *seen;

	for (seen = t->seen[layer]; seen; seen = seen->hh.next) {
		sw_key_format(key, seen->key);
		fprintf(file, "%u %llu %s\n", layer, (unsigned long long)seen->time, key);
	}
}

static void write_all(void *arg, FILE *file)
{
	struct times *t = arg;

	fprintf(file, "own %llu\n", (unsigned long long)t->written);
	write_layer(t, SW_LAYER_LINK, file);
	write_layer(t, SW_LAYER_SESSION, file);
}

/* Without it, old offers would be taken after a restart. */
void times_save(struct times *t)
{
	statefile_save(&t->file, write_all, t);
}

void times_close(struct times *t)
{
	unsigned int layer;

	if (!t)
		return;
	times_save(t);
	for (layer = 0; layer < LAYERS; layer++)
		while (t->seen[layer])
			forget(t, layer, t->seen[layer]);
	times_unpin_all(t);
	free(t);
}

__u64 times_next(struct times *t)
{
	__u64 time = t->now();

	t->own = time > t->own ? time : t->own + 1;
	if (t->own >= t->written) {
		t->written = t->own + ahead;
		t->file.dirty = true;
		times_save(t);
	}
	return t->own;
}

bool times_take(struct times *t, enum sw_layer layer,
		const __u8 key[SW_KEY_LEN], __u64 time)
{
	struct seen *seen = find(t, layer, key);

	if (seen && seen->time >= time)
		return false;
	remember(t, layer, key, time);
	t->file.dirty = true;
	return true;
}
