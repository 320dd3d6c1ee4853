// SPDX-License-Identifier: GPL-2.0
/* Fees. */
#include <kunit/test.h>
#include <skywire/postage.h>
#include "draw.h"

/* By whole MiB of the rate, and what they leave: nothing has more than 52 bits. */
static __u64 oracle_fee(__u32 base, __u32 rate, __u32 bytes)
{
	__u64 whole = (__u64)bytes * (rate / 1048576);
	__u64 rest = (__u64)bytes * (rate % 1048576);

	return base + whole + rest / 1048576 + (rest % 1048576 != 0);
}

static void expect_fee(struct kunit *test, __u32 base, __u32 rate, __u32 bytes)
{
	KUNIT_ASSERT_EQ_MSG(test, sw_fee(base, rate, bytes),
			    oracle_fee(base, rate, bytes),
			    "base %u rate %u bytes %u", base, rate, bytes);
}

static void fee_boundaries(struct kunit *test)
{
	static const __u32 amounts[] = {
		0, 1, 2, 15, 16, 17, 1048575, 1048576, 1048577, 0x7fffffff,
		0x80000000, 0xfffffffe, 0xffffffff,
	};
	static const __u32 sizes[] = {
		0, 1, 15, 16, 17, 28, 1280, 1332, 1420, 65475, 65534, 65535,
	};
	unsigned int b, r, s;

	for (b = 0; b < ARRAY_SIZE(amounts); b++)
		for (r = 0; r < ARRAY_SIZE(amounts); r++)
			for (s = 0; s < ARRAY_SIZE(sizes); s++)
				expect_fee(test, amounts[b], amounts[r],
					   sizes[s]);
	/* In so many words */
	KUNIT_EXPECT_EQ(test, sw_fee(7, 0, 65535), 7);
	KUNIT_EXPECT_EQ(test, sw_fee(7, 1000, 0), 7);
	KUNIT_EXPECT_EQ(test, sw_fee(7, 1, 1), 8);
	KUNIT_EXPECT_EQ(test, sw_fee(0, 1048576, 1), 1);
	KUNIT_EXPECT_EQ(test, sw_fee(0, 1048577, 1), 2);
	KUNIT_EXPECT_EQ(test, sw_fee(~0u, ~0u, 65535), 0xffffffffull + 268431360);
}

static void fee_random(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		__u32 base = draw() >> below(33), rate = draw() >> below(33);
		__u32 bytes = below(65536);

		expect_fee(test, base, rate, bytes);
	}
}

/* A larger packet is never cheaper. */
static void fee_monotone(struct kunit *test)
{
	__u64 last = 0, fee;
	__u32 bytes;

	for (bytes = 0; bytes < 65536; bytes++) {
		fee = sw_fee(3, 12345, bytes);
		KUNIT_ASSERT_LE(test, last, fee);
		last = fee;
	}
}

static void fee_bytes_values(struct kunit *test)
{
	static const struct {
		__u64 bytes;
		__u32 rate;
		__u64 want;
	} values[] = {
		{ 0, ~0u, 0 },
		{ ~0ull, 0, 0 },
		{ 1048575, 1, 0 },
		{ 1048576, 1, 1 },
		{ 1048577, 1048575, 1048575 },
		{ 0xffffffff, 0xffffffff, 17592186036224ull },
		/* Where 64 bits do not hold the product */
		{ 1ull << 32, 1u << 31, 1ull << 43 },
		{ 1ull << 50, 3u << 30, 3ull << 60 },
		{ (1ull << 50) + 1, 3u << 30, (3ull << 60) + 3072 },
		{ 0x000fffffffffffffull, 0xffffffff, 0xfffffffefffff000ull },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    sw_fee_bytes(values[i].bytes, values[i].rate),
				    values[i].want, "value %u", i);
}

/* One packet's fee is that of its bytes, rounded up. */
static void fee_bytes_random(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		__u32 rate = draw() >> below(33), bytes = below(65536);
		__u64 fee = sw_fee_bytes(bytes, rate);
		bool exact = (__u64)bytes * rate % 1048576 == 0;

		KUNIT_ASSERT_EQ_MSG(test, sw_fee(0, rate, bytes), fee + !exact,
				    "rate %u bytes %u", rate, bytes);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fee_boundaries),
	KUNIT_CASE(fee_random),
	KUNIT_CASE(fee_monotone),
	KUNIT_CASE(fee_bytes_values),
	KUNIT_CASE(fee_bytes_random),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_postage",
	.test_cases = cases,
};

kunit_test_suite(suite);
