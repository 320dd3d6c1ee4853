// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>

#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <skywire/wire.h>

#include "device.h"

enum {
	NODE_PREFIX	= 128,
	NETWORK_PREFIX	= 8,		/* fc00::/8 */
};

/* What the requests below have in common. */
struct setup {
	struct nl_sock		*sock;
	unsigned int		ifindex;
	struct sw_error		*err;
};

static int fail(const struct setup *s, const char *what, int rc)
{
	return sw_fail(s->err, EIO, "%s: %s", what, nl_geterror(rc));
}

static int open_socket(struct setup *s)
{
	int rc;

	s->sock = nl_socket_alloc();
	if (!s->sock)
		return sw_fail(s->err, ENOMEM, "out of memory");
	rc = nl_connect(s->sock, NETLINK_ROUTE);
	return rc ? fail(s, "netlink socket", rc) : 0;
}

static int make(const struct setup *s, const char *name)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int rc;

	if (!link)
		return sw_fail(s->err, ENOMEM, "out of memory");
	rtnl_link_set_name(link, name);
	rc = rtnl_link_set_type(link, SKYWIRE_FAMILY_NAME);
	if (!rc)
		rc = rtnl_link_add(s->sock, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	if (rc == -NLE_OPNOTSUPP)
		return sw_fail(s->err, EOPNOTSUPP,
			       "%s cannot be made: is the skywire module loaded?", name);
	return rc ? fail(s, name, rc) : 0;
}

unsigned int device_make(const char *name, struct sw_error *err)
{
	struct setup s = { .err = err };
	unsigned int ifindex = if_nametoindex(name);

	if (ifindex)
		return ifindex;
	if (!open_socket(&s) && !make(&s, name)) {
		ifindex = if_nametoindex(name);
		if (!ifindex)
			sw_fail(err, ENODEV, "%s: it is gone again", name);
	}
	nl_socket_free(s.sock);
	return ifindex;
}

static int set_up(const struct setup *s)
{
	struct rtnl_link *old = NULL, *change = NULL;
	int rc;

	rc = rtnl_link_get_kernel(s->sock, s->ifindex, NULL, &old);
	if (rc)
		return fail(s, "device", rc);
	change = rtnl_link_alloc();
	rc = -NLE_NOMEM;
	if (change) {
		rtnl_link_set_flags(change, IFF_UP);
		rc = rtnl_link_change(s->sock, old, change, 0);
	}
	rtnl_link_put(change);
	rtnl_link_put(old);
	return rc ? fail(s, "the device does not come up", rc) : 0;
}

static int add_address(const struct setup *s, struct nl_addr *address)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	int rc = -NLE_NOMEM;

	if (addr) {
		rtnl_addr_set_ifindex(addr, s->ifindex);
		rtnl_addr_set_local(addr, address);
		rtnl_addr_set_flags(addr, IFA_F_NODAD);
		rc = rtnl_addr_add(s->sock, addr, 0);
	}
	rtnl_addr_put(addr);
	return rc && rc != -NLE_EXIST ? fail(s, "address", rc) : 0;
}

static int add_route(const struct setup *s, struct nl_addr *network)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	int rc = -NLE_NOMEM;

	if (route && hop) {
		rtnl_route_nh_set_ifindex(hop, s->ifindex);
		rtnl_route_set_family(route, AF_INET6);
		rtnl_route_set_dst(route, network);
		rtnl_route_add_nexthop(route, hop);
		hop = NULL;
		rc = rtnl_route_add(s->sock, route, NLM_F_CREATE);
	}
	if (hop)
		rtnl_route_nh_free(hop);
	rtnl_route_put(route);
	return rc && rc != -NLE_EXIST ? fail(s, "route to fc00::/8", rc) : 0;
}

/* Address and network of the node are the same, but for the prefix. */
static int configure(const struct setup *s, struct nl_addr *address)
{
	static const __u8 network[SKYWIRE_ADDRESS_LEN] = { SW_ADDRESS_FIRST };
	struct nl_addr *to = nl_addr_build(AF_INET6, network, sizeof(network));
	int rc;

	if (!to || !address) {
		nl_addr_put(to);
		return sw_fail(s->err, ENOMEM, "out of memory");
	}
	nl_addr_set_prefixlen(address, NODE_PREFIX);
	nl_addr_set_prefixlen(to, NETWORK_PREFIX);
	rc = add_address(s, address) ?: add_route(s, to);
	nl_addr_put(to);
	return rc;
}

int device_up(unsigned int ifindex, struct sw_error *err)
{
	struct setup s = { .ifindex = ifindex, .err = err };
	int rc = open_socket(&s) ?: set_up(&s);

	nl_socket_free(s.sock);
	return rc;
}

int device_address(unsigned int ifindex, const __u8 key[SW_KEY_LEN],
		   struct sw_error *err)
{
	struct setup s = { .ifindex = ifindex, .err = err };
	__u8 address[SKYWIRE_ADDRESS_LEN];
	struct nl_addr *addr;
	int rc;

	sw_address(address, key);
	addr = nl_addr_build(AF_INET6, address, sizeof(address));
	rc = open_socket(&s) ?: configure(&s, addr);
	nl_addr_put(addr);
	nl_socket_free(s.sock);
	return rc;
}
