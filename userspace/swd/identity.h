/* SPDX-License-Identifier: GPL-2.0 */
/* The node's own identity, from its file. */
#ifndef _SKYWIRE_SWD_IDENTITY_H
#define _SKYWIRE_SWD_IDENTITY_H

#include "lib/error.h"
#include "lib/identity.h"

/*
 * Reads it, or makes one where there is none. A file that others may read is
 * refused. Return: to be freed with sw_identity_free(); or NULL.
 */
struct sw_identity *identity_load(const char *path, struct sw_error *err);

#endif /* _SKYWIRE_SWD_IDENTITY_H */
