// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "swd/record.h"
#include "swd/record_octets.h"
#include "test.h"

/* Where tests run */
#define DOCUMENT	"../Documentation/protocol.rst"

static const char client[] = "js22x5vnph57lk54zl6me2oyltjgkhwuxcc3lbu7eqno34ffxiuq";
static const char relay1[] = "oqrltcdvtadi4mweisfjjgw3fegq6trvxhqbwdxf6gq6mah6ez2a";
static const char relay2[] = "6oawe3sb44bh5jbrx7rqbhuuxxjfu5dl53cgrfennq6hyxojuvfq";

static __u8 secret[RECORD_SECRET_LEN];
static struct record_head head;
static struct record_link links[RECORD_LINKS_MAX];

/* The example of the document: relay1's secret is 2. */
static void example(void)
{
	__u8 seed[32] = { [31] = 2 };
	__u8 key[SW_KEY_LEN];

	crypto_sign_seed_keypair(key, secret, seed);
	assert_int_equal(sw_key_parse(head.key, relay1), 0);
	assert_memory_equal(key, head.key, sizeof(key));
	head.sequence = 0x65e1f200;
	head.instance = 0x5ca1ab1e;
	head.count = 2;
	/* Not in order: that is the encoder's work. */
	links[1] = (struct record_link) {
		.label = 0x1111, .mtu = 1420, .latency = 250, .capacity = 1000000,
	};
	links[0] = (struct record_link) {
		.label = 0x1112, .mtu = 1420, .latency = 12000, .loss = 1500,
		.capacity = 100000, .price_base = 1000, .price_rate = 1048576,
	};
	assert_int_equal(sw_key_parse(links[1].key, client), 0);
	assert_int_equal(sw_key_parse(links[0].key, relay2), 0);
}

static int encode(__u8 *bytes)
{
	int len;

	example();
	len = record_write(bytes, &head, links);
	assert_int_equal(len, RECORD_MIN + 2 * RECORD_LINK_LEN);
	record_sign(bytes, len, secret);
	return len;
}

/* The bytes of a line of a dump, behind its offset */
static size_t read_line(const char *line, __u8 *bytes)
{
	unsigned int value;
	size_t count = 0;

	for (line += 8; sscanf(line, "%2x", &value) == 1 && count < 16; line += 3) {
		bytes[count++] = (__u8)value;
		if (line[2] != ' ' || line[3] == ' ')
			break;
	}
	return count;
}

/* The dump behind the target and the title. Return: its bytes. */
static size_t read_dump(const char *target, const char *title, __u8 *bytes, size_t room)
{
	bool at_target = false, at_title = false;
	FILE *file = fopen(DOCUMENT, "re");
	size_t len = 0;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, target))
			at_target = true;
		else if (at_target && !strcmp(line, title))
			at_title = true;
		else if (at_title && !strncmp(line, "  ", 2) && len + 16 <= room)
			len += read_line(line, bytes + len);
		else if (len)
			break;
	}
	fclose(file);
	return len;
}

static void is_as_documented(void **state)
{
	__u8 bytes[RECORD_MAX], want[RECORD_MAX];
	int len = encode(bytes);

	(void)state;
	assert_int_equal(read_dump(".. _record:", "Record::", want, sizeof(want)), len);
	assert_memory_equal(bytes, want, len);
}

static void comes_back(void **state)
{
	struct record_head again;
	struct record_link link;
	__u8 bytes[RECORD_MAX];
	int i, len = encode(bytes);

	(void)state;
	assert_int_equal(record_check(bytes, len), 0);
	assert_true(record_verify(bytes, len));
	record_read_head(bytes, &again);
	assert_memory_equal(&again, &head, sizeof(head));
	for (i = 0; i < 2; i++) {
		record_read_link(bytes, i, &link);
		assert_memory_equal(&link, &links[i], sizeof(link));
	}
	assert_int_equal(links[0].label, 0x1111);
}

/* Each bit is covered, by the signature or by the check. */
static void every_bit_counts(void **state)
{
	__u8 bytes[RECORD_MAX];
	__u64 digest;
	int i, len = encode(bytes);

	(void)state;
	digest = record_digest(bytes, len);
	for (i = 0; i < len * 8; i++) {
		bytes[i / 8] ^= 1 << i % 8;
		assert_true(record_check(bytes, len) || !record_verify(bytes, len));
		assert_true(record_digest(bytes, len) != digest);
		bytes[i / 8] ^= 1 << i % 8;
	}
	assert_true(record_verify(bytes, len));
}

static void signed_as_something_else(void **state)
{
	__u8 bytes[RECORD_MAX];
	int len = encode(bytes);

	(void)state;
	crypto_sign_detached(bytes + len - RECORD_SIGNATURE_LEN, NULL, bytes,
			     len - RECORD_SIGNATURE_LEN, secret);
	assert_false(record_verify(bytes, len));
}

static void bad(const __u8 *bytes, size_t len)
{
	assert_int_equal(record_check(bytes, len), -EBADMSG);
}

static void bad_encodings(void **state)
{
	__u8 good[RECORD_MAX], bytes[RECORD_MAX];
	const size_t first = RECORD_HEAD_LEN, second = first + RECORD_LINK_LEN;
	int i, len = encode(good);

	(void)state;
	for (i = 0; i < len; i++)
		bad(good, i);
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, good, len);
	bad(bytes, len + 1);
	bytes[0] = 2;
	assert_int_equal(record_check(bytes, len), -EPROTONOSUPPORT);

#define CHANGED(change)				\
	do {					\
		memcpy(bytes, good, len);	\
		change;				\
		bad(bytes, len);		\
	} while (0)
	CHANGED(bytes[1] = 1);
	CHANGED(put16(bytes + 2, 1));
	CHANGED(put16(bytes + 2, 3));
	CHANGED(put16(bytes + 2, 257));
	CHANGED(put64(bytes + 8, 0));
	/* Two of the same, in the wrong order, or with the same label */
	CHANGED(memcpy(bytes + second, bytes + first, RECORD_LINK_LEN));
	CHANGED(memcpy(bytes + first, good + second, RECORD_LINK_LEN);
		memcpy(bytes + second, good + first, RECORD_LINK_LEN));
	CHANGED(put16(bytes + second + 32, 0x1111));
	CHANGED(put16(bytes + first + 32, 0));
	/* A link to itself */
	CHANGED(memcpy(bytes + second, bytes + 16, SW_KEY_LEN));
	CHANGED(put16(bytes + first + 34, 1291));
	CHANGED(put16(bytes + first + 34, 65476));
	CHANGED(put32(bytes + first + 40, 1000001));
#undef CHANGED
}

static void sizes(void **state)
{
	__u8 bytes[RECORD_MAX];
	unsigned int i;

	(void)state;
	example();
	head.count = 0;
	assert_int_equal(record_write(bytes, &head, links), RECORD_MIN);
	assert_int_equal(record_size(bytes, sizeof(bytes)), RECORD_MIN);
	for (i = 0; i < RECORD_LINKS_MAX; i++) {
		links[i] = links[0];
		randombytes_buf(links[i].key, SW_KEY_LEN);
		links[i].label = i + 1;
	}
	head.count = RECORD_LINKS_MAX;
	assert_int_equal(record_write(bytes, &head, links), RECORD_MAX);
	/* With age and head it fits a CONTROL message. */
	assert_true(RECORD_MAX + 8 <= SKYWIRE_CONTROL_MAX);
	record_sign(bytes, RECORD_MAX, secret);
	assert_true(record_verify(bytes, RECORD_MAX));
	head.count++;
	assert_int_equal(record_write(bytes, &head, links), -EINVAL);
}

static int init(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(is_as_documented),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(signed_as_something_else),
		cmocka_unit_test(bad_encodings),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
