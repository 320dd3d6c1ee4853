// SPDX-License-Identifier: GPL-2.0
/* Neighbours from before, and files that outlive the daemon, a full disk included. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock_kernel.h"
#include "swd/log.h"
#include "swd/remember.h"
#include "test.h"

/* Of the node with number 1 */
#define KEY	"aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char dir[32], path[64], times_path[64];
static struct config config;
static struct remember *r;

static int set_up(void **state)
{
	(void)state;
	log_set(-1, "");
	strcpy(dir, "/tmp/skywire-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/peers", dir);
	snprintf(times_path, sizeof(times_path), "%s/times", dir);
	config_init(&config, "sw0");
	r = remember_open(path, &config);
	return r ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	remember_close(r);
	config_free(&config);
	unlink(path);
	unlink(times_path);
	return rmdir(dir);
}

static struct neighbour link_to(unsigned int number, const char *at)
{
	struct neighbour l = {
		.installed = true, .reached = true, .liveness = SKYWIRE_LIVENESS_ALIVE,
	};
	struct sw_error err;

	l.key[0] = number;
	l.key[1] = number >> 8;
	if (sw_parse_endpoint(at, &l.endpoint, &err))
		fail_msg("%s: %s", at, err.text);
	return l;
}

static void note(unsigned int number, const char *at)
{
	struct neighbour l = link_to(number, at);

	remember_link(r, &l);
}

/* What a node that starts with this file tries: for each the number and the port */
static unsigned int tried(unsigned int number[], unsigned int port[], unsigned int max)
{
	static const __u8 seed[SW_SEED_LEN] = { 9 };
	static const struct neighbours_events none;
	struct sw_identity *self = sw_identity_new(seed);
	struct times *times = times_open(NULL);
	struct kernel *kernel = mock_kernel(NULL, NULL, 1);
	struct neighbours *n = neighbours_new(&config, self, kernel, times, &none, NULL);
	struct neighbour *l = NULL;
	unsigned int count = 0;

	remember_close(r);
	r = remember_open(path, &config);
	assert_int_equal(remember_run(r, n, 1000), 61000);
	while ((l = neighbours_next(n, l))) {
		assert_true(count < max);
		number[count] = l->key[0] | l->key[1] << 8;
		port[count++] = l->endpoint.port;
	}
	/* Again after a minute, for no link is alive. */
	assert_int_equal(remember_run(r, n, 1001), 61000);
	assert_int_equal(remember_run(r, n, 61000), 121000);
	neighbours_free(n);
	mock_free();
	times_close(times);
	sw_identity_free(self);
	return count;
}

static void after_a_start(void **state)
{
	unsigned int number[4], port[4];

	(void)state;
	note(1, "192.0.2.1:5");
	note(2, "[2001:db8::1]:6");
	/* It has moved. */
	note(1, "192.0.2.7:7");
	assert_int_equal(tried(number, port, 4), 2);
	assert_int_equal(number[0], 2);
	assert_int_equal(port[0], 6);
	assert_int_equal(number[1], 1);
	assert_int_equal(port[1], 7);
}

static void not_kept(void **state)
{
	struct neighbour l = link_to(1, "192.0.2.1:5");
	unsigned int number[4], port[4];

	(void)state;
	l.reached = false;
	remember_link(r, &l);
	l.reached = true;
	l.liveness = SKYWIRE_LIVENESS_DEAD;
	remember_link(r, &l);
	note(2, "02:00:00:00:00:01");
	note(3, "[fe80::1%eth0]:5");
	assert_int_equal(tried(number, port, 4), 0);
}

/* Where the configuration says it already; but not where it is out of date. */
static void configured(void **state)
{
	static const char text[] = "[Peer]\nPublicKey = " KEY "\nEndpoint = 192.0.2.1:5\n";
	unsigned int number[4], port[4];
	struct sw_error err;

	(void)state;
	if (config_parse(&config, "x", text, strlen(text), &err))
		fail_msg("%s", err.text);
	note(1, "192.0.2.1:5");
	assert_int_equal(tried(number, port, 4), 0);
	note(1, "192.0.2.9:5");
	assert_int_equal(tried(number, port, 4), 1);
}

static void bounded(void **state)
{
	unsigned int number[REMEMBER_MAX], port[REMEMBER_MAX], i;

	(void)state;
	for (i = 0; i < 3 * REMEMBER_MAX; i++)
		note(1 + i, "192.0.2.1:5");
	assert_int_equal(tried(number, port, REMEMBER_MAX), REMEMBER_MAX);
	for (i = 0; i < REMEMBER_MAX; i++)
		assert_int_equal(number[i], 1 + 2 * REMEMBER_MAX + i);
}

/* More links than fit, all alive, do not push each other out again and again. */
static void more_than_fit(void **state)
{
	static struct neighbour l[2 * REMEMBER_MAX];
	struct stat before, after;
	unsigned int i, round;

	(void)state;
	for (i = 0; i < 2 * REMEMBER_MAX; i++)
		l[i] = link_to(1 + i, "192.0.2.1:5");
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 2 * REMEMBER_MAX; i++)
			remember_link(r, &l[i]);
		remember_save(r);
		assert_int_equal(stat(path, round ? &after : &before), 0);
	}
	assert_int_equal(before.st_ino, after.st_ino);
}

static void odd_files(void **state)
{
	unsigned int number[4], port[4];
	FILE *file = fopen(path, "w");

	(void)state;
	fputs("\n\nx\nx y\naeaaaa 192.0.2.1:5\n", file);
	fputs(KEY "\n" KEY " x\n" KEY " host:5\n" KEY " [fe80::1%lo]:5\n", file);
	fputs(KEY " 02:00:00:00:00:01\n", file);
	fwrite("\0\0\0\n", 4, 1, file);
	fputs(KEY " 192.0.2.1:5\n", file);
	fclose(file);
	assert_int_equal(tried(number, port, 4), 1);
	assert_int_equal(number[0], 1);
	remember_close(r);
	r = remember_open("/nonexistent/peers", &config);
	note(1, "192.0.2.1:5");
	remember_save(r);
}

static unsigned int lines_in(const char *name)
{
	FILE *file = fopen(name, "r");
	unsigned int lines = 0;
	int c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

/* As if the disk were full: no file may grow. Fails with EFBIG in place of ENOSPC. */
static void disk_full(bool full)
{
	static struct rlimit before;
	struct rlimit none;

	if (!before.rlim_max)
		getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, full ? &none : &before), 0);
}

/*
 * All goes on, that is said once, what the file had stays, and when there is room
 * again it is written.
 */
static void full_disk(void **state)
{
	struct times *t = times_open(times_path);
	static const __u8 key[SW_KEY_LEN] = { 1 };
	int log[2], err = dup(STDERR_FILENO);
	unsigned int number[4], port[4], i;
	char text[1024] = "";
	__u64 own;

	(void)state;
	assert_int_equal(pipe(log), 0);
	note(1, "192.0.2.1:5");
	remember_save(r);
	own = times_next(t);
	assert_true(times_take(t, SW_LAYER_LINK, key, 10));
	times_save(t);

	fflush(stderr);
	dup2(log[1], STDERR_FILENO);
	log_set(LOG_INFO, "");
	disk_full(true);
	note(2, "192.0.2.2:5");
	assert_true(times_take(t, SW_LAYER_LINK, key, 11));
	for (i = 0; i < 10; i++) {
		remember_save(r);
		times_save(t);
	}
	assert_true(times_next(t) > own);
	assert_false(times_take(t, SW_LAYER_LINK, key, 11));
	disk_full(false);
	log_set(-1, "");
	dup2(err, STDERR_FILENO);
	close(err);
	close(log[1]);
	assert_true(read(log[0], text, sizeof(text) - 1) > 0);
	close(log[0]);
	assert_non_null(strstr(text, "peers cannot be written"));
	assert_non_null(strstr(text, "times cannot be written"));
	assert_ptr_equal(strstr(strchr(text, '\n') + 1, "peers"), NULL);
	assert_int_equal(strchr(strchr(text, '\n') + 1, '\n')[1], '\0');

	/* The old files are whole. */
	assert_int_equal(lines_in(path), 1);
	assert_int_equal(lines_in(times_path), 2);
	remember_save(r);
	times_save(t);
	times_close(t);
	assert_int_equal(tried(number, port, 4), 2);
	t = times_open(times_path);
	assert_false(times_take(t, SW_LAYER_LINK, key, 11));
	times_close(t);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct cm_unit_test tests[] = {
		TEST(after_a_start),
		TEST(not_kept),
		TEST(configured),
		TEST(bounded),
		TEST(more_than_fit),
		TEST(odd_files),
		TEST(full_disk),
	};

	return cmocka_run_group_tests_name("remember", tests, NULL, NULL);
}
