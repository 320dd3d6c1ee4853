// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define HASH_NONFATAL_OOM 1

#include "route_exec.h"

static json_t *key_text(const __u8 *key)
{
	char text[SW_KEY_TEXT];

	sw_key_format(text, key);
	return json_string(text);
}

static json_t *describe_link(const struct graph *graph, const struct graph_vertex *vertex,
			     __u32 i)
{
	const struct graph_claim *claim = &vertex->claims[i];
	const struct graph_arc *arc = &vertex->arcs[i];

	return json_pack("{s:o, s:i, s:i, s:I, s:I, s:I, s:I, s:I}",
			 "to", key_text(graph_at(graph, arc->to)->key),
			 "label", (int)claim->label,
			 "mtu", (int)arc->mtu,
			 "latency", (json_int_t)arc->latency,
			 "loss", (json_int_t)claim->loss,
			 "capacity", (json_int_t)claim->capacity,
			 "price_base", (json_int_t)arc->price_base,
			 "price_rate", (json_int_t)arc->price_rate);
}

static json_t *describe_node(const struct graph *graph, const struct graph_vertex *vertex)
{
	json_t *links = json_array();
	__u32 i;

	for (i = 0; i < vertex->count; i++)
		if (graph_is_linked(&vertex->arcs[i]))
			json_array_append_new(links, describe_link(graph, vertex, i));
	return json_pack("{s:o, s:o}", "key", key_text(vertex->key), "links", links);
}

char *exec_describe(const struct graph *graph, const struct exec_target *targets,
		    unsigned int count, size_t *len)
{
	json_t *nodes = json_array(), *wanted = json_array(), *root;
	char *text;
	__u32 i;

	for (i = 0; i < graph->size; i++)
		if (graph_at(graph, i) && graph_at(graph, i)->count)
			json_array_append_new(nodes, describe_node(graph, graph_at(graph, i)));
	for (i = 0; i < count; i++)
		json_array_append_new(wanted, key_text(targets[i].key));
	root = json_pack("{s:i, s:o, s:o, s:o}", "version", 1,
			 "self", key_text(graph_at(graph, graph->self)->key),
			 "targets", wanted, "nodes", nodes);
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	*len = text ? strlen(text) : 0;
	json_decref(root);
	return text;
}

static int get_label(const json_t *value, __u16 *label)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 1 || number > 65535)
		return -EINVAL;
	*label = (__u16)number;
	return 0;
}

static int read_path(json_t *value, struct exec_path *path, struct sw_error *err)
{
	json_t *labels = json_object_get(value, "labels");
	size_t i;

	if (get_label(json_object_get(value, "link"), &path->link))
		return sw_fail(err, EINVAL, "expected a label in \"link\"");
	if (!json_is_array(labels) || json_array_size(labels) > ROUTE_LABELS_MAX)
		return sw_fail(err, EINVAL, "expected up to %u labels in \"labels\"",
			       ROUTE_LABELS_MAX);
	path->count = (__u32)json_array_size(labels);
	for (i = 0; i < path->count; i++)
		if (get_label(json_array_get(labels, i), &path->labels[i]))
			return sw_fail(err, EINVAL, "expected labels in \"labels\"");
	return 0;
}

static int read_paths(struct exec_paths *paths, const char *key, json_t *list,
		      struct sw_error *err)
{
	int rc = 0;

	if (sw_key_parse(paths->key, key))
		return sw_fail(err, EINVAL, "\"%.64s\" is no public key", key);
	if (!json_is_array(list) || json_array_size(list) > ROUTES_MAX)
		return sw_fail(err, EINVAL, "expected up to %u paths to %.64s", ROUTES_MAX, key);
	for (; paths->count < json_array_size(list) && !rc; paths->count++)
		rc = read_path(json_array_get(list, paths->count),
			       &paths->paths[paths->count], err);
	return rc;
}

const struct exec_paths *exec_find(const struct exec_paths *answer,
				   const __u8 key[SW_KEY_LEN])
{
	struct exec_paths *paths;

	HASH_FIND(hh, answer, key, SW_KEY_LEN, paths);
	return paths;
}

void exec_forget(struct exec_paths **answer)
{
	struct exec_paths *paths, *next;

	HASH_ITER(hh, *answer, paths, next) {
		HASH_DEL(*answer, paths);
		free(paths);
	}
}

static int read_all(struct exec_paths **answer, json_t *lists, struct sw_error *err)
{
	const char *key;
	json_t *list;
	int rc;

	json_object_foreach(lists, key, list) {
		struct exec_paths *paths = calloc(1, sizeof(*paths));

		if (!paths)
			return sw_fail(err, ENOMEM, "no memory");
		rc = read_paths(paths, key, list, err);
		if (!rc && exec_find(*answer, paths->key))
			rc = sw_fail(err, EINVAL, "%.64s is there twice", key);
		if (!rc) {
			HASH_ADD(hh, *answer, key, SW_KEY_LEN, paths);
			if (!paths->hh.tbl)
				rc = sw_fail(err, ENOMEM, "no memory");
		}
		if (rc) {
			free(paths);
			return rc;
		}
	}
	return 0;
}

int exec_understand(struct exec_paths **answer, const char *text, size_t len,
		    struct sw_error *err)
{
	struct exec_paths *fresh = NULL;
	json_error_t where;
	json_t *root, *lists;
	int rc;

	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return sw_fail(err, EINVAL, "line %d: %.160s", where.line, where.text);
	lists = json_object_get(root, "paths");
	if (!json_is_object(lists) || json_object_size(lists) > EXEC_KEYS_MAX)
		rc = sw_fail(err, EINVAL, "expected an object \"paths\" of up to %u keys",
			     EXEC_KEYS_MAX);
	else
		rc = read_all(&fresh, lists, err);
	json_decref(root);
	if (rc) {
		exec_forget(&fresh);
		return rc;
	}
	exec_forget(answer);
	*answer = fresh;
	return 0;
}
