// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/names.h"
#include "report.h"

static json_t *of_key(const __u8 key[SW_KEY_LEN])
{
	char text[SW_KEY_TEXT];

	sw_key_format(text, key);
	return json_string(text);
}

static json_t *of_address(const __u8 key[SW_KEY_LEN])
{
	__u8 address[SKYWIRE_ADDRESS_LEN];
	char text[INET6_ADDRSTRLEN];

	sw_address(address, key);
	inet_ntop(AF_INET6, address, text, sizeof(text));
	return json_string(text);
}

static json_t *of_endpoint(const struct sw_endpoint *ep)
{
	const __u8 *b = ep->addr.bytes;
	char addr[INET6_ADDRSTRLEN];

	if (ep->addr.len == 6)
		return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x%%%s", b[0], b[1],
				    b[2], b[3], b[4], b[5], ep->zone);
	inet_ntop(ep->addr.len == 4 ? AF_INET : AF_INET6, b, addr, sizeof(addr));
	if (ep->addr.len == 4)
		return json_sprintf("%s:%u", addr, ep->port);
	return json_sprintf("[%s%s%s]:%u", addr, ep->zone[0] ? "%" : "", ep->zone,
			    ep->port);
}

static json_t *of_seconds(__u64 since, __u64 now)
{
	return since ? json_integer((now - since) / 1000) : json_null();
}

/* When it was last seen that another node has this node's key */
static __u64 twin(const struct report *r)
{
	__u64 seen[] = {
		neighbours_twin(r->neighbours), sessions_twin(r->sessions),
		network_twin(r->network),
	};
	__u64 last = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seen); i++)
		last = seen[i] > last ? seen[i] : last;
	return last;
}

static json_t *status(const struct report *r)
{
	unsigned int links = 0, alive = 0;
	struct neighbour *l = NULL;

	while ((l = neighbours_next(r->neighbours, l))) {
		links += l->installed;
		alive += l->installed && l->liveness == SKYWIRE_LIVENESS_ALIVE;
	}
	return json_pack("{s:s, s:o, s:o, s:s, s:i, s:i, s:i, s:I, s:i, s:o}",
			 "dev", r->dev, "key", of_key(r->self->key),
			 "address", of_address(r->self->key),
			 "algorithm", r->config->algorithm,
			 "links", links, "links_alive", alive,
			 "peers", sessions_count(r->sessions),
			 "displaced", (json_int_t)sessions_displaced(r->sessions),
			 "nodes", network_nodes(r->network),
			 "key_elsewhere", of_seconds(twin(r), r->now));
}

static json_t *of_neighbour(const struct report *r, const struct neighbour *l)
{
	return json_pack("{s:o, s:i, s:o, s:s, s:s, s:b, s:o, s:I, s:I, s:i, s:o}",
			 "key", of_key(l->key), "label", l->label,
			 "endpoint", of_endpoint(&l->endpoint),
			 "state", l->installed ? "link" : "offered",
			 "liveness", sw_liveness_name(l->liveness),
			 "configured", l->configured,
			 "key_age", of_seconds(l->keyed, r->now),
			 "rtt", (json_int_t)l->rtt, "loss", (json_int_t)l->loss,
			 "tries", l->tries,
			 "key_shared", of_seconds(network_shared(r->network, l->key),
						  r->now));
}

static json_t *neighbours(const struct report *r)
{
	json_t *list = json_array();
	struct neighbour *l = NULL;

	while ((l = neighbours_next(r->neighbours, l)))
		json_array_append_new(list, of_neighbour(r, l));
	return list;
}

static json_t *of_path(const struct kernel_path *path)
{
	json_t *labels = json_array();
	unsigned int i;

	for (i = 0; i < path->count; i++)
		json_array_append_new(labels, json_integer(ntohs(path->label[i])));
	return json_pack("{s:i, s:i, s:o, s:I, s:I}", "id", path->id,
			 "link", path->link, "labels", labels,
			 "preference", (json_int_t)path->preference,
			 "mtu", (json_int_t)path->mtu);
}

struct session_list {
	json_t	*list;
	__u64	now;
};

static void add_session(void *arg, const struct session_info *info)
{
	json_t *paths = json_array();
	struct session_list *s = arg;
	unsigned int i;

	for (i = 0; i < SKYWIRE_PATHS_MAX; i++)
		if (info->path[i].id)
			json_array_append_new(paths, of_path(&info->path[i]));
	json_array_append_new(s->list,
			      json_pack("{s:o, s:o, s:b, s:o, s:o}",
					"key", of_key(info->key),
					"address", of_address(info->key),
					"session", info->wanted,
					"key_age", of_seconds(info->keyed, s->now),
					"paths", paths));
}

static json_t *sessions(const struct report *r)
{
	struct session_list s = { json_array(), r->now };

	sessions_each(r->sessions, add_session, &s);
	return s.list;
}

static void add_node(void *arg, const struct network_node *node)
{
	json_array_append_new(arg, json_pack("{s:o, s:o, s:i, s:I}",
					     "key", of_key(node->key),
					     "address", of_address(node->key),
					     "links", node->links,
					     "age", (json_int_t)node->age));
}

static json_t *nodes(const struct report *r)
{
	json_t *list = json_array();

	network_each(r->network, r->now, add_node, list);
	return list;
}

static json_t *routes(const struct report *r, const char *text)
{
	struct kernel_path path[SKYWIRE_PATHS_MAX];
	json_t *list;
	__u8 key[SW_KEY_LEN];
	int i, n;

	if (!text || sw_key_parse(key, text))
		return json_pack("{s:s}", "error", "a public key is expected");
	n = network_paths(r->network, key, path, SKYWIRE_PATHS_MAX);
	list = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(list, of_path(&path[i]));
	return list;
}

json_t *report(const struct report *r, char *const words[])
{
	if (!strcmp(words[0], "status"))
		return status(r);
	if (!strcmp(words[0], "neighbour"))
		return neighbours(r);
	if (!strcmp(words[0], "session"))
		return sessions(r);
	if (!strcmp(words[0], "node"))
		return nodes(r);
	if (!strcmp(words[0], "route"))
		return routes(r, words[1]);
	return json_pack("{s:s}", "error", "not known");
}

json_t *report_text(const char *text)
{
	json_t *json = json_string(text);
	char plain[512];
	size_t i;

	if (json)
		return json;
	snprintf(plain, sizeof(plain), "%s", text);
	for (i = 0; plain[i]; i++)
		if (plain[i] & 0x80)
			plain[i] = '?';
	return json_string(plain);
}

json_t *report_event(const struct event *event)
{
	json_t *json = json_pack("{s:s, s:s}", "object", event->object, "event",
				 event->what);

	if (event->label)
		json_object_set_new(json, "label", json_integer(event->label));
	if (event->key) {
		json_object_set_new(json, "key", of_key(event->key));
		json_object_set_new(json, "address", of_address(event->key));
	}
	if (event->text)
		json_object_set_new(json, "text", report_text(event->text));
	return json;
}
