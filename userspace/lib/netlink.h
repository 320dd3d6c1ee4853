/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netlink client. A request is built with sw_nl_begin() and libmnl's
 * mnl_attr_put_*(), in a buffer of the caller's, before or after the socket is
 * opened; what comes back is kept as a list of messages.
 */
#ifndef _SKYWIRE_LIB_NETLINK_H
#define _SKYWIRE_LIB_NETLINK_H

#include <stddef.h>

#include <libmnl/libmnl.h>

#include <skywire/types.h>

#include "error.h"

struct sw_nl;

/* Messages, in the order in which they came. All zeros is the empty list. */
struct sw_messages {
	struct nlmsghdr	**msg;
	size_t		count;
	size_t		room;
};

void sw_messages_free(struct sw_messages *list);

/**
 * sw_nl_open - open a socket to the module in this network namespace
 * @err: what was wrong
 *
 * Return: the client, or NULL with errno set.
 */
struct sw_nl *sw_nl_open(struct sw_error *err);
void sw_nl_close(struct sw_nl *nl);

/* @buf: zeroed room for the whole request, 8 bytes aligned */
struct nlmsghdr *sw_nl_begin(void *buf, __u8 cmd);

/**
 * sw_nl_do - have a request carried out
 * @nl: client
 * @nlh: request
 * @reply: list that the answer is added to, or NULL
 * @err: the kernel's reason, with the attribute that is to blame
 *
 * Return: 0 or a negative errno, as the kernel had it.
 */
int sw_nl_do(struct sw_nl *nl, struct nlmsghdr *nlh, struct sw_messages *reply,
	     struct sw_error *err);

/**
 * sw_nl_dump - have all objects listed
 *
 * A dump that changes interrupted is begun anew, a few times. Return: 0, or 1
 * where the last try was interrupted as well and its list may lack objects or
 * hold some twice, or a negative errno.
 */
int sw_nl_dump(struct sw_nl *nl, struct nlmsghdr *nlh, struct sw_messages *list,
	       struct sw_error *err);

/* From now on changes are kept for sw_nl_listen(). */
int sw_nl_subscribe(struct sw_nl *nl, struct sw_error *err);

/* Readable when there are notifications. */
int sw_nl_fd(const struct sw_nl *nl);

/*
 * Waits for notifications and hands those that have come to @fn, until it returns
 * other than 0. Return: what it returned, or a negative errno: after -ENOBUFS some
 * notifications were lost, and the next call goes on.
 */
int sw_nl_listen(struct sw_nl *nl, int (*fn)(const struct nlmsghdr *nlh, void *arg),
		 void *arg, struct sw_error *err);

/*
 * What a message of type NLMSG_ERROR, or the end of a dump, says: 0, or a
 * negative errno with @err telling why. @req is what was asked.
 */
int sw_nl_verdict(const struct nlmsghdr *answer, const struct nlmsghdr *req,
		  struct sw_error *err);

#endif /* _SKYWIRE_LIB_NETLINK_H */
