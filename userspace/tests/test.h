/* SPDX-License-Identifier: GPL-2.0 */
/* cmocka wants these before itself, in this order. */
#ifndef _SKYWIRE_TEST_H
#define _SKYWIRE_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* _SKYWIRE_TEST_H */
