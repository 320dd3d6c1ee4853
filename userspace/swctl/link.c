// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "swctl.h"

static bool is_any(const struct sw_object *link, unsigned int type)
{
	static const __u8 zeros[16];

	return !sw_object_has(link, type) ||
		!memcmp(sw_object_bytes(link, type), zeros, sw_object_len(link, type));
}

static void print(const struct sw_object *link)
{
	const char *interface;

	printf("link %s dev %s state %s transport %s mtu %s\n",
	       str(link, SKYWIRE_A_LINK_LABEL), str(link, SKYWIRE_A_LINK_IFNAME),
	       str(link, SKYWIRE_A_LINK_STATE), str(link, SKYWIRE_A_LINK_TRANSPORT),
	       str(link, SKYWIRE_A_LINK_MTU));
	printf("    neighbour %s\n", str(link, SKYWIRE_A_LINK_NEIGHBOUR));
	printf("    remote %s\n", str_endpoint(link));
	interface = str_interface(link);
	if (sw_object_has(link, SKYWIRE_A_LINK_INTERFACE))
		printf("    interface %s\n", interface);
	else
		printf("    local %s oif %s\n",
		       is_any(link, SKYWIRE_A_LINK_LOCAL) ? "any" :
		       str(link, SKYWIRE_A_LINK_LOCAL),
		       *interface ? interface : "any");
	printf("    rx %s packets, %s\n", str(link, SKYWIRE_A_LINK_RX_PACKETS),
	       str_bytes(sw_object_uint(link, SKYWIRE_A_LINK_RX_BYTES)));
	printf("    tx %s packets, %s\n", str(link, SKYWIRE_A_LINK_TX_PACKETS),
	       str_bytes(sw_object_uint(link, SKYWIRE_A_LINK_TX_BYTES)));
	printf("    liveness %s probe-busy %s probe-idle %s\n",
	       str(link, SKYWIRE_A_LINK_LIVENESS), str(link, SKYWIRE_A_LINK_PROBE_BUSY),
	       str(link, SKYWIRE_A_LINK_PROBE_IDLE));
	printf("    rtt %s us loss %s ppm deaths %s heard %s",
	       str(link, SKYWIRE_A_LINK_RTT), str(link, SKYWIRE_A_LINK_LOSS),
	       str(link, SKYWIRE_A_LINK_DEATHS),
	       sw_object_has(link, SKYWIRE_A_LINK_HEARD) ?
	       str(link, SKYWIRE_A_LINK_HEARD) : "never");
	printf("%s\n", sw_object_has(link, SKYWIRE_A_LINK_HEARD) ? " ms ago" : "");
	printf("    price-base %s price-rate %s postage-fee %s\n",
	       str(link, SKYWIRE_A_LINK_PRICE_BASE),
	       str(link, SKYWIRE_A_LINK_PRICE_RATE),
	       str(link, SKYWIRE_A_LINK_POSTAGE_FEE));
	printf("    postage-in %s postage-out %s\n",
	       str(link, SKYWIRE_A_LINK_POSTAGE_IN),
	       str(link, SKYWIRE_A_LINK_POSTAGE_OUT));
}

static const struct keyword show_keywords[] = {
	{ "label", put_label, SKYWIRE_A_LINK_LABEL, false },
	{ NULL, NULL, 0, false },
};

static int link_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_LINK_GET);
	rc = request_args(&req, show_keywords, argc, argv);
	if (rc)
		return rc;
	if (request_has(&req, SKYWIRE_A_LINK_LABEL))
		rc = ask_do(&req, &list);
	else
		rc = ask_dump(ctx, SKYWIRE_CMD_LINK_GET, &list);
	if (!rc)
		rc = print_list(ctx, &list, print, NULL, NULL);
	sw_messages_free(&list);
	return rc;
}

static const struct keyword add_keywords[] = {
	{ "neighbour",	put_key,	SKYWIRE_A_LINK_NEIGHBOUR, true },
	{ "label",	put_label,	SKYWIRE_A_LINK_LABEL, false },
	{ "transport",	put_enum,	SKYWIRE_A_LINK_TRANSPORT, false },
	{ "remote",	put_endpoint,	SKYWIRE_A_LINK_REMOTE, false },
	{ "local",	put_addr,	SKYWIRE_A_LINK_LOCAL, false },
	{ "oif",	put_oif,		SKYWIRE_A_LINK_OIF, false },
	{ "interface",	put_ifname,	SKYWIRE_A_LINK_INTERFACE, false },
	{ "mtu",	put_link_mtu,	SKYWIRE_A_LINK_MTU, false },
	{ "state",	put_enum,	SKYWIRE_A_LINK_STATE, false },
	{ "price-base",	put_u32,	SKYWIRE_A_LINK_PRICE_BASE, false },
	{ "price-rate",	put_u32,	SKYWIRE_A_LINK_PRICE_RATE, false },
	{ "probe-busy",	put_u32,	SKYWIRE_A_LINK_PROBE_BUSY, false },
	{ "probe-idle",	put_u32,	SKYWIRE_A_LINK_PROBE_IDLE, false },
	{ NULL, NULL, 0, false },
};

static int link_add(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages reply = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_LINK_NEW);
	rc = request_args(&req, add_keywords, argc, argv);
	if (!rc)
		rc = ask_do(&req, &reply);
	if (!rc)
		rc = print_new(ctx, &req, &reply, SKYWIRE_A_LINK_LABEL);
	sw_messages_free(&reply);
	return rc;
}

static const struct keyword set_keywords[] = {
	{ "label",	put_label,	SKYWIRE_A_LINK_LABEL, true },
	{ "remote",	put_endpoint,	SKYWIRE_A_LINK_REMOTE, false },
	{ "local",	put_addr,	SKYWIRE_A_LINK_LOCAL, false },
	{ "oif",	put_oif,		SKYWIRE_A_LINK_OIF, false },
	{ "interface",	put_ifname,	SKYWIRE_A_LINK_INTERFACE, false },
	{ "mtu",	put_link_mtu,	SKYWIRE_A_LINK_MTU, false },
	{ "state",	put_enum,	SKYWIRE_A_LINK_STATE, false },
	{ "price-base",	put_u32,	SKYWIRE_A_LINK_PRICE_BASE, false },
	{ "price-rate",	put_u32,	SKYWIRE_A_LINK_PRICE_RATE, false },
	{ "probe-busy",	put_u32,	SKYWIRE_A_LINK_PROBE_BUSY, false },
	{ "probe-idle",	put_u32,	SKYWIRE_A_LINK_PROBE_IDLE, false },
	{ NULL, NULL, 0, false },
};

static int link_set(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_LINK_SET);
	rc = request_args(&req, set_keywords, argc, argv);
	if (!rc && request_count(&req) == 1)
		rc = usage_error(ctx, "link set: nothing to set");
	return rc ? rc : ask_do(&req, NULL);
}

static const struct keyword del_keywords[] = {
	{ "label", put_label, SKYWIRE_A_LINK_LABEL, true },
	{ NULL, NULL, 0, false },
};

static int link_del(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_LINK_DEL);
	rc = request_args(&req, del_keywords, argc, argv);
	return rc ? rc : ask_do(&req, NULL);
}

static const struct command commands[] = {
	{ "show", link_show },
	{ "add", link_add },
	{ "set", link_set },
	{ "del", link_del },
	{ NULL, NULL },
};

const struct object link_object = {
	.name = "link",
	.commands = commands,
	.run = link_show,
	.usage =
	"Usage: swctl link [show [label LABEL] [dev DEV]]\n"
	"       swctl link add neighbour KEY [remote ENDPOINT] [label LABEL]\n"
	"                      [transport udp | ethernet] [OPTIONS] [dev DEV]\n"
	"       swctl link set label LABEL [remote ENDPOINT] [OPTIONS] [dev DEV]\n"
	"       swctl link del label LABEL [dev DEV]\n"
	"OPTIONS:  [mtu BYTES] [state up | down] [price-base N] [price-rate N]\n"
	"          [probe-busy USEC] [probe-idle USEC]\n"
	"          udp: [local ADDR] [oif IFNAME | oif ifN | oif any]\n"
	"          ethernet: interface IFNAME\n"
	"ENDPOINT: udp: ADDR:PORT | [ADDR6]:PORT | [ADDR6%IFNAME]:PORT\n"
	"          ethernet: XX:XX:XX:XX:XX:XX\n"
	"ifN is the interface with index N, the only way to name one where the device\n"
	"was moved away from its links' network namespace.\n",
};
