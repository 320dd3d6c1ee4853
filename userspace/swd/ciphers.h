/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which ciphers this node offers, takes and prefers: those of the configuration,
 * and no others, whoever offers them. Sets are as in terms: bit 1 << cipher.
 */
#ifndef _SKYWIRE_SWD_CIPHERS_H
#define _SKYWIRE_SWD_CIPHERS_H

#include "config.h"

__u16 ciphers_offered(const struct config *config);

/* The first of our own that is among these. Return: a set of one, or 0. */
__u16 ciphers_choose(const struct config *config, __u16 offered);

/* The one in a set of one */
__u8 ciphers_only(__u16 chosen);

#endif /* _SKYWIRE_SWD_CIPHERS_H */
