// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ev.h>
#include <sodium.h>
#include <uthash.h>

#include "event.h"
#include "flood.h"
#include "log.h"
#include "network.h"
#include "routing.h"

enum {
	WATCHES_MAX	= 8,		/* of two algorithms, when one follows */
	NS_OF_MS	= 1000000,
	TWINS_AGAIN	= 600000,	/* milliseconds until they are told of again */
};

/* A node that the map has, or had until the event that is not looked at yet. */
struct name {
	SLIST_ENTRY(name)	entry;		/* of the dirty ones */
	UT_hash_handle		hh;
	__u8			address[SKYWIRE_ADDRESS_LEN];
	__u8			key[SW_KEY_LEN];
	bool			dirty;
	bool			known;		/* as far as anybody was told */
};

/* Two nodes with one key */
struct twins {
	__u64	seen;	/* when last; 0: never */
	__u64	pace;	/* of telling so */
};

/* A neighbour, by all links with it that are alive. */
struct contact {
	LIST_ENTRY(contact)	entry;
	__u8			key[SW_KEY_LEN];
	unsigned int		links;
	int			slot;	/* the flood's */
	__u16			asks;	/* link of its last message; 0: none since the last run */
	struct twins		twins;
};

/* A link that the map has been told of. */
struct told {
	LIST_ENTRY(told)	entry;
	__u16			label;
	struct contact		*contact;
};

struct fd_watch {
	ev_io	io;
	bool	used;
};

SLIST_HEAD(names, name);
LIST_HEAD(contacts, contact);
LIST_HEAD(tolds, told);

struct network {
	struct ev_loop			*loop;
	const struct sw_identity	*self;
	struct kernel			*kernel;
	struct neighbours		*neighbours;
	struct map			*map;
	struct flood			*flood;
	struct routing			*routing;
	struct routing_policy		policy;
	struct name			*names;		/* by address */
	struct names			dirty;
	struct contacts			contacts;
	struct tolds			told;
	struct fd_watch			watch[WATCHES_MAX];
	ev_timer			timer;		/* the algorithm's */
	bool				changed;
	__u64				now;		/* when a message came last */
	struct twins			twins;		/* of this node */
};

static __u64 ns(__u64 ms)
{
	return ms * NS_OF_MS;
}

static __u64 monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* --- what the map asks and tells ------------------------------------------- */

static bool verify(void *context, const __u8 *bytes, size_t len)
{
	(void)context;
	return record_verify(bytes, len);
}

static void sign(void *context, __u8 *bytes, size_t len)
{
	record_sign(bytes, len, ((struct network *)context)->self->sign);
}

static __u32 draw(void *context)
{
	(void)context;
	return randombytes_random();
}

/* The map is not to be asked from in here: that is done later. */
static void note_change(struct network *net, const __u8 key[SW_KEY_LEN])
{
	__u8 address[SKYWIRE_ADDRESS_LEN];
	struct name *name;

	net->changed = true;
	sw_address(address, key);
	HASH_FIND(hh, net->names, address, sizeof(address), name);
	if (!name) {
		name = calloc(1, sizeof(*name));
		if (!name)
			return;
		memcpy(name->address, address, sizeof(address));
		memcpy(name->key, key, SW_KEY_LEN);
		HASH_ADD(hh, net->names, address, sizeof(name->address), name);
	}
	if (!name->dirty)
		SLIST_INSERT_HEAD(&net->dirty, name, entry);
	name->dirty = true;
}

static const char *const told_as[] = {
	[MAP_EVENT_TWIN] = "another node has this node's key",
	[MAP_EVENT_SHARED] = "two nodes have the key of this neighbour",
	[MAP_EVENT_CONFLICT] = "a node has signed two records as one",
	[MAP_EVENT_FULL] = "the map is full",
	[MAP_EVENT_FORGED] = "a neighbour passed on a record that is not signed",
	[MAP_EVENT_MUTED] = "a neighbour is not listened to for a while",
};

static struct contact *find_contact(struct network *net, const __u8 *key)
{
	struct contact *c;

	LIST_FOREACH(c, &net->contacts, entry)
		if (!memcmp(c->key, key, SW_KEY_LEN))
			return c;
	return NULL;
}

/* Whom an event shows to be two nodes; NULL for one of another kind */
static struct twins *twins_of(struct network *net, enum map_event event,
			      const __u8 key[SW_KEY_LEN])
{
	struct contact *c = event == MAP_EVENT_SHARED ? find_contact(net, key) : NULL;

	if (event == MAP_EVENT_TWIN)
		return &net->twins;
	return c ? &c->twins : NULL;
}

/* Is it to be told? Twins show themselves several times a minute. */
static bool is_news(struct network *net, enum map_event event,
		    const __u8 key[SW_KEY_LEN])
{
	struct twins *twins = twins_of(net, event, key);

	if (!twins)
		return true;
	twins->seen = net->now;
	return map_pace_take(&twins->pace, ns(net->now), ns(TWINS_AGAIN), 1);
}

static void on_map(void *context, enum map_event event, const __u8 key[SW_KEY_LEN])
{
	if (event == MAP_EVENT_CHANGED)
		note_change(context, key);
	else if (is_news(context, event, key))
		log_remote(LOG_WARNING, "%s: %s", told_as[event], log_key(key));
}

static const struct map_ops map_ops = {
	.verify = verify, .sign = sign, .random = draw, .event = on_map,
};

static void forget(struct network *net, struct name *name)
{
	HASH_DEL(net->names, name);
	free(name);
}

/* A record that is replaced is no news. */
static void tell_node(struct name *name, bool known)
{
	if (name->known == known)
		return;
	name->known = known;
	event_tell(&(struct event) {
		.object = "node", .what = known ? "appeared" : "vanished",
		.key = name->key
	});
}

static void settle_names(struct network *net)
{
	const struct map_origin *origin;
	struct name *name;

	while ((name = SLIST_FIRST(&net->dirty))) {
		SLIST_REMOVE_HEAD(&net->dirty, entry);
		name->dirty = false;
		origin = map_find(net->map, name->key);
		tell_node(name, origin && origin->record);
		if (!name->known)
			forget(net, name);
	}
}

/* --- the flood ------------------------------------------------------------- */

/* The best of the links with a neighbour. */
static const struct neighbour *link_with(struct network *net, const __u8 *key)
{
	const struct neighbour *best = NULL;
	struct neighbour *l = NULL;

	while ((l = neighbours_next(net->neighbours, l)))
		if (l->installed && l->liveness == SKYWIRE_LIVENESS_ALIVE &&
		    !memcmp(l->key, key, SW_KEY_LEN) && (!best || l->rtt < best->rtt))
			best = l;
	return best;
}

/*
 * What a message leads to at once goes back the way it came, anything else by the
 * best link: if two nodes have one key, each hears the answers to its questions.
 */
static const struct neighbour *link_for(struct network *net, const __u8 *key)
{
	const struct contact *c = find_contact(net, key);
	const struct neighbour *l;

	l = c ? neighbours_by_label(net->neighbours, c->asks) : NULL;
	if (l && l->installed && l->liveness == SKYWIRE_LIVENESS_ALIVE)
		return l;
	return link_with(net, key);
}

static void send_message(void *context, const __u8 key[SW_KEY_LEN],
			 const __u8 *bytes, size_t len)
{
	struct kernel_message m = { .payload = bytes, .len = len };
	struct network *net = context;
	const struct neighbour *l = link_for(net, key);

	if (!l)
		return;
	m.link = l->label;
	kernel_message_send(net->kernel, &m, NULL);
}

static const struct flood_ops flood_ops = { .send = send_message };

static struct contact *hold_contact(struct network *net, const __u8 *key, __u64 now)
{
	struct contact *c = find_contact(net, key);

	if (!c)
		c = calloc(1, sizeof(*c));
	if (!c || c->links++)
		return c;
	memcpy(c->key, key, SW_KEY_LEN);
	LIST_INSERT_HEAD(&net->contacts, c, entry);
	c->slot = flood_neighbour_up(net->flood, ns(now), key);
	if (c->slot < 0)
		log_remote(LOG_WARNING, "no room for records from %s", log_key(key));
	return c;
}

static void put_contact(struct network *net, struct contact *c, __u64 now)
{
	if (--c->links)
		return;
	if (c->slot >= 0)
		flood_neighbour_down(net->flood, ns(now), c->slot);
	LIST_REMOVE(c, entry);
	free(c);
}

void network_message(struct network *net, const struct kernel_message *m, __u64 now)
{
	const struct neighbour *l = neighbours_by_label(net->neighbours, m->link);
	struct contact *c = l ? find_contact(net, l->key) : NULL;

	if (!c || c->slot < 0)
		return;
	net->now = now;
	c->asks = m->link;
	flood_receive(net->flood, ns(now), c->slot, m->payload, m->len);
}

/* --- links ----------------------------------------------------------------- */

static struct told *find_told(struct network *net, __u16 label)
{
	struct told *t;

	LIST_FOREACH(t, &net->told, entry)
		if (t->label == label)
			return t;
	return NULL;
}

static void withdraw(struct network *net, struct told *t, __u64 now)
{
	map_link_del(net->map, ns(now), t->label);
	put_contact(net, t->contact, now);
	LIST_REMOVE(t, entry);
	free(t);
}

static void announce(struct network *net, const struct neighbour *link, __u64 now)
{
	struct record_link record = {
		.label = link->label, .mtu = link->mtu, .latency = link->rtt / 2,
		.loss = link->loss, .price_base = link->price_base,
		.price_rate = link->price_rate,
	};
	struct told *t = find_told(net, link->label);
	int rc;

	memcpy(record.key, link->key, SW_KEY_LEN);
	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t)
			return;
		t->contact = hold_contact(net, link->key, now);
		if (!t->contact) {
			free(t);
			return;
		}
		t->label = link->label;
		LIST_INSERT_HEAD(&net->told, t, entry);
	}
	rc = map_link_set(net->map, ns(now), &record);
	if (rc)
		log_remote(LOG_WARNING, "link %u is not announced: %s", link->label,
			   strerror(-rc));
}

void network_link(struct network *net, const struct neighbour *link, __u64 now)
{
	struct told *t = find_told(net, link->label);

	if (link->liveness == SKYWIRE_LIVENESS_ALIVE)
		announce(net, link, now);
	else if (t && link->liveness == SKYWIRE_LIVENESS_DEAD)
		withdraw(net, t, now);
}

void network_link_gone(struct network *net, const struct neighbour *link, __u64 now)
{
	struct told *t = find_told(net, link->label);

	if (t)
		withdraw(net, t, now);
}

void network_join(struct network *net, struct neighbours *neighbours)
{
	net->neighbours = neighbours;
}

/* --- the algorithm's events ------------------------------------------------ */

static void on_fd(struct ev_loop *loop, ev_io *io, int revents)
{
	struct network *net = io->data;

	(void)loop;
	routing_ready(net->routing, io->fd,
		      (revents & EV_READ ? ROUTING_READ : 0) |
		      (revents & EV_WRITE ? ROUTING_WRITE : 0));
}

static struct fd_watch *find_watch(struct network *net, int fd)
{
	struct fd_watch *none = NULL;
	int i;

	for (i = 0; i < WATCHES_MAX; i++) {
		if (net->watch[i].used && net->watch[i].io.fd == fd)
			return &net->watch[i];
		if (!net->watch[i].used)
			none = &net->watch[i];
	}
	return none;
}

static void watch(void *context, int fd, int events)
{
	struct network *net = context;
	struct fd_watch *w = find_watch(net, fd);

	if (!w)
		return;
	if (w->used)
		ev_io_stop(net->loop, &w->io);
	w->used = events;
	if (!events)
		return;
	ev_io_init(&w->io, on_fd, fd, (events & ROUTING_READ ? EV_READ : 0) |
		   (events & ROUTING_WRITE ? EV_WRITE : 0));
	w->io.data = net;
	ev_io_start(net->loop, &w->io);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct network *net = timer->data;

	(void)loop;
	(void)revents;
	routing_expired(net->routing);
}

static void set_timer(void *context, __u64 when)
{
	struct network *net = context;
	__u64 now = monotonic();

	ev_timer_stop(net->loop, &net->timer);
	ev_timer_set(&net->timer, when > now ? (when - now) / 1e9 : 0, 0);
	ev_timer_start(net->loop, &net->timer);
}

static void updated(void *context)
{
	((struct network *)context)->changed = true;
}

static void report(void *context, const char *text)
{
	(void)context;
	log_remote(LOG_WARNING, "%s", text);
}

static __u64 host_now(void *context)
{
	(void)context;
	return monotonic();
}

static const struct routing_host host = {
	.watch = watch, .timer = set_timer, .updated = updated, .report = report,
	.now = host_now,
};

/* --- questions ------------------------------------------------------------- */

bool network_owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN])
{
	struct network *net = arg;
	struct name *name;

	if (addr->len != SKYWIRE_ADDRESS_LEN)
		return false;
	settle_names(net);
	HASH_FIND(hh, net->names, addr->bytes, SKYWIRE_ADDRESS_LEN, name);
	if (!name)
		return false;
	memcpy(key, name->key, SW_KEY_LEN);
	return true;
}

static void to_path(struct kernel_path *path, const struct route *route)
{
	unsigned int i;

	*path = (struct kernel_path) {
		.link = route->link, .count = route->count,
		.mtu = route->inner_mtu, .postage_base = route->price_base,
		.postage_rate = route->price_rate, .cost = route->cost,
	};
	for (i = 0; i < route->count; i++)
		path->label[i] = htons(route->labels[i]);
}

int network_paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		  unsigned int max)
{
	struct route routes[ROUTES_MAX];
	struct network *net = arg;
	unsigned int found = 0;
	int i, count;

	count = routing_routes(net->routing, key, &net->policy, routes);
	if (count < 0)
		return count;
	for (i = 0; i < count && found < max; i++)
		if (routes[i].count)
			to_path(&path[found++], &routes[i]);
	return found;
}

bool network_changed(struct network *net)
{
	bool changed = net->changed;

	net->changed = false;
	return changed;
}

__u64 network_twin(const struct network *net)
{
	return net->twins.seen;
}

__u64 network_shared(struct network *net, const __u8 key[SW_KEY_LEN])
{
	const struct contact *c = find_contact(net, key);

	return c ? c->twins.seen : 0;
}

unsigned int network_nodes(const struct network *net)
{
	return net->map->count;
}

void network_each(struct network *net, __u64 now,
		  void (*fn)(void *arg, const struct network_node *node), void *arg)
{
	struct map_origin *origin;

	TAILQ_FOREACH(origin, &net->map->by_change, by_change) {
		const struct network_node node = {
			.key = origin->vertex.key, .links = origin->vertex.count,
			.age = map_age(origin, ns(now)),
		};

		fn(arg, &node);
	}
}

__u64 network_run(struct network *net, __u64 now)
{
	__u64 next = flood_tick(net->flood, ns(now));
	struct contact *c;

	LIST_FOREACH(c, &net->contacts, entry)
		c->asks = 0;
	settle_names(net);
	return next / NS_OF_MS + 1;
}

/* --- opening --------------------------------------------------------------- */

int network_configure(struct network *net, const struct config *config,
		      struct sw_error *err)
{
	const struct routing_algorithm *algorithm = routing_find(config->algorithm);
	const char *argument = *config->paths ? config->paths : NULL;
	struct routing *routing;

	routing = routing_new(&net->map->graph, algorithm, argument, &host, net, err);
	if (!routing)
		return -EINVAL;
	if (net->routing)
		routing_free(net->routing);
	net->routing = routing;
	net->policy.price = config->price_weight;
	net->policy.loss = config->loss_weight;
	net->changed = true;
	return 0;
}

static int open_parts(struct network *net, const struct config *config,
		      struct times *times, __u64 now, struct sw_error *err)
{
	/* Ours rise beyond a restart, as the times of offers do. */
	const struct map_config map_config = { .sequence = times_next(times) };

	net->map = map_new(&map_ops, net, net->self->key, &map_config, ns(now));
	if (net->map)
		net->flood = flood_new(net->map, &flood_ops, net);
	if (!net->flood)
		return sw_fail(err, ENOMEM, "out of memory");
	return network_configure(net, config, err);
}

struct network *network_new(struct ev_loop *loop, const struct config *config,
			    const struct sw_identity *self, struct kernel *kernel,
			    struct times *times, __u64 now, struct sw_error *err)
{
	struct network *net = calloc(1, sizeof(*net));

	if (!net) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	net->loop = loop;
	net->self = self;
	net->kernel = kernel;
	net->policy = (struct routing_policy)ROUTING_POLICY_DEFAULT;
	SLIST_INIT(&net->dirty);
	LIST_INIT(&net->contacts);
	LIST_INIT(&net->told);
	ev_timer_init(&net->timer, on_timer, 0, 0);
	net->timer.data = net;
	if (!open_parts(net, config, times, now, err))
		return net;
	network_free(net);
	return NULL;
}

static void free_lists(struct network *net)
{
	struct name *name, *next;
	struct contact *c;
	struct told *t;

	while ((t = LIST_FIRST(&net->told))) {
		LIST_REMOVE(t, entry);
		free(t);
	}
	while ((c = LIST_FIRST(&net->contacts))) {
		LIST_REMOVE(c, entry);
		free(c);
	}
	HASH_ITER(hh, net->names, name, next)
		forget(net, name);
}

void network_free(struct network *net)
{
	int i;

	if (!net)
		return;
	if (net->routing)
		routing_free(net->routing);
	if (net->flood)
		flood_free(net->flood);
	if (net->map)
		map_free(net->map);
	for (i = 0; i < WATCHES_MAX; i++)
		if (net->watch[i].used)
			ev_io_stop(net->loop, &net->watch[i].io);
	ev_timer_stop(net->loop, &net->timer);
	free_lists(net);
	free(net);
}
