// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "swctl.h"

/* 255 stands for none. */
static bool is_dscp(const struct sw_object *path)
{
	return sw_object_uint(path, SKYWIRE_A_PATH_DSCP) <= 63;
}

static void print(const struct sw_object *path)
{
	printf("path %s peer %s\n", str(path, SKYWIRE_A_PATH_ID),
	       str(path, SKYWIRE_A_PATH_PEER));
	printf("    dev %s state %s link %s mtu %s", str(path, SKYWIRE_A_PATH_IFNAME),
	       str(path, SKYWIRE_A_PATH_STATE), str(path, SKYWIRE_A_PATH_LINK),
	       str(path, SKYWIRE_A_PATH_EFFECTIVE_MTU));
	if (sw_object_uint(path, SKYWIRE_A_PATH_MTU))
		printf(" (set to %s)", str(path, SKYWIRE_A_PATH_MTU));
	printf("\n");
	wrap_labels(path, printf("    labels "));
	printf("\n    preference %s weight %s mark %s dscp %s\n",
	       str(path, SKYWIRE_A_PATH_PREFERENCE),
	       str(path, SKYWIRE_A_PATH_WEIGHT), str(path, SKYWIRE_A_PATH_MARK),
	       is_dscp(path) ? str(path, SKYWIRE_A_PATH_DSCP) : "none");
	printf("    postage-base %s postage-rate %s fee-base %s fee-rate %s\n",
	       str(path, SKYWIRE_A_PATH_POSTAGE_BASE),
	       str(path, SKYWIRE_A_PATH_POSTAGE_RATE),
	       str(path, SKYWIRE_A_PATH_FEE_BASE),
	       str(path, SKYWIRE_A_PATH_FEE_RATE));
	printf("    rtt %s us loss %s ppm loss-admitted %s ppm\n",
	       str(path, SKYWIRE_A_PATH_RTT), str(path, SKYWIRE_A_PATH_LOSS),
	       str(path, SKYWIRE_A_PATH_LOSS_ADMITTED));
	printf("    arrived %s packets, %s, postage %s\n",
	       str(path, SKYWIRE_A_PATH_ARRIVED_PACKETS),
	       str_bytes(sw_object_uint(path, SKYWIRE_A_PATH_ARRIVED_BYTES)),
	       str(path, SKYWIRE_A_PATH_ARRIVED_POSTAGE));
	printf("    tx %s packets, %s\n", str(path, SKYWIRE_A_PATH_PACKETS),
	       str_bytes(sw_object_uint(path, SKYWIRE_A_PATH_BYTES)));
}

static const struct keyword show_keywords[] = {
	{ "peer",	put_key,	SKYWIRE_A_PATH_PEER, false },
	{ "id",		put_path_id,	SKYWIRE_A_PATH_ID, false },
	{ NULL, NULL, 0, false },
};

/* @arg: what was asked for */
static bool is_wanted(const struct sw_object *path, const void *arg)
{
	const struct sw_object *asked = arg;
	const void *peer = sw_object_bytes(asked, SKYWIRE_A_PATH_PEER);

	if (!peer)
		return true;
	return sw_object_has(path, SKYWIRE_A_PATH_PEER) &&
		!memcmp(sw_object_bytes(path, SKYWIRE_A_PATH_PEER), peer,
			SKYWIRE_PUBLIC_KEY_LEN);
}

static bool is_peer(const struct sw_object *peer, const void *arg)
{
	const void *key = sw_object_bytes(peer, SKYWIRE_A_PEER_PUBLIC_KEY);

	return key && !memcmp(key, sw_object_bytes(arg, SKYWIRE_A_PATH_PEER),
			      SKYWIRE_PUBLIC_KEY_LEN);
}

/* A peer may have no paths; but then there must be one. */
static int check_peer(struct ctx *ctx, const struct sw_object *asked)
{
	struct sw_messages peers = { 0 };
	int rc = ask_dump(ctx, SKYWIRE_CMD_PEER_GET, &peers);

	if (!rc && !any_wanted(&peers, is_peer, asked))
		rc = complain(SWCTL_REFUSED, "no such peer");
	sw_messages_free(&peers);
	return rc;
}

static int path_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct sw_object asked;
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PATH_GET);
	rc = request_args(&req, show_keywords, argc, argv);
	if (rc)
		return rc;
	sw_object_read(&asked, req.nlh);
	if (!sw_object_has(&asked, SKYWIRE_A_PATH_ID))
		rc = ask_dump(ctx, SKYWIRE_CMD_PATH_GET, &list);
	else if (sw_object_has(&asked, SKYWIRE_A_PATH_PEER))
		rc = ask_do(&req, &list);
	else
		return usage_error(ctx, "path show: 'id' goes with 'peer'");
	if (!rc && sw_object_has(&asked, SKYWIRE_A_PATH_PEER) &&
	    !sw_object_has(&asked, SKYWIRE_A_PATH_ID) &&
	    !any_wanted(&list, is_wanted, &asked))
		rc = check_peer(ctx, &asked);
	if (!rc)
		rc = print_list(ctx, &list, print, is_wanted, &asked);
	sw_messages_free(&list);
	return rc;
}

static const struct keyword way_keywords[] = {
	{ "peer",	 put_key,	SKYWIRE_A_PATH_PEER, true },
	{ "id",		 put_path_id,	SKYWIRE_A_PATH_ID, false },
	{ "link",	 put_label,	SKYWIRE_A_PATH_LINK, false },
	{ "labels",	 put_labels,	SKYWIRE_A_PATH_LABELS, false },
	{ "preference",	 put_u32,	SKYWIRE_A_PATH_PREFERENCE, false },
	{ "weight",	 put_weight,	SKYWIRE_A_PATH_WEIGHT, false },
	{ "mtu",	 put_path_mtu,	SKYWIRE_A_PATH_MTU, false },
	{ "postage-base", put_u32,	SKYWIRE_A_PATH_POSTAGE_BASE, false },
	{ "postage-rate", put_u32,	SKYWIRE_A_PATH_POSTAGE_RATE, false },
	{ "fee-base",	 put_u32,	SKYWIRE_A_PATH_FEE_BASE, false },
	{ "fee-rate",	 put_u32,	SKYWIRE_A_PATH_FEE_RATE, false },
	{ "loss-admitted", put_u32,	SKYWIRE_A_PATH_LOSS_ADMITTED, false },
	{ "mark",	 put_u32,	SKYWIRE_A_PATH_MARK, false },
	{ "dscp",	 put_dscp,	SKYWIRE_A_PATH_DSCP, false },
	{ NULL, NULL, 0, false },
};

static int path_add(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages reply = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PATH_NEW);
	rc = request_args(&req, way_keywords, argc, argv);
	if (!rc && !request_has(&req, SKYWIRE_A_PATH_LINK))
		rc = usage_error(ctx, "path add: 'link' is missing");
	if (!rc)
		rc = ask_do(&req, &reply);
	if (!rc)
		rc = print_new(ctx, &req, &reply, SKYWIRE_A_PATH_ID);
	sw_messages_free(&reply);
	return rc;
}

static int path_set(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PATH_SET);
	rc = request_args(&req, way_keywords, argc, argv);
	if (!rc && !request_has(&req, SKYWIRE_A_PATH_ID))
		rc = usage_error(ctx, "path set: 'id' is missing");
	if (!rc && request_count(&req) == 2)
		rc = usage_error(ctx, "path set: nothing to set");
	return rc ? rc : ask_do(&req, NULL);
}

static const struct keyword del_keywords[] = {
	{ "peer",	put_key,	SKYWIRE_A_PATH_PEER, true },
	{ "id",		put_path_id,	SKYWIRE_A_PATH_ID, true },
	{ NULL, NULL, 0, false },
};

static int path_del(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_PATH_DEL);
	rc = request_args(&req, del_keywords, argc, argv);
	return rc ? rc : ask_do(&req, NULL);
}

static const struct command commands[] = {
	{ "show", path_show },
	{ "add", path_add },
	{ "set", path_set },
	{ "del", path_del },
	{ NULL, NULL },
};

const struct object path_object = {
	.name = "path",
	.commands = commands,
	.run = path_show,
	.usage =
	"Usage: swctl path [show [peer KEY [id ID]] [dev DEV]]\n"
	"       swctl path add peer KEY [id ID] link LABEL [OPTIONS] [dev DEV]\n"
	"       swctl path set peer KEY id ID [link LABEL] [OPTIONS] [dev DEV]\n"
	"       swctl path del peer KEY id ID [dev DEV]\n"
	"OPTIONS: [labels L,L,... | labels none] [preference N] [weight N] [mtu BYTES]\n"
	"         [postage-base N] [postage-rate N] [fee-base N] [fee-rate N]\n"
	"         [loss-admitted PPM] [mark N] [dscp N | dscp none]\n"
	"labels are those that the relays consume, the first relay's first.\n",
};
