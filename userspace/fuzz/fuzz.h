/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets share. A target is fuzz_one(), which reads its input as
 * numbers and operations, and compares what the code does with what a simpler
 * description of it says. The input that breaks one is a test from then on: it
 * belongs into corpus/.
 */
#ifndef _SKYWIRE_FUZZ_H
#define _SKYWIRE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <skywire/types.h>

/* libFuzzer calls it LLVMFuzzerTestOneInput, which the Makefile makes of it. */
int fuzz_one(const __u8 *data, size_t len);

#define require(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
				__FILE__, __LINE__, #what);		\
			abort();					\
		}							\
	} while (0)

struct input {
	const __u8	*data;
	size_t		left;
};

/* The next bytes; zeros where there are no more. */
static inline void take(struct input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(to, 0, len);
	if (n)
		memcpy(to, in->data, n);
	in->data += n;
	in->left -= n;
}

static inline __u8 take_u8(struct input *in)
{
	__u8 v;

	take(in, &v, sizeof(v));
	return v;
}

static inline __u16 take_u16(struct input *in)
{
	__u16 v;

	take(in, &v, sizeof(v));
	return v;
}

static inline __u32 take_u32(struct input *in)
{
	__u32 v;

	take(in, &v, sizeof(v));
	return v;
}

static inline __u64 take_u64(struct input *in)
{
	__u64 v;

	take(in, &v, sizeof(v));
	return v;
}

/* A number of any magnitude: few bits as likely as many. */
static inline __u64 take_any(struct input *in)
{
	unsigned int shift = take_u8(in) % 64;

	return take_u64(in) >> shift;
}

/* A copy that ends where the data does, so that an access beyond is seen. */
static inline void *copy_of(const void *data, size_t len)
{
	void *copy = malloc(len ?: 1);

	require(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* The same as text */
static inline char *text_of(const void *data, size_t len)
{
	char *text = malloc(len + 1);

	require(text);
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

#endif /* _SKYWIRE_FUZZ_H */
