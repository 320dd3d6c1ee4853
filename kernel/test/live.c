// SPDX-License-Identifier: GPL-2.0
/* Liveness: silence, loss, round trips. */
#include <kunit/test.h>
#include <skywire/live.h>

/* Multiplied out, as a share of 2^64, which rounds less */
static unsigned int silence_oracle(__u32 loss)
{
	const __u64 bound = 1844674407371ull;	/* 10^-7 */
	__u64 alarm = (__u64)loss << 32;
	unsigned int n = 1;

	while (n < 64 && alarm > bound) {
		alarm = (alarm >> 32) * loss +
			((alarm & 0xffffffff) * loss >> 32);
		n++;
	}
	return n < 3 ? 3 : n;
}

static void silence_values(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sw_silence(0), 3);
	/* 0.4 % cubed is below 10^-7, 0.5 % is not. */
	KUNIT_EXPECT_EQ(test, sw_silence(17179869), 3);
	KUNIT_EXPECT_EQ(test, sw_silence(21474836), 4);
	KUNIT_EXPECT_EQ(test, sw_silence(0x80000000), 24);
	KUNIT_EXPECT_EQ(test, sw_silence(0xffffffff), 64);
}

static void silence_against_oracle(struct kunit *test)
{
	__u32 last = 0, loss;
	int i;

	for (i = 0; i < 4096; i++) {
		loss = (__u32)i << 20;
		KUNIT_EXPECT_GE(test, sw_silence(loss), sw_silence(last));
		/* At a boundary the rounding may tell. */
		KUNIT_EXPECT_LE(test, sw_silence(loss), silence_oracle(loss) + 1);
		KUNIT_EXPECT_GE(test, sw_silence(loss) + 1, silence_oracle(loss));
		last = loss;
	}
}

static void loss_average(struct kunit *test)
{
	__u32 loss = 0;
	int i;

	for (i = 0; i < 1000; i++)
		loss = sw_loss(loss, 0);
	KUNIT_EXPECT_EQ(test, loss, 0);
	/* Each second one is missed. */
	for (i = 0; i < 5000; i++)
		loss = sw_loss(loss, 1);
	KUNIT_EXPECT_GT(test, sw_loss_ppm(loss), 490000);
	KUNIT_EXPECT_LT(test, sw_loss_ppm(loss), 510000);
	/* All but one in many: it stays below all. */
	for (i = 0; i < 5000; i++)
		loss = sw_loss(loss, 0xffffffff);
	KUNIT_EXPECT_GT(test, sw_loss_ppm(loss), 900000);
	KUNIT_EXPECT_LT(test, sw_loss_ppm(loss), 1000000);
	/* One in 256 weighs as much as it should. */
	KUNIT_EXPECT_GE(test, sw_loss_ppm(sw_loss(0, 1)), 3880);
	KUNIT_EXPECT_LE(test, sw_loss_ppm(sw_loss(0, 1)), 3907);
}

static void lost_values(struct kunit *test)
{
	static const struct {
		__u64 sent, got;
		__u32 want;
	} values[] = {
		{ 1, 1, 0 },
		{ 1, 2, 0 },
		{ 1, 0, 0xffffffff },
		{ 256, 255, 1u << 24 },
		{ 3, 2, 0x55555555 },
		{ 1000, 1, 4290672328u },
		{ 0xffffffff, 0xfffffffe, 1 },
		{ 0xffffffff, 0, 0xffffffff },
		/* Where the packets have more than 32 bits */
		{ 1ull << 32, (1ull << 32) - 1, 1 },
		{ 1ull << 40, 1ull << 39, 1u << 31 },
		{ 3ull << 40, 1ull << 41, 0x55555555 },
		{ ~0ull, 0, 0xffffffff },
		{ ~0ull, ~0ull, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    sw_lost(values[i].sent, values[i].got),
				    values[i].want, "value %u", i);
}

static void smooth_values(struct kunit *test)
{
	__u64 average = 0;
	int i;

	KUNIT_EXPECT_EQ(test, sw_smooth(0, 1000), 1000);
	KUNIT_EXPECT_EQ(test, sw_smooth(1000, 1000), 1000);
	KUNIT_EXPECT_EQ(test, sw_smooth(1000, 2000), 1125);
	for (i = 0; i < 200; i++)
		average = sw_smooth(average, 80000);
	KUNIT_EXPECT_EQ(test, average, 80000);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(silence_values),
	KUNIT_CASE(silence_against_oracle),
	KUNIT_CASE(loss_average),
	KUNIT_CASE(lost_values),
	KUNIT_CASE(smooth_values),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_live",
	.test_cases = cases,
};

kunit_test_suite(suite);
