// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include <linux/skywire.h>

#include "netlink.h"
#include "object.h"

enum {
	/* The kernel fills up to 32 KiB where it sees that there is room. */
	BUFFER_LEN	= 65536,
	DUMP_TRIES	= 8,
	ERRNO_MAX	= 4095,
	MORE		= 1,
};

struct sw_nl {
	struct mnl_socket	*sock;
	__u32			seq;
	__u32			group;
	__u16			family;
	bool			interrupted;	/* the dump that is running */
	__u8			buf[BUFFER_LEN] __aligned(8);
};

static void messages_clear(struct sw_messages *list)
{
	while (list->count)
		free(list->msg[--list->count]);
}

void sw_messages_free(struct sw_messages *list)
{
	messages_clear(list);
	free(list->msg);
	memset(list, 0, sizeof(*list));
}

static int messages_add(struct sw_messages *list, const struct nlmsghdr *nlh)
{
	struct nlmsghdr *copy;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct nlmsghdr **msg;

		msg = reallocarray(list->msg, room, sizeof(list->msg[0]));
		if (!msg)
			return -ENOMEM;
		list->msg = msg;
		list->room = room;
	}
	copy = malloc(nlh->nlmsg_len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, nlh, nlh->nlmsg_len);
	list->msg[list->count++] = copy;
	return 0;
}

/* The extended ACK's attributes, by type; types beyond @max are skipped. */
static void read_extack(const struct nlmsghdr *nlh, const struct nlattr **tb,
			unsigned int max)
{
	size_t offset = sizeof(int);
	const struct nlattr *nla;

	/* libmnl goes by the padded length, whatever is behind the real one. */
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len % MNL_ALIGNTO)
		return;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		offset = sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			offset += MNL_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	}
	if (offset > mnl_nlmsg_get_payload_len(nlh))
		return;
	mnl_attr_for_each(nla, nlh, offset)
		if (mnl_attr_get_type(nla) <= max)
			tb[mnl_attr_get_type(nla)] = nla;
}

static const char *type_name(const struct nlmsghdr *req, unsigned int type)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(req);
	const struct sw_set *set = sw_set_of(genl->cmd);

	return set && type <= set->max ? set->attr[type].name : NULL;
}

/* Return: the name of the attribute that begins at @offset, or NULL. */
static const char *name_at(const struct nlmsghdr *req, __u32 offset)
{
	const struct nlattr *nla;

	mnl_attr_for_each(nla, req, sizeof(struct genlmsghdr))
		if ((const char *)nla - (const char *)req == offset)
			return type_name(req, mnl_attr_get_type(nla));
	return NULL;
}

static const char *hint(int code)
{
	switch (code) {
	case EPERM:
		return "CAP_NET_ADMIN is needed (are you root?)";
	case ENODEV:
		return "no such skywire device";
	case EOPNOTSUPP:
		return "the loaded module does not know this request";
	default:
		return NULL;
	}
}

static bool is_u32(const struct nlattr *nla)
{
	return nla && mnl_attr_get_payload_len(nla) == sizeof(__u32);
}

static void explain(const struct nlmsghdr *answer, const struct nlmsghdr *req,
		    int code, struct sw_error *err)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MISS_TYPE + 1] = { 0 };
	const char *text = hint(code), *attr = NULL;
	const char *how = "attribute";

	read_extack(answer, tb, NLMSGERR_ATTR_MISS_TYPE);
	if (tb[NLMSGERR_ATTR_MSG] &&
	    !mnl_attr_validate(tb[NLMSGERR_ATTR_MSG], MNL_TYPE_NUL_STRING))
		text = mnl_attr_get_str(tb[NLMSGERR_ATTR_MSG]);
	if (is_u32(tb[NLMSGERR_ATTR_OFFS]))
		attr = name_at(req, mnl_attr_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	if (!attr && is_u32(tb[NLMSGERR_ATTR_MISS_TYPE])) {
		attr = type_name(req, mnl_attr_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]));
		how = "missing attribute";
	}
	sw_fail(err, code, "%s%s%s%s%s%s%s%s", text ?: "",
		text && attr ? " (" : "", attr ? how : "", attr ? " " : "",
		attr ?: "", text && attr ? ")" : "", text || attr ? ": " : "",
		strerror(code));
}

int sw_nl_verdict(const struct nlmsghdr *answer, const struct nlmsghdr *req,
		  struct sw_error *err)
{
	size_t least = answer->nlmsg_type == NLMSG_ERROR ?
		sizeof(struct nlmsgerr) : sizeof(int);
	int code;

	if (mnl_nlmsg_get_payload_len(answer) < least)
		return sw_fail(err, EPROTO, "netlink answer cut short");
	code = *(int *)mnl_nlmsg_get_payload(answer);
	if (code >= 0)
		return 0;
	if (code < -ERRNO_MAX)
		return sw_fail(err, EPROTO, "netlink answer without sense");
	explain(answer, req, -code, err);
	return code;
}

static int take_message(struct sw_nl *nl, const struct nlmsghdr *nlh,
			const struct nlmsghdr *req, struct sw_messages *reply,
			struct sw_error *err)
{
	/* Notifications may come in between. */
	if (nlh->nlmsg_seq != req->nlmsg_seq)
		return MORE;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
		return sw_nl_verdict(nlh, req, err);
	if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !reply)
		return MORE;
	if (messages_add(reply, nlh))
		return sw_fail(err, ENOMEM, "out of memory");
	return MORE;
}

static ssize_t receive(struct sw_nl *nl, struct sw_error *err)
{
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return sw_fail(err, errno, "netlink: %s", strerror(errno));
	return n;
}

static int converse(struct sw_nl *nl, struct nlmsghdr *req,
		    struct sw_messages *reply, struct sw_error *err)
{
	const struct nlmsghdr *nlh;
	ssize_t n;
	int len, rc;

	req->nlmsg_seq = ++nl->seq;
	nl->interrupted = false;
	if (mnl_socket_sendto(nl->sock, req, req->nlmsg_len) < 0)
		return sw_fail(err, errno, "netlink: %s", strerror(errno));
	for (;;) {
		n = receive(nl, err);
		if (n < 0)
			return n;
		len = n;
		for (nlh = (void *)nl->buf; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			rc = take_message(nl, nlh, req, reply, err);
			if (rc != MORE)
				return rc;
		}
	}
}

struct nlmsghdr *sw_nl_begin(void *buf, __u8 cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = SKYWIRE_FAMILY_VERSION;
	return nlh;
}

int sw_nl_do(struct sw_nl *nl, struct nlmsghdr *nlh, struct sw_messages *reply,
	     struct sw_error *err)
{
	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	return converse(nl, nlh, reply, err);
}

int sw_nl_dump(struct sw_nl *nl, struct nlmsghdr *nlh, struct sw_messages *list,
	       struct sw_error *err)
{
	int rc = 0, tries = DUMP_TRIES;

	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	do {
		messages_clear(list);
		rc = converse(nl, nlh, list, err);
	} while (!rc && nl->interrupted && --tries);
	return rc ?: nl->interrupted;
}

static void read_group(struct sw_nl *nl, const struct nlattr *group)
{
	const struct nlattr *nla;
	const char *name = "";
	__u32 id = 0;

	mnl_attr_for_each_nested(nla, group) {
		if (mnl_attr_get_type(nla) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(nla);
		else if (mnl_attr_get_type(nla) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(nla);
	}
	if (!strcmp(name, SKYWIRE_MCGRP_CONFIG))
		nl->group = id;
}

static void read_family(struct sw_nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlattr *nla, *group;

	mnl_attr_for_each(nla, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(nla) == CTRL_ATTR_FAMILY_ID)
			nl->family = mnl_attr_get_u16(nla);
		if (mnl_attr_get_type(nla) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, nla)
			read_group(nl, group);
	}
}

static int resolve(struct sw_nl *nl, struct sw_error *err)
{
	struct sw_messages reply = { 0 };
	__u8 buf[256] __aligned(8) = { 0 };
	struct nlmsghdr *nlh = sw_nl_begin(buf, CTRL_CMD_GETFAMILY);
	int rc;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SKYWIRE_FAMILY_NAME);
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	rc = converse(nl, nlh, &reply, err);
	if (!rc && reply.count)
		read_family(nl, reply.msg[0]);
	sw_messages_free(&reply);
	if (rc == -ENOENT || (!rc && !nl->family))
		return sw_fail(err, ENOENT,
			       "skywire: module not loaded? (genl family not found)");
	return rc;
}

static int connect_socket(struct sw_nl *nl, struct sw_error *err)
{
	int on = 1;

	nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID))
		return sw_fail(err, errno, "netlink socket: %s", strerror(errno));
	/* Each only makes answers better: a refusal does no harm. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return resolve(nl, err);
}

struct sw_nl *sw_nl_open(struct sw_error *err)
{
	struct sw_nl *nl = calloc(1, sizeof(*nl));
	int rc;

	if (!nl) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	rc = connect_socket(nl, err);
	if (!rc)
		return nl;
	sw_nl_close(nl);
	errno = -rc;
	return NULL;
}

void sw_nl_close(struct sw_nl *nl)
{
	if (nl && nl->sock)
		mnl_socket_close(nl->sock);
	free(nl);
}

int sw_nl_subscribe(struct sw_nl *nl, struct sw_error *err)
{
	if (!nl->group)
		return sw_fail(err, ENOENT, "the module has no multicast group '%s'",
			       SKYWIRE_MCGRP_CONFIG);
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->group,
				  sizeof(nl->group)))
		return sw_fail(err, errno, "multicast group '%s': %s%s",
			       SKYWIRE_MCGRP_CONFIG,
			       errno == EPERM ? "CAP_NET_ADMIN is needed: " : "",
			       strerror(errno));
	return 0;
}

int sw_nl_fd(const struct sw_nl *nl)
{
	return mnl_socket_get_fd(nl->sock);
}

int sw_nl_listen(struct sw_nl *nl, int (*fn)(const struct nlmsghdr *nlh, void *arg),
		 void *arg, struct sw_error *err)
{
	const struct nlmsghdr *nlh;
	ssize_t n = receive(nl, err);
	int len = n, rc = 0;

	if (n < 0)
		return n;
	for (nlh = (void *)nl->buf; !rc && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		if (nlh->nlmsg_type == nl->family)
			rc = fn(nlh, arg);
	return rc;
}
