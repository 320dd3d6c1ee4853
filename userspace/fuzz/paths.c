// SPDX-License-Identifier: GPL-2.0
/* A file of paths for the algorithm "static", and an answer for "exec". */
#include <sys/mman.h>
#include <unistd.h>

#include "swd/route_exec.h"

#include "fuzz.h"

static void updated(void *context)
{
	(void)context;
}

static const struct routing_host host = { .updated = updated };
static const struct routing_policy policy = ROUTING_POLICY_DEFAULT;

static void read_file(struct graph *graph, const __u8 *key, const __u8 *data, size_t len)
{
	struct route routes[ROUTES_MAX];
	struct routing *routing;
	struct sw_error err;
	char name[64];
	int fd, count;

	fd = memfd_create("paths", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	routing = routing_new(graph, &routing_static, name, &host, NULL, &err);
	if (routing) {
		count = routing_routes(routing, key, &policy, routes);
		require(count >= 0 && count <= (int)policy.paths);
		routing_free(routing);
	} else {
		require(!strncmp(err.text, name, strlen(name)));
	}
	close(fd);
}

int fuzz_one(const __u8 *data, size_t len)
{
	/* Of which "aaaa...a" is the text */
	static const __u8 key[SW_KEY_LEN];
	__u8 self[SW_KEY_LEN] = { 1 };
	struct exec_paths *answer = NULL;
	struct sw_error err;
	struct graph graph;

	graph_init(&graph, sizeof(struct graph_vertex));
	graph.self = graph_hold(&graph, self)->number;
	read_file(&graph, key, data, len);
	require(!exec_understand(&answer, (const char *)data, len, &err) || !answer);
	exec_forget(&answer);
	graph_free(&graph);
	return 0;
}
