// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for lib/netlink.c and lib/iface.c, so that swctl can be run where
 * there is no module. What is asked goes to the file $SWCTL_MOCK_LOG, a line a request;
 * the answers come from here:
 *
 *	SWCTL_MOCK=none		the module is not there
 *	SWCTL_MOCK=refuse	it refuses what would change something
 *	SWCTL_MOCK=N		it has N devices (1 where this is not set)
 *	SWCTL_MOCK_SIZE=N	each of them with N links and N peers (2)
 *	SWCTL_MOCK_ELSEWHERE=1	their links are in another network namespace
 *
 * All values are as long as they can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "lib/iface.h"
#include "lib/netlink.h"
#include "lib/object.h"

struct sw_nl {
	int notifications;
};

static const char *setting(const char *name, const char *otherwise)
{
	return getenv(name) ?: otherwise;
}

static unsigned int devices(void)
{
	return atoi(setting("SWCTL_MOCK", "1"));
}

static unsigned int size(void)
{
	return atoi(setting("SWCTL_MOCK_SIZE", "2"));
}

void sw_messages_free(struct sw_messages *list)
{
	while (list->count)
		free(list->msg[--list->count]);
	free(list->msg);
	memset(list, 0, sizeof(*list));
}

static struct nlmsghdr *add(struct sw_messages *list, __u8 cmd)
{
	list->msg = reallocarray(list->msg, list->count + 1, sizeof(list->msg[0]));
	list->msg[list->count] = sw_nl_begin(calloc(1, 8192), cmd);
	return list->msg[list->count++];
}

/* The first device can be had by another name, which is long. */
int sw_iface_get(struct sw_iface *iface, __u32 index, const char *name)
{
	memset(iface, 0, sizeof(*iface));
	if (!index && strcmp(name, "another-name-of-the-first-device"))
		return -ENODEV;
	iface->index = index ?: 4000000;
	iface->elsewhere = getenv("SWCTL_MOCK_ELSEWHERE");
	snprintf(iface->name, sizeof(iface->name), "skywire%08u",
		 iface->index - 4000000);
	return 0;
}

struct sw_nl *sw_nl_open(struct sw_error *err)
{
	if (strcmp(setting("SWCTL_MOCK", ""), "none"))
		return calloc(1, sizeof(struct sw_nl));
	sw_fail(err, ENOENT, "skywire: module not loaded? (genl family not found)");
	return NULL;
}

void sw_nl_close(struct sw_nl *nl)
{
	free(nl);
}

struct nlmsghdr *sw_nl_begin(void *buf, __u8 cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	return nlh;
}

static void log_request(const char *how, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const char *path = getenv("SWCTL_MOCK_LOG");
	char text[SW_VALUE_TEXT];
	struct sw_object obj;
	unsigned int type;
	FILE *log;

	log = path ? fopen(path, "a") : NULL;
	if (!log || sw_object_read(&obj, nlh))
		return;
	fprintf(log, "%s %u %s", how, genl->cmd, obj.set->name);
	for (type = 0; type <= obj.set->max; type++)
		if (sw_object_has(&obj, type))
			fprintf(log, " %s=%s", obj.set->attr[type].name,
				sw_object_text(&obj, type, text));
	fputc('\n', log);
	fclose(log);
}

static void put_dev(struct nlmsghdr *nlh, unsigned int i)
{
	char name[16];

	snprintf(name, sizeof(name), "skywire%08u", i);
	mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_IFINDEX, 4000000 + i);
	mnl_attr_put_strz(nlh, SKYWIRE_A_DEV_IFNAME, name);
}

/* Key number @i */
static void put_key(struct nlmsghdr *nlh, __u16 attr, unsigned int i)
{
	__u8 key[32];

	memset(key, 0xa5, sizeof(key));
	memcpy(key, &i, sizeof(i));
	mnl_attr_put(nlh, attr, sizeof(key), key);
}

static void put_addr(struct nlmsghdr *nlh, __u16 attr, unsigned int i)
{
	__u8 addr[16];

	memset(addr, 0xfc, sizeof(addr));
	addr[15] = i;
	addr[14] = i >> 8;
	mnl_attr_put(nlh, attr, sizeof(addr), addr);
}

/* The longest number of @width bytes that a counter may come to */
static void put_counters(struct nlmsghdr *nlh, __u16 first, __u16 last)
{
	for (; first <= last; first++)
		mnl_attr_put_u64(nlh, first, 9223372036854775807ULL);
}

static void make_dev(struct sw_messages *list, unsigned int i)
{
	struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_DEV_GET);

	put_dev(nlh, i);
	put_key(nlh, SKYWIRE_A_DEV_IDENTITY, 0);
	put_addr(nlh, SKYWIRE_A_DEV_ADDRESS, 0);
	mnl_attr_put_u16(nlh, SKYWIRE_A_DEV_PORT, 65535);
	mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_FWMARK, 0xffffffff);
	mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_LINKS, 16384);
	mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_PEERS, 65536);
	mnl_attr_put_u32(nlh, SKYWIRE_A_DEV_PREFIXES, 131072);
}

static void put_udp(struct nlmsghdr *nlh, unsigned int i)
{
	mnl_attr_put_u8(nlh, SKYWIRE_A_LINK_TRANSPORT, SKYWIRE_TRANSPORT_UDP);
	put_addr(nlh, SKYWIRE_A_LINK_REMOTE, i);
	mnl_attr_put_u16(nlh, SKYWIRE_A_LINK_REMOTE_PORT, 0xffff);
	put_addr(nlh, SKYWIRE_A_LINK_LOCAL, i);
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_OIF, 2147483647);
}

/* The interface is not there. */
static void put_ethernet(struct nlmsghdr *nlh)
{
	mnl_attr_put_u8(nlh, SKYWIRE_A_LINK_TRANSPORT,
			SKYWIRE_TRANSPORT_ETHERNET);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_REMOTE, 6, "\x02\0\x5e\xfe\xdc\xba");
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_OIF, 0);
	mnl_attr_put_strz(nlh, SKYWIRE_A_LINK_INTERFACE, "fifteen-letters");
}

static void make_link(struct sw_messages *list, unsigned int i)
{
	struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_LINK_GET);

	put_dev(nlh, 0);
	mnl_attr_put_u16(nlh, SKYWIRE_A_LINK_LABEL, 65535 - i);
	put_key(nlh, SKYWIRE_A_LINK_NEIGHBOUR, i);
	if (i % 2)
		put_ethernet(nlh);
	else
		put_udp(nlh, i);
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_MTU, 65475);
	mnl_attr_put_u8(nlh, SKYWIRE_A_LINK_STATE, SKYWIRE_LINK_STATE_DOWN);
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_PRICE_BASE, 0xffffffff);
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_PRICE_RATE, 0xffffffff);
	put_counters(nlh, SKYWIRE_A_LINK_RX_PACKETS, SKYWIRE_A_LINK_TX_BYTES);
	put_counters(nlh, SKYWIRE_A_LINK_POSTAGE_IN, SKYWIRE_A_LINK_POSTAGE_FEE);
}

static void make_peer(struct sw_messages *list, unsigned int i)
{
	struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_PEER_GET);

	put_dev(nlh, 0);
	put_key(nlh, SKYWIRE_A_PEER_PUBLIC_KEY, i);
	put_addr(nlh, SKYWIRE_A_PEER_ADDRESS, i);
	put_counters(nlh, SKYWIRE_A_PEER_RX_PACKETS, SKYWIRE_A_PEER_POSTAGE_IN);
	mnl_attr_put_u32(nlh, SKYWIRE_A_PEER_PATHS, 8);
}

static void make_path(struct sw_messages *list, unsigned int i)
{
	struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_PATH_GET);
	__u8 labels[SKYWIRE_LABELS_LEN];

	put_dev(nlh, 0);
	memset(labels, 0xff, sizeof(labels));
	put_key(nlh, SKYWIRE_A_PATH_PEER, i);
	mnl_attr_put_u8(nlh, SKYWIRE_A_PATH_ID, 8);
	mnl_attr_put_u16(nlh, SKYWIRE_A_PATH_LINK, 65535);
	mnl_attr_put(nlh, SKYWIRE_A_PATH_LABELS, i % 2 ? sizeof(labels) : 0, labels);
	mnl_attr_put_u32(nlh, SKYWIRE_A_PATH_PREFERENCE, 0xffffffff);
	mnl_attr_put_u16(nlh, SKYWIRE_A_PATH_WEIGHT, 65535);
	mnl_attr_put_u32(nlh, SKYWIRE_A_PATH_MTU, 65475);
	mnl_attr_put_u32(nlh, SKYWIRE_A_PATH_POSTAGE_BASE, 0xffffffff);
	mnl_attr_put_u32(nlh, SKYWIRE_A_PATH_POSTAGE_RATE, 0xffffffff);
	mnl_attr_put_u32(nlh, SKYWIRE_A_PATH_EFFECTIVE_MTU, 65475);
	mnl_attr_put_u8(nlh, SKYWIRE_A_PATH_STATE, SKYWIRE_PATH_STATE_MTU_TOO_SMALL);
	put_counters(nlh, SKYWIRE_A_PATH_PACKETS, SKYWIRE_A_PATH_BYTES);
}

/* The peer's own, and twelve more; one of them of IPv4 */
static void make_prefixes(struct sw_messages *list, unsigned int i)
{
	static const __u8 v4[4] = { 10 };
	unsigned int n;

	for (n = 0; n < 13; n++) {
		struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_PREFIX_GET);

		put_dev(nlh, 0);
		if (n == 1)
			mnl_attr_put(nlh, SKYWIRE_A_PREFIX_PREFIX, sizeof(v4), v4);
		else
			put_addr(nlh, SKYWIRE_A_PREFIX_PREFIX, i << 4 | n);
		mnl_attr_put_u8(nlh, SKYWIRE_A_PREFIX_LENGTH, n == 1 ? 8 : 128);
		put_key(nlh, SKYWIRE_A_PREFIX_PEER, i);
		if (!n)
			mnl_attr_put(nlh, SKYWIRE_A_PREFIX_OWN, 0, NULL);
	}
}

static void make_key(struct sw_messages *list, unsigned int i)
{
	static const __u8 opaque[SKYWIRE_OPAQUE_LEN] = { 0xab };
	struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_KEY_GET);

	put_dev(nlh, 0);
	if (i % 2)
		mnl_attr_put_u16(nlh, SKYWIRE_A_KEY_LINK, 65535 - i / 2);
	else
		put_key(nlh, SKYWIRE_A_KEY_PEER, i / 2);
	mnl_attr_put_u8(nlh, SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_CHACHA20_POLY1305);
	mnl_attr_put_u8(nlh, SKYWIRE_A_KEY_ROLE, SKYWIRE_ROLE_RESPONDER);
	mnl_attr_put_u8(nlh, SKYWIRE_A_KEY_SLOT, SKYWIRE_KEY_SLOT_PREVIOUS);
	mnl_attr_put_u32(nlh, SKYWIRE_A_KEY_RX_INDEX, 0xffffffff - i);
	mnl_attr_put_u32(nlh, SKYWIRE_A_KEY_TX_INDEX, 0xffffffff);
	mnl_attr_put_u32(nlh, SKYWIRE_A_KEY_SOFT_TIME, 604800);
	mnl_attr_put_u32(nlh, SKYWIRE_A_KEY_HARD_TIME, 604800);
	mnl_attr_put_u64(nlh, SKYWIRE_A_KEY_SOFT_FRAMES, 1ULL << 60);
	mnl_attr_put_u64(nlh, SKYWIRE_A_KEY_HARD_FRAMES, 1ULL << 60);
	mnl_attr_put(nlh, SKYWIRE_A_KEY_OPAQUE, sizeof(opaque), opaque);
	mnl_attr_put_u64(nlh, SKYWIRE_A_KEY_AGE, 604799000);
	put_counters(nlh, SKYWIRE_A_KEY_TX_FRAMES, SKYWIRE_A_KEY_RX_FRAMES);
	mnl_attr_put_strz(nlh, SKYWIRE_A_KEY_DRIVER, "rfc7539(chacha20-simd,poly1305-simd)");
	mnl_attr_put(nlh, SKYWIRE_A_KEY_SOFT_EXPIRED, 0, NULL);
}

/* Counters that have names, and one that has none; every other is zero. */
static void put_entries(struct nlmsghdr *nlh, __u16 type, unsigned int count)
{
	unsigned int id;

	for (id = type == SKYWIRE_A_STATS_DROP; id <= count; id++) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, type);

		mnl_attr_put_u32(nlh, SKYWIRE_A_ENTRY_ID, id);
		mnl_attr_put_u64(nlh, SKYWIRE_A_ENTRY_VALUE,
				 id % 2 ? 9223372036854775807ULL : 0);
		mnl_attr_nest_end(nlh, nest);
	}
}

static void make_stats(struct sw_messages *list)
{
	struct nlmsghdr *nlh = add(list, SKYWIRE_CMD_STATS_GET);

	put_dev(nlh, 0);
	put_entries(nlh, SKYWIRE_A_STATS_COUNTER, SKYWIRE_COUNTER_MISS_RELEASED + 1);
	put_entries(nlh, SKYWIRE_A_STATS_DROP, SKYWIRE_DROP_MISS_TIMEOUT + 1);
}

static void make(struct sw_messages *list, __u8 cmd, unsigned int i)
{
	switch (cmd) {
	case SKYWIRE_CMD_DEV_GET:
		return make_dev(list, i);
	case SKYWIRE_CMD_LINK_GET:
	case SKYWIRE_CMD_LINK_NEW:
		return make_link(list, i);
	case SKYWIRE_CMD_PEER_GET:
	case SKYWIRE_CMD_PEER_NEW:
		return make_peer(list, i);
	case SKYWIRE_CMD_PATH_GET:
	case SKYWIRE_CMD_PATH_NEW:
		return make_path(list, i);
	case SKYWIRE_CMD_PREFIX_GET:
	case SKYWIRE_CMD_PREFIX_NEW:
		return make_prefixes(list, i);
	case SKYWIRE_CMD_KEY_GET:
	case SKYWIRE_CMD_KEY_NEW:
		return make_key(list, i);
	case SKYWIRE_CMD_STATS_GET:
		return make_stats(list);
	}
}

static __u8 command_of(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	return genl->cmd;
}

int sw_nl_do(struct sw_nl *nl, struct nlmsghdr *nlh, struct sw_messages *reply,
	     struct sw_error *err)
{
	(void)nl;
	log_request("do", nlh);
	if (!strcmp(setting("SWCTL_MOCK", ""), "refuse"))
		return sw_fail(err, EEXIST, "label is in use (attribute label): File exists");
	if (reply)
		make(reply, command_of(nlh), 0);
	return 0;
}

int sw_nl_dump(struct sw_nl *nl, struct nlmsghdr *nlh, struct sw_messages *list,
	       struct sw_error *err)
{
	bool devs = command_of(nlh) == SKYWIRE_CMD_DEV_GET;
	unsigned int i, count = devs ? devices() : size();

	(void)nl;
	(void)err;
	if (devs && !strcmp(setting("SWCTL_MOCK", ""), "refuse"))
		count = 1;
	if (command_of(nlh) == SKYWIRE_CMD_KEY_GET)
		count *= 2;
	log_request("dump", nlh);
	for (i = 0; i < count; i++)
		make(list, command_of(nlh), i);
	return 0;
}

int sw_nl_subscribe(struct sw_nl *nl, struct sw_error *err)
{
	(void)err;
	nl->notifications = 3;
	return 0;
}

/* Always readable */
int sw_nl_fd(const struct sw_nl *nl)
{
	static int fd = -1;

	(void)nl;
	if (fd < 0)
		fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	return fd;
}

/* A link, then a loss, then a path that is gone, then the end. */
int sw_nl_listen(struct sw_nl *nl, int (*fn)(const struct nlmsghdr *nlh, void *arg),
		 void *arg, struct sw_error *err)
{
	struct sw_messages list = { 0 };
	struct genlmsghdr *genl;
	int rc;

	switch (nl->notifications--) {
	case 3:
		make_link(&list, 0);
		genl = mnl_nlmsg_get_payload(list.msg[0]);
		genl->cmd = SKYWIRE_CMD_LINK_NTF;
		break;
	case 2:
		make_path(&list, 0);
		genl = mnl_nlmsg_get_payload(list.msg[0]);
		genl->cmd = SKYWIRE_CMD_PATH_DEL_NTF;
		break;
	default:
		return sw_fail(err, EIO, "that was all");
	}
	rc = fn(list.msg[0], arg);
	sw_messages_free(&list);
	return rc ?: sw_fail(err, ENOBUFS, "lost");
}
