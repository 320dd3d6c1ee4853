// SPDX-License-Identifier: GPL-2.0
/* Counters, and the one way to drop a packet. */
#include "skywire.h"
#include "trace.h"

/* An out-of-tree module cannot register reasons of its own: the nearest
 * ones; those that have none stay 0.
 */
static const enum skb_drop_reason core_reason[SW_DROPS] = {
	[SKYWIRE_DROP_FRAME_SHORT]	= SKB_DROP_REASON_PKT_TOO_SMALL,
	[SKYWIRE_DROP_FRAME_LENGTH]	= SKB_DROP_REASON_PKT_TOO_SMALL,
	[SKYWIRE_DROP_FRAME_TYPE]	= SKB_DROP_REASON_UNHANDLED_PROTO,
	[SKYWIRE_DROP_NO_INDEX]		= SKB_DROP_REASON_NO_SOCKET,
	[SKYWIRE_DROP_KEY_EXPIRED]	= SKB_DROP_REASON_XFRM_POLICY,
	[SKYWIRE_DROP_AUTH]		= SKB_DROP_REASON_XFRM_POLICY,
	[SKYWIRE_DROP_REPLAY]		= SKB_DROP_REASON_XFRM_POLICY,
	[SKYWIRE_DROP_LINK_DOWN]	= SKB_DROP_REASON_DEV_READY,
	[SKYWIRE_DROP_HEADER]		= SKB_DROP_REASON_DEV_HDR,
	[SKYWIRE_DROP_HOPS]		= SKB_DROP_REASON_DEV_HDR,
	[SKYWIRE_DROP_PACKET_TYPE]	= SKB_DROP_REASON_UNHANDLED_PROTO,
	[SKYWIRE_DROP_DIRECT_HOPS]	= SKB_DROP_REASON_DEV_HDR,
	[SKYWIRE_DROP_NO_LABEL]		= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_U_TURN]		= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_TOO_BIG]		= SKB_DROP_REASON_PKT_TOO_BIG,
	[SKYWIRE_DROP_NO_KEY]		= SKB_DROP_REASON_XFRM_POLICY,
	[SKYWIRE_DROP_SESSION_SHORT]	= SKB_DROP_REASON_PKT_TOO_SMALL,
	[SKYWIRE_DROP_SESSION_NO_INDEX]	= SKB_DROP_REASON_NO_SOCKET,
	[SKYWIRE_DROP_SESSION_AUTH]	= SKB_DROP_REASON_XFRM_POLICY,
	[SKYWIRE_DROP_SESSION_REPLAY]	= SKB_DROP_REASON_XFRM_POLICY,
	[SKYWIRE_DROP_INNER_HEADER]	= SKB_DROP_REASON_IP_INHDR,
	[SKYWIRE_DROP_INNER_SOURCE]	= SKB_DROP_REASON_IP_RPFILTER,
	[SKYWIRE_DROP_DEVICE_DOWN]	= SKB_DROP_REASON_DEV_READY,
	[SKYWIRE_DROP_NO_PEER]		= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_NO_PATH]		= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_PROTOCOL]		= SKB_DROP_REASON_UNHANDLED_PROTO,
	[SKYWIRE_DROP_LOOP]		= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_NO_ROUTE]		= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_NO_MEMORY]	= SKB_DROP_REASON_NOMEM,
	[SKYWIRE_DROP_SEGMENT]		= SKB_DROP_REASON_SKB_GSO_SEG,
	[SKYWIRE_DROP_ECHO]		= SKB_DROP_REASON_DEV_HDR,
	[SKYWIRE_DROP_NO_LISTENER]	= SKB_DROP_REASON_NO_SOCKET,
	[SKYWIRE_DROP_UPCALL_FULL]	= SKB_DROP_REASON_SOCKET_RCVBUFF,
	[SKYWIRE_DROP_CONTROL_SIZE]	= SKB_DROP_REASON_PKT_TOO_BIG,
	[SKYWIRE_DROP_CONTROL_FRAGMENT]	= SKB_DROP_REASON_DEV_HDR,
	[SKYWIRE_DROP_MISS_REFUSED]	= SKB_DROP_REASON_IP_OUTNOROUTES,
	[SKYWIRE_DROP_MISS_TIMEOUT]	= SKB_DROP_REASON_IP_OUTNOROUTES,
};

static void add(u64_stats_t *cell, struct u64_stats_sync *syncp)
{
	u64_stats_update_begin(syncp);
	u64_stats_inc(cell);
	u64_stats_update_end(syncp);
}

void sw_count(struct sw_device *sw, enum skywire_counter counter)
{
	struct sw_stats *s = this_cpu_ptr(sw->stats);

	add(&s->counter[counter], &s->syncp);
}

/* Count a packet that somebody else has freed, or that never was. */
void sw_count_drop(struct sw_device *sw, enum skywire_drop reason)
{
	struct sw_stats *s = this_cpu_ptr(sw->stats);

	add(&s->drop[reason], &s->syncp);
}

/**
 * sw_drop - count, trace and free a packet
 * @sw: the device that refuses it
 * @skb: the packet, consumed
 * @reason: why
 */
void sw_drop(struct sw_device *sw, struct sk_buff *skb,
	     enum skywire_drop reason)
{
	sw_count_drop(sw, reason);
	trace_drop(sw->dev, skb, reason);
	kfree_skb_reason(skb, core_reason[reason] ?:
			 SKB_DROP_REASON_NOT_SPECIFIED);
}

/**
 * sw_crypt_reason - why a packet is dropped after a failed AEAD operation
 * @err: what the operation ended with
 * @forged: reason for a tag that did not verify
 */
enum skywire_drop sw_crypt_reason(int err, enum skywire_drop forged)
{
	switch (err) {
	case -EBADMSG:
		return forged;
	case -EKEYEXPIRED:
		return SKYWIRE_DROP_KEY_EXPIRED;
	case -ENOMEM:
		return SKYWIRE_DROP_NO_MEMORY;
	default:
		return SKYWIRE_DROP_CRYPTO;
	}
}

/**
 * sw_stats_sum - add up a device's counters over the CPUs
 * @sw: device
 * @counter: SW_COUNTERS results
 * @drop: SW_DROPS results
 */
void sw_stats_sum(struct sw_device *sw, u64 *counter, u64 *drop)
{
	u64 c[SW_COUNTERS], d[SW_DROPS];
	unsigned int start, i;
	int cpu;

	memset(counter, 0, sizeof(c));
	memset(drop, 0, sizeof(d));
	for_each_possible_cpu(cpu) {
		const struct sw_stats *s = per_cpu_ptr(sw->stats, cpu);

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			for (i = 0; i < SW_COUNTERS; i++)
				c[i] = u64_stats_read(&s->counter[i]);
			for (i = 0; i < SW_DROPS; i++)
				d[i] = u64_stats_read(&s->drop[i]);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		for (i = 0; i < SW_COUNTERS; i++)
			counter[i] += c[i];
		for (i = 0; i < SW_DROPS; i++)
			drop[i] += d[i];
	}
}

struct sw_traffic __percpu *sw_traffic_alloc(void)
{
	struct sw_traffic __percpu *t;
	int cpu;

	t = alloc_percpu_gfp(struct sw_traffic, GFP_KERNEL_ACCOUNT);
	if (t)
		for_each_possible_cpu(cpu)
			u64_stats_init(&per_cpu_ptr(t, cpu)->syncp);
	return t;
}

void sw_traffic_rx(struct sw_traffic __percpu *traffic, unsigned int bytes,
		   u32 postage)
{
	struct sw_traffic *t = this_cpu_ptr(traffic);

	u64_stats_update_begin(&t->syncp);
	u64_stats_inc(&t->rx_packets);
	u64_stats_add(&t->rx_bytes, bytes);
	u64_stats_add(&t->postage_in, postage);
	u64_stats_update_end(&t->syncp);
}

void sw_traffic_tx(struct sw_traffic __percpu *traffic, unsigned int bytes,
		   u32 postage, u64 fee)
{
	struct sw_traffic *t = this_cpu_ptr(traffic);

	u64_stats_update_begin(&t->syncp);
	u64_stats_inc(&t->tx_packets);
	u64_stats_add(&t->tx_bytes, bytes);
	u64_stats_add(&t->postage_out, postage);
	u64_stats_add(&t->fee, fee);
	u64_stats_update_end(&t->syncp);
}

/**
 * sw_traffic_sum - add up over the CPUs
 * @traffic: of a link, peer or path
 * @sums: SW_SUMS results
 */
void sw_traffic_sum(const struct sw_traffic __percpu *traffic, u64 *sums)
{
	unsigned int start, i;
	u64 v[SW_SUMS];
	int cpu;

	memset(sums, 0, sizeof(v));
	for_each_possible_cpu(cpu) {
		const struct sw_traffic *t = per_cpu_ptr(traffic, cpu);

		do {
			start = u64_stats_fetch_begin(&t->syncp);
			v[SW_SUM_RX_PACKETS] = u64_stats_read(&t->rx_packets);
			v[SW_SUM_RX_BYTES] = u64_stats_read(&t->rx_bytes);
			v[SW_SUM_TX_PACKETS] = u64_stats_read(&t->tx_packets);
			v[SW_SUM_TX_BYTES] = u64_stats_read(&t->tx_bytes);
			v[SW_SUM_POSTAGE_IN] = u64_stats_read(&t->postage_in);
			v[SW_SUM_POSTAGE_OUT] = u64_stats_read(&t->postage_out);
			v[SW_SUM_FEE] = u64_stats_read(&t->fee);
		} while (u64_stats_fetch_retry(&t->syncp, start));
		for (i = 0; i < SW_SUMS; i++)
			sums[i] += v[i];
	}
}
