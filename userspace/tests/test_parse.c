// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/parse.h"
#include "test.h"

static struct sw_error err;

static void numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "0x", "x1", "1x", "0xg", "1.0", "1e3",
		"18446744073709551616", "0x10000000000000000", "\t1", "1\n", "٣",
	};
	__u64 value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!sw_parse_uint(bad[i], 0, ~0ULL, &value, &err))
			fail_msg("taken: '%s'", bad[i]);
	assert_int_equal(sw_parse_uint("18446744073709551615", 0, ~0ULL, &value, &err), 0);
	assert_true(value == ~0ULL);
	assert_int_equal(sw_parse_uint("0XfFfFfFfFfFfFfFfF", 0, ~0ULL, &value, &err), 0);
	assert_true(value == ~0ULL);
	/* Decimal, whatever it begins with */
	assert_int_equal(sw_parse_uint("010", 0, 100, &value, &err), 0);
	assert_int_equal(value, 10);
	assert_int_not_equal(sw_parse_uint("0", 1, 100, &value, &err), 0);
	assert_int_not_equal(sw_parse_uint("101", 1, 100, &value, &err), 0);
	assert_int_equal(value, 10);
}

static void endpoint_is(const char *text, const char *addr, int port,
			const char *zone)
{
	struct sw_endpoint ep;
	__u8 want[16];
	int len = strchr(addr, ':') ? 16 : 4;

	assert_int_equal(sw_parse_endpoint(text, &ep, &err), 0);
	assert_int_equal(ep.addr.len, len);
	assert_int_equal(inet_pton(len == 4 ? AF_INET : AF_INET6, addr, want), 1);
	assert_memory_equal(ep.addr.bytes, want, len);
	assert_int_equal(ep.port, port);
	assert_string_equal(ep.zone, zone);
}

static void endpoints(void **state)
{
	(void)state;
	endpoint_is("192.0.2.1:51820", "192.0.2.1", 51820, "");
	endpoint_is("0.0.0.0:1", "0.0.0.0", 1, "");
	endpoint_is("[2001:db8::1]:65535", "2001:db8::1", 65535, "");
	endpoint_is("[::]:1", "::", 1, "");
	endpoint_is("[fe80::1%eth0]:51820", "fe80::1", 51820, "eth0");
	endpoint_is("[fe80::1%fifteen-letters]:1", "fe80::1", 1, "fifteen-letters");
	endpoint_is("[1111:2222:3333:4444:5555:6666:255.255.255.255%fifteen-letters]:1",
		    "1111:2222:3333:4444:5555:6666:255.255.255.255", 1,
		    "fifteen-letters");
}

static void ethernet(void **state)
{
	static const __u8 want[6] = { 2, 0, 0x5e, 0x0a, 0xbc, 0xff };
	static const char *const texts[] = {
		"02:00:5e:0a:bc:ff", "2:0:5E:a:Bc:FF",
	};
	struct sw_endpoint ep;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(sw_parse_endpoint(texts[i], &ep, &err), 0);
		assert_int_equal(ep.addr.len, sizeof(want));
		assert_memory_equal(ep.addr.bytes, want, sizeof(want));
		assert_int_equal(ep.port, 0);
		assert_string_equal(ep.zone, "");
	}
}

static void bad_endpoints(void **state)
{
	static const char *const bad[] = {
		"", ":", "[", "]", "[]", "[]:", "[]:1", ":1", "1", "192.0.2.1",
		"192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:-1",
		"192.0.2.1:1x", "192.0.2.1: 1", "192.0.2.1:1:2", " 192.0.2.1:1",
		"192.0.2.1.:1", "192.0.2:1", "192.0.2.256:1", "192.0.2.01:1",
		"0x7f.0.0.1:1", "2130706433:1", "[192.0.2.1]:1", "192.0.2.1%eth0:1",
		"2001:db8::1:1", "::1:1", "[2001:db8::1]", "[2001:db8::1]1",
		"[2001:db8::1]x:1", "[2001:db8::1:1", "2001:db8::1]:1",
		"[[2001:db8::1]]:1", "[2001:db8::1]::1", "[fe80::1%]:1",
		"[fe80::1%sixteen-letters!]:1", "[%eth0]:1", "[fe80::1%eth0%eth1]1",
		"example.org:1", "localhost:1", "[localhost]:1", "192.0.2.1:http",
		"%s%n:1", "[fe80::g]:1", "[:::]:1", "02:00:5e:0a:bc",
		"02:00:5e:0a:bc:", "02:00:5e:0a:bc:ff:", "02:00:5e:0a:bc:ff:00",
		"02:00:5e:0a:bc:fg", "02:00:5e::bc:ff", "002:00:5e:0a:bc:ff",
		"02-00-5e-0a-bc-ff", "[02:00:5e:0a:bc:ff]", "02005e0abcff",
		"02:00:5e:0a:bc:ff%eth0", " 02:00:5e:0a:bc:ff",
	};
	struct sw_endpoint ep;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!sw_parse_endpoint(bad[i], &ep, &err))
			fail_msg("taken: '%s'", bad[i]);
}

static void prefix_is(const char *text, int len, int length)
{
	struct sw_prefix p;

	assert_int_equal(sw_parse_prefix(text, &p, &err), 0);
	assert_int_equal(p.addr.len, len);
	assert_int_equal(p.length, length);
}

static void prefixes(void **state)
{
	static const char *const bad[] = {
		"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0.1/8", "10.0.0.0/8 ",
		"10/8", "fc00::/129", "fc00::1/8", "fe00::/6x", "::/0x", "128.0.0.0/0",
		"8000::/0", "[fc00::]/8", "fc00::%lo/8", "default", "any",
		"fc00::2/125", "255.255.255.255/31", "0.0.0.1/31",
	};
	struct sw_prefix p;
	size_t i;

	(void)state;
	prefix_is("0.0.0.0/0", 4, 0);
	prefix_is("10.0.0.0/8", 4, 8);
	prefix_is("10.128.0.0/9", 4, 9);
	prefix_is("255.255.255.255/32", 4, 32);
	prefix_is("192.0.2.1", 4, 32);
	prefix_is("::/0", 16, 0);
	prefix_is("fc00::/7", 16, 7);
	prefix_is("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 16, 128);
	prefix_is("fc00::1", 16, 128);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!sw_parse_prefix(bad[i], &p, &err))
			fail_msg("taken: '%s'", bad[i]);
}

static void label_lists(void **state)
{
	static const char *const bad[] = {
		"", ",", "1,", ",1", "1,,2", "0", "1,0", "65536", "1;2", "1 2", "1, 2",
		"-1", "none,1", "1,none", "None", "1,2,3,x", "0x10000", "00000000001",
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25",
	};
	static const char most[] =
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24";
	struct sw_labels labels;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!sw_parse_labels(bad[i], &labels, &err))
			fail_msg("taken: '%s'", bad[i]);
	assert_int_equal(sw_parse_labels("none", &labels, &err), 0);
	assert_int_equal(labels.count, 0);
	assert_int_equal(sw_parse_labels("1,65535,0x10", &labels, &err), 0);
	assert_int_equal(labels.count, 3);
	assert_int_equal(labels.label[0], htons(1));
	assert_int_equal(labels.label[1], htons(65535));
	assert_int_equal(labels.label[2], htons(16));
	assert_int_equal(sw_parse_labels(most, &labels, &err), 0);
	assert_int_equal(labels.count, 24);
}

/* Long, and with everything a byte can be: nothing is overrun, nothing taken. */
static void hostile_strings(void **state)
{
	static const char alphabet[] = "0123456789abcdef:.[]%/,x-\t\xff\n ";
	union {
		struct sw_endpoint ep;
		struct sw_prefix prefix;
		struct sw_labels labels;
		struct sw_addr addr;
		__u64 value;
	} out;
	unsigned int len, i, round;
	char *text;

	(void)state;
	srandom(1);
	for (round = 0; round < 200000; round++) {
		len = random() % (round % 100 ? 40 : 4000);
		/* On the heap and no longer, so that an overrun shows. */
		text = malloc(len + 1);
		assert_non_null(text);
		for (i = 0; i < len; i++)
			text[i] = alphabet[random() % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		sw_parse_endpoint(text, &out.ep, &err);
		sw_parse_prefix(text, &out.prefix, &err);
		sw_parse_labels(text, &out.labels, &err);
		sw_parse_addr(text, &out.addr, &err);
		sw_parse_uint(text, 0, ~0ULL, &out.value, &err);
		free(text);
	}
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(ethernet),
		cmocka_unit_test(bad_endpoints),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(label_lists),
		cmocka_unit_test(hostile_strings),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
