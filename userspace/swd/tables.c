// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <ev.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "tables.h"

struct tables {
	struct ev_loop	*loop;
	ev_io		io;
	struct nl_sock	*sock;
	void		(*deleted)(void *arg);
	void		*arg;
	bool		seen;
};

static int on_message(struct nl_msg *msg, void *arg)
{
	struct tables *t = arg;

	t->seen |= nlmsg_hdr(msg)->nlmsg_type ==
		   (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE);
	return NL_OK;
}

/* What was lost may have been that. */
static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct tables *t = io->data;
	int rc = nl_recvmsgs_default(t->sock);

	(void)loop;
	(void)revents;
	if (!t->seen && (rc >= 0 || rc == -NLE_AGAIN))
		return;
	t->seen = false;
	t->deleted(t->arg);
}

static int join(struct tables *t)
{
	if (!t->sock)
		return -NLE_NOMEM;
	nl_socket_disable_seq_check(t->sock);
	nl_socket_modify_cb(t->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, t);
	return nl_connect(t->sock, NETLINK_NETFILTER) ?:
	       nl_socket_add_memberships(t->sock, NFNLGRP_NFTABLES, 0) ?:
	       nl_socket_set_nonblocking(t->sock);
}

struct tables *tables_watch(struct ev_loop *loop, void (*deleted)(void *arg), void *arg,
			    struct sw_error *err)
{
	struct tables *t = calloc(1, sizeof(*t));
	int rc;

	if (!t) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	t->loop = loop;
	t->deleted = deleted;
	t->arg = arg;
	t->sock = nl_socket_alloc();
	rc = join(t);
	if (rc) {
		sw_fail(err, EIO, "nftables cannot be followed: %s", nl_geterror(rc));
		nl_socket_free(t->sock);
		free(t);
		return NULL;
	}
	ev_io_init(&t->io, on_readable, nl_socket_get_fd(t->sock), EV_READ);
	t->io.data = t;
	ev_io_start(loop, &t->io);
	return t;
}

void tables_free(struct tables *t)
{
	if (!t)
		return;
	ev_io_stop(t->loop, &t->io);
	nl_socket_free(t->sock);
	free(t);
}
