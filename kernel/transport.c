// SPDX-License-Identifier: GPL-2.0
/* The table of transports. A new one is an entry here and a file of its own. */
#include "skywire.h"

static const struct sw_transport *const transports[] = {
	&sw_udp,
	&sw_ether,
};

/* So that nobody can have an address that passes for another one. */
u32 sw_address_secret __ro_after_init;

static void exit_first(int n)
{
	while (n--)
		if (transports[n]->exit)
			transports[n]->exit();
}

int __init sw_transports_init(void)
{
	int i, err;

	sw_address_secret = get_random_u32();
	for (i = 0; i < ARRAY_SIZE(transports); i++) {
		err = transports[i]->init ? transports[i]->init() : 0;
		if (err) {
			exit_first(i);
			return err;
		}
	}
	return 0;
}

void sw_transports_exit(void)
{
	exit_first(ARRAY_SIZE(transports));
}

const struct sw_transport *sw_transport_find(enum skywire_transport id)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(transports); i++)
		if (transports[i]->id == id)
			return transports[i];
	return NULL;
}

/* All attributes that are some transport's. */
u64 sw_transport_attrs(void)
{
	u64 attrs = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(transports); i++)
		attrs |= transports[i]->attrs;
	return attrs;
}

static void close_first(void **opened, int n)
{
	while (n--)
		if (opened[n])
			transports[n]->close(opened[n]);
	/* Receivers may be using the device; not every close waits. */
	synchronize_net();
}

/* Use what is @opened from now on, and close what was in use until now. */
static void replace_opened(struct sw_device *sw, void **opened)
{
	bool was_open = sw_is_open(sw, transports[0]);
	int i;

	for (i = 0; i < ARRAY_SIZE(transports); i++)
		opened[i] = rcu_replace_pointer(sw->opened[transports[i]->id],
						opened[i],
						lockdep_is_held(&sw_mutex));
	if (!was_open)
		return;
	/* Senders may be using it. */
	synchronize_net();
	close_first(opened, ARRAY_SIZE(transports));
}

/* Close all transports of a device; sw_mutex held. */
void sw_transports_close(struct sw_device *sw)
{
	void *none[ARRAY_SIZE(transports)] = {};

	replace_opened(sw, none);
}

/* Open all transports in @net, in the place of those that are; or none. */
static int open_in(struct sw_device *sw, struct net *net, u16 port)
{
	void *opened[ARRAY_SIZE(transports)];
	int i;

	for (i = 0; i < ARRAY_SIZE(transports); i++) {
		opened[i] = transports[i]->open(sw, net, &port);
		if (IS_ERR(opened[i])) {
			close_first(opened, i);
			return PTR_ERR(opened[i]);
		}
	}
	sw->port = port;
	replace_opened(sw, opened);
	return 0;
}

static int open_all(struct sw_device *sw, u16 port)
{
	struct net *net;
	int err;

	rcu_read_lock();
	net = rcu_dereference(sw->net);
	net = net ? maybe_get_net(net) : NULL;
	rcu_read_unlock();
	if (!net)
		return -ENONET;
	err = open_in(sw, net, port);
	put_net(net);
	return err;
}

/* Open all transports of a device, or none; sw_mutex held. */
int sw_transports_open(struct sw_device *sw)
{
	return open_all(sw, sw->port);
}

/**
 * sw_transports_set_port - change a device's port
 * @sw: device, which goes on with the new port where it is open
 * @port: new port, 0 for the kernel's choice
 *
 * Under sw_mutex.
 *
 * Return: 0, or -errno, and all is as it was.
 */
int sw_transports_set_port(struct sw_device *sw, u16 port)
{
	if (sw_is_open(sw, transports[0]))
		return open_all(sw, port);
	sw->port = port;
	return 0;
}
