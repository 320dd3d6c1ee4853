// SPDX-License-Identifier: GPL-2.0
/*
 * The source-route header. Its layout is spelled out here once more, from the
 * protocol, not from the header file that is tested.
 */
#include <kunit/test.h>
#include <skywire/route.h>
#include "draw.h"

enum {
	VERSION		= 1,
	HEADER		= 12,
	LABELS_MAX	= 24,
	TYPES		= 5,
	DIRECT		= 2,
	ROOM		= HEADER + 2 * 256 + 64,
};

static unsigned int padded(unsigned int count)
{
	return HEADER + (count + count % 2) * 2;
}

/* A legal header in @buf; labels are 0x0101, 0x0202 and so on. */
static void make_header(__u8 *buf, __u8 type, __u8 next, __u8 count)
{
	unsigned int i;

	memset(buf, 0, ROOM);
	buf[0] = VERSION << 4 | type;
	buf[1] = 0xb8;
	buf[2] = next;
	buf[3] = count;
	memcpy(buf + 4, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	for (i = 0; i < count; i++)
		memset(buf + HEADER + 2 * i, i + 1, 2);
}

static int set_up(struct kunit *test)
{
	test->priv = kunit_kcalloc(test, ROOM + 1, sizeof(void *), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/*
 * sw_route_check() on exactly @len bytes of @bytes, allocated to the byte, so that
 * a sanitizer sees each access beyond them.
 */
static int check(struct kunit *test, const __u8 *bytes, unsigned int len)
{
	struct sw_route **exact = test->priv;

	if (!exact[len])
		exact[len] = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exact[len]);
	memcpy(exact[len], bytes, len);
	return sw_route_check(exact[len], len);
}

static void route_len(struct kunit *test)
{
	unsigned int count;

	for (count = 0; count <= 255; count++) {
		KUNIT_EXPECT_EQ(test, sw_route_len(count), padded(count));
		KUNIT_EXPECT_EQ(test, sw_route_len(count) % 4, 0);
	}
}

static void route_check_version_and_type(struct kunit *test)
{
	unsigned int version, type, count;
	__u8 buf[ROOM];

	for (version = 0; version < 16; version++) {
		for (type = 0; type < 16; type++) {
			for (count = 0; count < 3; count++) {
				int want = 0;

				if (version != VERSION)
					want = SKYWIRE_DROP_HEADER;
				else if (type >= TYPES)
					want = SKYWIRE_DROP_PACKET_TYPE;
				else if (type == DIRECT && count)
					want = SKYWIRE_DROP_DIRECT_HOPS;
				make_header(buf, type, 0, count);
				buf[0] = version << 4 | type;
				KUNIT_ASSERT_EQ_MSG(test, check(test, buf, padded(count)),
						    want,
						    "version %u type %u count %u",
						    version, type, count);
			}
		}
	}
}

static void route_check_hops(struct kunit *test)
{
	static const int counts[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
		18, 19, 20, 21, 22, 23, 24, 25, 26, 48, 127, 128, 254, 255,
	};
	unsigned int i, next;
	__u8 buf[ROOM];

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (next = 0; next < 256; next++) {
			int want = 0;

			if (counts[i] > LABELS_MAX || (int)next > counts[i])
				want = SKYWIRE_DROP_HOPS;
			make_header(buf, 0, next, counts[i]);
			KUNIT_ASSERT_EQ_MSG(test,
					    check(test, buf, padded(counts[i])),
					    want, "next %u count %d", next,
					    counts[i]);
		}
	}
}

/* A count that cannot be believed is refused before it is used as a length. */
static void route_check_cut_short(struct kunit *test)
{
	unsigned int count, len;
	__u8 buf[ROOM];

	for (count = 0; count < 256; count++) {
		make_header(buf, 0, 0, count);
		for (len = 0; len <= padded(count) + 4; len++) {
			int want = 0;

			if (len < HEADER)
				want = SKYWIRE_DROP_HEADER;
			else if (count > LABELS_MAX)
				want = SKYWIRE_DROP_HOPS;
			else if (len < padded(count))
				want = SKYWIRE_DROP_HEADER;
			KUNIT_ASSERT_EQ_MSG(test, check(test, buf, len), want,
					    "count %u in %u bytes", count, len);
		}
	}
}

static void route_check_padding(struct kunit *test)
{
	unsigned int count, bit;
	__u8 buf[ROOM];

	for (count = 0; count <= LABELS_MAX; count++) {
		for (bit = 0; bit < 16; bit++) {
			/* Behind an even count there is payload. */
			int want = count % 2 ? SKYWIRE_DROP_HEADER : 0;

			make_header(buf, 0, count, count);
			buf[HEADER + 2 * count + bit / 8] |= 1 << bit % 8;
			KUNIT_ASSERT_EQ_MSG(test,
					    check(test, buf, padded(count) + 2),
					    want,
					    "count %u, bit %u of what follows",
					    count, bit);
		}
	}
}

/* What passes relays for the daemon is small; a neighbour's is not concerned. */
static void route_check_control_size(struct kunit *test)
{
	unsigned int type, count, size;
	__u8 buf[ROOM];

	for (type = 0; type < TYPES; type++) {
		for (count = 0; count <= LABELS_MAX && type != DIRECT; count++) {
			for (size = 510; size <= 514; size++) {
				int want = type == 1 && count && size > 512 ?
					   SKYWIRE_DROP_CONTROL_SIZE : 0;

				make_header(buf, type, 0, count);
				KUNIT_ASSERT_EQ_MSG(test,
						    check(test, buf, padded(count) + size),
						    want,
						    "type %u, %u labels, %u bytes",
						    type, count, size);
			}
		}
	}
}

/* Fields that no check looks at: class, postage, flow, labels. */
static void route_check_values(struct kunit *test)
{
	unsigned int byte, value;
	__u8 buf[ROOM];

	for (byte = 0; byte < HEADER + 8; byte++) {
		if (byte == 0 || byte == 2 || byte == 3)
			continue;
		for (value = 0; value < 256; value++) {
			make_header(buf, 0, 2, 4);
			buf[byte] = value;
			KUNIT_ASSERT_EQ_MSG(test, check(test, buf, padded(4)), 0,
					    "byte %u is %u", byte, value);
		}
	}
}

/* Anything at all: the same verdict as by the protocol's words. */
static void route_check_random(struct kunit *test)
{
	unsigned int i, j, len;
	__u8 buf[ROOM];
	bool good;

	for (i = 0; i < 200000; i++) {
		len = below(80);
		make_header(buf, below(6), below(27), below(27));
		/* One byte in two cases out of three, or none. */
		for (j = below(3); j; j--)
			buf[below(HEADER + 2 * LABELS_MAX)] = draw();
		good = len >= HEADER && buf[0] >> 4 == VERSION &&
		       (buf[0] & 0xf) < TYPES && buf[3] <= LABELS_MAX &&
		       buf[2] <= buf[3] && len >= padded(buf[3]) &&
		       !((buf[0] & 0xf) == DIRECT && buf[3]) &&
		       !(buf[3] % 2 && (buf[HEADER + 2 * buf[3]] ||
					buf[HEADER + 2 * buf[3] + 1]));
		KUNIT_ASSERT_EQ_MSG(test, !check(test, buf, len), good,
				    "case %u: %02x %02x %02x %02x in %u bytes", i,
				    buf[0], buf[1], buf[2], buf[3], len);
	}
}

static void route_build(struct kunit *test)
{
	__be16 labels[LABELS_MAX];
	__u8 buf[ROOM], want[ROOM];
	unsigned int type, count, i;

	for (type = 0; type < TYPES; type++) {
		for (count = 0; count <= LABELS_MAX; count++) {
			for (i = 0; i < count; i++)
				memset(&labels[i], i + 1, 2);
			make_header(want, type, 0, count);
			memset(want + padded(count), 0xee, 8);
			memset(buf, 0xee, sizeof(buf));
			sw_route_build((struct sw_route *)buf, type, 0xb8,
				       0x01020304, 0x05060708, labels, count);
			/* And not a byte more. */
			KUNIT_ASSERT_EQ_MSG(test,
					    memcmp(want, buf, padded(count) + 8), 0,
					    "type %u count %u", type, count);
			KUNIT_EXPECT_EQ(test, sw_route_type((struct sw_route *)buf),
					type);
			KUNIT_EXPECT_EQ(test,
					sw_route_is_local((struct sw_route *)buf),
					!count);
		}
	}
}

static void route_build_boundaries(struct kunit *test)
{
	static const __u32 values[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};
	struct sw_route r;
	unsigned int i, class;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (class = 0; class < 256; class++) {
			sw_route_build(&r, SW_PACKET_DIRECT, class, values[i],
				       ~values[i], NULL, 0);
			KUNIT_ASSERT_EQ(test, sw_route_check(&r, sizeof(r)), 0);
			KUNIT_EXPECT_EQ(test, r.class, class);
			KUNIT_EXPECT_EQ(test, __be32_to_cpu(r.postage), values[i]);
			KUNIT_EXPECT_EQ(test, __be32_to_cpu(r.flow), ~values[i]);
		}
	}
}

/*
 * Through a chain of @hops relays and back: each relay must find its own label,
 * and what arrives must be the way back, to the relay's byte.
 */
static bool there_and_back(struct kunit *test, unsigned int hops)
{
	__be16 out[LABELS_MAX], in[LABELS_MAX], back[LABELS_MAX];
	struct sw_route *r = kunit_kmalloc(test, padded(hops), GFP_KERNEL);
	unsigned int i, j, turn;
	bool good = true;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < hops; i++) {
		out[i] = __cpu_to_be16(below(65535) + 1);
		in[i] = __cpu_to_be16(below(65535) + 1);
	}
	sw_route_build(r, SW_PACKET_DATA, 0, hops, 0, out, hops);
	for (turn = 0; good && turn < 2; turn++) {
		for (i = 0; good && i < hops; i++) {
			unsigned int relay = turn ? hops - 1 - i : i;

			good = !sw_route_check(r, padded(hops)) &&
			       !sw_route_is_local(r) && r->next == i &&
			       r->labels[i] == (turn ? in : out)[relay];
			sw_route_advance(r, __be16_to_cpu((turn ? out :
							   in)[relay]));
			/* An error would go back from here. */
			good = good && sw_route_reverse(r, back) == i + 1;
			for (j = 0; good && !turn && j <= i; j++)
				good = back[j] == in[i - j];
		}
		good = good && !sw_route_check(r, padded(hops)) &&
		       sw_route_is_local(r) &&
		       sw_route_reverse(r, back) == hops;
		for (i = 0; good && i < hops; i++)
			good = back[i] == (turn ? out[i] : in[hops - 1 - i]);
		if (good)
			sw_route_build(r, SW_PACKET_DATA, 0, hops, 0, back,
				       hops);
	}
	kunit_kfree(test, r);
	return good;
}

static void route_there_and_back(struct kunit *test)
{
	unsigned int hops, i;

	for (hops = 0; hops <= LABELS_MAX; hops++)
		for (i = 0; i < 50; i++)
			KUNIT_ASSERT_TRUE_MSG(test, there_and_back(test, hops),
					      "%u hops", hops);
}

/* RFC 6040, figure 4, with the codepoints in the order of the figure. */
static void ecn_combine(struct kunit *test)
{
	enum { NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3, DROP = -1 };
	static const int codepoint[] = { NOT_ECT, ECT_0, ECT_1, CE };
	static const int figure[4][4] = {
		/* outer:  Not-ECT  ECT(0)   ECT(1)   CE */
		[0] = { NOT_ECT, NOT_ECT, NOT_ECT, DROP },
		[1] = { ECT_0,   ECT_0,   ECT_1,   CE },
		[2] = { ECT_1,   ECT_1,   ECT_1,   CE },
		[3] = { CE,      CE,      CE,      CE },
	};
	int i, o, dscp, outer, inner;

	for (i = 0; i < 4; i++) {
		for (o = 0; o < 4; o++) {
			for (dscp = 0; dscp < 64 * 64; dscp++) {
				int want = figure[i][o];

				inner = dscp % 64 << 2 | codepoint[i];
				outer = dscp / 64 << 2 | codepoint[o];
				/* The outer DSCP is the underlay's. */
				if (want != DROP)
					want |= dscp % 64 << 2;
				KUNIT_ASSERT_EQ_MSG(test,
						    sw_ecn_combine(outer, inner),
						    want, "inner %d, outer %d",
						    inner, outer);
			}
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(route_len),
	KUNIT_CASE(route_check_version_and_type),
	KUNIT_CASE(route_check_hops),
	KUNIT_CASE(route_check_cut_short),
	KUNIT_CASE(route_check_padding),
	KUNIT_CASE(route_check_control_size),
	KUNIT_CASE(route_check_values),
	KUNIT_CASE(route_check_random),
	KUNIT_CASE(route_build),
	KUNIT_CASE(route_build_boundaries),
	KUNIT_CASE(route_there_and_back),
	KUNIT_CASE(ecn_combine),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_route",
	.init = set_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
