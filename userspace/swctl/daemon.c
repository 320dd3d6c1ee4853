// SPDX-License-Identifier: GPL-2.0
/* What the daemon knows: asked by its socket, answered as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "swctl.h"

int daemon_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	strcpy(at.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (void *)&at, sizeof(at)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -errno;
}

/* All that comes; NULL, and errno, if it does not. */
static json_t *read_answer(int fd)
{
	FILE *file = fdopen(fd, "r");
	json_error_t error;
	json_t *json;

	if (!file) {
		close(fd);
		return NULL;
	}
	json = json_loadf(file, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
	fclose(file);
	return json;
}

static void put_value(FILE *out, const json_t *value)
{
	size_t i;

	if (json_is_string(value))
		fputs(json_string_value(value), out);
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", out);
	else if (!json_array_size(value))
		fputs("none", out);
	for (i = 0; i < json_array_size(value); i++) {
		if (i)
			fputc(',', out);
		put_value(out, json_array_get(value, i));
	}
}

static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? '-' : *name);
}

static bool is_list(const json_t *value)
{
	return json_is_object(json_array_get(value, 0));
}

/* Its members on one line, and lists of objects below it. */
static void print_object(json_t *object, int indent)
{
	const char *name;
	json_t *value;
	size_t i;

	printf("%*s", indent, "");
	json_object_foreach(object, name, value) {
		if (is_list(value))
			continue;
		print_name(name);
		putchar(' ');
		put_value(stdout, value);
		putchar(' ');
	}
	putchar('\n');
	json_object_foreach(object, name, value)
		for (i = 0; is_list(value) && i < json_array_size(value); i++)
			print_object(json_array_get(value, i), indent + 4);
}

void daemon_print(json_t *object)
{
	print_object(object, 0);
}

enum {
	COLUMNS	= 32,
	CELL	= 160,	/* the labels of a path, at most */
};

static const char *text_of(const json_t *value, char text[CELL])
{
	FILE *out = fmemopen(text, CELL, "w");

	*text = '\0';
	if (out) {
		put_value(out, value);
		fclose(out);
	}
	return text;
}

static int column_width(json_t *list, const char *name)
{
	int width = strlen(name), cell;
	char text[CELL];
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		cell = strlen(text_of(json_object_get(json_array_get(list, i), name), text));
		width = cell > width ? cell : width;
	}
	return width;
}

/* A line for the names, and one for each object */
static void print_table(json_t *list)
{
	json_t *first = json_array_get(list, 0), *value;
	int width[COLUMNS], column = 0;
	const char *name;
	char text[CELL];
	size_t i;

	json_object_foreach(first, name, value) {
		width[column] = column_width(list, name) + 2;
		print_name(name);
		printf("%*s", width[column++] - (int)strlen(name), "");
	}
	putchar('\n');
	for (i = 0; i < json_array_size(list); i++) {
		column = 0;
		json_object_foreach(first, name, value) {
			value = json_object_get(json_array_get(list, i), name);
			printf("%-*s", width[column++], text_of(value, text));
		}
		putchar('\n');
	}
}

/* Without lists of objects in it, or more members, which have no place in a line? */
static bool is_table(json_t *list)
{
	const char *name;
	json_t *value;
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		json_object_foreach(json_array_get(list, i), name, value)
			if (is_list(value))
				return false;
	return json_array_size(list) && json_object_size(json_array_get(list, 0)) <= COLUMNS;
}

static void print_answer(json_t *json)
{
	size_t i;

	if (json_is_object(json))
		print_object(json, 0);
	if (is_table(json)) {
		print_table(json);
		return;
	}
	for (i = 0; i < json_array_size(json); i++)
		print_object(json_array_get(json, i), 0);
}

static int show(struct ctx *ctx, json_t *json)
{
	const char *error = json_string_value(json_object_get(json, "error"));
	int rc = SWCTL_OK;

	if (ctx->json && !error)
		return json_print(ctx, json);
	if (error)
		rc = complain(SWCTL_REFUSED, "the daemon says: %s", error);
	else
		print_answer(json);
	json_decref(json);
	return rc;
}

/* Ask @what at the socket. */
static int ask(struct ctx *ctx, const char *path, const char *what)
{
	json_t *json;
	int fd = daemon_connect(path);

	if (fd < 0)
		return complain(SWCTL_REFUSED, "%s: %s%s", path, strerror(-fd),
				fd == -ENOENT || fd == -ECONNREFUSED ?
				" (does swd run?)" : "");
	if (dprintf(fd, "%s\n", what) < 0) {
		close(fd);
		return complain(SWCTL_REFUSED, "%s: %s", path, strerror(errno));
	}
	json = read_answer(fd);
	if (!json)
		return complain(SWCTL_REFUSED, "%s: no answer", path);
	return show(ctx, json);
}

bool has_socket(int argc, char **argv)
{
	return argc >= 2 && !strcmp(argv[argc - 2], "socket");
}

void daemon_socket(const struct ctx *ctx, char path[128], int argc, char **argv)
{
	if (has_socket(argc, argv))
		snprintf(path, 128, "%s", argv[argc - 1]);
	else
		snprintf(path, 128, "/run/skywire/%s.sock", ctx->dev ?: "sw0");
}

void use_first_name(struct ctx *ctx)
{
	if (ctx->dev && !sw_iface_get(&ctx->iface, 0, ctx->dev))
		ctx->dev = ctx->iface.name;
}

/* [dev DEV] [socket FILE], at the end of the line. Return: how many words are before. */
static int take_words(struct ctx *ctx, int argc, char **argv, char path[128])
{
	int all = argc;

	if (has_socket(argc, argv))
		argc -= 2;
	if (argc >= 2 && !strcmp(argv[argc - 2], "dev")) {
		ctx->dev = argv[argc - 1];
		argc -= 2;
	}
	use_first_name(ctx);
	daemon_socket(ctx, path, all, argv);
	return argc;
}

/* [KEY] [socket FILE] */
static int ask_about(struct ctx *ctx, int argc, char **argv, bool takes_key)
{
	char path[128], what[128];
	const char *key = "";

	if (takes_key) {
		if (!argc)
			return usage_error(ctx, "%s: a key is missing",
					   ctx->object->name);
		key = argv[0];
		argc--;
		argv++;
	}
	argc = take_words(ctx, argc, argv, path);
	if (argc)
		return usage_error(ctx, "%s: '%s' is not expected here",
				   ctx->object->name, argv[0]);
	snprintf(what, sizeof(what), "%s %.64s", ctx->object->name, key);
	return ask(ctx, path, what);
}

static int run_plain(struct ctx *ctx, int argc, char **argv)
{
	return ask_about(ctx, argc, argv, false);
}

static int run_keyed(struct ctx *ctx, int argc, char **argv)
{
	return ask_about(ctx, argc, argv, true);
}

const struct object status_object = {
	.name = "status", .run = run_plain,
	.usage = "Usage: swctl status [dev DEV] [socket FILE]\n",
};

const struct object neighbour_object = {
	.name = "neighbour", .run = run_plain,
	.usage = "Usage: swctl neighbour [dev DEV] [socket FILE]\n",
};

const struct object reload_object = {
	.name = "reload", .run = run_plain,
	.usage = "Usage: swctl reload [dev DEV] [socket FILE]\n",
};

const struct object session_object = {
	.name = "session", .run = run_plain,
	.usage = "Usage: swctl session [dev DEV] [socket FILE]\n",
};

const struct object node_object = {
	.name = "node", .run = run_plain,
	.usage = "Usage: swctl node [dev DEV] [socket FILE]\n",
};

const struct object route_object = {
	.name = "route", .run = run_keyed,
	.usage = "Usage: swctl route KEY [dev DEV] [socket FILE]\n",
};
