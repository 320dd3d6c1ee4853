/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Beacons: "a node with this key is here". Nothing vouches for them, and nobody
 * needs to: they lead to a handshake, or to nothing.
 */
#ifndef _SKYWIRE_SWD_BEACON_H
#define _SKYWIRE_SWD_BEACON_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/key.h"

enum {
	BEACON_LEN		= 40,
	BEACON_ETHERTYPE	= 0x88b6,	/* not that of links */
	BEACON_PORT		= 51819,
};

struct beacon {
	__u8	key[SW_KEY_LEN];
	__u16	port;		/* for handshakes, over UDP; 0 on Ethernet */
};

void beacon_write(__u8 bytes[BEACON_LEN], const struct beacon *beacon);

/* Return: false where it is none. */
bool beacon_read(struct beacon *beacon, const __u8 *bytes, size_t len);

#endif /* _SKYWIRE_SWD_BEACON_H */
