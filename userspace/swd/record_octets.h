/* SPDX-License-Identifier: GPL-2.0 */
/* Big-endian integers at any address. */
#ifndef _SKYWIRE_SWD_RECORD_OCTETS_H
#define _SKYWIRE_SWD_RECORD_OCTETS_H

#include <string.h>

#include <skywire/types.h>

static inline __u16 get16(const __u8 *at)
{
	return (__u16)(at[0] << 8 | at[1]);
}

static inline __u32 get32(const __u8 *at)
{
	return (__u32)get16(at) << 16 | get16(at + 2);
}

static inline __u64 get64(const __u8 *at)
{
	return (__u64)get32(at) << 32 | get32(at + 4);
}

static inline void put16(__u8 *at, __u16 value)
{
	at[0] = value >> 8;
	at[1] = (__u8)value;
}

static inline void put32(__u8 *at, __u32 value)
{
	put16(at, value >> 16);
	put16(at + 2, (__u16)value);
}

static inline void put64(__u8 *at, __u64 value)
{
	put32(at, value >> 32);
	put32(at + 4, (__u32)value);
}

#endif /* _SKYWIRE_SWD_RECORD_OCTETS_H */
