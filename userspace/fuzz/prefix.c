// SPDX-License-Identifier: GPL-2.0
/* Longest match as the kernel does it, length by length, beside one bit by bit. */
#include <sys/socket.h>

#include <skywire/prefix.h>

#include "fuzz.h"

enum { PREFIXES = 24 };

struct prefix {
	struct sw_prefix_name	name;
	__u8			addr[16];	/* as it was given */
};

static unsigned int bits(__u8 family)
{
	return family == AF_INET ? 32 : 128;
}

static bool bit(const __u8 *addr, unsigned int n)
{
	return addr[n / 8] >> (7 - n % 8) & 1;
}

/* Addresses that have much in common */
static __u8 take_address(struct input *in, __u8 *addr)
{
	__u8 op = take_u8(in);

	memset(addr, op & 2 ? 0xff : 0, 16);
	take(in, addr + (op >> 2) % 16, 1);
	take(in, addr + (op >> 4), 1);
	return op & 1 ? AF_INET : AF_INET6;
}

static bool holds(const struct prefix *p, __u8 family, const __u8 *addr)
{
	unsigned int n;

	if (p->name.family != family)
		return false;
	for (n = 0; n < p->name.len; n++)
		if (bit(p->addr, n) != bit(addr, n))
			return false;
	return true;
}

static int longest(const struct prefix *p, int count, __u8 family, const __u8 *addr)
{
	int i, best = -1;

	for (i = 0; i < count; i++)
		if (holds(&p[i], family, addr))
			best = p[i].name.len > best ? p[i].name.len : best;
	return best;
}

static int match(const struct prefix *p, int count, __u8 family, const __u8 *addr)
{
	struct sw_prefix_name name;
	int i, len;

	for (len = bits(family); len >= 0; len--) {
		sw_prefix_name(&name, family, addr, len);
		for (i = 0; i < count; i++)
			if (!memcmp(&name, &p[i].name, sizeof(name)))
				return len;
	}
	return -1;
}

/* What does not count is zero, and what counts is the same. */
static void check_name(const struct prefix *p)
{
	unsigned int n;

	for (n = 0; n < 128; n++)
		require(bit(p->name.addr, n) == (n < p->name.len && bit(p->addr, n)));
	require(!p->name.zero);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	struct prefix p[PREFIXES];
	__u8 addr[16], family;
	int i, count;

	count = take_u8(&in) % PREFIXES;
	for (i = 0; i < count; i++) {
		family = take_address(&in, p[i].addr);
		sw_prefix_name(&p[i].name, family, p[i].addr,
			       take_u8(&in) % (bits(family) + 1));
		check_name(&p[i]);
	}
	while (in.left) {
		family = take_address(&in, addr);
		require(match(p, count, family, addr) == longest(p, count, family, addr));
	}
	return 0;
}
