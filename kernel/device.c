// SPDX-License-Identifier: GPL-2.0
/*
 * The net_device: its life, its namespace, its operations.
 *
 * Deletion takes everything out under rtnl and sw_mutex; what packets in
 * flight still use pins the net_device, so that its memory, and the module,
 * stay until the last of them is done.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>
#include "compat.h"
#include "skywire.h"

/* Guards all configuration of all devices. Nests inside rtnl. */
DEFINE_MUTEX(sw_mutex);

/* All devices of all namespaces; sw_mutex. */
LIST_HEAD(sw_devices);

static struct rtnl_link_ops link_ops;

/**
 * sw_device_find - a device by index or name
 * @net: namespace
 * @ifindex: interface index, or 0
 * @name: where there is no index
 *
 * Under sw_mutex, which keeps the device too.
 *
 * Return: the device or NULL.
 */
struct sw_device *sw_device_find(struct net *net, int ifindex,
				 const char *name)
{
	struct sw_device *sw;

	list_for_each_entry(sw, &sw_devices, node) {
		if (!net_eq(dev_net(sw->dev), net))
			continue;
		if (ifindex ? sw->dev->ifindex == ifindex :
			      !strcmp(sw->dev->name, name))
			return sw;
	}
	return NULL;
}

static int sw_open_dev(struct net_device *dev)
{
	struct in_device *dev4 = __in_dev_get_rtnl(dev);
	struct inet6_dev *dev6 = __in6_dev_get(dev);
	struct sw_device *sw = netdev_priv(dev);
	int err;

	/* Nodes behind one device need not have a path to each other. The
	 * namespace's setting would override the device's.
	 */
	if (dev4) {
		IN_DEV_CONF_SET(dev4, SEND_REDIRECTS, false);
		IPV4_DEVCONF_ALL(dev_net(dev), SEND_REDIRECTS) = false;
	}
	/* Addresses are keys' or the administrator's. */
	if (dev6)
		dev6->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	mutex_lock(&sw_mutex);
	err = sw_transports_open(sw);
	/* The port may have been the kernel's choice. */
	if (!err)
		sw_notify_device(sw, SKYWIRE_CMD_DEV_NTF);
	mutex_unlock(&sw_mutex);
	return err;
}

static int sw_stop_dev(struct net_device *dev)
{
	mutex_lock(&sw_mutex);
	sw_transports_close(netdev_priv(dev));
	mutex_unlock(&sw_mutex);
	sw_miss_flush(netdev_priv(dev));
	return 0;
}

static void free_stats(struct sw_device *sw)
{
	free_percpu(sw->stats);
	free_percpu(sw->dev->tstats);
}

static int alloc_stats(struct sw_device *sw)
{
	int cpu;

	sw->dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	sw->stats = alloc_percpu_gfp(struct sw_stats, GFP_KERNEL_ACCOUNT);
	if (!sw->dev->tstats || !sw->stats) {
		free_stats(sw);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(sw->stats, cpu)->syncp);
	return 0;
}

static int sw_init_dev(struct net_device *dev)
{
	struct sw_device *sw = netdev_priv(dev);
	int err;

	netdev_lockdep_set_classes(dev);
	err = alloc_stats(sw);
	if (err)
		return err;
	err = sw_prefix_table_init(&sw->prefixes);
	if (err)
		goto err_stats;
	err = gro_cells_init(&sw->gro, dev);
	if (err)
		goto err_prefixes;
	pr_debug("device %p created\n", sw);
	return 0;

err_prefixes:
	sw_prefix_table_destroy(&sw->prefixes);
err_stats:
	free_stats(sw);
	return err;
}

static void sw_uninit_dev(struct net_device *dev)
{
	struct sw_device *sw = netdev_priv(dev);
	struct sw_link *link, *next_link;
	struct sw_peer *peer, *next_peer;

	mutex_lock(&sw_mutex);
	list_del_rcu(&sw->node);
	list_for_each_entry_safe(peer, next_peer, &sw->peers, node)
		sw_peer_delete(peer);
	list_for_each_entry_safe(link, next_link, &sw->links, node)
		sw_link_delete(link);
	sw_notify_device(sw, SKYWIRE_CMD_DEV_DEL_NTF);
	mutex_unlock(&sw_mutex);
	sw_upcalls_forget(sw);
	sw_control_exit(sw);
	sw_miss_exit(sw);
	gro_cells_destroy(&sw->gro);
}

/* The last reference to the net_device has gone, and with it all users. */
static void sw_destruct(struct net_device *dev)
{
	struct sw_device *sw = netdev_priv(dev);

	sw_prefix_table_destroy(&sw->prefixes);
	sw_labels_free(sw);
	free_stats(sw);
	pr_debug("device %p destroyed\n", sw);
}

static const struct net_device_ops netdev_ops = {
	.ndo_init		= sw_init_dev,
	.ndo_uninit		= sw_uninit_dev,
	.ndo_open		= sw_open_dev,
	.ndo_stop		= sw_stop_dev,
	.ndo_start_xmit		= sw_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
};

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->version, THIS_MODULE->version ?: "",
		sizeof(info->version));
}

static const struct ethtool_ops ethtool_ops = {
	.get_drvinfo	= get_drvinfo,
	.get_link	= ethtool_op_get_link,
};

static const struct device_type device_type = { .name = KBUILD_MODNAME };

static void sw_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
		NETIF_F_SG | NETIF_F_GSO | NETIF_F_GSO_SOFTWARE |
		NETIF_F_HIGHDMA;
	struct sw_device *sw = netdev_priv(dev);

	dev->netdev_ops = &netdev_ops;
	dev->ethtool_ops = &ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->needed_headroom = SW_HEADROOM;
	dev->needed_tailroom = SW_TAILROOM;
	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	sw_compat_set_lltx(dev);
	/* With all labels and an underlay of 1500. */
	dev->mtu = SKYWIRE_LINK_MTU_DEFAULT - SW_ROUTE_LEN_MAX -
		   SW_SESSION_OVERHEAD;
	dev->min_mtu = SKYWIRE_MTU_MIN;
	dev->max_mtu = SKYWIRE_LINK_MTU_MAX - sizeof(struct sw_route);
	dev->needs_free_netdev = true;
	dev->priv_destructor = sw_destruct;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	/* ICMP errors are sent by the route that the packet came by. */
	netif_keep_dst(dev);

	sw->dev = dev;
	sw->next_label = 1;
	INIT_LIST_HEAD(&sw->node);
	INIT_LIST_HEAD(&sw->links);
	INIT_LIST_HEAD(&sw->peers);
	get_random_bytes(&sw->flow_key, sizeof(sw->flow_key));
	sw->generation = get_random_u32();
	get_random_bytes(&sw->handshake.secret, sizeof(sw->handshake.secret));
	sw_control_init(sw);
	sw_miss_init(sw);
}

/**
 * sw_device_create - register a device
 * @net: namespace of its sockets
 * @dev: as sw_setup() has left it
 *
 * Return: 0 or -errno.
 */
int sw_device_create(struct net *net, struct net_device *dev)
{
	struct sw_device *sw = netdev_priv(dev);
	int err;

	rcu_assign_pointer(sw->net, net);
	sw->cookie = net->net_cookie;
	err = register_netdevice(dev);
	if (err)
		return err;
	/* Only now may a request find it: a device that fails to register is
	 * freed whoever pins it.
	 */
	mutex_lock(&sw_mutex);
	list_add_tail_rcu(&sw->node, &sw_devices);
	sw_notify_device(sw, SKYWIRE_CMD_DEV_NTF);
	mutex_unlock(&sw_mutex);
	return 0;
}

/* The namespace of the sockets, as long as there is one; rtnl or RCU. */
static struct net *get_link_net(const struct net_device *dev)
{
	const struct sw_device *sw = netdev_priv(dev);

	return rcu_dereference_rtnl(sw->net) ?: dev_net(dev);
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind		= KBUILD_MODNAME,
	.priv_size	= sizeof(struct sw_device),
	.setup		= sw_setup,
	.newlink	= sw_compat_newlink,
	.get_link_net	= get_link_net,
};

/*
 * The namespace of the sockets goes. The device may live on in another one, but
 * has no underlay any more.
 */
static void pre_exit_net(struct net *net)
{
	struct sw_device *sw;

	rtnl_lock();
	mutex_lock(&sw_mutex);
	list_for_each_entry(sw, &sw_devices, node) {
		if (rtnl_dereference(sw->net) != net)
			continue;
		netif_carrier_off(sw->dev);
		RCU_INIT_POINTER(sw->net, NULL);
		sw_transports_close(sw);
		/* Routes must not outlive their namespace. */
		sw_links_forget_routes(sw);
	}
	mutex_unlock(&sw_mutex);
	rtnl_unlock();
}

/*
 * This machine has been copied: both copies would go on with the same keys and
 * counters, and use each nonce twice.
 */
static int vm_forked(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	struct sw_device *sw;
	struct sw_link *link;
	struct sw_peer *peer;

	mutex_lock(&sw_mutex);
	list_for_each_entry(sw, &sw_devices, node) {
		list_for_each_entry(link, &sw->links, node)
			sw_keyring_flush(&link->keys);
		list_for_each_entry(peer, &sw->peers, node)
			sw_keyring_flush(&peer->keys);
	}
	mutex_unlock(&sw_mutex);
	return 0;
}

static struct notifier_block vm_fork_nb = { .notifier_call = vm_forked };

static struct pernet_operations pernet_ops = {
	.pre_exit = pre_exit_net,
};

/* One of the devices that loading the module creates; rtnl held. */
static int create_initial(void)
{
	struct net_device *dev;
	int err;

	dev = alloc_netdev(sizeof(struct sw_device), "sw%d", NET_NAME_ENUM,
			   sw_setup);
	if (!dev)
		return -ENOMEM;
	dev->rtnl_link_ops = &link_ops;
	err = dev_alloc_name(dev, dev->name);
	if (err >= 0)
		err = sw_device_create(&init_net, dev);
	if (err)
		free_netdev(dev);
	return err;
}

int __init sw_device_init(unsigned int numdevs)
{
	int err;

	err = register_random_vmfork_notifier(&vm_fork_nb);
	if (err)
		return err;
	err = register_pernet_device(&pernet_ops);
	if (err)
		goto err_vm_fork;
	err = rtnl_link_register(&link_ops);
	if (err)
		goto err_pernet;
	rtnl_lock();
	while (numdevs-- && !err)
		err = create_initial();
	rtnl_unlock();
	if (err)
		goto err_link;
	return 0;

err_link:
	rtnl_link_unregister(&link_ops);
err_pernet:
	unregister_pernet_device(&pernet_ops);
err_vm_fork:
	unregister_random_vmfork_notifier(&vm_fork_nb);
	return err;
}

void sw_device_exit(void)
{
	/* Deletes the devices, and waits until nothing pins them. */
	rtnl_link_unregister(&link_ops);
	unregister_pernet_device(&pernet_ops);
	unregister_random_vmfork_notifier(&vm_fork_nb);
}
