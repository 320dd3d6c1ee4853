// SPDX-License-Identifier: GPL-2.0
/* Events to clients: in order, and for one that does not read, counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ev.h>

#include "swd/report.h"
#include "swd/stream.h"
#include "test.h"

enum { EVENTS = 20000 };

static struct ev_loop *loop;
static struct stream *stream;

static int set_up(void **state)
{
	(void)state;
	loop = ev_default_loop(0);
	stream = stream_new(loop);
	assert_non_null(stream);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stream_free(stream);
	return 0;
}

static json_t *numbered(int number)
{
	return json_pack("{s:s, s:s, s:i}", "object", "test", "event", "told", "n",
			 number);
}

/* Return: our end. */
static FILE *follow(int first)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_true(stream_add(stream, fd[1], numbered(first)));
	return fdopen(fd[0], "r");
}

/* The number of an event, or -count of those that were lost */
static int next(FILE *from)
{
	char line[256];
	json_t *event;
	int n;

	ev_run(loop, EVRUN_NOWAIT);
	assert_non_null(fgets(line, sizeof(line), from));
	event = json_loads(line, 0, NULL);
	assert_non_null(event);
	n = json_integer_value(json_object_get(event, "n"));
	if (!strcmp(json_string_value(json_object_get(event, "event")), "lost"))
		n = -json_integer_value(json_object_get(event, "count"));
	json_decref(event);
	return n;
}

static void in_order(void **state)
{
	FILE *a = follow(1), *b;
	int i;

	(void)state;
	stream_tell(stream, numbered(2));
	b = follow(3);
	for (i = 4; i < 50; i++)
		stream_tell(stream, numbered(i));
	assert_int_equal(next(a), 1);
	assert_int_equal(next(a), 2);
	assert_int_equal(next(b), 3);
	for (i = 4; i < 50; i++) {
		assert_int_equal(next(a), i);
		assert_int_equal(next(b), i);
	}
	fclose(a);
	ev_run(loop, EVRUN_NOWAIT);
	assert_true(stream_is_followed(stream));
	fclose(b);
	ev_run(loop, EVRUN_NOWAIT);
	assert_false(stream_is_followed(stream));
}

/* The other gets all of them. */
static void slow_reader(void **state)
{
	FILE *slow = follow(0), *fast = follow(0);
	int i, n, last = 0, lost = 0;

	(void)state;
	assert_int_equal(next(fast), 0);
	for (i = 1; i <= EVENTS; i++) {
		stream_tell(stream, numbered(i));
		assert_int_equal(next(fast), i);
	}
	assert_int_equal(next(slow), 0);
	while (last < EVENTS) {
		n = next(slow);
		if (n < 0) {
			assert_int_equal(lost, 0);
			lost = -n;
			last -= n;
		} else {
			assert_int_equal(n, ++last);
		}
	}
	assert_true(lost > 0);
	/* From then on it misses nothing. */
	stream_tell(stream, numbered(EVENTS + 1));
	assert_int_equal(next(slow), EVENTS + 1);
	fclose(slow);
	fclose(fast);
}

static void too_many(void **state)
{
	FILE *f[STREAM_CLIENTS];
	int fd[2], i;

	(void)state;
	for (i = 0; i < STREAM_CLIENTS; i++)
		f[i] = follow(i);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_false(stream_add(stream, fd[1], numbered(9)));
	close(fd[0]);
	close(fd[1]);
	for (i = 0; i < STREAM_CLIENTS; i++) {
		assert_int_equal(next(f[i]), i);
		fclose(f[i]);
	}
}

/* What is said of a file has its bytes in it, or half a character. */
static void odd_text(void **state)
{
	static const struct event event = {
		.object = "warning", .what = "said", .text = "x:1: '\xc3': \xff",
	};
	json_t *json = report_event(&event);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "text")),
			    "x:1: '?': ?");
	json_decref(json);
	json = report_text("\xc3\xa4");
	assert_string_equal(json_string_value(json), "\xc3\xa4");
	json_decref(json);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct cm_unit_test tests[] = {
		TEST(in_order),
		TEST(slow_reader),
		TEST(too_many),
		TEST(odd_text),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
