/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints. They see lengths, labels and reasons; never a key, never data. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM skywire

#if !defined(_SKYWIRE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SKYWIRE_TRACE_H

#include <linux/tracepoint.h>
#include "skywire.h"

TRACE_EVENT(drop,
	    TP_PROTO(const struct net_device *dev, const struct sk_buff *skb,
		     unsigned int reason),
	    TP_ARGS(dev, skb, reason),
	    TP_STRUCT__entry(__field(int, ifindex)
			     __field(const void *, skbaddr)
			     __field(unsigned int, len)
			     __field(unsigned int, reason)),
	    TP_fast_assign(__entry->ifindex = dev->ifindex;
			   __entry->skbaddr = skb;
			   __entry->len = skb->len;
			   __entry->reason = reason;),
	    TP_printk("ifindex=%d skbaddr=%p len=%u reason=%u",
		      __entry->ifindex, __entry->skbaddr, __entry->len,
		      __entry->reason)
);

/* A source-routed packet, out of its link's AEAD and checked. */
TRACE_EVENT(receive,
	    TP_PROTO(const struct sw_link *link, const struct sk_buff *skb,
		     const struct sw_route *route),
	    TP_ARGS(link, skb, route),
	    TP_STRUCT__entry(__field(int, ifindex)
			     __field(u16, link)
			     __field(unsigned int, len)
			     __field(u8, type)
			     __field(u8, next)
			     __field(u8, count)),
	    TP_fast_assign(__entry->ifindex = link->sw->dev->ifindex;
			   __entry->link = link->label;
			   __entry->len = skb->len;
			   __entry->type = sw_route_type(route);
			   __entry->next = route->next;
			   __entry->count = route->count;),
	    TP_printk("ifindex=%d link=%u len=%u type=%u next=%u count=%u",
		      __entry->ifindex, __entry->link, __entry->len,
		      __entry->type, __entry->next, __entry->count)
);

TRACE_EVENT(forward,
	    TP_PROTO(const struct sw_link *ingress,
		     const struct sw_link *egress, const struct sk_buff *skb,
		     u32 postage),
	    TP_ARGS(ingress, egress, skb, postage),
	    TP_STRUCT__entry(__field(int, ifindex)
			     __field(u16, ingress)
			     __field(u16, egress)
			     __field(unsigned int, len)
			     __field(u32, postage)),
	    TP_fast_assign(__entry->ifindex = ingress->sw->dev->ifindex;
			   __entry->ingress = ingress->label;
			   __entry->egress = egress->label;
			   __entry->len = skb->len;
			   __entry->postage = postage;),
	    TP_printk("ifindex=%d ingress=%u egress=%u len=%u postage=%u",
		      __entry->ifindex, __entry->ingress, __entry->egress,
		      __entry->len, __entry->postage)
);

/* An inner packet that the IP stack is about to get. */
TRACE_EVENT(deliver,
	    TP_PROTO(const struct sw_peer *peer, const struct sk_buff *skb),
	    TP_ARGS(peer, skb),
	    TP_STRUCT__entry(__field(int, ifindex)
			     __array(u8, peer, 16)
			     __field(unsigned int, len)),
	    TP_fast_assign(__entry->ifindex = peer->sw->dev->ifindex;
			   memcpy(__entry->peer, &peer->address, 16);
			   __entry->len = skb->len;),
	    TP_printk("ifindex=%d peer=%pI6c len=%u", __entry->ifindex,
		      __entry->peer, __entry->len)
);

#endif /* _SKYWIRE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
