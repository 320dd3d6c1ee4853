// SPDX-License-Identifier: GPL-2.0
/* Fees, beside a division of wider numbers. */
#include <skywire/postage.h>

#include "fuzz.h"

static void one(__u32 base, __u32 rate, __u32 bytes)
{
	unsigned __int128 want = (unsigned __int128)bytes * rate;
	__u64 got = sw_fee(base, rate, bytes);

	want = base + want / 1048576 + !!(want % 1048576);
	require(got == want);
	require(sw_fee(base, rate, bytes + 1) >= got);
}

static void many(__u64 bytes, __u32 rate)
{
	unsigned __int128 want = (unsigned __int128)bytes * rate / 1048576;

	if (want >> 64 == 0)
		require(sw_fee_bytes(bytes, rate) == want);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	__u32 base, rate;

	while (in.left) {
		base = take_any(&in);
		rate = take_any(&in);
		one(base, rate, take_u16(&in));
		many(take_any(&in), rate);
	}
	return 0;
}
