// SPDX-License-Identifier: GPL-2.0
/* The table of transports. A new one is an entry here and a file of its own. */
#include "skywire.h"

static const struct sw_transport *const transports[] = {
	&sw_udp,
};

const struct sw_transport *sw_transport_find(enum skywire_transport id)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(transports); i++)
		if (transports[i]->id == id)
			return transports[i];
	return NULL;
}

/* Close all transports of a device; sw_mutex held. */
void sw_transports_close(struct sw_device *sw)
{
	int i;

	for (i = ARRAY_SIZE(transports) - 1; i >= 0; i--)
		transports[i]->close(sw);
}

/* Open all transports of a device, or none; sw_mutex held. */
int sw_transports_open(struct sw_device *sw)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(transports); i++) {
		err = transports[i]->open(sw);
		if (err)
			goto err_close;
	}
	return 0;

err_close:
	while (i--)
		transports[i]->close(sw);
	return err;
}
