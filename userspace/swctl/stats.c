// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "swctl.h"

struct entry {
	char	name[32];
	__u64	value;
};

/* Return: false where @nla is no such entry. */
static bool read_entry(const struct nlattr *nla, __u16 type, struct entry *entry)
{
	sw_name_fn name_of = type == SKYWIRE_A_STATS_DROP ? sw_drop_name :
		sw_counter_name;
	struct sw_object obj;
	const char *name;
	__u32 id;

	if (mnl_attr_get_type(nla) != type)
		return false;
	sw_object_nest(&obj, &sw_entry_set, nla);
	id = sw_object_uint(&obj, SKYWIRE_A_ENTRY_ID);
	entry->value = sw_object_uint(&obj, SKYWIRE_A_ENTRY_VALUE);
	name = name_of(id);
	/* A newer module counts more than there are names for here. */
	if (name)
		snprintf(entry->name, sizeof(entry->name), "%s", name);
	else
		snprintf(entry->name, sizeof(entry->name), "unknown-%u", id);
	return true;
}

json_t *stats_json(const struct nlmsghdr *stats, __u16 type)
{
	json_t *json = json_object();
	const struct nlattr *nla;
	struct entry entry;

	mnl_attr_for_each(nla, stats, sizeof(struct genlmsghdr))
		if (read_entry(nla, type, &entry))
			json_object_set_new(json, json_name(entry.name),
					    json_integer(entry.value));
	return json;
}

int stats_print(const struct nlmsghdr *stats, __u16 type, const char *title,
		bool all)
{
	const struct nlattr *nla;
	struct entry entry;
	int lines = 0;

	mnl_attr_for_each(nla, stats, sizeof(struct genlmsghdr)) {
		if (!read_entry(nla, type, &entry) || !(entry.value || all))
			continue;
		if (!lines++)
			printf("%s\n", title);
		printf("    %-20s %20llu\n", entry.name, entry.value);
	}
	return lines;
}

int stats_get(struct ctx *ctx, const struct nlmsghdr *dev,
	      struct sw_messages *list)
{
	struct sw_object obj;
	struct sw_error err;
	struct request req;

	sw_object_read(&obj, dev);
	request_begin(&req, ctx, SKYWIRE_CMD_STATS_GET);
	mnl_attr_put_u32(req.nlh, SKYWIRE_A_STATS_IFINDEX,
			 sw_object_uint(&obj, SKYWIRE_A_DEV_IFINDEX));
	if (sw_nl_do(ctx->nl, req.nlh, list, &err))
		return complain(SWCTL_REFUSED, "%s", err.text);
	return SWCTL_OK;
}

static json_t *json_of_stats(const struct nlmsghdr *stats)
{
	struct sw_object obj;
	json_t *json;

	sw_object_read(&obj, stats);
	json = json_object();
	json_object_set_new(json, "ifindex",
			    json_integer(sw_object_uint(&obj, SKYWIRE_A_STATS_IFINDEX)));
	json_object_set_new(json, "ifname",
			    json_string(str(&obj, SKYWIRE_A_STATS_IFNAME)));
	json_object_set_new(json, "counters",
			    stats_json(stats, SKYWIRE_A_STATS_COUNTER));
	json_object_set_new(json, "drops", stats_json(stats, SKYWIRE_A_STATS_DROP));
	return json;
}

static void print(struct ctx *ctx, const struct nlmsghdr *stats)
{
	struct sw_object obj;

	sw_object_read(&obj, stats);
	printf("dev %s\n", str(&obj, SKYWIRE_A_STATS_IFNAME));
	stats_print(stats, SKYWIRE_A_STATS_COUNTER, "  counters", ctx->all);
	stats_print(stats, SKYWIRE_A_STATS_DROP, "  drops", ctx->all);
}

static int print_all(struct ctx *ctx, const struct sw_messages *list)
{
	json_t *array = ctx->json ? json_array() : NULL;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (array)
			json_array_append_new(array, json_of_stats(list->msg[i]));
		else
			print(ctx, list->msg[i]);
	}
	return array ? json_print(ctx, array) : SWCTL_OK;
}

static int stats_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages devs = { 0 }, list = { 0 };
	struct request req;
	size_t i;
	int rc;

	if (argc && (!strcmp(argv[0], "-a") || !strcmp(argv[0], "--all"))) {
		ctx->all = true;
		argc--;
		argv++;
	}
	request_begin(&req, ctx, SKYWIRE_CMD_STATS_GET);
	rc = request_args(&req, NULL, argc, argv);
	if (!rc)
		rc = ask_devices(ctx, &devs);
	for (i = 0; !rc && i < devs.count; i++)
		rc = stats_get(ctx, devs.msg[i], &list);
	if (!rc)
		rc = print_all(ctx, &list);
	sw_messages_free(&devs);
	sw_messages_free(&list);
	return rc;
}

static const struct command commands[] = {
	{ "show", stats_show },
	{ NULL, NULL },
};

const struct object stats_object = {
	.name = "stats",
	.commands = commands,
	.run = stats_show,
	.usage =
	"Usage: swctl stats [show] [-a] [dev DEV]\n"
	"What is zero is shown with -a only; JSON has all.\n",
};
