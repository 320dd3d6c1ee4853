/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people type: numbers, addresses, endpoints, prefixes, labels. Each
 * takes the whole text or nothing, returns 0 or a negative errno, and says in
 * @err what is wrong.
 */
#ifndef _SKYWIRE_LIB_PARSE_H
#define _SKYWIRE_LIB_PARSE_H

#include <net/if.h>

#include <skywire/types.h>
#include <linux/skywire.h>

#include "error.h"

struct sw_addr {
	__u8	bytes[16];	/* network byte order */
	__u8	len;		/* 4 or 16; of an endpoint, 6 for Ethernet too */
};

struct sw_endpoint {
	struct sw_addr	addr;
	__u16		port;	/* 0 on Ethernet */
	char		zone[IF_NAMESIZE];	/* empty where there was none */
};

struct sw_prefix {
	struct sw_addr	addr;
	__u8		length;
};

struct sw_labels {
	__be16		label[SKYWIRE_LABELS_MAX];
	unsigned int	count;
};

/* Decimal, or hexadecimal after 0x. */
int sw_parse_uint(const char *text, __u64 min, __u64 max, __u64 *value,
		  struct sw_error *err);

int sw_parse_addr(const char *text, struct sw_addr *addr, struct sw_error *err);

/*
 * ADDR:PORT or [ADDR6]:PORT or [ADDR6%IFNAME]:PORT, or an Ethernet address as
 * XX:XX:XX:XX:XX:XX; names are not looked up.
 */
int sw_parse_endpoint(const char *text, struct sw_endpoint *ep,
		      struct sw_error *err);

/* ADDR/LEN, or ADDR for a single address. */
int sw_parse_prefix(const char *text, struct sw_prefix *prefix,
		    struct sw_error *err);

/* L,L,L or "none". */
int sw_parse_labels(const char *text, struct sw_labels *labels,
		    struct sw_error *err);

#endif /* _SKYWIRE_LIB_PARSE_H */
