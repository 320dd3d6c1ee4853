// SPDX-License-Identifier: GPL-2.0
/* Frames of handshakes, from anyone. */
#include <skywire/handshake.h>

#include "fuzz.h"

enum { HEADER = 16, COOKIE = 40, MACS = 16 };

static bool any(const __u8 *bytes, size_t len)
{
	while (len--)
		if (*bytes++)
			return true;
	return false;
}

static int oracle_check(const __u8 *b, size_t len)
{
	unsigned int says = b[2] << 8 | b[3];
	bool cookie = b[0] == 3;
	unsigned int least = cookie ? COOKIE : SKYWIRE_HANDSHAKE_MIN;
	unsigned int most = cookie ? COOKIE : SKYWIRE_HANDSHAKE_MAX;

	if (says < least)
		return SKYWIRE_DROP_FRAME_SHORT;
	if (says > most || says > len)
		return SKYWIRE_DROP_FRAME_LENGTH;
	if (b[1] || any(b + 8, 8))
		return SKYWIRE_DROP_FRAME_TYPE;
	return 0;
}

int fuzz_one(const __u8 *data, size_t len)
{
	const struct sw_frame *f;
	unsigned int at;
	__u8 *bytes;
	int got;

	if (len < HEADER)
		return 0;
	bytes = copy_of(data, len);
	f = (struct sw_frame *)bytes;
	require(sw_frame_is_handshake(f) == (bytes[0] >= 1 && bytes[0] <= 3));
	if (sw_frame_is_handshake(f)) {
		got = sw_handshake_check(f, len);
		require(got == oracle_check(bytes, len));
		if (!got && bytes[0] != 3) {
			at = sw_macs_offset(f);
			require(at >= HEADER && at + MACS <= len);
			require(at + MACS == bytes[2] * 256u + bytes[3]);
		}
	}
	free(bytes);
	return 0;
}
