// SPDX-License-Identifier: GPL-2.0
/*
 * One packet socket and one UDP socket for all interfaces, which join the groups
 * of those that are in use. libnl's cache manager tells of interfaces.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ev.h>
#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <sodium.h>

#include "beacon.h"
#include "discovery.h"
#include "log.h"

/* Milliseconds */
enum {
	EAGER		= 1000,		/* between the first ones, and at least */
	INTERVAL	= 10000,
	SPREAD		= 200,		/* before an answer */
	NEVER		= 3600000,
};

enum {
	EAGER_COUNT	= 3,
	HEARD_MAX	= 64,		/* a second, of an interface */
	BATCH		= 64,		/* datagrams that are read before others' turn */
	ADDR_LEN	= 6,
};

static const __u8 ether_group[ADDR_LEN] = { 0x03, 's', 'k', 'y', 'w', 'r' };
static const struct in6_addr udp_group = {
	{ { 0xff, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 's', 'k', 'y', 'w' } }
};

struct iface {
	LIST_ENTRY(iface)	entry;
	unsigned int		index;
	char			name[IF_NAMESIZE];
	__u8			mac[ADDR_LEN];	/* on Ethernet */
	bool			ether;		/* or else multicast */
	unsigned int		sent;		/* eager ones */
	__u64			last;
	__u64			due;
	__u64			second;		/* of which ... */
	unsigned int		heard;		/* ... so many have come */
};

LIST_HEAD(ifaces, iface);

struct discovery {
	struct ev_loop		*loop;
	const struct config	*config;
	__u8			key[SW_KEY_LEN];
	const struct discovery_events	*events;
	void			*arg;
	int			ether;		/* sockets, or -1 */
	int			udp;
	ev_io			ether_io;
	ev_io			udp_io;
	ev_io			route_io;
	struct nl_cache_mngr	*manager;
	struct nl_cache		*links;		/* the manager's, ... */
	struct nl_cache		*addresses;	/* ... and so are these */
	struct ifaces		ifaces;
	unsigned int		count;
	__u64			now;		/* of the last run */
};

static struct iface *find(struct discovery *d, unsigned int index)
{
	struct iface *i;

	LIST_FOREACH(i, &d->ifaces, entry)
		if (i->index == index)
			return i;
	return NULL;
}

/* --- beacons --------------------------------------------------------------- */

static int send_ether(struct discovery *d, const struct iface *i,
		      const __u8 bytes[BEACON_LEN])
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(BEACON_ETHERTYPE),
		.sll_ifindex = i->index, .sll_halen = ADDR_LEN,
	};

	memcpy(to.sll_addr, ether_group, ADDR_LEN);
	return sendto(d->ether, bytes, BEACON_LEN, 0, (void *)&to, sizeof(to));
}

static int send_udp(struct discovery *d, const struct iface *i,
		    const __u8 bytes[BEACON_LEN])
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_port = htons(BEACON_PORT),
		.sin6_addr = udp_group, .sin6_scope_id = i->index,
	};

	return sendto(d->udp, bytes, BEACON_LEN, 0, (void *)&to, sizeof(to));
}

static void send_beacon(struct discovery *d, struct iface *i, __u64 now)
{
	struct beacon beacon = { .port = i->ether ? 0 : d->config->port };
	__u8 bytes[BEACON_LEN];
	int rc;

	memcpy(beacon.key, d->key, SW_KEY_LEN);
	beacon_write(bytes, &beacon);
	rc = i->ether ? send_ether(d, i, bytes) : send_udp(d, i, bytes);
	if (rc < 0)
		log_say(LOG_DEBUG, "beacon on %s: %s", i->name, strerror(errno));
	i->last = now;
	i->due = now + INTERVAL + randombytes_uniform(INTERVAL / 4);
	if (i->sent < EAGER_COUNT) {
		i->sent++;
		i->due = now + EAGER + randombytes_uniform(EAGER / 4);
	}
}

/* Is this one more than an interface may bring? */
static bool too_many(struct discovery *d, struct iface *i)
{
	__u64 second = d->now / 1000;

	if (i->second != second) {
		i->second = second;
		i->heard = 0;
	}
	return i->heard++ >= HEARD_MAX;
}

/* @at is filled in by the caller, but for the port and the interface. */
static void take(struct discovery *d, struct iface *i, const __u8 *bytes,
		 ssize_t len, struct sw_endpoint *at)
{
	struct beacon beacon;
	__u64 soon;

	if (!beacon_read(&beacon, bytes, len) || too_many(d, i) ||
	    !memcmp(beacon.key, d->key, SW_KEY_LEN))
		return;
	at->port = i->ether ? 0 : beacon.port;
	strcpy(at->zone, i->name);
	if (!d->events->heard(d->arg, beacon.key, at))
		return;
	soon = d->now + randombytes_uniform(SPREAD);
	if (soon < i->last + EAGER)
		soon = i->last + EAGER;
	if (soon < i->due)
		i->due = soon;
}

/* Return: false where there was nothing to read. */
static bool hear_ether(struct discovery *d)
{
	struct sw_endpoint at = { .addr.len = ADDR_LEN };
	struct sockaddr_ll from = { 0 };
	socklen_t size = sizeof(from);
	__u8 bytes[BEACON_LEN];
	struct iface *i;
	ssize_t len;

	len = recvfrom(d->ether, bytes, sizeof(bytes), MSG_DONTWAIT, (void *)&from,
		       &size);
	if (len < 0)
		return false;
	i = find(d, from.sll_ifindex);
	if (!i || !i->ether || from.sll_pkttype == PACKET_OUTGOING)
		return true;
	memcpy(at.addr.bytes, from.sll_addr, ADDR_LEN);
	take(d, i, bytes, len, &at);
	return true;
}

static bool hear_udp(struct discovery *d)
{
	struct sw_endpoint at = { .addr.len = 16 };
	struct sockaddr_in6 from = { 0 };
	socklen_t size = sizeof(from);
	__u8 bytes[BEACON_LEN];
	struct iface *i;
	ssize_t len;

	len = recvfrom(d->udp, bytes, sizeof(bytes), MSG_DONTWAIT, (void *)&from,
		       &size);
	if (len < 0)
		return false;
	i = find(d, from.sin6_scope_id);
	if (!i || i->ether || !IN6_IS_ADDR_LINKLOCAL(&from.sin6_addr))
		return true;
	memcpy(at.addr.bytes, &from.sin6_addr, sizeof(from.sin6_addr));
	take(d, i, bytes, len, &at);
	return true;
}

/* A flood of them must neither push out all others nor keep the loop from its work. */
static void on_ether(struct ev_loop *loop, ev_io *io, int revents)
{
	unsigned int n = 0;

	(void)loop;
	(void)revents;
	while (n++ < BATCH && hear_ether(io->data))
		;
}

static void on_udp(struct ev_loop *loop, ev_io *io, int revents)
{
	unsigned int n = 0;

	(void)loop;
	(void)revents;
	while (n++ < BATCH && hear_udp(io->data))
		;
}

/* --- interfaces ------------------------------------------------------------ */

static int join_ether(struct discovery *d, unsigned int index)
{
	struct packet_mreq group = {
		.mr_ifindex = index, .mr_type = PACKET_MR_MULTICAST,
		.mr_alen = ADDR_LEN,
	};

	memcpy(group.mr_address, ether_group, ADDR_LEN);
	return setsockopt(d->ether, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group,
			  sizeof(group));
}

static int join_udp(struct discovery *d, unsigned int index)
{
	struct ipv6_mreq group = {
		.ipv6mr_multiaddr = udp_group, .ipv6mr_interface = index,
	};
	int rc = setsockopt(d->udp, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group,
			    sizeof(group));

	return rc && errno == EADDRINUSE ? 0 : rc;
}

static bool takes_ether(const struct discovery *d, struct rtnl_link *link,
			const char *name)
{
	return d->ether >= 0 && rtnl_link_get_arptype(link) == ARPHRD_ETHER &&
	       config_matches(&d->config->ethernet, name);
}

static bool takes_udp(const struct discovery *d, struct rtnl_link *link,
		      const char *name)
{
	return d->udp >= 0 && rtnl_link_get_flags(link) & IFF_MULTICAST &&
	       config_matches(&d->config->multicast, name);
}

/* Could there be neighbours behind it? Ports of a bridge are the bridge's. */
static bool is_wire(struct rtnl_link *link)
{
	const char *type = rtnl_link_get_type(link);
	unsigned int flags = rtnl_link_get_flags(link);

	return (flags & IFF_UP) && (flags & IFF_RUNNING) &&
	       !(flags & IFF_LOOPBACK) && !rtnl_link_get_master(link) &&
	       (!type || strcmp(type, SKYWIRE_FAMILY_NAME));
}

static void forget(struct discovery *d, struct iface *i)
{
	LIST_REMOVE(i, entry);
	d->count--;
	free(i);
}

static void begin(struct discovery *d, struct rtnl_link *link, bool ether)
{
	unsigned int index = rtnl_link_get_ifindex(link);
	struct nl_addr *mac;
	struct iface *i;

	if (d->count >= INTERFACES_MAX)
		return;
	i = calloc(1, sizeof(*i));
	if (!i)
		return;
	i->index = index;
	strncpy(i->name, rtnl_link_get_name(link), sizeof(i->name) - 1);
	i->ether = ether;
	mac = rtnl_link_get_addr(link);
	if (mac && nl_addr_get_len(mac) == ADDR_LEN)
		memcpy(i->mac, nl_addr_get_binary_addr(mac), ADDR_LEN);
	if (ether ? join_ether(d, index) : join_udp(d, index))
		log_say(LOG_DEBUG, "group on %s: %s", i->name, strerror(errno));
	LIST_INSERT_HEAD(&d->ifaces, i, entry);
	d->count++;
}

/* Those on the wire know the interface by that, and are to be told of another. */
static bool has_mac(const struct iface *i, struct rtnl_link *link)
{
	struct nl_addr *mac = rtnl_link_get_addr(link);

	return !i->ether || !mac || nl_addr_get_len(mac) != ADDR_LEN ||
	       !memcmp(i->mac, nl_addr_get_binary_addr(mac), ADDR_LEN);
}

static void look_at(struct discovery *d, struct rtnl_link *link, bool gone)
{
	struct iface *i = find(d, rtnl_link_get_ifindex(link));
	const char *name = rtnl_link_get_name(link);
	bool ether, any;

	if (!name)
		return;
	ether = takes_ether(d, link, name);
	any = !gone && is_wire(link) && (ether || takes_udp(d, link, name));
	if (i && any && i->ether == ether && !strcmp(i->name, name) && has_mac(i, link))
		return;
	/* Groups are left with the interface; to join again does no harm. */
	if (i)
		forget(d, i);
	if (!any)
		return;
	begin(d, link, ether);
	d->events->reachable(d->arg);
}

static void on_change(struct nl_cache *cache, struct nl_object *object,
		      int action, void *arg)
{
	struct rtnl_link *link = (struct rtnl_link *)object;
	struct discovery *d = arg;
	bool gone = action == NL_ACT_DEL;

	(void)cache;
	look_at(d, link, gone);
	d->events->changed(d->arg, rtnl_link_get_ifindex(link),
			   !gone && rtnl_link_get_flags(link) & IFF_UP);
}

static void first_look(struct nl_object *object, void *arg)
{
	look_at(arg, (struct rtnl_link *)object, false);
}

static void on_address(struct nl_cache *cache, struct nl_object *object, int action,
		       void *arg)
{
	struct discovery *d = arg;

	(void)cache;
	(void)object;
	if (action == NL_ACT_NEW)
		d->events->reachable(d->arg);
}

/* Ask for all once more, and hear of what is not as it was. */
static int resync(struct discovery *d)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	rc = rc ?: nl_cache_resync(sock, d->links, on_change, d) ?:
	     nl_cache_resync(sock, d->addresses, on_address, d);
	nl_socket_free(sock);
	return rc;
}

/* Where more comes at once than the socket holds, some of it is lost. */
static void on_route(struct ev_loop *loop, ev_io *io, int revents)
{
	struct discovery *d = io->data;
	int rc;

	(void)loop;
	(void)revents;
	rc = nl_cache_mngr_data_ready(d->manager);
	if (rc < 0)
		rc = resync(d);
	if (rc < 0)
		log_say(LOG_WARNING, "interfaces: %s", nl_geterror(rc));
}

/* --- opening --------------------------------------------------------------- */

static void watch(struct discovery *d, ev_io *io, int fd,
		  void (*fn)(struct ev_loop *loop, ev_io *io, int revents))
{
	ev_io_init(io, fn, fd, EV_READ);
	io->data = d;
	ev_io_start(d->loop, io);
}

static void open_ether(struct discovery *d)
{
	d->ether = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  htons(BEACON_ETHERTYPE));
	if (d->ether < 0)
		log_say(LOG_WARNING, "no beacons on Ethernet: packet socket: %s",
			strerror(errno));
	else
		watch(d, &d->ether_io, d->ether, on_ether);
}

static void open_udp(struct discovery *d)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6, .sin6_port = htons(BEACON_PORT),
	};
	int on = 1, off = 0;

	d->udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->udp >= 0) {
		setsockopt(d->udp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		setsockopt(d->udp, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(d->udp, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off,
			   sizeof(off));
	}
	if (d->udp >= 0 && !bind(d->udp, (void *)&any, sizeof(any))) {
		watch(d, &d->udp_io, d->udp, on_udp);
		return;
	}
	log_say(LOG_WARNING, "no beacons by multicast: %s", strerror(errno));
	if (d->udp >= 0)
		close(d->udp);
	d->udp = -1;
}

static int follow_interfaces(struct discovery *d, struct sw_error *err)
{
	int rc;

	rc = nl_cache_mngr_alloc(NULL, NETLINK_ROUTE, NL_AUTO_PROVIDE, &d->manager);
	if (!rc)
		rc = nl_cache_mngr_add(d->manager, "route/link", on_change, d,
				       &d->links);
	if (!rc)
		rc = nl_cache_mngr_add(d->manager, "route/addr", on_address, d,
				       &d->addresses);
	if (rc)
		return sw_fail(err, EIO, "interfaces cannot be followed: %s",
			       nl_geterror(rc));
	nl_cache_foreach(d->links, first_look, d);
	watch(d, &d->route_io, nl_cache_mngr_get_fd(d->manager), on_route);
	return 0;
}

bool discovery_reconfigured(struct discovery *d)
{
	if (d->udp < 0 && d->config->multicast.count)
		open_udp(d);
	nl_cache_foreach(d->links, first_look, d);
	return d->ether >= 0 || !d->config->ethernet.count;
}

struct discovery *discovery_new(struct ev_loop *loop, const struct config *config,
				const __u8 key[SW_KEY_LEN],
				const struct discovery_events *events, void *arg,
				struct sw_error *err)
{
	struct discovery *d = calloc(1, sizeof(*d));

	if (!d) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	d->loop = loop;
	d->config = config;
	memcpy(d->key, key, SW_KEY_LEN);
	d->events = events;
	d->arg = arg;
	d->ether = -1;
	d->udp = -1;
	LIST_INIT(&d->ifaces);
	if (config->ethernet.count)
		open_ether(d);
	if (config->multicast.count)
		open_udp(d);
	if (!follow_interfaces(d, err))
		return d;
	discovery_free(d);
	return NULL;
}

static void shut(struct discovery *d, ev_io *io, int fd)
{
	ev_io_stop(d->loop, io);
	if (fd >= 0)
		close(fd);
}

void discovery_free(struct discovery *d)
{
	if (!d)
		return;
	while (!LIST_EMPTY(&d->ifaces))
		forget(d, LIST_FIRST(&d->ifaces));
	shut(d, &d->ether_io, d->ether);
	shut(d, &d->udp_io, d->udp);
	ev_io_stop(d->loop, &d->route_io);
	nl_cache_mngr_free(d->manager);
	free(d);
}

__u64 discovery_run(struct discovery *d, __u64 now)
{
	__u64 first = now + NEVER;
	struct iface *i;

	d->now = now;
	LIST_FOREACH(i, &d->ifaces, entry) {
		if (i->due <= now)
			send_beacon(d, i, now);
		if (i->due < first)
			first = i->due;
	}
	return first;
}
