// SPDX-License-Identifier: GPL-2.0
#include <net/if.h>
#include <string.h>

#include "swctl.h"

int ask_open(struct ctx *ctx)
{
	struct sw_error err;

	if (ctx->nl)
		return SWCTL_OK;
	ctx->nl = sw_nl_open(&err);
	return ctx->nl ? SWCTL_OK : complain(SWCTL_REFUSED, "%s", err.text);
}

/*
 * The named device. The kernel does not know it by an alternative name, and says
 * what is wrong where there is no such interface. All attribute sets begin alike.
 */
static int put_dev(struct ctx *ctx, struct nlmsghdr *nlh)
{
	size_t len = strlen(ctx->dev);

	if (!ctx->iface.index && !sw_iface_get(&ctx->iface, 0, ctx->dev))
		ctx->dev = ctx->iface.name;
	if (ctx->iface.index)
		mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_IFINDEX, ctx->iface.index);
	else if (len && len < IF_NAMESIZE)
		mnl_attr_put_strz(nlh, SKYWIRE_A_DEV_IFNAME, ctx->dev);
	else
		return complain(SWCTL_USAGE, "'%s' is no name of a device", ctx->dev);
	return SWCTL_OK;
}

/* Also says so, once, where the list is not whole. */
static int dump(struct ctx *ctx, struct nlmsghdr *nlh, struct sw_messages *list)
{
	struct sw_error err;
	int rc = sw_nl_dump(ctx->nl, nlh, list, &err);

	if (rc < 0)
		return complain(SWCTL_REFUSED, "%s", err.text);
	if (rc)
		complain(0, "there were changes all the while: this list may have gaps");
	return SWCTL_OK;
}

static int several_devices(const struct sw_messages *list)
{
	char names[256] = "";
	size_t i, used = 0;

	for (i = 0; i < list->count && used < sizeof(names); i++) {
		char text[SW_VALUE_TEXT] = "";
		struct sw_object dev;

		if (!sw_object_read(&dev, list->msg[i]))
			sw_object_text(&dev, SKYWIRE_A_DEV_IFNAME, text);
		used += snprintf(names + used, sizeof(names) - used, "%s%s",
				 i ? ", " : "", text);
	}
	return complain(SWCTL_USAGE, "several skywire devices: name one with -d (%s)",
			names);
}

/* The only device there is, into the request. */
static int put_only_device(struct request *req)
{
	struct sw_messages list = { 0 };
	struct sw_object dev;
	int rc;

	rc = ask_dump(req->ctx, SKYWIRE_CMD_DEV_GET, &list);
	if (!rc && !list.count)
		rc = complain(SWCTL_USAGE,
			      "no skywire device in this network namespace (ip link add sw0 type skywire)");
	else if (!rc && list.count > 1)
		rc = several_devices(&list);
	else if (!rc && !sw_object_read(&dev, list.msg[0]))
		mnl_attr_put_u32(req->nlh, SKYWIRE_A_DEV_IFINDEX,
				 sw_object_uint(&dev, SKYWIRE_A_DEV_IFINDEX));
	sw_messages_free(&list);
	return rc;
}

/* Where the device's links are in another namespace, so are the interfaces. */
static int settle_oif(struct request *req)
{
	struct sw_iface iface;
	struct sw_object link;
	__u32 index, dev;

	sw_object_read(&link, req->nlh);
	dev = sw_object_uint(&link, SKYWIRE_A_LINK_IFINDEX);
	if (!dev || sw_iface_get(&iface, dev, NULL) || !iface.elsewhere)
		return SWCTL_OK;
	index = read_oif(req->oif, false);
	if (!index)
		return complain(SWCTL_USAGE,
				"'%.40s': the links of %s are in another network namespace: give the interface there by its index, as ifN",
				req->oif, iface.name);
	memcpy((void *)sw_object_bytes(&link, SKYWIRE_A_LINK_OIF), &index,
	       sizeof(index));
	return SWCTL_OK;
}

int ask_device(struct request *req)
{
	int rc = ask_open(req->ctx);

	if (rc)
		return rc;
	rc = req->ctx->dev ? put_dev(req->ctx, req->nlh) : put_only_device(req);
	return rc || !req->oif[0] ? rc : settle_oif(req);
}

int ask_do(struct request *req, struct sw_messages *reply)
{
	struct sw_error err;
	int rc = ask_device(req);

	if (rc)
		return rc;
	if (sw_nl_do(req->ctx->nl, req->nlh, reply, &err))
		return complain(SWCTL_REFUSED, "%s", err.text);
	return SWCTL_OK;
}

/* A dump of what is not there is an empty one, not an error. */
static int check_device(struct ctx *ctx)
{
	struct request req;
	int rc;

	if (!ctx->dev || ctx->dev_checked)
		return SWCTL_OK;
	request_begin(&req, ctx, SKYWIRE_CMD_DEV_GET);
	rc = ask_do(&req, NULL);
	ctx->dev_checked = !rc;
	return rc;
}

int ask_dump(struct ctx *ctx, __u8 cmd, struct sw_messages *list)
{
	struct request req;
	int rc = ask_open(ctx);

	if (!rc)
		rc = check_device(ctx);
	if (rc)
		return rc;
	request_begin(&req, ctx, cmd);
	if (ctx->dev)
		rc = put_dev(ctx, req.nlh);
	return rc ? rc : dump(ctx, req.nlh, list);
}

int ask_devices(struct ctx *ctx, struct sw_messages *list)
{
	struct request req;

	if (!ctx->dev)
		return ask_dump(ctx, SKYWIRE_CMD_DEV_GET, list);
	request_begin(&req, ctx, SKYWIRE_CMD_DEV_GET);
	return ask_do(&req, list);
}
