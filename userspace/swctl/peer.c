// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "swctl.h"

static const struct keyword peer_key = {
	"KEY", put_key, SKYWIRE_A_PEER_PUBLIC_KEY, true
};

static void print(const struct sw_object *peer)
{
	printf("peer %s\n", str(peer, SKYWIRE_A_PEER_PUBLIC_KEY));
	printf("    dev %s address %s\n", str(peer, SKYWIRE_A_PEER_IFNAME),
	       str(peer, SKYWIRE_A_PEER_ADDRESS));
	printf("    rx %s packets, %s\n", str(peer, SKYWIRE_A_PEER_RX_PACKETS),
	       str_bytes(sw_object_uint(peer, SKYWIRE_A_PEER_RX_BYTES)));
	printf("    tx %s packets, %s\n", str(peer, SKYWIRE_A_PEER_TX_PACKETS),
	       str_bytes(sw_object_uint(peer, SKYWIRE_A_PEER_TX_BYTES)));
	printf("    postage-in %s paths %s redundancy %s probe-interval %s\n",
	       str(peer, SKYWIRE_A_PEER_POSTAGE_IN), str(peer, SKYWIRE_A_PEER_PATHS),
	       str(peer, SKYWIRE_A_PEER_REDUNDANCY),
	       str(peer, SKYWIRE_A_PEER_PROBE_INTERVAL));
}

static int peer_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct request req;
	int rc = SWCTL_OK;

	request_begin(&req, ctx, SKYWIRE_CMD_PEER_GET);
	if (argc && !is_dev(argv[0]))
		rc = request_value(&req, &peer_key, "KEY", &argc, &argv);
	if (!rc)
		rc = request_args(&req, NULL, argc, argv);
	if (rc)
		return rc;
	if (request_has(&req, SKYWIRE_A_PEER_PUBLIC_KEY))
		rc = ask_do(&req, &list);
	else
		rc = ask_dump(ctx, SKYWIRE_CMD_PEER_GET, &list);
	if (!rc)
		rc = print_list(ctx, &list, print, NULL, NULL);
	sw_messages_free(&list);
	return rc;
}

static const struct keyword set_keywords[] = {
	{ "redundancy",	put_u8,	SKYWIRE_A_PEER_REDUNDANCY, false },
	{ "probe-interval", put_u32,	SKYWIRE_A_PEER_PROBE_INTERVAL, false },
	{ NULL, NULL, 0, false },
};

static int change(struct ctx *ctx, __u8 cmd, const struct keyword *keywords,
		  int argc, char **argv, struct sw_messages *reply)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, cmd);
	rc = request_value(&req, &peer_key, "KEY", &argc, &argv);
	if (!rc)
		rc = request_args(&req, keywords, argc, argv);
	if (!rc)
		rc = ask_do(&req, reply);
	if (!rc && reply)
		rc = print_new(ctx, &req, reply, 0);
	return rc;
}

static int peer_add(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages reply = { 0 };
	int rc = change(ctx, SKYWIRE_CMD_PEER_NEW, set_keywords, argc, argv,
			&reply);

	sw_messages_free(&reply);
	return rc;
}

static int peer_del(struct ctx *ctx, int argc, char **argv)
{
	return change(ctx, SKYWIRE_CMD_PEER_DEL, NULL, argc, argv, NULL);
}

static int peer_set(struct ctx *ctx, int argc, char **argv)
{
	return change(ctx, SKYWIRE_CMD_PEER_SET, set_keywords, argc, argv, NULL);
}

static const struct command commands[] = {
	{ "show", peer_show },
	{ "add", peer_add },
	{ "set", peer_set },
	{ "del", peer_del },
	{ NULL, NULL },
};

const struct object peer_object = {
	.name = "peer",
	.commands = commands,
	.run = peer_show,
	.usage =
	"Usage: swctl peer [show [KEY] [dev DEV]]\n"
	"       swctl peer add KEY [OPTIONS] [dev DEV]\n"
	"       swctl peer set KEY [OPTIONS] [dev DEV]\n"
	"       swctl peer del KEY [dev DEV]\n"
	"OPTIONS: [redundancy 1 | 2] [probe-interval USEC]\n",
};
