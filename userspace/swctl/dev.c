// SPDX-License-Identifier: GPL-2.0
#include "swctl.h"

static void print(const struct sw_object *dev)
{
	printf("dev %s\n", str(dev, SKYWIRE_A_DEV_IFNAME));
	if (sw_object_has(dev, SKYWIRE_A_DEV_IDENTITY))
		printf("    identity %s\n    address %s\n",
		       str(dev, SKYWIRE_A_DEV_IDENTITY),
		       str(dev, SKYWIRE_A_DEV_ADDRESS));
	else
		printf("    identity none\n");
	printf("    port %s fwmark 0x%llx\n", str(dev, SKYWIRE_A_DEV_PORT),
	       sw_object_uint(dev, SKYWIRE_A_DEV_FWMARK));
	printf("    links %s peers %s prefixes %s\n", str(dev, SKYWIRE_A_DEV_LINKS),
	       str(dev, SKYWIRE_A_DEV_PEERS), str(dev, SKYWIRE_A_DEV_PREFIXES));
}

static int dev_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_DEV_GET);
	rc = request_args(&req, NULL, argc, argv);
	if (!rc)
		rc = ask_devices(ctx, &list);
	if (!rc)
		rc = print_list(ctx, &list, print, NULL, NULL);
	sw_messages_free(&list);
	return rc;
}

static const struct keyword set_keywords[] = {
	{ "identity",		put_key,		SKYWIRE_A_DEV_IDENTITY, false },
	{ "identity-file",	put_identity_file,	SKYWIRE_A_DEV_IDENTITY, false },
	{ "port",		put_u16,		SKYWIRE_A_DEV_PORT, false },
	{ "fwmark",		put_u32,		SKYWIRE_A_DEV_FWMARK, false },
	{ NULL, NULL, 0, false },
};

static int dev_set(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_DEV_SET);
	rc = request_args(&req, set_keywords, argc, argv);
	if (!rc && !request_count(&req))
		rc = usage_error(ctx, "dev set: nothing to set");
	return rc ? rc : ask_do(&req, NULL);
}

static const struct command commands[] = {
	{ "show", dev_show },
	{ "set", dev_set },
	{ NULL, NULL },
};

const struct object dev_object = {
	.name = "dev",
	.commands = commands,
	.run = dev_show,
	.usage =
	"Usage: swctl dev [show [dev DEV]]\n"
	"       swctl dev set [dev DEV] [identity KEY | identity-file FILE]\n"
	"                     [port PORT] [fwmark MARK]\n"
	"KEY is a public key; FILE holds an identity's secret, of which only the\n"
	"public key goes to the kernel ('-' is standard input).\n",
};
