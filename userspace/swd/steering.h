/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the machine's packets go into the device: its further addresses, routes
 * to what peers have, in a table of their own, and rules that lead there. The rules
 * leave alone what is marked as a link's own, and what the main table has a better
 * route for than its default. All carry a protocol number that is the daemon's, so
 * that the next one knows them; what is there already stays as it is.
 */
#ifndef _SKYWIRE_SWD_STEERING_H
#define _SKYWIRE_SWD_STEERING_H

#include "config.h"

enum {
	STEERING_PROTOCOL	= 83,	/* of routes and rules */
};

/**
 * steering_set - have what the configuration says
 * @ifindex: of the device, or 0: it is gone, and its routes with it
 * @old: what was in force so far, or NULL
 * @new: what is to be, or NULL: nothing is left
 * @err: why not
 *
 * What routes lead nowhere without the device has twins that say so: packets that
 * were for a peer do not leave by another way when the device goes.
 *
 * Return: 0 or a negative errno.
 */
int steering_set(unsigned int ifindex, const struct config *old,
		 const struct config *new, struct sw_error *err);

#endif /* _SKYWIRE_SWD_STEERING_H */
