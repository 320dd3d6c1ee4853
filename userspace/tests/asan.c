// SPDX-License-Identifier: GPL-2.0
/*
 * How the daemon is watched where tests run it. What is freed is kept from being used
 * again, but no more of it than leaves a test able to see that memory is bounded.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8";
}
