/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens, for who wants to follow it. Parts tell it where it happens, as they
 * log; at most one listens, and where none does it costs nothing.
 */
#ifndef _SKYWIRE_SWD_EVENT_H
#define _SKYWIRE_SWD_EVENT_H

#include "lib/key.h"

struct event {
	const char	*object;	/* what it happens to, ... */
	const char	*what;		/* ... and what that is, a word each */
	const __u8	*key;		/* whose it is, or NULL */
	__u16		label;		/* of a link, or 0 */
	const char	*text;		/* or NULL */
};

/* @fn: called with @arg for each; NULL for not any more. It must not tell any. */
void event_listen(void (*fn)(void *arg, const struct event *event), void *arg);

void event_tell(const struct event *event);

#endif /* _SKYWIRE_SWD_EVENT_H */
