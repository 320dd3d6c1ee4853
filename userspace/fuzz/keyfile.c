// SPDX-License-Identifier: GPL-2.0
/* Files with keys, of any content and mode. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/keyfile.h"

#include "fuzz.h"

enum { MOST = 127 };	/* bytes that are looked at */

/* A line of a key, with white space after it */
static int oracle(__u8 *bytes, const __u8 *data, size_t len)
{
	char text[MOST + 1];

	if (len > MOST)
		return -EINVAL;
	while (len && (data[len - 1] == ' ' || data[len - 1] == '\t' ||
		       data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	if (!len || memchr(data, '\0', len))
		return -EINVAL;
	memcpy(text, data, len);
	text[len] = '\0';
	return sw_text_decode(bytes, text);
}

static int file_with(const void *data, size_t len, mode_t mode)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("key", 0);
	require(fd >= 0 && !ftruncate(fd, 0) && !fchmod(fd, mode));
	require(pwrite(fd, data, len, 0) == (ssize_t)len);
	return fd;
}

int fuzz_one(const __u8 *data, size_t len)
{
	__u8 want[SW_SECRET_MAX], got[SW_SECRET_MAX];
	struct input in = { data, len };
	struct sw_error err = {};
	char path[64];
	int n, wanted;
	mode_t mode;

	mode = take_u8(&in) & 1 ? 0600 : 0600 | (take_u8(&in) & 077);
	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 file_with(in.data, in.left, mode));
	wanted = oracle(want, in.data, in.left);
	n = sw_secret_read(path, got, &err);
	if (mode & 077)
		require(n == -EACCES && err.text[0]);
	else if (wanted < 0)
		require(n == -EINVAL && err.text[0]);
	else
		require(n == wanted && !memcmp(got, want, n));
	n = sw_public_read(path, got, &err);
	require(wanted == SW_KEY_LEN ? !n && !memcmp(got, want, SW_KEY_LEN) :
				       n == -EINVAL);
	return 0;
}
