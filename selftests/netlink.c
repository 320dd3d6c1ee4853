// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family: what it accepts, refuses, shows, tells and keeps to
 * itself. Each test has a network namespace of its own, with an sw0 in it.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "request.h"

#define SW0		STR(SKYWIRE_A_DEV_IFNAME, "sw0")
#define SW1		STR(SKYWIRE_A_DEV_IFNAME, "sw1")
#define KEY32(t, n)	BIN(t, pk[n], 32)

/* Public keys; any 32 bytes name a node. */
static const __u8 pk[][32] = {
	{ [0 ... 31] = 0x11 }, { [0 ... 31] = 0x22 }, { [0 ... 31] = 0x33 },
	{ [0 ... 31] = 0x44 }, { [0 ... 31] = 0x55 }, { [0 ... 31] = 0x66 },
	{ [0 ... 31] = 0x77 }, { [0 ... 31] = 0x88 }, { [0 ... 31] = 0x99 },
};

/* Secret keys, which must never come back. */
static const __u8 secret[][32] = {
	{ [0 ... 31] = 0xa1 }, { [0 ... 31] = 0xa2 }, { [0 ... 31] = 0xa3 },
	{ [0 ... 31] = 0xa4 },
};

static const __u8 opaque[64] = "opaque \0\1\2\3 what only the daemon understands";
static const __u8 ipv4[] = { 127, 0, 0, 1 };
static const __u8 ipv6[16] = { 0xfd, [15] = 1 };
static const __u8 any4[4], any6[16];
static const __u8 net10[] = { 10, 0, 0, 0 };
static const __u8 long_labels[50] = { [0 ... 49] = 1 };

FIXTURE(nl)
{
	struct nl nl;
};

FIXTURE_SETUP(nl)
{
	int err;

	if (getuid() || unshare(CLONE_NEWNET))
		SKIP(return, "not root");
	err = nl_open(&self->nl);
	if (err == -ENOENT)
		SKIP(return, "skywire is not loaded");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, rt_add("sw0"));
}

FIXTURE_TEARDOWN(nl)
{
	nl_close(&self->nl);
}

/* Whoever runs the tests ends those that hang, and knows how slow it all is. */
#define TEST_NL(name)	TEST_F_TIMEOUT(nl, name, 900)

#define DO(cmd, ...)	NL_DO(&self->nl, SKYWIRE_CMD_##cmd, __VA_ARGS__)
#define REPLY		(self->nl.reply)

/* Everything that can be seen of all devices, but what time changes. */
static void snapshot(struct nl *nl, struct blob *b)
{
	static const __u8 cmds[] = {
		SKYWIRE_CMD_DEV_GET, SKYWIRE_CMD_LINK_GET, SKYWIRE_CMD_PEER_GET,
		SKYWIRE_CMD_PATH_GET, SKYWIRE_CMD_PREFIX_GET,
		SKYWIRE_CMD_KEY_GET,
	};
	const struct nlmsghdr *nlh;
	const struct nlattr *nla;
	struct blob dump = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		dump.len = 0;
		if (NL_DUMP(nl, cmds[i], &dump, {}))
			abort();
		for (nlh = NULL; (nlh = blob_next(&dump, nlh));) {
			blob_add(b, &cmds[i], 1);
			mnl_attr_for_each(nla, nlh, sizeof(struct genlmsghdr))
				if (cmds[i] != SKYWIRE_CMD_KEY_GET ||
				    mnl_attr_get_type(nla) != SKYWIRE_A_KEY_AGE)
					blob_add(b, nla, nla->nla_len);
		}
	}
	blob_free(&dump);
}

/*
 * A request that must fail with @want (0: any way), explained, without effect.
 * What was seen after one refusal stands for what is there before the next, if
 * no request came in between.
 */
static void refuse(struct __test_metadata *_metadata, struct nl *nl, int want,
		   const char *what, __u8 cmd, const struct attr *attrs)
{
	static struct blob before;
	static __u32 seen_at;
	struct blob after = {};
	int err;

	if (nl->seq != seen_at) {
		before.len = 0;
		snapshot(nl, &before);
	}
	err = nl_request(nl, cmd, attrs);
	EXPECT_GT(0, err) {
		TH_LOG("%s was accepted", what);
	}
	if (want) {
		EXPECT_EQ(want, err) {
			TH_LOG("%s: %s", what, nl->error);
		}
	}
	EXPECT_NE('\0', nl->error[0]) {
		TH_LOG("%s: error %d without a word", what, err);
	}
	snapshot(nl, &after);
	seen_at = nl->seq;
	EXPECT_TRUE(before.len == after.len &&
		    !memcmp(before.data, after.data, after.len)) {
		TH_LOG("%s: error %d (%s), and something has changed", what,
		       err, nl->error);
	}
	blob_free(&before);
	before = after;
}

#define REFUSE(want, cmd, ...)						\
	refuse(_metadata, &self->nl, want, #cmd " " #__VA_ARGS__,	\
	       SKYWIRE_CMD_##cmd, (const struct attr[]){ __VA_ARGS__, {} })

/*
 * A node to try things on, whose counters stand still: link 5 to pk[1], peer
 * pk[1], pk[2] with a path.
 */
static int make_node(struct nl *nl)
{
	return NL_DO(nl, SKYWIRE_CMD_DEV_SET, SW0,
		     KEY32(SKYWIRE_A_DEV_IDENTITY, 0)) ?:
	       NL_DO(nl, SKYWIRE_CMD_LINK_NEW, SW0,
		     U16(SKYWIRE_A_LINK_LABEL, 5),
		     KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 1),
		     BIN(SKYWIRE_A_LINK_REMOTE, ipv4, 4),
		     U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(5000)),
		     U32(SKYWIRE_A_LINK_PROBE_BUSY, 0)) ?:
	       NL_DO(nl, SKYWIRE_CMD_PEER_NEW, SW0,
		     KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1)) ?:
	       NL_DO(nl, SKYWIRE_CMD_PEER_NEW, SW0,
		     KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)) ?:
	       NL_DO(nl, SKYWIRE_CMD_PATH_NEW, SW0,
		     KEY32(SKYWIRE_A_PATH_PEER, 2), U8(SKYWIRE_A_PATH_ID, 3),
		     U16(SKYWIRE_A_PATH_LINK, 5),
		     BIN(SKYWIRE_A_PATH_LABELS, "\0\7\0\x8", 4)) ?:
	       NL_DO(nl, SKYWIRE_CMD_PREFIX_NEW, SW0,
		     KEY32(SKYWIRE_A_PREFIX_PEER, 2),
		     BIN(SKYWIRE_A_PREFIX_PREFIX, net10, 4),
		     U8(SKYWIRE_A_PREFIX_LENGTH, 8)) ?:
	       NL_DO(nl, SKYWIRE_CMD_KEY_NEW, SW0, U16(SKYWIRE_A_KEY_LINK, 5),
		     U8(SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_CHACHA20_POLY1305),
		     U32(SKYWIRE_A_KEY_RX_INDEX, 77),
		     U32(SKYWIRE_A_KEY_TX_INDEX, 78),
		     BIN(SKYWIRE_A_KEY_RX_KEY, secret[0], 32),
		     BIN(SKYWIRE_A_KEY_TX_KEY, secret[1], 32));
}

/*
 * The least that makes a key for link 5, and @more. None seals with what
 * another one has sealed with: the kernel would refuse it.
 */
static const struct attr *key_request(struct attr attrs[24],
				      const struct attr *more)
{
	static __u8 tx_key[32];
	static const struct attr least[] = {
		SW0, U16(SKYWIRE_A_KEY_LINK, 5),
		U8(SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_CHACHA20_POLY1305),
		U32(SKYWIRE_A_KEY_TX_INDEX, 1000),
		BIN(SKYWIRE_A_KEY_RX_KEY, secret[2], 32),
		BIN(SKYWIRE_A_KEY_TX_KEY, tx_key, 32), {}
	};
	static unsigned int made;
	unsigned int n;

	memcpy(tx_key, secret[3], sizeof(tx_key));
	tx_key[30] = ++made >> 8;
	tx_key[31] = made;

	/* Of two attributes of one type the kernel takes the latter. */
	memset(attrs, 0, 24 * sizeof(*attrs));
	memcpy(attrs, least, sizeof(least));
	for (n = ARRAY_SIZE(least) - 1; more->type; n++)
		attrs[n] = *more++;
	return attrs;
}

static int new_key(struct nl *nl, const struct attr *more)
{
	struct attr attrs[24];

	return nl_request(nl, SKYWIRE_CMD_KEY_NEW, key_request(attrs, more));
}

static void refuse_key(struct __test_metadata *_metadata, struct nl *nl,
		       int want, const char *what, const struct attr *more)
{
	struct attr attrs[24];

	refuse(_metadata, nl, want, what, SKYWIRE_CMD_KEY_NEW,
	       key_request(attrs, more));
}

#define DO_KEY(...)							\
	new_key(&self->nl, (const struct attr[]){ __VA_ARGS__, {} })
#define REFUSE_KEY(want, ...)						\
	refuse_key(_metadata, &self->nl, want, "key with " #__VA_ARGS__,\
		   (const struct attr[]){ __VA_ARGS__, {} })

/*
 * Requests with all that they may have, in an order in which they all succeed.
 * @needed: types without which there is no such request
 * Ports are the same in either byte order.
 * @bad: further lengths that variable attributes may not have
 */
static const struct request {
	const char	*name;
	__u8		cmd;
	__u8		max;
	struct attr	attr[20];
	__u8		needed[8];
	struct {
		__u8	type;
		__u8	len[6];
	} bad[4];
} requests[] = {
	{
		.name = "dev-get", .cmd = SKYWIRE_CMD_DEV_GET,
		.max = SKYWIRE_A_DEV_MAX,
		.attr = { SW0 },
	}, {
		.name = "dev-set", .cmd = SKYWIRE_CMD_DEV_SET,
		.max = SKYWIRE_A_DEV_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_DEV_IDENTITY, 0),
		  U16(SKYWIRE_A_DEV_PORT, 4000),
		  U32(SKYWIRE_A_DEV_FWMARK, 7) },
	}, {
		.name = "link-get", .cmd = SKYWIRE_CMD_LINK_GET,
		.max = SKYWIRE_A_LINK_MAX,
		.attr = { SW0, U16(SKYWIRE_A_LINK_LABEL, 5) },
		.needed = { SKYWIRE_A_LINK_LABEL },
	}, {
		.name = "link-new", .cmd = SKYWIRE_CMD_LINK_NEW,
		.max = SKYWIRE_A_LINK_MAX,
		.attr = { SW0, U16(SKYWIRE_A_LINK_LABEL, 6),
		  KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 3),
		  U8(SKYWIRE_A_LINK_TRANSPORT, SKYWIRE_TRANSPORT_UDP),
		  BIN(SKYWIRE_A_LINK_REMOTE, ipv6, 16),
		  U16(SKYWIRE_A_LINK_REMOTE_PORT, 0x1313),
		  BIN(SKYWIRE_A_LINK_LOCAL, any6, 16),
		  U32(SKYWIRE_A_LINK_OIF, 1), U32(SKYWIRE_A_LINK_MTU, 1400),
		  U8(SKYWIRE_A_LINK_STATE, SKYWIRE_LINK_STATE_DOWN),
		  U32(SKYWIRE_A_LINK_PRICE_BASE, 3),
		  U32(SKYWIRE_A_LINK_PRICE_RATE, 4),
		  U32(SKYWIRE_A_LINK_PROBE_BUSY, 1000),
		  U32(SKYWIRE_A_LINK_PROBE_IDLE, 60000000) },
		.needed = { SKYWIRE_A_LINK_NEIGHBOUR },
		.bad = { { SKYWIRE_A_LINK_REMOTE, { 1, 3, 5, 15, 17, 32 } },
		  { SKYWIRE_A_LINK_LOCAL, { 1, 3, 4, 5, 15, 17 } } },
	}, {
		.name = "link-set", .cmd = SKYWIRE_CMD_LINK_SET,
		.max = SKYWIRE_A_LINK_MAX,
		.attr = { SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
		  BIN(SKYWIRE_A_LINK_REMOTE, ipv6, 16),
		  U16(SKYWIRE_A_LINK_REMOTE_PORT, 0x1414),
		  BIN(SKYWIRE_A_LINK_LOCAL, ipv6, 16),
		  U32(SKYWIRE_A_LINK_OIF, 0), U32(SKYWIRE_A_LINK_MTU, 1400),
		  U8(SKYWIRE_A_LINK_STATE, SKYWIRE_LINK_STATE_UP),
		  U32(SKYWIRE_A_LINK_PRICE_BASE, 0xffffffff),
		  U32(SKYWIRE_A_LINK_PRICE_RATE, 0xffffffff),
		  U32(SKYWIRE_A_LINK_PROBE_BUSY, 0),
		  U32(SKYWIRE_A_LINK_PROBE_IDLE, 0) },
		.needed = { SKYWIRE_A_LINK_LABEL },
		.bad = { { SKYWIRE_A_LINK_REMOTE, { 1, 3, 5, 15, 17, 32 } },
		  { SKYWIRE_A_LINK_LOCAL, { 1, 3, 4, 5, 15, 17 } } },
	}, {
		.name = "peer-get", .cmd = SKYWIRE_CMD_PEER_GET,
		.max = SKYWIRE_A_PEER_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1) },
		.needed = { SKYWIRE_A_PEER_PUBLIC_KEY },
	}, {
		.name = "peer-new", .cmd = SKYWIRE_CMD_PEER_NEW,
		.max = SKYWIRE_A_PEER_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 3),
		  U8(SKYWIRE_A_PEER_REDUNDANCY, 2),
		  U32(SKYWIRE_A_PEER_PROBE_INTERVAL, 60000000) },
		.needed = { SKYWIRE_A_PEER_PUBLIC_KEY },
	}, {
		.name = "peer-set", .cmd = SKYWIRE_CMD_PEER_SET,
		.max = SKYWIRE_A_PEER_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 3),
		  U8(SKYWIRE_A_PEER_REDUNDANCY, 1),
		  U32(SKYWIRE_A_PEER_PROBE_INTERVAL, 50000) },
		.needed = { SKYWIRE_A_PEER_PUBLIC_KEY },
	}, {
		.name = "path-get", .cmd = SKYWIRE_CMD_PATH_GET,
		.max = SKYWIRE_A_PATH_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PATH_PEER, 2), U8(SKYWIRE_A_PATH_ID, 3) },
		.needed = { SKYWIRE_A_PATH_PEER, SKYWIRE_A_PATH_ID },
	}, {
		.name = "path-new", .cmd = SKYWIRE_CMD_PATH_NEW,
		.max = SKYWIRE_A_PATH_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PATH_PEER, 3), U8(SKYWIRE_A_PATH_ID, 8),
		  U16(SKYWIRE_A_PATH_LINK, 6),
		  BIN(SKYWIRE_A_PATH_LABELS, long_labels, 48),
		  U32(SKYWIRE_A_PATH_PREFERENCE, 0xffffffff),
		  U16(SKYWIRE_A_PATH_WEIGHT, 0xffff),
		  U32(SKYWIRE_A_PATH_MTU, 1280),
		  U32(SKYWIRE_A_PATH_POSTAGE_BASE, 1),
		  U32(SKYWIRE_A_PATH_POSTAGE_RATE, 2),
		  U32(SKYWIRE_A_PATH_MARK, 0xffffffff),
		  U8(SKYWIRE_A_PATH_DSCP, 63),
		  U32(SKYWIRE_A_PATH_FEE_BASE, 0),
		  U32(SKYWIRE_A_PATH_FEE_RATE, 0xffffffff),
		  U32(SKYWIRE_A_PATH_LOSS_ADMITTED, 0xffffffff) },
		.needed = { SKYWIRE_A_PATH_PEER, SKYWIRE_A_PATH_LINK },
		.bad = { { SKYWIRE_A_PATH_LABELS, { 1, 3, 47, 49, 50 } } },
	}, {
		.name = "path-set", .cmd = SKYWIRE_CMD_PATH_SET,
		.max = SKYWIRE_A_PATH_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PATH_PEER, 2), U8(SKYWIRE_A_PATH_ID, 3),
		  U16(SKYWIRE_A_PATH_LINK, 6),
		  BIN(SKYWIRE_A_PATH_LABELS, long_labels, 2),
		  U32(SKYWIRE_A_PATH_PREFERENCE, 1),
		  U16(SKYWIRE_A_PATH_WEIGHT, 2), U32(SKYWIRE_A_PATH_MTU, 0),
		  U32(SKYWIRE_A_PATH_POSTAGE_BASE, 5),
		  U32(SKYWIRE_A_PATH_POSTAGE_RATE, 6),
		  U32(SKYWIRE_A_PATH_MARK, 0),
		  U8(SKYWIRE_A_PATH_DSCP, 255),
		  U32(SKYWIRE_A_PATH_FEE_BASE, 7),
		  U32(SKYWIRE_A_PATH_FEE_RATE, 8),
		  U32(SKYWIRE_A_PATH_LOSS_ADMITTED, 0) },
		.needed = { SKYWIRE_A_PATH_PEER, SKYWIRE_A_PATH_ID },
		.bad = { { SKYWIRE_A_PATH_LABELS, { 1, 3, 47, 49, 50 } } },
	}, {
		.name = "prefix-new", .cmd = SKYWIRE_CMD_PREFIX_NEW,
		.max = SKYWIRE_A_PREFIX_MAX,
		.attr = { SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, ipv6, 16),
		  U8(SKYWIRE_A_PREFIX_LENGTH, 128),
		  KEY32(SKYWIRE_A_PREFIX_PEER, 2) },
		.needed = { SKYWIRE_A_PREFIX_PREFIX, SKYWIRE_A_PREFIX_LENGTH,
		  SKYWIRE_A_PREFIX_PEER },
		.bad = { { SKYWIRE_A_PREFIX_PREFIX, { 1, 3, 4, 5, 15, 17 } } },
	}, {
		.name = "prefix-get", .cmd = SKYWIRE_CMD_PREFIX_GET,
		.max = SKYWIRE_A_PREFIX_MAX,
		.attr = { SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, ipv6, 16),
		  U8(SKYWIRE_A_PREFIX_LENGTH, 128) },
		.needed = { SKYWIRE_A_PREFIX_PREFIX, SKYWIRE_A_PREFIX_LENGTH },
		.bad = { { SKYWIRE_A_PREFIX_PREFIX, { 1, 3, 4, 5, 15, 17 } } },
	}, {
		.name = "key-get", .cmd = SKYWIRE_CMD_KEY_GET,
		.max = SKYWIRE_A_KEY_MAX,
		.attr = { SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 77) },
		.needed = { SKYWIRE_A_KEY_RX_INDEX },
	}, {
		.name = "key-new", .cmd = SKYWIRE_CMD_KEY_NEW,
		.max = SKYWIRE_A_KEY_MAX,
		.attr = { SW0, U16(SKYWIRE_A_KEY_LINK, 5),
		  U8(SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_AES_128_GCM),
		  U8(SKYWIRE_A_KEY_ROLE, SKYWIRE_ROLE_RESPONDER),
		  U32(SKYWIRE_A_KEY_RX_INDEX, 0),
		  U32(SKYWIRE_A_KEY_TX_INDEX, 0xffffffff),
		  BIN(SKYWIRE_A_KEY_RX_KEY, secret[2], 16),
		  BIN(SKYWIRE_A_KEY_TX_KEY, secret[3], 16),
		  U32(SKYWIRE_A_KEY_SOFT_TIME, 0),
		  U32(SKYWIRE_A_KEY_HARD_TIME, 604800),
		  U64(SKYWIRE_A_KEY_SOFT_FRAMES, 0),
		  U64(SKYWIRE_A_KEY_HARD_FRAMES, 1ull << 32),
		  BIN(SKYWIRE_A_KEY_OPAQUE, opaque, 64),
		  U8(SKYWIRE_A_KEY_SEAL, SKYWIRE_SEAL_HEADER) },
		.needed = { SKYWIRE_A_KEY_LINK, SKYWIRE_A_KEY_CIPHER,
		  SKYWIRE_A_KEY_TX_INDEX, SKYWIRE_A_KEY_RX_KEY,
		  SKYWIRE_A_KEY_TX_KEY },
		.bad = { { SKYWIRE_A_KEY_RX_KEY, { 1, 15, 17, 24, 31, 32 } },
		  { SKYWIRE_A_KEY_TX_KEY, { 1, 15, 17, 24, 31, 32 } },
		  { SKYWIRE_A_KEY_OPAQUE, { 65, 66, 128, 255 } } },
	}, {
		.name = "stats-get", .cmd = SKYWIRE_CMD_STATS_GET,
		.max = SKYWIRE_A_STATS_MAX,
		.attr = { SW0 },
	}, {
		.name = "key-del", .cmd = SKYWIRE_CMD_KEY_DEL,
		.max = SKYWIRE_A_KEY_MAX,
		.attr = { SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 77) },
		.needed = { SKYWIRE_A_KEY_RX_INDEX },
	}, {
		.name = "prefix-del", .cmd = SKYWIRE_CMD_PREFIX_DEL,
		.max = SKYWIRE_A_PREFIX_MAX,
		.attr = { SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, ipv6, 16),
		  U8(SKYWIRE_A_PREFIX_LENGTH, 128) },
		.needed = { SKYWIRE_A_PREFIX_PREFIX, SKYWIRE_A_PREFIX_LENGTH },
		.bad = { { SKYWIRE_A_PREFIX_PREFIX, { 1, 3, 4, 5, 15, 17 } } },
	}, {
		.name = "path-del", .cmd = SKYWIRE_CMD_PATH_DEL,
		.max = SKYWIRE_A_PATH_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PATH_PEER, 2), U8(SKYWIRE_A_PATH_ID, 3) },
		.needed = { SKYWIRE_A_PATH_PEER, SKYWIRE_A_PATH_ID },
	}, {
		.name = "peer-del", .cmd = SKYWIRE_CMD_PEER_DEL,
		.max = SKYWIRE_A_PEER_MAX,
		.attr = { SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1) },
		.needed = { SKYWIRE_A_PEER_PUBLIC_KEY },
	}, {
		.name = "link-del", .cmd = SKYWIRE_CMD_LINK_DEL,
		.max = SKYWIRE_A_LINK_MAX,
		.attr = { SW0, U16(SKYWIRE_A_LINK_LABEL, 5) },
		.needed = { SKYWIRE_A_LINK_LABEL },
	},
};

/* Room for payloads of each length, in front of which is what was meant. */
static __u8 stretched[256];

static void refuse_length(struct __test_metadata *_metadata, struct nl *nl,
			  const struct request *r, unsigned int i, __u16 len)
{
	struct attr attrs[ARRAY_SIZE(r->attr)];
	const struct attr *a = &r->attr[i];
	char what[64];

	memset(stretched, 1, sizeof(stretched));
	memcpy(stretched, a->data ? a->data : &a->u8, a->len);
	memcpy(attrs, r->attr, sizeof(attrs));
	attrs[i].data = stretched;
	attrs[i].len = len;
	snprintf(what, sizeof(what), "%s, attribute %u of %u bytes", r->name,
		 a->type, len);
	refuse(_metadata, nl, 0, what, r->cmd, attrs);
}

static bool is_fixed(const struct attr *a)
{
	return !a->data || a->data == pk[0] || a->data == pk[1] ||
	       a->data == pk[2] || a->data == pk[3];
}

static void refuse_lengths(struct __test_metadata *_metadata, struct nl *nl,
			   const struct request *r)
{
	unsigned int i, j, k;

	for (i = 0; r->attr[i].type; i++) {
		if (is_fixed(&r->attr[i])) {
			refuse_length(_metadata, nl, r, i, 0);
			refuse_length(_metadata, nl, r, i, r->attr[i].len - 1);
			refuse_length(_metadata, nl, r, i, r->attr[i].len + 1);
			refuse_length(_metadata, nl, r, i, 200);
		}
		for (j = 0; j < ARRAY_SIZE(r->bad); j++)
			for (k = 0; k < ARRAY_SIZE(r->bad[j].len); k++)
				if (r->bad[j].type == r->attr[i].type &&
				    r->bad[j].len[k])
					refuse_length(_metadata, nl, r, i,
						      r->bad[j].len[k]);
	}
}

static void refuse_missing(struct __test_metadata *_metadata, struct nl *nl,
			   const struct request *r)
{
	struct attr attrs[ARRAY_SIZE(r->attr)];
	unsigned int i, j, n;
	char what[64];

	for (i = 0; i < ARRAY_SIZE(r->needed) && r->needed[i]; i++) {
		memset(attrs, 0, sizeof(attrs));
		for (j = n = 0; r->attr[j].type; j++)
			if (r->attr[j].type != r->needed[i])
				attrs[n++] = r->attr[j];
		snprintf(what, sizeof(what), "%s without attribute %u", r->name,
			 r->needed[i]);
		refuse(_metadata, nl, 0, what, r->cmd, attrs);
	}
	snprintf(what, sizeof(what), "%s without a device", r->name);
	refuse(_metadata, nl, -EINVAL, what, r->cmd, r->attr + 1);
}

static void refuse_device(struct __test_metadata *_metadata, struct nl *nl,
			  const struct request *r)
{
	static const struct attr nowhere[] = {
		STR(SKYWIRE_A_DEV_IFNAME, "sw9"),
		STR(SKYWIRE_A_DEV_IFNAME, "lo"),
		STR(SKYWIRE_A_DEV_IFNAME, ""),
		U32(SKYWIRE_A_DEV_IFINDEX, 1),
		U32(SKYWIRE_A_DEV_IFINDEX, 0x7fffffff),
		U32(SKYWIRE_A_DEV_IFINDEX, 0xffffffff),
	};
	static const struct attr malformed[] = {
		BIN(SKYWIRE_A_DEV_IFNAME, "sw0", 3),	/* not terminated */
		BIN(SKYWIRE_A_DEV_IFNAME, "", 0),
		STR(SKYWIRE_A_DEV_IFNAME, "sixteen letters."),
		U32(SKYWIRE_A_DEV_IFINDEX, 0),
		U16(SKYWIRE_A_DEV_IFINDEX, 1),
		U64(SKYWIRE_A_DEV_IFINDEX, 1),
	};
	struct attr attrs[ARRAY_SIZE(r->attr)];
	unsigned int i;
	char what[64];

	memcpy(attrs, r->attr, sizeof(attrs));
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		attrs[0] = nowhere[i];
		snprintf(what, sizeof(what), "%s, no such device %u", r->name, i);
		refuse(_metadata, nl, -ENODEV, what, r->cmd, attrs);
	}
	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		attrs[0] = malformed[i];
		snprintf(what, sizeof(what), "%s, malformed device %u", r->name,
			 i);
		refuse(_metadata, nl, 0, what, r->cmd, attrs);
	}
}

/* What a request does not have is refused, not ignored. */
static void refuse_foreign(struct __test_metadata *_metadata, struct nl *nl,
			   const struct request *r)
{
	struct attr attrs[ARRAY_SIZE(r->attr)];
	unsigned int type, i, n;
	char what[64];
	bool known;

	for (type = SKYWIRE_A_DEV_IFNAME + 1; type < r->max + 3u; type++) {
		known = r->cmd == SKYWIRE_CMD_KEY_NEW &&
			type == SKYWIRE_A_KEY_PEER;
		for (n = 0; r->attr[n].type; n++)
			known |= r->attr[n].type == type;
		if (known)
			continue;
		memcpy(attrs, r->attr, sizeof(attrs));
		attrs[n] = (struct attr)U32(type, 1);
		snprintf(what, sizeof(what), "%s with attribute %u", r->name,
			 type);
		refuse(_metadata, nl, -EINVAL, what, r->cmd, attrs);
	}
	/* Nor is one that calls itself nested, or in network byte order. */
	for (i = 0; r->attr[i].type; i++) {
		memcpy(attrs, r->attr, sizeof(attrs));
		attrs[i].type |= NLA_F_NESTED;
		snprintf(what, sizeof(what), "%s with nested %u", r->name,
			 r->attr[i].type);
		refuse(_metadata, nl, 0, what, r->cmd, attrs);
	}
}

TEST_NL(malformed_requests)
{
	unsigned int i;

	ASSERT_EQ(0, make_node(&self->nl));
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];

		refuse_missing(_metadata, &self->nl, r);
		refuse_device(_metadata, &self->nl, r);
		refuse_lengths(_metadata, &self->nl, r);
		refuse_foreign(_metadata, &self->nl, r);
		/* And what they were made of is in order. */
		EXPECT_EQ(0, nl_request(&self->nl, r->cmd, r->attr)) {
			TH_LOG("%s: %s", r->name, self->nl.error);
		}
	}
}

TEST_NL(dev_values)
{
	struct blob dump = {};

	REFUSE(-ENODEV, DEV_GET, STR(SKYWIRE_A_DEV_IFNAME, "sw1"));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(if_nametoindex("sw0"),
		  nl_uint(REPLY, SKYWIRE_A_DEV_IFINDEX));
	EXPECT_EQ(0, nl_uint(REPLY, SKYWIRE_A_DEV_PORT));
	EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_DEV_IDENTITY));
	EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_DEV_ADDRESS));
	ASSERT_EQ(0, DO(DEV_SET, U32(SKYWIRE_A_DEV_IFINDEX,
				     if_nametoindex("sw0")),
			KEY32(SKYWIRE_A_DEV_IDENTITY, 0),
			U16(SKYWIRE_A_DEV_PORT, 65535),
			U32(SKYWIRE_A_DEV_FWMARK, 0xffffffff)));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(65535, nl_uint(REPLY, SKYWIRE_A_DEV_PORT));
	EXPECT_EQ(0xffffffff, nl_uint(REPLY, SKYWIRE_A_DEV_FWMARK));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_DEV_IDENTITY, pk[0], 32));
	/* 0xfc and BLAKE2b of 32 times 0x11 */
	EXPECT_EQ(0xfc, *(__u8 *)mnl_attr_get_payload(nl_attr(REPLY, SKYWIRE_A_DEV_ADDRESS)));

	/* By index and name at once, the index counts. */
	EXPECT_EQ(0, DO(DEV_GET, U32(SKYWIRE_A_DEV_IFINDEX,
				     if_nametoindex("sw0")),
			STR(SKYWIRE_A_DEV_IFNAME, "sw9")));
	/* A dump of a device that is not there is no empty one. */
	EXPECT_EQ(-ENODEV, NL_DUMP(&self->nl, SKYWIRE_CMD_LINK_GET, &dump,
				   STR(SKYWIRE_A_DEV_IFNAME, "sw9")));
	EXPECT_EQ(-ENODEV, NL_DUMP(&self->nl, SKYWIRE_CMD_DEV_GET, &dump,
				   U32(SKYWIRE_A_DEV_IFINDEX, 1)));
	EXPECT_EQ(0, blob_count(&dump));
	blob_free(&dump);
}

TEST_NL(own_key)
{
	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE(-EINVAL, LINK_NEW, SW0, KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 0));
	REFUSE(-EINVAL, PEER_NEW, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 0));
	/* Nor may it become a peer's key, */
	REFUSE(-EEXIST, DEV_SET, SW0, KEY32(SKYWIRE_A_DEV_IDENTITY, 2),
	       U32(SKYWIRE_A_DEV_FWMARK, 9));
	/* or a neighbour's. */
	ASSERT_EQ(0, DO(PEER_DEL, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1)));
	REFUSE(-EEXIST, DEV_SET, SW0, KEY32(SKYWIRE_A_DEV_IDENTITY, 1),
	       U32(SKYWIRE_A_DEV_FWMARK, 9));
}

TEST_NL(link_values)
{
	static const __u8 multicast4[] = { 224, 0, 0, 1 };
	static const __u8 broadcast[] = { 255, 255, 255, 255 };
	static const __u8 multicast6[16] = { 0xff, 2, [15] = 1 };
	static const __u8 local6[16] = { 0xfe, 0x80, [15] = 1 };
	static const __u8 mapped[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	const struct attr neighbour = KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 3);
	const struct attr port = U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(1));
	const struct attr remote = BIN(SKYWIRE_A_LINK_REMOTE, ipv4, 4);

	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE(-EEXIST, LINK_NEW, SW0, neighbour, U16(SKYWIRE_A_LINK_LABEL, 5));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U16(SKYWIRE_A_LINK_LABEL, 0));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U8(SKYWIRE_A_LINK_TRANSPORT, 0));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U8(SKYWIRE_A_LINK_TRANSPORT, 3));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U8(SKYWIRE_A_LINK_STATE, 2));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_MTU, 1291));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_MTU, 0));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_MTU, 65476));
	REFUSE(-ERANGE, LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
	       U32(SKYWIRE_A_LINK_MTU, 0xffffffff));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_PROBE_BUSY, 999));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_PROBE_IDLE, 9999));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_PROBE_BUSY, 1000001));
	REFUSE(-ERANGE, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_PROBE_IDLE, 60000001));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port);
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, remote);
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, U32(SKYWIRE_A_LINK_OIF, 1));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour,
	       BIN(SKYWIRE_A_LINK_LOCAL, ipv4, 4));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, remote,
	       U16(SKYWIRE_A_LINK_REMOTE_PORT, 0));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, any4, 4));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, any6, 16));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, multicast4, 4));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, broadcast, 4));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, multicast6, 16));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, mapped, 16));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port,
	       BIN(SKYWIRE_A_LINK_REMOTE, local6, 16));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port, remote,
	       BIN(SKYWIRE_A_LINK_LOCAL, any6, 16));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, port, remote,
	       U32(SKYWIRE_A_LINK_OIF, 0x80000000));
	REFUSE(-EINVAL, LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
	       BIN(SKYWIRE_A_LINK_LOCAL, ipv6, 16));
	REFUSE(-EINVAL, LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
	       U16(SKYWIRE_A_LINK_REMOTE_PORT, 0));
	REFUSE(-ENOENT, LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 6));
	REFUSE(-ENOENT, LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 65535));
	REFUSE(-ENOENT, LINK_GET, SW0, U16(SKYWIRE_A_LINK_LABEL, 6));

	/* The fringe of what is legal */
	ASSERT_EQ(0, DO(LINK_NEW, SW0, neighbour, U16(SKYWIRE_A_LINK_LABEL, 65535),
			U32(SKYWIRE_A_LINK_MTU, 65475)));
	EXPECT_EQ(65535, nl_uint(REPLY, SKYWIRE_A_LINK_LABEL));
	EXPECT_EQ(65475, nl_uint(REPLY, SKYWIRE_A_LINK_MTU));
	EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_LINK_REMOTE));
	ASSERT_EQ(0, DO(LINK_NEW, SW0, neighbour, U16(SKYWIRE_A_LINK_LABEL, 1),
			U32(SKYWIRE_A_LINK_MTU, 1292), port,
			BIN(SKYWIRE_A_LINK_REMOTE, local6, 16),
			U32(SKYWIRE_A_LINK_OIF, 1)));
	EXPECT_EQ(SKYWIRE_LINK_STATE_UP, nl_uint(REPLY, SKYWIRE_A_LINK_STATE));
	EXPECT_EQ(SKYWIRE_TRANSPORT_UDP,
		  nl_uint(REPLY, SKYWIRE_A_LINK_TRANSPORT));
	REFUSE(-EINVAL, LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 1),
	       U32(SKYWIRE_A_LINK_OIF, 0));
	/* A change of the family forgets the source address. */
	ASSERT_EQ(0, DO(LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 1),
			BIN(SKYWIRE_A_LINK_LOCAL, local6, 16)));
	ASSERT_EQ(0, DO(LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 1), remote));
	ASSERT_EQ(0, DO(LINK_GET, SW0, U16(SKYWIRE_A_LINK_LABEL, 1)));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_LINK_LOCAL, any4, 4));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_LINK_REMOTE, ipv4, 4));
	EXPECT_EQ(htons(1), nl_uint(REPLY, SKYWIRE_A_LINK_REMOTE_PORT));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_LINK_OIF));
	EXPECT_EQ(1292, nl_uint(REPLY, SKYWIRE_A_LINK_MTU));
}

/* What needs an interface to go through, and the words, are in ether.sh. */
TEST_NL(ether_values)
{
	static const __u8 mac[] = { 2, 0, 0, 0, 0, 1 };
	const struct attr neighbour = KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 3);
	const struct attr ether = U8(SKYWIRE_A_LINK_TRANSPORT,
				     SKYWIRE_TRANSPORT_ETHERNET);
	const struct attr remote = BIN(SKYWIRE_A_LINK_REMOTE, mac, 6);
	const struct attr lo = STR(SKYWIRE_A_LINK_INTERFACE, "lo");
	const struct attr label = U16(SKYWIRE_A_LINK_LABEL, 6);

	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote);
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, lo);
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote, lo);
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote,
	       STR(SKYWIRE_A_LINK_INTERFACE, "sw0"));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote,
	       STR(SKYWIRE_A_LINK_INTERFACE, "eth9"));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote,
	       STR(SKYWIRE_A_LINK_INTERFACE, ""));
	REFUSE(0, LINK_NEW, SW0, neighbour, ether, remote,
	       STR(SKYWIRE_A_LINK_INTERFACE, "sixteen letters."));

	/* Each transport refuses what is the other's. */
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote, lo,
	       U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(1)));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote, lo,
	       BIN(SKYWIRE_A_LINK_LOCAL, ipv4, 4));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, ether, remote, lo,
	       U32(SKYWIRE_A_LINK_OIF, 1));
	REFUSE(-EINVAL, LINK_NEW, SW0, neighbour, remote,
	       U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(1)));
	REFUSE(-EINVAL, LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5), lo);

	/* A link may have no endpoint. */
	ASSERT_EQ(0, DO(LINK_NEW, SW0, label, neighbour, ether));
	EXPECT_EQ(SKYWIRE_TRANSPORT_ETHERNET,
		  nl_uint(REPLY, SKYWIRE_A_LINK_TRANSPORT));
	EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_LINK_REMOTE));
	EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_LINK_INTERFACE));
	REFUSE(-EINVAL, LINK_SET, SW0, label, remote);
	REFUSE(0, LINK_SET, SW0, label, ether);
}

/* A new owner would get what is under way to the old one. */
TEST_NL(label_rests)
{
	const struct attr old = KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 1);
	const struct attr new = KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 2);
	const struct attr label = U16(SKYWIRE_A_LINK_LABEL, 9);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, DO(LINK_NEW, SW0, label, old));
		REFUSE(-EEXIST, LINK_NEW, SW0, label, new);
		ASSERT_EQ(0, DO(LINK_DEL, SW0, label));
		REFUSE(-EBUSY, LINK_NEW, SW0, label, new);
	}
	/* None of those that the kernel chooses is that one. */
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, DO(LINK_NEW, SW0, new));
		EXPECT_NE(9, nl_uint(REPLY, SKYWIRE_A_LINK_LABEL));
		ASSERT_EQ(0, DO(LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL,
						   nl_uint(REPLY, SKYWIRE_A_LINK_LABEL))));
	}
}

TEST_NL(drawn_names)
{
	bool label_seen[65536] = {};
	__u32 index[64];
	unsigned int i, j;
	__u64 label;

	ASSERT_EQ(0, make_node(&self->nl));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, DO(LINK_NEW, SW0,
				KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 3)));
		label = nl_uint(REPLY, SKYWIRE_A_LINK_LABEL);
		ASSERT_TRUE(label >= 1 && label <= 65535 && label != 5 &&
			    !label_seen[label]) {
			TH_LOG("label %llu", label);
		}
		label_seen[label] = true;
	}
	/* Around the end of the labels */
	ASSERT_EQ(0, DO(LINK_NEW, SW0, KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 3),
			U16(SKYWIRE_A_LINK_LABEL, 65535)));
	for (i = 0; i < ARRAY_SIZE(index); i++) {
		ASSERT_EQ(0, DO_KEY({}));
		index[i] = nl_uint(REPLY, SKYWIRE_A_KEY_RX_INDEX);
		for (j = 0; j < i; j++)
			ASSERT_NE(index[j], index[i]);
	}
	/* Unguessable, so not all of them small */
	for (i = j = 0; i < ARRAY_SIZE(index); i++)
		j += index[i] >> 24 != 0;
	EXPECT_LT(ARRAY_SIZE(index) / 2, j);
}

TEST_NL(peer_values)
{
	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE(-EEXIST, PEER_NEW, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1));
	REFUSE(-ERANGE, PEER_SET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1),
	       U8(SKYWIRE_A_PEER_REDUNDANCY, 0));
	REFUSE(-ERANGE, PEER_SET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1),
	       U8(SKYWIRE_A_PEER_REDUNDANCY, 3));
	REFUSE(-ERANGE, PEER_SET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1),
	       U32(SKYWIRE_A_PEER_PROBE_INTERVAL, 49999));
	REFUSE(-ERANGE, PEER_SET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1),
	       U32(SKYWIRE_A_PEER_PROBE_INTERVAL, 60000001));
	REFUSE(-ENOENT, PEER_SET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 3));
	REFUSE(-ENOENT, PEER_DEL, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 3));
	REFUSE(-ENOENT, PEER_GET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 3));
	ASSERT_EQ(0, DO(PEER_GET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_PEER_PATHS));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_PEER_PUBLIC_KEY, pk[2], 32));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(2, nl_uint(REPLY, SKYWIRE_A_DEV_PEERS));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_DEV_LINKS));
	EXPECT_EQ(3, nl_uint(REPLY, SKYWIRE_A_DEV_PREFIXES));
	ASSERT_EQ(0, DO(PEER_DEL, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_DEV_PEERS));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_DEV_PREFIXES));
	REFUSE(-ENOENT, PATH_GET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 2),
	       U8(SKYWIRE_A_PATH_ID, 3));
}

TEST_NL(path_values)
{
	const struct attr peer = KEY32(SKYWIRE_A_PATH_PEER, 2);
	const struct attr link = U16(SKYWIRE_A_PATH_LINK, 5);
	const struct attr labels = BIN(SKYWIRE_A_PATH_LABELS, "\0\7", 2);
	const struct attr none = BIN(SKYWIRE_A_PATH_LABELS, "", 0);
	const struct attr id = U8(SKYWIRE_A_PATH_ID, 3);
	unsigned int i;

	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE(-EEXIST, PATH_NEW, SW0, peer, link, labels, id);
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels, U8(SKYWIRE_A_PATH_ID, 0));
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels, U8(SKYWIRE_A_PATH_ID, 9));
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels, U16(SKYWIRE_A_PATH_WEIGHT, 0));
	REFUSE(-ENOENT, PATH_NEW, SW0, KEY32(SKYWIRE_A_PATH_PEER, 3), link, labels);
	REFUSE(-ENOENT, PATH_NEW, SW0, peer, U16(SKYWIRE_A_PATH_LINK, 6), labels);
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link, none);
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link);
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link, BIN(SKYWIRE_A_PATH_LABELS, "\0\1\0\0", 4));
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link, BIN(SKYWIRE_A_PATH_LABELS, "\0\0", 2));
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link, labels, U32(SKYWIRE_A_PATH_MTU, 1279));
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link, labels, U32(SKYWIRE_A_PATH_MTU, 65476));
	REFUSE(-EINVAL, PATH_NEW, SW0, peer, link, labels, U32(SKYWIRE_A_PATH_MTU, 1));
	/* Postage has 32 bits, whatever the packet. */
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels,
	       U32(SKYWIRE_A_PATH_POSTAGE_BASE, 0xffffffff),
	       U32(SKYWIRE_A_PATH_POSTAGE_RATE, 1));
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels,
	       U32(SKYWIRE_A_PATH_POSTAGE_BASE, 0xffffffff - 268431359),
	       U32(SKYWIRE_A_PATH_POSTAGE_RATE, 0xffffffff));
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels, U8(SKYWIRE_A_PATH_DSCP, 64));
	REFUSE(-ERANGE, PATH_NEW, SW0, peer, link, labels, U8(SKYWIRE_A_PATH_DSCP, 254));
	REFUSE(-ENOENT, PATH_SET, SW0, peer, U8(SKYWIRE_A_PATH_ID, 4));
	REFUSE(-ENOENT, PATH_DEL, SW0, peer, U8(SKYWIRE_A_PATH_ID, 4));
	REFUSE(-EINVAL, PATH_SET, SW0, peer, id, none);
	REFUSE(-ENOENT, PATH_SET, SW0, peer, id, U16(SKYWIRE_A_PATH_LINK, 6),
	       U16(SKYWIRE_A_PATH_WEIGHT, 9));

	ASSERT_EQ(0, DO(PATH_SET, SW0, peer, id,
			U32(SKYWIRE_A_PATH_POSTAGE_BASE, 0xffffffff),
			U32(SKYWIRE_A_PATH_POSTAGE_RATE, 0)));
	REFUSE(-ERANGE, PATH_SET, SW0, peer, id,
	       U32(SKYWIRE_A_PATH_POSTAGE_RATE, 1));
	ASSERT_EQ(0, DO(PATH_GET, SW0, peer, id));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_PATH_WEIGHT));
	EXPECT_EQ(SKYWIRE_PATH_STATE_NO_KEY,
		  nl_uint(REPLY, SKYWIRE_A_PATH_STATE));
	/* 1420, a header with 2 labels, a session frame */
	EXPECT_EQ(1420 - 16 - 28, nl_uint(REPLY, SKYWIRE_A_PATH_EFFECTIVE_MTU));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_PATH_LABELS, "\0\7\0\x8", 4));
	/* No labels, if the link leads there; and no session then. */
	ASSERT_EQ(0, DO(PATH_NEW, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1), link));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_PATH_ID));
	EXPECT_EQ(1420 - 12, nl_uint(REPLY, SKYWIRE_A_PATH_EFFECTIVE_MTU));
	EXPECT_EQ(SKYWIRE_PATH_STATE_USABLE,
		  nl_uint(REPLY, SKYWIRE_A_PATH_STATE));
	ASSERT_EQ(0, DO(LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
			U8(SKYWIRE_A_LINK_STATE, SKYWIRE_LINK_STATE_DOWN)));
	ASSERT_EQ(0, DO(PATH_GET, SW0, peer, id));
	EXPECT_EQ(SKYWIRE_PATH_STATE_LINK_DOWN,
		  nl_uint(REPLY, SKYWIRE_A_PATH_STATE));

	/* The lowest free one, until there is none. */
	for (i = 1; i <= 8; i++) {
		if (i == 3)
			continue;
		ASSERT_EQ(0, DO(PATH_NEW, SW0, peer, link, labels));
		EXPECT_EQ(i, nl_uint(REPLY, SKYWIRE_A_PATH_ID));
	}
	REFUSE(-ENOSPC, PATH_NEW, SW0, peer, link, labels);
	ASSERT_EQ(0, DO(PATH_DEL, SW0, peer, U8(SKYWIRE_A_PATH_ID, 6)));
	ASSERT_EQ(0, DO(PATH_NEW, SW0, peer, link, labels));
	EXPECT_EQ(6, nl_uint(REPLY, SKYWIRE_A_PATH_ID));
	/* The link takes its paths along. */
	ASSERT_EQ(0, DO(LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 5)));
	ASSERT_EQ(0, DO(PEER_GET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)));
	EXPECT_EQ(0, nl_uint(REPLY, SKYWIRE_A_PEER_PATHS));
}

/* A path whose link's MTU is too small says so. */
TEST_NL(path_mtu)
{
	ASSERT_EQ(0, make_node(&self->nl));
	ASSERT_EQ(0, DO(PATH_NEW, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1),
			U16(SKYWIRE_A_PATH_LINK, 5)));
	ASSERT_EQ(0, DO(LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
			U32(SKYWIRE_A_LINK_MTU, 1292)));
	ASSERT_EQ(0, DO(PATH_GET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1),
			U8(SKYWIRE_A_PATH_ID, 1)));
	EXPECT_EQ(1280, nl_uint(REPLY, SKYWIRE_A_PATH_EFFECTIVE_MTU));
	EXPECT_EQ(SKYWIRE_PATH_STATE_USABLE,
		  nl_uint(REPLY, SKYWIRE_A_PATH_STATE));
	ASSERT_EQ(0, DO(KEY_NEW, SW0, KEY32(SKYWIRE_A_KEY_PEER, 2),
			U8(SKYWIRE_A_KEY_CIPHER, 1),
			U32(SKYWIRE_A_KEY_TX_INDEX, 1),
			BIN(SKYWIRE_A_KEY_RX_KEY, secret[2], 32),
			BIN(SKYWIRE_A_KEY_TX_KEY, secret[3], 32)));
	ASSERT_EQ(0, DO(PATH_GET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 2),
			U8(SKYWIRE_A_PATH_ID, 3)));
	EXPECT_EQ(SKYWIRE_PATH_STATE_MTU_TOO_SMALL,
		  nl_uint(REPLY, SKYWIRE_A_PATH_STATE));
	/* The administrator's MTU makes it smaller only. */
	ASSERT_EQ(0, DO(LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
			U32(SKYWIRE_A_LINK_MTU, 9000)));
	ASSERT_EQ(0, DO(PATH_SET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 2),
			U8(SKYWIRE_A_PATH_ID, 3), U32(SKYWIRE_A_PATH_MTU, 1280)));
	ASSERT_EQ(0, DO(PATH_GET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 2),
			U8(SKYWIRE_A_PATH_ID, 3)));
	EXPECT_EQ(1280, nl_uint(REPLY, SKYWIRE_A_PATH_EFFECTIVE_MTU));
	EXPECT_EQ(SKYWIRE_PATH_STATE_USABLE,
		  nl_uint(REPLY, SKYWIRE_A_PATH_STATE));
	ASSERT_EQ(0, DO(PATH_SET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 2),
			U8(SKYWIRE_A_PATH_ID, 3),
			U32(SKYWIRE_A_PATH_MTU, 65475)));
	ASSERT_EQ(0, DO(PATH_GET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 2),
			U8(SKYWIRE_A_PATH_ID, 3)));
	EXPECT_EQ(9000 - 16 - 28, nl_uint(REPLY, SKYWIRE_A_PATH_EFFECTIVE_MTU));
}

TEST_NL(prefix_values)
{
	const struct attr peer = KEY32(SKYWIRE_A_PREFIX_PEER, 2);
	const struct attr ten = BIN(SKYWIRE_A_PREFIX_PREFIX, net10, 4);
	const struct attr eight = U8(SKYWIRE_A_PREFIX_LENGTH, 8);
	const struct attr zero4 = BIN(SKYWIRE_A_PREFIX_PREFIX, any4, 4);
	const struct attr zero6 = BIN(SKYWIRE_A_PREFIX_PREFIX, any6, 16);
	static const __u8 far6[16] = { 0x20, 1 }, key6[16] = { 0xfc, 1 };
	__u8 own[16], host[4] = { 10, 1, 2, 3 };
	unsigned int bit;

	ASSERT_EQ(0, make_node(&self->nl));
	/* A prefix that is there moves, and is not there twice. */
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, ten, eight,
			KEY32(SKYWIRE_A_PREFIX_PEER, 1)));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_PREFIX_PEER, pk[1], 32));
	ASSERT_EQ(0, DO(PREFIX_GET, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, host, 4),
			U8(SKYWIRE_A_PREFIX_LENGTH, 32)));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_PREFIX_PEER, pk[1], 32));
	EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_PREFIX_PREFIX, net10, 4));
	EXPECT_EQ(8, nl_uint(REPLY, SKYWIRE_A_PREFIX_LENGTH));
	EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_PREFIX_OWN));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(3, nl_uint(REPLY, SKYWIRE_A_DEV_PREFIXES));
	/* Its old owner's end does not concern it. */
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, ten, eight, peer));
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, ten, eight, peer));
	/* All of IPv6, but for what is another key's, known or not. */
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, zero6, U8(SKYWIRE_A_PREFIX_LENGTH, 0), peer));
	ASSERT_EQ(0, DO(PREFIX_GET, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, far6, 16),
			U8(SKYWIRE_A_PREFIX_LENGTH, 128)));
	REFUSE(-ENOENT, PREFIX_GET, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, key6, 16),
	       U8(SKYWIRE_A_PREFIX_LENGTH, 128));
	ASSERT_EQ(0, DO(PREFIX_DEL, SW0, zero6, U8(SKYWIRE_A_PREFIX_LENGTH, 0)));
	ASSERT_EQ(0, DO(PEER_DEL, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1)));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(2, nl_uint(REPLY, SKYWIRE_A_DEV_PREFIXES));

	for (bit = 0; bit < 32; bit++) {
		__u8 addr[4] = { 10 };
		__u8 len = bit < 8 ? 0 : bit;

		addr[bit / 8] |= 0x80 >> bit % 8;
		REFUSE(-EINVAL, PREFIX_NEW, SW0, peer,
		       BIN(SKYWIRE_A_PREFIX_PREFIX, addr, 4),
		       U8(SKYWIRE_A_PREFIX_LENGTH, len));
	}
	for (bit = 0; bit < 128; bit += 5) {
		__u8 addr[16] = {};

		addr[bit / 8] |= 0x80 >> bit % 8;
		REFUSE(-EINVAL, PREFIX_NEW, SW0, peer,
		       BIN(SKYWIRE_A_PREFIX_PREFIX, addr, 16),
		       U8(SKYWIRE_A_PREFIX_LENGTH, bit));
	}
	REFUSE(-EINVAL, PREFIX_NEW, SW0, ten, peer, U8(SKYWIRE_A_PREFIX_LENGTH, 33));
	REFUSE(-EINVAL, PREFIX_NEW, SW0, zero4, peer, U8(SKYWIRE_A_PREFIX_LENGTH, 128));
	REFUSE(-ERANGE, PREFIX_NEW, SW0, zero6, peer, U8(SKYWIRE_A_PREFIX_LENGTH, 129));
	REFUSE(-ERANGE, PREFIX_NEW, SW0, zero6, peer, U8(SKYWIRE_A_PREFIX_LENGTH, 255));
	REFUSE(-ENOENT, PREFIX_NEW, SW0, ten, eight, KEY32(SKYWIRE_A_PREFIX_PEER, 7));
	REFUSE(-ENOENT, PREFIX_DEL, SW0, ten, U8(SKYWIRE_A_PREFIX_LENGTH, 9));
	REFUSE(-ENOENT, PREFIX_DEL, SW0, zero4, U8(SKYWIRE_A_PREFIX_LENGTH, 0));
	REFUSE(-EINVAL, PREFIX_GET, SW0, ten, eight);
	REFUSE(-EINVAL, PREFIX_GET, SW0, zero6, U8(SKYWIRE_A_PREFIX_LENGTH, 64));
	REFUSE(-ENOENT, PREFIX_GET, SW0, zero6, U8(SKYWIRE_A_PREFIX_LENGTH, 128));

	/* A peer's own address stays the peer's. */
	ASSERT_EQ(0, DO(PEER_GET, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)));
	memcpy(own, mnl_attr_get_payload(nl_attr(REPLY, SKYWIRE_A_PEER_ADDRESS)),
	       16);
	ASSERT_EQ(0, DO(PEER_NEW, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 3)));
	REFUSE(-EEXIST, PREFIX_NEW, SW0, KEY32(SKYWIRE_A_PREFIX_PEER, 3),
	       BIN(SKYWIRE_A_PREFIX_PREFIX, own, 16),
	       U8(SKYWIRE_A_PREFIX_LENGTH, 128));
	REFUSE(-EBUSY, PREFIX_DEL, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, own, 16),
	       U8(SKYWIRE_A_PREFIX_LENGTH, 128));
	ASSERT_EQ(0, DO(PREFIX_GET, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, own, 16),
			U8(SKYWIRE_A_PREFIX_LENGTH, 128)));
	EXPECT_NE(NULL, nl_attr(REPLY, SKYWIRE_A_PREFIX_OWN));

	/* Nor can a key become a peer whose address is routed elsewhere. */
	ASSERT_EQ(0, DO(PEER_DEL, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)));
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, KEY32(SKYWIRE_A_PREFIX_PEER, 3),
			BIN(SKYWIRE_A_PREFIX_PREFIX, own, 16),
			U8(SKYWIRE_A_PREFIX_LENGTH, 128)));
	REFUSE(-EEXIST, PEER_NEW, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2));
	REFUSE(-EEXIST, DEV_SET, SW0, KEY32(SKYWIRE_A_DEV_IDENTITY, 2));
	ASSERT_EQ(0, DO(PREFIX_DEL, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, own, 16),
			U8(SKYWIRE_A_PREFIX_LENGTH, 128)));
	EXPECT_EQ(0, DO(PEER_NEW, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 2)));
}

/* Longest match, by the kernel and by looking at every prefix */

struct prefix {
	__u8		addr[16];
	unsigned int	bytes, len, peer;
};

static bool covers(const struct prefix *p, const __u8 *addr, unsigned int bytes)
{
	unsigned int i;

	if (p->bytes != bytes)
		return false;
	for (i = 0; i < p->len; i++)
		if ((p->addr[i / 8] ^ addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

/* Few different bytes, so that prefixes nest. */
static void draw_address(__u8 *addr)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		addr[i] = rand() % 3 ? 0 : rand() % 4 * 0x55;
}

TEST_NL(prefix_longest_match)
{
	struct prefix p[150], *best;
	unsigned int i, j, n = 0;
	__u8 addr[16];

	srand(1);
	ASSERT_EQ(0, make_node(&self->nl));
	ASSERT_EQ(0, DO(PREFIX_DEL, SW0, BIN(SKYWIRE_A_PREFIX_PREFIX, net10, 4),
			U8(SKYWIRE_A_PREFIX_LENGTH, 8)));
	while (n < ARRAY_SIZE(p)) {
		struct prefix *q = &p[n];

		memset(q, 0, sizeof(*q));
		q->bytes = rand() % 2 ? 4 : 16;
		q->len = rand() % (q->bytes * 8 + 1);
		q->peer = 1 + rand() % 2;
		draw_address(addr);
		for (i = 0; i < q->len; i++)
			q->addr[i / 8] |= addr[i / 8] & 0x80 >> i % 8;
		for (i = 0; i < n; i++)
			if (p[i].len == q->len && covers(&p[i], q->addr, q->bytes))
				break;
		if (i < n)
			continue;
		n++;
		ASSERT_EQ(0, DO(PREFIX_NEW, SW0,
				BIN(SKYWIRE_A_PREFIX_PREFIX, q->addr, q->bytes),
				U8(SKYWIRE_A_PREFIX_LENGTH, q->len),
				KEY32(SKYWIRE_A_PREFIX_PEER, q->peer)));
	}
	for (i = 0; i < 600; i++) {
		unsigned int bytes = i % 2 ? 4 : 16;
		int err;

		/* Now and then one goes. */
		if (i % 8 == 7) {
			best = &p[--n];
			ASSERT_EQ(0, DO(PREFIX_DEL, SW0,
					BIN(SKYWIRE_A_PREFIX_PREFIX, best->addr, best->bytes),
					U8(SKYWIRE_A_PREFIX_LENGTH, best->len)));
		}
		draw_address(addr);
		for (best = NULL, j = 0; j < n; j++)
			if (covers(&p[j], addr, bytes) &&
			    (!best || p[j].len > best->len))
				best = &p[j];
		err = DO(PREFIX_GET, SW0,
			 BIN(SKYWIRE_A_PREFIX_PREFIX, addr, bytes),
			 U8(SKYWIRE_A_PREFIX_LENGTH, bytes * 8));
		ASSERT_EQ(best ? 0 : -ENOENT, err);
		if (!best)
			continue;
		ASSERT_EQ(best->len, nl_uint(REPLY, SKYWIRE_A_PREFIX_LENGTH)) {
			TH_LOG("lookup %u, %u bytes", i, bytes);
		}
		ASSERT_TRUE(nl_has(REPLY, SKYWIRE_A_PREFIX_PEER, pk[best->peer], 32));
		ASSERT_TRUE(nl_has(REPLY, SKYWIRE_A_PREFIX_PREFIX, best->addr, bytes));
	}
}

TEST_NL(key_values)
{
	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE_KEY(-EEXIST, U32(SKYWIRE_A_KEY_RX_INDEX, 77));
	REFUSE_KEY(-EINVAL, KEY32(SKYWIRE_A_KEY_PEER, 1));
	REFUSE_KEY(-ENOENT, U16(SKYWIRE_A_KEY_LINK, 6));
	REFUSE(-ENOENT, KEY_NEW, SW0, KEY32(SKYWIRE_A_KEY_PEER, 3),
	       U8(SKYWIRE_A_KEY_CIPHER, 1), U32(SKYWIRE_A_KEY_TX_INDEX, 1),
	       BIN(SKYWIRE_A_KEY_RX_KEY, secret[2], 32),
	       BIN(SKYWIRE_A_KEY_TX_KEY, secret[3], 32));
	REFUSE_KEY(-ERANGE, U8(SKYWIRE_A_KEY_CIPHER, 0));
	REFUSE_KEY(-ERANGE, U8(SKYWIRE_A_KEY_CIPHER, 4));
	REFUSE_KEY(-ERANGE, U8(SKYWIRE_A_KEY_ROLE, 2));
	REFUSE_KEY(-ERANGE, U32(SKYWIRE_A_KEY_HARD_TIME, 0));
	REFUSE_KEY(-ERANGE, U32(SKYWIRE_A_KEY_HARD_TIME, 604801));
	REFUSE_KEY(-ERANGE, U32(SKYWIRE_A_KEY_HARD_TIME, 0xffffffff));
	REFUSE_KEY(-ERANGE, U64(SKYWIRE_A_KEY_HARD_FRAMES, 0));
	REFUSE_KEY(-ERANGE, U64(SKYWIRE_A_KEY_HARD_FRAMES, (1ull << 60) + 1));
	REFUSE_KEY(-ERANGE, U64(SKYWIRE_A_KEY_HARD_FRAMES, ~0ull));
	REFUSE_KEY(-ERANGE, U8(SKYWIRE_A_KEY_CIPHER, 2),
		   U64(SKYWIRE_A_KEY_HARD_FRAMES, (1ull << 32) + 1));
	/* A soft limit is no more than the hard one, given or not. */
	REFUSE_KEY(-ERANGE, U32(SKYWIRE_A_KEY_SOFT_TIME, 3601));
	REFUSE_KEY(-ERANGE, U32(SKYWIRE_A_KEY_SOFT_TIME, 11),
		   U32(SKYWIRE_A_KEY_HARD_TIME, 10));
	REFUSE_KEY(-ERANGE, U64(SKYWIRE_A_KEY_SOFT_FRAMES, 11),
		   U64(SKYWIRE_A_KEY_HARD_FRAMES, 10));
	REFUSE_KEY(-ERANGE, U64(SKYWIRE_A_KEY_SOFT_FRAMES, (1ull << 60) + 1));
	/* One key for both ways would use each nonce twice. */
	REFUSE_KEY(-EINVAL, BIN(SKYWIRE_A_KEY_TX_KEY, secret[2], 32));
	REFUSE_KEY(-EINVAL, U8(SKYWIRE_A_KEY_CIPHER, 3));
	/* So would one key twice, with a counter each. */
	REFUSE_KEY(-EALREADY, BIN(SKYWIRE_A_KEY_TX_KEY, secret[1], 32));
	/* And one that another goes the other way with, at this end or that. */
	REFUSE_KEY(-EALREADY, BIN(SKYWIRE_A_KEY_TX_KEY, secret[0], 32));
	REFUSE_KEY(-EALREADY, BIN(SKYWIRE_A_KEY_RX_KEY, secret[1], 32));
	REFUSE_KEY(-EALREADY, BIN(SKYWIRE_A_KEY_RX_KEY, secret[1], 32),
		   BIN(SKYWIRE_A_KEY_TX_KEY, secret[0], 32));
	REFUSE(-ENOENT, KEY_DEL, SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 78));
	REFUSE(-ENOENT, KEY_GET, SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 78));

	/* Another device's key is not this one's to name. */
	ASSERT_EQ(0, rt_add("sw1"));
	ASSERT_EQ(0, DO(DEV_GET, SW1));
	REFUSE(-ENOENT, KEY_GET, SW1, U32(SKYWIRE_A_KEY_RX_INDEX, 77));
	REFUSE(-ENOENT, KEY_DEL, SW1, U32(SKYWIRE_A_KEY_RX_INDEX, 77));
	/* But the index is taken in all of the namespace. */
	ASSERT_EQ(0, DO(LINK_NEW, SW1, U16(SKYWIRE_A_LINK_LABEL, 5),
			KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 1)));
	REFUSE(-EEXIST, KEY_NEW, SW1, U16(SKYWIRE_A_KEY_LINK, 5),
	       U8(SKYWIRE_A_KEY_CIPHER, 1), U32(SKYWIRE_A_KEY_TX_INDEX, 1),
	       U32(SKYWIRE_A_KEY_RX_INDEX, 77),
	       BIN(SKYWIRE_A_KEY_RX_KEY, secret[2], 32),
	       BIN(SKYWIRE_A_KEY_TX_KEY, secret[3], 32));
}

static const __u8 *key_opaque(const void *msg, unsigned int *len)
{
	const struct nlattr *nla = nl_attr(msg, SKYWIRE_A_KEY_OPAQUE);

	*len = nla ? mnl_attr_get_payload_len(nla) : 0;
	return nla ? mnl_attr_get_payload(nla) : NULL;
}

TEST_NL(key_metadata)
{
	static const struct {
		__u8	cipher, bytes;
		__u64	frames;
	} ciphers[] = {
		{ SKYWIRE_CIPHER_CHACHA20_POLY1305, 32, 1ull << 60 },
		{ SKYWIRE_CIPHER_AES_256_GCM, 32, 1ull << 32 },
		{ SKYWIRE_CIPHER_AES_128_GCM, 16, 1ull << 32 },
	};
	unsigned int i, len;

	ASSERT_EQ(0, make_node(&self->nl));
	for (i = 0; i < ARRAY_SIZE(ciphers); i++) {
		/* The peer's, with nothing but what is needed */
		ASSERT_EQ(0, DO(KEY_NEW, SW0, KEY32(SKYWIRE_A_KEY_PEER, 2),
				U8(SKYWIRE_A_KEY_CIPHER, ciphers[i].cipher),
				U32(SKYWIRE_A_KEY_TX_INDEX, i),
				BIN(SKYWIRE_A_KEY_RX_KEY, secret[0], ciphers[i].bytes),
				BIN(SKYWIRE_A_KEY_TX_KEY, secret[1 + i], ciphers[i].bytes)));
		EXPECT_EQ(ciphers[i].cipher, nl_uint(REPLY, SKYWIRE_A_KEY_CIPHER));
		EXPECT_EQ(SKYWIRE_ROLE_INITIATOR, nl_uint(REPLY, SKYWIRE_A_KEY_ROLE));
		EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, nl_uint(REPLY, SKYWIRE_A_KEY_SLOT));
		EXPECT_EQ(i, nl_uint(REPLY, SKYWIRE_A_KEY_TX_INDEX));
		EXPECT_EQ(120, nl_uint(REPLY, SKYWIRE_A_KEY_SOFT_TIME));
		EXPECT_EQ(3600, nl_uint(REPLY, SKYWIRE_A_KEY_HARD_TIME));
		EXPECT_EQ(0, nl_uint(REPLY, SKYWIRE_A_KEY_SOFT_FRAMES));
		EXPECT_EQ(ciphers[i].frames, nl_uint(REPLY, SKYWIRE_A_KEY_HARD_FRAMES));
		EXPECT_EQ(0, nl_uint(REPLY, SKYWIRE_A_KEY_TX_FRAMES));
		EXPECT_EQ(0, nl_uint(REPLY, SKYWIRE_A_KEY_RX_FRAMES));
		EXPECT_GT(60000, nl_uint(REPLY, SKYWIRE_A_KEY_AGE));
		EXPECT_TRUE(nl_has(REPLY, SKYWIRE_A_KEY_PEER, pk[2], 32));
		EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_KEY_LINK));
		EXPECT_EQ(NULL, nl_attr(REPLY, SKYWIRE_A_KEY_SOFT_EXPIRED));
		EXPECT_NE(NULL, nl_attr(REPLY, SKYWIRE_A_KEY_DRIVER));
		key_opaque(REPLY, &len);
		EXPECT_EQ(0, len);
	}
	/* No soft limit is made up that would be past the hard one. */
	ASSERT_EQ(0, DO_KEY(U32(SKYWIRE_A_KEY_HARD_TIME, 60)));
	EXPECT_EQ(60, nl_uint(REPLY, SKYWIRE_A_KEY_SOFT_TIME));
	ASSERT_EQ(0, DO_KEY(U32(SKYWIRE_A_KEY_SOFT_TIME, 60),
			    U32(SKYWIRE_A_KEY_HARD_TIME, 60),
			    U64(SKYWIRE_A_KEY_SOFT_FRAMES, 9),
			    U64(SKYWIRE_A_KEY_HARD_FRAMES, 9)));
	/* What the daemon gives to keep comes back as it was. */
	for (i = 0; i <= 64; i += i < 60 ? 7 : 1) {
		ASSERT_EQ(0, DO_KEY(U32(SKYWIRE_A_KEY_RX_INDEX, 2000 + i),
				    BIN(SKYWIRE_A_KEY_OPAQUE, opaque, i)));
		ASSERT_EQ(0, DO(KEY_GET, SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 2000 + i)));
		ASSERT_TRUE(nl_has(REPLY, SKYWIRE_A_KEY_OPAQUE, opaque, i));
	}
}

static __u64 key_slot(struct nl *nl, __u32 index)
{
	if (NL_DO(nl, SKYWIRE_CMD_KEY_GET, SW0,
		  U32(SKYWIRE_A_KEY_RX_INDEX, index)))
		return ~0ull;
	return nl_uint(nl->reply, SKYWIRE_A_KEY_SLOT);
}

static bool key_gone(struct nl *nl, __u32 index)
{
	return NL_DO(nl, SKYWIRE_CMD_KEY_GET, SW0,
		     U32(SKYWIRE_A_KEY_RX_INDEX, index)) == -ENOENT;
}

/* For what the kernel does in its own time: it has a minute. */
#define EVENTUALLY(condition) do {					\
	unsigned int tries_ = 0;					\
	bool is_;							\
									\
	do {								\
		is_ = (condition);					\
	} while (!is_ && tries_++ < 1200 && !usleep(50000));		\
	EXPECT_TRUE(is_) {						\
		TH_LOG("never: %s", #condition);			\
	}								\
} while (0)

static int add_key(struct nl *nl, __u32 index, __u8 role)
{
	return new_key(nl, (const struct attr[]){
		U32(SKYWIRE_A_KEY_RX_INDEX, index),
		U8(SKYWIRE_A_KEY_ROLE, role), {}
	});
}

TEST_NL(key_slots)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, make_node(nl));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, key_slot(nl, 77));
	/* A responder waits; a second one replaces it. */
	ASSERT_EQ(0, add_key(nl, 80, SKYWIRE_ROLE_RESPONDER));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_NEXT, key_slot(nl, 80));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, key_slot(nl, 77));
	ASSERT_EQ(0, add_key(nl, 81, SKYWIRE_ROLE_RESPONDER));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_NEXT, key_slot(nl, 81));
	EVENTUALLY(key_gone(nl, 80));
	/* An initiator sends at once; the others move up. */
	ASSERT_EQ(0, add_key(nl, 82, SKYWIRE_ROLE_INITIATOR));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, key_slot(nl, 82));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_PREVIOUS, key_slot(nl, 77));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_NEXT, key_slot(nl, 81));
	ASSERT_EQ(0, add_key(nl, 83, SKYWIRE_ROLE_INITIATOR));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, key_slot(nl, 83));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_PREVIOUS, key_slot(nl, 82));
	EVENTUALLY(key_gone(nl, 77));
	/* Each can be taken out, and leaves the others where they are. */
	ASSERT_EQ(0, DO(KEY_DEL, SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 83)));
	EXPECT_TRUE(key_gone(nl, 83));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_PREVIOUS, key_slot(nl, 82));
	ASSERT_EQ(0, DO(KEY_DEL, SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 82)));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_NEXT, key_slot(nl, 81));
	/* An index that was given up can be used again. */
	ASSERT_EQ(0, add_key(nl, 82, SKYWIRE_ROLE_INITIATOR));
	ASSERT_EQ(0, DO(LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 5)));
	EXPECT_TRUE(key_gone(nl, 82));
	EXPECT_TRUE(key_gone(nl, 81));
}

/* The next notification of @cmd about key @index, waited for */
static bool await_key(struct nl *listener, __u8 cmd, __u32 index,
		      struct blob *seen)
{
	struct pollfd p = {
		.fd = mnl_socket_get_fd(listener->sock), .events = POLLIN,
	};
	const struct nlmsghdr *nlh;

	do {
		seen->len = 0;
		nl_notified(listener, seen);
		for (nlh = NULL; (nlh = blob_next(seen, nlh));)
			if (nl_cmd(nlh) == cmd &&
			    nl_uint(nlh, SKYWIRE_A_KEY_RX_INDEX) == index) {
				memmove(seen->data, nlh, nlh->nlmsg_len);
				return true;
			}
	} while (poll(&p, 1, 60000) > 0);
	return false;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

TEST_NL(key_times)
{
	struct blob seen = {};
	struct nl listener;
	double start;

	ASSERT_EQ(0, make_node(&self->nl));
	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	start = now();
	ASSERT_EQ(0, DO_KEY(U32(SKYWIRE_A_KEY_RX_INDEX, 90),
			    U32(SKYWIRE_A_KEY_SOFT_TIME, 1),
			    U32(SKYWIRE_A_KEY_HARD_TIME, 2)));
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_NTF, 90, &seen));
	EXPECT_EQ(NULL, nl_attr(seen.data, SKYWIRE_A_KEY_SOFT_EXPIRED));
	/* The soft limit is told once, and changes nothing else. */
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_NTF, 90, &seen));
	EXPECT_NE(NULL, nl_attr(seen.data, SKYWIRE_A_KEY_SOFT_EXPIRED));
	EXPECT_LE(start + 0.99, now());
	EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, key_slot(&self->nl, 90));
	EXPECT_NE(NULL, nl_attr(REPLY, SKYWIRE_A_KEY_SOFT_EXPIRED));
	/* The hard one ends the key. */
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_DEL_NTF, 90, &seen));
	EXPECT_LE(start + 1.99, now());
	EXPECT_TRUE(key_gone(&self->nl, 90));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_PREVIOUS, key_slot(&self->nl, 77));
	nl_close(&listener);
	blob_free(&seen);
}

/* Two devices in one namespace that are each other's neighbour */

static int make_half(struct nl *nl, const char *dev, __u8 me, __u8 you,
		     __u16 port, __u16 remote_port)
{
	const struct attr name = BIN(SKYWIRE_A_DEV_IFNAME, dev, 4);

	return NL_DO(nl, SKYWIRE_CMD_DEV_SET, name,
		     KEY32(SKYWIRE_A_DEV_IDENTITY, me),
		     U16(SKYWIRE_A_DEV_PORT, port)) ?:
	       NL_DO(nl, SKYWIRE_CMD_LINK_NEW, name,
		     U16(SKYWIRE_A_LINK_LABEL, 5),
		     KEY32(SKYWIRE_A_LINK_NEIGHBOUR, you),
		     BIN(SKYWIRE_A_LINK_REMOTE, ipv4, 4),
		     U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(remote_port)),
		     U32(SKYWIRE_A_LINK_PROBE_BUSY, 0)) ?:
	       NL_DO(nl, SKYWIRE_CMD_PEER_NEW, name,
		     KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, you)) ?:
	       NL_DO(nl, SKYWIRE_CMD_PATH_NEW, name,
		     KEY32(SKYWIRE_A_PATH_PEER, you),
		     U16(SKYWIRE_A_PATH_LINK, 5)) ?:
	       rt_up(if_nametoindex(dev));
}

static int make_pair(struct nl *nl)
{
	return rt_up(1) ?: rt_add("sw1") ?:
	       make_half(nl, "sw0", 0, 1, 4000, 4001) ?:
	       make_half(nl, "sw1", 1, 0, 4001, 4000);
}

/* One direction's index decides the key, so that both ends agree. */
static int pair_key(struct nl *nl, const char *dev, __u32 rx, __u32 tx,
		    __u8 role, const struct attr *more)
{
	__u8 rx_key[32] = { rx }, tx_key[32] = { tx };
	struct attr attrs[16] = {
		BIN(SKYWIRE_A_DEV_IFNAME, dev, 4), U16(SKYWIRE_A_KEY_LINK, 5),
		U8(SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_CHACHA20_POLY1305),
		U8(SKYWIRE_A_KEY_ROLE, role), U32(SKYWIRE_A_KEY_RX_INDEX, rx),
		U32(SKYWIRE_A_KEY_TX_INDEX, tx),
		BIN(SKYWIRE_A_KEY_RX_KEY, rx_key, 32),
		BIN(SKYWIRE_A_KEY_TX_KEY, tx_key, 32),
	};
	unsigned int n = 8;

	while (more && more->type)
		attrs[n++] = *more++;
	return nl_request(nl, SKYWIRE_CMD_KEY_NEW, attrs);
}

/* The overlay address of pk[who], as a peer of @dev, or @dev's own */
static int address_of(struct nl *nl, const char *dev, int who, __u8 *address)
{
	const struct attr name = BIN(SKYWIRE_A_DEV_IFNAME, dev, 4);
	const struct nlattr *nla;
	int err;

	if (who < 0)
		err = NL_DO(nl, SKYWIRE_CMD_DEV_GET, name);
	else
		err = NL_DO(nl, SKYWIRE_CMD_PEER_GET, name,
			    KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, who));
	if (err)
		return err;
	nla = nl_attr(nl->reply, who < 0 ? SKYWIRE_A_DEV_ADDRESS :
		      SKYWIRE_A_PEER_ADDRESS);
	memcpy(address, mnl_attr_get_payload(nla), 16);
	return 0;
}

/* An IPv6 packet from @dev's own address to pk[who], into @dev */
static int send_packet(struct nl *nl, const char *dev, int who)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = if_nametoindex(dev),
	};
	struct ip6_hdr ip = { .ip6_nxt = IPPROTO_NONE, .ip6_hlim = 64 };
	int fd, err;

	ip.ip6_vfc = 0x60;
	err = address_of(nl, dev, -1, ip.ip6_src.s6_addr) ?:
	      address_of(nl, dev, who, ip.ip6_dst.s6_addr);
	if (err)
		return err;
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, &ip, sizeof(ip), 0, (struct sockaddr *)&to,
		   sizeof(to)) != sizeof(ip))
		err = -errno;
	close(fd);
	return err;
}

static __u64 key_uint(struct nl *nl, const char *dev, __u32 index, __u16 type)
{
	if (NL_DO(nl, SKYWIRE_CMD_KEY_GET, BIN(SKYWIRE_A_DEV_IFNAME, dev, 4),
		  U32(SKYWIRE_A_KEY_RX_INDEX, index)))
		return ~0ull;
	return nl_uint(nl->reply, type);
}

static __u64 stat_of(struct nl *nl, const char *dev, __u16 kind, __u32 id)
{
	const struct nlattr *nla, *entry;

	if (NL_DO(nl, SKYWIRE_CMD_STATS_GET, BIN(SKYWIRE_A_DEV_IFNAME, dev, 4)))
		return ~0ull;
	mnl_attr_for_each(nla, (const struct nlmsghdr *)nl->reply,
			  sizeof(struct genlmsghdr)) {
		__u64 value = ~0ull;
		__u32 found = ~0u;

		if (mnl_attr_get_type(nla) != kind)
			continue;
		mnl_attr_for_each_nested(entry, nla) {
			if (mnl_attr_get_type(entry) == SKYWIRE_A_ENTRY_ID)
				found = mnl_attr_get_u32(entry);
			else if (mnl_attr_get_type(entry) == SKYWIRE_A_ENTRY_VALUE)
				value = mnl_attr_get_u64(entry);
		}
		if (found == id)
			return value;
	}
	return ~0ull;
}

#define DROPS(dev, reason)						\
	stat_of(&self->nl, dev, SKYWIRE_A_STATS_DROP, SKYWIRE_DROP_##reason)
#define COUNT(dev, counter)						\
	stat_of(&self->nl, dev, SKYWIRE_A_STATS_COUNTER,		\
		SKYWIRE_COUNTER_##counter)

TEST_NL(key_promotion)
{
	struct blob seen = {};
	struct nl listener, *nl = &self->nl;

	ASSERT_EQ(0, make_pair(nl));
	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	ASSERT_EQ(0, pair_key(nl, "sw0", 10, 11, SKYWIRE_ROLE_INITIATOR, NULL));
	ASSERT_EQ(0, pair_key(nl, "sw1", 11, 10, SKYWIRE_ROLE_RESPONDER, NULL));
	/* The responder may not send until it has heard the initiator. */
	EXPECT_EQ(SKYWIRE_KEY_SLOT_NEXT, key_uint(nl, "sw1", 11, SKYWIRE_A_KEY_SLOT));
	ASSERT_EQ(0, send_packet(nl, "sw1", 0));
	EVENTUALLY(DROPS("sw1", NO_PATH) == 1);
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_NTF, 11, &seen));
	ASSERT_EQ(0, send_packet(nl, "sw0", 1));
	EVENTUALLY(key_uint(nl, "sw1", 11, SKYWIRE_A_KEY_SLOT) ==
		   SKYWIRE_KEY_SLOT_CURRENT);
	EXPECT_EQ(1, key_uint(nl, "sw1", 11, SKYWIRE_A_KEY_RX_FRAMES));
	/* Which is told. */
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_NTF, 11, &seen));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_CURRENT, nl_uint(seen.data, SKYWIRE_A_KEY_SLOT));
	ASSERT_EQ(0, send_packet(nl, "sw1", 0));
	EVENTUALLY(key_uint(nl, "sw0", 10, SKYWIRE_A_KEY_RX_FRAMES) == 1);

	/* The same once more while they are in use: nothing gets lost. */
	ASSERT_EQ(0, pair_key(nl, "sw1", 21, 20, SKYWIRE_ROLE_RESPONDER, NULL));
	ASSERT_EQ(0, pair_key(nl, "sw0", 20, 21, SKYWIRE_ROLE_INITIATOR, NULL));
	EXPECT_EQ(SKYWIRE_KEY_SLOT_PREVIOUS, key_uint(nl, "sw0", 10, SKYWIRE_A_KEY_SLOT));
	ASSERT_EQ(0, send_packet(nl, "sw1", 0));
	EVENTUALLY(key_uint(nl, "sw0", 10, SKYWIRE_A_KEY_RX_FRAMES) == 2);
	ASSERT_EQ(0, send_packet(nl, "sw0", 1));
	EVENTUALLY(key_uint(nl, "sw1", 21, SKYWIRE_A_KEY_SLOT) ==
		   SKYWIRE_KEY_SLOT_CURRENT);
	EXPECT_EQ(SKYWIRE_KEY_SLOT_PREVIOUS, key_uint(nl, "sw1", 11, SKYWIRE_A_KEY_SLOT));
	ASSERT_EQ(0, send_packet(nl, "sw1", 0));
	EVENTUALLY(key_uint(nl, "sw0", 20, SKYWIRE_A_KEY_RX_FRAMES) == 1);
	EXPECT_EQ(2, COUNT("sw1", DELIVERED));
	EXPECT_EQ(3, COUNT("sw0", DELIVERED));
	nl_close(&listener);
	blob_free(&seen);
}

TEST_NL(key_frames)
{
	const struct attr limits[] = {
		U64(SKYWIRE_A_KEY_SOFT_FRAMES, 2),
		U64(SKYWIRE_A_KEY_HARD_FRAMES, 3), {}
	};
	struct nl listener, *nl = &self->nl;
	struct blob seen = {};
	unsigned int i;

	ASSERT_EQ(0, make_pair(nl));
	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	ASSERT_EQ(0, pair_key(nl, "sw0", 10, 11, SKYWIRE_ROLE_INITIATOR, limits));
	ASSERT_EQ(0, pair_key(nl, "sw1", 11, 10, SKYWIRE_ROLE_INITIATOR, NULL));
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_NTF, 11, &seen));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, send_packet(nl, "sw0", 1));
	EVENTUALLY(key_uint(nl, "sw1", 11, SKYWIRE_A_KEY_RX_FRAMES) == 3);
	/* The path says no as soon as it sees that the key has ended. */
	EXPECT_EQ(3, DROPS("sw0", NO_KEY) + DROPS("sw0", NO_PATH));
	EXPECT_EQ(3, key_uint(nl, "sw0", 10, SKYWIRE_A_KEY_TX_FRAMES));
	EXPECT_EQ(3, COUNT("sw0", TX_FRAMES));
	ASSERT_TRUE(await_key(&listener, SKYWIRE_CMD_KEY_NTF, 10, &seen));
	EXPECT_NE(NULL, nl_attr(seen.data, SKYWIRE_A_KEY_SOFT_EXPIRED));

	/* A receiver does not take more than that either. */
	ASSERT_EQ(0, pair_key(nl, "sw0", 20, 21, SKYWIRE_ROLE_INITIATOR, NULL));
	ASSERT_EQ(0, pair_key(nl, "sw1", 21, 20, SKYWIRE_ROLE_INITIATOR, limits));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, send_packet(nl, "sw0", 1));
	EVENTUALLY(DROPS("sw1", KEY_EXPIRED) == 2);
	EXPECT_EQ(3, key_uint(nl, "sw1", 21, SKYWIRE_A_KEY_RX_FRAMES));
	nl_close(&listener);
	blob_free(&seen);
}

static bool holds(const struct blob *b, const __u8 *bytes, size_t len)
{
	return b->len && memmem(b->data, b->len, bytes, len);
}

static void add_reply(struct blob *b, const struct nl *nl)
{
	const struct nlmsghdr *nlh = (const void *)nl->reply;

	blob_add(b, nlh, nlh->nlmsg_len);
}

/* Whatever is dumped, answered or notified, no key is in it. */
TEST_NL(key_bytes_stay)
{
	struct blob all = {}, dump = {};
	struct nl listener, *nl = &self->nl;
	unsigned int i, cmd;

	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	ASSERT_EQ(0, make_node(nl));
	add_reply(&all, nl);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, add_key(nl, 100 + i, i % 2));
		add_reply(&all, nl);
		ASSERT_EQ(0, DO(KEY_GET, SW0, U32(SKYWIRE_A_KEY_RX_INDEX, 100 + i)));
		add_reply(&all, nl);
	}
	for (cmd = 1; cmd <= SKYWIRE_CMD_MAX; cmd++) {
		NL_DUMP(nl, cmd, &dump, {});
		blob_add(&all, dump.data, dump.len);
		dump.len = 0;
	}
	ASSERT_EQ(0, DO(LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 5)));
	nl_notified(&listener, &all);
	/* That it can find something at all */
	EXPECT_TRUE(holds(&all, pk[1], 32));
	for (i = 0; i < ARRAY_SIZE(secret); i++)
		EXPECT_FALSE(holds(&all, secret[i], 8));
	nl_close(&listener);
	blob_free(&dump);
	blob_free(&all);
}

TEST_NL(set_is_all_or_nothing)
{
	const struct attr link = U16(SKYWIRE_A_LINK_LABEL, 5);
	const struct attr peer = KEY32(SKYWIRE_A_PATH_PEER, 2);
	const struct attr id = U8(SKYWIRE_A_PATH_ID, 3);
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(4444),
	};
	int fd;

	ASSERT_EQ(0, make_node(&self->nl));
	REFUSE(-EEXIST, DEV_SET, SW0, U32(SKYWIRE_A_DEV_FWMARK, 1),
	       U16(SKYWIRE_A_DEV_PORT, 99), KEY32(SKYWIRE_A_DEV_IDENTITY, 2));
	ASSERT_EQ(0, rt_up(if_nametoindex("sw0")));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	REFUSE(-EADDRINUSE, DEV_SET, SW0, U32(SKYWIRE_A_DEV_FWMARK, 1),
	       U16(SKYWIRE_A_DEV_PORT, 4444), KEY32(SKYWIRE_A_DEV_IDENTITY, 3));
	close(fd);
	ASSERT_EQ(0, DO(DEV_SET, SW0, U16(SKYWIRE_A_DEV_PORT, 4444)));
	REFUSE(-ERANGE, LINK_SET, SW0, link, U32(SKYWIRE_A_LINK_PRICE_BASE, 1),
	       U32(SKYWIRE_A_LINK_MTU, 65476));
	REFUSE(-EINVAL, LINK_SET, SW0, link, U32(SKYWIRE_A_LINK_PRICE_BASE, 1),
	       U32(SKYWIRE_A_LINK_MTU, 1300),
	       BIN(SKYWIRE_A_LINK_REMOTE, any4, 4));
	REFUSE(-EINVAL, LINK_SET, SW0, link,
	       U8(SKYWIRE_A_LINK_STATE, SKYWIRE_LINK_STATE_DOWN),
	       BIN(SKYWIRE_A_LINK_REMOTE, ipv6, 16),
	       U16(SKYWIRE_A_LINK_REMOTE_PORT, 0));
	REFUSE(-EINVAL, PATH_SET, SW0, peer, id, U16(SKYWIRE_A_PATH_WEIGHT, 9),
	       BIN(SKYWIRE_A_PATH_LABELS, "\0\1\0\0", 4));
	REFUSE(-EINVAL, PATH_SET, SW0, peer, id, U16(SKYWIRE_A_PATH_WEIGHT, 9),
	       BIN(SKYWIRE_A_PATH_LABELS, "\0\1\0\2", 4),
	       U32(SKYWIRE_A_PATH_MTU, 5));
	REFUSE(-ERANGE, PATH_SET, SW0, peer, id, U16(SKYWIRE_A_PATH_WEIGHT, 9),
	       U32(SKYWIRE_A_PATH_POSTAGE_BASE, ~0u),
	       U32(SKYWIRE_A_PATH_POSTAGE_RATE, ~0u));
	REFUSE(-EINVAL, LINK_NEW, SW0, KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 4),
	       BIN(SKYWIRE_A_LINK_REMOTE, ipv4, 4));
	/* And without a change, nothing changes. */
	EXPECT_EQ(0, DO(LINK_SET, SW0, link));
	EXPECT_EQ(0, DO(PATH_SET, SW0, peer, id));
	EXPECT_EQ(0, DO(DEV_SET, SW0));
}

/* Dumps */

enum { MANY = 1000 };

static int make_many(struct nl *nl)
{
	const struct attr *dev = (const struct attr[]){ SW0, {} };
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < MANY; i++) {
		__u8 key[32] = { 0xab, i >> 8, i };

		err = NL_DO(nl, SKYWIRE_CMD_PEER_NEW, *dev,
			    BIN(SKYWIRE_A_PEER_PUBLIC_KEY, key, 32)) ?:
		      NL_DO(nl, SKYWIRE_CMD_LINK_NEW, *dev,
			    U16(SKYWIRE_A_LINK_LABEL, 2 * i + 1),
			    BIN(SKYWIRE_A_LINK_NEIGHBOUR, key, 32)) ?:
		      NL_DO(nl, SKYWIRE_CMD_PATH_NEW, *dev,
			    BIN(SKYWIRE_A_PATH_PEER, key, 32),
			    U16(SKYWIRE_A_PATH_LINK, 2 * i + 1));
	}
	return err;
}

/* Start a dump, and let @meddle happen once its first part is here. */
static int dump_with(struct nl *nl, __u8 cmd, struct nl *other,
		     int (*meddle)(struct nl *nl), struct blob *dump)
{
	__u64 buf[32];
	struct nlmsghdr *nlh;
	int len, err;

	nlh = nl_begin_genl(nl, buf, nl->family, NLM_F_DUMP, cmd);
	nl_put(nlh, (const struct attr[]){ SW0, {} });
	err = nl_send(nl, nlh);
	if (err)
		return err;
	len = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
	if (len < 0)
		return -errno;
	blob_add(dump, nl->buf, len);
	err = meddle(other);
	return err ?: nl_finish(nl, dump);
}

static int leave_alone(struct nl *nl)
{
	return nl ? 0 : -EINVAL;
}

static int delete_first(struct nl *nl)
{
	return NL_DO(nl, SKYWIRE_CMD_LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 1));
}

static int change_another(struct nl *nl)
{
	return NL_DO(nl, SKYWIRE_CMD_LINK_SET, SW0,
		     U16(SKYWIRE_A_LINK_LABEL, 1999),
		     U32(SKYWIRE_A_LINK_MTU, 1300));
}

static int change_other_device(struct nl *nl)
{
	return NL_DO(nl, SKYWIRE_CMD_DEV_SET, SW1, U32(SKYWIRE_A_DEV_FWMARK, 1));
}

/* The device gets another name, and another device its name; or back. */
static int swap_names(struct nl *nl)
{
	int index0 = if_nametoindex("sw0"), index1 = if_nametoindex("sw1");

	if (!nl || !index0 || !index1)
		return -EINVAL;
	return rt_rename(index0, "sw2") ?: rt_rename(index1, "sw0") ?:
	       rt_rename(index0, "sw1");
}

static int delete_device(struct nl *nl)
{
	return nl ? rt_del("sw0") : -EINVAL;
}

TEST_NL(dumps_of_many)
{
	static const struct {
		__u8		cmd;
		unsigned int	count;
	} dumps[] = {
		{ SKYWIRE_CMD_LINK_GET, MANY }, { SKYWIRE_CMD_PEER_GET, MANY },
		{ SKYWIRE_CMD_PATH_GET, MANY }, { SKYWIRE_CMD_PREFIX_GET, MANY },
		{ SKYWIRE_CMD_KEY_GET, 0 }, { SKYWIRE_CMD_DEV_GET, 2 },
	};
	bool seen[MANY] = {};
	const struct nlmsghdr *nlh;
	struct blob dump = {};
	unsigned int i;
	struct nl other;
	__u64 label;

	ASSERT_EQ(0, make_many(&self->nl)) {
		TH_LOG("%s", self->nl.error);
	}
	ASSERT_EQ(0, rt_add("sw1"));
	for (i = 0; i < ARRAY_SIZE(dumps); i++) {
		dump.len = 0;
		EXPECT_EQ(0, NL_DUMP(&self->nl, dumps[i].cmd, &dump, {}));
		EXPECT_EQ(dumps[i].count, blob_count(&dump)) {
			TH_LOG("command %u", dumps[i].cmd);
		}
		/* One device's, */
		dump.len = 0;
		EXPECT_EQ(0, NL_DUMP(&self->nl, dumps[i].cmd, &dump, SW0));
		EXPECT_EQ(dumps[i].count == 2 ? 1 : dumps[i].count,
			  blob_count(&dump));
		/* and another's, which has none. */
		dump.len = 0;
		EXPECT_EQ(0, NL_DUMP(&self->nl, dumps[i].cmd, &dump, SW1));
		EXPECT_EQ(dumps[i].count == 2, blob_count(&dump));
	}
	dump.len = 0;
	ASSERT_EQ(0, NL_DUMP(&self->nl, SKYWIRE_CMD_LINK_GET, &dump, SW0));
	for (nlh = NULL; (nlh = blob_next(&dump, nlh));) {
		label = nl_uint(nlh, SKYWIRE_A_LINK_LABEL);
		ASSERT_TRUE(label % 2 && label < 2 * MANY && !seen[label / 2]);
		seen[label / 2] = true;
	}

	/* A dump that something changed under says so, and no other does. */
	ASSERT_EQ(0, nl_open(&other));
	dump.len = 0;
	EXPECT_EQ(0, dump_with(&self->nl, SKYWIRE_CMD_LINK_GET, &other,
			       leave_alone, &dump));
	dump.len = 0;
	EXPECT_EQ(0, dump_with(&self->nl, SKYWIRE_CMD_LINK_GET, &other,
			       change_other_device, &dump));
	dump.len = 0;
	EXPECT_EQ(1, dump_with(&self->nl, SKYWIRE_CMD_LINK_GET, &other,
			       change_another, &dump));
	EXPECT_EQ(MANY, blob_count(&dump));
	dump.len = 0;
	EXPECT_EQ(1, dump_with(&self->nl, SKYWIRE_CMD_LINK_GET, &other,
			       delete_first, &dump));
	/* It is of the device that had the name when it began. */
	dump.len = 0;
	EXPECT_EQ(0, dump_with(&self->nl, SKYWIRE_CMD_LINK_GET, &other,
			       swap_names, &dump));
	EXPECT_EQ(MANY - 1, blob_count(&dump));
	dump.len = 0;
	EXPECT_EQ(0, NL_DUMP(&self->nl, SKYWIRE_CMD_LINK_GET, &dump, SW0));
	EXPECT_EQ(0, blob_count(&dump));
	EXPECT_EQ(0, swap_names(&other));
	/* All of it goes with the device, at once. */
	dump.len = 0;
	EXPECT_EQ(1, dump_with(&self->nl, SKYWIRE_CMD_LINK_GET, &other,
			       delete_device, &dump));
	EXPECT_EQ(-ENODEV, NL_DUMP(&self->nl, SKYWIRE_CMD_LINK_GET, &dump, SW0));
	nl_close(&other);
	blob_free(&dump);
}

/* Notifications */

struct told {
	__u8		cmd;
	__u16		type;	/* what tells it apart */
	__u64		value;
};

static void expect_told(struct __test_metadata *_metadata, struct nl *listener,
			const struct told *want, unsigned int count)
{
	const struct nlmsghdr *nlh;
	struct blob seen = {};
	unsigned int i = 0;

	nl_notified(listener, &seen);
	for (nlh = NULL; (nlh = blob_next(&seen, nlh));) {
		EXPECT_TRUE(i < count && nl_cmd(nlh) == want[i].cmd &&
			    (!want[i].type ||
			     nl_uint(nlh, want[i].type) == want[i].value)) {
			TH_LOG("notification %u is %u, not %u", i, nl_cmd(nlh),
			       i < count ? want[i].cmd : 0);
		}
		/* Each has the whole object, the device first. */
		EXPECT_NE(~0ull, nl_uint(nlh, SKYWIRE_A_DEV_IFINDEX));
		i++;
	}
	EXPECT_EQ(count, i);
	blob_free(&seen);
}

#define TOLD(...)							\
	expect_told(_metadata, &listener,				\
		    (const struct told[]){ __VA_ARGS__ },		\
		    ARRAY_SIZE(((const struct told[]){ __VA_ARGS__ })))

TEST_NL(notifications)
{
	const struct attr net = BIN(SKYWIRE_A_PREFIX_PREFIX, net10, 4);
	const struct attr len = U8(SKYWIRE_A_PREFIX_LENGTH, 8);
	const struct attr id = U8(SKYWIRE_A_PATH_ID, 1);
	struct nl listener;

	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	ASSERT_EQ(0, DO(DEV_SET, SW0, U32(SKYWIRE_A_DEV_FWMARK, 3)));
	TOLD({ SKYWIRE_CMD_DEV_NTF, SKYWIRE_A_DEV_FWMARK, 3 });
	ASSERT_EQ(0, DO(LINK_NEW, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
			KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 1)));
	ASSERT_EQ(0, DO(LINK_SET, SW0, U16(SKYWIRE_A_LINK_LABEL, 5),
			U32(SKYWIRE_A_LINK_MTU, 1300)));
	TOLD({ SKYWIRE_CMD_LINK_NTF, SKYWIRE_A_LINK_MTU, 1420 },
	     { SKYWIRE_CMD_LINK_NTF, SKYWIRE_A_LINK_MTU, 1300 });
	ASSERT_EQ(0, DO_KEY(U32(SKYWIRE_A_KEY_RX_INDEX, 7)));
	TOLD({ SKYWIRE_CMD_KEY_NTF, SKYWIRE_A_KEY_RX_INDEX, 7 });
	/* The peer's own address is a prefix like others. */
	ASSERT_EQ(0, DO(PEER_NEW, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1)));
	TOLD({ .cmd = SKYWIRE_CMD_PEER_NTF },
	     { SKYWIRE_CMD_PREFIX_NTF, SKYWIRE_A_PREFIX_LENGTH, 128 });
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, net, len,
			KEY32(SKYWIRE_A_PREFIX_PEER, 1)));
	ASSERT_EQ(0, DO(PREFIX_DEL, SW0, net, len));
	ASSERT_EQ(0, DO(PREFIX_NEW, SW0, net, len,
			KEY32(SKYWIRE_A_PREFIX_PEER, 1)));
	TOLD({ SKYWIRE_CMD_PREFIX_NTF, SKYWIRE_A_PREFIX_LENGTH, 8 },
	     { SKYWIRE_CMD_PREFIX_DEL_NTF, SKYWIRE_A_PREFIX_LENGTH, 8 },
	     { SKYWIRE_CMD_PREFIX_NTF, SKYWIRE_A_PREFIX_LENGTH, 8 });
	ASSERT_EQ(0, DO(PATH_NEW, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1),
			U16(SKYWIRE_A_PATH_LINK, 5)));
	ASSERT_EQ(0, DO(PATH_SET, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1), id,
			U16(SKYWIRE_A_PATH_WEIGHT, 9)));
	ASSERT_EQ(0, DO(PATH_DEL, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1), id));
	ASSERT_EQ(0, DO(PATH_NEW, SW0, KEY32(SKYWIRE_A_PATH_PEER, 1),
			U16(SKYWIRE_A_PATH_LINK, 5)));
	TOLD({ SKYWIRE_CMD_PATH_NTF, SKYWIRE_A_PATH_WEIGHT, 1 },
	     { SKYWIRE_CMD_PATH_NTF, SKYWIRE_A_PATH_WEIGHT, 9 },
	     { SKYWIRE_CMD_PATH_DEL_NTF, SKYWIRE_A_PATH_WEIGHT, 9 },
	     { SKYWIRE_CMD_PATH_NTF, SKYWIRE_A_PATH_WEIGHT, 1 });
	/* What goes along with something else is told before it. */
	ASSERT_EQ(0, DO(PEER_DEL, SW0, KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 1)));
	TOLD({ SKYWIRE_CMD_PATH_DEL_NTF, SKYWIRE_A_PATH_ID, 1 },
	     { SKYWIRE_CMD_PREFIX_DEL_NTF, SKYWIRE_A_PREFIX_LENGTH, 128 },
	     { SKYWIRE_CMD_PREFIX_DEL_NTF, SKYWIRE_A_PREFIX_LENGTH, 8 },
	     { .cmd = SKYWIRE_CMD_PEER_DEL_NTF });
	ASSERT_EQ(0, DO(LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 5)));
	TOLD({ SKYWIRE_CMD_KEY_DEL_NTF, SKYWIRE_A_KEY_RX_INDEX, 7 },
	     { SKYWIRE_CMD_LINK_DEL_NTF, SKYWIRE_A_LINK_LABEL, 5 });
	/* A request that is refused is not news. */
	EXPECT_EQ(-ENOENT, DO(LINK_DEL, SW0, U16(SKYWIRE_A_LINK_LABEL, 5)));
	ASSERT_EQ(0, rt_add("sw1"));
	ASSERT_EQ(0, DO(LINK_NEW, SW1, U16(SKYWIRE_A_LINK_LABEL, 6),
			KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 1)));
	ASSERT_EQ(0, rt_del("sw1"));
	TOLD({ .cmd = SKYWIRE_CMD_DEV_NTF }, { .cmd = SKYWIRE_CMD_LINK_NTF },
	     { .cmd = SKYWIRE_CMD_LINK_DEL_NTF }, { .cmd = SKYWIRE_CMD_DEV_DEL_NTF });
	nl_close(&listener);
}

/* The port that the kernel chooses when the device comes up is a change too. */
TEST_NL(notification_of_port)
{
	const struct nlmsghdr *nlh;
	struct blob seen = {};
	struct nl listener;
	__u64 port, told = 0;

	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	ASSERT_EQ(0, rt_up(if_nametoindex("sw0")));
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	port = nl_uint(REPLY, SKYWIRE_A_DEV_PORT);
	EXPECT_NE(0, port);
	nl_notified(&listener, &seen);
	for (nlh = NULL; (nlh = blob_next(&seen, nlh));)
		told = nl_uint(nlh, SKYWIRE_A_DEV_PORT);
	EXPECT_EQ(port, told);
	blob_free(&seen);
	nl_close(&listener);
}

/* Two listeners hear the same; other namespaces hear nothing. */
TEST_NL(notifications_per_netns)
{
	struct blob seen = {};
	struct nl listener;
	int here;

	ASSERT_EQ(0, nl_open(&listener));
	ASSERT_EQ(0, nl_subscribe(&listener));
	here = open("/proc/self/ns/net", O_RDONLY);
	ASSERT_LE(0, here);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, rt_add("sw0"));
	nl_notified(&listener, &seen);
	EXPECT_EQ(0, blob_count(&seen));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	ASSERT_EQ(0, DO(DEV_SET, SW0, U32(SKYWIRE_A_DEV_FWMARK, 3)));
	nl_notified(&listener, &seen);
	EXPECT_EQ(1, blob_count(&seen));
	close(here);
	nl_close(&listener);
	blob_free(&seen);
}

/* Permissions. What a child finds comes back as its exit status: a line. */

#define MUST(condition) do {						\
	if (!(condition))						\
		_exit(__LINE__ % 251 + 1);				\
} while (0)

static int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#define EXPECT_CHILD(pid) do {						\
	int status_ = status_of(pid);					\
	EXPECT_EQ(0, status_) {						\
		TH_LOG("a check failed in a line that is %d modulo 251",\
		       status_ - 1);					\
	}								\
} while (0)

/* Each request there is, with all that it needs */
static bool all_forbidden(struct nl *nl)
{
	struct blob dump = {};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		err = nl_request(nl, requests[i].cmd, requests[i].attr);
		if (err != -EPERM) {
			printf("# %s: %d\n", requests[i].name, err);
			return false;
		}
		/* stats-get has no dump */
		err = NL_DUMP(nl, requests[i].cmd, &dump, {});
		if (err != -EPERM && err != -EOPNOTSUPP) {
			printf("# dump by %s: %d\n", requests[i].name, err);
			return false;
		}
	}
	return true;
}

TEST_NL(unprivileged)
{
	struct nl nl;
	pid_t pid;

	ASSERT_EQ(0, make_node(&self->nl));
	pid = fork();
	if (!pid) {
		/* root's socket in the hands of somebody else, */
		MUST(!nl_open(&nl));
		MUST(!setresuid(65534, 65534, 65534));
		MUST(all_forbidden(&nl));
		nl_close(&nl);
		/* and his own */
		MUST(!nl_open(&nl));
		MUST(all_forbidden(&nl));
		MUST(nl_subscribe(&nl) == -EPERM);
		_exit(0);
	}
	EXPECT_CHILD(pid);
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_DEV_LINKS));
}

static bool become_userns_root(int more)
{
	static const char *const files[] = {
		"/proc/self/setgroups", "/proc/self/uid_map",
		"/proc/self/gid_map",
	};
	static const char *const text[] = { "deny", "0 0 1", "0 0 1" };
	unsigned int i;
	int fd;

	if (unshare(CLONE_NEWUSER | more))
		return false;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = open(files[i], O_WRONLY);
		if (fd < 0 || write(fd, text[i], strlen(text[i])) < 0)
			return false;
		close(fd);
	}
	return true;
}

TEST_NL(userns_root_outside)
{
	struct nl nl;
	pid_t pid;

	ASSERT_EQ(0, make_node(&self->nl));
	pid = fork();
	if (!pid) {
		/* All capabilities, but not over this network namespace */
		MUST(become_userns_root(0));
		MUST(!nl_open(&nl));
		MUST(all_forbidden(&nl));
		MUST(nl_subscribe(&nl) == -EPERM);
		MUST(rt_add("sw5") == -EPERM);
		MUST(rt_del("sw0") == -EPERM);
		_exit(0);
	}
	EXPECT_CHILD(pid);
}

TEST_NL(userns_root_inside)
{
	struct blob seen = {};
	struct nl nl, listener;
	pid_t pid;

	ASSERT_EQ(0, make_node(&self->nl));
	pid = fork();
	if (!pid) {
		MUST(become_userns_root(CLONE_NEWNET));
		MUST(!nl_open(&nl));
		/* What is outside is not there, */
		MUST(NL_DO(&nl, SKYWIRE_CMD_DEV_GET, SW0) == -ENODEV);
		MUST(!NL_DUMP(&nl, SKYWIRE_CMD_KEY_GET, &seen, {}));
		MUST(!seen.len);
		/* and what is inside is his. */
		MUST(!nl_open(&listener));
		MUST(!nl_subscribe(&listener));
		MUST(!rt_add("sw0"));
		MUST(!make_node(&nl));
		MUST(!rt_up(if_nametoindex("sw0")));
		MUST(!NL_DO(&nl, SKYWIRE_CMD_DEV_SET, SW0,
			    U32(SKYWIRE_A_DEV_FWMARK, 1)));
		nl_notified(&listener, &seen);
		MUST(seen.len);
		MUST(!rt_del("sw0"));
		/* A device can be left for the namespace's end. */
		MUST(!rt_add("sw0") && !make_node(&nl));
		_exit(0);
	}
	EXPECT_CHILD(pid);
}

/*
 * A device that was given away still has its sockets where it was created: its
 * new owner must not bind ports there, or choose the marks that routing and
 * firewall there go by.
 */
TEST_NL(userns_root_with_given_device)
{
	int ready[2], go[2];
	char c = 0;
	struct nl nl;
	pid_t pid;

	ASSERT_EQ(0, make_node(&self->nl));
	ASSERT_EQ(0, DO(DEV_SET, SW0, U16(SKYWIRE_A_DEV_PORT, 4000)));
	ASSERT_EQ(0, rt_up(if_nametoindex("sw0")));
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		MUST(become_userns_root(CLONE_NEWNET));
		MUST(write(ready[1], &c, 1) == 1);
		MUST(read(go[0], &c, 1) == 1);
		MUST(!nl_open(&nl));
		MUST(!NL_DO(&nl, SKYWIRE_CMD_DEV_GET, SW0));
		MUST(NL_DO(&nl, SKYWIRE_CMD_DEV_SET, SW0,
			   U32(SKYWIRE_A_DEV_FWMARK, 1)) == -EPERM);
		MUST(NL_DO(&nl, SKYWIRE_CMD_DEV_SET, SW0,
			   U16(SKYWIRE_A_DEV_PORT, 53)) == -EPERM);
		MUST(!NL_DO(&nl, SKYWIRE_CMD_DEV_GET, SW0));
		MUST(nl_uint(nl.reply, SKYWIRE_A_DEV_PORT) == 4000);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, rt_move(if_nametoindex("sw0"), pid));
	ASSERT_EQ(1, write(go[1], &c, 1));
	EXPECT_CHILD(pid);
}

/*
 * Fuzz: requests at random, from well formed to hopeless, some 20,000 in all.
 * Whatever becomes of them, the kernel must live, and so must the devices.
 */

static __u64 seed;

static __u32 below(__u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16 & 0xffffffff) * n >> 32;
}

/* An attribute that may well make sense */
static struct attr plausible(const struct attr *model)
{
	struct attr a = *model;
	static __u8 bytes[32];

	if (a.data && is_fixed(model)) {
		a.data = pk[below(6)];
	} else if (a.data) {
		memcpy(bytes, a.data, a.len < 32 ? a.len : 32);
		bytes[below(32)] ^= 1 << below(8);
		if (a.len <= 32 && below(3) == 0)
			a.data = bytes;
	} else if (below(4)) {
		a.u64 = a.len == 2 ? 1 + below(8) : below(12);
	} else {
		a.u64 = (__u64)below(~0u) << below(33);
	}
	/* A key that ends soon, now and then. */
	if (a.len == 4 && a.type == SKYWIRE_A_KEY_HARD_TIME && below(2))
		a.u32 = 1;
	return a;
}

static struct attr hopeless(void)
{
	static __u8 noise[300];
	unsigned int i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = below(256);
	return (struct attr)BIN(1 + below(below(8) ? 24 : 65535), noise,
				below(below(4) ? 40 : sizeof(noise)));
}

static int fuzz_one(struct nl *nl)
{
	const struct request *r = &requests[below(ARRAY_SIZE(requests))];
	__u64 buf[2048];
	struct nlmsghdr *nlh;
	unsigned int i;
	__u16 flags = NLM_F_ACK;
	__u8 cmd = r->cmd;
	struct blob dump = {};
	struct attr a[2] = {};
	int err;

	/* A change of the port waits for grace periods: not too many. */
	if (cmd == SKYWIRE_CMD_DEV_SET && below(8))
		r = &requests[below(2) ? 3 : 13], cmd = r->cmd;
	if (!below(16))
		cmd = below(SKYWIRE_CMD_MAX + 4);
	if (!below(12))
		flags = NLM_F_DUMP;
	if (!below(30))
		flags |= below(65536);
	nlh = nl_begin_genl(nl, buf, nl->family, flags | NLM_F_ACK, cmd);
	for (i = 0; r->attr[i].type; i++) {
		if (!below(8))
			continue;
		a[0] = i ? plausible(&r->attr[i]) : r->attr[i];
		if (!below(40))
			a[0].len = below(70), a[0].data = opaque;
		nl_put(nlh, a);
	}
	while (!below(6)) {
		a[0] = hopeless();
		nl_put(nlh, a);
	}
	if (!below(200))
		nlh->nlmsg_len = NLMSG_HDRLEN + below(nlh->nlmsg_len);
	err = nl_send(nl, nlh);
	if (err)
		return err;
	/* A length beyond what was sent makes it no message at all. */
	err = nl_finish(nl, &dump);
	blob_free(&dump);
	return err == -EAGAIN ? err : 0;
}

/* Everything away, by the names that dumps give */
static void delete_all(struct nl *nl, const struct attr dev)
{
	const struct nlmsghdr *nlh;
	struct blob dump = {};

	NL_DUMP(nl, SKYWIRE_CMD_PEER_GET, &dump, dev);
	for (nlh = NULL; (nlh = blob_next(&dump, nlh));)
		NL_DO(nl, SKYWIRE_CMD_PEER_DEL, dev,
		      BIN(SKYWIRE_A_PEER_PUBLIC_KEY,
			  mnl_attr_get_payload(nl_attr(nlh, SKYWIRE_A_PEER_PUBLIC_KEY)),
			  32));
	dump.len = 0;
	NL_DUMP(nl, SKYWIRE_CMD_LINK_GET, &dump, dev);
	for (nlh = NULL; (nlh = blob_next(&dump, nlh));)
		NL_DO(nl, SKYWIRE_CMD_LINK_DEL, dev,
		      U16(SKYWIRE_A_LINK_LABEL,
			  nl_uint(nlh, SKYWIRE_A_LINK_LABEL)));
	blob_free(&dump);
}

static bool fuzz(struct nl *nl, unsigned int count)
{
	const struct attr dev = SW0;
	unsigned int i;
	int err = 0;

	if (make_node(nl) || rt_up(1) || rt_up(if_nametoindex("sw0")))
		return false;
	for (i = 0; i < count && !err; i++)
		err = fuzz_one(nl);
	if (err) {
		printf("# no answer to request %u: %d\n", i, err);
		return false;
	}
	/* And now the same device does what it is for. */
	delete_all(nl, dev);
	if (NL_DO(nl, SKYWIRE_CMD_DEV_GET, dev) ||
	    nl_uint(nl->reply, SKYWIRE_A_DEV_LINKS) ||
	    nl_uint(nl->reply, SKYWIRE_A_DEV_PEERS) ||
	    nl_uint(nl->reply, SKYWIRE_A_DEV_PREFIXES)) {
		printf("# something is left\n");
		return false;
	}
	if (rt_add("sw1") ||
	    NL_DO(nl, SKYWIRE_CMD_LINK_NEW, dev, U16(SKYWIRE_A_LINK_LABEL, 999),
		  KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 7)) ||
	    NL_DO(nl, SKYWIRE_CMD_LINK_DEL, dev,
		  U16(SKYWIRE_A_LINK_LABEL, 999)))
		return false;
	return true;
}

/* After the fuzz: fresh links on the same device, a packet across */
static bool still_works(struct nl *nl)
{
	const struct attr dev = SW0;
	unsigned int tries;

	if (NL_DO(nl, SKYWIRE_CMD_DEV_SET, dev,
		  KEY32(SKYWIRE_A_DEV_IDENTITY, 7),
		  U16(SKYWIRE_A_DEV_PORT, 4000)) ||
	    NL_DO(nl, SKYWIRE_CMD_LINK_NEW, dev,
		  U16(SKYWIRE_A_LINK_LABEL, 30000),
		  KEY32(SKYWIRE_A_LINK_NEIGHBOUR, 8),
		  BIN(SKYWIRE_A_LINK_REMOTE, ipv4, 4),
		  U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(4001))) ||
	    NL_DO(nl, SKYWIRE_CMD_PEER_NEW, dev,
		  KEY32(SKYWIRE_A_PEER_PUBLIC_KEY, 8)) ||
	    NL_DO(nl, SKYWIRE_CMD_PATH_NEW, dev, KEY32(SKYWIRE_A_PATH_PEER, 8),
		  U16(SKYWIRE_A_PATH_LINK, 30000)) ||
	    NL_DO(nl, SKYWIRE_CMD_KEY_NEW, dev,
		  U16(SKYWIRE_A_KEY_LINK, 30000), U8(SKYWIRE_A_KEY_CIPHER, 1),
		  U32(SKYWIRE_A_KEY_RX_INDEX, 500000),
		  U32(SKYWIRE_A_KEY_TX_INDEX, 500001),
		  BIN(SKYWIRE_A_KEY_RX_KEY, secret[0], 32),
		  BIN(SKYWIRE_A_KEY_TX_KEY, secret[1], 32)) ||
	    make_half(nl, "sw1", 8, 7, 4001, 4000) ||
	    NL_DO(nl, SKYWIRE_CMD_KEY_NEW, SW1, U16(SKYWIRE_A_KEY_LINK, 5),
		  U8(SKYWIRE_A_KEY_CIPHER, 1),
		  U32(SKYWIRE_A_KEY_RX_INDEX, 500001),
		  U32(SKYWIRE_A_KEY_TX_INDEX, 500000),
		  BIN(SKYWIRE_A_KEY_RX_KEY, secret[1], 32),
		  BIN(SKYWIRE_A_KEY_TX_KEY, secret[0], 32))) {
		printf("# refused: %s\n", nl->error);
		return false;
	}
	if (send_packet(nl, "sw0", 8))
		return false;
	for (tries = 0; tries < 1200; tries++) {
		if (stat_of(nl, "sw1", SKYWIRE_A_STATS_COUNTER,
			    SKYWIRE_COUNTER_DELIVERED) == 1)
			return true;
		usleep(50000);
	}
	printf("# the packet did not arrive\n");
	return false;
}

TEST_NL(fuzz_as_root)
{
	seed = 0x1234567;
	EXPECT_TRUE(fuzz(&self->nl, 12000));
	EXPECT_TRUE(still_works(&self->nl));
}

TEST_NL(fuzz_as_userns_root)
{
	struct nl nl;
	pid_t pid;

	ASSERT_EQ(0, make_node(&self->nl));
	pid = fork();
	if (!pid) {
		seed = 0x7654321;
		MUST(become_userns_root(CLONE_NEWNET));
		MUST(!nl_open(&nl));
		MUST(!rt_add("sw0"));
		MUST(fuzz(&nl, 8000));
		MUST(still_works(&nl));
		_exit(0);
	}
	EXPECT_CHILD(pid);
	/* And what is outside has not noticed. */
	ASSERT_EQ(0, DO(DEV_GET, SW0));
	EXPECT_EQ(1, nl_uint(REPLY, SKYWIRE_A_DEV_LINKS));
	EXPECT_EQ(2, nl_uint(REPLY, SKYWIRE_A_DEV_PEERS));
}

TEST_HARNESS_MAIN
