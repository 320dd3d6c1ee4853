// SPDX-License-Identifier: GPL-2.0
/*
 * flow: packets at a constant rate from one namespace to another, and how they
 * arrive.
 *
 * flow RATE SECONDS CUT NETNS ADDRESS [ADDRESS]...: from here to ADDRESS in
 * NETNS; RATE 0 is as fast as it goes. After CUT seconds, unless that is 0, what
 * standard input holds is written to file descriptor 3: whoever reads there cuts
 * something. The other addresses get a packet each quarter of a second, which
 * keeps links busy.
 *
 * Prints how many were "sent" and "received", and in microseconds the "time" that
 * took, the longest "gap" between arrivals, and the "rest" of the time, after the
 * last one. Where a rate cannot be kept, it ends after twice as long.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/types.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT		= 7300,
	PAYLOAD		= 1232,	/* 1280 bytes of IPv6 */
	BATCH		= 16,	/* packets sent between looks at those arrived */
};

#define SEC		1000000000ull
#define KEEP_BUSY	(SEC / 4)
/* What is under way when the last packet was sent. */
#define LINGER		(SEC / 50)

struct arrivals {
	__u64	count;
	__u64	last;
	__u64	gap;
};

static __u64 to_ns(const struct timespec *ts)
{
	return ts->tv_sec * SEC + ts->tv_nsec;
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return to_ns(&ts);
}

static void sleep_until(__u64 at)
{
	struct timespec ts = { at / SEC, at % SEC };

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", netns);
	close(fd);
}

static int open_sink(void)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT),
	};
	int fd, on = 1, room = 16 << 20;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (void *)&any, sizeof(any)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		err(1, "sink");
	return fd;
}

static struct sockaddr_in6 address(const char *text)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT),
	};

	if (inet_pton(AF_INET6, text, &to.sin6_addr) != 1)
		errx(1, "not IPv6: %s", text);
	return to;
}

static void emit(int fd, const struct sockaddr_in6 *to, size_t len)
{
	static char payload[PAYLOAD];

	/* While there is no way, the stack says so; that is what is measured. */
	sendto(fd, payload, len, 0, (const void *)to, sizeof(*to));
}

static void note(struct arrivals *a, __u64 at)
{
	if (a->count && at > a->last && at - a->last > a->gap)
		a->gap = at - a->last;
	a->last = at;
	a->count++;
}

/* The kernel says when a packet came, however late it is looked at. */
static void take(int fd, struct arrivals *a)
{
	static char byte[BATCH], control[BATCH][64];
	static struct mmsghdr msg[BATCH];
	static struct iovec iov[BATCH];
	struct timespec ts;
	struct cmsghdr *c;
	int i, n;

	do {
		for (i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ &byte[i], 1 };
			msg[i].msg_hdr = (struct msghdr){
				.msg_iov = &iov[i],
				.msg_iovlen = 1,
				.msg_control = control[i],
				.msg_controllen = sizeof(control[i]),
			};
		}
		n = recvmmsg(fd, msg, BATCH, MSG_DONTWAIT, NULL);
		for (i = 0; i < n; i++) {
			c = CMSG_FIRSTHDR(&msg[i].msg_hdr);
			if (!c || c->cmsg_type != SO_TIMESTAMPNS)
				errx(1, "no time stamp");
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			note(a, to_ns(&ts));
		}
	} while (n == BATCH);
}

int main(int argc, char *argv[])
{
	__u64 start, end, at, now, sent = 0, tended = 0;
	struct arrivals arrivals = {};
	struct sockaddr_in6 *to;
	int i, n, source, sink;
	double rate, seconds, cut;
	char word[200];
	ssize_t len;

	if (argc < 6)
		errx(2, "usage: flow RATE SECONDS CUT NETNS ADDRESS [ADDRESS]...");
	rate = atof(argv[1]);
	seconds = atof(argv[2]);
	cut = atof(argv[3]);
	len = cut ? read(0, word, sizeof(word)) : 0;
	n = argc - 5;
	to = calloc(n, sizeof(*to));
	if (!to)
		err(1, "addresses");
	for (i = 0; i < n; i++)
		to[i] = address(argv[5 + i]);
	prctl(PR_SET_TIMERSLACK, 1);
	source = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (source < 0)
		err(1, "source");
	enter(argv[4]);
	sink = open_sink();

	start = now_ns();
	end = start + seconds * SEC;
	for (;;) {
		now = now_ns();
		at = rate ? start + sent * SEC / rate : now;
		if (at >= end || now > end + (end - start))
			break;
		if (now < at)
			sleep_until(at);
		emit(source, &to[0], PAYLOAD);
		/* Each in its turn, lest all of them are probed at once. */
		for (; n > 1 && start + tended * KEEP_BUSY / (n - 1) <= now; tended++)
			emit(source, &to[1 + tended % (n - 1)], 8);
		if (len && now >= start + cut * SEC) {
			if (write(3, word, len) != len)
				err(1, "cut");
			len = 0;
		}
		if (++sent % BATCH == 0)
			take(sink, &arrivals);
	}
	end = now_ns();
	sleep_until(end + LINGER);
	take(sink, &arrivals);
	printf("sent %llu received %llu time %llu gap %llu rest %llu\n", sent,
	       arrivals.count, (end - start) / 1000, arrivals.gap / 1000,
	       end > arrivals.last ? (end - arrivals.last) / 1000 : 0);
	return 0;
}
