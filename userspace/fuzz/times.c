// SPDX-License-Identifier: GPL-2.0
/*
 * The file of handshakes' times, of any content, and what is taken after it was read:
 * nothing twice, and none of ours twice, whatever the clock does, and however often the
 * daemon is started again.
 */
#include <fcntl.h>
#include <unistd.h>

#include "swd/times.h"

#include "fuzz.h"

enum { KEYS = 8, LAYERS = 2 };

static char directory[24], path[32];
static __u64 clock_now;

static void clean(void)
{
	unlink(path);
	rmdir(directory);
}

static void write_file(const struct input *text)
{
	int fd;

	if (!*path) {
		strcpy(directory, "/tmp/times-XXXXXX");
		require(mkdtemp(directory));
		snprintf(path, sizeof(path), "%s/times", directory);
		atexit(clean);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	require(fd >= 0 && write(fd, text->data, text->left) == (ssize_t)text->left);
	close(fd);
}

static __u64 read_clock(void)
{
	return clock_now;
}

static struct times *start(void)
{
	struct times *t = times_open(path);

	require(t);
	times_set_clock(t, read_clock);
	return t;
}

/* The latest that was taken of each, or 0 where only the file knows */
static __u64 taken[LAYERS][KEYS];

static void take_one(struct times *t, __u8 op, __u64 time)
{
	__u8 key[SW_KEY_LEN] = { op % KEYS };
	unsigned int layer = op / KEYS % LAYERS;
	__u64 *latest = &taken[layer][op % KEYS];
	bool good = times_take(t, layer, key, time);

	if (*latest)
		require(good == (time > *latest));
	if (good)
		*latest = time;
	require(!times_take(t, layer, key, time));
}

static void run(struct times *t, struct input *in)
{
	__u64 time, last = 0;
	__u8 op;

	while (in->left) {
		op = take_u8(in);
		switch (op >> 6) {
		case 0:
		case 1:
			take_one(t, op, take_any(in));
			break;
		case 2:
			clock_now = take_any(in) >> 2;
			time = times_next(t);
			/* A file that is damaged can bring the end near. */
			require(time > last || last >> 63);
			last = time;
			break;
		case 3:
			times_close(t);
			t = start();
		}
	}
	times_close(t);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len }, text;

	memset(taken, 0, sizeof(taken));
	text = in;
	text.left = len ? take_u16(&in) % len : 0;
	text.data = data + len - text.left;
	in.left = in.left > text.left ? in.left - text.left : 0;
	write_file(&text);
	run(start(), &in);
	return 0;
}
