// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uthash.h>

#include "log.h"
#include "times.h"

enum { PATH_ROOM = 512 };

/* Ours are written ahead, so that not each has to be. */
static const __u64 ahead = 3600 * 1000000000ull;

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
	char		path[PATH_ROOM];	/* empty for none */
	__u64		own;			/* the last one that was given */
	__u64		written;		/* all given are below it */
	struct seen	*seen[LAYERS];		/* the longest unheard of first */
	struct pin	*pins;
	bool		dirty;
	bool		complained;
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
static void read_line(struct times *t, const char *line)
{
	unsigned long long time;
	char text[SW_TEXT_MAX];
	__u8 key[SW_KEY_LEN];
	unsigned int layer;

	if (sscanf(line, "own %llu", &time) == 1)
		t->written = time;
	if (sscanf(line, "%u %llu %64s", &layer, &time, text) == 3 &&
	    layer < LAYERS && !sw_key_parse(key, text))
		remember(t, layer, key, time);
}

static void load(struct times *t)
{
	FILE *file = fopen(t->path, "re");
	char line[128];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		read_line(t, line);
	fclose(file);
}

struct times *times_open(const char *path)
{
	struct times *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	snprintf(t->path, sizeof(t->path), "%s", path ?: "");
	if (path)
		load(t);
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

static void write_all(struct times *t, FILE *file)
{
	fprintf(file, "own %llu\n", (unsigned long long)t->written);
	write_layer(t, SW_LAYER_LINK, file);
	write_layer(t, SW_LAYER_SESSION, file);
}

/* A whole new file in place of the old one. Return: 0 or an errno. */
static int replace(struct times *t)
{
	char path[PATH_ROOM + 4];
	FILE *file;
	int rc = 0;

	snprintf(path, sizeof(path), "%s.new", t->path);
	file = fopen(path, "we");
	if (!file)
		return errno;
	write_all(t, file);
	if (fflush(file) || fsync(fileno(file)))
		rc = errno;
	if (fclose(file) && !rc)
		rc = errno;
	if (!rc && rename(path, t->path))
		rc = errno;
	return rc;
}

/* Without it all goes on; but after a restart old offers would be taken. */
void times_save(struct times *t)
{
	int rc;

	if (!t->dirty || !*t->path)
		return;
	rc = replace(t);
	t->dirty = rc;
	if (rc && !t->complained)
		log_say(LOG_WARNING, "%s cannot be written: %s", t->path, strerror(rc));
	t->complained = rc;
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
	while (t->pins)
		drop_pin(t, t->pins);
	free(t);
}

__u64 times_next(struct times *t)
{
	struct timespec now;
	__u64 time;

	clock_gettime(CLOCK_REALTIME, &now);
	time = now.tv_sec * 1000000000ull + now.tv_nsec;
	t->own = time > t->own ? time : t->own + 1;
	if (t->own >= t->written) {
		t->written = t->own + ahead;
		t->dirty = true;
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
	t->dirty = true;
	return true;
}
