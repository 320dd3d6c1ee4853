// SPDX-License-Identifier: GPL-2.0
/*
 * The wire format: each structure's bytes, spelled out from the protocol. What
 * either side has for byte orders is tested with it.
 */
#include <kunit/test.h>
#include <skywire/wire.h>

enum {
	LABELS_MAX	= 24,
};

static void wire_sizes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sizeof(struct sw_frame), 16);
	KUNIT_EXPECT_EQ(test, sizeof(struct sw_route), 12);
	KUNIT_EXPECT_EQ(test, sizeof(struct sw_session), 12);
	KUNIT_EXPECT_EQ(test, sizeof(struct sw_macs), 16);
	KUNIT_EXPECT_EQ(test, sizeof(struct sw_cookie), 40);
	KUNIT_EXPECT_EQ(test, sizeof(struct sw_fragment), 8);
	/* What answers a stranger is no larger than what the stranger sent. */
	KUNIT_EXPECT_GE(test, SKYWIRE_HANDSHAKE_MIN, sizeof(struct sw_cookie));
	KUNIT_EXPECT_EQ(test, SW_LINK_OVERHEAD, 32);
	KUNIT_EXPECT_EQ(test, SW_SESSION_OVERHEAD, 28);
	KUNIT_EXPECT_EQ(test, SW_ROUTE_LEN_MAX, 60);
	KUNIT_EXPECT_EQ(test, SW_FRAME_MIN, 44);
	KUNIT_EXPECT_EQ(test, SKYWIRE_LABELS_MAX, LABELS_MAX);
	/* What the design derives from 1500 bytes of Ethernet, over IPv6. */
	KUNIT_EXPECT_EQ(test, SKYWIRE_LINK_MTU_DEFAULT, 1420);
	KUNIT_EXPECT_EQ(test,
			SKYWIRE_LINK_MTU_DEFAULT - SW_ROUTE_LEN_MAX - SW_SESSION_OVERHEAD,
			1332);
}

static void frame_bytes(struct kunit *test)
{
	static const __u8 want[] = {
		4, 7, 0x12, 0x34, 0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	};
	const struct sw_frame f = {
		.type = SW_FRAME_DATA,
		.sealed = 7,
		.len = __cpu_to_be16(0x1234),
		.index = __cpu_to_be32(0x89abcdef),
		.counter = __cpu_to_be64(0x0123456789abcdefull),
	};

	KUNIT_ASSERT_EQ(test, sizeof(f), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(&f, want, sizeof(want)), 0);
	KUNIT_EXPECT_EQ(test, __be16_to_cpu(f.len), 0x1234);
	KUNIT_EXPECT_EQ(test, __be32_to_cpu(f.index), 0x89abcdef);
	KUNIT_EXPECT_EQ(test, __be64_to_cpu(f.counter), 0x0123456789abcdefull);
}

static void session_bytes(struct kunit *test)
{
	static const __u8 want[] = {
		0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	};
	const struct sw_session s = {
		.index = __cpu_to_be32(0x89abcdef),
		.counter = __cpu_to_be64(0x0123456789abcdefull),
	};

	KUNIT_ASSERT_EQ(test, sizeof(s), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(&s, want, sizeof(want)), 0);
}

static void echo_bytes(struct kunit *test)
{
	static const __u8 want[] = {
		1, 3, 0, 0, 0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	};
	const struct sw_echo e = {
		.kind = SW_ECHO_REPLY,
		.flags = SW_ECHO_HEARD | SW_ECHO_FULL,
		.number = __cpu_to_be32(0x89abcdef),
		.time = __cpu_to_be64(0x0123456789abcdefull),
	};

	KUNIT_ASSERT_EQ(test, sizeof(e), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(&e, want, sizeof(want)), 0);
}

static void error_bytes(struct kunit *test)
{
	static const __u8 want[] = {
		2, 0, 0xfe, 0xdc, 0, 0, 0x05, 0x8c,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	};
	const struct sw_route_error e = {
		.code = SW_ERROR_TOO_BIG,
		.label = __cpu_to_be16(0xfedc),
		.mtu = __cpu_to_be32(1420),
		.quote = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
	};

	KUNIT_ASSERT_EQ(test, sizeof(e), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(&e, want, sizeof(want)), 0);
}

static void proof_bytes(struct kunit *test)
{
	static const __u8 want[] = {
		1, 0, 0, 0, 0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0xff, 0xee, 0xdd, 0xcc, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 1, 2,
		0, 0, 0, 0, 0, 3, 4, 5,
		6, 7, 8, 9, 10, 11, 12, 13,
	};
	const struct sw_proof_echo e = {
		.kind = SW_ECHO_REPLY,
		.number = __cpu_to_be32(0x89abcdef),
		.time = __cpu_to_be64(0x0123456789abcdefull),
		.epoch = __cpu_to_be32(0xffeeddcc),
		.packets = __cpu_to_be64(0x0102),
		.bytes = __cpu_to_be64(0x030405),
		.postage = __cpu_to_be64(0x060708090a0b0c0dull),
	};

	KUNIT_ASSERT_EQ(test, sizeof(e), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(&e, want, sizeof(want)), 0);
}

static void fragment_bytes(struct kunit *test)
{
	static const __u8 want[] = {
		0x89, 0xab, 0xcd, 0xef, 0x3f, 0xff, 0x01, 0x40,
	};
	const struct sw_fragment f = {
		.id = __cpu_to_be32(0x89abcdef),
		.total = __cpu_to_be16(16383),
		.offset = __cpu_to_be16(320),
	};

	KUNIT_ASSERT_EQ(test, sizeof(f), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(&f, want, sizeof(want)), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(wire_sizes),
	KUNIT_CASE(frame_bytes),
	KUNIT_CASE(session_bytes),
	KUNIT_CASE(echo_bytes),
	KUNIT_CASE(error_bytes),
	KUNIT_CASE(proof_bytes),
	KUNIT_CASE(fragment_bytes),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_wire",
	.test_cases = cases,
};

kunit_test_suite(suite);
