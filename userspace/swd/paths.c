// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

enum {
	FILE_MAX	= 1 << 20,
	LINE_ROOM	= 512,
	WORDS		= 6,
};

struct paths {
	struct kernel_path	path[PATHS_MAX];
	unsigned int		count;
};

/* Return: how many words there are, WORDS + 1 for more than that. */
static unsigned int split(char *line, char *word[WORDS])
{
	unsigned int n = 0;
	char *at, *rest;

	for (at = strtok_r(line, " \t", &rest); at; at = strtok_r(NULL, " \t", &rest)) {
		if (n == WORDS)
			return WORDS + 1;
		word[n++] = at;
	}
	return n;
}

static int read_path(struct kernel_path *path, char *word[WORDS],
		     struct sw_error *err)
{
	struct sw_labels labels;
	__u64 label;

	if (strcmp(word[0], "peer") || strcmp(word[2], "link") ||
	    strcmp(word[4], "labels"))
		return sw_fail(err, EINVAL,
			       "peer KEY link LABEL labels L,L,... is expected");
	if (sw_key_parse(path->peer, word[1]))
		return sw_fail(err, EINVAL, "'%.60s' is not a public key", word[1]);
	if (sw_parse_uint(word[3], 1, 65535, &label, err) ||
	    sw_parse_labels(word[5], &labels, err))
		return -EINVAL;
	if (!labels.count)
		return sw_fail(err, EINVAL, "a path has one label at least");
	path->link = label;
	path->count = labels.count;
	memcpy(path->label, labels.label, sizeof(labels.label));
	return 0;
}

static int read_line(struct paths *paths, char *line, struct sw_error *err)
{
	char *word[WORDS];
	unsigned int n;

	line[strcspn(line, "#\r")] = '\0';
	n = split(line, word);
	if (!n)
		return 0;
	if (n != WORDS)
		return sw_fail(err, EINVAL,
			       "peer KEY link LABEL labels L,L,... is expected");
	if (paths->count == PATHS_MAX)
		return sw_fail(err, ENOSPC, "more than %d paths", PATHS_MAX);
	return read_path(&paths->path[paths->count++], word, err);
}

struct paths *paths_parse(const char *name, const char *text, struct sw_error *err)
{
	struct paths *paths = calloc(1, sizeof(*paths));
	struct sw_error why = { "out of memory" };
	unsigned int number = 0;
	char line[LINE_ROOM];
	size_t len;

	for (; paths && *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		number++;
		if (len < sizeof(line)) {
			memcpy(line, text, len);
			line[len] = '\0';
			if (!read_line(paths, line, &why))
				continue;
		} else {
			sw_fail(&why, EINVAL, "the line is too long");
		}
		paths_free(paths);
		paths = NULL;
		break;
	}
	if (!paths)
		sw_fail(err, EINVAL, "%s:%u: %s", name, number, why.text);
	return paths;
}

struct paths *paths_load(const char *path, struct sw_error *err)
{
	FILE *file = fopen(path, "re");
	struct paths *paths = NULL;
	char *text;
	size_t len;

	if (!file) {
		sw_fail(err, errno, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = calloc(1, FILE_MAX);
	len = text ? fread(text, 1, FILE_MAX, file) : 0;
	if (!text || ferror(file) || len == FILE_MAX)
		sw_fail(err, EIO, "%s: it cannot be read, or is larger than 1 MiB",
			path);
	else
		paths = paths_parse(path, text, err);
	fclose(file);
	free(text);
	return paths;
}

void paths_free(struct paths *paths)
{
	free(paths);
}

bool paths_owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN])
{
	__u8 address[SKYWIRE_ADDRESS_LEN];
	const struct paths *paths = arg;
	unsigned int i;

	if (addr->len != sizeof(address))
		return false;
	for (i = 0; i < paths->count; i++) {
		sw_address(address, paths->path[i].peer);
		if (memcmp(address, addr->bytes, sizeof(address)))
			continue;
		memcpy(key, paths->path[i].peer, SW_KEY_LEN);
		return true;
	}
	return false;
}

unsigned int paths_find(void *arg, const __u8 key[SW_KEY_LEN],
			struct kernel_path *path, unsigned int max)
{
	const struct paths *paths = arg;
	unsigned int i, n = 0;

	for (i = 0; i < paths->count && n < max; i++)
		if (!memcmp(paths->path[i].peer, key, SW_KEY_LEN))
			path[n++] = paths->path[i];
	return n;
}
