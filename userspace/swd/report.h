/* SPDX-License-Identifier: GPL-2.0 */
/* What the daemon's parts know, as JSON. */
#ifndef _SKYWIRE_SWD_REPORT_H
#define _SKYWIRE_SWD_REPORT_H

#include <jansson.h>

#include "event.h"
#include "neighbours.h"
#include "network.h"
#include "sessions.h"

struct report {
	const char			*dev;
	const struct sw_identity	*self;
	const struct config		*config;
	struct neighbours		*neighbours;
	struct network			*network;
	struct sessions			*sessions;
	__u64				now;
};

/* @words: what is asked for. Return: a new reference; NULL without memory. */
json_t *report(const struct report *r, char *const words[]);
/* The same of what happens. */
json_t *report_event(const struct event *event);
/* Of what is said of files, or cut: it may be no UTF-8, and JSON has to be. */
json_t *report_text(const char *text);

#endif /* _SKYWIRE_SWD_REPORT_H */
