/* SPDX-License-Identifier: GPL-2.0 */
/* Which addresses a prefix holds. */
#ifndef _SKYWIRE_PREFIX_H
#define _SKYWIRE_PREFIX_H

#include <skywire/types.h>

/**
 * struct sw_prefix_name - how a prefix is found
 * @addr: address, network byte order; host bits and unused bytes are zero
 * @family: AF_INET or AF_INET6
 * @len: bits of @addr that count
 * @zero: 0
 *
 * A prefix holds an address if the name that this has with the prefix's length is the
 * prefix's. All bytes are compared.
 */
struct sw_prefix_name {
	__u8	addr[16];
	__u8	family;
	__u8	len;
	__u16	zero;
};

/**
 * sw_prefix_name - name the prefix of a length that holds an address
 * @name: result
 * @family: AF_INET or AF_INET6
 * @addr: 4 or 16 bytes, network byte order
 * @len: bits, at most all of @addr
 */
static inline void sw_prefix_name(struct sw_prefix_name *name, __u8 family,
				  const void *addr, __u8 len)
{
	memset(name, 0, sizeof(*name));
	memcpy(name->addr, addr, (len + 7) / 8);
	if (len % 8)
		name->addr[len / 8] &= 0xff << (8 - len % 8);
	name->family = family;
	name->len = len;
}

#endif /* _SKYWIRE_PREFIX_H */
