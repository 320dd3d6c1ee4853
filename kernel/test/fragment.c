// SPDX-License-Identifier: GPL-2.0
/* Fragments of CONTROL messages. */
#include <kunit/test.h>
#include <skywire/fragment.h>
#include "draw.h"

static void fragment_check(struct kunit *test)
{
	static const unsigned int numbers[] = {
		0, 1, 8, 9, 63, 64, 65, 72, 127, 128, 129, 1000, 1024, 16320,
		16383, 16384, 16385, 32768, 65472, 65535,
	};
	unsigned int total, offset, len, i, j, k;
	struct sw_fragment f = {};
	bool want;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (j = 0; j < ARRAY_SIZE(numbers); j++) {
			for (k = 0; k < ARRAY_SIZE(numbers); k++) {
				total = numbers[i];
				offset = numbers[j];
				len = numbers[k];
				f.total = __cpu_to_be16(total);
				f.offset = __cpu_to_be16(offset);
				want = len && total <= 16384 &&
				       offset % 64 == 0 &&
				       offset + len <= total &&
				       (len % 64 == 0 || offset + len == total);
				KUNIT_ASSERT_EQ_MSG(test,
						    sw_fragment_check(&f, 8 + len),
						    want, "%u at %u of %u", len,
						    offset, total);
			}
		}
	}
	for (len = 0; len <= 8; len++)
		KUNIT_EXPECT_FALSE(test, sw_fragment_check(&f, len));
}

static void fragment_room(struct kunit *test)
{
	unsigned int mtu;

	for (mtu = 1292; mtu < 70000; mtu++) {
		unsigned int room = sw_fragment_room(mtu);

		KUNIT_ASSERT_EQ(test, room % 64, 0);
		KUNIT_ASSERT_TRUE(test,
				  12 + 8 + room <= mtu && 12 + 8 + room + 64 > mtu);
	}
}

/* Any fragments in any order, against a map of the bytes. */
static void fragments_against_oracle(struct kunit *test)
{
	unsigned int round, i, total, offset, len, missing;
	static __u8 map[16384];
	struct sw_fragments have;
	bool done;

	for (round = 0; round < 3000; round++) {
		total = 1 + below(round % 2 ? 16384 : 700);
		sw_fragments_init(&have, total);
		memset(map, 0, sizeof(map));
		missing = total;
		do {
			offset = below(sw_fragment_units(total)) * 64;
			len = 64 * (1 + below(20));
			if (offset + len > total)
				len = total - offset;
			for (i = offset; i < offset + len; i++)
				missing -= !map[i]++;
			/* Fragments end a message, or with a unit. */
			memset(map + offset, 1, len);
			done = sw_fragments_add(&have, offset, len);
			KUNIT_ASSERT_EQ_MSG(test, done, !missing,
					    "%u at %u of %u, %u missing", len,
					    offset, total, missing);
		} while (!done);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fragment_check),
	KUNIT_CASE(fragment_room),
	KUNIT_CASE(fragments_against_oracle),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_fragment",
	.test_cases = cases,
};

kunit_test_suite(suite);
