// SPDX-License-Identifier: GPL-2.0
/* Paths from a file, and from a program. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/compiler.h"
#include "randnet.h"
#include "swd/route_exec.h"
#include "test.h"

static struct sw_error err;
static struct routing_policy policy = ROUTING_POLICY_DEFAULT;
static char directory[32];
static char path[128];

/* A line of nodes: 0 - 1 - 2 - 3, and 0 - 3 by another way */
static void draw(struct randnet *net)
{
	__u32 i;

	rand_init(net, 1, 5);
	rand_link(net, 0, 1, 1000);
	rand_link(net, 1, 2, 2000);
	rand_link(net, 2, 3, 3000);
	rand_link(net, 0, 4, 5000);
	rand_link(net, 4, 3, 6000);
	net->nodes[1].links[1].price_base = 10;
	net->nodes[2].links[1].price_rate = 100;
	net->nodes[2].links[1].mtu = 1400;
	for (i = 0; i < net->count; i++)
		rand_claim(net, i);
}

static const char *key_of(const struct randnet *net, __u32 node)
{
	static char text[5][SW_KEY_TEXT];

	sw_key_format(text[node], net->nodes[node].key);
	return text[node];
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* The event loop: what is watched, and one timer. */
static struct {
	struct pollfd	fds[4];
	unsigned int	count;
	__u64		timer;
	__u64		skipped;	/* time that did not have to pass */
	unsigned int	updated;
	char		report[512];
} loop;

static __u64 now(void *context)
{
	struct timespec time;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (__u64)time.tv_sec * 1000000000 + (__u64)time.tv_nsec + loop.skipped;
}

static void watch(void *context, int fd, int events)
{
	unsigned int i;

	(void)context;
	for (i = 0; i < loop.count && loop.fds[i].fd != fd; i++)
		;
	if (!events) {
		assert_true(i < loop.count);
		loop.fds[i] = loop.fds[--loop.count];
		return;
	}
	assert_true(i < ARRAY_SIZE(loop.fds));
	loop.fds[i].fd = fd;
	loop.fds[i].events = events == ROUTING_READ ? POLLIN : POLLOUT;
	loop.count += i == loop.count;
}

static void timer(void *context, __u64 when)
{
	(void)context;
	loop.timer = when;
}

static void updated(void *context)
{
	(void)context;
	loop.updated++;
}

static void report(void *context, const char *text)
{
	(void)context;
	snprintf(loop.report, sizeof(loop.report), "%s", text);
}

static const struct routing_host host = {
	.watch = watch, .timer = timer, .updated = updated, .report = report, .now = now,
};

/* Until something was said, or the timer is the only thing to wait for. */
static void turn(struct routing *routing)
{
	unsigned int said = loop.updated;
	__u64 when;
	int i;

	loop.report[0] = '\0';
	while (loop.updated == said && !loop.report[0]) {
		if (!loop.count) {
			when = loop.timer;
			assert_true(when);
			if (when > now(NULL))
				loop.skipped += when - now(NULL);
			loop.timer = 0;
			routing_expired(routing);
			continue;
		}
		i = poll(loop.fds, loop.count, 20000);
		assert_true(i > 0);
		for (i = 0; i < (int)loop.count; i++) {
			if (!loop.fds[i].revents)
				continue;
			routing_ready(routing, loop.fds[i].fd, 0);
			break;
		}
	}
}

static void static_paths(void **state)
{
	struct route routes[ROUTES_MAX];
	struct routing *routing;
	struct randnet net;
	char text[1024];

	(void)state;
	draw(&net);
	snprintf(text, sizeof(text),
		 "# to 3\n"
		 "path %s link 1 labels 2,2\n"
		 "\n"
		 "  path %s link 2 labels 2 mtu 1350 base 7 rate 8   # by 4\n"
		 "path %s link 9 labels 1,2,3\n",
		 key_of(&net, 3), key_of(&net, 3), key_of(&net, 1));
	write_file("paths", text, 0600);
	routing = routing_new(&net.graph, &routing_static, path, &host, NULL, &err);
	assert_non_null(routing);
	assert_int_equal(routing_routes(routing, net.nodes[3].key, &policy, routes), 2);
	/* What the map knows */
	assert_int_equal(routes[0].link, 1);
	assert_int_equal(routes[0].count, 2);
	assert_int_equal(routes[0].labels[1], 2);
	assert_int_equal(routes[0].mtu, 1400);
	assert_int_equal(routes[0].inner_mtu, 1400 - 12 - 4 - 28);
	assert_int_equal(routes[0].latency, 6000);
	assert_int_equal(routes[0].price_base, 10);
	assert_int_equal(routes[0].price_rate, 100);
	/* What the file says */
	assert_int_equal(routes[1].mtu, 1350);
	assert_int_equal(routes[1].price_base, 7);
	assert_int_equal(routes[1].price_rate, 8);
	/* What nobody else knows */
	assert_int_equal(routing_routes(routing, net.nodes[1].key, &policy, routes), 1);
	assert_int_equal(routes[0].mtu, 1420);
	assert_int_equal(routes[0].labels[2], 3);
	assert_int_equal(routing_routes(routing, net.nodes[2].key, &policy, routes), 0);
	policy.paths = 1;
	assert_int_equal(routing_routes(routing, net.nodes[3].key, &policy, routes), 1);
	policy.paths = 4;
	routing_free(routing);
	rand_free(&net);
}

static void bad_files(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{ "paths", "expected 'path', not 'paths'" },
		{ "path", "expected the public key" },
		{ "path abc link 1", "expected the public key" },
		{ "path KEY", "expected 'link'" },
		{ "path KEY labels 1", "expected 'link'" },
		{ "path KEY link", "expected a value after 'link'" },
		{ "path KEY link 0", "0" },
		{ "path KEY link 65536", "65536" },
		{ "path KEY link 1 labels 1,,2", "" },
		{ "path KEY link 1 labels 0", "" },
		{ "path KEY link 1 labels 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "" },
		{ "path KEY link 1 mtu 1279", "1279" },
		{ "path KEY link 1 labels 1 mtu 1320", "mtu 1320 leaves less than 1280" },
		{ "path KEY link 1 base 4294967296", "4294967296" },
		{ "path KEY link 1 base 4294967295 rate 1", "more than 32 bits" },
		{ "path KEY link 1 via 2", "expected link, labels, mtu, base or rate" },
	};
	char text[512], where[160];
	struct randnet net;
	const char *at;
	size_t i;

	(void)state;
	draw(&net);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		at = strstr(bad[i].line, "KEY");
		snprintf(text, sizeof(text), "\n# the next one is wrong\n%.*s%s%s\n",
			 at ? (int)(at - bad[i].line) : (int)strlen(bad[i].line), bad[i].line,
			 at ? key_of(&net, 3) : "", at ? at + 3 : "");
		write_file("bad", text, 0600);
		assert_null(routing_new(&net.graph, &routing_static, path, &host, NULL, &err));
		snprintf(where, sizeof(where), "%s:3: ", path);
		if (strncmp(err.text, where, strlen(where)) || !strstr(err.text, bad[i].says))
			fail_msg("'%s': %s", bad[i].line, err.text);
	}
	assert_null(routing_new(&net.graph, &routing_static, "/nowhere", &host, NULL, &err));
	assert_string_equal(err.text, "/nowhere: No such file or directory");
	assert_null(routing_new(&net.graph, &routing_static, NULL, &host, NULL, &err));
	rand_free(&net);
}

static struct routing *run_program(struct randnet *net, const char *text)
{
	struct routing *routing;

	memset(&loop, 0, sizeof(loop));
	write_file("program", text, 0700);
	routing = routing_new(&net->graph, &routing_exec, path, &host, NULL, &err);
	if (!routing)
		fail_msg("%s", err.text);
	return routing;
}

/* What the program was given: all nodes, with links that both ends claim. */
static void assert_input(const struct randnet *net)
{
	json_t *root, *links, *target;
	size_t i, count = 0;

	snprintf(path, sizeof(path), "%s/input", directory);
	root = json_load_file(path, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "self")), key_of(net, 0));
	target = json_array_get(json_object_get(root, "targets"), 0);
	assert_string_equal(json_string_value(target), key_of(net, 3));
	for (i = 0; i < json_array_size(json_object_get(root, "nodes")); i++) {
		links = json_object_get(json_array_get(json_object_get(root, "nodes"), i), "links");
		count += json_array_size(links);
	}
	assert_int_equal(count, 10);
	json_decref(root);
}

static void program_answers(void **state)
{
	struct route routes[ROUTES_MAX];
	struct routing *routing;
	struct randnet net;
	char text[2048];

	(void)state;
	draw(&net);
	/* The second path is one that the map does not bear out, the third leads elsewhere. */
	snprintf(text, sizeof(text),
		 "#!/bin/sh\ncat > %s/input\n"
		 "echo '{\"paths\": {\"%s\": [{\"link\": 2, \"labels\": [2]},'\n"
		 "echo '{\"link\": 2, \"labels\": [7]}, {\"link\": 1, \"labels\": [2]}]}}'\n",
		 directory, key_of(&net, 3));
	routing = run_program(&net, text);
	assert_int_equal(routing_routes(routing, net.nodes[3].key, &policy, routes), -EAGAIN);
	turn(routing);
	assert_string_equal(loop.report, "");
	assert_int_equal(routing_routes(routing, net.nodes[3].key, &policy, routes), 1);
	assert_int_equal(routes[0].link, 2);
	assert_int_equal(routes[0].latency, 11000);
	assert_input(&net);
	/* A change makes it run again. */
	net.nodes[4].count--;
	rand_claim(&net, 4);
	assert_int_equal(routing_routes(routing, net.nodes[3].key, &policy, routes), 0);
	turn(routing);
	assert_int_equal(loop.updated, 2);
	routing_free(routing);
	assert_int_equal(loop.count, 0);
	rand_free(&net);
}

static void says(const char *program, const char *what)
{
	struct routing *routing;
	struct randnet net;

	draw(&net);
	routing = run_program(&net, program);
	turn(routing);
	if (!strstr(loop.report, what))
		fail_msg("expected '%s', not '%s'", what, loop.report);
	assert_int_equal(loop.count, 0);
	routing_free(routing);
	rand_free(&net);
}

static void program_fails(void **state)
{
	(void)state;
	says("#!/bin/sh\nexit 3\n", "failed");
	says("#!/bin/sh\ncat > /dev/null\nkill -9 $$\n", "failed");
	says("#!/bin/sh\n", "line 1");
	says("#!/bin/sh\necho '{}'\n", "expected an object \"paths\"");
	says("#!/bin/sh\necho '{\"paths\": {\"abc\": []}}'\n", "\"abc\" is no public key");
	says("#!/bin/sh\nwhile :; do cat /bin/sh; done\n", "says too much");
	says("#!/nowhere\n", "No such file");
}

static void program_takes_too_long(void **state)
{
	struct routing *routing;
	struct randnet net;

	(void)state;
	draw(&net);
	routing = run_program(&net, "#!/bin/sh\nexec sleep 100\n");
	loop.skipped += loop.timer - now(NULL);
	routing_expired(routing);
	assert_true(loop.count > 0);
	loop.skipped += 29000000000ULL;
	routing_expired(routing);
	assert_string_equal(loop.report, "");
	loop.skipped += 1000000000ULL;
	routing_expired(routing);
	assert_non_null(strstr(loop.report, "takes too long"));
	assert_int_equal(loop.count, 0);
	routing_free(routing);
	/* And one that is ended while it runs */
	routing = run_program(&net, "#!/bin/sh\nexec sleep 100\n");
	loop.skipped += loop.timer - now(NULL);
	routing_expired(routing);
	routing_free(routing);
	assert_int_equal(loop.count, 0);
	rand_free(&net);
}

static void bad_answers(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{\"paths\": []}", "{\"paths\": {}} x",
		"{\"paths\": {\"KEY\": {}}}",
		"{\"paths\": {\"KEY\": [1]}}",
		"{\"paths\": {\"KEY\": [{\"link\": 0, \"labels\": []}]}}",
		"{\"paths\": {\"KEY\": [{\"link\": 65536, \"labels\": []}]}}",
		"{\"paths\": {\"KEY\": [{\"link\": 1.5, \"labels\": []}]}}",
		"{\"paths\": {\"KEY\": [{\"link\": 1}]}}",
		"{\"paths\": {\"KEY\": [{\"link\": 1, \"labels\": [0]}]}}",
		"{\"paths\": {\"KEY\": [{\"link\": 1, \"labels\": [\"1\"]}]}}",
		"{\"paths\": {\"KEY\": [], \"KEY\": []}}",
		"{\"paths\": {\"KEY\": [{\"link\": 1, \"labels\": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]}}",
	};
	struct exec_paths *answer = NULL;
	struct randnet net;
	char text[1024];
	const char *at;
	size_t i, len;

	(void)state;
	draw(&net);
	len = snprintf(text, sizeof(text), "{\"paths\": {\"%s\": []}}", key_of(&net, 1));
	assert_int_equal(exec_understand(&answer, text, len, &err), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (at = bad[i], len = 0; *at; at++) {
			if (strncmp(at, "KEY", 3)) {
				text[len++] = *at;
				continue;
			}
			len += sprintf(text + len, "%s", key_of(&net, 3));
			at += 2;
		}
		if (!exec_understand(&answer, text, len, &err))
			fail_msg("taken: %s", bad[i]);
	}
	/* What was there stays. */
	assert_non_null(exec_find(answer, net.nodes[1].key));
	exec_forget(&answer);
	assert_null(answer);
	rand_free(&net);
}

static int make_directory(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	strcpy(directory, "/tmp/skywire-routing.XXXXXX");
	return !mkdtemp(directory);
}

static int remove_directory(void **state)
{
	static const char *const names[] = { "paths", "bad", "program", "input" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(static_paths),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(program_answers),
		cmocka_unit_test(program_fails),
		cmocka_unit_test(program_takes_too_long),
		cmocka_unit_test(bad_answers),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
