/* SPDX-License-Identifier: GPL-2.0 */
/* Keys, their text forms, and the addresses that follow from them. */
#ifndef _SKYWIRE_LIB_KEY_H
#define _SKYWIRE_LIB_KEY_H

#include <stddef.h>

#include <skywire/types.h>
#include <linux/skywire.h>

enum {
	SW_KEY_LEN	= SKYWIRE_PUBLIC_KEY_LEN,
	SW_SEED_LEN	= 32,
	SW_SECRET_MAX	= 32,	/* bytes of the longest secret there is */
	/* Text forms with the terminating zero byte. */
	SW_KEY_TEXT	= 53,
	SW_TEXT_MAX	= 65,	/* hex of 32 bytes */
};

/* @text: room for ceil(@len * 8 / 5) + 1 bytes */
void sw_base32_encode(char *text, const __u8 *bytes, size_t len);

/* @text: room for 2 * @len + 1 bytes */
void sw_hex_encode(char *text, const __u8 *bytes, size_t len);

/**
 * sw_text_decode - read 16 or 32 bytes of a key, in base32 or hex
 * @bytes: room for SW_SECRET_MAX
 * @text: 26 or 52 digits of base32, or 32 or 64 of hex, and nothing else
 *
 * One sequence of bytes has one base32 form only (but for case): what has bits
 * set beyond the last byte is refused.
 *
 * Return: the number of bytes, or -EINVAL.
 */
int sw_text_decode(__u8 *bytes, const char *text);

/* Return: 0, or -EINVAL where @text is not a 32-byte key. */
int sw_key_parse(__u8 key[SW_KEY_LEN], const char *text);
void sw_key_format(char text[SW_KEY_TEXT], const __u8 key[SW_KEY_LEN]);

/* The overlay address that belongs to a public key. */
void sw_address(__u8 address[SKYWIRE_ADDRESS_LEN], const __u8 key[SW_KEY_LEN]);

/* An identity's secret is an Ed25519 seed. Return: 0 or a negative errno. */
int sw_identity_generate(__u8 seed[SW_SEED_LEN]);
int sw_identity_public(__u8 key[SW_KEY_LEN], const __u8 seed[SW_SEED_LEN]);

#endif /* _SKYWIRE_LIB_KEY_H */
