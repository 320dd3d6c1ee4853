// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "routing.h"

static const struct routing_algorithm *const algorithms[] = {
	&routing_linkstate, &routing_static, &routing_exec,
};

const struct routing_algorithm *routing_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithms[i]->name, name))
			return algorithms[i];
	return NULL;
}

static void changed(struct graph_watch *watch, __u32 from, __u32 to)
{
	struct routing *routing = (struct routing *)watch;

	if (routing->algorithm->changed)
		routing->algorithm->changed(routing, from, to);
}

struct routing *routing_new(struct graph *graph, const struct routing_algorithm *algorithm,
			    const char *argument, const struct routing_host *host,
			    void *context, struct sw_error *err)
{
	struct routing *routing = calloc(1, sizeof(*routing));

	if (!routing) {
		sw_fail(err, ENOMEM, "no memory");
		return NULL;
	}
	routing->watch.changed = changed;
	routing->graph = graph;
	routing->algorithm = algorithm;
	routing->host = host;
	routing->context = context;
	if (algorithm->start(routing, argument, err)) {
		free(routing);
		return NULL;
	}
	graph_watch(graph, &routing->watch);
	return routing;
}

void routing_free(struct routing *routing)
{
	graph_unwatch(&routing->watch);
	routing->algorithm->stop(routing);
	free(routing);
}

int routing_routes(struct routing *routing, const __u8 key[SW_KEY_LEN],
		   const struct routing_policy *policy, struct route *routes)
{
	const struct graph_vertex *self = graph_at(routing->graph, routing->graph->self);

	if (!policy->paths || policy->paths > ROUTES_MAX)
		return -EINVAL;
	if (!memcmp(key, self->key, SW_KEY_LEN))
		return 0;
	return routing->algorithm->routes(routing, key, policy, routes);
}

void routing_ready(struct routing *routing, int fd, int events)
{
	if (routing->algorithm->ready)
		routing->algorithm->ready(routing, fd, events);
}

void routing_expired(struct routing *routing)
{
	if (routing->algorithm->expired)
		routing->algorithm->expired(routing);
}
