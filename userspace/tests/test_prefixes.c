// SPDX-License-Identifier: GPL-2.0
/* What the configuration routes to peers, and what the kernel has of it. */
#include <stdlib.h>
#include <string.h>

#include "mock_kernel.h"
#include "swd/prefixes.h"
#include "test.h"

#define KEY	"js22x5vnph57lk54zl6me2oyltjgkhwuxcc3lbu7eqno34ffxiuq"
#define KEY2	"oqrltcdvtadi4mweisfjjgw3fegq6trvxhqbwdxf6gq6mah6ez2a"

static struct config config;
static struct kernel *kernel;
static struct sw_error err;

static void configure(const char *text)
{
	config_free(&config);
	config_init(&config, "sw0");
	assert_int_equal(config_parse(&config, "t", text, strlen(text), &err), 0);
}

static int set_up(void **state)
{
	(void)state;
	kernel = mock_kernel(NULL, NULL, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mock_free();
	config_free(&config);
	return 0;
}

/* Return: whose the address is, from 0, or -1. */
static int owner(const char *text)
{
	struct sw_addr addr = { .len = 0 };
	__u8 key[SW_KEY_LEN];
	unsigned int i;

	assert_int_equal(sw_parse_addr(text, &addr, &err), 0);
	if (!prefixes_owner(&config, &addr, key))
		return -1;
	for (i = 0; i < config.peers; i++)
		if (!memcmp(config.peer[i].key, key, SW_KEY_LEN))
			return i;
	fail();
	return -1;
}

static void longest(void **state)
{
	(void)state;
	configure("[Peer]\nPublicKey = " KEY "\nAllowedIPs = 0.0.0.0/0, 2001:db8::/33\n"
		  "[Peer]\nPublicKey = " KEY2 "\n"
		  "AllowedIPs = 10.0.0.0/9, 10.128.0.1/32, 2001:db8:8000::/33\n");
	assert_int_equal(owner("192.0.2.1"), 0);
	assert_int_equal(owner("10.127.255.255"), 1);
	assert_int_equal(owner("10.128.0.0"), 0);
	assert_int_equal(owner("10.128.0.1"), 1);
	assert_int_equal(owner("2001:db8:7fff::1"), 0);
	assert_int_equal(owner("2001:db8:8000::1"), 1);
	assert_int_equal(owner("2001:db9::1"), -1);
	configure("");
	assert_int_equal(owner("10.0.0.1"), -1);
}

/* The kernel has those whose peers it has, and those alone. */
static void in_the_kernel(void **state)
{
	(void)state;
	configure("[Peer]\nPublicKey = " KEY "\nAllowedIPs = 0.0.0.0/0, ::/0\n"
		  "[Peer]\nPublicKey = " KEY2 "\nAllowedIPs = 10.0.0.0/8\n");
	assert_int_equal(prefixes_sync(&config, kernel, &err), 0);
	assert_int_equal(kernel->prefixes, 0);
	kernel_peer_add(kernel, config.peer[0].key, &err);
	prefixes_give(&config, kernel, config.peer[0].key);
	assert_int_equal(kernel->prefixes, 2);
	prefixes_give(&config, kernel, config.peer[1].key);
	assert_int_equal(kernel->prefixes, 2);
	kernel_peer_add(kernel, config.peer[1].key, &err);
	assert_int_equal(prefixes_sync(&config, kernel, &err), 0);
	assert_int_equal(kernel->prefixes, 3);
	/* Those of an earlier configuration go, or change hands. */
	configure("[Peer]\nPublicKey = " KEY2 "\nAllowedIPs = 0.0.0.0/0, 10.0.0.0/8\n");
	assert_int_equal(prefixes_sync(&config, kernel, &err), 0);
	assert_int_equal(kernel->prefixes, 2);
	assert_memory_equal(kernel->prefix[0].peer, config.peer[0].key, SW_KEY_LEN);
	assert_memory_equal(kernel->prefix[1].peer, config.peer[0].key, SW_KEY_LEN);
	assert_int_equal(prefixes_sync(NULL, kernel, &err), 0);
	assert_int_equal(kernel->prefixes, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct cm_unit_test tests[] = {
		TEST(longest),
		TEST(in_the_kernel),
	};

	return cmocka_run_group_tests_name("prefixes", tests, NULL, NULL);
}
