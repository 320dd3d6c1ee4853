/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel's KUnit as kernel/test/ needs, for a program: the same
 * cases are run there by the kernel, here by unit.c.
 */
#ifndef _SELFTESTS_KUNIT_TEST_H
#define _SELFTESTS_KUNIT_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Operands are compared in their own types, as KUnit does. */
#pragma GCC system_header

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

struct kunit_memory;

/**
 * struct kunit - a case that runs
 * @priv: the suite's, set by its init
 * @failed: an expectation was not met
 * @end: where assertions that are not go on
 * @memory: of the case, freed with it at the latest
 */
struct kunit {
	void			*priv;
	bool			failed;
	jmp_buf			end;
	struct kunit_memory	*memory;
};

struct kunit_case {
	void		(*run_case)(struct kunit *test);
	const char	*name;
};

struct kunit_suite {
	const char		*name;
	int			(*init)(struct kunit *test);
	struct kunit_case	*test_cases;
	struct kunit_suite	*next;
};

#define KUNIT_CASE(function)	{ .run_case = function, .name = #function }

void kunit_add_suite(struct kunit_suite *suite);

/* They are run in the order in which the linker has them. What comes last takes the
 * semicolon.
 */
#define kunit_test_suite(suite)						\
	__attribute__((constructor)) static void add_suite(void)	\
	{								\
		kunit_add_suite(&(suite));				\
	}								\
	void kunit_add_suite(struct kunit_suite *)

#define GFP_KERNEL	0

void *kunit_kmalloc(struct kunit *test, size_t size, int gfp);
void *kunit_kzalloc(struct kunit *test, size_t size, int gfp);
void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, int gfp);
void kunit_kfree(struct kunit *test, const void *memory);

/* What was to hold, and whether the case ends where it does not */
struct kunit_check {
	const char	*file;
	int		line;
	const char	*text;
	bool		ends;
};

void kunit_failed(struct kunit *test, const struct kunit_check *check,
		  long long left, long long right, const char *format, ...);

#define KUNIT_CHECK(test, ends, text, left, op, right, ...)		\
do {									\
	const __typeof__(left) __left = (left);				\
	const __typeof__(right) __right = (right);			\
	static const struct kunit_check __check = {			\
		__FILE__, __LINE__, text, ends,				\
	};								\
									\
	if (!(__left op __right))					\
		kunit_failed(test, &__check, (long long)__left,		\
			     (long long)__right, __VA_ARGS__);		\
} while (0)

#define KUNIT_EXPECT_EQ_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, false, #left " == " #right,			\
		    left, ==, right, __VA_ARGS__)
#define KUNIT_EXPECT_GE_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, false, #left " >= " #right,			\
		    left, >=, right, __VA_ARGS__)
#define KUNIT_EXPECT_GT_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, false, #left " > " #right,			\
		    left, >, right, __VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, false, #left " <= " #right,			\
		    left, <=, right, __VA_ARGS__)
#define KUNIT_EXPECT_LT_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, false, #left " < " #right,			\
		    left, <, right, __VA_ARGS__)
#define KUNIT_EXPECT_TRUE_MSG(test, condition, ...)			\
	KUNIT_CHECK(test, false, #condition " is true",			\
		    !!(condition), ==, true, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(test, condition, ...)			\
	KUNIT_CHECK(test, false, #condition " is false",		\
		    !!(condition), ==, false, __VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, true, #left " == " #right,			\
		    left, ==, right, __VA_ARGS__)
#define KUNIT_ASSERT_LE_MSG(test, left, right, ...)			\
	KUNIT_CHECK(test, true, #left " <= " #right,			\
		    left, <=, right, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(test, condition, ...)			\
	KUNIT_CHECK(test, true, #condition " is true",			\
		    !!(condition), ==, true, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE_MSG(test, condition, ...)			\
	KUNIT_CHECK(test, true, #condition " is false",			\
		    !!(condition), ==, false, __VA_ARGS__)

#define KUNIT_EXPECT_EQ(test, left, right)				\
	KUNIT_EXPECT_EQ_MSG(test, left, right, "")
#define KUNIT_EXPECT_GE(test, left, right)				\
	KUNIT_EXPECT_GE_MSG(test, left, right, "")
#define KUNIT_EXPECT_GT(test, left, right)				\
	KUNIT_EXPECT_GT_MSG(test, left, right, "")
#define KUNIT_EXPECT_LE(test, left, right)				\
	KUNIT_EXPECT_LE_MSG(test, left, right, "")
#define KUNIT_EXPECT_LT(test, left, right)				\
	KUNIT_EXPECT_LT_MSG(test, left, right, "")
#define KUNIT_EXPECT_TRUE(test, condition)				\
	KUNIT_EXPECT_TRUE_MSG(test, condition, "")
#define KUNIT_EXPECT_FALSE(test, condition)				\
	KUNIT_EXPECT_FALSE_MSG(test, condition, "")
#define KUNIT_ASSERT_EQ(test, left, right)				\
	KUNIT_ASSERT_EQ_MSG(test, left, right, "")
#define KUNIT_ASSERT_LE(test, left, right)				\
	KUNIT_ASSERT_LE_MSG(test, left, right, "")
#define KUNIT_ASSERT_TRUE(test, condition)				\
	KUNIT_ASSERT_TRUE_MSG(test, condition, "")
#define KUNIT_ASSERT_FALSE(test, condition)				\
	KUNIT_ASSERT_FALSE_MSG(test, condition, "")
#define KUNIT_ASSERT_NOT_NULL(test, pointer)				\
	KUNIT_ASSERT_TRUE(test, (pointer) != NULL)

#endif /* _SELFTESTS_KUNIT_TEST_H */
