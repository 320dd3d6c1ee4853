// SPDX-License-Identifier: GPL-2.0
/* Addresses that a neighbour tells: what is taken is global, and written as it was read. */
#include "swd/hearsay_wire.h"

#include "fuzz.h"

/* Is it one of those in the message, but for what is reserved? */
static bool is_in(const __u8 *entry, const __u8 *data, size_t len)
{
	for (data += HEARSAY_HEAD_LEN, len -= HEARSAY_HEAD_LEN; len;
	     data += HEARSAY_ENTRY_LEN, len -= HEARSAY_ENTRY_LEN)
		if (!memcmp(entry, data, HEARSAY_ENTRY_LEN - 2))
			return true;
	return false;
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct hearsay_entry entry[HEARSAY_TOLD_MAX];
	__u8 back[HEARSAY_LEN_MAX];
	int i, count;

	count = hearsay_read(entry, data, len);
	if (count < 0)
		return 0;
	require(count <= HEARSAY_TOLD_MAX && len <= HEARSAY_LEN_MAX);
	require(hearsay_write(back, entry, count) <= len);
	for (i = 0; i < count; i++) {
		require(hearsay_is_global(&entry[i].at));
		require(is_in(back + HEARSAY_HEAD_LEN + i * HEARSAY_ENTRY_LEN, data, len));
	}
	return 0;
}
