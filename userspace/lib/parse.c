// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>

#include "parse.h"

/* Longest text of an address with a zone, and what an endpoint adds to it. */
enum { ADDR_TEXT = INET6_ADDRSTRLEN + IF_NAMESIZE + 1 };

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* strtoull takes signs, spaces and octal, which nobody means. */
static int read_uint(const char *text, __u64 *value)
{
	unsigned int base = 10;
	__u64 v = 0;

	if (text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
	}
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = digit_value(*text);

		if (digit >= base)
			return -EINVAL;
		if (v > (~0ULL - digit) / base)
			return -ERANGE;
		v = v * base + digit;
	}
	*value = v;
	return 0;
}

int sw_parse_uint(const char *text, __u64 min, __u64 max, __u64 *value,
		  struct sw_error *err)
{
	__u64 v;

	if (!read_uint(text, &v) && v >= min && v <= max) {
		*value = v;
		return 0;
	}
	return sw_fail(err, EINVAL, "'%.40s' is not a number from %llu to %llu",
		       text, min, max);
}

int sw_parse_addr(const char *text, struct sw_addr *addr, struct sw_error *err)
{
	if (inet_pton(AF_INET, text, addr->bytes) == 1) {
		addr->len = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, text, addr->bytes) == 1) {
		addr->len = 16;
		return 0;
	}
	return sw_fail(err, EINVAL,
		       "'%.60s' is not an IPv4 or IPv6 address (names are not looked up)",
		       text);
}

/* Return: 0 for a zone cut off or none, else -EINVAL. */
static int split_zone(char *text, char zone[IF_NAMESIZE])
{
	char *percent = strchr(text, '%');
	size_t len;

	zone[0] = '\0';
	if (!percent)
		return 0;
	len = strlen(percent + 1);
	if (!len || len >= IF_NAMESIZE)
		return -EINVAL;
	memcpy(zone, percent + 1, len + 1);
	*percent = '\0';
	return 0;
}

/* Puts the address into @addr, brackets gone. Return: the port's text or NULL. */
static const char *split_port(const char *text, char addr[ADDR_TEXT])
{
	const char *end;
	size_t len;

	if (*text == '[')
		end = strchr(++text, ']');
	else
		end = strchr(text, ':');
	if (!end)
		return NULL;
	len = end - text;
	if (len >= ADDR_TEXT)
		return NULL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (*end == ']' && *++end != ':')
		return NULL;
	return end + 1;
}

/* Six bytes of one or two digits each, as ip(8) takes them. */
static bool is_mac(const char *text, __u8 mac[ETH_ALEN])
{
	unsigned int i, digit, n;

	for (i = 0; i < ETH_ALEN; i++) {
		mac[i] = 0;
		for (n = 0; n < 2; n++) {
			digit = digit_value(*text);
			if (digit > 15)
				break;
			mac[i] = mac[i] << 4 | digit;
			text++;
		}
		if (!n || *text++ != (i == ETH_ALEN - 1 ? '\0' : ':'))
			return false;
	}
	return true;
}

int sw_parse_endpoint(const char *text, struct sw_endpoint *ep,
		      struct sw_error *err)
{
	char addr[ADDR_TEXT];
	const char *port = split_port(text, addr);
	__u64 value;
	bool v6;

	if (is_mac(text, ep->addr.bytes)) {
		ep->addr.len = ETH_ALEN;
		ep->port = 0;
		ep->zone[0] = '\0';
		return 0;
	}
	if (!port || strchr(port, ':'))
		return sw_fail(err, EINVAL,
			       "'%.60s' is neither ADDR:PORT, [ADDR6]:PORT nor an Ethernet address",
			       text);
	if (split_zone(addr, ep->zone))
		return sw_fail(err, EINVAL,
			       "'%.60s': no interface name after %%", text);
	if (sw_parse_addr(addr, &ep->addr, err))
		return -EINVAL;
	v6 = ep->addr.len == 16;
	if (v6 != (*text == '[') || (ep->zone[0] && !v6))
		return sw_fail(err, EINVAL,
			       "'%.60s': brackets and %% go with IPv6 addresses only",
			       text);
	if (sw_parse_uint(port, 1, 65535, &value, err))
		return sw_fail(err, EINVAL,
			       "'%.20s' is not a port from 1 to 65535", port);
	ep->port = value;
	return 0;
}

static bool has_bits_beyond(const struct sw_prefix *p)
{
	unsigned int bit;

	for (bit = p->length; bit < p->addr.len * 8u; bit++)
		if (p->addr.bytes[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

int sw_parse_prefix(const char *text, struct sw_prefix *prefix,
		    struct sw_error *err)
{
	size_t len = strcspn(text, "/");
	char addr[INET6_ADDRSTRLEN];
	__u64 value;

	if (len >= sizeof(addr))
		return sw_fail(err, EINVAL, "'%.60s' is not ADDR/LEN", text);
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (sw_parse_addr(addr, &prefix->addr, err))
		return -EINVAL;
	value = prefix->addr.len * 8;
	if (text[len] && sw_parse_uint(text + len + 1, 0, value, &value, err))
		return -EINVAL;
	prefix->length = value;
	if (has_bits_beyond(prefix))
		return sw_fail(err, EINVAL,
			       "'%.60s' has bits set beyond its length", text);
	return 0;
}

static int add_label(const char *text, size_t len, struct sw_labels *labels,
		     struct sw_error *err)
{
	char digits[8];
	__u64 value;

	if (len >= sizeof(digits))
		return sw_fail(err, EINVAL, "'%.20s' does not begin with a label",
			       text);
	if (labels->count == SKYWIRE_LABELS_MAX)
		return sw_fail(err, EINVAL, "more than %d labels",
			       SKYWIRE_LABELS_MAX);
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (sw_parse_uint(digits, 1, 65535, &value, err))
		return -EINVAL;
	labels->label[labels->count++] = htons(value);
	return 0;
}

int sw_parse_labels(const char *text, struct sw_labels *labels,
		    struct sw_error *err)
{
	size_t len;

	labels->count = 0;
	if (!strcmp(text, "none"))
		return 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (add_label(text, len, labels, err))
			return -EINVAL;
		if (!text[len])
			return 0;
	}
}
