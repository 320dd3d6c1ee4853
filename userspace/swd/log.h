/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon tells: lines on standard error, with the priorities in front
 * that systemd takes them by. What others can cause is bounded in number.
 */
#ifndef _SKYWIRE_SWD_LOG_H
#define _SKYWIRE_SWD_LOG_H

#include <syslog.h>

#include "lib/compiler.h"
#include "lib/key.h"

/* @priority: LOG_DEBUG to LOG_ERR; those above @most are not told. */
void log_set(int most, const char *dev);
void log_say(int priority, const char *fmt, ...) __printf(2, 3);

/* The same, of what comes from the network: not more than 20 a second. */
void log_remote(int priority, const char *fmt, ...) __printf(2, 3);

/* The first characters of a key, to be told from others by; in one of 4 buffers. */
const char *log_key(const __u8 key[SW_KEY_LEN]);

#endif /* _SKYWIRE_SWD_LOG_H */
