/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses of others, as neighbours tell them: a node that has few neighbours asks
 * one for those that it has. Only where both have agreed to it is the address of a
 * neighbour told; and only what means the same everywhere: UDP over global addresses.
 *
 * Nothing vouches for what a neighbour tells. So few of it is tried, and only what
 * was asked for: who tells lies has us send a few handshakes a minute.
 * Documentation/protocol.rst has the messages.
 */
#ifndef _SKYWIRE_SWD_HEARSAY_H
#define _SKYWIRE_SWD_HEARSAY_H

#include "hearsay_wire.h"
#include "neighbours.h"

struct hearsay;

struct hearsay *hearsay_new(const struct config *config,
			    const struct sw_identity *self, struct kernel *kernel,
			    struct neighbours *neighbours);
void hearsay_free(struct hearsay *h);

/* A neighbour's message. Return: whether it was one of these. */
bool hearsay_message(struct hearsay *h, const struct kernel_message *m, __u64 now);

/* Return: when to be called next. */
__u64 hearsay_run(struct hearsay *h, __u64 now);

#endif /* _SKYWIRE_SWD_HEARSAY_H */
