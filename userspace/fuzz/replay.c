// SPDX-License-Identifier: GPL-2.0
/* The replay window, beside a list of all counters that were accepted. */
#include <skywire/replay.h>

#include "fuzz.h"

enum { OPS = 512, WINDOW = 8192 };

static __u64 seen[OPS];
static unsigned int n_seen;

static bool oracle_accept(__u64 counter)
{
	__u64 highest = 0;
	unsigned int i;

	for (i = 0; i < n_seen; i++) {
		if (seen[i] == counter)
			return false;
		if (seen[i] > highest)
			highest = seen[i];
	}
	if (n_seen && counter < highest && highest - counter >= WINDOW)
		return false;
	seen[n_seen++] = counter;
	return true;
}

/* Around the highest, around the window's end, around one seen, or anywhere */
static __u64 next_counter(struct input *in, __u64 top)
{
	__u8 how = take_u8(in);
	__s8 by = take_u8(in);

	switch (how % 6) {
	case 0:
		return top + by;
	case 1:
		return top - WINDOW + by;
	case 2:
		return (n_seen ? seen[how / 6 * 7 % n_seen] : 0) + by;
	case 3:
		return top + take_u16(in);
	case 4:
		return top - take_u16(in) % (WINDOW + 64);
	default:
		return take_any(in);
	}
}

int fuzz_one(const __u8 *data, size_t len)
{
	static struct sw_replay window;
	struct input in = { data, len };
	unsigned int i;
	__u64 counter;

	memset(&window, 0, sizeof(window));
	n_seen = 0;
	for (i = 0; i < OPS && in.left; i++) {
		counter = next_counter(&in, window.top);
		/* Beyond any key's limit */
		if (counter == ~0ull)
			continue;
		require(sw_replay_accept(&window, counter) ==
			oracle_accept(counter));
	}
	return 0;
}
