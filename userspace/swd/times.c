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

struct of_node {
	__u8	layer;
	__u8	key[SW_KEY_LEN];
};

struct seen {
	UT_hash_handle	hh;
	struct of_node	node;
	__u64		time;
};

struct times {
	char		path[PATH_ROOM];	/* empty for none */
	__u64		own;			/* the last one that was given */
	__u64		written;		/* all given are below it */
	struct seen	*seen;			/* the longest unheard of first */
	bool		dirty;
	bool		complained;
};

static struct seen *find(struct times *t, const struct of_node *node)
{
	struct seen *seen;

	HASH_FIND(hh, t->seen, node, sizeof(*node), seen);
	return seen;
}

static void forget(struct times *t, struct seen *seen)
{
	HASH_DEL(t->seen, seen);
	free(seen);
}

static void remember(struct times *t, const struct of_node *node, __u64 time)
{
	struct seen *seen = find(t, node);

	if (seen)
		forget(t, seen);
	if (HASH_COUNT(t->seen) >= TIMES_MAX)
		forget(t, t->seen);
	seen = calloc(1, sizeof(*seen));
	if (!seen)
		return;
	seen->node = *node;
	seen->time = time;
	HASH_ADD(hh, t->seen, node, sizeof(seen->node), seen);
}

/* "own TIME", and for each node "LAYER TIME KEY" */
static void read_line(struct times *t, const char *line)
{
	struct of_node node = { 0 };
	unsigned long long time;
	char key[SW_TEXT_MAX];
	unsigned int layer;

	if (sscanf(line, "own %llu", &time) == 1)
		t->written = time;
	if (sscanf(line, "%u %llu %64s", &layer, &time, key) == 3 &&
	    layer <= SW_LAYER_SESSION && !sw_key_parse(node.key, key)) {
		node.layer = layer;
		remember(t, &node, time);
	}
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

static void write_all(struct times *t, FILE *file)
{
	char key[SW_KEY_TEXT];
	struct seen *seen;

	fprintf(file, "own %llu\n", (unsigned long long)t->written);
	for (seen = t->seen; seen; seen = seen->hh.next) {
		sw_key_format(key, seen->node.key);
		fprintf(file, "%u %llu %s\n", seen->node.layer,
			(unsigned long long)seen->time, key);
	}
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
	if (!t)
		return;
	times_save(t);
	while (t->seen)
		forget(t, t->seen);
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
	struct of_node node = { .layer = layer };
	struct seen *seen;

	memcpy(node.key, key, SW_KEY_LEN);
	seen = find(t, &node);
	if (seen && seen->time >= time)
		return false;
	remember(t, &node, time);
	t->dirty = true;
	return true;
}
