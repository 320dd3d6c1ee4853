/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink requests as tables of attributes, for tests: what is sent is exactly
 * what the table says, well formed or not.
 */
#ifndef _SELFTESTS_REQUEST_H
#define _SELFTESTS_REQUEST_H

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/skywire.h>

/**
 * struct attr - an attribute of a request; a table ends with type 0
 * @type: type, flags included
 * @len: bytes of payload
 * @data: payload; NULL for what is in the union
 * @u8: payload of 1 byte
 * @u16: of 2
 * @u32: of 4
 * @u64: of 8
 */
struct attr {
	__u16		type;
	__u16		len;
	const void	*data;
	union {
		__u8	u8;
		__u16	u16;
		__u32	u32;
		__u64	u64;
	};
};

#define U8(t, v)	{ .type = (t), .len = 1, .u8 = (v) }
#define U16(t, v)	{ .type = (t), .len = 2, .u16 = (v) }
#define U32(t, v)	{ .type = (t), .len = 4, .u32 = (v) }
#define U64(t, v)	{ .type = (t), .len = 8, .u64 = (v) }
#define BIN(t, p, n)	{ .type = (t), .len = (n), .data = (p) }
#define STR(t, s)	{ .type = (t), .len = sizeof(s), .data = (s) }

enum { NL_ROOM = 65536 };

/**
 * struct nl - a generic netlink socket
 * @sock: the socket
 * @seq: of the last request
 * @family: skywire's id
 * @group: id of its multicast group
 * @error: what the kernel said to the last refusal, or ""
 * @blamed: offset of the attribute that it blamed, or 0
 * @has_reply: @reply is valid
 * @reply: the object that the last request was answered with
 * @buf: of receptions
 */
struct nl {
	struct mnl_socket	*sock;
	__u32			seq;
	__u16			family;
	__u32			group;
	char			error[256];
	__u32			blamed;
	bool			has_reply;
	__u64			reply[1024];
	__u64			buf[NL_ROOM / 8];
};

/* A message that grows; for what a dump brought. */
struct blob {
	__u8	*data;
	size_t	len;
	size_t	room;
};

static inline void blob_add(struct blob *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = 2 * (b->len + len);
		b->data = realloc(b->data, b->room);
		if (!b->data)
			abort();
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void blob_free(struct blob *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

static inline struct nlmsghdr *nl_begin(struct nl *nl, void *buf, __u16 type,
					__u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	return nlh;
}

static inline struct nlmsghdr *nl_begin_genl(struct nl *nl, void *buf,
					     __u16 family, __u16 flags, __u8 cmd)
{
	struct nlmsghdr *nlh = nl_begin(nl, buf, family, flags);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static inline void nl_put(struct nlmsghdr *nlh, const struct attr *a)
{
	/* A union's members all begin where it does. */
	for (; a->type; a++)
		mnl_attr_put(nlh, a->type, a->len, a->data ? a->data : &a->u8);
}

static inline void nl_read_error(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*e);
	const struct nlattr *nla;

	nl->error[0] = 0;
	nl->blamed = 0;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	mnl_attr_for_each(nla, nlh, offset) {
		if (mnl_attr_get_type(nla) == NLMSGERR_ATTR_MSG)
			snprintf(nl->error, sizeof(nl->error), "%s",
				 mnl_attr_get_str(nla));
		else if (mnl_attr_get_type(nla) == NLMSGERR_ATTR_OFFS)
			nl->blamed = mnl_attr_get_u32(nla);
	}
}

/*
 * Read until the last request's acknowledgment. Objects go to @dump, or, the
 * last one, to nl->reply. Return: 0 or -errno; 1 for a dump that was
 * interrupted.
 */
static inline int nl_finish(struct nl *nl, struct blob *dump)
{
	const struct nlmsghdr *nlh;
	bool interrupted = false;
	int len;

	nl->has_reply = false;
	for (;;) {
		len = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
		if (len < 0)
			return -errno;
		nlh = (const struct nlmsghdr *)nl->buf;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != nl->seq)
				continue;
			interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				nl_read_error(nl, nlh);
				return *(int *)mnl_nlmsg_get_payload(nlh);
			}
			if (nlh->nlmsg_type == NLMSG_DONE) {
				nl->error[0] = 0;
				return *(int *)mnl_nlmsg_get_payload(nlh) ?:
				       interrupted;
			}
			if (dump)
				blob_add(dump, nlh, MNL_ALIGN(nlh->nlmsg_len));
			else if (nlh->nlmsg_len <= sizeof(nl->reply))
				memcpy(nl->reply, nlh, nlh->nlmsg_len);
			nl->has_reply = true;
		}
	}
}

static inline int nl_send(struct nl *nl, const struct nlmsghdr *nlh)
{
	return mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* Carry out a request; 0 or -errno, with nl->error and nl->reply set. */
static inline int nl_request(struct nl *nl, __u8 cmd, const struct attr *attrs)
{
	__u64 buf[1024];
	struct nlmsghdr *nlh;

	nlh = nl_begin_genl(nl, buf, nl->family, NLM_F_ACK, cmd);
	nl_put(nlh, attrs);
	return nl_send(nl, nlh) ?: nl_finish(nl, NULL);
}

#define NL_DO(nl, cmd, ...)						\
	nl_request(nl, cmd, (const struct attr[]){ __VA_ARGS__, {} })

/* Messages of a dump, one after another; 0, 1 if interrupted, or -errno. */
static inline int nl_dump(struct nl *nl, __u8 cmd, const struct attr *attrs,
			  struct blob *dump)
{
	__u64 buf[1024];
	struct nlmsghdr *nlh;

	nlh = nl_begin_genl(nl, buf, nl->family, NLM_F_DUMP, cmd);
	nl_put(nlh, attrs);
	return nl_send(nl, nlh) ?: nl_finish(nl, dump);
}

#define NL_DUMP(nl, cmd, dump, ...)					\
	nl_dump(nl, cmd, (const struct attr[]){ __VA_ARGS__, {} }, dump)

static inline const struct nlattr *nl_attr(const void *msg, __u16 type)
{
	const struct nlattr *nla;

	mnl_attr_for_each(nla, (const struct nlmsghdr *)msg,
			  sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(nla) == type)
			return nla;
	return NULL;
}

/* The value of an integer attribute, or ~0 if it is not there. */
static inline __u64 nl_uint(const void *msg, __u16 type)
{
	const struct nlattr *nla = nl_attr(msg, type);

	switch (nla ? mnl_attr_get_payload_len(nla) : 0) {
	case 1: return mnl_attr_get_u8(nla);
	case 2: return mnl_attr_get_u16(nla);
	case 4: return mnl_attr_get_u32(nla);
	case 8: return mnl_attr_get_u64(nla);
	default: return ~0ull;
	}
}

static inline bool nl_has(const void *msg, __u16 type, const void *data,
			  size_t len)
{
	const struct nlattr *nla = nl_attr(msg, type);

	return nla && mnl_attr_get_payload_len(nla) == len &&
	       !memcmp(mnl_attr_get_payload(nla), data, len);
}

static inline __u8 nl_cmd(const void *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);

	return genl->cmd;
}

/* The message after @nlh, or after NULL the first; NULL after the last */
static inline const struct nlmsghdr *blob_next(const struct blob *b,
					       const struct nlmsghdr *nlh)
{
	const __u8 *next = b->data;

	if (nlh)
		next = (const __u8 *)nlh + MNL_ALIGN(nlh->nlmsg_len);
	return next < b->data + b->len ? (const void *)next : NULL;
}

static inline unsigned int blob_count(const struct blob *b)
{
	const struct nlmsghdr *nlh = NULL;
	unsigned int n = 0;

	while ((nlh = blob_next(b, nlh)))
		n++;
	return n;
}

static inline int nl_group_id(const struct nlattr *groups, __u32 *id)
{
	const struct nlattr *group, *nla;

	mnl_attr_for_each_nested(group, groups) {
		mnl_attr_for_each_nested(nla, group) {
			if (mnl_attr_get_type(nla) != CTRL_ATTR_MCAST_GRP_ID)
				continue;
			*id = mnl_attr_get_u32(nla);
			return 0;
		}
	}
	return -ENOENT;
}

/* Return: 0, or -errno; -ENOENT where the module is not loaded. */
static inline int nl_open(struct nl *nl)
{
	struct timeval patience = { .tv_sec = 60 };
	__u64 buf[64];
	struct nlmsghdr *nlh;
	int one = 1, err;

	memset(nl, 0, sizeof(*nl));
	nl->sock = mnl_socket_open(NETLINK_GENERIC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO,
		   &patience, sizeof(patience));
	nlh = nl_begin_genl(nl, buf, GENL_ID_CTRL, NLM_F_ACK,
			    CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SKYWIRE_FAMILY_NAME);
	err = nl_send(nl, nlh) ?: nl_finish(nl, NULL);
	if (err)
		return err;
	nl->family = nl_uint(nl->reply, CTRL_ATTR_FAMILY_ID);
	return nl_group_id(nl_attr(nl->reply, CTRL_ATTR_MCAST_GROUPS),
			   &nl->group);
}

static inline void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

static inline int nl_subscribe(struct nl *nl)
{
	int big = 4 << 20;

	setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE,
		   &big, sizeof(big));
	return mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP,
				     &nl->group, sizeof(nl->group)) ? -errno : 0;
}

/* Append what has been notified by now. */
static inline void nl_notified(struct nl *nl, struct blob *b)
{
	const struct nlmsghdr *nlh;
	int len;

	for (;;) {
		len = recv(mnl_socket_get_fd(nl->sock), nl->buf,
			   sizeof(nl->buf), MSG_DONTWAIT);
		if (len <= 0)
			return;
		nlh = (const struct nlmsghdr *)nl->buf;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			blob_add(b, nlh, MNL_ALIGN(nlh->nlmsg_len));
	}
}

/* rtnetlink, as far as devices need it */

static inline int rt_request(struct nlmsghdr *(*make)(struct nl *nl, void *buf,
						      const void *arg),
			     const void *arg)
{
	__u64 buf[128];
	struct nl *nl = calloc(1, sizeof(*nl));
	int err = -ENOMEM;

	if (!nl)
		return err;
	nl->sock = mnl_socket_open(NETLINK_ROUTE);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID))
		err = -errno;
	else
		err = nl_send(nl, make(nl, buf, arg)) ?: nl_finish(nl, NULL);
	nl_close(nl);
	free(nl);
	return err;
}

static inline struct nlmsghdr *rt_make_kind(struct nl *nl, void *buf,
					    const char *name, const char *kind)
{
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTM_NEWLINK, NLM_F_ACK |
					NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

static inline struct nlmsghdr *rt_make_add(struct nl *nl, void *buf,
					   const void *name)
{
	return rt_make_kind(nl, buf, name, "skywire");
}

static inline int rt_add(const char *name)
{
	return rt_request(rt_make_add, name);
}

struct rt_change {
	int	ifindex;
	bool	up;
	bool	down;
	int	pid;	/* move it to this process's namespace */
	const char *name;
};

static inline struct nlmsghdr *rt_make_change(struct nl *nl, void *buf,
					      const void *arg)
{
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTM_NEWLINK, NLM_F_ACK);
	const struct rt_change *c = arg;
	struct ifinfomsg *ifi;

	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = c->ifindex;
	ifi->ifi_change = c->up || c->down ? IFF_UP : 0;
	ifi->ifi_flags = c->up ? IFF_UP : 0;
	if (c->pid)
		mnl_attr_put_u32(nlh, IFLA_NET_NS_PID, c->pid);
	if (c->name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, c->name);
	return nlh;
}

static inline int rt_up(int ifindex)
{
	struct rt_change c = { .ifindex = ifindex, .up = true };

	return rt_request(rt_make_change, &c);
}

static inline int rt_move(int ifindex, int pid)
{
	struct rt_change c = { .ifindex = ifindex, .pid = pid };

	return rt_request(rt_make_change, &c);
}

static inline int rt_rename(int ifindex, const char *name)
{
	struct rt_change c = { .ifindex = ifindex, .name = name };

	return rt_request(rt_make_change, &c);
}

static inline struct nlmsghdr *rt_make_del(struct nl *nl, void *buf,
					   const void *name)
{
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTM_DELLINK, NLM_F_ACK);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

static inline int rt_del(const char *name)
{
	return rt_request(rt_make_del, name);
}

#endif /* _SELFTESTS_REQUEST_H */
