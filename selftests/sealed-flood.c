// SPDX-License-Identifier: GPL-2.0
/*
 * sealed-flood FD COUNT INDEX COUNTER [INDEX COUNTER]: seals so many packets, and sends
 * them out of the socket as fast as that takes them. Standard input has packets,
 * each after its length in 16 bits, big-endian, which are used over and again.
 *
 * sealed-flood FD COUNT INDEX COUNTER headers|garbage SEED [BASE RATE]: the same with
 * random source-route headers, of all values of next and count, and of the label that
 * is looked up, with any postage; or with bytes that no key has sealed. Prints how many
 * of each kind there are as well: what becomes of them, by the protocol's own rules,
 * where passing one on costs BASE, and RATE for each MiB; and what all pay together.
 *
 * INDEX names the link's key, COUNTER is the first frame's. Where a second pair is
 * given, it is a session's, in whose frame what follows the source-route header is
 * sealed as well. Prints the milliseconds that the sending took.
 *
 * The cipher is here because the kernel's, by AF_ALG, takes several times as long
 * for packets this small.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <skywire/route.h>

#include "kselftest.h"

enum {
	PACKETS_MAX	= 65536,
	BATCH		= 64,
	ROOM		= 65536,
};

/* chacha20-poly1305; the key itself is its index, as in all tests here. */
struct key {
	__u32	index;
	__u64	counter;
};

struct packet {
	unsigned int	len;
	__u8		*data;
};

static struct packet packets[PACKETS_MAX];

static void *get(size_t size)
{
	void *p = malloc(size);

	if (!p)
		err(1, "malloc");
	return p;
}

static __u32 rotate(__u32 v, int n)
{
	return v << n | v >> (32 - n);
}

static void quarter(__u32 *s, int a, int b, int c, int d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

/* A block of ChaCha20's stream (RFC 8439, 2.3) */
static void chacha(const struct key *key, __u32 block, __u8 *out)
{
	__u32 start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	__u32 s[16], word;
	int i;

	/* The tests' keys: their index, as a number as long as the key */
	start[11] = htobe32(key->index);
	start[12] = block;
	start[14] = htobe32(key->counter >> 32);
	start[15] = htobe32((__u32)key->counter);
	memcpy(s, start, sizeof(s));
	for (i = 0; i < 10; i++) {
		quarter(s, 0, 4, 8, 12);
		quarter(s, 1, 5, 9, 13);
		quarter(s, 2, 6, 10, 14);
		quarter(s, 3, 7, 11, 15);
		quarter(s, 0, 5, 10, 15);
		quarter(s, 1, 6, 11, 12);
		quarter(s, 2, 7, 8, 13);
		quarter(s, 3, 4, 9, 14);
	}
	for (i = 0; i < 16; i++) {
		word = htole32(s[i] + start[i]);
		memcpy(out + 4 * i, &word, sizeof(word));
	}
}

/* Poly1305 (RFC 8439, 2.5), in limbs of 44, 44 and 42 bits */
struct poly {
	__u64	r[3];
	__u64	h[3];
};

#define LIMB	((1ull << 44) - 1)
#define TOP	((1ull << 42) - 1)

static __u64 word(const __u8 *p)
{
	__u64 v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void split(__u64 *limbs, __u64 low, __u64 high)
{
	limbs[0] = low & LIMB;
	limbs[1] = (low >> 44 | high << 20) & LIMB;
	limbs[2] = high >> 24;
}

static void poly_block(struct poly *p, const __u8 *block)
{
	__u64 m[3], *h = p->h, *r = p->r;
	__uint128_t d[3];
	__u64 s[3] = { 0, 20 * r[1], 20 * r[2] };
	int i;

	split(m, word(block), word(block + 8));
	m[2] |= 1ull << 40;
	for (i = 0; i < 3; i++)
		h[i] += m[i];
	d[0] = (__uint128_t)h[0] * r[0] +
	       (__uint128_t)h[1] * s[2] + (__uint128_t)h[2] * s[1];
	d[1] = (__uint128_t)h[0] * r[1] +
	       (__uint128_t)h[1] * r[0] + (__uint128_t)h[2] * s[2];
	d[2] = (__uint128_t)h[0] * r[2] +
	       (__uint128_t)h[1] * r[1] + (__uint128_t)h[2] * r[0];
	h[0] = (__u64)d[0] & LIMB;
	d[1] += (__u64)(d[0] >> 44);
	h[1] = (__u64)d[1] & LIMB;
	d[2] += (__u64)(d[1] >> 44);
	h[2] = (__u64)d[2] & TOP;
	h[0] += 5 * (__u64)(d[2] >> 42);
	h[1] += h[0] >> 44;
	h[0] &= LIMB;
}

/* Each part is padded to whole blocks. */
static void poly_add(struct poly *p, const __u8 *data, unsigned int len)
{
	__u8 last[16] = {};

	for (; len >= 16; len -= 16, data += 16)
		poly_block(p, data);
	if (!len)
		return;
	memcpy(last, data, len);
	poly_block(p, last);
}

/* Carry, reduce, and add the key's second half. */
static void poly_end(struct poly *p, const __u8 *pad, __u8 *tag)
{
	__u64 *h = p->h, g[3], low, high;
	__uint128_t sum;
	int i;

	for (i = 0; i < 2; i++) {
		h[1] += h[0] >> 44;
		h[0] &= LIMB;
		h[2] += h[1] >> 44;
		h[1] &= LIMB;
		h[0] += 5 * (h[2] >> 42);
		h[2] &= TOP;
	}
	h[1] += h[0] >> 44;
	h[0] &= LIMB;
	g[0] = h[0] + 5;
	g[1] = h[1] + (g[0] >> 44);
	g[2] = h[2] + (g[1] >> 44);
	if (g[2] >> 42) {
		h[0] = g[0] & LIMB;
		h[1] = g[1] & LIMB;
		h[2] = g[2] & TOP;
	}
	sum = (__uint128_t)(h[0] | h[1] << 44) + word(pad);
	low = htole64((__u64)sum);
	high = htole64((h[1] >> 20 | h[2] << 24) + word(pad + 8) +
		       (__u64)(sum >> 64));
	memcpy(tag, &low, sizeof(low));
	memcpy(tag + 8, &high, sizeof(high));
}

/* Seal in place (RFC 8439, 2.8); the tag follows. */
static void seal(const struct key *key, __u8 *head, unsigned int head_len,
		 unsigned int len)
{
	__u64 sizes[2] = { htole64(head_len), htole64(len) };
	__u8 stream[64], once[64], *text = head + head_len;
	struct poly poly = {};
	unsigned int i;

	chacha(key, 0, once);
	for (i = 0; i < len; i++) {
		if (i % 64 == 0)
			chacha(key, 1 + i / 64, stream);
		text[i] ^= stream[i % 64];
	}
	split(poly.r, word(once) & 0x0ffffffc0fffffffull,
	      word(once + 8) & 0x0ffffffc0ffffffcull);
	poly_add(&poly, head, head_len);
	poly_add(&poly, text, len);
	poly_add(&poly, (__u8 *)sizes, sizeof(sizes));
	poly_end(&poly, once + 16, text + len);
}

/* What a source-route header is followed by, into a session frame. */
static unsigned int seal_session(struct key *key, __u8 *packet,
				 unsigned int len)
{
	unsigned int skip = sw_route_len(((struct sw_route *)packet)->count);
	struct sw_session *s = (void *)(packet + skip);

	memmove(s + 1, s, len - skip);
	s->index = htobe32(key->index);
	s->counter = htobe64(key->counter);
	seal(key, (__u8 *)s, sizeof(*s), len - skip);
	key->counter++;
	return len + SW_SESSION_OVERHEAD;
}

/* --- random headers ------------------------------------------------------ */

enum {
	HEADER		= 12,
	LABELS		= 24,
	RELAYED		= 512,	/* bytes of a CONTROL packet over relays */
};

static __u64 random_state;

static __u64 draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dull;
}

static unsigned int below(unsigned int n)
{
	return (draw() >> 32) * n >> 32;
}

/* @len: rounded up to whole words */
static __u8 *get_random(unsigned int len)
{
	unsigned int at;
	__u8 *bytes;
	__u64 word;

	len = (len + 7) / 8 * 8;
	bytes = get(len);
	for (at = 0; at < len; at += 8) {
		word = draw();
		memcpy(bytes + at, &word, 8);
	}
	return bytes;
}

static const char *const kinds[] = {
	"header", "hops", "packet-type", "direct-hops", "control-size",
	"local-data", "local-control", "local-direct", "local-echo", "local-error",
	"forwarded", "u-turn", "no-label", "postage", "auth",
};

enum { TYPES = 5, KINDS = ARRAY_SIZE(kinds) };
enum { LOCAL = 5, FORWARDED = LOCAL + TYPES, U_TURN, NO_LABEL, POSTAGE, AUTH };

static unsigned int tally[KINDS];
static struct {
	__u32	base;
	__u32	rate;	/* for each MiB */
	__u64	paid;
} price;

/* Which kind of packet it is to a relay with the links 10, 20 and 30, of which 20
 * alone leads to another node than the one that sends.
 */
static unsigned int kind_of(const __u8 *p, unsigned int len)
{
	unsigned int type = p[0] & 15, next = p[2], count = p[3], label;
	unsigned int head = HEADER + 2 * (count + count % 2);
	__u32 postage;
	__u64 fee;

	if (p[0] >> 4 != 1)
		return 0;
	if (count > LABELS || next > count)
		return 1;
	if (len < head || (count % 2 && (p[head - 2] || p[head - 1])))
		return 0;
	if (type >= TYPES)
		return 2;
	if (type == SW_PACKET_DIRECT && count)
		return 3;
	if (type == SW_PACKET_CONTROL && count && len - head > RELAYED)
		return 4;
	if (next == count)
		return LOCAL + type;
	label = p[HEADER + 2 * next] << 8 | p[HEADER + 2 * next + 1];
	if (label == 10 || label == 30)
		return U_TURN;
	if (label != 20)
		return NO_LABEL;
	memcpy(&postage, p + 4, sizeof(postage));
	fee = price.base + ((__u64)(len - head) * price.rate + (1 << 20) - 1) / (1 << 20);
	if (fee > be32toh(postage))
		return POSTAGE;
	price.paid += fee;
	return FORWARDED;
}

/*
 * A third each: next and count take all their values in turn; those that they may have,
 * where all else may be wrong; or the label that is looked up takes all its values.
 */
enum { THIRD = 1 << 16, ALL = 3 * THIRD };

/* Of the types that have labels, if they must. */
static __u8 draw_type(bool labels)
{
	static const __u8 routed[] = {
		SW_PACKET_DATA, SW_PACKET_CONTROL, SW_PACKET_ECHO, SW_PACKET_ERROR,
	};

	if (labels)
		return routed[below(sizeof(routed))];
	return below(below(4) ? TYPES : 16);
}

static void draw_labels(__u8 *b, unsigned int head, unsigned int len)
{
	static const __u8 known[] = { 10, 20, 20, 20, 30, 21 };
	unsigned int at;

	for (at = HEADER; at < head && at + 2 <= len; at += 2) {
		if (!below(8))
			continue;
		b[at] = 0;
		b[at + 1] = known[below(sizeof(known))];
	}
}

static struct packet draw_packet(unsigned int i)
{
	unsigned int at, head, len, next = i & 255, count = i >> 8 & 255;
	bool looked_up = i >= 2 * THIRD, wild = i >= THIRD && !looked_up;
	__u8 *b;

	if (looked_up) {
		count = 1 + count % LABELS;
		next %= count;
	} else if (wild) {
		count %= LABELS + 1;
		next %= count + 1;
	}
	head = HEADER + 2 * (count + count % 2);
	len = head + (looked_up || below(8) ? below(64) : below(700));
	/* Some are cut short, but for the least that a packet has. */
	if (!looked_up && !below(16))
		len = HEADER + below(len - HEADER + 1);
	b = get_random(len);
	if (!wild || below(10))
		b[0] = 1 << 4 | draw_type(looked_up);
	b[2] = next;
	b[3] = count;
	draw_labels(b, head, len);
	at = HEADER + 2 * next;
	if (looked_up) {
		b[at] = i >> 8;
		b[at + 1] = i;
	}
	if (count % 2 && head <= len && (looked_up || below(8)))
		memset(b + head - 2, 0, 2);
	return (struct packet){ len, b };
}

/* As if it were sealed: nobody can tell before it is opened. */
static struct packet make_garbage(struct key *link)
{
	unsigned int len = SW_FRAME_MIN + below(400);
	struct packet made = { len, get_random(len) };
	struct sw_frame *frame = (void *)made.data;

	*frame = (struct sw_frame) {
		.type		= SW_FRAME_DATA,
		.len		= htobe16(len),
		.index		= htobe32(link->index),
		.counter	= htobe64(link->counter++),
	};
	tally[AUTH]++;
	return made;
}

static struct packet make(const struct packet *from, struct key *link,
			  struct key *session)
{
	static __u8 room[ROOM];
	struct sw_frame *frame = (void *)room;
	unsigned int len = from->len;
	struct packet made;

	memcpy(frame + 1, from->data, len);
	if (session->index)
		len = seal_session(session, room + sizeof(*frame), len);
	made.len = len + SW_LINK_OVERHEAD;
	*frame = (struct sw_frame) {
		.type		= SW_FRAME_DATA,
		.len		= htobe16(made.len),
		.index		= htobe32(link->index),
		.counter	= htobe64(link->counter),
	};
	seal(link, room, sizeof(*frame), len);
	link->counter++;
	made.data = get(made.len);
	memcpy(made.data, room, made.len);
	return made;
}

static struct packet make_random(struct key *link, unsigned int i)
{
	struct packet packet = draw_packet(i), made;
	struct key none = {};

	tally[kind_of(packet.data, packet.len)]++;
	made = make(&packet, link, &none);
	free(packet.data);
	return made;
}

static unsigned int read_packets(void)
{
	unsigned int n = 0;
	__u16 len;

	for (; n < PACKETS_MAX && fread(&len, sizeof(len), 1, stdin); n++) {
		packets[n].len = be16toh(len);
		packets[n].data = get(packets[n].len);
		if (packets[n].len < sizeof(struct sw_route) ||
		    packets[n].len > ROOM - 128 ||
		    !fread(packets[n].data, packets[n].len, 1, stdin))
			errx(1, "packet %u", n);
	}
	if (!n)
		errx(1, "no packets");
	return n;
}

static void send_all(int fd, struct packet *frames, unsigned int count)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	struct mmsghdr msgs[BATCH] = {};
	struct iovec iov[BATCH];
	unsigned int i, n, done = 0;
	int sent;

	while (done < count) {
		n = count - done < BATCH ? count - done : BATCH;
		for (i = 0; i < n; i++) {
			iov[i].iov_base = frames[done + i].data;
			iov[i].iov_len = frames[done + i].len;
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
		}
		sent = sendmmsg(fd, msgs, n, 0);
		if (sent > 0)
			done += sent;
		else if (errno == EAGAIN)
			poll(&room, 1, 1000);
		else if (errno != ENOBUFS && errno != EINTR)
			err(1, "send");
	}
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct key link = {}, session = {};
	unsigned int i, n, count, step;
	struct packet *frames;
	bool headers, garbage;
	__u64 start;

	if (argc != 5 && argc != 7 && argc != 9)
		errx(2, "usage: see above");
	headers = argc >= 7 && !strcmp(argv[5], "headers");
	garbage = argc >= 7 && !strcmp(argv[5], "garbage");
	count = strtoul(argv[2], NULL, 0);
	link.index = strtoul(argv[3], NULL, 0);
	link.counter = strtoull(argv[4], NULL, 0);
	if (headers || garbage) {
		random_state = strtoull(argv[6], NULL, 0) * 2 + 1;
		price.base = argc == 9 ? strtoul(argv[7], NULL, 0) : 0;
		price.rate = argc == 9 ? strtoul(argv[8], NULL, 0) : 0;
	} else if (argc == 7) {
		session.index = strtoul(argv[5], NULL, 0);
		session.counter = strtoull(argv[6], NULL, 0);
	}
	n = headers || garbage ? 0 : read_packets();
	frames = get(count * sizeof(*frames));
	/* Fewer than all are spread over all. */
	step = count < ALL ? ALL / count | 1 : 1;
	for (i = 0; i < count; i++)
		frames[i] = headers ? make_random(&link, i * step % ALL) :
			    garbage ? make_garbage(&link) :
				      make(&packets[i % n], &link, &session);
	start = now_ms();
	send_all(atoi(argv[1]), frames, count);
	printf("%llu\n", (unsigned long long)(now_ms() - start));
	for (i = 0; i < KINDS; i++)
		if (tally[i])
			printf("%s %u\n", kinds[i], tally[i]);
	if (headers)
		printf("paid %llu\n", price.paid);
	return 0;
}
