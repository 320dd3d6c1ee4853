// SPDX-License-Identifier: GPL-2.0
/*
 * turmoil KIND ROUNDS KO SECONDS PREFIX: a sender in one namespace, a relay and a far
 * node in another, who flood each other as fast as packets can be made. Meanwhile, so
 * many times, keys are replaced (KIND keys), devices are deleted (devices), the relay's
 * namespace ends (netns), or the module KO is unloaded (module). What is gone is made
 * again, and packets have to arrive again, within so many seconds. Leaves the last
 * namespaces, at rest, as PREFIXhere and PREFIXthere.
 *
 * One process, because a shell's would take most of the time. The floods have what
 * it leaves of the CPUs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "request.h"

enum { SENDER, RELAY, FAR, NODES };
enum { HERE, THERE, SPACES };
enum { PORT = 5000, PAYLOAD = 600, NO_NEXT_HEADER = 59 };

/* A node: where it is, and its links, to the nodes before and after it */
static const struct {
	const char	*name;
	int		space;
} nodes[NODES] = {
	[SENDER]	= { "sw0", HERE },
	[RELAY]		= { "sw1", THERE },
	[FAR]		= { "sw2", THERE },
};

/* A link's label is the number of the node that it leads to, and this. */
enum { LABEL = 100 };

struct space {
	int	fd;
	struct nl nl;
	pid_t	flooder;
};

static struct space spaces[SPACES];
static __u8 address[NODES][16];
static __u32 last_index = 1000;
static unsigned int wire;
static const char *ko;
static unsigned int patience;

static void enter(int space)
{
	if (setns(spaces[space].fd, CLONE_NEWNET))
		err(1, "setns");
}

static struct nl *at(int node)
{
	enter(nodes[node].space);
	return &spaces[nodes[node].space].nl;
}

static void need(int result, const char *what, const struct nl *nl)
{
	if (result)
		errx(1, "%s: %s %s", what, strerror(-result), nl ? nl->error : "");
}

static __u32 index_of(int node)
{
	return if_nametoindex(nodes[node].name);
}

/* A request whose first attribute is to be the device. */
static void ask(int node, __u8 cmd, const char *what, struct attr *attrs)
{
	struct nl *nl = at(node);

	attrs[0].u32 = index_of(node);
	need(nl_request(nl, cmd, attrs), what, nl);
}

#define NEED(node, cmd, ...)						\
	ask(node, SKYWIRE_CMD_##cmd, #cmd, (struct attr[]) {		\
		U32(SKYWIRE_A_DEV_IFINDEX, 0), __VA_ARGS__, {} })

static const __u8 *key_of(int node)
{
	static __u8 keys[NODES][32];

	memset(keys[node], 1 + node, 32);
	return keys[node];
}

/* --- namespaces and the wire between them ------------------------------- */

static void new_space(int space)
{
	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	spaces[space].fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (spaces[space].fd < 0)
		err(1, "namespace");
	need(rt_up(if_nametoindex("lo")), "lo", NULL);
}

static void wire_name(char *name)
{
	snprintf(name, IF_NAMESIZE, "wire%u", wire);
}

static struct nlmsghdr *make_wire(struct nl *nl, void *buf, const void *arg)
{
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTM_NEWLINK, NLM_F_ACK |
					NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *peer;
	char name[IF_NAMESIZE];

	(void)arg;
	wire_name(name);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, spaces[THERE].fd);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

static struct in_addr wire_address(int space)
{
	return (struct in_addr){ htonl(0x0a090001 + (wire % 250 << 8) + space) };
}

static struct nlmsghdr *make_address(struct nl *nl, void *buf, const void *arg)
{
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTM_NEWADDR, NLM_F_ACK |
					NLM_F_CREATE);
	struct in_addr addr = wire_address(*(const int *)arg);
	struct ifaddrmsg *ifa;
	char name[IF_NAMESIZE];

	wire_name(name);
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 24;
	ifa->ifa_index = if_nametoindex(name);
	mnl_attr_put(nlh, IFA_LOCAL, sizeof(addr), &addr);
	return nlh;
}

/* The old one ends when it likes: each has a name and a net of its own. */
static void new_wire(void)
{
	char name[IF_NAMESIZE];
	int space;

	wire++;
	wire_name(name);
	enter(HERE);
	need(rt_request(make_wire, NULL), "wire", NULL);
	for (space = 0; space < SPACES; space++) {
		enter(space);
		need(rt_request(make_address, &space), "address", NULL);
		need(rt_up(if_nametoindex(name)), "wire up", NULL);
	}
}

static void open_sockets(int space)
{
	enter(space);
	need(nl_open(&spaces[space].nl), "netlink", NULL);
}

/* --- nodes --------------------------------------------------------------- */

static struct in_addr remote_of(int node, int other)
{
	if (nodes[node].space == nodes[other].space)
		return (struct in_addr){ htonl(INADDR_LOOPBACK) };
	return wire_address(nodes[other].space);
}

static void add_link(int node, int other)
{
	struct in_addr remote = remote_of(node, other);

	NEED(node, LINK_NEW, U16(SKYWIRE_A_LINK_LABEL, LABEL + other),
	     BIN(SKYWIRE_A_LINK_NEIGHBOUR, key_of(other), 32),
	     BIN(SKYWIRE_A_LINK_REMOTE, &remote, sizeof(remote)),
	     U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(PORT + other)),
	     /* One that has died is found alive as soon. */
	     U32(SKYWIRE_A_LINK_PROBE_IDLE, 20000));
}

static void move_link(int node, int other)
{
	struct in_addr remote = remote_of(node, other);

	NEED(node, LINK_SET, U16(SKYWIRE_A_LINK_LABEL, LABEL + other),
	     BIN(SKYWIRE_A_LINK_REMOTE, &remote, sizeof(remote)),
	     U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(PORT + other)));
}

/* The other end, over the relay, and a prefix behind it */
static void add_peer(int node, int other)
{
	__be16 label = htons(LABEL + other);
	__u8 net[4] = { 10, 77, other, 0 };
	const struct nlattr *nla;

	NEED(node, PEER_NEW, BIN(SKYWIRE_A_PEER_PUBLIC_KEY, key_of(other), 32));
	NEED(node, PATH_NEW, BIN(SKYWIRE_A_PATH_PEER, key_of(other), 32),
	     U16(SKYWIRE_A_PATH_LINK, LABEL + RELAY),
	     BIN(SKYWIRE_A_PATH_LABELS, &label, sizeof(label)));
	NEED(node, PREFIX_NEW, BIN(SKYWIRE_A_PREFIX_PREFIX, net, sizeof(net)),
	     U8(SKYWIRE_A_PREFIX_LENGTH, 24),
	     BIN(SKYWIRE_A_PREFIX_PEER, key_of(other), 32));
	NEED(node, PEER_GET, BIN(SKYWIRE_A_PEER_PUBLIC_KEY, key_of(other), 32));
	nla = nl_attr(spaces[nodes[node].space].nl.reply, SKYWIRE_A_PEER_ADDRESS);
	if (!nla)
		errx(1, "a peer without an address");
	memcpy(address[other], mnl_attr_get_payload(nla), 16);
}

static void build(int node)
{
	enter(nodes[node].space);
	need(rt_add(nodes[node].name), nodes[node].name, NULL);
	NEED(node, DEV_SET, U16(SKYWIRE_A_DEV_PORT, PORT + node),
	     BIN(SKYWIRE_A_DEV_IDENTITY, key_of(node), 32));
	need(rt_up(index_of(node)), "up", NULL);
	if (node > SENDER)
		add_link(node, node - 1);
	if (node < FAR)
		add_link(node, node + 1);
	if (node != RELAY)
		add_peer(node, FAR - node);
}

/* What seals is the index, and what opens as well. */
static void add_key(int node, const struct attr *owner, __u8 cipher, __u32 rx,
		    __u32 tx)
{
	__u8 rx_key[32] = {}, tx_key[32] = {};

	memcpy(rx_key, &rx, sizeof(rx));
	memcpy(tx_key, &tx, sizeof(tx));
	NEED(node, KEY_NEW, *owner, U8(SKYWIRE_A_KEY_CIPHER, cipher),
	     U32(SKYWIRE_A_KEY_RX_INDEX, rx), U32(SKYWIRE_A_KEY_TX_INDEX, tx),
	     BIN(SKYWIRE_A_KEY_RX_KEY, rx_key, 32),
	     BIN(SKYWIRE_A_KEY_TX_KEY, tx_key, 32));
}

/* New keys for a link, or, where there is none, a session. */
static void rekey(int a, int b)
{
	__u32 to_a = ++last_index, to_b = ++last_index;

	if (b - a == 1) {
		/* An asynchronous driver, where there is one */
		add_key(a, &(struct attr)U16(SKYWIRE_A_KEY_LINK, LABEL + b),
			SKYWIRE_CIPHER_AES_256_GCM, to_a, to_b);
		add_key(b, &(struct attr)U16(SKYWIRE_A_KEY_LINK, LABEL + a),
			SKYWIRE_CIPHER_AES_256_GCM, to_b, to_a);
		return;
	}
	add_key(a, &(struct attr)BIN(SKYWIRE_A_KEY_PEER, key_of(b), 32),
		SKYWIRE_CIPHER_CHACHA20_POLY1305, to_a, to_b);
	add_key(b, &(struct attr)BIN(SKYWIRE_A_KEY_PEER, key_of(a), 32),
		SKYWIRE_CIPHER_CHACHA20_POLY1305, to_b, to_a);
}

static void rekey_all(void)
{
	rekey(SENDER, RELAY);
	rekey(RELAY, FAR);
	rekey(SENDER, FAR);
}

static __u64 delivered(int node)
{
	const struct nlattr *nla, *entry;
	__u64 value = 0;
	__u32 id = 0;

	NEED(node, STATS_GET, {});
	mnl_attr_for_each(nla, (struct nlmsghdr *)spaces[nodes[node].space].nl.reply,
			  sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(nla) != SKYWIRE_A_STATS_COUNTER)
			continue;
		mnl_attr_for_each_nested(entry, nla) {
			if (mnl_attr_get_type(entry) == SKYWIRE_A_ENTRY_ID)
				id = mnl_attr_get_u32(entry);
			else if (mnl_attr_get_type(entry) == SKYWIRE_A_ENTRY_VALUE)
				value = mnl_attr_get_u64(entry);
		}
		if (id == SKYWIRE_COUNTER_DELIVERED)
			return value;
	}
	errx(1, "no counter");
}

/* --- floods --------------------------------------------------------------- */

struct packet {
	__be32	first;
	__be16	len;
	__u8	next;
	__u8	hops;
	__u8	from[16];
	__u8	to[16];
	__u8	payload[PAYLOAD];
};

static void flood(int from, int to)
{
	struct packet p = {
		.len = htons(PAYLOAD), .next = NO_NEXT_HEADER, .hops = 64,
	};
	struct sockaddr_ll out = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6),
	};
	__u32 flow = 0;
	int sock;

	memcpy(p.from, address[from], 16);
	memcpy(p.to, address[to], 16);
	sock = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (sock < 0)
		err(1, "flood");
	for (;;) {
		p.first = htonl(6 << 28 | (flow++ & 0xfffff));
		if (sendto(sock, &p, sizeof(p), 0, (void *)&out, sizeof(out)) > 0)
			continue;
		/* The device is not there, or not the same. */
		usleep(500);
		out.sll_ifindex = index_of(from);
	}
}

static void start_flood(int from, int to)
{
	int space = nodes[from].space;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid) {
		spaces[space].flooder = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(space);
	/* Nothing of it may keep a namespace. */
	close_range(0, ~0u, 0);
	if (nice(19) < 0)
		exit(1);
	flood(from, to);
}

static void stop_flood(int space)
{
	kill(spaces[space].flooder, SIGKILL);
	waitpid(spaces[space].flooder, NULL, 0);
}

/* --- rounds --------------------------------------------------------------- */

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static bool arrive(int node)
{
	__u64 before = delivered(node), end = now_ms() + 1000 * patience;

	while (delivered(node) < before + 3) {
		if (now_ms() > end)
			return false;
		usleep(2000);
	}
	return true;
}

static void keys(unsigned int round)
{
	(void)round;
	rekey_all();
}

static void device(unsigned int round)
{
	int node = round % NODES;

	enter(nodes[node].space);
	need(rt_del(nodes[node].name), "delete", NULL);
	build(node);
	rekey_all();
}

static void end_there(void)
{
	nl_close(&spaces[THERE].nl);
	enter(HERE);
	close(spaces[THERE].fd);
}

static void netns(unsigned int round)
{
	(void)round;
	/* It is in the namespace, which would not end. */
	stop_flood(THERE);
	end_there();
	new_space(THERE);
	new_wire();
	open_sockets(THERE);
	build(RELAY);
	build(FAR);
	move_link(SENDER, RELAY);
	rekey_all();
	start_flood(FAR, SENDER);
}

static void module(unsigned int round)
{
	int fd = open(ko, O_RDONLY | O_CLOEXEC);
	int node;

	(void)round;
	if (fd < 0)
		err(1, "%s", ko);
	if (syscall(SYS_delete_module, "skywire", O_NONBLOCK))
		err(1, "unload");
	if (syscall(SYS_finit_module, fd, "numdevs=0 dyndbg=+p", 0))
		err(1, "load");
	close(fd);
	for (node = 0; node < SPACES; node++) {
		nl_close(&spaces[node].nl);
		open_sockets(node);
	}
	for (node = 0; node < NODES; node++)
		build(node);
	rekey_all();
}

static const struct {
	const char	*kind;
	const char	*name;
	void		(*round)(unsigned int round);
} turmoils[] = {
	{ "keys", "keys are replaced", keys },
	{ "devices", "devices are deleted", device },
	{ "netns", "the namespace ends", netns },
	{ "module", "the module is unloaded", module },
};

static unsigned int find(const char *kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(turmoils); i++)
		if (!strcmp(turmoils[i].kind, kind))
			return i;
	errx(2, "no turmoil is %s", kind);
}

/* As "ip netns" does */
static void leave(int space, const char *prefix, const char *name)
{
	char from[64], to[256];
	int fd;

	snprintf(from, sizeof(from), "/proc/self/fd/%d", spaces[space].fd);
	snprintf(to, sizeof(to), "%s%s", prefix, name);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || mount(from, to, NULL, MS_BIND, NULL))
		err(1, "%s", to);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned int i, kind, rounds, round = 0;
	__u64 start, took, slowest = 0;
	bool good;

	if (argc != 6)
		errx(2, "usage: turmoil KIND ROUNDS KO SECONDS PREFIX");
	setvbuf(stdout, NULL, _IOLBF, 0);
	kind = find(argv[1]);
	rounds = atoi(argv[2]);
	ko = argv[3];
	patience = atoi(argv[4]);
	new_space(HERE);
	new_space(THERE);
	new_wire();
	for (i = 0; i < SPACES; i++)
		open_sockets(i);
	for (i = 0; i < NODES; i++)
		build(i);
	rekey_all();
	start_flood(SENDER, FAR);
	start_flood(FAR, SENDER);
	good = arrive(FAR) && arrive(SENDER);
	printf("%s packets arrive\n", good ? "ok" : "not ok");
	start = now_ms();
	for (; good && round < rounds; round++) {
		took = now_ms();
		turmoils[kind].round(round);
		good = arrive(FAR) && arrive(SENDER);
		took = now_ms() - took;
		if (took > slowest)
			slowest = took;
	}
	printf("%s %s under full traffic, %u times\n",
	       good ? "ok" : "not ok", turmoils[kind].name, round);
	printf("%llu ms, the slowest %llu ms\n", now_ms() - start, slowest);
	for (i = 0; i < SPACES; i++)
		stop_flood(i);
	leave(HERE, argv[5], "here");
	leave(THERE, argv[5], "there");
	return !good;
}
