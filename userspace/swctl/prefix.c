// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "swctl.h"

static const struct keyword prefix_word = {
	"PREFIX", put_prefix, SKYWIRE_A_PREFIX_PREFIX, true
};

static const struct keyword host_word = {
	"ADDR", put_host, SKYWIRE_A_PREFIX_PREFIX, true
};

static void print(const struct sw_object *prefix)
{
	printf("%s dev %s%s\n    peer %s\n", str_prefix(prefix),
	       str(prefix, SKYWIRE_A_PREFIX_IFNAME),
	       sw_object_has(prefix, SKYWIRE_A_PREFIX_OWN) ? " own" : "",
	       str(prefix, SKYWIRE_A_PREFIX_PEER));
}

/* The kernel looks up addresses; which prefix is the very same is seen here. */
static bool is_wanted(const struct sw_object *prefix, const void *arg)
{
	const struct sw_object *asked = arg;
	const void *addr = sw_object_bytes(asked, SKYWIRE_A_PREFIX_PREFIX);
	size_t len = sw_object_len(asked, SKYWIRE_A_PREFIX_PREFIX);

	if (!addr)
		return true;
	return sw_object_len(prefix, SKYWIRE_A_PREFIX_PREFIX) == len &&
		!memcmp(sw_object_bytes(prefix, SKYWIRE_A_PREFIX_PREFIX), addr, len) &&
		sw_object_uint(prefix, SKYWIRE_A_PREFIX_LENGTH) ==
		sw_object_uint(asked, SKYWIRE_A_PREFIX_LENGTH);
}

static int prefix_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct sw_object asked;
	struct request req;
	int rc = SWCTL_OK;

	request_begin(&req, ctx, SKYWIRE_CMD_PREFIX_GET);
	if (argc && !is_dev(argv[0]))
		rc = request_value(&req, &prefix_word, "PREFIX", &argc, &argv);
	if (!rc)
		rc = request_args(&req, NULL, argc, argv);
	if (!rc)
		rc = ask_dump(ctx, SKYWIRE_CMD_PREFIX_GET, &list);
	sw_object_read(&asked, req.nlh);
	if (!rc && sw_object_has(&asked, SKYWIRE_A_PREFIX_PREFIX) &&
	    !any_wanted(&list, is_wanted, &asked))
		rc = complain(SWCTL_REFUSED, "no such prefix");
	if (!rc)
		rc = print_list(ctx, &list, print, is_wanted, &asked);
	sw_messages_free(&list);
	return rc;
}

static int prefix_get(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PREFIX_GET);
	rc = request_value(&req, &host_word, "ADDR", &argc, &argv);
	if (!rc)
		rc = request_args(&req, NULL, argc, argv);
	if (!rc)
		rc = ask_do(&req, &list);
	if (!rc)
		rc = print_list(ctx, &list, print, NULL, NULL);
	sw_messages_free(&list);
	return rc;
}

static const struct keyword add_keywords[] = {
	{ "peer", put_key, SKYWIRE_A_PREFIX_PEER, true },
	{ NULL, NULL, 0, false },
};

static int prefix_add(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages reply = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PREFIX_NEW);
	rc = request_value(&req, &prefix_word, "PREFIX", &argc, &argv);
	if (!rc)
		rc = request_args(&req, add_keywords, argc, argv);
	if (!rc)
		rc = ask_do(&req, &reply);
	if (!rc)
		rc = print_new(ctx, &req, &reply, 0);
	sw_messages_free(&reply);
	return rc;
}

static int prefix_del(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PREFIX_DEL);
	rc = request_value(&req, &prefix_word, "PREFIX", &argc, &argv);
	if (!rc)
		rc = request_args(&req, NULL, argc, argv);
	return rc ? rc : ask_do(&req, NULL);
}

static const struct command commands[] = {
	{ "show", prefix_show },
	{ "get", prefix_get },
	{ "add", prefix_add },
	{ "del", prefix_del },
	{ NULL, NULL },
};

const struct object prefix_object = {
	.name = "prefix",
	.commands = commands,
	.run = prefix_show,
	.usage =
	"Usage: swctl prefix [show [PREFIX] [dev DEV]]\n"
	"       swctl prefix get ADDR [dev DEV]\n"
	"       swctl prefix add PREFIX peer KEY [dev DEV]\n"
	"       swctl prefix del PREFIX [dev DEV]\n"
	"PREFIX is ADDR/LEN; get finds the longest prefix that holds ADDR.\n",
};
