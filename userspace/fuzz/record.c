// SPDX-License-Identifier: GPL-2.0
/* Whatever is a record is the one encoding of what it says. */
#include "swd/record.h"

#include "fuzz.h"

int fuzz_one(const __u8 *data, size_t len)
{
	static struct record_link links[RECORD_LINKS_MAX];
	static __u8 again[RECORD_MAX];
	struct record_head head;
	unsigned int i;
	int size;

	size = record_size(data, len);
	require(size <= (int)len);
	if (record_check(data, len))
		return 0;
	record_read_head(data, &head);
	for (i = 0; i < head.count; i++)
		record_read_link(data, i, &links[i]);
	require(record_write(again, &head, links) == (int)len);
	require(!memcmp(again, data, len - RECORD_SIGNATURE_LEN));
	record_verify(data, len);
	return 0;
}
