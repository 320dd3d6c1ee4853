// SPDX-License-Identifier: GPL-2.0
/* Choice of paths. */
#include <kunit/test.h>
#include <linux/skywire.h>
#include <skywire/choice.h>
#include "draw.h"

enum {
	PATHS	= SKYWIRE_PATHS_MAX,
	FLOWS	= 65536,
};

static __u32 flow_hash(unsigned int i)
{
	/* All over the 32 bits, and evenly so. */
	return i * 65536u + (i * 40503u) % 65536u;
}

static void choose_none(struct kunit *test)
{
	struct sw_candidate c[PATHS] = {};
	unsigned int i, n;

	KUNIT_EXPECT_EQ(test, sw_choose(c, 0, 0), -1);
	for (n = 0; n <= PATHS; n++)
		KUNIT_EXPECT_EQ(test, sw_choose(c, n, draw()), -1);
	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ i % 2, i + 1, false };
	for (n = 0; n <= PATHS; n++)
		KUNIT_EXPECT_EQ(test, sw_choose(c, n, draw()), -1);
	/* There is no path without weight, usable or not. */
	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ 0, 0, true };
	KUNIT_EXPECT_EQ(test, sw_choose(c, PATHS, draw()), -1);
	/* And what is beyond @n is not there. */
	c[3].weight = 1;
	KUNIT_EXPECT_EQ(test, sw_choose(c, 3, draw()), -1);
	KUNIT_EXPECT_EQ(test, sw_choose(c, 4, draw()), 3);
}

static void choose_one_of_each(struct kunit *test)
{
	struct sw_candidate c[PATHS] = {};
	unsigned int i, f;

	for (i = 0; i < PATHS; i++) {
		memset(c, 0, sizeof(c));
		c[i] = (struct sw_candidate){ ~0u, 65535, true };
		for (f = 0; f < 1000; f++)
			KUNIT_ASSERT_EQ(test, sw_choose(c, PATHS, draw()), (int)i);
		KUNIT_EXPECT_EQ(test, sw_choose(c, PATHS, 0), (int)i);
		KUNIT_EXPECT_EQ(test, sw_choose(c, PATHS, ~0u), (int)i);
	}
}

static void choose_preference(struct kunit *test)
{
	struct sw_candidate c[PATHS];
	unsigned int i, down;

	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ (PATHS - i) * 1000, 1, true };
	/* The lowest one that is usable, however far down the list. */
	for (down = PATHS; down > 0; down--) {
		for (i = 0; i < 100; i++)
			KUNIT_ASSERT_EQ(test, sw_choose(c, PATHS, draw()),
					(int)down - 1);
		c[down - 1].usable = false;
	}
	KUNIT_EXPECT_EQ(test, sw_choose(c, PATHS, draw()), -1);
	c[2] = (struct sw_candidate){ 0xffffffff, 1, true };
	c[5] = (struct sw_candidate){ 0, 1, true };
	KUNIT_EXPECT_EQ(test, sw_choose(c, PATHS, draw()), 5);
}

static void spread(const struct sw_candidate *c, unsigned int *flows)
{
	unsigned int f;
	int pick;

	memset(flows, 0, PATHS * sizeof(*flows));
	for (f = 0; f < FLOWS; f++) {
		pick = sw_choose(c, PATHS, flow_hash(f));
		if (pick >= 0)
			flows[pick]++;
	}
}

static void choose_by_weight(struct kunit *test)
{
	static const __u16 weights[][PATHS] = {
		{ 1 }, { 1, 1 }, { 1, 2 }, { 1, 2, 5 }, { 1, 65535 },
		{ 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535 },
		{ 1, 2, 3, 4, 5, 6, 7, 8 }, { 0, 0, 0, 3, 0, 0, 0, 1 },
	};
	unsigned int flows[PATHS], i, w;

	for (w = 0; w < ARRAY_SIZE(weights); w++) {
		struct sw_candidate c[PATHS];
		__s64 total = 0;

		for (i = 0; i < PATHS; i++) {
			c[i] = (struct sw_candidate){ 7, weights[w][i], true };
			total += weights[w][i];
		}
		spread(c, flows);
		for (i = 0; i < PATHS; i++) {
			__s64 off = flows[i] * total -
				    (__s64)weights[w][i] * FLOWS;

			/* Two flows too many or too few, at most */
			KUNIT_EXPECT_TRUE_MSG(test,
					      off <= 2 * total && off >= -2 * total,
					      "set %u, path %u: %u flows", w, i,
					      flows[i]);
		}
	}
}

/* The loss and the return of a path concern its own flows only. */
static void choose_keeps_others(struct kunit *test)
{
	static const __u16 weights[PATHS] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct sw_candidate c[PATHS];
	unsigned int mask, i, f;
	int home, pick;

	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ i / 4, weights[i], true };
	for (mask = 0; mask < 16; mask++) {
		for (f = 0; f < FLOWS; f += 13) {
			for (i = 0; i < 4; i++)
				c[i].usable = true;
			home = sw_choose(c, PATHS, flow_hash(f));
			for (i = 0; i < 4; i++)
				c[i].usable = !(mask & 1 << i);
			pick = sw_choose(c, PATHS, flow_hash(f));
			/* Where all of the best are down, the second best. */
			KUNIT_ASSERT_TRUE_MSG(test,
					      pick >= 0 && c[pick].usable &&
					      pick / 4 == (mask == 15),
					      "flow %u, down %x: path %d", f, mask,
					      pick);
			KUNIT_ASSERT_TRUE_MSG(test, !c[home].usable || pick == home,
					      "flow %u, down %x: path %d, not %d",
					      f, mask, pick, home);
		}
	}
}

/* A lost path's flows are spread over the others, by weight too. */
static void choose_spreads_lost(struct kunit *test)
{
	static const __u16 weights[] = { 4, 1, 2, 3 };
	unsigned int got[PATHS] = {}, n = 0, f, i;
	struct sw_candidate c[PATHS] = {};

	for (i = 0; i < ARRAY_SIZE(weights); i++)
		c[i] = (struct sw_candidate){ 0, weights[i], true };
	for (f = 0; f < 4 * FLOWS; f++) {
		__u32 hash = draw();

		c[0].usable = true;
		if (sw_choose(c, PATHS, hash))
			continue;
		c[0].usable = false;
		got[sw_choose(c, PATHS, hash)]++;
		n++;
	}
	KUNIT_EXPECT_EQ(test, got[0], 0);
	for (i = 1; i < ARRAY_SIZE(weights); i++) {
		unsigned int want = n * weights[i] / 6;

		KUNIT_EXPECT_TRUE_MSG(test,
				      got[i] * 100 >= want * 97 &&
				      got[i] * 100 <= want * 103,
				      "path %u got %u of %u", i, got[i], n);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(choose_none),
	KUNIT_CASE(choose_one_of_each),
	KUNIT_CASE(choose_preference),
	KUNIT_CASE(choose_by_weight),
	KUNIT_CASE(choose_keeps_others),
	KUNIT_CASE(choose_spreads_lost),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_choice",
	.test_cases = cases,
};

kunit_test_suite(suite);
