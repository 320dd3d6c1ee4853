// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "swctl.h"

#define NETNS_DIR "/run/netns/"

static const char main_usage[] =
	"Usage: swctl [OPTIONS] OBJECT [COMMAND [ARGUMENTS]]\n"
	"       swctl OBJECT help\n"
	"OBJECT:  show     a node on one screen\n"
	"         dev      devices: identity, port, firewall mark\n"
	"         link     links to neighbours\n"
	"         peer     remote nodes\n"
	"         path     ways to them\n"
	"         prefix   addresses routed to them\n"
	"         key      keys of links and sessions; identities\n"
	"         stats    counters and drops\n"
	"         monitor  changes as they happen\n"
	"  of swd: status, neighbour, session, node, route,\n"
	"           reload\n"
	"OPTIONS: -d, --dev DEV    the skywire device, where there are several\n"
	"         -n, --netns NAME work in that network namespace\n"
	"         -j, --json       print JSON\n"
	"         -p, --pretty     print JSON indented\n"
	"         -a, --all        counters that are zero as well\n"
	"         -h, --help       -V, --version\n";

static const struct object main_object = {
	.name = "swctl",
	.usage = main_usage,
};

static const struct object *const objects[] = {
	&show_object, &dev_object, &link_object, &peer_object, &path_object,
	&prefix_object, &key_object, &stats_object, &monitor_object,
	&status_object, &neighbour_object, &session_object, &node_object,
	&route_object, &reload_object,
};

static void say(const char *fmt, va_list ap)
{
	fputs("swctl: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int complain(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return code;
}

int usage_error(struct ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fputs(ctx->object->usage, stderr);
	return SWCTL_USAGE;
}

static const struct object *find_object(const char *word, bool *many)
{
	struct entry {
		const char *name;
		const struct object *object;
	} table[ARRAY_SIZE(objects) + 1] = { 0 };
	const struct entry *entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		table[i].name = objects[i]->name;
		table[i].object = objects[i];
	}
	entry = find_word(table, sizeof(table[0]), word, many);
	return entry ? entry->object : NULL;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "-h") ||
		!strcmp(word, "--help");
}

static bool is_all(const struct object *object, const char *word)
{
	return object == &stats_object &&
		(!strcmp(word, "-a") || !strcmp(word, "--all"));
}

/*
 * None of the words may be an option: it would be taken for a file or a device.
 * Return: an exit code to end with, or -1 to go on.
 */
static int check_words(struct ctx *ctx, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (is_help(argv[i])) {
			fputs(ctx->object->usage, stdout);
			return SWCTL_OK;
		}
		if (argv[i][0] == '-' && argv[i][1] && !is_all(ctx->object, argv[i]))
			return usage_error(ctx, "%s: '%s': options come first, before '%s'",
					   ctx->where, argv[i], ctx->object->name);
	}
	return -1;
}

/* As iproute2 has them. No two begin alike but for those that mean the same. */
static const struct {
	const char *name, *means;
} aliases[] = {
	{ "change", "set" }, { "delete", "del" }, { "list", "show" },
	{ "ls", "show" }, { "lst", "show" },
};

/* The commands' own names go first, so that aliases take no short form away. */
static const struct command *find_command(const struct object *object,
					  const char *word, bool *many)
{
	const struct command *command;
	size_t i, len = strlen(word);

	command = find_word(object->commands, sizeof(*command), word, many);
	for (i = 0; !command && !*many && len && i < ARRAY_SIZE(aliases); i++)
		if (!strncmp(aliases[i].name, word, len))
			command = find_word(object->commands, sizeof(*command),
					    aliases[i].means, many);
	return command;
}

static int run_object(struct ctx *ctx, int argc, char **argv)
{
	const struct object *object = ctx->object;
	const struct command *command;
	bool many;
	int rc;

	snprintf(ctx->where, sizeof(ctx->where), "%s", object->name);
	rc = check_words(ctx, argc, argv);
	if (rc >= 0)
		return rc;
	if (!object->commands ||
	    (object->run && (!argc || *argv[0] == '-' || !strcmp(argv[0], "dev"))))
		return object->run(ctx, argc, argv);
	if (!argc)
		return usage_error(ctx, "%s: a command is missing", object->name);
	command = find_command(object, argv[0], &many);
	if (!command)
		return usage_error(ctx, "%s: '%s' is %s", object->name, argv[0],
				   many ? "the beginning of several commands" :
				   "not a command");
	snprintf(ctx->where, sizeof(ctx->where), "%s %s", object->name,
		 command->name);
	return command->run(ctx, argc - 1, argv + 1);
}

static int run(struct ctx *ctx, int argc, char **argv)
{
	bool many;

	if (!argc)
		return usage_error(ctx, "an object is missing");
	if (is_help(argv[0])) {
		fputs(main_usage, stdout);
		return SWCTL_OK;
	}
	ctx->object = find_object(argv[0], &many);
	if (ctx->object)
		return run_object(ctx, argc - 1, argv + 1);
	ctx->object = &main_object;
	return usage_error(ctx, "'%s' is %s", argv[0],
			   many ? "the beginning of several objects" :
			   "not an object");
}

static int enter_netns(const char *name)
{
	char path[sizeof(NETNS_DIR) + NAME_MAX];
	int fd, rc;

	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX)
		return complain(SWCTL_USAGE, "'%s' is no name of a network namespace",
				name);
	sprintf(path, NETNS_DIR "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(SWCTL_USAGE, "network namespace '%s': %s", name,
				strerror(errno));
	rc = setns(fd, CLONE_NEWNET);
	if (rc)
		complain(0, "network namespace '%s': %s", name, strerror(errno));
	close(fd);
	return rc ? SWCTL_REFUSED : SWCTL_OK;
}

static const struct option long_options[] = {
	{ "all",	no_argument,		NULL, 'a' },
	{ "dev",	required_argument,	NULL, 'd' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "json",	no_argument,		NULL, 'j' },
	{ "netns",	required_argument,	NULL, 'n' },
	{ "pretty",	no_argument,		NULL, 'p' },
	{ "version",	no_argument,		NULL, 'V' },
	{ NULL,		0,			NULL, 0 },
};

/* Return: an exit code to end with, or -1 to go on. */
static int read_option(struct ctx *ctx, int option)
{
	int rc;

	switch (option) {
	case 'a':
		ctx->all = true;
		return -1;
	case 'd':
		ctx->dev = optarg;
		return -1;
	case 'j':
		ctx->json = true;
		return -1;
	case 'n':
		rc = enter_netns(optarg);
		return rc ? rc : -1;
	case 'p':
		ctx->pretty = true;
		ctx->json = true;
		return -1;
	case 'h':
		fputs(main_usage, stdout);
		return SWCTL_OK;
	case 'V':
		puts("swctl " SWCTL_VERSION);
		return SWCTL_OK;
	default:
		fputs(main_usage, stderr);
		return SWCTL_USAGE;
	}
}

static int read_options(struct ctx *ctx, int argc, char **argv)
{
	int option, rc;

	for (;;) {
		option = getopt_long(argc, argv, "+ad:hjn:pV", long_options, NULL);
		if (option < 0)
			return -1;
		rc = read_option(ctx, option);
		if (rc >= 0)
			return rc;
	}
}

/* What could not be written was not done: a full disk, a closed pipe. */
static int finish(int rc)
{
	bool failed = ferror(stdout);

	if (!fflush(stdout) && !failed)
		return rc;
	complain(0, "writing: %s", strerror(errno));
	return rc ? rc : SWCTL_USAGE;
}

int main(int argc, char **argv)
{
	struct ctx ctx = { .object = &main_object };
	int rc = read_options(&ctx, argc, argv);

	if (rc < 0)
		rc = run(&ctx, argc - optind, argv + optind);
	sw_nl_close(ctx.nl);
	return finish(rc);
}
