// SPDX-License-Identifier: GPL-2.0
/* What was sent lately, beside the slot in which each counter was used. */
#include <skywire/recent.h>

#include "fuzz.h"

enum { COUNTERS = 4096, LATELY = 3 };

int fuzz_one(const __u8 *data, size_t len)
{
	static __u32 used_in[COUNTERS];
	struct input in = { data, len };
	struct sw_recent recent = {};
	__u64 next = 0, ask;
	__u32 now = 1;
	bool was;
	__u8 op;

	now += take_u16(&in);
	while (in.left && next < COUNTERS) {
		op = take_u8(&in);
		switch (op & 3) {
		case 0:
			now += op >> 2;
			break;
		case 1:
		case 2:
			if (sw_recent_is_new(&recent, now))
				sw_recent_note(&recent, now, next);
			used_in[next++] = now;
			break;
		case 3:
			if (!next)
				break;
			ask = take_u16(&in) % next;
			was = now - used_in[ask] < LATELY;
			require(sw_recent_has(&recent, now, ask) == was);
		}
	}
	return 0;
}
