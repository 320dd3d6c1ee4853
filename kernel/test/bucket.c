// SPDX-License-Identifier: GPL-2.0
/* Token buckets. */
#include <kunit/test.h>
#include <skywire/bucket.h>
#include "draw.h"

static void bucket_burst_and_rate(struct kunit *test)
{
	static const struct sw_rate rates[] = {
		{ 1, 1 }, { 10, 20 }, { 100, 100 }, { 500, 500 }, { 5000, 7 },
		{ 1000000000, 1 }, { 3, 1000000 },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		__u64 interval = 1000000000 / rates[i].per_second;
		__u64 now = 1ull << 40, full = 0;

		for (n = 0; sw_bucket_take(&full, now, &rates[i]); n++)
			;
		KUNIT_ASSERT_EQ(test, n, rates[i].burst);
		KUNIT_EXPECT_FALSE(test,
				   sw_bucket_take(&full, now + interval - 1, &rates[i]));
		KUNIT_EXPECT_TRUE(test,
				  sw_bucket_take(&full, now + interval, &rates[i]));
		KUNIT_EXPECT_FALSE(test,
				   sw_bucket_take(&full, now + interval, &rates[i]));
		/* A long rest fills it, and no more than that. */
		now += 1ull << 60;
		for (n = 0; sw_bucket_take(&full, now, &rates[i]); n++)
			;
		KUNIT_EXPECT_EQ(test, n, rates[i].burst);
	}
}

/* A bucket that counts its tokens, in billionths. */
static void bucket_against_oracle(struct kunit *test)
{
	const struct sw_rate rate = { 50, 8 };
	__u64 now = 0, full = 0, tokens = 8 * 1000000000ull;
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		__u64 gap = below(40000000);
		bool want;

		now += gap;
		tokens += gap * rate.per_second;
		if (tokens > 8 * 1000000000ull)
			tokens = 8 * 1000000000ull;
		want = tokens >= 1000000000;
		if (want)
			tokens -= 1000000000;
		KUNIT_ASSERT_EQ_MSG(test, sw_bucket_take(&full, now, &rate), want,
				    "take %u", i);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(bucket_burst_and_rate),
	KUNIT_CASE(bucket_against_oracle),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_bucket",
	.test_cases = cases,
};

kunit_test_suite(suite);
