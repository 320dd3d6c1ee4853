// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <net/genetlink.h>
#include <linux/init.h>
#include <linux/module.h>
#include "skywire.h"

/* Loading makes them all in one go, with rtnl held. */
#define NUMDEVS_MAX	256

static unsigned int numdevs = 1;
module_param(numdevs, uint, 0444);
MODULE_PARM_DESC(numdevs, "devices to create in the initial namespace (default 1, at most 256)");

static int __init skywire_init(void)
{
	int err;

	if (numdevs > NUMDEVS_MAX) {
		pr_err("numdevs=%u: at most %u\n", numdevs, NUMDEVS_MAX);
		return -ERANGE;
	}
	err = sw_address_init();
	if (err)
		return err;
	err = sw_key_init();
	if (err)
		goto err_address;
	err = sw_transports_init();
	if (err)
		goto err_key;
	err = sw_device_init(numdevs);
	if (err)
		goto err_transports;
	err = sw_upcall_init();
	if (err)
		goto err_device;
	err = sw_netlink_init();
	if (err)
		goto err_upcall;
	pr_debug("module %p created\n", THIS_MODULE);
	return 0;

err_upcall:
	sw_upcall_exit();
err_device:
	sw_device_exit();
err_transports:
	sw_transports_exit();
err_key:
	sw_key_exit();
	sw_crypt_exit();
err_address:
	sw_address_exit();
	return err;
}

static void __exit skywire_exit(void)
{
	sw_netlink_exit();
	sw_upcall_exit();
	sw_device_exit();
	sw_transports_exit();
	sw_key_exit();
	sw_crypt_exit();
	sw_address_exit();
	pr_debug("module %p destroyed\n", THIS_MODULE);
}

module_init(skywire_init);
module_exit(skywire_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Skywire: encrypted, source-routed links between public keys");
MODULE_AUTHOR("The Skywire for Linux authors");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY("skywire");
MODULE_SOFTDEP("pre: gcm blake2b_generic libblake2b udp_tunnel ip6_udp_tunnel");
