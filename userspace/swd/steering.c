// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/fib_rules.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>

#include "steering.h"

enum {
	/*
	 * Before the main table's 32766, behind what administrators number by
	 * hand; each table has two of its own.
	 */
	FIRST_PRIORITY	= 30000,
	PAIRS		= 1000,
	LAST_METRIC	= UINT_MAX,
};

struct steering {
	struct nl_sock		*sock;
	unsigned int		ifindex;
	const struct config	*new;		/* what is to be; NULL: nothing */
	const struct config	*config;	/* the same, of one table */
	__u32			table;		/* that is brought in order */
	struct sw_error		*err;
};

static int fail(const struct steering *s, const char *what, int rc)
{
	return rc ? sw_fail(s->err, EIO, "%s: %s", what, nl_geterror(rc)) : 0;
}

static int family_of(const struct sw_prefix *prefix)
{
	return prefix->addr.len == 4 ? AF_INET : AF_INET6;
}

static struct nl_addr *to_addr(const struct sw_prefix *prefix)
{
	struct nl_addr *addr = nl_addr_build(family_of(prefix), prefix->addr.bytes,
					     prefix->addr.len);

	if (addr)
		nl_addr_set_prefixlen(addr, prefix->length);
	return addr;
}

/* Are there any routes of a family? */
static bool has_family(const struct config *config, int family)
{
	unsigned int i;

	for (i = 0; config && i < config->routes; i++)
		if (family_of(&config->route[i].prefix) == family)
			return true;
	return false;
}

/* --- addresses ------------------------------------------------------------- */

static struct rtnl_addr *make_address(const struct steering *s,
				      const struct sw_prefix *address)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_addr *local = to_addr(address);

	if (addr && local) {
		rtnl_addr_set_ifindex(addr, s->ifindex);
		rtnl_addr_set_local(addr, local);
		if (family_of(address) == AF_INET6)
			rtnl_addr_set_flags(addr, IFA_F_NODAD);
	}
	nl_addr_put(local);
	return addr;
}

static int add_addresses(const struct steering *s)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && s->config && i < s->config->addresses; i++) {
		struct rtnl_addr *addr = make_address(s, &s->config->address[i]);

		rc = addr ? rtnl_addr_add(s->sock, addr, 0) : -NLE_NOMEM;
		if (rc == -NLE_EXIST)
			rc = 0;
		rtnl_addr_put(addr);
	}
	return fail(s, "address", rc);
}

static bool has_address(const struct config *config, const struct sw_prefix *address)
{
	unsigned int i;

	for (i = 0; config && i < config->addresses; i++)
		if (!memcmp(&config->address[i], address, sizeof(*address)))
			return true;
	return false;
}

static void del_addresses(const struct steering *s, const struct config *old)
{
	unsigned int i;

	for (i = 0; old && i < old->addresses; i++) {
		struct rtnl_addr *addr;

		if (has_address(s->config, &old->address[i]))
			continue;
		addr = make_address(s, &old->address[i]);
		if (addr)
			rtnl_addr_delete(s->sock, addr, 0);
		rtnl_addr_put(addr);
	}
}

/* --- routes ---------------------------------------------------------------- */

static void set_device(const struct steering *s, struct rtnl_route *route)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

	if (!hop)
		return;
	rtnl_route_nh_set_ifindex(hop, s->ifindex);
	rtnl_route_add_nexthop(route, hop);
	rtnl_route_set_scope(route, RT_SCOPE_LINK);
}

/* @nowhere: the twin for when the device is gone */
static int add_route(const struct steering *s, const struct sw_prefix *prefix,
		     bool nowhere)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_addr *to = to_addr(prefix);
	int rc = -NLE_NOMEM;

	if (route && to) {
		rtnl_route_set_family(route, family_of(prefix));
		rtnl_route_set_table(route, s->table);
		rtnl_route_set_protocol(route, STEERING_PROTOCOL);
		rtnl_route_set_dst(route, to);
		rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
		rtnl_route_set_type(route, nowhere ? RTN_UNREACHABLE : RTN_UNICAST);
		if (nowhere)
			rtnl_route_set_priority(route, LAST_METRIC);
		else
			set_device(s, route);
		rc = rtnl_route_add(s->sock, route, NLM_F_CREATE | NLM_F_REPLACE);
	}
	nl_addr_put(to);
	rtnl_route_put(route);
	return fail(s, "route", rc);
}

static int add_routes(const struct steering *s)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && s->config && i < s->config->routes; i++) {
		const struct sw_prefix *prefix = &s->config->route[i].prefix;

		rc = add_route(s, prefix, true) ?: add_route(s, prefix, false);
	}
	return rc;
}

static bool is_wanted(const struct config *config, struct nl_addr *to)
{
	unsigned int i;

	for (i = 0; config && i < config->routes; i++) {
		const struct sw_prefix *p = &config->route[i].prefix;

		if (family_of(p) == nl_addr_get_family(to) &&
		    p->length == nl_addr_get_prefixlen(to) &&
		    !memcmp(p->addr.bytes, nl_addr_get_binary_addr(to),
			    nl_addr_get_len(to)))
			return true;
	}
	return false;
}

static void check_route(struct nl_object *object, void *arg)
{
	struct rtnl_route *route = (struct rtnl_route *)object;
	const struct steering *s = arg;

	if (rtnl_route_get_protocol(route) == STEERING_PROTOCOL &&
	    rtnl_route_get_table(route) == s->table &&
	    !is_wanted(s->config, rtnl_route_get_dst(route)))
		rtnl_route_delete(s->sock, route, 0);
}

static int each_route(struct steering *s, void (*check)(struct nl_object *object, void *arg))
{
	struct nl_cache *routes;
	int rc = rtnl_route_alloc_cache(s->sock, AF_UNSPEC, 0, &routes);

	if (rc)
		return fail(s, "routes", rc);
	nl_cache_foreach(routes, check, s);
	nl_cache_free(routes);
	return 0;
}

/* --- rules ----------------------------------------------------------------- */

static __u32 priority_of(__u32 table)
{
	return FIRST_PRIORITY + 2 * (table % PAIRS);
}

static struct rtnl_rule *make_rule(int family, __u32 table, __u32 priority)
{
	struct rtnl_rule *rule = rtnl_rule_alloc();

	if (rule) {
		rtnl_rule_set_family(rule, family);
		rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
		rtnl_rule_set_table(rule, table);
		rtnl_rule_set_prio(rule, priority);
		rtnl_rule_set_protocol(rule, STEERING_PROTOCOL);
	}
	return rule;
}

static int send_rule(const struct steering *s, struct nl_msg *msg)
{
	int rc = nl_send_sync(s->sock, msg);

	return rc == -NLE_EXIST ? 0 : rc;
}

/* "lookup main suppress_prefixlength 0", which libnl has no word for */
static int add_main_rule(const struct steering *s, int family)
{
	struct rtnl_rule *rule = make_rule(family, RT_TABLE_MAIN,
					   priority_of(s->table));
	struct nl_msg *msg = NULL;
	int rc = -NLE_NOMEM;

	if (rule)
		rc = rtnl_rule_build_add_request(rule, NLM_F_CREATE | NLM_F_EXCL, &msg);
	rtnl_rule_put(rule);
	if (rc < 0)
		return fail(s, "rule", rc);
	nla_put_u32(msg, FRA_SUPPRESS_PREFIXLEN, 0);
	return fail(s, "rule", send_rule(s, msg));
}

/* "not fwmark MARK lookup TABLE" */
static int add_table_rule(const struct steering *s, int family)
{
	struct rtnl_rule *rule = make_rule(family, s->table,
					   priority_of(s->table) + 1);
	struct fib_rule_hdr *head;
	struct nl_msg *msg = NULL;
	int rc = -NLE_NOMEM;

	if (rule) {
		rtnl_rule_set_mark(rule, config_fwmark(s->config));
		rtnl_rule_set_mask(rule, UINT_MAX);
		rc = rtnl_rule_build_add_request(rule, NLM_F_CREATE | NLM_F_EXCL, &msg);
	}
	rtnl_rule_put(rule);
	if (rc < 0)
		return fail(s, "rule", rc);
	head = nlmsg_data(nlmsg_hdr(msg));
	head->flags |= FIB_RULE_INVERT;
	return fail(s, "rule", send_rule(s, msg));
}

static int add_rules(const struct steering *s)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int i, rc = 0;

	for (i = 0; !rc && i < 2; i++)
		if (has_family(s->config, families[i]))
			rc = add_main_rule(s, families[i]) ?:
			     add_table_rule(s, families[i]);
	return rc;
}

/* Where a table that goes has the priorities of the new one, both have the rule. */
static bool is_wanted_main_rule(const struct steering *s, int family)
{
	bool shared = s->new && s->new->table &&
		      priority_of(s->new->table) == priority_of(s->table);

	return has_family(shared ? s->new : s->config, family);
}

static bool is_wanted_table_rule(const struct steering *s, struct rtnl_rule *rule)
{
	if (rtnl_rule_get_table(rule) != s->table)
		return true;
	return has_family(s->config, rtnl_rule_get_family(rule)) &&
	       rtnl_rule_get_mark(rule) == config_fwmark(s->config);
}

static void check_rule(struct nl_object *object, void *arg)
{
	struct rtnl_rule *rule = (struct rtnl_rule *)object;
	const struct steering *s = arg;
	__u32 priority = rtnl_rule_get_prio(rule);
	bool wanted = true;
	__u8 protocol;

	if (rtnl_rule_get_protocol(rule, &protocol) || protocol != STEERING_PROTOCOL)
		return;
	if (priority == priority_of(s->table))
		wanted = is_wanted_main_rule(s, rtnl_rule_get_family(rule));
	else if (priority == priority_of(s->table) + 1)
		wanted = is_wanted_table_rule(s, rule);
	if (!wanted)
		rtnl_rule_delete(s->sock, rule, 0);
}

static int del_rules(struct steering *s)
{
	struct nl_cache *rules;
	int rc = rtnl_rule_alloc_cache(s->sock, AF_UNSPEC, &rules);

	if (rc)
		return fail(s, "rules", rc);
	nl_cache_foreach(rules, check_rule, s);
	nl_cache_free(rules);
	return 0;
}

/* --- all of it ------------------------------------------------------------- */

/* Rules only lead to routes that are there, and go before them. */
static int set_table(struct steering *s, __u32 table, const struct config *config)
{
	s->table = table;
	s->config = config;
	if (!table)
		return 0;
	return add_routes(s) ?: add_rules(s) ?: del_rules(s) ?: each_route(s, check_route);
}

/* An earlier daemon may have had another table for the device. */
static void check_left_over(struct nl_object *object, void *arg)
{
	struct rtnl_route *route = (struct rtnl_route *)object;
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
	__u32 table = rtnl_route_get_table(route);
	struct steering *s = arg;

	if (rtnl_route_get_protocol(route) != STEERING_PROTOCOL || !hop ||
	    (unsigned int)rtnl_route_nh_get_ifindex(hop) != s->ifindex ||
	    table == s->table || (s->new && table == s->new->table))
		return;
	set_table(s, table, NULL);
}

/*
 * With the first address of a subnet the others of it go, and with the last one of
 * the device all routes through it: so addresses are in order before routes are.
 */
static int set_addresses(struct steering *s, const struct config *old)
{
	int rc;

	s->config = s->new;
	rc = add_addresses(s);
	del_addresses(s, old);
	return rc ?: add_addresses(s);
}

static int set_all(struct steering *s, const struct config *old)
{
	__u32 table = s->new ? s->new->table : 0;
	int rc;

	rc = set_addresses(s, old) ?: set_table(s, table, s->new);
	if (rc || (old && old->table == table))
		return rc;
	return old ? set_table(s, old->table, NULL) : each_route(s, check_left_over);
}

int steering_set(unsigned int ifindex, const struct config *old,
		 const struct config *new, struct sw_error *err)
{
	struct steering s = { .ifindex = ifindex, .new = new, .err = err };
	int rc;

	s.sock = nl_socket_alloc();
	if (!s.sock)
		return sw_fail(err, ENOMEM, "out of memory");
	rc = nl_connect(s.sock, NETLINK_ROUTE);
	rc = rc ? fail(&s, "netlink socket", rc) : set_all(&s, old);
	nl_socket_free(s.sock);
	return rc;
}
