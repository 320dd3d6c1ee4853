// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event.h"
#include "log.h"

enum {
	REMOTE_MAX	= 20,	/* lines a second */
	KEY_TEXT	= 13,
};

static int level = LOG_INFO;
static const char *device = "";

void log_set(int most, const char *dev)
{
	level = most;
	device = dev;
}

static void say(int priority, const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	if (priority <= LOG_WARNING)
		event_tell(&(struct event) {
			.object = "warning", .what = "said", .text = text
		});
	fprintf(stderr, "<%d>swd: %s%s%s\n", priority, device, *device ? ": " : "",
		text);
}

void log_say(int priority, const char *fmt, ...)
{
	va_list args;

	if (priority > level)
		return;
	va_start(args, fmt);
	say(priority, fmt, args);
	va_end(args);
}

/* One more line in this second? */
static bool allowed(void)
{
	static time_t second;
	static unsigned int count;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != second) {
		second = now.tv_sec;
		count = 0;
	}
	return count++ < REMOTE_MAX;
}

void log_remote(int priority, const char *fmt, ...)
{
	va_list args;

	if (priority > level || !allowed())
		return;
	va_start(args, fmt);
	say(priority, fmt, args);
	va_end(args);
}

const char *log_key(const __u8 key[SW_KEY_LEN])
{
	static char text[4][SW_KEY_TEXT];
	static unsigned int next;
	char *at = text[next++ % 4];

	sw_key_format(at, key);
	at[KEY_TEXT - 1] = '\0';
	return at;
}
