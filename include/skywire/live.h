/* SPDX-License-Identifier: GPL-2.0 */
/* How long a link may be silent, and how well it answers. */
#ifndef _SKYWIRE_LIVE_H
#define _SKYWIRE_LIVE_H

#include <skywire/types.h>

enum {
	SW_SILENCE_MIN	= 3,	/* intervals of probes */
	SW_SILENCE_MAX	= 64,
	/* One false alarm in 10^7, as a share of 2^32. */
	SW_FALSE_ALARM	= 429,
	/* The loss is an average over about as many probes. */
	SW_LOSS_SHIFT	= 8,
};

/**
 * sw_silence - intervals without a sign that a link is taken for dead after
 * @loss: share of probes that go unanswered while it lives, of 2^32
 *
 * Return: the least n with (@loss / 2^32)^n at most 10^-7, within bounds.
 */
static inline unsigned int sw_silence(__u32 loss)
{
	__u64 alarm = loss;
	unsigned int n;

	for (n = 1; n < SW_SILENCE_MAX && alarm > SW_FALSE_ALARM; n++)
		alarm = alarm * loss >> 32;
	return n < SW_SILENCE_MIN ? SW_SILENCE_MIN : n;
}

/**
 * sw_loss - what an answer says of a link's loss
 * @loss: average so far, of 2^32
 * @missed: probes before the one that was answered now, that were not
 *
 * Probes count only once a later one has been answered: the last ones of a link
 * that died would make the next death harder to see.
 *
 * Return: the average that includes them.
 */
static inline __u32 sw_loss(__u32 loss, unsigned int missed)
{
	if (missed > SW_SILENCE_MAX)
		missed = SW_SILENCE_MAX;
	while (missed--)
		loss += (0xffffffffu - loss) >> SW_LOSS_SHIFT;
	return loss - (loss >> SW_LOSS_SHIFT);
}

/**
 * sw_lost - share of packets that did not arrive
 * @sent: packets, not 0
 * @got: those of them that did
 *
 * Return: the share, of 2^32.
 */
static inline __u32 sw_lost(__u64 sent, __u64 got)
{
	__u64 lost = got < sent ? sent - got : 0;

	/* The share has 32 bits, to which no more than as many matter. */
	while (lost >> 32) {
		lost >>= 1;
		sent >>= 1;
	}
	lost = div64_u64(lost << 32, sent);
	return lost > 0xffffffff ? 0xffffffff : lost;
}

/* Of 2^32, in parts per million. */
static inline __u32 sw_loss_ppm(__u32 loss)
{
	return (__u64)loss * 1000000 >> 32;
}

/**
 * sw_smooth - moving average of round-trip times (RFC 6298, 2)
 * @average: so far, 0 for none
 * @sample: new one, not 0
 */
static inline __u64 sw_smooth(__u64 average, __u64 sample)
{
	if (!average)
		return sample;
	return average - (average >> 3) + (sample >> 3);
}

#endif /* _SKYWIRE_LIVE_H */
