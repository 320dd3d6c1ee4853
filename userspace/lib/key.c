// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include <skywire/wire.h>

#include "key.h"

static const char address_context[] = "skywire-address";

/*
 * Neither table nor branch in the codecs' inner steps: secrets pass through
 * them too, and must not show in the cache.
 */
static char base32_digit(unsigned int value)
{
	return 'a' + value - (('a' + 26 - '2') & -(value > 25));
}

/* Return: what the digit stands for, or more than 31. */
static unsigned int base32_value(unsigned char digit)
{
	unsigned int letter = (digit | 0x20u) - 'a';
	unsigned int number = digit - (unsigned int)'2';
	unsigned int is_letter = letter < 26, is_number = number < 6;

	return (letter & -is_letter) | ((number + 26) & -is_number) |
		(64 & -(1 ^ is_letter ^ is_number));
}

static unsigned int hex_value(unsigned char digit)
{
	unsigned int letter = (digit | 0x20u) - 'a';
	unsigned int number = digit - (unsigned int)'0';
	unsigned int is_letter = letter < 6, is_number = number < 10;

	return ((letter + 10) & -is_letter) | (number & -is_number) |
		(64 & -(1 ^ is_letter ^ is_number));
}

void sw_base32_encode(char *text, const __u8 *bytes, size_t len)
{
	unsigned int held = 0, bits = 0;

	while (len--) {
		held = held << 8 | *bytes++;
		for (bits += 8; bits >= 5; bits -= 5)
			*text++ = base32_digit(held >> (bits - 5) & 31);
		held &= (1u << bits) - 1;
	}
	if (bits)
		*text++ = base32_digit(held << (5 - bits) & 31);
	*text = '\0';
}

static int base32_decode(__u8 *bytes, size_t len, const char *text)
{
	unsigned int held = 0, bits = 0, wrong = 0;
	__u8 *end = bytes + len;

	while (*text) {
		unsigned int value = base32_value(*text++);

		wrong |= value & 64;
		held = held << 5 | (value & 31);
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		if (bytes == end)
			return -EINVAL;
		*bytes++ = held >> bits;
		held &= (1u << bits) - 1;
	}
	return wrong || held || bytes != end ? -EINVAL : 0;
}

void sw_hex_encode(char *text, const __u8 *bytes, size_t len)
{
	sodium_bin2hex(text, 2 * len + 1, bytes, len);
}

static int hex_decode(__u8 *bytes, size_t len, const char *text)
{
	unsigned int wrong = 0;

	while (len--) {
		unsigned int high = hex_value(*text++);
		unsigned int low = hex_value(*text++);

		wrong |= (high | low) & 64;
		*bytes++ = high << 4 | (low & 15);
	}
	return wrong ? -EINVAL : 0;
}

int sw_text_decode(__u8 *bytes, const char *text)
{
	size_t digits = strnlen(text, SW_TEXT_MAX);
	int len = digits == 26 || digits == 32 ? 16 : 32;
	int rc = -EINVAL;

	if (digits == 26 || digits == 52)
		rc = base32_decode(bytes, len, text);
	else if (digits == 32 || digits == 64)
		rc = hex_decode(bytes, len, text);
	return rc ?: len;
}

int sw_key_parse(__u8 key[SW_KEY_LEN], const char *text)
{
	__u8 bytes[SW_SECRET_MAX];

	if (sw_text_decode(bytes, text) != SW_KEY_LEN)
		return -EINVAL;
	memcpy(key, bytes, SW_KEY_LEN);
	return 0;
}

void sw_key_format(char text[SW_KEY_TEXT], const __u8 key[SW_KEY_LEN])
{
	sw_base32_encode(text, key, SW_KEY_LEN);
}

void sw_address(__u8 address[SKYWIRE_ADDRESS_LEN], const __u8 key[SW_KEY_LEN])
{
	__u8 hash[32];

	crypto_generichash(hash, sizeof(hash), key, SW_KEY_LEN,
			   (const unsigned char *)address_context,
			   sizeof(address_context) - 1);
	address[0] = SW_ADDRESS_FIRST;
	memcpy(address + 1, hash, SKYWIRE_ADDRESS_LEN - 1);
}

int sw_identity_generate(__u8 seed[SW_SEED_LEN])
{
	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(seed, SW_SEED_LEN);
	return 0;
}

int sw_identity_public(__u8 key[SW_KEY_LEN], const __u8 seed[SW_SEED_LEN])
{
	__u8 secret[crypto_sign_SECRETKEYBYTES];

	if (sodium_init() < 0)
		return -EIO;
	crypto_sign_seed_keypair(key, secret, seed);
	sodium_memzero(secret, sizeof(secret));
	return 0;
}
