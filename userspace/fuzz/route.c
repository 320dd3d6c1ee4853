// SPDX-License-Identifier: GPL-2.0
/* The source-route header, from bytes of a neighbour's. */
#include <arpa/inet.h>

#include <skywire/route.h>

#include "fuzz.h"

enum { HEADER = 12, LABELS = 24, CONTROL = 1, DIRECT = 2, TYPES = 5 };

static unsigned int padded(unsigned int count)
{
	return HEADER + 2 * (count + count % 2);
}

/* The same rules, from the protocol's text, byte by byte */
static int oracle_check(const __u8 *b, size_t len)
{
	unsigned int type, next, count;

	if (len < HEADER || b[0] >> 4 != 1)
		return SKYWIRE_DROP_HEADER;
	type = b[0] & 15;
	next = b[2];
	count = b[3];
	if (count > LABELS || next > count)
		return SKYWIRE_DROP_HOPS;
	if (len < padded(count))
		return SKYWIRE_DROP_HEADER;
	if (count % 2 && (b[HEADER + 2 * count] || b[HEADER + 2 * count + 1]))
		return SKYWIRE_DROP_HEADER;
	if (type >= TYPES)
		return SKYWIRE_DROP_PACKET_TYPE;
	if (type == DIRECT && count)
		return SKYWIRE_DROP_DIRECT_HOPS;
	if (type == CONTROL && count && len - padded(count) > 512)
		return SKYWIRE_DROP_CONTROL_SIZE;
	return 0;
}

/* A relay changes @next and one label, and no other byte. */
static void advance(__u8 *bytes, size_t len, __u16 ingress)
{
	__u8 *want = copy_of(bytes, len);

	want[HEADER + 2 * want[2]] = ingress >> 8;
	want[HEADER + 2 * want[2] + 1] = ingress;
	want[2]++;
	sw_route_advance((struct sw_route *)bytes, ingress);
	require(!memcmp(bytes, want, len));
	require(!oracle_check(bytes, len) &&
		!sw_route_check((struct sw_route *)bytes, len));
	free(want);
}

static void travel(__u8 *bytes, size_t len, struct input *more)
{
	struct sw_route *r = (struct sw_route *)bytes;
	unsigned int first = r->next, hops = 0, i, n;
	__be16 back[SKYWIRE_LABELS_MAX];
	__u16 ingress[LABELS];

	while (!sw_route_is_local(r)) {
		ingress[hops] = take_u16(more);
		advance(bytes, len, ingress[hops++]);
	}
	require(bytes[2] == bytes[3] && first + hops == bytes[3]);
	n = sw_route_reverse(r, back);
	require(n == bytes[3]);
	for (i = 0; i < hops; i++)
		require(ntohs(back[i]) == ingress[hops - 1 - i]);
}

static void build(struct input *in)
{
	__be16 labels[SKYWIRE_LABELS_MAX];
	unsigned int type = take_u8(in) % TYPES, class = take_u8(in);
	__u32 postage = take_u32(in), flow = take_u32(in);
	unsigned int count = take_u8(in) % (LABELS + 1);
	__u8 *bytes;

	if (type == DIRECT)
		count = 0;
	take(in, labels, sizeof(labels));
	bytes = malloc(padded(count));
	require(bytes && sw_route_len(count) == padded(count));
	memset(bytes, 0xa5, padded(count));
	sw_route_build((struct sw_route *)bytes, type, class, postage, flow,
		       labels, count);
	require(!oracle_check(bytes, padded(count)));
	require(bytes[0] == (1 << 4 | type) && bytes[1] == class);
	require(bytes[2] == 0 && bytes[3] == count);
	postage = htonl(postage);
	flow = htonl(flow);
	require(!memcmp(bytes + 4, &postage, 4) && !memcmp(bytes + 8, &flow, 4));
	require(!memcmp(bytes + HEADER, labels, 2 * count));
	free(bytes);
}

/* RFC 6040, figure 4: rows are inner, columns outer; in order of the bits */
static const int ecn[4][4] = {
	{ 0, 0, 0, -1 }, { 1, 1, 1, 3 }, { 2, 1, 2, 3 }, { 3, 3, 3, 3 },
};

static void congestion(__u8 outer, __u8 inner)
{
	int got = sw_ecn_combine(outer, inner);
	int want = ecn[inner & 3][outer & 3];

	require(want < 0 ? got == want : got == ((inner & ~3) | want));
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	__u8 *bytes;
	int want;

	build(&in);
	congestion(take_u8(&in), take_u8(&in));
	bytes = copy_of(data, len);
	want = oracle_check(bytes, len);
	require(sw_route_check((struct sw_route *)bytes, len) == want);
	in = (struct input){ data, len };
	if (!want)
		travel(bytes, len, &in);
	free(bytes);
	return 0;
}
