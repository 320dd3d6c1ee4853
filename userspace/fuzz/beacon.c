// SPDX-License-Identifier: GPL-2.0
/* Beacons: what is taken is written as it was read. */
#include "swd/beacon.h"

#include "fuzz.h"

int fuzz_one(const __u8 *data, size_t len)
{
	__u8 back[BEACON_LEN];
	struct beacon beacon;

	if (!beacon_read(&beacon, data, len))
		return 0;
	require(len >= BEACON_LEN);
	beacon_write(back, &beacon);
	/* But for what is reserved */
	require(!memcmp(back, data, 4) && !memcmp(back + 6, data + 6, BEACON_LEN - 6));
	return 0;
}
