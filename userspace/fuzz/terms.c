// SPDX-License-Identifier: GPL-2.0
/*
 * What agrees on keys: terms, the frames around messages, and messages that are
 * no handshake. Terms that are taken are written as they were read.
 */
#include "lib/exchange.h"

#include "fuzz.h"

static void try_terms(const __u8 *data, size_t len)
{
	__u8 back[SW_TERMS_MAX];
	struct sw_terms terms;
	size_t size;
	__u32 i;

	if (sw_terms_decode(&terms, data, len))
		return;
	require(terms.lanes && terms.lanes <= SW_LANES_MAX);
	for (i = 0; i < terms.lanes; i++)
		require(terms.index[i]);
	size = sw_terms_encode(back, &terms);
	require(size <= len && size == SW_TERMS_LEN + 4u * terms.lanes);
	/* But for what is reserved */
	require(!memcmp(back, data, SW_TERMS_LEN - 2));
	require(!memcmp(back + SW_TERMS_LEN, data + SW_TERMS_LEN, size - SW_TERMS_LEN));
}

static void try_frame(const __u8 *data, size_t len)
{
	__u8 copy[SKYWIRE_HANDSHAKE_MAX];
	const __u8 *msg;
	size_t msg_len;

	if (len > sizeof(copy))
		return;
	memcpy(copy, data, len);
	msg = sw_frame_message(copy, len, &msg_len);
	require(!msg || (msg == copy + SW_FRAME_LEN &&
			 msg_len + SW_FRAME_LEN + sizeof(struct sw_macs) <= len));
	if (msg)
		sw_frame_mark(copy, copy);
}

static void try_messages(const __u8 *data, size_t len)
{
	static const __u8 seed[SW_SEED_LEN] = { 1 };
	static struct sw_identity *self;
	struct sw_exchange *x;
	struct sw_terms terms;

	if (!self)
		self = sw_identity_new(seed);
	x = sw_exchange_new(self, SW_LAYER_LINK, NULL);
	require(x && sw_exchange_hear(x, data, len, &terms));
	sw_exchange_free(x);
}

int fuzz_one(const __u8 *data, size_t len)
{
	try_terms(data, len);
	try_frame(data, len);
	if (len && !(data[0] & 7))
		try_messages(data, len);
	return 0;
}
