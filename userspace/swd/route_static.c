// SPDX-License-Identifier: GPL-2.0
/*
 * The algorithm "static": paths from a file, a line for each:
 *
 *   path KEY link LABEL [labels L,L,L] [mtu BYTES] [base FEE] [rate FEE]
 *
 * KEY is the node that it leads to, LABEL our own link, and L what the relays
 * consume. Where the map knows the links, MTU and fees are those of the map, if
 * they are not given. Paths to one node are used in the order of the file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "routing.h"

enum {
	PATHS_MAX	= 65536,
};

struct static_path {
	__u8		key[SW_KEY_LEN];
	__u16		link;
	__u16		labels[ROUTE_LABELS_MAX];
	__u32		count;
	__u32		mtu;	/* 0 where it was not given */
	__u32		base;
	__u32		rate;
	bool		has_fees;
};

struct static_paths {
	struct static_path	*paths;
	size_t			count;
	size_t			room;
};

/* One "NAME VALUE" of a line */
static int parse_word(struct static_path *path, const char *name, const char *value,
		      struct sw_error *err)
{
	struct sw_labels labels;
	__u64 number;
	__u32 i;

	if (!strcmp(name, "labels")) {
		if (sw_parse_labels(value, &labels, err))
			return -EINVAL;
		path->count = labels.count;
		for (i = 0; i < labels.count; i++)
			path->labels[i] = __be16_to_cpu(labels.label[i]);
		return 0;
	}
	if (!strcmp(name, "link")) {
		if (sw_parse_uint(value, 1, 65535, &number, err))
			return -EINVAL;
		path->link = (__u16)number;
	} else if (!strcmp(name, "mtu")) {
		if (sw_parse_uint(value, SKYWIRE_MTU_MIN, SKYWIRE_LINK_MTU_MAX, &number,
				  err))
			return -EINVAL;
		path->mtu = (__u32)number;
	} else if (!strcmp(name, "base") || !strcmp(name, "rate")) {
		if (sw_parse_uint(value, 0, UINT32_MAX, &number, err))
			return -EINVAL;
		*(name[0] == 'b' ? &path->base : &path->rate) = (__u32)number;
		path->has_fees = true;
	} else {
		return sw_fail(err, EINVAL,
			       "expected link, labels, mtu, base or rate, not '%.64s'", name);
	}
	return 0;
}

static int check_path(const struct static_path *path, struct sw_error *err)
{
	__u64 most = path->base + (((__u64)path->rate * 65535 + (1 << 20) - 1) >> 20);

	if (!path->link)
		return sw_fail(err, EINVAL, "expected 'link' and our label of the first link");
	if (most > UINT32_MAX)
		return sw_fail(err, EINVAL, "base and rate make fees of more than 32 bits");
	if (path->mtu && route_inner_mtu(path->mtu, path->count) < SKYWIRE_MTU_MIN)
		return sw_fail(err, EINVAL, "mtu %u leaves less than %u for inner packets",
			       path->mtu, SKYWIRE_MTU_MIN);
	return 0;
}

static int parse_path(char *rest, struct static_path *path, struct sw_error *err)
{
	static const char blanks[] = " \t\r";
	char *key = strtok_r(NULL, blanks, &rest);
	char *name, *value;

	memset(path, 0, sizeof(*path));
	if (!key || sw_key_parse(path->key, key))
		return sw_fail(err, EINVAL, "expected the public key of a node after 'path'");
	while ((name = strtok_r(NULL, blanks, &rest))) {
		value = strtok_r(NULL, blanks, &rest);
		if (!value)
			return sw_fail(err, EINVAL, "expected a value after '%.64s'", name);
		if (parse_word(path, name, value, err))
			return -EINVAL;
	}
	return check_path(path, err);
}

static int add_path(struct static_paths *paths, const struct static_path *path,
		    struct sw_error *err)
{
	if (paths->count == PATHS_MAX)
		return sw_fail(err, ENOSPC, "more than %u paths", PATHS_MAX);
	if (paths->count == paths->room) {
		size_t room = paths->room ? paths->room * 2 : 16;
		void *array = realloc(paths->paths, room * sizeof(*paths->paths));

		if (!array)
			return sw_fail(err, ENOMEM, "no memory");
		paths->paths = array;
		paths->room = room;
	}
	paths->paths[paths->count++] = *path;
	return 0;
}

static int parse_line(struct static_paths *paths, char *line, struct sw_error *err)
{
	struct static_path path;
	char *rest, *word;

	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(line, " \t\r", &rest);
	if (!word)
		return 0;
	if (strcmp(word, "path"))
		return sw_fail(err, EINVAL, "expected 'path', not '%.64s'", word);
	return parse_path(rest, &path, err) ?: add_path(paths, &path, err);
}

static int parse_file(struct static_paths *paths, FILE *file, const char *name,
		      struct sw_error *err)
{
	unsigned int number = 0;
	struct sw_error inner;
	size_t room = 0;
	char *line = NULL;
	int rc = 0;

	while (!rc && getline(&line, &room, file) >= 0) {
		number++;
		rc = parse_line(paths, line, &inner);
		if (rc)
			sw_fail(err, -rc, "%s:%u: %s", name, number, inner.text);
	}
	if (!rc && ferror(file))
		rc = sw_fail(err, EIO, "%s: %m", name);
	free(line);
	return rc;
}

static void stop(struct routing *routing)
{
	struct static_paths *paths = routing->data;

	free(paths->paths);
	free(paths);
}

static int read_paths(struct static_paths *paths, const char *name, struct sw_error *err)
{
	FILE *file;
	int rc;

	if (!name)
		return sw_fail(err, EINVAL, "static needs a file of paths");
	file = fopen(name, "re");
	if (!file)
		return sw_fail(err, errno, "%s: %m", name);
	rc = parse_file(paths, file, name, err);
	fclose(file);
	return rc;
}

static int check(const char *argument, struct sw_error *err)
{
	struct static_paths paths = { 0 };
	int rc = read_paths(&paths, argument, err);

	free(paths.paths);
	return rc;
}

static int start(struct routing *routing, const char *argument, struct sw_error *err)
{
	int rc;

	routing->data = calloc(1, sizeof(struct static_paths));
	if (!routing->data)
		return sw_fail(err, ENOMEM, "no memory");
	rc = read_paths(routing->data, argument, err);
	if (rc)
		stop(routing);
	return rc;
}

static bool fill(const struct graph *graph, const struct static_path *path,
		 struct route_arcs *arcs, struct route *route)
{
	bool is_known = route_find(graph, path->link, path->labels, path->count, arcs) &&
			route_describe(graph, arcs, route);

	if (!is_known) {
		*route = (struct route) { .link = path->link, .count = path->count };
		memcpy(route->labels, path->labels, sizeof(route->labels));
		route->mtu = SKYWIRE_LINK_MTU_DEFAULT;
		arcs->count = 0;
	}
	if (path->mtu)
		route->mtu = path->mtu;
	if (path->has_fees) {
		route->price_base = path->base;
		route->price_rate = path->rate;
	}
	route->inner_mtu = route_inner_mtu(route->mtu, route->count);
	return route->inner_mtu >= SKYWIRE_MTU_MIN;
}

static int routes_to(struct routing *routing, const __u8 key[SW_KEY_LEN],
		     const struct routing_policy *policy, struct route *routes)
{
	struct static_paths *paths = routing->data;
	struct route_arcs arcs[ROUTES_MAX];
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < paths->count && count < policy->paths; i++) {
		if (memcmp(paths->paths[i].key, key, SW_KEY_LEN) ||
		    !fill(routing->graph, &paths->paths[i], &arcs[count], &routes[count]))
			continue;
		routes[count].cost = count;
		count++;
	}
	route_compare(routing->graph, arcs, routes, count);
	return (int)count;
}

const struct routing_algorithm routing_static = {
	.name = "static",
	.check = check,
	.start = start,
	.stop = stop,
	.routes = routes_to,
};
