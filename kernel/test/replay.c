// SPDX-License-Identifier: GPL-2.0
/*
 * The replay window. The oracle remembers the counters themselves, in a ring so
 * much larger than the window that none of it is overwritten too early.
 */
#include <kunit/test.h>
#include <skywire/replay.h>
#include "draw.h"

enum {
	WINDOW	= 8192,
	RING	= 1 << 14,
};

struct oracle {
	bool	any;
	__u64	highest;
	__u64	seen[RING];	/* plus one */
};

static bool oracle_accept(struct oracle *o, __u64 counter)
{
	if (o->any && counter <= o->highest &&
	    (o->highest - counter >= WINDOW ||
	     o->seen[counter % RING] == counter + 1))
		return false;
	if (!o->any || counter > o->highest)
		o->highest = counter;
	o->any = true;
	o->seen[counter % RING] = counter + 1;
	return true;
}

/* Where a sequence goes next, with all the corners of the window in it. */
static __u64 next_counter(__u64 highest)
{
	static const __u32 steps[] = {
		0, 1, 2, 62, 63, 64, 65, 127, 128, 129, 8127, 8128, 8129, 8190,
		8191, 8192, 8193, 8255, 8256, 8257, 16384,
	};
	__u64 step = steps[below(ARRAY_SIZE(steps))];

	switch (below(8)) {
	case 0: /* across the window's far end, or not quite */
		return highest + step;
	case 1:
		return highest < step ? 0 : highest - step;
	case 2:
		return highest + below(3 * WINDOW);
	case 3:
	case 4:
		step = below(2 * WINDOW);
		return highest < step ? 0 : highest - step;
	case 5:
		return highest;
	default:
		return highest + 1;
	}
}

static struct sw_replay *new_window(struct kunit *test)
{
	struct sw_replay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	return r;
}

static void replay_run(struct kunit *test, __u64 start, unsigned int length)
{
	struct oracle *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	__u64 counter = start, low = start < WINDOW ? 0 : start - WINDOW;
	struct sw_replay *r = new_window(test);
	unsigned int i;
	bool want;

	KUNIT_ASSERT_NOT_NULL(test, o);
	for (i = 0; i < length; i++) {
		want = oracle_accept(o, counter);
		KUNIT_ASSERT_EQ_MSG(test, sw_replay_accept(r, counter), want,
				    "from %llu, step %u: %llu, %llu the highest",
				    start, i, counter, o->highest);
		KUNIT_ASSERT_EQ(test, r->top, o->highest + 1);
		counter = next_counter(o->highest);
		if (counter < low)
			counter = low;
	}
	kunit_kfree(test, r);
	kunit_kfree(test, o);
}

static void replay_against_oracle(struct kunit *test)
{
	static const __u64 starts[] = {
		0, 1, 63, 64, 65, 8191, 8192, 8193, 8256, 100000,
		(1ull << 32) - 8192, (1ull << 32) - 1, (1ull << 60) - 20000,
		(1ull << 60) - 1, 1ull << 60, (1ull << 63) - 5000,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(starts); i++)
		for (j = 0; j < 4; j++)
			replay_run(test, starts[i], 20000);
}

/* Each alignment of the window in its words, and each counter in it. */
static void replay_window_exact(struct kunit *test)
{
	struct sw_replay *r = new_window(test);
	__u64 highest, counter;

	for (highest = 3 * WINDOW; highest < 3 * WINDOW + 65; highest++) {
		memset(r, 0, sizeof(*r));
		KUNIT_ASSERT_TRUE(test, sw_replay_accept(r, highest));
		KUNIT_ASSERT_FALSE(test, sw_replay_accept(r, highest));
		KUNIT_ASSERT_FALSE(test, sw_replay_accept(r, highest - WINDOW));
		KUNIT_ASSERT_FALSE(test, sw_replay_accept(r, highest - WINDOW - 1));
		KUNIT_ASSERT_FALSE(test, sw_replay_accept(r, 0));
		for (counter = highest - WINDOW + 1; counter < highest; counter++)
			KUNIT_ASSERT_TRUE_MSG(test, sw_replay_accept(r, counter),
					      "%llu below", highest - counter);
		for (counter = highest - 2 * WINDOW; counter <= highest; counter++)
			KUNIT_ASSERT_FALSE_MSG(test, sw_replay_accept(r, counter),
					       "%llu below", highest - counter);
		/* One more pushes exactly one out. */
		KUNIT_ASSERT_TRUE(test, sw_replay_accept(r, highest + 2));
		KUNIT_ASSERT_FALSE(test, sw_replay_accept(r, highest + 2 - WINDOW));
		KUNIT_ASSERT_TRUE(test, sw_replay_accept(r, highest + 1));
	}
}

static void replay_jumps(struct kunit *test)
{
	static const __u64 jumps[] = {
		8191, 8192, 8193, 8255, 8256, 8257, 8319, 8320, 8321, 1 << 20,
		1ull << 32, (1ull << 60) - 1,
	};
	struct sw_replay *r = new_window(test);
	__u64 counter, lowest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		memset(r, 0, sizeof(*r));
		for (counter = 0; counter < 2 * WINDOW; counter++)
			KUNIT_ASSERT_TRUE(test, sw_replay_accept(r, counter));
		counter += jumps[i] - 1;
		KUNIT_ASSERT_TRUE(test, sw_replay_accept(r, counter));
		/* Nothing old has come back, nothing new is taken for seen. */
		lowest = counter - WINDOW + 1;
		if (lowest < 2 * WINDOW)
			lowest = 2 * WINDOW;
		while (counter-- > lowest)
			KUNIT_ASSERT_TRUE_MSG(test, sw_replay_accept(r, counter),
					      "jump %llu, %llu", jumps[i], counter);
		KUNIT_ASSERT_FALSE(test, sw_replay_accept(r, 2 * WINDOW - 1));
	}
}

static void replay_first_is_zero(struct kunit *test)
{
	struct sw_replay *r = new_window(test);

	KUNIT_EXPECT_TRUE(test, sw_replay_accept(r, 0));
	KUNIT_EXPECT_FALSE(test, sw_replay_accept(r, 0));
	KUNIT_EXPECT_EQ(test, r->top, 1);
	KUNIT_EXPECT_TRUE(test, sw_replay_accept(r, 1));
	KUNIT_EXPECT_FALSE(test, sw_replay_accept(r, 1));
	KUNIT_EXPECT_FALSE(test, sw_replay_accept(r, 0));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(replay_against_oracle),
	KUNIT_CASE(replay_window_exact),
	KUNIT_CASE(replay_jumps),
	KUNIT_CASE(replay_first_is_zero),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_replay",
	.test_cases = cases,
};

kunit_test_suite(suite);
