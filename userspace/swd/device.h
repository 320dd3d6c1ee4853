/* SPDX-License-Identifier: GPL-2.0 */
/* The network device: made if need be, up, with the node's address and route. */
#ifndef _SKYWIRE_SWD_DEVICE_H
#define _SKYWIRE_SWD_DEVICE_H

#include "lib/error.h"
#include "lib/key.h"

/* Return: its interface index, or 0. */
unsigned int device_make(const char *name, struct sw_error *err);

/* Return: 0 or a negative errno. */
int device_up(unsigned int ifindex, struct sw_error *err);

/*
 * Of one that is up: the kernel drops both when it is set down. What is there already
 * is left as it is. Return: 0 or a negative errno.
 */
int device_address(unsigned int ifindex, const __u8 key[SW_KEY_LEN],
		   struct sw_error *err);

#endif /* _SKYWIRE_SWD_DEVICE_H */
