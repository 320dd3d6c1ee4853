// SPDX-License-Identifier: GPL-2.0
/*
 * flood marked|garbage ADDRESS PORT COUNT KEY: UDP datagrams to an IPv4 address,
 * each from another source in 198.18.0.0/15, as fast as they can be made: with
 * initiations that have the right mac1 (KEY, in hex), or with random bytes after
 * a handshake's first one.
 *
 * flood miss COUNT: datagrams to random addresses in fc00::/8.
 *
 * Prints how many milliseconds that took.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <skywire/handshake.h>

static __u64 seed = 0x5eed5eed5eed5eedull;

static __u64 draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static __u64 rotate(__u64 x, int n)
{
	return x << n | x >> (64 - n);
}

static void sip_rounds(__u64 v[4], int n)
{
	while (n--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

/* SipHash-2-4 of whole words, by a little-endian machine */
static __u64 siphash(const void *data, unsigned int len, const __u64 key[2])
{
	__u64 v[4] = {
		key[0] ^ 0x736f6d6570736575ull, key[1] ^ 0x646f72616e646f6dull,
		key[0] ^ 0x6c7967656e657261ull, key[1] ^ 0x7465646279746573ull,
	};
	__u64 word;
	unsigned int i;

	for (i = 0; i <= len; i += 8) {
		word = (__u64)len << 56;
		if (i < len)
			memcpy(&word, (const char *)data + i, 8);
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 255;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* An IPv4 packet, and in it a datagram with a frame of 96 bytes. */
struct packet {
	struct iphdr	ip;
	struct udphdr	udp;
	__u32		frame[24];
};

static void fill_marked(__u64 *words, const __u64 key[2])
{
	struct sw_frame frame = {
		.type = SW_FRAME_INITIATION, .len = htons(96), .index = draw(),
	};
	unsigned int i;

	memcpy(words, &frame, sizeof(frame));
	for (i = 2; i < 10; i++)
		words[i] = draw();
	words[10] = siphash(words, 80, key);
	words[11] = 0;
}

static void fill_garbage(__u64 *words)
{
	unsigned char *bytes = (unsigned char *)words;
	unsigned int i;

	for (i = 0; i < 12; i++)
		words[i] = draw();
	bytes[0] = 1 + draw() % 3;
	/* Half of them get as far as their MACs. */
	if (draw() % 2) {
		memset(bytes + 8, 0, 8);
		memcpy(bytes + 1, "\0\0\x60", 3);
	}
}

static void parse_key(const char *hex, __u64 key[2])
{
	unsigned char bytes[16];
	unsigned int i, byte;

	for (i = 0; i < 16; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			exit(2);
		bytes[i] = byte;
	}
	memcpy(key, bytes, 16);
}

static void flood_frames(char **argv, int marked)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	long count = atol(argv[4]);
	struct packet p = {};
	__u64 frame[12];
	__u64 key[2];
	int sock;

	parse_key(argv[5], key);
	inet_pton(AF_INET, argv[2], &to.sin_addr);
	sock = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	p.ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(p)), .daddr = to.sin_addr.s_addr,
	};
	p.udp.dest = htons(atoi(argv[3]));
	p.udp.len = htons(sizeof(p) - sizeof(p.ip));
	while (count--) {
		p.ip.saddr = htonl(0xc6120000 | (draw() >> 40 & 0x1ffff));
		p.udp.source = htons(1024 + draw() % 60000);
		if (marked)
			fill_marked(frame, key);
		else
			fill_garbage(frame);
		memcpy(p.frame, frame, sizeof(frame));
		sendto(sock, &p, sizeof(p), 0, (struct sockaddr *)&to,
		       sizeof(to));
	}
	close(sock);
}

static void flood_misses(long count)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_port = htons(9),
	};
	int sock = socket(AF_INET6, SOCK_DGRAM, 0);
	unsigned int i;

	while (count--) {
		for (i = 0; i < 16; i++)
			to.sin6_addr.s6_addr[i] = draw() >> 32;
		to.sin6_addr.s6_addr[0] = 0xfc;
		sendto(sock, "miss", 4, MSG_DONTWAIT, (struct sockaddr *)&to,
		       sizeof(to));
	}
	close(sock);
}

static long milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	long start = milliseconds();

	if (argc == 6 && !strcmp(argv[1], "marked"))
		flood_frames(argv, 1);
	else if (argc == 6 && !strcmp(argv[1], "garbage"))
		flood_frames(argv, 0);
	else if (argc == 3 && !strcmp(argv[1], "miss"))
		flood_misses(atol(argv[2]));
	else
		return 2;
	printf("%ld\n", milliseconds() - start);
	return 0;
}
