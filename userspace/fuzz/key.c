// SPDX-License-Identifier: GPL-2.0
/* Text forms of keys, beside a reader that goes bit by bit. */
#include <ctype.h>

#include "lib/key.h"

#include "fuzz.h"

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex[] = "0123456789abcdef";

/* Return: the number of bytes, or -1. */
static int oracle(__u8 *bytes, const char *text)
{
	size_t digits = strlen(text), i;
	int len = digits == 26 || digits == 32 ? 16 : 32;
	int bits = digits == 26 || digits == 52 ? 5 : 4;
	const char *found, *alphabet = bits == 5 ? base32 : hex;
	int bit, at = 0;

	if (digits != 26 && digits != 32 && digits != 52 && digits != 64)
		return -1;
	memset(bytes, 0, len);
	for (i = 0; i < digits; i++) {
		found = strchr(alphabet, tolower((unsigned char)text[i]));
		if (!found)
			return -1;
		for (bit = bits - 1; bit >= 0; bit--, at++) {
			if (!((found - alphabet) >> bit & 1))
				continue;
			if (at >= 8 * len)
				return -1;
			bytes[at / 8] |= 0x80 >> at % 8;
		}
	}
	return len;
}

static bool same_but_for_case(const char *a, const char *b)
{
	while (*a && tolower((unsigned char)*a) == *b)
		a++, b++;
	return *a == *b;
}

static void encoded(const char *text, const __u8 *bytes, int len)
{
	char again[SW_TEXT_MAX];
	__u8 back[SW_SECRET_MAX];

	sw_base32_encode(again, bytes, len);
	require(strlen(again) == (8u * len + 4) / 5);
	require(sw_text_decode(back, again) == len && !memcmp(back, bytes, len));
	if (strlen(text) == strlen(again))
		require(same_but_for_case(text, again));
	sw_hex_encode(again, bytes, len);
	require(sw_text_decode(back, again) == len && !memcmp(back, bytes, len));
	if (strlen(text) == strlen(again))
		require(same_but_for_case(text, again));
}

int fuzz_one(const __u8 *data, size_t len)
{
	__u8 got[SW_SECRET_MAX], want[SW_SECRET_MAX], key[SW_KEY_LEN];
	char *text = text_of(data, len);
	int n = sw_text_decode(got, text);
	int wanted = oracle(want, text);

	require(wanted < 0 ? n < 0 : n == wanted);
	if (n > 0) {
		require(!memcmp(got, want, n));
		encoded(text, got, n);
	}
	require(sw_key_parse(key, text) == 0 ? n == SW_KEY_LEN : n != SW_KEY_LEN);
	free(text);
	return 0;
}
