// SPDX-License-Identifier: GPL-2.0
/* Netlink messages taken apart: whatever comes, all that is read lies in it. */
#include <errno.h>

#include <linux/genetlink.h>

#include "lib/netlink.h"
#include "lib/object.h"

#include "fuzz.h"

enum { HEADERS = sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr) };

/* A message with these bytes after its header, and nothing after those */
static struct nlmsghdr *message(const struct input *in, __u16 type, __u16 flags)
{
	struct nlmsghdr *nlh = malloc(sizeof(*nlh) + in->left);

	require(nlh);
	*nlh = (struct nlmsghdr) {
		.nlmsg_len	= sizeof(*nlh) + in->left,
		.nlmsg_type	= type,
		.nlmsg_flags	= flags,
	};
	if (in->left)
		memcpy(nlh + 1, in->data, in->left);
	return nlh;
}

static bool within(const struct nlmsghdr *nlh, const void *at, size_t len)
{
	const __u8 *from = (const __u8 *)nlh + HEADERS;
	const __u8 *end = (const __u8 *)nlh + nlh->nlmsg_len;

	return (const __u8 *)at >= from && (const __u8 *)at <= end &&
	       len <= (size_t)(end - (const __u8 *)at);
}

static void look(const struct sw_object *obj, const struct nlmsghdr *nlh,
		 bool nested)
{
	char text[SW_VALUE_TEXT];
	struct sw_object inner;
	unsigned int type;

	for (type = 0; type < SW_ATTRS_MAX; type++) {
		if (!sw_object_has(obj, type))
			continue;
		require(type <= obj->set->max);
		require(within(nlh, sw_object_bytes(obj, type),
			       sw_object_len(obj, type)));
		memset(text, 0xff, sizeof(text));
		require(sw_object_text(obj, type, text) == text);
		require(memchr(text, '\0', sizeof(text)));
		sw_object_uint(obj, type);
		if (nested || obj->set->attr[type].kind != SW_KIND_NEST)
			continue;
		sw_object_nest(&inner, &sw_entry_set, obj->attr[type]);
		look(&inner, nlh, true);
	}
}

static void read_object(const struct input *in)
{
	struct nlmsghdr *nlh = message(in, 0x20, 0);
	struct sw_object obj;

	if (!sw_object_read(&obj, nlh))
		look(&obj, nlh, false);
	else
		require(in->left < sizeof(struct genlmsghdr) || in->left % 4 ||
			!sw_set_of(in->data[0]));
	free(nlh);
}

/* What a refusal says of a request that was sound */
static void read_verdict(const struct input *in, __u8 cmd, __u8 flags)
{
	struct nlmsghdr *nlh, *req;
	__u64 buf[64] = {};
	struct sw_error err = {};
	__s32 code = 0;
	int got;

	req = sw_nl_begin(buf, cmd);
	mnl_attr_put_u32(req, SKYWIRE_A_LINK_IFINDEX, 1);
	mnl_attr_put_u16(req, SKYWIRE_A_LINK_LABEL, 2);
	nlh = message(in, flags & 1 ? NLMSG_ERROR : NLMSG_DONE,
		      (flags & 2 ? NLM_F_ACK_TLVS : 0) |
		      (flags & 4 ? NLM_F_CAPPED : 0));
	if (in->left >= sizeof(code))
		memcpy(&code, in->data, sizeof(code));
	got = sw_nl_verdict(nlh, req, &err);
	require(got <= 0 && memchr(err.text, '\0', sizeof(err.text)));
	require(!got || err.text[0]);
	if (in->left >= sizeof(struct nlmsgerr))
		require(got == (code >= 0 ? 0 : code >= -4095 ? code : -EPROTO));
	free(nlh);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	__u8 flags = take_u8(&in), cmd = take_u8(&in);

	read_object(&in);
	read_verdict(&in, cmd, flags);
	return 0;
}
