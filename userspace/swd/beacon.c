// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "beacon.h"

static const __u8 magic[4] = { 's', 'w', 'b', '1' };

enum {
	PORT_AT	= 6,	/* behind the magic and 2 bytes reserved */
	KEY_AT	= 8,
};

void beacon_write(__u8 bytes[BEACON_LEN], const struct beacon *beacon)
{
	memset(bytes, 0, BEACON_LEN);
	memcpy(bytes, magic, sizeof(magic));
	bytes[PORT_AT] = beacon->port >> 8;
	bytes[PORT_AT + 1] = beacon->port & 0xff;
	memcpy(bytes + KEY_AT, beacon->key, SW_KEY_LEN);
}

/* What is behind it may be padding, or a later version's. */
bool beacon_read(struct beacon *beacon, const __u8 *bytes, size_t len)
{
	if (len < BEACON_LEN || memcmp(bytes, magic, sizeof(magic)))
		return false;
	beacon->port = bytes[PORT_AT] << 8 | bytes[PORT_AT + 1];
	memcpy(beacon->key, bytes + KEY_AT, SW_KEY_LEN);
	return true;
}
