// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "swd/log.h"
#include "swd/times.h"
#include "test.h"

static const __u8 key[SW_KEY_LEN] = { 1 }, other[SW_KEY_LEN] = { 2 };
static char dir[32], path[64];

static int set_up(void **state)
{
	(void)state;
	log_set(-1, "");
	strcpy(dir, "/tmp/skywire-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/times", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void once(void **state)
{
	struct times *t = times_open(NULL);

	(void)state;
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	assert_false(times_take(t, SW_LAYER_LINK, key, 10));
	assert_false(times_take(t, SW_LAYER_LINK, key, 9));
	assert_true(times_take(t, SW_LAYER_SESSION, key, 9));
	assert_true(times_take(t, SW_LAYER_LINK, other, 9));
	assert_true(times_take(t, SW_LAYER_LINK, key, 11));
	times_close(t);
}

static void own_rise(void **state)
{
	struct times *t = times_open(NULL);
	__u64 last = 0, next;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++, last = next) {
		next = times_next(t);
		assert_true(next > last);
	}
	times_close(t);
}

static __u64 made_up_time;

static __u64 made_up(void)
{
	return made_up_time;
}

/* Whatever the clock does, and after a start with it as wrong as it was. */
static void clock_jumps(void **state)
{
	static const __u64 jumps[] = {
		1000000000ull << 30, 1ull << 62, 5, 1ull << 61, 0, 1ull << 63, 1,
	};
	struct times *t;
	__u64 last = 0, next;
	size_t i;

	(void)state;
	unlink(path);
	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		t = times_open(path);
		times_set_clock(t, made_up);
		made_up_time = jumps[i];
		next = times_next(t);
		assert_true(next > last);
		/* And on, in the same process */
		made_up_time = jumps[(i + 3) % 7];
		last = times_next(t);
		assert_true(last > next);
		times_close(t);
	}
}

/* Also after a crash, and with a clock that was wrong before. */
static void own_survive(void **state)
{
	unsigned long long written;
	struct times *t;
	__u64 last;
	FILE *file;

	(void)state;
	t = times_open(path);
	last = times_next(t);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "own %llu", &written), 1);
	fclose(file);
	assert_true(written > last);
	times_close(t);
	file = fopen(path, "w");
	fprintf(file, "own %llu\n", written * 2);
	fclose(file);
	t = times_open(path);
	assert_true(times_next(t) > written * 2);
	times_close(t);
}

static void others_survive(void **state)
{
	struct times *t = times_open(path);

	(void)state;
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	assert_true(times_take(t, SW_LAYER_SESSION, key, 1ull << 63));
	times_close(t);
	t = times_open(path);
	assert_false(times_take(t, SW_LAYER_LINK, key, 10));
	assert_false(times_take(t, SW_LAYER_SESSION, key, 1ull << 63));
	assert_true(times_take(t, SW_LAYER_LINK, key, 11));
	times_close(t);
}

/* The longest unheard of go first. */
static void bounded(void **state)
{
	struct times *t = times_open(NULL);
	__u8 many[SW_KEY_LEN] = { 3 };
	unsigned int i;

	(void)state;
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	assert_true(times_take(t, SW_LAYER_LINK, other, 10));
	for (i = 0; i < TIMES_MAX - 1; i++) {
		memcpy(many + 1, &i, sizeof(i));
		assert_true(times_take(t, SW_LAYER_LINK, many, 10));
		if (i == 100)
			assert_true(times_take(t, SW_LAYER_LINK, key, 11));
	}
	assert_false(times_take(t, SW_LAYER_LINK, key, 11));
	assert_true(times_take(t, SW_LAYER_LINK, other, 10));
	times_close(t);
}

/* Throwaway keys, as many as fit and one more, on a layer */
static void flush(struct times *t, enum sw_layer layer)
{
	__u8 many[SW_KEY_LEN] = { 4 };
	unsigned int i;

	for (i = 0; i <= TIMES_MAX; i++) {
		memcpy(many + 1, &i, sizeof(i));
		assert_true(times_take(t, layer, many, 10));
	}
}

/* What comes on one layer makes nothing be forgotten of the other. */
static void layers_are_apart(void **state)
{
	struct times *t = times_open(NULL);

	(void)state;
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	assert_true(times_take(t, SW_LAYER_SESSION, key, 10));
	flush(t, SW_LAYER_SESSION);
	assert_false(times_take(t, SW_LAYER_LINK, key, 10));
	assert_true(times_take(t, SW_LAYER_SESSION, key, 10));
	times_close(t);
}

/* Those that this node has to do with are not forgotten, after a restart as well. */
static void pinned(void **state)
{
	struct times *t;

	(void)state;
	unlink(path);
	t = times_open(path);
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	assert_true(times_take(t, SW_LAYER_SESSION, key, 10));
	assert_true(times_take(t, SW_LAYER_LINK, other, 10));
	times_pin(t, key);
	times_pin(t, key);
	times_unpin(t, key);
	flush(t, SW_LAYER_LINK);
	flush(t, SW_LAYER_SESSION);
	assert_false(times_take(t, SW_LAYER_LINK, key, 10));
	assert_false(times_take(t, SW_LAYER_SESSION, key, 10));
	assert_true(times_take(t, SW_LAYER_LINK, other, 10));
	times_close(t);
	t = times_open(path);
	times_pin(t, key);
	flush(t, SW_LAYER_LINK);
	assert_false(times_take(t, SW_LAYER_LINK, key, 10));
	times_unpin(t, key);
	flush(t, SW_LAYER_LINK);
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	times_close(t);
}

/* Nothing of it is a reason to stop. */
static void odd_files(void **state)
{
	struct times *t;
	FILE *file = fopen(path, "w");

	(void)state;
	fputs("own x\n9 1 zz\n0 5 short\n\n0\nown 7\n", file);
	fclose(file);
	t = times_open(path);
	assert_true(times_next(t) > 7);
	times_close(t);
	t = times_open("/nonexistent/times");
	assert_true(times_next(t) > 0);
	assert_true(times_take(t, SW_LAYER_LINK, key, 1));
	times_close(t);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(once),
		cmocka_unit_test(own_rise),
		cmocka_unit_test(clock_jumps),
		cmocka_unit_test(own_survive),
		cmocka_unit_test(others_survive),
		cmocka_unit_test(bounded),
		cmocka_unit_test(layers_are_apart),
		cmocka_unit_test(pinned),
		cmocka_unit_test(odd_files),
	};

	return cmocka_run_group_tests_name("times", tests, set_up, tear_down);
}
