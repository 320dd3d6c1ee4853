/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flood: how records get from neighbour to neighbour, inside CONTROL
 * messages. Documentation/protocol.rst has the messages.
 *
 * A node offers what is new, by name, to each neighbour; who lacks it asks for
 * it, from one neighbour at a time, and gets it. Nothing is kept that was not
 * asked for, so that no neighbour can make another verify signatures as fast
 * as it can send. What nobody in the map names as a neighbour is not asked
 * for, and what the map names and does not have is asked for without an offer:
 * so a node that is new learns the map along its links, from near to far.
 *
 * Messages may be lost. Neighbours compare sums of what they have now and then,
 * and offer what is in the part that differs.
 *
 * It is driven by flood_receive() and flood_tick(), and never blocks. Memory:
 * what the map has, and a fixed amount for each neighbour.
 */
#ifndef _SKYWIRE_SWD_FLOOD_H
#define _SKYWIRE_SWD_FLOOD_H

#include "map.h"

/* The first byte of a message; the daemon's other messages have other ones. */
enum flood_kind {
	FLOOD_SUMMARY	= 16,
	FLOOD_BUCKETS	= 17,
	FLOOD_OFFER	= 18,
	FLOOD_WANT	= 19,
	FLOOD_RECORDS	= 20,
};

enum {
	FLOOD_MESSAGE_MAX	= SKYWIRE_CONTROL_MAX,
	FLOOD_ASKED_MAX		= 64,	/* records asked of a neighbour at a time */
};

struct flood_ops {
	/*
	 * To a neighbour, as a CONTROL message. It may get lost; nothing may be
	 * called from within.
	 */
	void	(*send)(void *context, const __u8 neighbour[SW_KEY_LEN],
			const __u8 *bytes, size_t len);
};

struct flood_stats {
	__u64	messages_in;
	__u64	messages_out;
	__u64	bytes_in;
	__u64	bytes_out;
	__u64	malformed;	/* messages */
	__u64	limited;	/* messages above a neighbour's rate */
	__u64	unsolicited;	/* records that were not asked for */
	__u64	unnamed;	/* offers of nodes that no record names */
	__u64	timeouts;
	__u64	broken;		/* answers that were less than what was offered */
	__u64	verdicts[MAP_NO_MEMORY + 1];	/* of records that were asked for */
};

struct flood;

/* Both outlive the flood. Return: NULL where there is no memory. */
struct flood *flood_new(struct map *map, const struct flood_ops *ops, void *context);
void flood_free(struct flood *flood);

/*
 * A neighbour with whom messages can be exchanged, by one link or by several,
 * is there, or is gone. Return: a slot that names it, -EEXIST, -ENOSPC or
 * -ENOMEM.
 */
int flood_neighbour_up(struct flood *flood, __u64 now, const __u8 key[SW_KEY_LEN]);
void flood_neighbour_down(struct flood *flood, __u64 now, int slot);

void flood_receive(struct flood *flood, __u64 now, int slot, const __u8 *bytes, size_t len);

/*
 * Do what is due, in the map as well. To be called when the time comes that it
 * returned, and after any other call here or of map_link_set() and
 * map_link_del(); once after several is enough. Return: when to call it again
 * at the latest.
 */
__u64 flood_tick(struct flood *flood, __u64 now);

const struct flood_stats *flood_stats(const struct flood *flood);

#endif /* _SKYWIRE_SWD_FLOOD_H */
