/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the library says what went wrong: it returns a negative errno value and
 * leaves a sentence for people here. It never prints.
 */
#ifndef _SKYWIRE_LIB_ERROR_H
#define _SKYWIRE_LIB_ERROR_H

#include "compiler.h"

struct sw_error {
	char text[512];
};

/* Returns -@code, so that a function can end with it. */
int sw_fail(struct sw_error *err, int code, const char *fmt, ...) __printf(3, 4);

#endif /* _SKYWIRE_LIB_ERROR_H */
