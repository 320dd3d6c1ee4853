// SPDX-License-Identifier: GPL-2.0
/* How long a link may be silent: arithmetic beside that of real numbers. */
#include <math.h>

#include <skywire/live.h>

#include "fuzz.h"

enum { LEAST = 3, MOST = 64 };

/* The least n with loss^n at most 10^-7, give or take what is rounded */
static void silence(__u32 loss)
{
	long double share = loss / 4294967296.0L;
	unsigned int n = sw_silence(loss);

	require(n >= LEAST && n <= MOST);
	if (n < MOST)
		require(powl(share, n) <= 0.000000102L);
	if (n > LEAST)
		require(powl(share, n - 1) > 0.000000099L);
}

static void average(__u32 loss, unsigned int missed)
{
	long double want = loss / 4294967296.0L;
	__u32 got = sw_loss(loss, missed);
	unsigned int i;

	for (i = 0; i < missed && i < MOST; i++)
		want += (1 - want) / 256;
	want -= want / 256;
	/* Each step rounds by less than one. */
	require(fabsl(got / 4294967296.0L - want) <= (i + 1) / 4294967296.0L);
	require(sw_loss(loss, missed + 1) >= got);
	require(missed || got <= loss);
	require(sw_loss_ppm(got) < 1000000);
}

static void smooth(__u64 before, __u64 sample)
{
	long double want;
	__u64 got = sw_smooth(before, sample);

	if (!before) {
		require(got == sample);
		return;
	}
	want = before - before / 8.0L + sample / 8.0L;
	require(fabsl(got - want) <= 1);
}

/* Of @sent packets, not 0 */
static void lost(__u64 sent, __u64 got)
{
	long double want = got < sent ? (long double)(sent - got) / sent : 0;
	__u32 share = sw_lost(sent, got);

	/* Both are cut to 32 bits where there are more, and the share is as well. */
	require(fabsl(share / 4294967296.0L - want) <= 4 / 4294967296.0L);
	require(got < sent || !share);
	require(!got || sw_lost(sent, got - 1) >= share);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	__u32 loss;

	while (in.left) {
		loss = take_any(&in);
		silence(loss);
		average(loss, take_u8(&in));
		/* Nanoseconds of a century */
		smooth(take_any(&in) >> 2, (take_any(&in) >> 2) + 1);
		lost((take_any(&in) >> 1) + 1, take_any(&in));
	}
	return 0;
}
