// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink sockets: one for requests, which waits for their answers; one for each
 * class of upcalls, because one that is full loses all that is on it; one for what
 * the device tells all who listen; and one for its end, of which the module does not
 * tell when it is unloaded itself.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ev.h>
#include <linux/rtnetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sodium.h>

#include <skywire/wire.h>

#include "lib/netlink.h"
#include "kernel.h"
#include "log.h"

enum {
	UPCALLS		= SKYWIRE_UPCALL_MISS + 1,
	RECEIVE_BUFFER	= 1 << 20,
	BATCH		= 32,		/* events of a socket in a turn */
	/* All attributes of a request but those that are passed by length */
	REQUEST_LEN	= 1024,
};

struct listener {
	struct kernel	*kernel;
	struct nl_sock	*sock;
	ev_io		io;
};

struct kernel {
	struct ev_loop			*loop;
	struct nl_sock			*request;
	struct listener			upcall[UPCALLS];
	struct listener			notice;
	struct listener			route;
	const struct kernel_events	*events;
	void				*arg;
	unsigned int			ifindex;
	int				family;
};

/* --- requests -------------------------------------------------------------- */

typedef void (*reply_fn)(struct nlattr **attrs, void *arg);

/* A request under way. */
struct talk {
	const struct nlmsghdr	*request;
	reply_fn		reply;
	void			*arg;
	bool			done;
	int			rc;
	struct sw_error		*err;
};

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[SKYWIRE_A_LINK_MAX + 1];
	struct talk *talk = arg;

	/* No set has more attributes than a link. */
	if (talk->reply && !genlmsg_parse(nlmsg_hdr(msg), 0, attrs,
					  SKYWIRE_A_LINK_MAX, NULL))
		talk->reply(attrs, talk->arg);
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct talk *talk = arg;
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);

	talk->done = true;
	if (nlh->nlmsg_type == NLMSG_DONE)
		talk->rc = sw_nl_verdict(nlh, talk->request, talk->err);
	return NL_STOP;
}

/* The header of the message that this is the payload of comes before it. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	const struct nlmsghdr *nlh = (void *)((char *)error - NLMSG_HDRLEN);
	struct talk *talk = arg;

	(void)from;
	talk->done = true;
	talk->rc = sw_nl_verdict(nlh, talk->request, talk->err);
	return NL_STOP;
}

/* Events, which have no number, may come in between. */
static int any_number(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

static int receive(struct nl_sock *sock, struct talk *talk)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int rc = 0;

	if (!cb)
		return sw_fail(talk->err, ENOMEM, "out of memory");
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_number, NULL);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, talk);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, talk);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, talk);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, talk);
	while (!talk->done && rc >= 0)
		rc = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (!talk->done)
		return sw_fail(talk->err, EIO, "netlink: %s", nl_geterror(rc));
	return talk->rc;
}

/* Has a request carried out, and frees it; it may hold keys. */
static int converse(struct nl_sock *sock, struct nl_msg *msg, reply_fn reply,
		    void *arg, struct sw_error *err)
{
	struct sw_error ignored;
	struct talk talk = { .reply = reply, .arg = arg, .err = err ?: &ignored };
	int rc;

	if (!msg)
		return sw_fail(talk.err, ENOMEM, "out of memory");
	talk.request = nlmsg_hdr(msg);
	rc = nl_send_auto(sock, msg);
	if (rc < 0)
		rc = sw_fail(talk.err, EIO, "netlink: %s", nl_geterror(rc));
	else
		rc = receive(sock, &talk);
	sodium_memzero(nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg)));
	nlmsg_free(msg);
	return rc;
}

static struct nl_msg *begin(struct kernel *k, int cmd, int flags, size_t more)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_LEN + more);

	if (!msg)
		return NULL;
	genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, k->family, 0, flags, cmd,
		    SKYWIRE_FAMILY_VERSION);
	/* All sets of attributes begin alike. */
	nla_put_u32(msg, SKYWIRE_A_DEV_IFINDEX, k->ifindex);
	return msg;
}

static int do_it(struct kernel *k, struct nl_msg *msg, struct sw_error *err)
{
	return converse(k->request, msg, NULL, NULL, err);
}

/* --- reading --------------------------------------------------------------- */

static __u8 get_u8(const struct nlattr *nla)
{
	return nla && nla_len(nla) == 1 ? nla_get_u8(nla) : 0;
}

static __u16 get_u16(const struct nlattr *nla)
{
	return nla && nla_len(nla) == 2 ? nla_get_u16(nla) : 0;
}

static __u32 get_u32(const struct nlattr *nla)
{
	return nla && nla_len(nla) == 4 ? nla_get_u32(nla) : 0;
}

static __u64 get_u64(const struct nlattr *nla)
{
	return nla && nla_len(nla) == 8 ? nla_get_u64(nla) : 0;
}

static void get_key(__u8 key[SW_KEY_LEN], const struct nlattr *nla)
{
	if (nla && nla_len(nla) == SW_KEY_LEN)
		memcpy(key, nla_data(nla), SW_KEY_LEN);
}

static __u8 get_labels(__be16 label[SKYWIRE_LABELS_MAX], const struct nlattr *nla)
{
	if (!nla || nla_len(nla) % 2 || nla_len(nla) > SKYWIRE_LABELS_LEN)
		return 0;
	memcpy(label, nla_data(nla), nla_len(nla));
	return nla_len(nla) / 2;
}

static bool is_link_local(const struct sw_addr *addr)
{
	return addr->len == 16 && addr->bytes[0] == 0xfe &&
	       (addr->bytes[1] & 0xc0) == 0x80;
}

/* Return: false where there is none. */
static bool get_endpoint(struct sw_endpoint *ep, struct nlattr **attrs)
{
	const struct nlattr *remote = attrs[SKYWIRE_A_LINK_REMOTE];
	const struct nlattr *name = attrs[SKYWIRE_A_LINK_INTERFACE];
	__u16 port;

	memset(ep, 0, sizeof(*ep));
	if (!remote || nla_len(remote) > (int)sizeof(ep->addr.bytes))
		return false;
	ep->addr.len = nla_len(remote);
	memcpy(ep->addr.bytes, nla_data(remote), ep->addr.len);
	port = get_u16(attrs[SKYWIRE_A_LINK_REMOTE_PORT]);
	ep->port = ntohs(port);
	if (is_link_local(&ep->addr))
		if_indextoname(get_u32(attrs[SKYWIRE_A_LINK_OIF]), ep->zone);
	if (ep->addr.len == 6 && name && nla_len(name) <= IF_NAMESIZE)
		nla_strlcpy(ep->zone, name, sizeof(ep->zone));
	return ep->addr.len == 4 || ep->addr.len == 6 || ep->addr.len == 16;
}

static void get_link(struct kernel_link *link, struct nlattr **attrs)
{
	memset(link, 0, sizeof(*link));
	link->label = get_u16(attrs[SKYWIRE_A_LINK_LABEL]);
	get_key(link->neighbour, attrs[SKYWIRE_A_LINK_NEIGHBOUR]);
	link->has_endpoint = get_endpoint(&link->endpoint, attrs);
	link->mtu = get_u32(attrs[SKYWIRE_A_LINK_MTU]);
	link->liveness = get_u8(attrs[SKYWIRE_A_LINK_LIVENESS]);
	link->rtt = get_u32(attrs[SKYWIRE_A_LINK_RTT]);
	link->loss = get_u32(attrs[SKYWIRE_A_LINK_LOSS]);
	link->price_base = get_u32(attrs[SKYWIRE_A_LINK_PRICE_BASE]);
	link->price_rate = get_u32(attrs[SKYWIRE_A_LINK_PRICE_RATE]);
}

/* --- upcalls --------------------------------------------------------------- */

static void pass_handshake(struct kernel *k, struct nlattr **attrs)
{
	const struct nlattr *frame = attrs[SKYWIRE_A_LINK_FRAME];
	struct sw_endpoint from;

	if (frame && get_endpoint(&from, attrs))
		k->events->handshake(k->arg, &from, nla_data(frame), nla_len(frame));
}

static void pass_message(struct kernel *k, struct nlattr **attrs)
{
	const struct nlattr *payload = attrs[SKYWIRE_A_CONTROL_PAYLOAD];
	struct kernel_message m = {
		.link = get_u16(attrs[SKYWIRE_A_CONTROL_LINK]),
		.postage = get_u32(attrs[SKYWIRE_A_CONTROL_POSTAGE]),
	};

	if (!payload)
		return;
	m.count = get_labels(m.label, attrs[SKYWIRE_A_CONTROL_LABELS]);
	m.payload = nla_data(payload);
	m.len = nla_len(payload);
	k->events->message(k->arg, &m);
}

static void pass_miss(struct kernel *k, struct nlattr **attrs)
{
	const struct nlattr *addr = attrs[SKYWIRE_A_MISS_ADDRESS];
	const struct nlattr *peer = attrs[SKYWIRE_A_MISS_PEER];
	struct sw_addr of = { .len = addr ? nla_len(addr) : 0 };

	if (of.len != 4 && of.len != 16)
		return;
	memcpy(of.bytes, nla_data(addr), of.len);
	k->events->miss(k->arg, &of, peer && nla_len(peer) == SW_KEY_LEN ?
			nla_data(peer) : NULL);
}

static void pass_link(struct kernel *k, struct nlattr **attrs, bool gone)
{
	struct kernel_link link;

	get_link(&link, attrs);
	k->events->link(k->arg, &link, gone);
}

static void read_path(struct nlattr **attrs, void *arg)
{
	struct kernel_path *path = arg;

	memset(path, 0, sizeof(*path));
	get_key(path->peer, attrs[SKYWIRE_A_PATH_PEER]);
	path->id = get_u8(attrs[SKYWIRE_A_PATH_ID]);
	path->state = get_u8(attrs[SKYWIRE_A_PATH_STATE]);
	path->link = get_u16(attrs[SKYWIRE_A_PATH_LINK]);
	path->count = get_labels(path->label, attrs[SKYWIRE_A_PATH_LABELS]);
	path->preference = get_u32(attrs[SKYWIRE_A_PATH_PREFERENCE]);
	path->mtu = get_u32(attrs[SKYWIRE_A_PATH_MTU]);
	path->postage_base = get_u32(attrs[SKYWIRE_A_PATH_POSTAGE_BASE]);
	path->postage_rate = get_u32(attrs[SKYWIRE_A_PATH_POSTAGE_RATE]);
}

static void pass_path(struct kernel *k, struct nl_msg *msg)
{
	struct nlattr *attrs[SKYWIRE_A_PATH_MAX + 1];
	struct kernel_path path;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, SKYWIRE_A_PATH_MAX, NULL))
		return;
	read_path(attrs, &path);
	k->events->path(k->arg, &path);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[SKYWIRE_A_LINK_MAX + 1];
	struct kernel *k = ((struct listener *)arg)->kernel;
	const struct genlmsghdr *head = nlmsg_data(nlmsg_hdr(msg));

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, SKYWIRE_A_LINK_MAX, NULL) ||
	    get_u32(attrs[SKYWIRE_A_DEV_IFINDEX]) != k->ifindex)
		return NL_OK;
	switch (head->cmd) {
	case SKYWIRE_CMD_HANDSHAKE_UPCALL:
		pass_handshake(k, attrs);
		break;
	case SKYWIRE_CMD_CONTROL_UPCALL:
		pass_message(k, attrs);
		break;
	case SKYWIRE_CMD_MISS_UPCALL:
		pass_miss(k, attrs);
		break;
	case SKYWIRE_CMD_LINK_NTF:
		pass_link(k, attrs, false);
		break;
	case SKYWIRE_CMD_LINK_DEL_NTF:
		pass_link(k, attrs, true);
		break;
	case SKYWIRE_CMD_PATH_NTF:
		pass_path(k, msg);
		break;
	}
	return NL_OK;
}

/* Of all interfaces */
static int on_link_change(struct nl_msg *msg, void *arg)
{
	const struct ifinfomsg *link = nlmsg_data(nlmsg_hdr(msg));
	struct kernel *k = ((struct listener *)arg)->kernel;

	if (nlmsg_hdr(msg)->nlmsg_type == RTM_DELLINK &&
	    link->ifi_family == AF_UNSPEC &&
	    (unsigned int)link->ifi_index == k->ifindex)
		k->events->gone(k->arg);
	return NL_OK;
}

/* Several in a turn: what is done after each turn is not done for each event. */
static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct listener *l = io->data;
	int i, rc = 0;

	(void)loop;
	(void)revents;
	for (i = 0; i < BATCH && !rc; i++)
		rc = nl_recvmsgs_default(l->sock);
	if (rc == -NLE_NOMEM && (l == &l->kernel->notice || l == &l->kernel->route))
		l->kernel->events->lost(l->kernel->arg);
}

/* --- opening --------------------------------------------------------------- */

static struct nl_sock *open_socket(struct sw_error *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int on = 1, rc;

	if (!sock) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	rc = genl_connect(sock);
	if (rc) {
		sw_fail(err, EIO, "netlink socket: %s", nl_geterror(rc));
		nl_socket_free(sock);
		return NULL;
	}
	nl_socket_enable_msg_peek(sock);
	/* Each only makes answers better: a refusal does no harm. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on));
	return sock;
}

/* Its events are taken from now on. */
static int listen_on(struct kernel *k, struct listener *l, struct sw_error *err)
{
	l->kernel = k;
	l->sock = open_socket(err);
	if (!l->sock)
		return -EIO;
	nl_socket_set_buffer_size(l->sock, RECEIVE_BUFFER, 0);
	return 0;
}

static void start(struct kernel *k, struct listener *l,
		  int (*fn)(struct nl_msg *msg, void *arg))
{
	nl_socket_disable_seq_check(l->sock);
	nl_socket_modify_cb(l->sock, NL_CB_VALID, NL_CB_CUSTOM, fn, l);
	nl_socket_set_nonblocking(l->sock);
	ev_io_init(&l->io, on_readable, nl_socket_get_fd(l->sock), EV_READ);
	l->io.data = l;
	ev_io_start(k->loop, &l->io);
}

static int bind_class(struct kernel *k, __u8 class, struct sw_error *err)
{
	struct listener *l = &k->upcall[class];
	struct nl_msg *msg;
	int rc = listen_on(k, l, err);

	if (rc)
		return rc;
	msg = begin(k, SKYWIRE_CMD_UPCALL_BIND, 0, 0);
	if (msg)
		nla_put_u8(msg, SKYWIRE_A_UPCALL_CLASS, class);
	rc = converse(l->sock, msg, NULL, NULL, err);
	if (!rc)
		start(k, l, on_event);
	return rc;
}

static int subscribe(struct kernel *k, struct sw_error *err)
{
	int group, rc = listen_on(k, &k->notice, err);

	if (rc)
		return rc;
	group = genl_ctrl_resolve_grp(k->request, SKYWIRE_FAMILY_NAME,
				      SKYWIRE_MCGRP_CONFIG);
	rc = group < 0 ? group : nl_socket_add_memberships(k->notice.sock, group, 0);
	if (rc < 0)
		return sw_fail(err, EIO, "multicast group '%s': %s",
			       SKYWIRE_MCGRP_CONFIG, nl_geterror(rc));
	start(k, &k->notice, on_event);
	return 0;
}

static int follow_device(struct kernel *k, struct sw_error *err)
{
	struct listener *l = &k->route;
	int rc;

	l->kernel = k;
	l->sock = nl_socket_alloc();
	if (!l->sock)
		return sw_fail(err, ENOMEM, "out of memory");
	rc = nl_connect(l->sock, NETLINK_ROUTE);
	if (!rc)
		rc = nl_socket_add_memberships(l->sock, RTNLGRP_LINK, 0);
	if (rc)
		return sw_fail(err, EIO, "interfaces cannot be followed: %s",
			       nl_geterror(rc));
	start(k, l, on_link_change);
	return 0;
}

static int open_all(struct kernel *k, struct sw_error *err)
{
	__u8 class;
	int rc;

	k->request = open_socket(err);
	if (!k->request)
		return -EIO;
	k->family = genl_ctrl_resolve(k->request, SKYWIRE_FAMILY_NAME);
	if (k->family < 0)
		return sw_fail(err, ENOENT,
			       "skywire: module not loaded? (genl family not found)");
	rc = follow_device(k, err) ?: subscribe(k, err);
	for (class = 0; !rc && class < UPCALLS; class++)
		rc = bind_class(k, class, err);
	return rc;
}

static void stop(struct kernel *k, struct listener *l)
{
	ev_io_stop(k->loop, &l->io);
	nl_socket_free(l->sock);
}

void kernel_close(struct kernel *k)
{
	__u8 class;

	if (!k)
		return;
	for (class = 0; class < UPCALLS; class++)
		stop(k, &k->upcall[class]);
	stop(k, &k->notice);
	stop(k, &k->route);
	nl_socket_free(k->request);
	free(k);
}

struct kernel *kernel_open(struct ev_loop *loop, unsigned int ifindex,
			   const struct kernel_events *events, void *arg,
			   struct sw_error *err)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	k->loop = loop;
	k->ifindex = ifindex;
	k->events = events;
	k->arg = arg;
	if (!open_all(k, err))
		return k;
	kernel_close(k);
	return NULL;
}

/* --- what it is told ------------------------------------------------------- */

int kernel_device_set(struct kernel *k, const __u8 key[SW_KEY_LEN], __u16 port,
		      __u32 fwmark, struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_DEV_SET, 0, 0);

	if (msg) {
		nla_put(msg, SKYWIRE_A_DEV_IDENTITY, SW_KEY_LEN, key);
		if (port)
			nla_put_u16(msg, SKYWIRE_A_DEV_PORT, port);
		nla_put_u32(msg, SKYWIRE_A_DEV_FWMARK, fwmark);
	}
	return do_it(k, msg, err);
}

static void put_endpoint(struct nl_msg *msg, const struct sw_endpoint *ep)
{
	bool ether = ep->addr.len == 6;

	nla_put_u8(msg, SKYWIRE_A_LINK_TRANSPORT, ether ?
		   SKYWIRE_TRANSPORT_ETHERNET : SKYWIRE_TRANSPORT_UDP);
	nla_put(msg, SKYWIRE_A_LINK_REMOTE, ep->addr.len, ep->addr.bytes);
	if (ether) {
		nla_put_string(msg, SKYWIRE_A_LINK_INTERFACE, ep->zone);
		return;
	}
	nla_put_u16(msg, SKYWIRE_A_LINK_REMOTE_PORT, htons(ep->port));
	nla_put_u32(msg, SKYWIRE_A_LINK_OIF,
		    ep->zone[0] ? if_nametoindex(ep->zone) : 0);
}

int kernel_handshake_send(struct kernel *k, const struct sw_endpoint *to,
			  const __u8 *frame, size_t len, struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_HANDSHAKE_SEND, 0, len);

	if (msg) {
		put_endpoint(msg, to);
		nla_put(msg, SKYWIRE_A_LINK_FRAME, len, frame);
	}
	return do_it(k, msg, err);
}

/* IP fragments what is too large for an interface; Ethernet does not. */
__u32 kernel_frame_room(struct kernel *k, const struct sw_endpoint *at)
{
	struct ifreq of = { 0 };
	int fd, rc;

	(void)k;
	if (at->addr.len != 6)
		return SKYWIRE_LINK_MTU_MAX;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return SKYWIRE_LINK_MTU_DEFAULT;
	strcpy(of.ifr_name, at->zone);
	rc = ioctl(fd, SIOCGIFMTU, &of);
	close(fd);
	if (rc || of.ifr_mtu < SW_LINK_OVERHEAD)
		return SKYWIRE_LINK_MTU_DEFAULT;
	return of.ifr_mtu - SW_LINK_OVERHEAD;
}

static void read_link(struct nlattr **attrs, void *arg)
{
	get_link(arg, attrs);
}

int kernel_link_add(struct kernel *k, struct kernel_link *link,
		    struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_LINK_NEW, 0, 0);
	struct kernel_link made = { 0 };
	int rc;

	if (msg) {
		if (link->label)
			nla_put_u16(msg, SKYWIRE_A_LINK_LABEL, link->label);
		nla_put(msg, SKYWIRE_A_LINK_NEIGHBOUR, SW_KEY_LEN, link->neighbour);
		if (link->has_endpoint)
			put_endpoint(msg, &link->endpoint);
		nla_put_u32(msg, SKYWIRE_A_LINK_MTU, link->mtu);
	}
	rc = converse(k->request, msg, read_link, &made, err);
	if (!rc)
		link->label = made.label;
	return rc;
}

static struct nl_msg *begin_link(struct kernel *k, int cmd, __u16 label)
{
	struct nl_msg *msg = begin(k, cmd, 0, 0);

	if (msg)
		nla_put_u16(msg, SKYWIRE_A_LINK_LABEL, label);
	return msg;
}

int kernel_link_get(struct kernel *k, __u16 label, struct kernel_link *link)
{
	return converse(k->request, begin_link(k, SKYWIRE_CMD_LINK_GET, label),
			read_link, link, NULL);
}

int kernel_link_del(struct kernel *k, __u16 label, struct sw_error *err)
{
	return do_it(k, begin_link(k, SKYWIRE_CMD_LINK_DEL, label), err);
}

static void put_key(struct nl_msg *msg, const struct kernel_key *key)
{
	if (key->link)
		nla_put_u16(msg, SKYWIRE_A_KEY_LINK, key->link);
	else
		nla_put(msg, SKYWIRE_A_KEY_PEER, SW_KEY_LEN, key->peer);
	nla_put_u8(msg, SKYWIRE_A_KEY_CIPHER, key->cipher);
	nla_put_u8(msg, SKYWIRE_A_KEY_ROLE, key->role);
	nla_put_u8(msg, SKYWIRE_A_KEY_SEAL, key->seal);
	nla_put_u32(msg, SKYWIRE_A_KEY_RX_INDEX, key->rx_index);
	nla_put_u32(msg, SKYWIRE_A_KEY_TX_INDEX, key->tx_index);
	nla_put_u32(msg, SKYWIRE_A_KEY_SOFT_TIME, key->soft_time);
	nla_put(msg, SKYWIRE_A_KEY_OPAQUE, key->opaque_len, key->opaque);
}

int kernel_key_add(struct kernel *k, const struct kernel_key *key,
		   const __u8 *tx, const __u8 *rx, size_t len,
		   struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_KEY_NEW, 0, 0);

	if (msg) {
		put_key(msg, key);
		nla_put(msg, SKYWIRE_A_KEY_TX_KEY, len, tx);
		nla_put(msg, SKYWIRE_A_KEY_RX_KEY, len, rx);
	}
	return do_it(k, msg, err);
}

static int do_peer(struct kernel *k, int cmd, const __u8 key[SW_KEY_LEN],
		   struct sw_error *err)
{
	struct nl_msg *msg = begin(k, cmd, 0, 0);

	if (msg)
		nla_put(msg, SKYWIRE_A_PEER_PUBLIC_KEY, SW_KEY_LEN, key);
	return do_it(k, msg, err);
}

int kernel_peer_add(struct kernel *k, const __u8 key[SW_KEY_LEN],
		    struct sw_error *err)
{
	int rc = do_peer(k, SKYWIRE_CMD_PEER_NEW, key, err);

	/* The kernel says the same where another key has its address. */
	if (rc == -EEXIST)
		rc = do_peer(k, SKYWIRE_CMD_PEER_GET, key, err);
	return rc;
}

int kernel_peer_del(struct kernel *k, const __u8 key[SW_KEY_LEN],
		    struct sw_error *err)
{
	return do_peer(k, SKYWIRE_CMD_PEER_DEL, key, err);
}

static void read_packets(struct nlattr **attrs, void *arg)
{
	*(__u64 *)arg = get_u64(attrs[SKYWIRE_A_PEER_RX_PACKETS]) +
			get_u64(attrs[SKYWIRE_A_PEER_TX_PACKETS]);
}

int kernel_peer_packets(struct kernel *k, const __u8 key[SW_KEY_LEN],
			__u64 *packets)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_PEER_GET, 0, 0);

	if (msg)
		nla_put(msg, SKYWIRE_A_PEER_PUBLIC_KEY, SW_KEY_LEN, key);
	return converse(k->request, msg, read_packets, packets, NULL);
}

/* What may change of a path */
static void put_terms(struct nl_msg *msg, const struct kernel_path *path)
{
	nla_put(msg, SKYWIRE_A_PATH_PEER, SW_KEY_LEN, path->peer);
	if (path->id)
		nla_put_u8(msg, SKYWIRE_A_PATH_ID, path->id);
	nla_put_u32(msg, SKYWIRE_A_PATH_PREFERENCE, path->preference);
	nla_put_u32(msg, SKYWIRE_A_PATH_MTU, path->mtu);
	nla_put_u32(msg, SKYWIRE_A_PATH_POSTAGE_BASE, path->postage_base);
	nla_put_u32(msg, SKYWIRE_A_PATH_POSTAGE_RATE, path->postage_rate);
}

int kernel_path_add(struct kernel *k, struct kernel_path *path,
		    struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_PATH_NEW, 0, 0);
	struct kernel_path made = { 0 };
	int rc;

	if (msg) {
		put_terms(msg, path);
		nla_put_u16(msg, SKYWIRE_A_PATH_LINK, path->link);
		nla_put(msg, SKYWIRE_A_PATH_LABELS, 2 * path->count, path->label);
	}
	rc = converse(k->request, msg, read_path, &made, err);
	if (!rc)
		path->id = made.id;
	return rc;
}

int kernel_path_set(struct kernel *k, const struct kernel_path *path,
		    struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_PATH_SET, 0, 0);

	if (msg)
		put_terms(msg, path);
	return do_it(k, msg, err);
}

int kernel_path_del(struct kernel *k, const __u8 peer[SW_KEY_LEN], __u8 id,
		    struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_PATH_DEL, 0, 0);

	if (msg) {
		nla_put(msg, SKYWIRE_A_PATH_PEER, SW_KEY_LEN, peer);
		nla_put_u8(msg, SKYWIRE_A_PATH_ID, id);
	}
	return do_it(k, msg, err);
}

static struct nl_msg *begin_prefix(struct kernel *k, int cmd,
				   const struct sw_prefix *prefix)
{
	struct nl_msg *msg = begin(k, cmd, 0, 0);

	if (msg) {
		nla_put(msg, SKYWIRE_A_PREFIX_PREFIX, prefix->addr.len,
			prefix->addr.bytes);
		nla_put_u8(msg, SKYWIRE_A_PREFIX_LENGTH, prefix->length);
	}
	return msg;
}

int kernel_prefix_add(struct kernel *k, const __u8 peer[SW_KEY_LEN],
		      const struct sw_prefix *prefix, struct sw_error *err)
{
	struct nl_msg *msg = begin_prefix(k, SKYWIRE_CMD_PREFIX_NEW, prefix);

	if (msg)
		nla_put(msg, SKYWIRE_A_PREFIX_PEER, SW_KEY_LEN, peer);
	return do_it(k, msg, err);
}

int kernel_prefix_del(struct kernel *k, const struct sw_prefix *prefix,
		      struct sw_error *err)
{
	return do_it(k, begin_prefix(k, SKYWIRE_CMD_PREFIX_DEL, prefix), err);
}

int kernel_message_send(struct kernel *k, const struct kernel_message *m,
			struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_CONTROL_SEND, 0, m->len);

	if (msg) {
		nla_put_u16(msg, SKYWIRE_A_CONTROL_LINK, m->link);
		if (m->count)
			nla_put(msg, SKYWIRE_A_CONTROL_LABELS, 2 * m->count,
				m->label);
		if (m->postage)
			nla_put_u32(msg, SKYWIRE_A_CONTROL_POSTAGE, m->postage);
		nla_put(msg, SKYWIRE_A_CONTROL_PAYLOAD, m->len, m->payload);
	}
	return do_it(k, msg, err);
}

int kernel_miss_answer(struct kernel *k, const struct sw_addr *addr,
		       __u8 verdict, struct sw_error *err)
{
	struct nl_msg *msg = begin(k, SKYWIRE_CMD_MISS_ANSWER, 0, 0);

	if (msg) {
		nla_put(msg, SKYWIRE_A_MISS_ADDRESS, addr->len, addr->bytes);
		nla_put_u8(msg, SKYWIRE_A_MISS_VERDICT, verdict);
	}
	return do_it(k, msg, err);
}

/* --- dumps ----------------------------------------------------------------- */

struct link_dump {
	void	(*fn)(void *arg, const struct kernel_link *link);
	void	*arg;
};

static void dump_link(struct nlattr **attrs, void *arg)
{
	struct link_dump *d = arg;
	struct kernel_link link;

	get_link(&link, attrs);
	d->fn(d->arg, &link);
}

int kernel_links(struct kernel *k, void (*fn)(void *arg, const struct kernel_link *link),
		 void *arg, struct sw_error *err)
{
	struct link_dump d = { fn, arg };

	return converse(k->request, begin(k, SKYWIRE_CMD_LINK_GET, NLM_F_DUMP, 0),
			dump_link, &d, err);
}

struct key_dump {
	void	(*fn)(void *arg, const struct kernel_key *key);
	void	*arg;
};

static void dump_key(struct nlattr **attrs, void *arg)
{
	const struct nlattr *opaque = attrs[SKYWIRE_A_KEY_OPAQUE];
	struct kernel_key key = {
		.link = get_u16(attrs[SKYWIRE_A_KEY_LINK]),
		.cipher = get_u8(attrs[SKYWIRE_A_KEY_CIPHER]),
		.role = get_u8(attrs[SKYWIRE_A_KEY_ROLE]),
		.slot = get_u8(attrs[SKYWIRE_A_KEY_SLOT]),
		.seal = get_u8(attrs[SKYWIRE_A_KEY_SEAL]),
		.rx_index = get_u32(attrs[SKYWIRE_A_KEY_RX_INDEX]),
		.tx_index = get_u32(attrs[SKYWIRE_A_KEY_TX_INDEX]),
		.soft_time = get_u32(attrs[SKYWIRE_A_KEY_SOFT_TIME]),
		.age = get_u64(attrs[SKYWIRE_A_KEY_AGE]),
	};
	struct key_dump *d = arg;

	get_key(key.peer, attrs[SKYWIRE_A_KEY_PEER]);
	if (opaque && nla_len(opaque) <= SKYWIRE_OPAQUE_LEN) {
		key.opaque_len = nla_len(opaque);
		memcpy(key.opaque, nla_data(opaque), key.opaque_len);
	}
	d->fn(d->arg, &key);
}

int kernel_keys(struct kernel *k, void (*fn)(void *arg, const struct kernel_key *key),
		void *arg, struct sw_error *err)
{
	struct key_dump d = { fn, arg };

	return converse(k->request, begin(k, SKYWIRE_CMD_KEY_GET, NLM_F_DUMP, 0),
			dump_key, &d, err);
}

struct path_dump {
	void	(*fn)(void *arg, const struct kernel_path *path);
	void	*arg;
};

static void dump_path(struct nlattr **attrs, void *arg)
{
	struct kernel_path path;
	struct path_dump *d = arg;

	read_path(attrs, &path);
	d->fn(d->arg, &path);
}

int kernel_paths(struct kernel *k, void (*fn)(void *arg, const struct kernel_path *path),
		 void *arg, struct sw_error *err)
{
	struct path_dump d = { fn, arg };

	return converse(k->request, begin(k, SKYWIRE_CMD_PATH_GET, NLM_F_DUMP, 0),
			dump_path, &d, err);
}

struct prefix_dump {
	void	(*fn)(void *arg, const __u8 peer[SW_KEY_LEN],
		      const struct sw_prefix *prefix);
	void	*arg;
};

static void dump_prefix(struct nlattr **attrs, void *arg)
{
	const struct nlattr *addr = attrs[SKYWIRE_A_PREFIX_PREFIX];
	struct sw_prefix prefix = {
		.length = get_u8(attrs[SKYWIRE_A_PREFIX_LENGTH]),
	};
	struct prefix_dump *d = arg;
	__u8 peer[SW_KEY_LEN] = { 0 };

	if (!addr || nla_len(addr) > (int)sizeof(prefix.addr.bytes) ||
	    attrs[SKYWIRE_A_PREFIX_OWN])
		return;
	prefix.addr.len = nla_len(addr);
	memcpy(prefix.addr.bytes, nla_data(addr), prefix.addr.len);
	get_key(peer, attrs[SKYWIRE_A_PREFIX_PEER]);
	d->fn(d->arg, peer, &prefix);
}

int kernel_prefixes(struct kernel *k,
		    void (*fn)(void *arg, const __u8 peer[SW_KEY_LEN],
			       const struct sw_prefix *prefix),
		    void *arg, struct sw_error *err)
{
	struct prefix_dump d = { fn, arg };

	return converse(k->request, begin(k, SKYWIRE_CMD_PREFIX_GET, NLM_F_DUMP, 0),
			dump_prefix, &d, err);
}
