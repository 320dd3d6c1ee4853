// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/keyfile.h"
#include "test.h"

#define KEY	"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"
#define KEY16	"aaaqeayeaudaocajbifqydiob4"

static char dir[32], path[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/skywire-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void write_file(const void *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int read_back(const char *text)
{
	__u8 secret[SW_SECRET_MAX];
	struct sw_error err;

	write_file(text, strlen(text), 0600);
	return sw_secret_read(path, secret, &err);
}

static void good_files(void **state)
{
	(void)state;
	assert_int_equal(read_back(KEY), 32);
	assert_int_equal(read_back(KEY "\n"), 32);
	assert_int_equal(read_back(KEY " \t\r\n\n"), 32);
	assert_int_equal(read_back(KEY16 "\n"), 16);
	assert_int_equal(read_back("000102030405060708090a0b0c0d0e0f\n"), 16);
}

static void bad_files(void **state)
{
	static const char *const texts[] = {
		"", "\n", "x", KEY "a", " " KEY, KEY "\n" KEY "\n", KEY KEY, "\n" KEY,
		KEY "\nx",
	};
	char text[4096];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (read_back(texts[i]) != -EINVAL)
			fail_msg("taken: '%s'", texts[i]);
	/* Too long, all of it, or after a good key */
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(read_back(text), -EINVAL);
	memset(text, '\n', sizeof(text) - 1);
	memcpy(text, KEY, strlen(KEY));
	assert_int_equal(read_back(text), -EINVAL);
}

/* What comes after a zero byte must not be overlooked. */
static void zero_bytes(void **state)
{
	static const char text[] = KEY "\0garbage\n";
	static const char end[] = KEY "\0";
	__u8 secret[SW_SECRET_MAX];
	struct sw_error err;

	(void)state;
	write_file(text, sizeof(text) - 1, 0600);
	assert_int_equal(sw_secret_read(path, secret, &err), -EINVAL);
	write_file(end, sizeof(end) - 1, 0600);
	assert_int_equal(sw_secret_read(path, secret, &err), -EINVAL);
}

static void modes(void **state)
{
	static const mode_t bad[] = { 0644, 0640, 0604, 0660, 0620, 0602, 0610, 0777 };
	__u8 secret[SW_SECRET_MAX], key[SW_KEY_LEN];
	struct sw_error err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		write_file(KEY, strlen(KEY), bad[i]);
		assert_int_equal(sw_secret_read(path, secret, &err), -EACCES);
		assert_non_null(strstr(err.text, "0600"));
		/* No secret: no matter. */
		assert_int_equal(sw_public_read(path, key, &err), 0);
	}
	write_file(KEY, strlen(KEY), 0400);
	assert_int_equal(sw_secret_read(path, secret, &err), 32);
}

/* What belongs to another user is that user's to change. Only root can show it. */
static void owners(void **state)
{
	__u8 secret[SW_SECRET_MAX], key[SW_KEY_LEN];
	struct sw_error err;

	(void)state;
	if (geteuid())
		skip();
	write_file(KEY, strlen(KEY), 0600);
	assert_int_equal(chown(path, 1, 0), 0);
	assert_int_equal(sw_secret_read(path, secret, &err), -EACCES);
	assert_non_null(strstr(err.text, "belongs to the user 1"));
	assert_int_equal(sw_public_read(path, key, &err), 0);
	/* That user may read it, and what is root's as far as the mode goes. */
	assert_int_equal(chmod(dir, 0711), 0);
	assert_int_equal(seteuid(1), 0);
	assert_int_equal(sw_secret_read(path, secret, &err), 32);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(sw_secret_read(path, secret, &err), 32);
}

static void no_files(void **state)
{
	__u8 secret[SW_SECRET_MAX];
	struct sw_error err;

	(void)state;
	unlink(path);
	assert_int_equal(sw_secret_read(path, secret, &err), -ENOENT);
	assert_int_equal(sw_secret_read(dir, secret, &err), -EISDIR);
}

static void key_for_name(void **state)
{
	__u8 secret[SW_SECRET_MAX];
	struct sw_error err;

	(void)state;
	assert_int_equal(sw_secret_read(KEY, secret, &err), -EINVAL);
	assert_non_null(strstr(err.text, "command line"));
	assert_null(strstr(err.text, KEY));
}

static void pipes(void **state)
{
	__u8 secret[SW_SECRET_MAX];
	struct sw_error err;
	char name[32];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], KEY "\n", 53), 53);
	close(fd[1]);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd[0]);
	assert_int_equal(sw_secret_read(name, secret, &err), 32);
	close(fd[0]);
}

static void public_lengths(void **state)
{
	__u8 key[SW_KEY_LEN];
	struct sw_error err;

	(void)state;
	write_file(KEY16, strlen(KEY16), 0644);
	assert_int_equal(sw_public_read(path, key, &err), -EINVAL);
	write_file(KEY "\n", strlen(KEY) + 1, 0644);
	assert_int_equal(sw_public_read(path, key, &err), 0);
}

static void creation(void **state)
{
	__u8 seed[SW_SEED_LEN], back[SW_SECRET_MAX];
	struct sw_error err;
	struct stat st;

	(void)state;
	unlink(path);
	umask(0);
	assert_int_equal(sw_identity_generate(seed), 0);
	assert_int_equal(sw_secret_create(path, seed, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 53);
	assert_int_equal(sw_secret_read(path, back, &err), 32);
	assert_memory_equal(seed, back, 32);
	/* What is there stays. */
	assert_int_equal(sw_identity_generate(seed), 0);
	assert_int_equal(sw_secret_create(path, seed, &err), -EEXIST);
	assert_int_equal(sw_secret_read(path, seed, &err), 32);
	assert_memory_equal(seed, back, 32);
	assert_int_equal(sw_secret_create("/dev/full/x", seed, &err), -ENOTDIR);
}

/* As on a full disk, no file may grow: there is none then, and no half of one. */
static void full_disk(void **state)
{
	__u8 seed[SW_SEED_LEN] = { 1 };
	struct rlimit before, none;
	struct sw_error err;
	int rc;

	(void)state;
	unlink(path);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	rc = sw_secret_create(path, seed, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(rc < 0);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(sw_secret_create(path, seed, &err), 0);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(good_files),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(zero_bytes),
		cmocka_unit_test(modes),
		cmocka_unit_test(owners),
		cmocka_unit_test(no_files),
		cmocka_unit_test(key_for_name),
		cmocka_unit_test(pipes),
		cmocka_unit_test(public_lengths),
		cmocka_unit_test(creation),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("keyfile", tests, set_up, tear_down);
}
