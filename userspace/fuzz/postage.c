// SPDX-License-Identifier: GPL-2.0
/* Fees, beside a division of wider numbers. */
#include <skywire/postage.h>

#include "fuzz.h"

int fuzz_one(const __u8 *data, size_t len)
{
	unsigned __int128 want;
	struct input in = { data, len };
	__u32 base, rate, bytes;
	__u64 got;

	while (in.left) {
		base = take_any(&in);
		rate = take_any(&in);
		bytes = take_u16(&in);
		want = (unsigned __int128)bytes * rate;
		want = base + want / 1048576 + !!(want % 1048576);
		got = sw_fee(base, rate, bytes);
		require(got == want);
		require(sw_fee(base, rate, bytes + 1) >= got);
	}
	return 0;
}
