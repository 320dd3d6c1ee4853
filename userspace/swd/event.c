// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "event.h"

static void (*listener)(void *arg, const struct event *event);
static void *listener_arg;

void event_listen(void (*fn)(void *arg, const struct event *event), void *arg)
{
	listener = fn;
	listener_arg = arg;
}

void event_tell(const struct event *event)
{
	if (listener)
		listener(listener_arg, event);
}
