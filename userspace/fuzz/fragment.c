// SPDX-License-Identifier: GPL-2.0
/* Fragments of CONTROL messages, beside a map of the message's bytes. */
#include <arpa/inet.h>

#include <skywire/fragment.h>

#include "fuzz.h"

enum { MESSAGE = 16384, HEADER = 8, UNIT = 64, ROUTE = 12 };

static bool oracle_check(size_t len, unsigned int total, unsigned int offset)
{
	if (len <= HEADER || total > MESSAGE || offset % UNIT)
		return false;
	len -= HEADER;
	if (offset + len > total)
		return false;
	/* All but the message's last bytes come in whole units. */
	return offset + len == total || len % UNIT == 0;
}

static bool all_there(const bool *there, unsigned int total)
{
	return !memchr(there, false, total);
}

/* A header in a packet that is as long as it says, and no longer */
static bool check(size_t len, unsigned int total, unsigned int offset)
{
	struct sw_fragment f = {
		.total = htons(total), .offset = htons(offset),
	};
	__u8 *bytes = calloc(1, len ?: 1);
	bool good;

	require(bytes);
	memcpy(bytes, &f, len < sizeof(f) ? len : sizeof(f));
	good = sw_fragment_check((struct sw_fragment *)bytes, len);
	free(bytes);
	return good;
}

static void room(unsigned int mtu)
{
	unsigned int n = sw_fragment_room(mtu);

	require(n % UNIT == 0 && ROUTE + HEADER + n <= mtu &&
		ROUTE + HEADER + n + UNIT > mtu);
}

int fuzz_one(const __u8 *data, size_t len)
{
	static bool there[MESSAGE];
	struct input in = { data, len };
	unsigned int total = 1 + take_u16(&in) % MESSAGE;
	struct sw_fragments have;
	unsigned int says, offset;
	size_t size;
	bool good;

	/* A link's MTU is at least that. */
	room(1280 + take_u16(&in));
	memset(there, 0, sizeof(there));
	sw_fragments_init(&have, total);
	while (in.left) {
		/* Mostly of the message, and mostly in units */
		says = take_u8(&in) ? total : take_u16(&in);
		offset = take_u16(&in);
		size = take_u16(&in);
		if (size & 0x8000)
			offset = offset % MESSAGE / UNIT * UNIT;
		size = size & 0x4000 ? HEADER + total - offset % total :
				       HEADER + size % (4 * UNIT + 1);
		good = check(size, says, offset);
		require(good == oracle_check(size, says, offset));
		if (!good || says != total)
			continue;
		memset(there + offset, true, size - HEADER);
		require(sw_fragments_add(&have, offset, size - HEADER) ==
			all_there(there, total));
	}
	for (size = 0; size <= HEADER; size++)
		require(!check(size, total, 0));
	return 0;
}
