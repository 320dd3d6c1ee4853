// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "keyfile.h"

/* Longer than any key with the white space that an editor may leave. */
enum { FILE_TEXT = 128 };

static const char *name_of(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

static bool is_key(const char *path)
{
	__u8 bytes[SW_SECRET_MAX];
	int len = sw_text_decode(bytes, path);

	sodium_memzero(bytes, sizeof(bytes));
	return len > 0;
}

/* Not repeated: the message may end up in a log. */
static int no_file_name(struct sw_error *err)
{
	return sw_fail(err, EINVAL,
		       "a key where a file name belongs: everyone can read the command line, put the key into a file or give it on standard input (-)");
}

static int open_failed(const char *path, struct sw_error *err)
{
	int code = errno;

	if (is_key(path))
		return no_file_name(err);
	return sw_fail(err, code, "%s: %s", path, strerror(code));
}

static int open_key(const char *path, struct sw_error *err)
{
	int fd;

	if (!strcmp(path, "-"))
		return STDIN_FILENO;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? open_failed(path, err) : fd;
}

static int check_mode(int fd, const char *path, struct sw_error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return sw_fail(err, errno, "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) && st.st_mode & 077)
		return sw_fail(err, EACCES,
			       "%s: mode %04o lets others at the secret; it must be 0600",
			       path, st.st_mode & 07777);
	/* Its owner can change the mode, and the key. */
	if (S_ISREG(st.st_mode) && st.st_uid && st.st_uid != geteuid())
		return sw_fail(err, EACCES,
			       "%s: it belongs to the user %u; it must be root's, or of the user that reads it",
			       path, st.st_uid);
	return 0;
}

/* Return: bytes read, FILE_TEXT where there may be more, or a negative errno. */
static ssize_t read_all(int fd, char *text)
{
	size_t have = 0;
	ssize_t n;

	while (have < FILE_TEXT) {
		n = read(fd, text + have, FILE_TEXT - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += n;
	}
	return have;
}

static int read_key(int fd, const char *path, __u8 *bytes, struct sw_error *err)
{
	char text[FILE_TEXT];
	ssize_t n = read_all(fd, text);
	int len = -EINVAL;

	if (n < 0)
		return sw_fail(err, -n, "%s: %s", name_of(path), strerror(-n));
	while (n && n < FILE_TEXT && strchr(" \t\r\n", text[n - 1] ?: 'x'))
		n--;
	/* A zero byte inside would make the rest invisible to the decoder. */
	if (n < FILE_TEXT && !memchr(text, '\0', n)) {
		text[n] = '\0';
		len = sw_text_decode(bytes, text);
	}
	sodium_memzero(text, sizeof(text));
	if (len < 0)
		return sw_fail(err, EINVAL,
			       "%s: not a key: one line of base32 or hex is expected",
			       name_of(path));
	return len;
}

int sw_secret_read(const char *path, __u8 *secret, struct sw_error *err)
{
	int rc = 0, fd = open_key(path, err);

	if (fd < 0)
		return fd;
	if (fd != STDIN_FILENO)
		rc = check_mode(fd, path, err);
	if (!rc)
		rc = read_key(fd, path, secret, err);
	if (fd != STDIN_FILENO)
		close(fd);
	return rc;
}

int sw_public_read(const char *path, __u8 key[SW_KEY_LEN], struct sw_error *err)
{
	__u8 bytes[SW_SECRET_MAX];
	int rc, fd = open_key(path, err);

	if (fd < 0)
		return fd;
	rc = read_key(fd, path, bytes, err);
	if (fd != STDIN_FILENO)
		close(fd);
	if (rc < 0)
		return rc;
	if (rc != SW_KEY_LEN)
		return sw_fail(err, EINVAL, "%s: %d bytes, a public key has %d",
			       name_of(path), rc, SW_KEY_LEN);
	memcpy(key, bytes, SW_KEY_LEN);
	return 0;
}

/* Return: 0 or an errno. */
static int write_line(int fd, const __u8 seed[SW_SEED_LEN])
{
	char text[SW_KEY_TEXT];
	ssize_t n;

	sw_base32_encode(text, seed, SW_SEED_LEN);
	text[SW_KEY_TEXT - 1] = '\n';
	n = write(fd, text, sizeof(text));
	sodium_memzero(text, sizeof(text));
	if (n < 0)
		return errno;
	return n == sizeof(text) ? 0 : EIO;
}

int sw_secret_create(const char *path, const __u8 seed[SW_SEED_LEN],
		     struct sw_error *err)
{
	int fd, rc;

	if (is_key(path))
		return no_file_name(err);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return sw_fail(err, errno, "%s: %s", path, strerror(errno));
	rc = write_line(fd, seed);
	if (!rc && fsync(fd) && errno != EINVAL)
		rc = errno;
	if (close(fd) && !rc)
		rc = errno;
	if (!rc)
		return 0;
	/* Half a key is worse than none. */
	unlink(path);
	return sw_fail(err, rc, "%s: %s", path, strerror(rc));
}
