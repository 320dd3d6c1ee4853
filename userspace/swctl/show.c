// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "lib/key.h"
#include "swctl.h"

enum {
	/* A screen; the rest is what link show and peer show are for. */
	LINKS_SHOWN	= 8,
	PEERS_SHOWN	= 8,
	PREFIXES_SHOWN	= 8,
};

/*
 * Objects that belong to links or peers, sorted by what they belong to: a node
 * may have 65,536 peers, and as many keys and paths as it likes.
 */
struct owned {
	__u8			owner[SW_KEY_LEN];	/* or a label, then zeros */
	size_t			order;			/* as the kernel had it */
	struct sw_object	obj;
};

struct index {
	struct sw_messages	list;
	struct owned		*owned;
	size_t			count;
};

struct node {
	struct sw_messages	links, peers, stats;
	struct index		keys, paths, prefixes;
};

static void owner_of_label(__u8 owner[SW_KEY_LEN], __u16 label)
{
	memset(owner, 0, SW_KEY_LEN);
	memcpy(owner, &label, sizeof(label));
}

static int compare_owner(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;

	return memcmp(x->owner, y->owner, SW_KEY_LEN);
}

static int compare(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int rc = compare_owner(a, b);

	return rc ? rc : (x->order > y->order) - (x->order < y->order);
}

/* Return: false where the object belongs to nobody. */
static bool read_owner(struct owned *o, unsigned int peer, unsigned int link)
{
	if (sw_object_has(&o->obj, peer))
		memcpy(o->owner, sw_object_bytes(&o->obj, peer), SW_KEY_LEN);
	else if (link && sw_object_has(&o->obj, link))
		owner_of_label(o->owner, sw_object_uint(&o->obj, link));
	else
		return false;
	return true;
}

/* @peer: attribute that has the peer's key; @link: or else the label, or 0 */
static int build(struct index *index, unsigned int peer, unsigned int link)
{
	size_t i;

	index->owned = calloc(index->list.count ?: 1, sizeof(*index->owned));
	if (!index->owned)
		return complain(SWCTL_USAGE, "out of memory");
	for (i = 0; i < index->list.count; i++) {
		struct owned *o = &index->owned[index->count];

		if (sw_object_read(&o->obj, index->list.msg[i]) ||
		    !read_owner(o, peer, link))
			continue;
		o->order = i;
		index->count++;
	}
	qsort(index->owned, index->count, sizeof(*index->owned), compare);
	return SWCTL_OK;
}

/* The first of @owner's, and how many there are. */
static const struct owned *find(const struct index *index,
				const __u8 owner[SW_KEY_LEN], size_t *count)
{
	const struct owned *first, *o, *end = index->owned + index->count;
	struct owned key;

	*count = 0;
	memcpy(key.owner, owner, SW_KEY_LEN);
	first = bsearch(&key, index->owned, index->count, sizeof(key), compare_owner);
	if (!first)
		return NULL;
	while (first > index->owned && !compare_owner(first - 1, &key))
		first--;
	for (o = first; o < end && !compare_owner(o, &key); o++)
		(*count)++;
	return first;
}

static void node_free(struct node *node)
{
	sw_messages_free(&node->links);
	sw_messages_free(&node->peers);
	sw_messages_free(&node->stats);
	sw_messages_free(&node->keys.list);
	sw_messages_free(&node->paths.list);
	sw_messages_free(&node->prefixes.list);
	free(node->keys.owned);
	free(node->paths.owned);
	free(node->prefixes.owned);
}

static int load_lists(struct ctx *ctx, struct node *node)
{
	const struct {
		__u8			cmd;
		struct sw_messages	*list;
	} dumps[] = {
		{ SKYWIRE_CMD_LINK_GET,		&node->links },
		{ SKYWIRE_CMD_PEER_GET,		&node->peers },
		{ SKYWIRE_CMD_PATH_GET,		&node->paths.list },
		{ SKYWIRE_CMD_PREFIX_GET,	&node->prefixes.list },
		{ SKYWIRE_CMD_KEY_GET,		&node->keys.list },
	};
	size_t i;
	int rc = SWCTL_OK;

	for (i = 0; !rc && i < ARRAY_SIZE(dumps); i++)
		rc = ask_dump(ctx, dumps[i].cmd, dumps[i].list);
	return rc;
}

static int node_load(struct ctx *ctx, const struct nlmsghdr *dev, struct node *node)
{
	int rc = load_lists(ctx, node);

	if (!rc)
		rc = stats_get(ctx, dev, &node->stats);
	if (!rc)
		rc = build(&node->keys, SKYWIRE_A_KEY_PEER, SKYWIRE_A_KEY_LINK);
	if (!rc)
		rc = build(&node->paths, SKYWIRE_A_PATH_PEER, 0);
	if (!rc)
		rc = build(&node->prefixes, SKYWIRE_A_PREFIX_PEER, 0);
	return rc;
}

/* The key in use, or else the one that comes nearest. */
static const struct sw_object *best_key(const struct owned *keys, size_t count)
{
	static const __u8 rank[] = {
		[SKYWIRE_KEY_SLOT_CURRENT] = 3,
		[SKYWIRE_KEY_SLOT_NEXT] = 2,
		[SKYWIRE_KEY_SLOT_PREVIOUS] = 1,
	};
	const struct sw_object *best = NULL;
	__u8 best_rank = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		__u64 slot = sw_object_uint(&keys[i].obj, SKYWIRE_A_KEY_SLOT);

		if (slot >= ARRAY_SIZE(rank) || rank[slot] <= best_rank)
			continue;
		best_rank = rank[slot];
		best = &keys[i].obj;
	}
	return best;
}

static void print_key(const struct node *node, const __u8 owner[SW_KEY_LEN])
{
	const struct sw_object *key;
	const struct owned *keys;
	size_t count;

	keys = find(&node->keys, owner, &count);
	key = best_key(keys, count);
	if (!key) {
		printf("  key: none\n");
		return;
	}
	printf("  key: %s, %s old", str(key, SKYWIRE_A_KEY_CIPHER),
	       str_time(sw_object_uint(key, SKYWIRE_A_KEY_AGE)));
	if (sw_object_uint(key, SKYWIRE_A_KEY_SLOT) != SKYWIRE_KEY_SLOT_CURRENT)
		printf(", %s", str(key, SKYWIRE_A_KEY_SLOT));
	if (sw_object_has(key, SKYWIRE_A_KEY_SOFT_EXPIRED))
		printf(", due for renewal");
	printf("\n");
}

static void print_traffic(const struct sw_object *obj, unsigned int rx,
			  unsigned int tx)
{
	printf("  traffic: %s received, %s sent\n",
	       str_bytes(sw_object_uint(obj, rx)),
	       str_bytes(sw_object_uint(obj, tx)));
}

static void print_dev(const struct sw_object *dev)
{
	__u64 fwmark = sw_object_uint(dev, SKYWIRE_A_DEV_FWMARK);

	printf("device: %s\n", str(dev, SKYWIRE_A_DEV_IFNAME));
	if (sw_object_has(dev, SKYWIRE_A_DEV_IDENTITY))
		printf("  identity: %s\n  address: %s\n",
		       str(dev, SKYWIRE_A_DEV_IDENTITY),
		       str(dev, SKYWIRE_A_DEV_ADDRESS));
	else
		printf("  identity: none\n");
	printf("  port: %s\n", str(dev, SKYWIRE_A_DEV_PORT));
	if (fwmark)
		printf("  fwmark: 0x%llx\n", fwmark);
}

static void print_link(const struct node *node, const struct sw_object *link)
{
	__u8 owner[SW_KEY_LEN];
	const char *interface;

	owner_of_label(owner, sw_object_uint(link, SKYWIRE_A_LINK_LABEL));
	printf("\nlink: %s (%s, %s)\n", str(link, SKYWIRE_A_LINK_LABEL),
	       str(link, SKYWIRE_A_LINK_STATE),
	       str(link, SKYWIRE_A_LINK_LIVENESS));
	interface = str_interface(link);
	printf("  neighbour: %s\n", str(link, SKYWIRE_A_LINK_NEIGHBOUR));
	printf("  remote: %s%s%s\n", str_endpoint(link),
	       *interface ? " by " : "", interface);
	print_key(node, owner);
	print_traffic(link, SKYWIRE_A_LINK_RX_BYTES, SKYWIRE_A_LINK_TX_BYTES);
}

static void print_path(const struct sw_object *path)
{
	int column;

	printf("  path %s: %s, mtu %s, preference %s, weight %s\n",
	       str(path, SKYWIRE_A_PATH_ID), str(path, SKYWIRE_A_PATH_STATE),
	       str(path, SKYWIRE_A_PATH_EFFECTIVE_MTU),
	       str(path, SKYWIRE_A_PATH_PREFERENCE),
	       str(path, SKYWIRE_A_PATH_WEIGHT));
	column = printf("    %s sent, link %s, labels ",
			str_bytes(sw_object_uint(path, SKYWIRE_A_PATH_BYTES)),
			str(path, SKYWIRE_A_PATH_LINK));
	wrap_labels(path, column);
	printf("\n");
}

static void print_prefixes(const struct owned *prefixes, size_t count)
{
	struct wrap w = { .indent = 4, .column = strlen("  prefixes: ") };
	size_t i, shown = 0;

	for (i = 0; i < count; i++) {
		/* That is the peer's address, shown already. */
		if (sw_object_has(&prefixes[i].obj, SKYWIRE_A_PREFIX_OWN))
			continue;
		if (!shown)
			printf("  prefixes: ");
		if (shown++ < PREFIXES_SHOWN)
			wrap_item(&w, "%s", str_prefix(&prefixes[i].obj));
	}
	if (shown > PREFIXES_SHOWN)
		wrap_item(&w, "... and %zu more", shown - PREFIXES_SHOWN);
	if (shown)
		printf("\n");
}

static void print_peer(const struct node *node, const struct sw_object *peer)
{
	const __u8 *owner = sw_object_bytes(peer, SKYWIRE_A_PEER_PUBLIC_KEY);
	const struct owned *owned;
	size_t i, count;

	if (!owner)
		return;
	printf("\npeer: %s\n", str(peer, SKYWIRE_A_PEER_PUBLIC_KEY));
	printf("  address: %s\n", str(peer, SKYWIRE_A_PEER_ADDRESS));
	print_key(node, owner);
	print_traffic(peer, SKYWIRE_A_PEER_RX_BYTES, SKYWIRE_A_PEER_TX_BYTES);
	owned = find(&node->paths, owner, &count);
	for (i = 0; i < count; i++)
		print_path(&owned[i].obj);
	owned = find(&node->prefixes, owner, &count);
	print_prefixes(owned, count);
}

static void print_some(const struct node *node, const struct sw_messages *list,
		       size_t most, const char *what,
		       void (*print)(const struct node *node,
				     const struct sw_object *obj))
{
	struct sw_object obj;
	size_t i;

	for (i = 0; i < list->count && i < most; i++)
		if (!sw_object_read(&obj, list->msg[i]))
			print(node, &obj);
	if (list->count > most)
		printf("\n... and %zu more: swctl %s show\n", list->count - most, what);
}

static void print_node(const struct sw_object *dev, const struct node *node)
{
	print_dev(dev);
	print_some(node, &node->links, LINKS_SHOWN, "link", print_link);
	print_some(node, &node->peers, PEERS_SHOWN, "peer", print_peer);
	if (node->stats.count)
		stats_print(node->stats.msg[0], SKYWIRE_A_STATS_DROP, "\ndrops:",
			    false);
}

static json_t *json_owned(const struct index *index, const __u8 owner[SW_KEY_LEN])
{
	json_t *array = json_array();
	const struct owned *owned;
	size_t i, count;

	owned = find(index, owner, &count);
	for (i = 0; i < count; i++)
		json_array_append_new(array, json_of_object(&owned[i].obj));
	return array;
}

static json_t *json_links(const struct node *node)
{
	json_t *json, *array = json_array();
	__u8 owner[SW_KEY_LEN];
	struct sw_object link;
	size_t i;

	for (i = 0; i < node->links.count; i++) {
		if (sw_object_read(&link, node->links.msg[i]))
			continue;
		owner_of_label(owner, sw_object_uint(&link, SKYWIRE_A_LINK_LABEL));
		json = json_of_object(&link);
		json_object_set_new(json, "keys", json_owned(&node->keys, owner));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *json_peers(const struct node *node)
{
	json_t *json, *array = json_array();
	struct sw_object peer;
	const __u8 *owner;
	size_t i;

	for (i = 0; i < node->peers.count; i++) {
		if (sw_object_read(&peer, node->peers.msg[i]))
			continue;
		owner = sw_object_bytes(&peer, SKYWIRE_A_PEER_PUBLIC_KEY);
		if (!owner)
			continue;
		json = json_of_object(&peer);
		json_object_set_new(json, "keys", json_owned(&node->keys, owner));
		json_object_set_new(json, "paths", json_owned(&node->paths, owner));
		json_object_set_new(json, "prefixes",
				    json_owned(&node->prefixes, owner));
		json_array_append_new(array, json);
	}
	return array;
}

/* Lists take the place of the numbers that the device has of them. */
static json_t *json_of_node(const struct sw_object *dev, const struct node *node)
{
	json_t *json = json_of_object(dev);

	json_object_del(json, "prefixes");
	json_object_set_new(json, "links", json_links(node));
	json_object_set_new(json, "peers", json_peers(node));
	if (!node->stats.count)
		return json;
	json_object_set_new(json, "counters", stats_json(node->stats.msg[0],
							 SKYWIRE_A_STATS_COUNTER));
	json_object_set_new(json, "drops", stats_json(node->stats.msg[0],
						      SKYWIRE_A_STATS_DROP));
	return json;
}

static int show_dev(struct ctx *ctx, const struct nlmsghdr *msg, json_t *array)
{
	struct node node = { 0 };
	struct ctx one = *ctx;
	struct sw_object dev;
	int rc;

	if (sw_object_read(&dev, msg))
		return SWCTL_OK;
	one.dev = sw_object_bytes(&dev, SKYWIRE_A_DEV_IFNAME);
	one.iface.index = sw_object_uint(&dev, SKYWIRE_A_DEV_IFINDEX);
	one.dev_checked = true;
	rc = node_load(&one, msg, &node);
	if (!rc && array)
		json_array_append_new(array, json_of_node(&dev, &node));
	else if (!rc)
		print_node(&dev, &node);
	node_free(&node);
	return rc;
}

static int show(struct ctx *ctx, int argc, char **argv)
{
	json_t *array = ctx->json ? json_array() : NULL;
	struct sw_messages devs = { 0 };
	struct request req;
	size_t i;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_DEV_GET);
	rc = request_args(&req, NULL, argc, argv);
	if (!rc)
		rc = ask_devices(ctx, &devs);
	for (i = 0; !rc && i < devs.count; i++) {
		if (i && !array)
			putchar('\n');
		rc = show_dev(ctx, devs.msg[i], array);
	}
	sw_messages_free(&devs);
	if (!rc && array)
		return json_print(ctx, array);
	json_decref(array);
	return rc;
}

const struct object show_object = {
	.name = "show",
	.run = show,
	.usage =
	"Usage: swctl show [dev DEV]\n"
	"A node on one screen: devices, links, peers and what was dropped.\n",
};
