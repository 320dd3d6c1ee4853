// SPDX-License-Identifier: GPL-2.0
/* Handshake frames. */
#include <kunit/test.h>
#include <skywire/handshake.h>

enum {
	HANDSHAKE	= 64,
	HANDSHAKE_MOST	= 1024,
	COOKIE		= 40,
};

static void handshake_types(struct kunit *test)
{
	unsigned int type;

	for (type = 0; type < 256; type++) {
		struct sw_frame f = { .type = type };

		KUNIT_EXPECT_EQ(test, sw_frame_is_handshake(&f),
				type >= 1 && type <= 3);
	}
}

static void handshake_check(struct kunit *test)
{
	static const unsigned int sizes[] = {
		0, 16, 39, 40, 41, 63, 64, 65, 1023, 1024, 1025, 65535,
	};
	unsigned int type, says, len, i, j, least, most;

	for (type = 1; type <= 3; type++) {
		least = type == 3 ? COOKIE : HANDSHAKE;
		most = type == 3 ? COOKIE : HANDSHAKE_MOST;
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			for (j = 1; j < ARRAY_SIZE(sizes); j++) {
				struct sw_frame f = { .type = type };
				int want = 0;

				says = sizes[i];
				len = sizes[j];
				f.len = __cpu_to_be16(says);
				if (says < least)
					want = SKYWIRE_DROP_FRAME_SHORT;
				else if (says > most || says > len)
					want = SKYWIRE_DROP_FRAME_LENGTH;
				KUNIT_ASSERT_EQ_MSG(test,
						    sw_handshake_check(&f, len),
						    want, "type %u of %u in %u",
						    type, says, len);
				if (want)
					continue;
				f.sealed = 1;
				KUNIT_EXPECT_EQ(test, sw_handshake_check(&f, len),
						SKYWIRE_DROP_FRAME_TYPE);
				f.sealed = 0;
				f.counter = __cpu_to_be64(1ull << 63);
				KUNIT_EXPECT_EQ(test, sw_handshake_check(&f, len),
						SKYWIRE_DROP_FRAME_TYPE);
			}
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(handshake_types),
	KUNIT_CASE(handshake_check),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_handshake",
	.test_cases = cases,
};

kunit_test_suite(suite);
