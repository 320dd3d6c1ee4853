// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the logic that needs no devices, for kernels that have KUnit. The
 * kernel runs them when it loads the module. All but prefix.c and chacha.c are run in
 * userspace as well, where selftests/kunit/test.h stands for the kernel's.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Tests of skywire's logic");
MODULE_LICENSE("GPL");
