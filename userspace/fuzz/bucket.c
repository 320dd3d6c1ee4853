// SPDX-License-Identifier: GPL-2.0
/* Token buckets, beside one that counts its tokens' nanoseconds. */
#include <skywire/bucket.h>

#include "fuzz.h"

struct tokens {
	__u64	level;	/* ns that have been gained and not used */
	__u64	at;
};

static bool oracle_take(struct tokens *t, __u64 now, const struct sw_rate *rate)
{
	__u64 one = 1000000000u / rate->per_second;
	__u64 most = one * rate->burst;

	t->level += now - t->at;
	if (t->level > most)
		t->level = most;
	t->at = now;
	if (t->level < one)
		return false;
	t->level -= one;
	return true;
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	struct sw_rate rate = {
		.per_second	= 1 + take_u32(&in) % 1000000000u,
		.burst		= 1 + (__u32)(take_any(&in) % 0xffffffffu),
	};
	__u64 interval = 1000000000u / rate.per_second;
	/* As a clock that was started long ago: a full bucket is full. */
	__u64 now = 1ull << 62, full = 0, before;
	struct tokens tokens = { interval * rate.burst, now };
	bool got;

	while (in.left) {
		/* Years do not go by; and intervals, with a little more or less */
		now += in.data[0] & 1 ? take_any(&in) % (1ull << 50) :
		       take_u8(&in) / 2 * (interval / 8) + take_u8(&in) % 3;
		if (now >= 1ull << 63)
			break;
		before = full;
		got = sw_bucket_take(&full, now, &rate);
		require(got == oracle_take(&tokens, now, &rate));
		require(got || full == before);
	}
	return 0;
}
