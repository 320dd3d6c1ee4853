// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "lib/compiler.h"
#include "swd/hearsay.h"
#include "test.h"

static struct sw_endpoint endpoint(const char *text)
{
	struct sw_endpoint at;
	struct sw_error err;

	if (sw_parse_endpoint(text, &at, &err))
		fail_msg("%s: %s", text, err.text);
	return at;
}

static void addresses(void **state)
{
	static const char *const global[] = {
		"1.1.1.1:1", "9.255.255.255:1", "11.0.0.0:1", "100.63.255.255:1",
		"100.128.0.0:1", "172.15.255.255:1", "172.32.0.0:1", "192.0.1.0:1",
		"192.0.3.0:1", "198.17.0.1:1", "198.20.0.0:1", "223.255.255.255:65535",
		"[2001:200::1]:1", "[2a00::1]:1", "[3ffe::1]:1",
	};
	static const char *const local[] = {
		"0.0.0.1:1", "10.0.0.1:1", "100.64.0.1:1", "100.127.255.255:1",
		"127.0.0.1:1", "169.254.1.1:1", "172.16.0.1:1", "172.31.255.255:1",
		"192.0.0.1:1", "192.0.2.1:1", "192.168.1.1:1", "198.18.0.1:1",
		"198.19.255.255:1", "198.51.100.1:1", "203.0.113.1:1", "224.0.0.1:1",
		"240.0.0.1:1", "255.255.255.255:1", "[::1]:1", "[fe80::1]:1",
		"[fc00::1]:1", "[fd00::1]:1", "[ff02::1]:1", "[2001::1]:1",
		"[2001:1ff::1]:1", "[2001:db8::1]:1", "[2002:a00::1]:1", "[3fff::1]:1",
		"[4000::1]:1", "[::ffff:1.1.1.1]:1", "[64:ff9b::1]:1",
		"02:00:00:00:00:01",
	};
	struct sw_endpoint at;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(global); i++) {
		at = endpoint(global[i]);
		if (!hearsay_is_global(&at))
			fail_msg("%s is global", global[i]);
		at.port = 0;
		assert_false(hearsay_is_global(&at));
	}
	for (i = 0; i < ARRAY_SIZE(local); i++) {
		at = endpoint(local[i]);
		if (hearsay_is_global(&at))
			fail_msg("%s is not global", local[i]);
	}
}

static void assert_same(const struct hearsay_entry *a, const struct hearsay_entry *b)
{
	assert_memory_equal(a->key, b->key, SW_KEY_LEN);
	assert_int_equal(a->at.port, b->at.port);
	assert_int_equal(a->at.addr.len, b->at.addr.len);
	assert_memory_equal(a->at.addr.bytes, b->at.addr.bytes, a->at.addr.len);
}

static void messages(void **state)
{
	struct hearsay_entry entry[HEARSAY_TOLD_MAX], back[HEARSAY_TOLD_MAX];
	__u8 bytes[HEARSAY_LEN_MAX + 1];
	unsigned int i, count;
	size_t len;

	(void)state;
	memset(entry, 0, sizeof(entry));
	for (i = 0; i < HEARSAY_TOLD_MAX; i++) {
		entry[i].key[0] = i;
		entry[i].at = endpoint(i % 2 ? "9.8.7.6:5" : "[2a00::1]:65535");
	}
	for (count = 0; count <= HEARSAY_TOLD_MAX; count++) {
		len = hearsay_write(bytes, entry, count);
		assert_int_equal(len, 4 + 52 * count);
		assert_int_equal(hearsay_read(back, bytes, len), count);
		for (i = 0; i < count; i++)
			assert_same(&back[i], &entry[i]);
		assert_int_equal(hearsay_read(back, bytes, len + 1), -EBADMSG);
		assert_int_equal(hearsay_read(back, bytes, len - 1), -EBADMSG);
	}
	bytes[0] = HEARSAY_ASK;
	assert_int_equal(hearsay_read(back, bytes, len), -EBADMSG);
	assert_int_equal(hearsay_read(back, bytes, 0), -EBADMSG);
	/* What is of no use is left out. */
	entry[0].at = endpoint("10.0.0.1:1");
	len = hearsay_write(bytes, entry, 2);
	assert_int_equal(hearsay_read(back, bytes, len), 1);
	assert_same(&back[0], &entry[1]);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests_name("hearsay", tests, NULL, NULL);
}
