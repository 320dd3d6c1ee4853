// SPDX-License-Identifier: GPL-2.0
/*
 * noise SEED COUNT NETNS|+NETNS|-: so many random requests over all commands, in
 * that namespace; there, as a user who may do nothing; or in a new one that
 * belongs to a new user namespace of such a user.
 *
 * What may be in a request is what the kernel itself says, in its dump of the
 * family's policies. Most requests are sound in form, with values at their limits
 * and names of objects that may exist; the others are broken in some way.
 *
 * Then all that there is gets deleted; a COUNT of 0 does no more than that. Prints
 * its results as "ok" and "not ok".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kselftest.h"
#include "request.h"
#include <skywire/wire.h>

enum {
	TYPES	= 64,
	ROOM	= 80 * 1024,
	NODES	= 8,	/* public keys that are drawn from */
	LABELS	= 16,
	INDICES	= 16,
	ENOUGH	= 20000, /* requests for each command to be taken */
	ASKED	= 26,	/* commands that are requests; the others tell of something */
	NOBODY	= 65534,
};

struct policy {
	__u32	kind;		/* enum netlink_attribute_type */
	__u64	min;
	__u64	max;
	__u32	min_len;
	__u32	max_len;
};

struct command {
	__s32	policy;		/* number of the policy; -1 where there is none */
	__u32	sent;
	__u32	taken;
};

static struct policy policies[SKYWIRE_CMD_MAX + 1][TYPES];
static struct command commands[256];
static __u64 random_state;
static struct nl nl;
static __u32 devices[2];
static __u8 last_label;
static unsigned int failures;

static __u64 draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dull;
}

static __u32 below(__u32 n)
{
	return (draw() >> 32) * n >> 32;
}

/* True in @n of 100 cases */
static bool chance(unsigned int n)
{
	return below(100) < n;
}

static void report(bool good, const char *what)
{
	failures += !good;
	printf("%s %s\n", good ? "ok" : "not ok", what);
}

/* --- what the kernel says of its policies ------------------------------- */

static void read_policy(const struct nlattr *nest, struct policy *p)
{
	const struct nlattr *nla;

	*p = (struct policy){ .max = ~0ull, .max_len = 32768 };
	mnl_attr_for_each_nested(nla, nest) {
		switch (mnl_attr_get_type(nla)) {
		case NL_POLICY_TYPE_ATTR_TYPE:
			p->kind = mnl_attr_get_u32(nla);
			break;
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
			memcpy(&p->min, mnl_attr_get_payload(nla), 8);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
			memcpy(&p->max, mnl_attr_get_payload(nla), 8);
			break;
		case NL_POLICY_TYPE_ATTR_MIN_LENGTH:
			p->min_len = mnl_attr_get_u32(nla);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_LENGTH:
			p->max_len = mnl_attr_get_u32(nla);
			break;
		}
	}
}

static void read_op(const struct nlattr *ops)
{
	const struct nlattr *op, *nla;

	mnl_attr_for_each_nested(op, ops) {
		mnl_attr_for_each_nested(nla, op) {
			if (mnl_attr_get_type(nla) == CTRL_ATTR_POLICY_DO)
				commands[mnl_attr_get_type(op) & 255].policy =
					mnl_attr_get_u32(nla);
		}
	}
}

static void read_policies(const struct nlattr *all)
{
	const struct nlattr *one, *attr;
	unsigned int cmd, type;

	mnl_attr_for_each_nested(one, all) {
		mnl_attr_for_each_nested(attr, one) {
			type = mnl_attr_get_type(attr);
			for (cmd = 0; cmd <= SKYWIRE_CMD_MAX; cmd++)
				if (commands[cmd].policy == (__s32)mnl_attr_get_type(one) &&
				    type < TYPES)
					read_policy(attr, &policies[cmd][type]);
		}
	}
}

/* Commands come before policies. */
static void ask_policies(void)
{
	const struct nlmsghdr *nlh = NULL;
	struct blob dump = {};
	struct nlmsghdr *req;
	unsigned int i;
	__u64 buf[64];

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		commands[i].policy = -1;
	req = nl_begin_genl(&nl, buf, GENL_ID_CTRL, NLM_F_DUMP,
			    CTRL_CMD_GETPOLICY);
	mnl_attr_put_strz(req, CTRL_ATTR_FAMILY_NAME, SKYWIRE_FAMILY_NAME);
	if (nl_send(&nl, req) || nl_finish(&nl, &dump))
		errx(1, "the kernel does not tell its policies");
	while ((nlh = blob_next(&dump, nlh))) {
		if (nl_attr(nlh, CTRL_ATTR_OP_POLICY))
			read_op(nl_attr(nlh, CTRL_ATTR_OP_POLICY));
		if (nl_attr(nlh, CTRL_ATTR_POLICY))
			read_policies(nl_attr(nlh, CTRL_ATTR_POLICY));
	}
	blob_free(&dump);
}

/* --- values -------------------------------------------------------------- */

static __u64 draw_uint(const struct policy *p, unsigned int bytes)
{
	__u64 top = bytes == 8 ? ~0ull : (1ull << 8 * bytes) - 1;
	__u64 max = p->max < top ? p->max : top;

	switch (below(8)) {
	case 0:
		return p->min;
	case 1:
		return max;
	case 2:
		return max - below(4);
	case 3:
		return draw() >> below(64);
	default:
		return p->min + draw() % (max - p->min + 1 ?: ~0ull);
	}
}

/* A label that was given up is only for who had it before. */
static unsigned int draw_neighbour(__u8 *to, __u8 label)
{
	memset(to, 1 + (chance(90) ? label % NODES : below(NODES)), 32);
	return 32;
}

static unsigned int draw_key(__u8 *to)
{
	if (chance(95))
		memset(to, 1 + below(NODES), 32);
	else
		to[below(32)] = draw();
	return 32;
}

static unsigned int draw_address(__u8 *to)
{
	static const unsigned int lens[] = { 4, 4, 4, 16, 6 };
	unsigned int len = lens[below(ARRAY_SIZE(lens))];

	memset(to, 0, len);
	to[0] = len == 4 ? 127 : len == 16 ? 0xfd : 2;
	to[len - 1] = 1 + below(4);
	if (chance(10))
		to[below(len)] = draw();
	return len;
}

static unsigned int draw_labels(__u8 *to)
{
	unsigned int i, count = chance(20) ? 24 + below(2) : below(4);

	for (i = 0; i < count; i++) {
		to[2 * i] = 0;
		to[2 * i + 1] = !chance(2) + below(LABELS);
	}
	return 2 * count + chance(2);
}

static unsigned int draw_frame(__u8 *to)
{
	unsigned int len = SKYWIRE_HANDSHAKE_MIN + below(200);

	memset(to, 0, SW_FRAME_LEN);
	to[0] = 1 + below(2);
	to[2] = len >> 8;
	to[3] = len;
	return len;
}

/* An address that goes with most lengths of prefixes */
static unsigned int draw_net(__u8 *to)
{
	unsigned int len = chance(50) ? 4 : 16;

	memset(to, 0, len);
	to[0] = len == 4 ? 10 + below(4) : 0xfd - below(4);
	if (chance(10))
		to[len - 1] = draw();
	return len;
}

static bool is_link(__u8 cmd)
{
	return (cmd >= SKYWIRE_CMD_LINK_GET && cmd <= SKYWIRE_CMD_LINK_DEL) ||
	       cmd == SKYWIRE_CMD_HANDSHAKE_SEND;
}

/* Bytes whose length the policy leaves open */
static unsigned int draw_open(__u8 *to, __u8 cmd, unsigned int type)
{
	if (is_link(cmd))
		return type == SKYWIRE_A_LINK_FRAME ? draw_frame(to) :
						      draw_address(to);
	switch (cmd) {
	case SKYWIRE_CMD_KEY_NEW:
		if (type == SKYWIRE_A_KEY_OPAQUE)
			return below(66);
		return chance(90) ? 32 : 16;
	case SKYWIRE_CMD_CONTROL_SEND:
		if (type == SKYWIRE_A_CONTROL_LABELS)
			return draw_labels(to);
		return chance(90) ? below(600) : SKYWIRE_CONTROL_MAX - 1 + below(3);
	case SKYWIRE_CMD_PATH_NEW:
	case SKYWIRE_CMD_PATH_SET:
		return draw_labels(to);
	case SKYWIRE_CMD_PREFIX_GET:
	case SKYWIRE_CMD_PREFIX_NEW:
	case SKYWIRE_CMD_PREFIX_DEL:
		return draw_net(to);
	default:
		return draw_address(to);
	}
}

static void fill(__u8 *to, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		to[i] = draw() >> 32;
}

static unsigned int draw_bytes(__u8 *to, __u8 cmd, unsigned int type,
			       const struct policy *p)
{
	unsigned int len;

	fill(to, 64);
	if (cmd == SKYWIRE_CMD_LINK_NEW && type == SKYWIRE_A_LINK_NEIGHBOUR)
		len = draw_neighbour(to, last_label);
	else if (p->min_len == 32)
		len = draw_key(to);
	else
		len = draw_open(to, cmd, type);
	if (chance(97))
		return len;
	/* Of any length, also longer than a message may be */
	len = chance(50) ? below(70) : draw() >> (48 + below(16));
	return len < ROOM / 4 ? len : ROOM / 4;
}

static unsigned int draw_text(__u8 *to)
{
	static const char *const names[] = {
		"sw0", "sw1", "lo", "to-a", "", "%s", "an interface name",
	};
	const char *name = names[below(ARRAY_SIZE(names))];

	strcpy((char *)to, name);
	return strlen(name) + !chance(5);
}

static unsigned int width(__u32 kind)
{
	switch (kind) {
	case NL_ATTR_TYPE_U8:
		return 1;
	case NL_ATTR_TYPE_U16:
		return 2;
	case NL_ATTR_TYPE_U32:
		return 4;
	case NL_ATTR_TYPE_U64:
		return 8;
	default:
		return 0;
	}
}

static bool is_index(__u8 cmd, unsigned int type)
{
	return cmd >= SKYWIRE_CMD_KEY_GET && cmd <= SKYWIRE_CMD_KEY_DEL &&
	       type == SKYWIRE_A_KEY_RX_INDEX;
}

static __u64 draw_number(const struct policy *p, __u8 cmd, unsigned int type)
{
	static const __u8 lengths[] = { 8, 16, 24, 32, 64, 128 };
	unsigned int bytes = width(p->kind);

	/* Of 16 bits and never 0: labels */
	if (bytes == 2 && p->min == 1 && chance(95)) {
		last_label = 1 + below(LABELS);
		return last_label;
	}
	/* Of prefixes: the longest is 128. */
	if (p->max == 128 && chance(90))
		return lengths[below(ARRAY_SIZE(lengths))];
	/* Most have few paths. */
	if (p->max == SKYWIRE_PATHS_MAX && chance(60))
		return 1 + below(3);
	if (is_index(cmd, type) && chance(95))
		return below(INDICES);
	return draw_uint(p, bytes);
}

static void put(struct nlmsghdr *nlh, unsigned int type, __u8 cmd)
{
	static __u8 data[ROOM];
	const struct policy *p = &policies[cmd][type];
	unsigned int len = width(p->kind);
	__u64 value;

	if (len) {
		value = draw_number(p, cmd, type);
		memcpy(data, &value, sizeof(value));
	} else if (p->kind == NL_ATTR_TYPE_NUL_STRING) {
		len = draw_text(data);
	} else {
		len = draw_bytes(data, cmd, type, p);
	}
	/* It would fit, but for these. */
	if (chance(1))
		len = below(40);
	if (chance(1))
		type |= NLA_F_NESTED;
	if (chance(1))
		type |= NLA_F_NET_BYTEORDER;
	if (nlh->nlmsg_len + len + 64 < ROOM)
		mnl_attr_put(nlh, type, len, data);
}

/* --- requests ------------------------------------------------------------ */

static void put_device(struct nlmsghdr *nlh)
{
	if (chance(96))
		mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_IFINDEX, devices[below(2)]);
	else if (chance(70))
		mnl_attr_put_strz(nlh, SKYWIRE_A_DEV_IFNAME, "sw1");
}

/* What a request is of little use without. */
static bool is_needed(__u8 cmd, unsigned int type)
{
	switch (cmd) {
	case SKYWIRE_CMD_LINK_NEW:
		return type == SKYWIRE_A_LINK_LABEL || type == SKYWIRE_A_LINK_NEIGHBOUR ||
		       type == SKYWIRE_A_LINK_REMOTE || type == SKYWIRE_A_LINK_REMOTE_PORT;
	case SKYWIRE_CMD_KEY_NEW:
		return type >= SKYWIRE_A_KEY_CIPHER && type <= SKYWIRE_A_KEY_TX_KEY;
	case SKYWIRE_CMD_PATH_NEW:
		return type >= SKYWIRE_A_PATH_PEER && type <= SKYWIRE_A_PATH_LABELS;
	case SKYWIRE_CMD_HANDSHAKE_SEND:
		return type == SKYWIRE_A_LINK_FRAME || type == SKYWIRE_A_LINK_REMOTE ||
		       type == SKYWIRE_A_LINK_REMOTE_PORT;
	case SKYWIRE_CMD_CONTROL_SEND:
		return type == SKYWIRE_A_CONTROL_LINK ||
		       type == SKYWIRE_A_CONTROL_PAYLOAD;
	case SKYWIRE_CMD_DEV_SET:
		return false;
	default:
		/* The object's name, of one or two attributes */
		return type <= SKYWIRE_A_DEV_IFNAME + 2;
	}
}

/* Some of those that it may have. A key has one owner, mostly. */
static void put_attributes(struct nlmsghdr *nlh, __u8 cmd)
{
	unsigned int density = below(10) * below(10), type, skip = 0;

	put_device(nlh);
	if (cmd == SKYWIRE_CMD_KEY_NEW && chance(95))
		skip = chance(50) ? SKYWIRE_A_KEY_LINK : SKYWIRE_A_KEY_PEER;
	for (type = SKYWIRE_A_DEV_IFNAME + 1; type < TYPES; type++)
		if (policies[cmd][type].kind && type != skip &&
		    (skip && type <= SKYWIRE_A_KEY_PEER ? true :
		     chance(is_needed(cmd, type) ? 97 : density)))
			put(nlh, type, cmd);
}

/* What no request should be */
static void damage(struct nlmsghdr *nlh)
{
	__u8 *bytes = (__u8 *)nlh;
	struct nlattr *nla;

	switch (below(6)) {
	case 0:		/* bits */
		bytes[NLMSG_HDRLEN + below(nlh->nlmsg_len - NLMSG_HDRLEN)] ^=
			1 << below(8);
		break;
	case 1:		/* cut short */
		nlh->nlmsg_len = NLMSG_HDRLEN + below(nlh->nlmsg_len - NLMSG_HDRLEN);
		break;
	case 2:		/* more behind it */
		fill(bytes + nlh->nlmsg_len, 32);
		nlh->nlmsg_len += below(32);
		break;
	case 3:		/* an attribute that says it is longer, or nothing */
		nla = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct genlmsghdr));
		nla->nla_len = chance(50) ? below(4) : draw();
		break;
	case 4:		/* a type that nobody knows */
		mnl_attr_put_u32(nlh, below(0x4000), draw());
		break;
	case 5:		/* one twice */
		mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_IFINDEX, draw());
		break;
	}
}

/* More is made than deleted, or the rest would find nothing. */
static __u8 draw_command(void)
{
	static const __u8 makers[] = {
		SKYWIRE_CMD_LINK_NEW, SKYWIRE_CMD_PEER_NEW, SKYWIRE_CMD_PATH_NEW,
		SKYWIRE_CMD_PREFIX_NEW, SKYWIRE_CMD_KEY_NEW, SKYWIRE_CMD_KEY_NEW,
	};

	if (chance(25))
		return makers[below(ARRAY_SIZE(makers))];
	return chance(98) ? 1 + below(SKYWIRE_CMD_MAX) : draw();
}

static struct nlmsghdr *make(void *buf)
{
	__u8 cmd = draw_command();
	struct nlmsghdr *nlh;

	nlh = nl_begin_genl(&nl, buf, nl.family, NLM_F_ACK, cmd);
	if (cmd <= SKYWIRE_CMD_MAX && commands[cmd].policy >= 0)
		put_attributes(nlh, cmd);
	/* One dump at a time: others are refused until it has been read. */
	if (chance(3))
		nlh->nlmsg_flags |= NLM_F_DUMP;
	if (chance(1))
		nlh->nlmsg_flags = draw();
	if (chance(8))
		damage(nlh);
	return nlh;
}

/* What answers say, of commands by their sequence numbers */
enum { PENDING = 1 << 16 };
static __u8 asked[PENDING];
static unsigned int starved;

static void listen_once(int flags)
{
	const struct nlmsghdr *nlh;
	int len, code;

	len = recv(mnl_socket_get_fd(nl.sock), nl.buf, sizeof(nl.buf), flags);
	for (nlh = (void *)nl.buf; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type != NLMSG_ERROR)
			continue;
		memcpy(&code, mnl_nlmsg_get_payload(nlh), sizeof(code));
		starved += code == -ENOMEM;
		commands[asked[nlh->nlmsg_seq % PENDING]].taken += !code;
	}
}

static void make_noise(unsigned long count)
{
	static __u64 buf[ROOM / 8];
	struct nlmsghdr *nlh;
	const struct genlmsghdr *genl;
	unsigned long i;
	__u8 cmd;

	for (i = 0; i < count; i++) {
		nlh = make(buf);
		genl = mnl_nlmsg_get_payload(nlh);
		/* What is no request is acknowledged unseen. */
		cmd = nlh->nlmsg_flags & NLM_F_REQUEST &&
		      nlh->nlmsg_len >= NLMSG_HDRLEN + sizeof(*genl) ? genl->cmd : 0;
		asked[nl.seq % PENDING] = cmd;
		commands[cmd].sent++;
		mnl_socket_sendto(nl.sock, nlh, nlh->nlmsg_len);
		listen_once(MSG_DONTWAIT);
	}
	printf("%u failed for want of memory\n", starved);
}

/* --- afterwards ---------------------------------------------------------- */

static unsigned int count_of(__u8 cmd, __u32 device)
{
	struct blob dump = {};
	unsigned int n = ~0u;

	if (!NL_DUMP(&nl, cmd, &dump, U32(SKYWIRE_A_DEV_IFINDEX, device)))
		n = blob_count(&dump);
	blob_free(&dump);
	return n;
}

/* Does the device count what it shows, and not too much of it? */
static bool within_limits(__u32 device)
{
	static const struct {
		__u8	cmd;
		__u16	attr;
		__u32	most;
	} kinds[] = {
		{ SKYWIRE_CMD_LINK_GET, SKYWIRE_A_DEV_LINKS, SKYWIRE_LINKS_MAX },
		{ SKYWIRE_CMD_PEER_GET, SKYWIRE_A_DEV_PEERS, SKYWIRE_PEERS_MAX },
		{ SKYWIRE_CMD_PREFIX_GET, SKYWIRE_A_DEV_PREFIXES, SKYWIRE_PREFIXES_MAX },
	};
	unsigned int i, n, says, peers = 0, links = 0;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		n = count_of(kinds[i].cmd, device);
		if (NL_DO(&nl, SKYWIRE_CMD_DEV_GET, U32(SKYWIRE_A_DEV_IFINDEX, device)))
			return false;
		says = nl_uint(nl.reply, kinds[i].attr);
		printf("%u of a kind, %u counted\n", n, says);
		if (n != says || n > kinds[i].most)
			return false;
		if (!i)
			links = n;
		else if (i == 1)
			peers = n;
	}
	return count_of(SKYWIRE_CMD_PATH_GET, device) <= peers * SKYWIRE_PATHS_MAX &&
	       count_of(SKYWIRE_CMD_KEY_GET, device) <= 3 * (peers + links);
}

/* Delete all objects of a kind by the name that a dump gives. */
static bool delete_all(__u32 device, __u8 get, __u8 del, __u16 name)
{
	const struct nlmsghdr *nlh = NULL;
	struct blob dump = {};
	const struct nlattr *nla;
	bool good;

	good = !NL_DUMP(&nl, get, &dump, U32(SKYWIRE_A_DEV_IFINDEX, device));
	while (good && (nlh = blob_next(&dump, nlh))) {
		nla = nl_attr(nlh, name);
		good = nla && !NL_DO(&nl, del, U32(SKYWIRE_A_DEV_IFINDEX, device),
				     BIN(name, mnl_attr_get_payload(nla),
					 mnl_attr_get_payload_len(nla)));
	}
	blob_free(&dump);
	return good && !count_of(get, device);
}

static bool delete_prefixes(__u32 device)
{
	const struct nlmsghdr *nlh = NULL;
	const struct nlattr *addr;
	struct blob dump = {};
	bool good;

	good = !NL_DUMP(&nl, SKYWIRE_CMD_PREFIX_GET, &dump,
			U32(SKYWIRE_A_DEV_IFINDEX, device));
	while (good && (nlh = blob_next(&dump, nlh))) {
		addr = nl_attr(nlh, SKYWIRE_A_PREFIX_PREFIX);
		/* Those of peers go with them. */
		if (!addr || nl_attr(nlh, SKYWIRE_A_PREFIX_OWN))
			continue;
		good = !NL_DO(&nl, SKYWIRE_CMD_PREFIX_DEL,
			      U32(SKYWIRE_A_DEV_IFINDEX, device),
			      BIN(SKYWIRE_A_PREFIX_PREFIX, mnl_attr_get_payload(addr),
				  mnl_attr_get_payload_len(addr)),
			      U8(SKYWIRE_A_PREFIX_LENGTH,
				 nl_uint(nlh, SKYWIRE_A_PREFIX_LENGTH)));
	}
	blob_free(&dump);
	return good;
}

static bool clear(__u32 device)
{
	return delete_prefixes(device) &&
	       delete_all(device, SKYWIRE_CMD_KEY_GET, SKYWIRE_CMD_KEY_DEL,
			  SKYWIRE_A_KEY_RX_INDEX) &&
	       delete_all(device, SKYWIRE_CMD_PEER_GET, SKYWIRE_CMD_PEER_DEL,
			  SKYWIRE_A_PEER_PUBLIC_KEY) &&
	       delete_all(device, SKYWIRE_CMD_LINK_GET, SKYWIRE_CMD_LINK_DEL,
			  SKYWIRE_A_LINK_LABEL) &&
	       !count_of(SKYWIRE_CMD_PATH_GET, device) &&
	       !count_of(SKYWIRE_CMD_PREFIX_GET, device);
}

/* Were all commands tried, and was each taken as well as refused? */
static bool all_tried(unsigned long count)
{
	unsigned int i, requests = 0, taken = 0;
	bool good = true;

	for (i = 0; i <= SKYWIRE_CMD_MAX; i++) {
		if (commands[i].policy < 0)
			continue;
		requests++;
		printf("command %u: %u sent, %u taken\n", i, commands[i].sent,
		       commands[i].taken);
		/* Nobody misses anything here. */
		good &= commands[i].taken < commands[i].sent &&
			(commands[i].taken || count < ENOUGH ||
			 i == SKYWIRE_CMD_MISS_ANSWER);
		taken += commands[i].taken;
	}
	return good && requests == ASKED && taken > count / 20;
}

/* Who may do nothing is told so, whatever is asked. */
static bool all_refused(void)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(commands); i++)
		if (commands[i].taken)
			return false;
	return true;
}

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", name);
	close(fd);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		err(1, "nobody");
	/* Its own files belong to root since it was someone else. */
	prctl(PR_SET_DUMPABLE, 1);
}

static void open_devices(void)
{
	int result = nl_open(&nl);

	if (result)
		errx(1, "no socket: %s", strerror(-result));
	devices[0] = if_nametoindex("sw0");
	devices[1] = if_nametoindex("sw1");
	if (!devices[0] || !devices[1])
		errx(1, "no devices");
}

static void unprivileged(void)
{
	become_nobody();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		err(1, "unshare");
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 65534 1");
	write_file("/proc/self/gid_map", "0 65534 1");
	if (rt_add("sw0") || rt_add("sw1") || rt_up(if_nametoindex("lo")) ||
	    rt_up(if_nametoindex("sw0")))
		errx(1, "no devices of one's own");
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", netns);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long count;
	bool may = true;

	if (argc != 4)
		errx(2, "usage: noise SEED COUNT NETNS|-|+NETNS");
	random_state = strtoull(argv[1], NULL, 0) * 2 + 1;
	count = strtoul(argv[2], NULL, 0);
	if (!strcmp(argv[3], "-"))
		unprivileged();
	else
		enter(argv[3] + (argv[3][0] == '+'));
	open_devices();
	ask_policies();
	if (argv[3][0] == '+') {
		become_nobody();
		may = false;
	}
	make_noise(count);
	nl_close(&nl);
	if (!may) {
		report(all_refused(), "who may do nothing is refused everything");
		return failures > 0;
	}
	open_devices();
	if (count)
		report(all_tried(count), "all commands are taken, and refused");
	report(within_limits(devices[0]) && within_limits(devices[1]),
	       "limits are held");
	report(clear(devices[0]) && clear(devices[1]), "all objects can be deleted");
	return failures > 0;
}
