/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who else is on the wires: beacons are sent, and heard, on all interfaces that
 * the configuration admits. On Ethernet they need no IP; elsewhere, and where the
 * configuration has no Ethernet beacons, they go by IPv6 multicast on the link.
 * Interfaces and their addresses are followed as they come, change and go.
 */
#ifndef _SKYWIRE_SWD_DISCOVERY_H
#define _SKYWIRE_SWD_DISCOVERY_H

#include "config.h"
#include "lib/identity.h"

struct ev_loop;
struct discovery;

enum {
	INTERFACES_MAX	= 256,
};

struct discovery_events {
	/*
	 * A beacon was heard. Return: whether it was news, so that the other may want
	 * to hear of us soon.
	 */
	bool (*heard)(void *arg, const __u8 key[SW_KEY_LEN],
		      const struct sw_endpoint *at);
	/* Any interface, the device among them, has changed. */
	void (*changed)(void *arg, unsigned int ifindex, bool up);
	/* There may be a way to others that was not there: an interface, or an address. */
	void (*reachable)(void *arg);
};

/* Without the right to open packet sockets, there are no beacons on Ethernet. */
struct discovery *discovery_new(struct ev_loop *loop, const struct config *config,
				const __u8 key[SW_KEY_LEN],
				const struct discovery_events *events, void *arg,
				struct sw_error *err);
void discovery_free(struct discovery *d);

/*
 * The patterns are others. Return: false where beacons on Ethernet would be needed,
 * and there were none when it began, with the right to open sockets for them.
 */
bool discovery_reconfigured(struct discovery *d);

/* @now: as with neighbours_run(). */
__u64 discovery_run(struct discovery *d, __u64 now);

#endif /* _SKYWIRE_SWD_DISCOVERY_H */
