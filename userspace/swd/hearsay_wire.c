// SPDX-License-Identifier: GPL-2.0
/*
 * Messages begin with kind (8 bits), flags (8), count (16 bits); an ASK has no
 * more. A TELL goes on with count entries:
 *
 *   0   public key
 *   32  IPv6 address; of IPv4, IPv4-mapped
 *   48  UDP port (16 bits)
 *   50  reserved (16 bits)
 */
#include <errno.h>
#include <string.h>

#include "lib/compiler.h"
#include "hearsay_wire.h"
#include "record_octets.h"

enum {
	ADDR_AT	= SW_KEY_LEN,
	PORT_AT	= ADDR_AT + 16,
};

struct range {
	__u8	bytes[4];
	__u8	bits;
};

/* What is not globally reachable (RFC 6890 and its successors), or no one host */
static const struct range not_global4[] = {
	{ { 0 }, 8 }, { { 10 }, 8 }, { { 100, 64 }, 10 }, { { 127 }, 8 },
	{ { 169, 254 }, 16 }, { { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 },
	{ { 192, 0, 2 }, 24 }, { { 192, 168 }, 16 }, { { 198, 18 }, 15 },
	{ { 198, 51, 100 }, 24 }, { { 203, 0, 113 }, 24 }, { { 224 }, 3 },
};

/* Of 2000::/3, which all that is global is in: protocols', and documentation */
static const struct range not_global6[] = {
	{ { 0x20, 0x01, 0x00 }, 23 }, { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
	{ { 0x20, 0x02 }, 16 }, { { 0x3f, 0xff, 0x00 }, 20 },
};

static bool is_in(const __u8 *addr, const struct range *range, size_t count)
{
	unsigned int byte;

	for (; count--; range++) {
		for (byte = 0; byte < range->bits / 8u; byte++)
			if (addr[byte] != range->bytes[byte])
				break;
		if (byte == range->bits / 8u &&
		    (!(range->bits % 8) ||
		     !((addr[byte] ^ range->bytes[byte]) >> (8 - range->bits % 8))))
			return true;
	}
	return false;
}

bool hearsay_is_global(const struct sw_endpoint *at)
{
	const __u8 *addr = at->addr.bytes;

	if (!at->port || at->zone[0])
		return false;
	if (at->addr.len == 4)
		return !is_in(addr, not_global4, ARRAY_SIZE(not_global4));
	return at->addr.len == 16 && addr[0] >> 5 == 1 &&
	       !is_in(addr, not_global6, ARRAY_SIZE(not_global6));
}

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

static void write_entry(__u8 *to, const struct hearsay_entry *entry)
{
	const struct sw_addr *addr = &entry->at.addr;

	memset(to, 0, HEARSAY_ENTRY_LEN);
	memcpy(to, entry->key, SW_KEY_LEN);
	if (addr->len == 4)
		memcpy(to + ADDR_AT, mapped, sizeof(mapped));
	memcpy(to + ADDR_AT + 16 - addr->len, addr->bytes, addr->len);
	put16(to + PORT_AT, entry->at.port);
}

static void read_entry(struct hearsay_entry *entry, const __u8 *from)
{
	const __u8 *addr = from + ADDR_AT;
	bool v4 = !memcmp(addr, mapped, sizeof(mapped));

	memset(entry, 0, sizeof(*entry));
	memcpy(entry->key, from, SW_KEY_LEN);
	entry->at.addr.len = v4 ? 4 : 16;
	memcpy(entry->at.addr.bytes, v4 ? addr + sizeof(mapped) : addr,
	       entry->at.addr.len);
	entry->at.port = get16(from + PORT_AT);
}

static void write_head(__u8 *bytes, enum hearsay_kind kind, unsigned int count)
{
	bytes[0] = kind;
	bytes[1] = 0;
	put16(bytes + 2, count);
}

size_t hearsay_write_ask(__u8 bytes[HEARSAY_LEN_MAX])
{
	write_head(bytes, HEARSAY_ASK, 0);
	return HEARSAY_HEAD_LEN;
}

size_t hearsay_write(__u8 bytes[HEARSAY_LEN_MAX], const struct hearsay_entry *entry,
		     unsigned int count)
{
	unsigned int i;

	write_head(bytes, HEARSAY_TELL, count);
	for (i = 0; i < count; i++)
		write_entry(bytes + HEARSAY_HEAD_LEN + i * HEARSAY_ENTRY_LEN, &entry[i]);
	return HEARSAY_HEAD_LEN + count * HEARSAY_ENTRY_LEN;
}

int hearsay_read(struct hearsay_entry entry[HEARSAY_TOLD_MAX], const __u8 *bytes,
		 size_t len)
{
	unsigned int i, count, taken = 0;

	if (len < HEARSAY_HEAD_LEN || bytes[0] != HEARSAY_TELL)
		return -EBADMSG;
	count = get16(bytes + 2);
	if (count > HEARSAY_TOLD_MAX ||
	    len != HEARSAY_HEAD_LEN + count * HEARSAY_ENTRY_LEN)
		return -EBADMSG;
	for (i = 0; i < count; i++) {
		read_entry(&entry[taken],
			   bytes + HEARSAY_HEAD_LEN + i * HEARSAY_ENTRY_LEN);
		taken += hearsay_is_global(&entry[taken].at);
	}
	return taken;
}
