// SPDX-License-Identifier: GPL-2.0
/* What people type. What is taken means the same when it is written out. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>

#include "lib/parse.h"

#include "fuzz.h"

enum { ROOM = 256 };

static struct sw_error err;

/* Digits and nothing else, that strtoull can hold */
static bool oracle_uint(const char *text, __u64 *value)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *at = text + 2 * is_hex;

	if (!*at)
		return false;
	for (; *at; at++)
		if (is_hex ? !isxdigit((unsigned char)*at) :
			     !isdigit((unsigned char)*at))
			return false;
	errno = 0;
	*value = strtoull(text, NULL, is_hex ? 16 : 10);
	return !errno;
}

static void number(const char *text, __u64 min, __u64 max)
{
	__u64 got = 0, want = 0;
	bool good = oracle_uint(text, &want) && want >= min && want <= max;

	require((sw_parse_uint(text, min, max, &got, &err) == 0) == good);
	require(!good || got == want);
}

static void write_addr(char *text, const struct sw_addr *addr)
{
	const __u8 *b = addr->bytes;

	if (addr->len == 6)
		snprintf(text, ROOM, "%x:%x:%x:%x:%x:%x", b[0], b[1], b[2], b[3],
			 b[4], b[5]);
	else
		require(inet_ntop(addr->len == 4 ? AF_INET : AF_INET6, b, text,
				  ROOM));
}

static bool same_addr(const struct sw_addr *a, const struct sw_addr *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static void address(const char *text)
{
	struct sw_addr got, again;
	char canonical[ROOM];

	if (sw_parse_addr(text, &got, &err)) {
		require(err.text[0]);
		return;
	}
	require(got.len == 4 || got.len == 16);
	write_addr(canonical, &got);
	require(!sw_parse_addr(canonical, &again, &err) &&
		same_addr(&got, &again));
}

static void endpoint(const char *text)
{
	char canonical[3 * ROOM], addr[ROOM];
	struct sw_endpoint got, again;

	if (sw_parse_endpoint(text, &got, &err)) {
		require(err.text[0]);
		return;
	}
	write_addr(addr, &got.addr);
	require(memchr(got.zone, '\0', sizeof(got.zone)));
	if (got.addr.len == 6) {
		require(!got.port && !got.zone[0]);
		strcpy(canonical, addr);
	} else if (got.addr.len == 4) {
		require(got.port && !got.zone[0]);
		snprintf(canonical, sizeof(canonical), "%s:%u", addr, got.port);
	} else {
		require(got.port && got.addr.len == 16);
		snprintf(canonical, sizeof(canonical), "[%s%s%s]:%u", addr,
			 got.zone[0] ? "%" : "", got.zone, got.port);
	}
	require(!sw_parse_endpoint(canonical, &again, &err));
	require(same_addr(&got.addr, &again.addr) && got.port == again.port &&
		!strcmp(got.zone, again.zone));
}

static void prefix(const char *text)
{
	char canonical[2 * ROOM], addr[ROOM];
	struct sw_prefix got, again;
	unsigned int bit;

	if (sw_parse_prefix(text, &got, &err)) {
		require(err.text[0]);
		return;
	}
	require((got.addr.len == 4 || got.addr.len == 16) &&
		got.length <= 8 * got.addr.len);
	for (bit = got.length; bit < 8u * got.addr.len; bit++)
		require(!(got.addr.bytes[bit / 8] >> (7 - bit % 8) & 1));
	write_addr(addr, &got.addr);
	snprintf(canonical, sizeof(canonical), "%s/%u", addr, got.length);
	require(!sw_parse_prefix(canonical, &again, &err));
	require(same_addr(&got.addr, &again.addr) && got.length == again.length);
}

static void labels(const char *text)
{
	struct sw_labels got, again;
	char canonical[ROOM] = "none";
	unsigned int i, at = 0;

	if (sw_parse_labels(text, &got, &err)) {
		require(err.text[0]);
		return;
	}
	require(got.count <= 24 && (got.count || !strcmp(text, "none")));
	for (i = 0; i < got.count; i++) {
		require(got.label[i]);
		at += sprintf(canonical + at, "%s%u", i ? "," : "",
			      ntohs(got.label[i]));
	}
	require(!sw_parse_labels(canonical, &again, &err));
	require(got.count == again.count &&
		!memcmp(got.label, again.label, 2 * got.count));
}

int fuzz_one(const __u8 *data, size_t len)
{
	char *text = text_of(data, len);

	number(text, 0, ~0ull);
	number(text, 1, 65535);
	address(text);
	endpoint(text);
	prefix(text);
	labels(text);
	free(text);
	return 0;
}
