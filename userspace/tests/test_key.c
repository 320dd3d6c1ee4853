// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/key.h"
#include "test.h"

/* 00 01 02 ... */
#define COUNT_BASE32	"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"
#define COUNT_HEX	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define COUNT16_BASE32	"aaaqeayeaudaocajbifqydiob4"

static void count_up(__u8 *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = i;
}

/* RFC 4648, section 10, in lower case and without padding */
static void base32_vectors(void **state)
{
	static const char *const vector[][2] = {
		{ "", "" }, { "f", "my" }, { "fo", "mzxq" }, { "foo", "mzxw6" },
		{ "foob", "mzxw6yq" }, { "fooba", "mzxw6ytb" },
		{ "foobar", "mzxw6ytboi" },
	};
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vector); i++) {
		sw_base32_encode(text, (const __u8 *)vector[i][0],
				 strlen(vector[i][0]));
		assert_string_equal(text, vector[i][1]);
	}
}

static void decodes(const char *text, size_t len)
{
	__u8 bytes[SW_SECRET_MAX], want[SW_SECRET_MAX];

	count_up(want, len);
	assert_int_equal(sw_text_decode(bytes, text), len);
	assert_memory_equal(bytes, want, len);
}

static void text_forms(void **state)
{
	(void)state;
	decodes(COUNT_BASE32, 32);
	decodes(COUNT_HEX, 32);
	decodes(COUNT16_BASE32, 16);
	decodes("000102030405060708090a0b0c0d0e0f", 16);
	decodes("000102030405060708090A0B0C0D0E0F", 16);
	decodes("AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ", 32);
	decodes("Aaaqeayeaudaocajbifqydiob4", 16);
}

static void refused_texts(void **state)
{
	static const char *const texts[] = {
		"", "a", "aaaqeayeaudaocajbifqydiob",
		/* one too long, one too short */
		COUNT_BASE32 "a", "aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		COUNT_HEX "0", "00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		/* bits beyond the last byte */
		"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypr",
		"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp7",
		"aaaqeayeaudaocajbifqydiob5",
		/* no digits of base32: 0 1 8 9, padding, space, others */
		"0aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"1aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"8aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"=aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		" aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"\xffgaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"[aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"@aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		/* none of hex */
		"g00102030405060708090a0b0c0d0e0f", "0x0102030405060708090a0b0c0d0e0f",
		" 00102030405060708090a0b0c0d0e0f", "`00102030405060708090a0b0c0d0e0f",
		":00102030405060708090a0b0c0d0e0f", "/00102030405060708090a0b0c0d0e0f",
	};
	__u8 bytes[SW_SECRET_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (sw_text_decode(bytes, texts[i]) != -EINVAL)
			fail_msg("taken: '%s'", texts[i]);
}

/* Every character in every place: a digit of either form, or refused. */
static void every_character(void **state)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char text[] = COUNT_BASE32;
	__u8 bytes[SW_SECRET_MAX];
	size_t place;
	int c;

	(void)state;
	for (place = 0; place < sizeof(text) - 2; place++) {
		for (c = 1; c < 256; c++) {
			text[place] = c;
			assert_int_equal(sw_text_decode(bytes, text),
					 strchr(digits, c) ? 32 : -EINVAL);
		}
		text[place] = COUNT_BASE32[place];
	}
}

static void round_trips(void **state)
{
	__u8 seed[SW_SEED_LEN], back[SW_SECRET_MAX];
	char text[SW_TEXT_MAX];
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_int_equal(sw_identity_generate(seed), 0);
		sw_base32_encode(text, seed, sizeof(seed));
		assert_int_equal(sw_text_decode(back, text), 32);
		assert_memory_equal(seed, back, 32);
		sw_hex_encode(text, seed, sizeof(seed));
		assert_int_equal(sw_text_decode(back, text), 32);
		assert_memory_equal(seed, back, 32);
		sw_base32_encode(text, seed, 16);
		assert_int_equal(sw_text_decode(back, text), 16);
		assert_memory_equal(seed, back, 16);
	}
}

static void public_keys(void **state)
{
	__u8 key[SW_KEY_LEN], want[SW_KEY_LEN];
	char text[SW_KEY_TEXT];

	(void)state;
	count_up(want, sizeof(want));
	assert_int_equal(sw_key_parse(key, COUNT_HEX), 0);
	assert_memory_equal(key, want, sizeof(key));
	sw_key_format(text, key);
	assert_string_equal(text, COUNT_BASE32);
	/* A key, but not of this kind. */
	assert_int_equal(sw_key_parse(key, COUNT16_BASE32), -EINVAL);
}

/* Computed with Python's hashlib.blake2b(digest_size=32, key=b"skywire-address") */
static void addresses(void **state)
{
	static const struct {
		__u8 fill;
		__u8 address[SKYWIRE_ADDRESS_LEN];
	} vector[] = {
		{ 0x00, { 0xfc, 0x50, 0xb7, 0xc8, 0x54, 0x93, 0x15, 0x92,
			  0x06, 0x72, 0x5a, 0x08, 0x14, 0x4b, 0x6b, 0x6e } },
		{ 0x01, { 0xfc, 0x4f, 0x81, 0xae, 0xa1, 0x71, 0xbc, 0x60,
			  0x86, 0x60, 0x6d, 0x94, 0xd0, 0xff, 0xfd, 0x28 } },
		{ 0xff, { 0xfc, 0xa0, 0x45, 0x86, 0xa3, 0xbe, 0xe9, 0x00,
			  0xff, 0xbc, 0xcc, 0x69, 0xc6, 0x14, 0xd8, 0x16 } },
	};
	__u8 key[SW_KEY_LEN], address[SKYWIRE_ADDRESS_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vector); i++) {
		memset(key, vector[i].fill, sizeof(key));
		sw_address(address, key);
		assert_memory_equal(address, vector[i].address, sizeof(address));
	}
}

/* RFC 8032, section 7.1, tests 1 and 2 */
static void identities(void **state)
{
	static const char *const vector[][2] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c" },
	};
	__u8 seed[SW_SECRET_MAX], key[SW_KEY_LEN];
	char text[SW_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vector); i++) {
		assert_int_equal(sw_text_decode(seed, vector[i][0]), 32);
		assert_int_equal(sw_identity_public(key, seed), 0);
		sw_hex_encode(text, key, sizeof(key));
		assert_string_equal(text, vector[i][1]);
	}
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(base32_vectors),
		cmocka_unit_test(text_forms),
		cmocka_unit_test(refused_texts),
		cmocka_unit_test(every_character),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(public_keys),
		cmocka_unit_test(addresses),
		cmocka_unit_test(identities),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
