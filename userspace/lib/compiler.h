/* SPDX-License-Identifier: GPL-2.0 */
/* What kernel code takes for granted and the C library does not have. */
#ifndef _SKYWIRE_LIB_COMPILER_H
#define _SKYWIRE_LIB_COMPILER_H

#ifndef __printf
#define __printf(a, b)			\
	__attribute__(			\
		(__format__(__printf__, a, b)))
#endif

#ifndef __aligned
#define __aligned(x)			\
	__attribute__(			\
		(__aligned__(x)))
#endif

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof(*(x)))
#endif

#endif /* _SKYWIRE_LIB_COMPILER_H */
