// SPDX-License-Identifier: GPL-2.0
/* Which counters were used lately. */
#include <kunit/test.h>
#include <skywire/recent.h>

static void recent_window(struct kunit *test)
{
	struct sw_recent r = {};
	__u32 now;

	KUNIT_EXPECT_FALSE(test, sw_recent_has(&r, 1, 0));
	KUNIT_EXPECT_TRUE(test, sw_recent_is_new(&r, 1));
	/* Slot n begins with counter 10 n. */
	for (now = 1; now <= 100; now++) {
		KUNIT_EXPECT_TRUE(test, sw_recent_is_new(&r, now));
		sw_recent_note(&r, now, 10 * now);
		KUNIT_EXPECT_FALSE(test, sw_recent_is_new(&r, now));
		KUNIT_EXPECT_TRUE(test, sw_recent_has(&r, now, 10 * now));
		if (now < 3)
			continue;
		KUNIT_EXPECT_TRUE(test, sw_recent_has(&r, now, 10 * (now - 2)));
		KUNIT_EXPECT_FALSE(test,
				   sw_recent_has(&r, now, 10 * (now - 2) - 1));
	}
	/* Without packets they grow old. */
	KUNIT_EXPECT_TRUE(test, sw_recent_has(&r, 102, 1000));
	KUNIT_EXPECT_FALSE(test, sw_recent_has(&r, 102, 999));
	KUNIT_EXPECT_FALSE(test, sw_recent_has(&r, 103, 5000));
	/* The clock of slots starts anew after 2^32 of them. */
	KUNIT_EXPECT_FALSE(test, sw_recent_has(&r, 4, 5000));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(recent_window),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_recent",
	.test_cases = cases,
};

kunit_test_suite(suite);
