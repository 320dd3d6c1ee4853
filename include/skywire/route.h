/* SPDX-License-Identifier: GPL-2.0 */
/* The source-route header: build, check, advance, reverse. */
#ifndef _SKYWIRE_ROUTE_H
#define _SKYWIRE_ROUTE_H

#include <skywire/wire.h>

/* Bytes of a header with @count labels, padding included. */
static inline unsigned int sw_route_len(unsigned int count)
{
	return sizeof(struct sw_route) + ((count + 1) & ~1u) * sizeof(__be16);
}

static inline unsigned int sw_route_type(const struct sw_route *r)
{
	return r->version_type & 0xf;
}

/**
 * sw_route_build - write a header at its origin
 * @r: sw_route_len(@count) writable bytes
 * @type: packet type
 * @class: DSCP and ECN
 * @postage: nano coin-hours
 * @flow: keyed hash of the inner flow
 * @labels: labels, first relay first, network byte order
 * @count: number of labels, at most SKYWIRE_LABELS_MAX
 */
static inline void sw_route_build(struct sw_route *r, enum sw_packet_type type,
				  __u8 class, __u32 postage, __u32 flow,
				  const __be16 *labels, unsigned int count)
{
	unsigned int i;

	r->version_type = SW_ROUTE_VERSION << 4 | type;
	r->class = class;
	r->next = 0;
	r->count = count;
	r->postage = __cpu_to_be32(postage);
	r->flow = __cpu_to_be32(flow);
	for (i = 0; i < count; i++)
		r->labels[i] = labels[i];
	if (count & 1)
		r->labels[count] = 0;
}

/**
 * sw_route_check - may this header be used at all?
 * @r: what came out of the AEAD
 * @len: bytes there, header and payload
 *
 * Nothing of the header may be used before this has returned 0. Labels that
 * this node does not consume are not looked at.
 *
 * Return: 0, or the reason (enum skywire_drop) to drop the packet.
 */
static inline int sw_route_check(const struct sw_route *r, unsigned int len)
{
	if (len < sizeof(*r) || r->version_type >> 4 != SW_ROUTE_VERSION)
		return SKYWIRE_DROP_HEADER;
	if (r->count > SKYWIRE_LABELS_MAX || r->next > r->count)
		return SKYWIRE_DROP_HOPS;
	if (len < sw_route_len(r->count))
		return SKYWIRE_DROP_HEADER;
	if (r->count & 1 && r->labels[r->count])
		return SKYWIRE_DROP_HEADER;
	if (sw_route_type(r) > SW_PACKET_ERROR)
		return SKYWIRE_DROP_PACKET_TYPE;
	/* At any further hop it would pass for the neighbour's own. */
	if (sw_route_type(r) == SW_PACKET_DIRECT && r->count)
		return SKYWIRE_DROP_DIRECT_HOPS;
	/* Strangers' messages: every hop has a say in what they cost. */
	if (sw_route_type(r) == SW_PACKET_CONTROL && r->count &&
	    len - sw_route_len(r->count) > SKYWIRE_CONTROL_RELAYED_MAX)
		return SKYWIRE_DROP_CONTROL_SIZE;
	return 0;
}

/* A checked packet with labels left is for another node. */
static inline bool sw_route_is_local(const struct sw_route *r)
{
	return r->next == r->count;
}

/**
 * sw_route_advance - consume this node's label
 * @r: checked header that is not local
 * @ingress: label of the link that the packet came in on
 *
 * The ingress label takes the place of the consumed one, so that what arrives
 * is the way back.
 */
static inline void sw_route_advance(struct sw_route *r, __u16 ingress)
{
	r->labels[r->next++] = __cpu_to_be16(ingress);
}

/**
 * sw_route_reverse - the labels of the way back
 * @r: checked header
 * @labels: room for SKYWIRE_LABELS_MAX, network byte order
 *
 * Return: the number of labels, which is that of the hops passed; the way
 * begins with the link that the packet came in on.
 */
static inline unsigned int sw_route_reverse(const struct sw_route *r,
					    __be16 *labels)
{
	unsigned int i;

	for (i = 0; i < r->next; i++)
		labels[i] = r->labels[r->next - 1 - i];
	return r->next;
}

/**
 * sw_ecn_combine - what a decapsulator makes of two ECN fields (RFC 6040, 4.2)
 * @outer: DS field of the outer header
 * @inner: DS field of the inner header
 *
 * Return: the DS field to go on with, or -1 where the packet must be dropped.
 */
static inline int sw_ecn_combine(__u8 outer, __u8 inner)
{
	enum { NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3, MASK = 3 };

	switch (outer & MASK) {
	case CE:
		return (inner & MASK) == NOT_ECT ? -1 : inner | CE;
	case ECT_1:
		return (inner & MASK) == ECT_0 ? (inner & ~MASK) | ECT_1 : inner;
	default:
		return inner;
	}
}

#endif /* _SKYWIRE_ROUTE_H */
