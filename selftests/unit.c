// SPDX-License-Identifier: GPL-2.0
/*
 * The logic that kernel, tools and tests share (include/skywire/), in
 * userspace: tables, and oracles that do the same by other means.
 *
 * Buffers are allocated to the byte, so that a build with -fsanitize=address
 * sees each access beyond what the callee was given.
 */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <skywire/bucket.h>
#include <skywire/choice.h>
#include <skywire/fragment.h>
#include <skywire/handshake.h>
#include <skywire/live.h>
#include <skywire/postage.h>
#include <skywire/recent.h>
#include <skywire/replay.h>
#include <skywire/route.h>

/* The same numbers in every run, so that a failure can be had again. */
static __u64 seed = 0x5eed5eed5eed5eedull;

static __u64 draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static __u32 below(__u32 n)
{
	return (draw() >> 32) * n >> 32;
}

/*
 * Source-route header. Its layout is spelled out here once more, from the
 * protocol, not from the header file that is tested.
 */
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

/* sw_route_check() on exactly @len bytes of @bytes. */
static int check(const __u8 *bytes, unsigned int len)
{
	static struct sw_route *exact[ROOM + 1];

	if (!exact[len])
		exact[len] = malloc(len ?: 1);
	if (!exact[len])
		abort();
	memcpy(exact[len], bytes, len);
	return sw_route_check(exact[len], len);
}

TEST(wire_sizes)
{
	EXPECT_EQ(16, sizeof(struct sw_frame));
	EXPECT_EQ(12, sizeof(struct sw_route));
	EXPECT_EQ(12, sizeof(struct sw_session));
	EXPECT_EQ(16, sizeof(struct sw_macs));
	EXPECT_EQ(40, sizeof(struct sw_cookie));
	EXPECT_EQ(8, sizeof(struct sw_fragment));
	/* What answers a stranger is no larger than what the stranger sent. */
	EXPECT_LE(sizeof(struct sw_cookie), SKYWIRE_HANDSHAKE_MIN);
	EXPECT_EQ(32, SW_LINK_OVERHEAD);
	EXPECT_EQ(28, SW_SESSION_OVERHEAD);
	EXPECT_EQ(60, SW_ROUTE_LEN_MAX);
	EXPECT_EQ(44, SW_FRAME_MIN);
	EXPECT_EQ(LABELS_MAX, SKYWIRE_LABELS_MAX);
	/* What the design derives from 1500 bytes of Ethernet, over IPv6. */
	EXPECT_EQ(1420, SKYWIRE_LINK_MTU_DEFAULT);
	EXPECT_EQ(1332, SKYWIRE_LINK_MTU_DEFAULT - SW_ROUTE_LEN_MAX -
			SW_SESSION_OVERHEAD);
}

TEST(route_len)
{
	unsigned int count;

	for (count = 0; count <= 255; count++) {
		EXPECT_EQ(padded(count), sw_route_len(count));
		EXPECT_EQ(0, sw_route_len(count) % 4);
	}
}

TEST(route_check_version_and_type)
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
				ASSERT_EQ(want, check(buf, padded(count))) {
					TH_LOG("version %u type %u count %u",
					       version, type, count);
				}
			}
		}
	}
}

TEST(route_check_hops)
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
			ASSERT_EQ(want, check(buf, padded(counts[i]))) {
				TH_LOG("next %u count %d", next, counts[i]);
			}
		}
	}
}

/* A count that cannot be believed is refused before it is used as a length. */
TEST(route_check_cut_short)
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
			ASSERT_EQ(want, check(buf, len)) {
				TH_LOG("count %u in %u bytes", count, len);
			}
		}
	}
}

TEST(route_check_padding)
{
	unsigned int count, bit;
	__u8 buf[ROOM];

	for (count = 0; count <= LABELS_MAX; count++) {
		for (bit = 0; bit < 16; bit++) {
			/* Behind an even count there is payload. */
			int want = count % 2 ? SKYWIRE_DROP_HEADER : 0;

			make_header(buf, 0, count, count);
			buf[HEADER + 2 * count + bit / 8] |= 1 << bit % 8;
			ASSERT_EQ(want, check(buf, padded(count) + 2)) {
				TH_LOG("count %u, bit %u of what follows",
				       count, bit);
			}
		}
	}
}

/* What passes relays for the daemon is small; a neighbour's is not concerned. */
TEST(route_check_control_size)
{
	unsigned int type, count, size;
	__u8 buf[ROOM];

	for (type = 0; type < TYPES; type++) {
		for (count = 0; count <= LABELS_MAX && type != DIRECT; count++) {
			for (size = 510; size <= 514; size++) {
				int want = type == 1 && count && size > 512 ?
					   SKYWIRE_DROP_CONTROL_SIZE : 0;

				make_header(buf, type, 0, count);
				ASSERT_EQ(want, check(buf, padded(count) + size)) {
					TH_LOG("type %u, %u labels, %u bytes",
					       type, count, size);
				}
			}
		}
	}
}

/* Fields that no check looks at: class, postage, flow, labels. */
TEST(route_check_values)
{
	unsigned int byte, value;
	__u8 buf[ROOM];

	for (byte = 0; byte < HEADER + 8; byte++) {
		if (byte == 0 || byte == 2 || byte == 3)
			continue;
		for (value = 0; value < 256; value++) {
			make_header(buf, 0, 2, 4);
			buf[byte] = value;
			ASSERT_EQ(0, check(buf, padded(4))) {
				TH_LOG("byte %u is %u", byte, value);
			}
		}
	}
}

/* Anything at all: the same verdict as by the protocol's words. */
TEST(route_check_random)
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
		ASSERT_EQ(good, !check(buf, len)) {
			TH_LOG("case %u: %02x %02x %02x %02x in %u bytes", i,
			       buf[0], buf[1], buf[2], buf[3], len);
		}
	}
}

TEST(route_build)
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
			ASSERT_EQ(0, memcmp(want, buf, padded(count) + 8)) {
				TH_LOG("type %u count %u", type, count);
			}
			EXPECT_EQ(type, sw_route_type((struct sw_route *)buf));
			EXPECT_EQ(!count,
				  sw_route_is_local((struct sw_route *)buf));
		}
	}
}

TEST(route_build_boundaries)
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
			ASSERT_EQ(0, sw_route_check(&r, sizeof(r)));
			EXPECT_EQ(class, r.class);
			EXPECT_EQ(values[i], __be32_to_cpu(r.postage));
			EXPECT_EQ(~values[i], __be32_to_cpu(r.flow));
		}
	}
}

/*
 * Through a chain of @hops relays and back: each relay must find its own label,
 * and what arrives must be the way back, to the relay's byte.
 */
static bool there_and_back(unsigned int hops)
{
	__be16 out[LABELS_MAX], in[LABELS_MAX], back[LABELS_MAX];
	struct sw_route *r = malloc(padded(hops));
	unsigned int i, j, turn;
	bool good = r;

	for (i = 0; i < hops; i++) {
		out[i] = __cpu_to_be16(below(65535) + 1);
		in[i] = __cpu_to_be16(below(65535) + 1);
	}
	if (good)
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
	free(r);
	return good;
}

TEST(route_there_and_back)
{
	unsigned int hops, i;

	for (hops = 0; hops <= LABELS_MAX; hops++)
		for (i = 0; i < 50; i++)
			ASSERT_TRUE(there_and_back(hops)) {
				TH_LOG("%u hops", hops);
			}
}

/*
 * Replay window. The oracle remembers the counters themselves, in a ring so
 * much larger than the window that none of it is overwritten too early.
 */
enum {
	WINDOW	= 8192,
	RING	= 1 << 16,
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

static bool replay_run(__u64 start, unsigned int length)
{
	struct oracle *o = calloc(1, sizeof(*o));
	struct sw_replay *r = calloc(1, sizeof(*r));
	__u64 counter = start, low = start < WINDOW ? 0 : start - WINDOW;
	bool want, good = o && r;
	unsigned int i;

	for (i = 0; good && i < length; i++) {
		want = oracle_accept(o, counter);
		good = sw_replay_accept(r, counter) == want &&
		       r->top == o->highest + 1;
		if (!good)
			printf("# from %llu, step %u: %llu, %llu the highest: %s\n",
			       start, i, counter, o->highest,
			       want ? "not accepted" : "not refused");
		counter = next_counter(o->highest);
		if (counter < low)
			counter = low;
	}
	free(o);
	free(r);
	return good;
}

TEST(replay_against_oracle)
{
	static const __u64 starts[] = {
		0, 1, 63, 64, 65, 8191, 8192, 8193, 8256, 100000,
		(1ull << 32) - 8192, (1ull << 32) - 1, (1ull << 60) - 20000,
		(1ull << 60) - 1, 1ull << 60, (1ull << 63) - 5000,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(starts); i++)
		for (j = 0; j < 4; j++)
			EXPECT_TRUE(replay_run(starts[i], 20000));
}

/* Each alignment of the window in its words, and each counter in it. */
TEST(replay_window_exact)
{
	struct sw_replay *r = malloc(sizeof(*r));
	__u64 highest, counter;

	ASSERT_NE(NULL, r);
	for (highest = 3 * WINDOW; highest < 3 * WINDOW + 65; highest++) {
		memset(r, 0, sizeof(*r));
		ASSERT_TRUE(sw_replay_accept(r, highest));
		ASSERT_FALSE(sw_replay_accept(r, highest));
		ASSERT_FALSE(sw_replay_accept(r, highest - WINDOW));
		ASSERT_FALSE(sw_replay_accept(r, highest - WINDOW - 1));
		ASSERT_FALSE(sw_replay_accept(r, 0));
		for (counter = highest - WINDOW + 1; counter < highest; counter++)
			ASSERT_TRUE(sw_replay_accept(r, counter)) {
				TH_LOG("%llu below", highest - counter);
			}
		for (counter = highest - 2 * WINDOW; counter <= highest; counter++)
			ASSERT_FALSE(sw_replay_accept(r, counter)) {
				TH_LOG("%llu below", highest - counter);
			}
		/* One more pushes exactly one out. */
		ASSERT_TRUE(sw_replay_accept(r, highest + 2));
		ASSERT_FALSE(sw_replay_accept(r, highest + 2 - WINDOW));
		ASSERT_TRUE(sw_replay_accept(r, highest + 1));
	}
	free(r);
}

TEST(replay_jumps)
{
	static const __u64 jumps[] = {
		8191, 8192, 8193, 8255, 8256, 8257, 8319, 8320, 8321, 1 << 20,
		1ull << 32, (1ull << 60) - 1,
	};
	struct sw_replay *r = calloc(1, sizeof(*r));
	__u64 counter, lowest;
	unsigned int i;

	ASSERT_NE(NULL, r);
	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		memset(r, 0, sizeof(*r));
		for (counter = 0; counter < 2 * WINDOW; counter++)
			ASSERT_TRUE(sw_replay_accept(r, counter));
		counter += jumps[i] - 1;
		ASSERT_TRUE(sw_replay_accept(r, counter));
		/* Nothing old has come back, nothing new is taken for seen. */
		lowest = counter - WINDOW + 1;
		if (lowest < 2 * WINDOW)
			lowest = 2 * WINDOW;
		while (counter-- > lowest)
			ASSERT_TRUE(sw_replay_accept(r, counter)) {
				TH_LOG("jump %llu, %llu", jumps[i], counter);
			}
		ASSERT_FALSE(sw_replay_accept(r, 2 * WINDOW - 1));
	}
	free(r);
}

TEST(replay_first_is_zero)
{
	struct sw_replay r = {};

	EXPECT_TRUE(sw_replay_accept(&r, 0));
	EXPECT_FALSE(sw_replay_accept(&r, 0));
	EXPECT_EQ(1, r.top);
	EXPECT_TRUE(sw_replay_accept(&r, 1));
	EXPECT_FALSE(sw_replay_accept(&r, 1));
	EXPECT_FALSE(sw_replay_accept(&r, 0));
}

/* Fees */

static __u64 oracle_fee(__u32 base, __u32 rate, __u32 bytes)
{
	unsigned __int128 product = (unsigned __int128)bytes * rate;
	unsigned __int128 fee = product / 1048576;

	if (product % 1048576)
		fee++;
	return fee + base;
}

TEST(fee_boundaries)
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
				ASSERT_EQ(oracle_fee(amounts[b], amounts[r],
						     sizes[s]),
					  sw_fee(amounts[b], amounts[r],
						 sizes[s])) {
					TH_LOG("base %u rate %u bytes %u",
					       amounts[b], amounts[r], sizes[s]);
				}
	/* In so many words */
	EXPECT_EQ(7, sw_fee(7, 0, 65535));
	EXPECT_EQ(7, sw_fee(7, 1000, 0));
	EXPECT_EQ(8, sw_fee(7, 1, 1));
	EXPECT_EQ(1, sw_fee(0, 1048576, 1));
	EXPECT_EQ(2, sw_fee(0, 1048577, 1));
	EXPECT_EQ(0xffffffffull + 268431360, sw_fee(~0u, ~0u, 65535));
}

TEST(fee_random)
{
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		__u32 base = draw() >> below(33), rate = draw() >> below(33);
		__u32 bytes = below(65536);

		ASSERT_EQ(oracle_fee(base, rate, bytes),
			  sw_fee(base, rate, bytes)) {
			TH_LOG("base %u rate %u bytes %u", base, rate, bytes);
		}
	}
}

/* A larger packet is never cheaper. */
TEST(fee_monotone)
{
	__u64 last = 0, fee;
	__u32 bytes;

	for (bytes = 0; bytes < 65536; bytes++) {
		fee = sw_fee(3, 12345, bytes);
		ASSERT_GE(fee, last);
		last = fee;
	}
}

/* RFC 6040, figure 4, with the codepoints in the order of the figure. */
TEST(ecn_combine)
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
	int i, o, dscp_in, dscp_out;

	for (i = 0; i < 4; i++) {
		for (o = 0; o < 4; o++) {
			for (dscp_in = 0; dscp_in < 64; dscp_in++) {
				for (dscp_out = 0; dscp_out < 64; dscp_out++) {
					int want = figure[i][o];

					/* The outer DSCP is the underlay's. */
					if (want != DROP)
						want |= dscp_in << 2;
					ASSERT_EQ(want,
						  sw_ecn_combine(dscp_out << 2 | codepoint[o],
								 dscp_in << 2 | codepoint[i])) {
						TH_LOG("inner %d, outer %d",
						       codepoint[i],
						       codepoint[o]);
					}
				}
			}
		}
	}
}

/* Choice of paths */

enum {
	PATHS	= SKYWIRE_PATHS_MAX,
	FLOWS	= 65536,
};

static __u32 flow_hash(unsigned int i)
{
	/* All over the 32 bits, and evenly so. */
	return i * 65536u + (i * 40503u) % 65536u;
}

TEST(choose_none)
{
	struct sw_candidate c[PATHS] = {};
	unsigned int i, n;

	EXPECT_EQ(-1, sw_choose(c, 0, 0));
	for (n = 0; n <= PATHS; n++)
		EXPECT_EQ(-1, sw_choose(c, n, draw()));
	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ i % 2, i + 1, false };
	for (n = 0; n <= PATHS; n++)
		EXPECT_EQ(-1, sw_choose(c, n, draw()));
	/* There is no path without weight, usable or not. */
	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ 0, 0, true };
	EXPECT_EQ(-1, sw_choose(c, PATHS, draw()));
	/* And what is beyond @n is not there. */
	c[3].weight = 1;
	EXPECT_EQ(-1, sw_choose(c, 3, draw()));
	EXPECT_EQ(3, sw_choose(c, 4, draw()));
}

TEST(choose_one_of_each)
{
	struct sw_candidate c[PATHS] = {};
	unsigned int i, f;

	for (i = 0; i < PATHS; i++) {
		memset(c, 0, sizeof(c));
		c[i] = (struct sw_candidate){ ~0u, 65535, true };
		for (f = 0; f < 1000; f++)
			ASSERT_EQ((int)i, sw_choose(c, PATHS, draw()));
		EXPECT_EQ((int)i, sw_choose(c, PATHS, 0));
		EXPECT_EQ((int)i, sw_choose(c, PATHS, ~0u));
	}
}

TEST(choose_preference)
{
	struct sw_candidate c[PATHS];
	unsigned int i, down;

	for (i = 0; i < PATHS; i++)
		c[i] = (struct sw_candidate){ (PATHS - i) * 1000, 1, true };
	/* The lowest one that is usable, however far down the list. */
	for (down = PATHS; down > 0; down--) {
		for (i = 0; i < 100; i++)
			ASSERT_EQ((int)down - 1, sw_choose(c, PATHS, draw()));
		c[down - 1].usable = false;
	}
	EXPECT_EQ(-1, sw_choose(c, PATHS, draw()));
	c[2] = (struct sw_candidate){ 0xffffffff, 1, true };
	c[5] = (struct sw_candidate){ 0, 1, true };
	EXPECT_EQ(5, sw_choose(c, PATHS, draw()));
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

TEST(choose_by_weight)
{
	static const __u16 weights[][PATHS] = {
		{ 1 }, { 1, 1 }, { 1, 2 }, { 1, 2, 5 }, { 1, 65535 },
		{ 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535 },
		{ 1, 2, 3, 4, 5, 6, 7, 8 }, { 0, 0, 0, 3, 0, 0, 0, 1 },
	};
	unsigned int flows[PATHS], i, w;

	for (w = 0; w < ARRAY_SIZE(weights); w++) {
		struct sw_candidate c[PATHS];
		double total = 0;

		for (i = 0; i < PATHS; i++) {
			c[i] = (struct sw_candidate){ 7, weights[w][i], true };
			total += weights[w][i];
		}
		spread(c, flows);
		for (i = 0; i < PATHS; i++) {
			double want = weights[w][i] / total * FLOWS;

			EXPECT_LE(want - 2, flows[i]);
			EXPECT_GE(want + 2, flows[i]) {
				TH_LOG("set %u, path %u: %u flows, not %.1f",
				       w, i, flows[i], want);
			}
		}
	}
}

/* The loss and the return of a path concern its own flows only. */
TEST(choose_keeps_others)
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
			ASSERT_TRUE(pick >= 0 && c[pick].usable &&
				    pick / 4 == (mask == 15)) {
				TH_LOG("flow %u, down %x: path %d", f, mask,
				       pick);
			}
			ASSERT_TRUE(!c[home].usable || pick == home) {
				TH_LOG("flow %u, down %x: path %d, not %d", f,
				       mask, pick, home);
			}
		}
	}
}

/* A lost path's flows are spread over the others, by weight too. */
TEST(choose_spreads_lost)
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
	EXPECT_EQ(0, got[0]);
	for (i = 1; i < ARRAY_SIZE(weights); i++) {
		double want = n * weights[i] / 6.0;

		EXPECT_LE(want * 0.97, got[i]);
		EXPECT_GE(want * 1.03, got[i]) {
			TH_LOG("path %u got %u of %u", i, got[i], n);
		}
	}
}

/*
 * Liveness
 */
static double share(__u32 loss)
{
	return loss / 4294967296.0;
}

/* Multiplied out, with less rounding */
static unsigned int silence_oracle(__u32 loss)
{
	const double bound = 1 / 10000000.0;
	double alarm = share(loss);
	unsigned int n = 1;

	while (n < 64 && alarm > bound) {
		alarm *= share(loss);
		n++;
	}
	return n < 3 ? 3 : n;
}

TEST(silence_values)
{
	EXPECT_EQ(3, sw_silence(0));
	/* 0.4 % cubed is below 10^-7, 0.5 % is not. */
	EXPECT_EQ(3, sw_silence(17179869));
	EXPECT_EQ(4, sw_silence(21474836));
	EXPECT_EQ(24, sw_silence(0x80000000));
	EXPECT_EQ(64, sw_silence(0xffffffff));
}

TEST(silence_against_oracle)
{
	__u32 last = 0, loss;
	int i;

	for (i = 0; i < 4096; i++) {
		loss = (__u32)i << 20;
		EXPECT_LE(sw_silence(last), sw_silence(loss));
		/* At a boundary the rounding may tell. */
		EXPECT_LE(abs((int)sw_silence(loss) - (int)silence_oracle(loss)), 1);
		last = loss;
	}
}

TEST(loss_average)
{
	__u32 loss = 0;
	int i;

	for (i = 0; i < 1000; i++)
		loss = sw_loss(loss, 0);
	EXPECT_EQ(0, loss);
	/* Each second one is missed. */
	for (i = 0; i < 5000; i++)
		loss = sw_loss(loss, 1);
	EXPECT_LT(490000, sw_loss_ppm(loss));
	EXPECT_GT(510000, sw_loss_ppm(loss));
	/* All but one in many: it stays below all. */
	for (i = 0; i < 5000; i++)
		loss = sw_loss(loss, 0xffffffff);
	EXPECT_LT(900000, sw_loss_ppm(loss));
	EXPECT_GT(1000000, sw_loss_ppm(loss));
	/* One in 256 weighs as much as it should. */
	EXPECT_LE(3880, sw_loss_ppm(sw_loss(0, 1)));
	EXPECT_GE(3907, sw_loss_ppm(sw_loss(0, 1)));
}

TEST(smooth_values)
{
	__u64 average = 0;
	int i;

	EXPECT_EQ(1000, sw_smooth(0, 1000));
	EXPECT_EQ(1000, sw_smooth(1000, 1000));
	EXPECT_EQ(1125, sw_smooth(1000, 2000));
	for (i = 0; i < 200; i++)
		average = sw_smooth(average, 80000);
	EXPECT_EQ(80000, average);
}

TEST(recent_window)
{
	struct sw_recent r = {};
	__u32 now;

	EXPECT_FALSE(sw_recent_has(&r, 1, 0));
	EXPECT_TRUE(sw_recent_is_new(&r, 1));
	/* Slot n begins with counter 10 n. */
	for (now = 1; now <= 100; now++) {
		EXPECT_TRUE(sw_recent_is_new(&r, now));
		sw_recent_note(&r, now, 10 * now);
		EXPECT_FALSE(sw_recent_is_new(&r, now));
		EXPECT_TRUE(sw_recent_has(&r, now, 10 * now));
		if (now < 3)
			continue;
		EXPECT_TRUE(sw_recent_has(&r, now, 10 * (now - 2)));
		EXPECT_FALSE(sw_recent_has(&r, now, 10 * (now - 2) - 1));
	}
	/* Without packets they grow old. */
	EXPECT_TRUE(sw_recent_has(&r, 102, 1000));
	EXPECT_FALSE(sw_recent_has(&r, 102, 999));
	EXPECT_FALSE(sw_recent_has(&r, 103, 5000));
	/* The clock of slots starts anew after 2^32 of them. */
	EXPECT_FALSE(sw_recent_has(&r, 4, 5000));
}

/* Handshake frames. */
enum {
	HANDSHAKE	= 64,
	HANDSHAKE_MOST	= 1024,
	COOKIE		= 40,
};

TEST(handshake_types)
{
	unsigned int type;

	for (type = 0; type < 256; type++) {
		struct sw_frame f = { .type = type };

		EXPECT_EQ(type >= 1 && type <= 3, sw_frame_is_handshake(&f));
	}
}

TEST(handshake_check)
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
				ASSERT_EQ(want, sw_handshake_check(&f, len)) {
					TH_LOG("type %u of %u in %u", type,
					       says, len);
				}
				if (want)
					continue;
				f.sealed = 1;
				EXPECT_EQ(SKYWIRE_DROP_FRAME_TYPE,
					  sw_handshake_check(&f, len));
				f.sealed = 0;
				f.counter = __cpu_to_be64(1ull << 63);
				EXPECT_EQ(SKYWIRE_DROP_FRAME_TYPE,
					  sw_handshake_check(&f, len));
			}
		}
	}
}

/* Token buckets. */
TEST(bucket_burst_and_rate)
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
		ASSERT_EQ(rates[i].burst, n);
		EXPECT_FALSE(sw_bucket_take(&full, now + interval - 1,
					    &rates[i]));
		EXPECT_TRUE(sw_bucket_take(&full, now + interval, &rates[i]));
		EXPECT_FALSE(sw_bucket_take(&full, now + interval, &rates[i]));
		/* A long rest fills it, and no more than that. */
		now += 1ull << 60;
		for (n = 0; sw_bucket_take(&full, now, &rates[i]); n++)
			;
		EXPECT_EQ(rates[i].burst, n);
	}
}

/* A bucket that counts its tokens, in billionths. */
TEST(bucket_against_oracle)
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
		ASSERT_EQ(want, sw_bucket_take(&full, now, &rate)) {
			TH_LOG("take %u", i);
		}
	}
}

/* Fragments. */
TEST(fragment_check)
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
				ASSERT_EQ(want, sw_fragment_check(&f, 8 + len)) {
					TH_LOG("%u at %u of %u", len, offset,
					       total);
				}
			}
		}
	}
	for (len = 0; len <= 8; len++)
		EXPECT_FALSE(sw_fragment_check(&f, len));
}

TEST(fragment_room)
{
	unsigned int mtu;

	for (mtu = 1292; mtu < 70000; mtu++) {
		unsigned int room = sw_fragment_room(mtu);

		ASSERT_EQ(0, room % 64);
		ASSERT_TRUE(12 + 8 + room <= mtu && 12 + 8 + room + 64 > mtu);
	}
}

/* Any fragments in any order, against a map of the bytes. */
TEST(fragments_against_oracle)
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
			ASSERT_EQ(!missing, done) {
				TH_LOG("%u at %u of %u, %u missing", len,
				       offset, total, missing);
			}
		} while (!done);
	}
}

TEST_HARNESS_MAIN
