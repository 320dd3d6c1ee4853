// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the cases of kernel/test/ in userspace: the logic that kernel, tools and
 * tests share (include/skywire/). What the kernel has in KUnit for that is here.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "kselftest.h"
#include <kunit/test.h>

/* What it names has not a byte more than was asked for. */
struct kunit_memory {
	void			*data;
	struct kunit_memory	*next;
};

static struct kunit_suite *suites, **last_suite = &suites;

void kunit_add_suite(struct kunit_suite *suite)
{
	*last_suite = suite;
	last_suite = &suite->next;
}

void *kunit_kmalloc(struct kunit *test, size_t size, int gfp)
{
	struct kunit_memory *m = malloc(sizeof(*m));

	(void)gfp;
	if (!m)
		return NULL;
	m->data = malloc(size);
	m->next = test->memory;
	test->memory = m;
	return m->data;
}

void *kunit_kzalloc(struct kunit *test, size_t size, int gfp)
{
	void *data = kunit_kmalloc(test, size, gfp);

	return data ? memset(data, 0, size) : NULL;
}

void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, int gfp)
{
	return n > SIZE_MAX / size ? NULL : kunit_kzalloc(test, n * size, gfp);
}

void kunit_kfree(struct kunit *test, const void *data)
{
	struct kunit_memory **at = &test->memory, *m;

	while ((*at)->data != data)
		at = &(*at)->next;
	m = *at;
	*at = m->next;
	free(m->data);
	free(m);
}

void kunit_failed(struct kunit *test, const struct kunit_check *check,
		  long long left, long long right, const char *format, ...)
{
	va_list args;

	test->failed = true;
	printf("# %s:%d: not %s: %lld, %lld. ", check->file, check->line,
	       check->text, left, right);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (check->ends)
		longjmp(test->end, 1);
}

/* To its end, or to the assertion that ends it */
static void run_to_end(struct kunit *test, const struct kunit_suite *suite,
		       const struct kunit_case *c)
{
	if (setjmp(test->end))
		return;
	if (suite->init && suite->init(test))
		test->failed = true;
	else
		c->run_case(test);
}

static void run(const struct kunit_suite *suite, const struct kunit_case *c)
{
	struct kunit test = {};

	run_to_end(&test, suite, c);
	while (test.memory)
		kunit_kfree(&test, test.memory->data);
	ksft_test_result(!test.failed, "%s: %s\n", suite->name, c->name);
}

int main(void)
{
	const struct kunit_suite *suite;
	const struct kunit_case *c;
	unsigned int n = 0;

	for (suite = suites; suite; suite = suite->next)
		for (c = suite->test_cases; c->run_case; c++)
			n++;
	ksft_print_header();
	ksft_set_plan(n);
	for (suite = suites; suite; suite = suite->next)
		for (c = suite->test_cases; c->run_case; c++)
			run(suite, c);
	ksft_finished();
}
