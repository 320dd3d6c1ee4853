// SPDX-License-Identifier: GPL-2.0
/*
 * faults: carries out each kind of request again and again, the first time with
 * the first allocation failing that it makes, then the second, until none is left
 * to fail. A request that fails has no effect: it is undone, or found not to need
 * that. One that succeeds although something failed did all that it says, and shows
 * what it always shows.
 *
 * Runs in a namespace of its own, with a kernel that can inject faults. Prints its
 * results as "ok" and "not ok".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "kselftest.h"
#include "request.h"
#include <skywire/wire.h>

#define SW0		STR(SKYWIRE_A_DEV_IFNAME, "sw0")
#define ATTRS(...)	((const struct attr[]){ SW0, __VA_ARGS__, {} })

static const __u8 key_a[32] = { 1 }, key_b[32] = { 2 }, key_c[32] = { 3 };
static const __u8 secret[][32] = { { 1, 1 }, { 2, 2 } };
static const __u8 mac[6] = { 2, 0, 0, 0, 0, 9 }, other_mac[6] = { 2, 0, 0, 0, 0, 8 };
static const __u8 home[4] = { 127, 0, 0, 1 }, away[4] = { 127, 0, 0, 2 };
static const __u8 net1[4] = { 10, 1 }, net2[4] = { 10, 2 };
static const __u8 label[2] = { 0, 7 };
static const __u8 message[2000] = "in fragments";
static const __u8 frame[80] = { SW_FRAME_INITIATION, 0, 0, 80 };
static const __u8 nobody[16] = { 0xfc, 9 };

/* What a request looks like: one of this family's, or rtnetlink's of @make */
struct request {
	__u8			cmd;
	bool			dump;
	const struct attr	*attrs;
	struct nlmsghdr		*(*make)(struct nl *nl, void *buf, const void *arg);
	const void		*arg;
};

/**
 * struct operation - what is made to fail
 * @name: for the results
 * @what: request
 * @undo: what undoes it; may be nothing
 * @needless: what @undo says where @what had no effect; 0 where it says nothing
 * @show: then, what shows that there was no effect; may be nothing
 * @ages: what it answers has times in it, which are not the same the next time
 * @want: what @what returns when nothing fails
 */
struct operation {
	const char	*name;
	struct request	what;
	struct request	undo;
	int		needless;
	struct request	show;
	bool		ages;
	int		want;
};

static const struct rt_change sw1_up = { .up = true }, sw1_down = { .down = true };
static struct rt_change change;

/* The device's index is not known before. */
static struct nlmsghdr *make_change(struct nl *nl, void *buf, const void *arg)
{
	change = *(const struct rt_change *)arg;
	change.ifindex = if_nametoindex("sw1");
	return rt_make_change(nl, buf, &change);
}

#define REQUEST(c, ...)	{ .cmd = SKYWIRE_CMD_##c, .attrs = ATTRS(__VA_ARGS__) }
#define DUMP(c)		{ .cmd = SKYWIRE_CMD_##c, .dump = true,		\
			  .attrs = ATTRS({}) }
#define ROUTE(f, a)	{ .make = (f), .arg = (a) }

#define DEV_SET(port, mark, key)					\
	REQUEST(DEV_SET, U16(SKYWIRE_A_DEV_PORT, port),			\
		U32(SKYWIRE_A_DEV_FWMARK, mark),			\
		BIN(SKYWIRE_A_DEV_IDENTITY, key, 32))
#define LINK(c, n)	REQUEST(LINK_##c, U16(SKYWIRE_A_LINK_LABEL, n))
#define LINK_NEW(n, k)							\
	REQUEST(LINK_NEW, U16(SKYWIRE_A_LINK_LABEL, n),			\
		BIN(SKYWIRE_A_LINK_NEIGHBOUR, k, 32),			\
		BIN(SKYWIRE_A_LINK_REMOTE, home, 4),			\
		U16(SKYWIRE_A_LINK_REMOTE_PORT, 9),			\
		U32(SKYWIRE_A_LINK_PROBE_BUSY, 0))
#define ETHER_NEW(n, k)							\
	REQUEST(LINK_NEW, U16(SKYWIRE_A_LINK_LABEL, n),			\
		BIN(SKYWIRE_A_LINK_NEIGHBOUR, k, 32),			\
		U8(SKYWIRE_A_LINK_TRANSPORT, SKYWIRE_TRANSPORT_ETHERNET),	\
		BIN(SKYWIRE_A_LINK_REMOTE, mac, 6),			\
		STR(SKYWIRE_A_LINK_INTERFACE, "wire"))
#define ETHER_SET(n, to)						\
	REQUEST(LINK_SET, U16(SKYWIRE_A_LINK_LABEL, n),			\
		BIN(SKYWIRE_A_LINK_REMOTE, to, 6),			\
		STR(SKYWIRE_A_LINK_INTERFACE, "wire"))
#define LINK_SET(n, to, mtu)						\
	REQUEST(LINK_SET, U16(SKYWIRE_A_LINK_LABEL, n),			\
		BIN(SKYWIRE_A_LINK_REMOTE, to, 4),			\
		U16(SKYWIRE_A_LINK_REMOTE_PORT, 9),			\
		U32(SKYWIRE_A_LINK_MTU, mtu))
#define PEER(c, k, ...)							\
	REQUEST(PEER_##c, BIN(SKYWIRE_A_PEER_PUBLIC_KEY, k, 32), ##__VA_ARGS__)
#define PATH(c, n, ...)							\
	REQUEST(PATH_##c, BIN(SKYWIRE_A_PATH_PEER, key_b, 32),		\
		U8(SKYWIRE_A_PATH_ID, n), ##__VA_ARGS__)
#define PATH_NEW(n)							\
	PATH(NEW, n, U16(SKYWIRE_A_PATH_LINK, 1),			\
	     BIN(SKYWIRE_A_PATH_LABELS, label, 2))
#define PATH_SET(n, link, weight)					\
	PATH(SET, n, U16(SKYWIRE_A_PATH_LINK, link),			\
	     U16(SKYWIRE_A_PATH_WEIGHT, weight))
#define PREFIX(c, p, ...)						\
	REQUEST(PREFIX_##c, BIN(SKYWIRE_A_PREFIX_PREFIX, p, 4),		\
		U8(SKYWIRE_A_PREFIX_LENGTH, 16), ##__VA_ARGS__)
#define PREFIX_NEW(p, k)						\
	PREFIX(NEW, p, BIN(SKYWIRE_A_PREFIX_PEER, k, 32))
#define KEY(c, n, ...)							\
	REQUEST(KEY_##c, U32(SKYWIRE_A_KEY_RX_INDEX, n), ##__VA_ARGS__)
#define KEY_NEW(n, cipher, ...)						\
	KEY(NEW, n, U32(SKYWIRE_A_KEY_TX_INDEX, 9),			\
	    U8(SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_##cipher),		\
	    BIN(SKYWIRE_A_KEY_RX_KEY, secret[0], 32),			\
	    BIN(SKYWIRE_A_KEY_TX_KEY, secret[1], 32), __VA_ARGS__)
#define OF_LINK(n)	U16(SKYWIRE_A_KEY_LINK, n)
#define OF_PEER(k)	BIN(SKYWIRE_A_KEY_PEER, k, 32)
#define UPCALL(c, n)							\
	REQUEST(UPCALL_##c, U8(SKYWIRE_A_UPCALL_CLASS, SKYWIRE_UPCALL_##n))

/* Before all: link 1 with a key, 3 and 4 without, 4 over Ethernet; peers a and b. */
static const struct request before[] = {
	DEV_SET(5000, 0, key_c),
	LINK_NEW(1, key_a),
	LINK_NEW(3, key_b),
	ETHER_NEW(4, key_b),
	KEY_NEW(501, CHACHA20_POLY1305, OF_LINK(1)),
	PEER(NEW, key_a),
	PEER(NEW, key_b),
	PATH_NEW(1),
	PREFIX_NEW(net1, key_b),
	KEY_NEW(502, CHACHA20_POLY1305, OF_PEER(key_b)),
	UPCALL(BIND, MISS),
};

static const struct operation operations[] = {
	{ .name = "dev show", .what = REQUEST(DEV_GET, {}) },
	{ .name = "dev show, all", .what = DUMP(DEV_GET) },
	{ .name = "dev set", .what = DEV_SET(5005, 7, message),
	  .undo = DEV_SET(5000, 0, key_c), .show = REQUEST(DEV_GET, {}) },
	{ .name = "stats", .what = REQUEST(STATS_GET, {}) },
	{ .name = "link show", .what = LINK(GET, 1) },
	{ .name = "link show, all", .what = DUMP(LINK_GET) },
	{ .name = "link add", .what = LINK_NEW(2, key_b),
	  .undo = LINK(DEL, 2), .needless = -ENOENT },
	/* The first one of its page of labels */
	{ .name = "link add, far off", .what = LINK_NEW(40000, key_b),
	  .undo = LINK(DEL, 40000), .needless = -ENOENT },
	{ .name = "link add, over Ethernet", .what = ETHER_NEW(2, key_b),
	  .undo = LINK(DEL, 2), .needless = -ENOENT },
	{ .name = "link set", .what = LINK_SET(1, away, 1400),
	  .undo = LINK_SET(1, home, 1420), .show = LINK(GET, 1) },
	{ .name = "link set, over Ethernet", .what = ETHER_SET(4, other_mac),
	  .undo = ETHER_SET(4, mac), .show = LINK(GET, 4) },
	{ .name = "link del", .what = LINK(DEL, 3),
	  .undo = LINK_NEW(3, key_b), .needless = -EEXIST },
	{ .name = "peer show", .what = PEER(GET, key_a) },
	{ .name = "peer show, all", .what = DUMP(PEER_GET) },
	{ .name = "peer add", .what = PEER(NEW, message),
	  .undo = PEER(DEL, message), .needless = -ENOENT },
	{ .name = "peer set",
	  .what = PEER(SET, key_a, U8(SKYWIRE_A_PEER_REDUNDANCY, 2)),
	  .undo = PEER(SET, key_a, U8(SKYWIRE_A_PEER_REDUNDANCY, 1)),
	  .show = PEER(GET, key_a) },
	{ .name = "peer del", .what = PEER(DEL, key_a),
	  .undo = PEER(NEW, key_a), .needless = -EEXIST },
	{ .name = "path show", .what = PATH(GET, 1) },
	{ .name = "path show, all", .what = DUMP(PATH_GET) },
	{ .name = "path add", .what = PATH_NEW(2),
	  .undo = PATH(DEL, 2), .needless = -ENOENT },
	{ .name = "path set", .what = PATH_SET(1, 3, 9),
	  .undo = PATH_SET(1, 1, 1), .show = PATH(GET, 1) },
	{ .name = "path del", .what = PATH(DEL, 1),
	  .undo = PATH_NEW(1), .needless = -EEXIST },
	{ .name = "prefix add", .what = PREFIX_NEW(net2, key_b),
	  .undo = PREFIX(DEL, net2), .needless = -ENOENT },
	{ .name = "prefix show",
	  .what = REQUEST(PREFIX_GET, BIN(SKYWIRE_A_PREFIX_PREFIX, net1, 4),
			  U8(SKYWIRE_A_PREFIX_LENGTH, 32)) },
	{ .name = "prefix show, all", .what = DUMP(PREFIX_GET) },
	{ .name = "prefix del", .what = PREFIX(DEL, net1),
	  .undo = PREFIX_NEW(net1, key_b) },
	{ .name = "key show", .what = KEY(GET, 501), .ages = true },
	{ .name = "key show, all", .what = DUMP(KEY_GET), .ages = true },
	{ .name = "key add, of a link",
	  .what = KEY_NEW(777, CHACHA20_POLY1305, OF_LINK(3)),
	  .undo = KEY(DEL, 777), .needless = -ENOENT },
	/* The crypto API is asked for this one. */
	{ .name = "key add, by a driver", .what = KEY_NEW(777, AES_256_GCM, OF_LINK(3)),
	  .undo = KEY(DEL, 777), .needless = -ENOENT },
	{ .name = "key add, of a session",
	  .what = KEY_NEW(778, CHACHA20_POLY1305, OF_PEER(key_a)),
	  .undo = KEY(DEL, 778), .needless = -ENOENT },
	{ .name = "key del", .what = KEY(DEL, 502),
	  .undo = KEY_NEW(502, CHACHA20_POLY1305, OF_PEER(key_b)),
	  .needless = -EALREADY },
	{ .name = "upcall bind", .what = UPCALL(BIND, CONTROL),
	  .undo = UPCALL(UNBIND, CONTROL), .needless = -ENOENT },
	{ .name = "upcall unbind", .what = UPCALL(UNBIND, MISS),
	  .undo = UPCALL(BIND, MISS) },
	{ .name = "handshake send",
	  .what = REQUEST(HANDSHAKE_SEND, BIN(SKYWIRE_A_LINK_FRAME, frame, 80),
			  BIN(SKYWIRE_A_LINK_REMOTE, home, 4),
			  U16(SKYWIRE_A_LINK_REMOTE_PORT, 9)) },
	{ .name = "control send",
	  .what = REQUEST(CONTROL_SEND, U16(SKYWIRE_A_CONTROL_LINK, 1),
			  BIN(SKYWIRE_A_CONTROL_PAYLOAD, message, 2000)) },
	{ .name = "miss answer",
	  .what = REQUEST(MISS_ANSWER, BIN(SKYWIRE_A_MISS_ADDRESS, nobody, 16)),
	  .want = -ENOENT },
	{ .name = "device up", .what = ROUTE(make_change, &sw1_up),
	  .undo = ROUTE(make_change, &sw1_down) },
	{ .name = "device add", .what = ROUTE(rt_make_add, "sw9"),
	  .undo = ROUTE(rt_make_del, "sw9"), .needless = -ENODEV },
};

static struct nl genl, route, listener;
static int fail_nth;

static bool is_there(const struct request *r)
{
	return r->cmd || r->make;
}

static void set_fail(unsigned int n)
{
	char text[16];
	int len = sprintf(text, "%u", n);

	if (pwrite(fail_nth, text, len, 0) != len)
		err(1, "fail-nth");
}

/* Is there still an allocation to come that is to fail? */
static bool fail_is_left(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		err(1, "fail-nth");
	return atoi(text) > 0;
}

/* The rest of a dump comes although a part of it did not, and would be in the way. */
static int read_dump(struct blob *objects)
{
	int result = nl_finish(&genl, objects);

	return result == -ENOBUFS ? nl_finish(&genl, NULL) ?: result : result;
}

/* What objects are, whatever message says so */
static void blank(struct blob *objects)
{
	const struct nlmsghdr *nlh = NULL;

	while ((nlh = blob_next(objects, nlh)))
		((struct nlmsghdr *)nlh)->nlmsg_seq = 0;
}

/*
 * Carry out a request, with its allocation number @n failing, if there is one. A dump
 * allocates while it is being read, too. Leaves the objects that it shows in @objects.
 * Return: what it said; or -ENOBUFS where that was lost.
 */
static int carry_out(const struct request *r, unsigned int n, bool *left,
		     struct blob *objects)
{
	struct nl *nl = r->make ? &route : &genl;
	static __u64 buf[1024];
	struct nlmsghdr *nlh;
	int result;

	if (r->make) {
		nlh = r->make(nl, buf, r->arg);
	} else {
		nlh = nl_begin_genl(nl, buf, nl->family,
				    r->dump ? NLM_F_DUMP : NLM_F_ACK, r->cmd);
		nl_put(nlh, r->attrs);
	}
	set_fail(n);
	result = nl_send(nl, nlh);
	if (r->dump)
		result = result ?: read_dump(objects);
	if (left)
		*left = fail_is_left();
	set_fail(0);
	if (!r->dump)
		result = result ?: nl_finish(nl, objects);
	if (objects)
		blank(objects);
	return result;
}

static struct blob shown(const struct request *r)
{
	struct blob b = {};

	if (!is_there(r))
		return b;
	if (carry_out(r, 0, NULL, &b) || !b.len)
		errx(1, "command %u shows nothing: %s", r->cmd, genl.error);
	return b;
}

static bool same(const struct blob *a, const struct blob *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/* Undo what had an effect, and see that what had none needs no undoing. */
static bool undo(const struct operation *o, int result, const struct blob *was)
{
	struct blob now = {};
	bool good = true;
	int undone;

	if (!is_there(&o->undo))
		return true;
	if (result < 0 && result != -ENOBUFS && is_there(&o->show)) {
		now = shown(&o->show);
		good = same(was, &now);
		blob_free(&now);
	}
	undone = carry_out(&o->undo, 0, NULL, NULL);
	if (!o->needless)
		return good && !undone;
	if (!result)
		return !undone;
	if (result != -ENOBUFS)
		return undone == o->needless;
	return !undone || undone == o->needless;
}

static bool try_all(const struct operation *o)
{
	struct blob was = shown(&o->show), shows = {}, objects = {};
	unsigned int n, failed = 0;
	bool left, good = true;
	int result;

	if (!is_there(&o->undo))
		carry_out(&o->what, 0, NULL, &shows);
	for (n = 1; good; n++) {
		objects.len = 0;
		result = carry_out(&o->what, n, &left, &objects);
		good = undo(o, result, &was);
		if (good && !result && !is_there(&o->undo))
			good = o->ages ? objects.len == shows.len : same(&objects, &shows);
		if (!good)
			printf("%s: %d after failure %u\n", o->name, result, n);
		if (left)
			break;
		failed += result < 0 && result != o->want;
		/* A device's life is long; not each of its moments is tried. */
		if (o->what.make)
			n += n / 16;
	}
	if (good && result != o->want) {
		printf("%s: %d when nothing fails: %s\n", o->name, result, genl.error);
		good = false;
	}
	blob_free(&was);
	blob_free(&shows);
	blob_free(&objects);
	printf("%s %s: %u allocations, %u failures were told\n",
	       good && n > 1 && failed ? "ok" : "not ok", o->name, n - 1, failed);
	return good && n > 1 && failed;
}

static struct nlmsghdr *make_wire(struct nl *nl, void *buf, const void *name)
{
	return rt_make_kind(nl, buf, name, "veth");
}

static void prepare(void)
{
	unsigned int i;

	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		err(1, "fail-nth");
	if (nl_open(&genl) || nl_open(&listener) || nl_subscribe(&listener))
		errx(1, "no socket");
	route.sock = mnl_socket_open(NETLINK_ROUTE);
	if (!route.sock || mnl_socket_bind(route.sock, 0, MNL_SOCKET_AUTOPID))
		err(1, "no socket");
	if (rt_up(if_nametoindex("lo")) || rt_request(make_wire, "wire") ||
	    rt_add("sw0") || rt_add("sw1"))
		errx(1, "no devices");
	for (i = 0; i < ARRAY_SIZE(before); i++)
		if (carry_out(&before[i], 0, NULL, NULL))
			errx(1, "request %u: %s", i, genl.error);
	if (rt_up(if_nametoindex("sw0")))
		errx(1, "sw0 does not come up");
}

int main(void)
{
	struct blob told = {};
	bool good = true;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare();
	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		good &= try_all(&operations[i]);
		/* Nobody reads what is told. */
		nl_notified(&listener, &told);
		told.len = 0;
	}
	return !good;
}
