// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <ev.h>
#include <sodium.h>

#include "lib/keyfile.h"
#include "daemon.h"
#include "control.h"
#include "device.h"
#include "discovery.h"
#include "firewall.h"
#include "hearsay.h"
#include "identity.h"
#include "log.h"
#include "neighbours.h"
#include "network.h"
#include "prefixes.h"
#include "remember.h"
#include "report.h"
#include "routing.h"
#include "sessions.h"
#include "steering.h"
#include "stream.h"
#include "tables.h"

struct daemon {
	struct ev_loop		*loop;
	struct config		*config;
	const char		*path;		/* of the configuration, or NULL */
	const char		*dev;
	unsigned int		ifindex;
	bool			down;		/* somebody has set the device down */
	bool			lost;		/* the device is gone, ... */
	ev_timer		again;		/* ... and to be made anew */
	struct sw_identity	*self;
	struct times		*times;
	struct kernel		*kernel;
	struct neighbours	*neighbours;
	struct discovery	*discovery;
	struct hearsay		*hearsay;
	struct remember		*remember;
	struct network		*network;
	struct sessions_routes	routes;
	struct sessions		*sessions;
	struct control		*control;
	struct tables		*tables;	/* followed, where there is one of ours */
	bool			switches[FIREWALL_SWITCHES];
	struct stream		*stream;
	bool			stale;		/* routes may be others, ... */
	__u64			reroute;	/* ... and are asked for not before */
	ev_prepare		prepare;
	ev_timer		timer;
	ev_timer		save;
};

enum {
	SAVE_EVERY	= 5,	/* seconds: what has changed, and was measured */
	AGAIN_EVERY	= 1,	/* seconds between tries to have a device again */
	REROUTE		= 200,	/* milliseconds from one to the next, at least */
};

/* Milliseconds since boot, those of sleep among them; never 0. */
static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000 + 1;
}

/* --- what the kernel tells ------------------------------------------------- */

static void on_handshake(void *arg, const struct sw_endpoint *from,
			 const __u8 *frame, size_t len)
{
	struct daemon *d = arg;

	neighbours_frame(d->neighbours, from, frame, len, now_ms());
}

static void on_message(void *arg, const struct kernel_message *m)
{
	struct daemon *d = arg;

	if (m->count)
		sessions_message(d->sessions, m, now_ms());
	else if (!hearsay_message(d->hearsay, m, now_ms()))
		network_message(d->network, m, now_ms());
}

static void on_miss(void *arg, const struct sw_addr *addr, const __u8 *peer)
{
	struct daemon *d = arg;

	(void)peer;
	sessions_miss(d->sessions, addr, now_ms());
}

static void on_link(void *arg, const struct kernel_link *link, bool gone)
{
	struct daemon *d = arg;

	neighbours_link(d->neighbours, link, gone, now_ms());
}

static void on_path(void *arg, const struct kernel_path *path)
{
	sessions_path(((struct daemon *)arg)->sessions, path, now_ms());
}

/* What depends on the device goes when nobody is in it any more. */
static void on_gone(void *arg)
{
	((struct daemon *)arg)->lost = true;
}

static void on_lost(void *arg)
{
	struct daemon *d = arg;
	char name[IF_NAMESIZE];

	if (if_indextoname(d->ifindex, name))
		neighbours_resync(d->neighbours, now_ms());
	else
		on_gone(d);
}

static const struct kernel_events kernel_events = {
	.gone = on_gone,
	.handshake = on_handshake,
	.message = on_message,
	.miss = on_miss,
	.link = on_link,
	.path = on_path,
	.lost = on_lost,
};

/* --- what the neighbours tell ---------------------------------------------- */

static void on_up(void *arg, struct neighbour *link)
{
	struct daemon *d = arg;

	sessions_link_up(d->sessions, link);
	network_link(d->network, link, now_ms());
}

static void on_down(void *arg, struct neighbour *link)
{
	struct daemon *d = arg;

	network_link_gone(d->network, link, now_ms());
	sessions_link_down(d->sessions, link);
}

static void on_changed(void *arg, struct neighbour *link)
{
	struct daemon *d = arg;

	network_link(d->network, link, now_ms());
	remember_link(d->remember, link);
	if (link->liveness == SKYWIRE_LIVENESS_DEAD)
		sessions_link_dead(d->sessions, link);
}

static const struct neighbours_events neighbours_events = {
	.up = on_up,
	.down = on_down,
	.changed = on_changed,
};

static bool on_beacon(void *arg, const __u8 key[SW_KEY_LEN],
		      const struct sw_endpoint *at)
{
	struct daemon *d = arg;

	return d->neighbours &&
	       neighbours_discovered(d->neighbours, key, at, now_ms());
}

/* --- the loop -------------------------------------------------------------- */

/* What cannot be without the device. Its kernel's part has gone with it. */
static void take_apart(struct daemon *d)
{
	hearsay_free(d->hearsay);
	sessions_free(d->sessions);
	network_free(d->network);
	neighbours_free(d->neighbours);
	kernel_close(d->kernel);
	d->hearsay = NULL;
	d->sessions = NULL;
	d->network = NULL;
	d->neighbours = NULL;
	d->kernel = NULL;
}

/* Somebody has deleted it, or unloaded the module. */
static void lose_device(struct daemon *d)
{
	log_say(LOG_ERR, "the device is gone");
	d->lost = false;
	take_apart(d);
	ev_timer_set(&d->again, 0, AGAIN_EVERY);
	ev_timer_start(d->loop, &d->again);
}

static void earlier(__u64 *next, __u64 other)
{
	if (other < *next)
		*next = other;
}

/* Not for each of many changes at once. Return: when to be called next. */
static __u64 reroute(struct daemon *d, __u64 now)
{
	d->stale |= network_changed(d->network);
	if (!d->stale)
		return UINT64_MAX;
	if (now < d->reroute)
		return d->reroute;
	d->stale = false;
	d->reroute = now + REROUTE;
	sessions_reroute(d->sessions);
	return UINT64_MAX;
}

/* Before the loop waits: do what is due, and see to it that it wakes in time. */
static void on_prepare(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct daemon *d = w->data;
	__u64 now = now_ms(), next;

	(void)revents;
	if (d->lost)
		lose_device(d);
	if (!d->kernel)
		return;
	next = remember_run(d->remember, d->neighbours, now);
	earlier(&next, hearsay_run(d->hearsay, now));
	earlier(&next, neighbours_run(d->neighbours, now));
	earlier(&next, network_run(d->network, now));
	earlier(&next, reroute(d, now));
	earlier(&next, sessions_run(d->sessions, now));
	earlier(&next, discovery_run(d->discovery, now));
	ev_timer_stop(loop, &d->timer);
	ev_timer_set(&d->timer, next > now ? (next - now) / 1000.0 : 0, 0);
	ev_timer_start(loop, &d->timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

static void on_save(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon *d = w->data;

	(void)loop;
	(void)revents;
	times_save(d->times);
	remember_save(d->remember);
	/* The kernel does not tell of latency and loss by itself. */
	if (!d->kernel)
		return;
	neighbours_resync(d->neighbours, now_ms());
	sessions_look_ahead(d->sessions, now_ms());
}

/* --- starting -------------------------------------------------------------- */

static int open_state(struct daemon *d, struct sw_error *err)
{
	char path[CONFIG_TEXT_MAX + 8];

	/* The last two, where they are missing; the file says if it cannot be. */
	snprintf(path, sizeof(path), "%s", d->config->state);
	*strrchr(path, '/') = '\0';
	mkdir(path, 0700);
	mkdir(d->config->state, 0700);
	snprintf(path, sizeof(path), "%s/times", d->config->state);
	d->times = times_open(path);
	snprintf(path, sizeof(path), "%s/peers", d->config->state);
	d->remember = remember_open(path, d->config);
	return d->times && d->remember ? 0 : sw_fail(err, ENOMEM, "out of memory");
}

static int open_kernel(struct daemon *d, const char *dev, struct sw_error *err)
{
	int rc;

	d->ifindex = device_make(dev, err);
	if (!d->ifindex)
		return -ENODEV;
	d->kernel = kernel_open(d->loop, d->ifindex, &kernel_events, d, err);
	if (!d->kernel)
		return -EIO;
	rc = kernel_device_set(d->kernel, d->self->key, d->config->port,
			       config_fwmark(d->config), err);
	return rc ?: device_up(d->ifindex, err) ?:
	       device_address(d->ifindex, d->self->key, err);
}

static void on_deleted(void *arg)
{
	struct daemon *d = arg;
	struct sw_error err;
	int rc;

	if (!d->kernel)
		return;
	rc = firewall_restore(d->dev, d->ifindex, d->config, d->switches, &err);
	if (rc)
		log_say(LOG_WARNING, "the table of nftables was deleted%s%s",
			rc < 0 ? ": " : ", and is there again", rc < 0 ? err.text : "");
}

static int follow_firewall(struct daemon *d, const struct config *new,
			   struct sw_error *err)
{
	if (!firewall_is_needed(new)) {
		tables_free(d->tables);
		d->tables = NULL;
	} else if (!d->tables) {
		d->tables = tables_watch(d->loop, on_deleted, d, err);
		return d->tables ? 0 : -EIO;
	}
	return 0;
}

/* Only an exit is nothing without it; who has no nftables may still be a client. */
static int set_firewall(struct daemon *d, const struct config *new,
			struct sw_error *err)
{
	int rc = firewall_set(d->dev, d->ifindex, new, d->switches, err) ?:
		 follow_firewall(d, new, err);

	if (!rc || new->served.count)
		return rc;
	log_say(LOG_WARNING, "%s", err->text);
	return 0;
}

/*
 * What packets of the machine, and of others, go into the device and come out of it.
 * @old: in force so far, or NULL
 */
static int set_ways(struct daemon *d, const struct config *old,
		    const struct config *new, struct sw_error *err)
{
	return prefixes_sync(new, d->kernel, err) ?: set_firewall(d, new, err) ?:
	       steering_set(d->ifindex, old, new, err);
}

/*
 * When a device is set down, the kernel drops its routes and its IPv6 addresses, and
 * does not bring them back.
 */
static void restore_ways(struct daemon *d)
{
	struct sw_error err;

	log_say(LOG_INFO, "the device is up again");
	if (device_address(d->ifindex, d->self->key, &err) ||
	    steering_set(d->ifindex, d->config, d->config, &err))
		log_say(LOG_WARNING, "%s", err.text);
}

static void on_interface(void *arg, unsigned int ifindex, bool up)
{
	struct daemon *d = arg;

	if (ifindex != d->ifindex)
		return;
	if (up && d->down && d->kernel)
		restore_ways(d);
	d->down = !up;
}

static void on_reachable(void *arg)
{
	struct daemon *d = arg;

	if (!d->neighbours)
		return;
	neighbours_hurry(d->neighbours, now_ms());
	remember_hurry(d->remember);
}

static const struct discovery_events discovery_events = {
	.heard = on_beacon,
	.changed = on_interface,
	.reachable = on_reachable,
};

/* In the reverse order; each goes, whatever becomes of the others. */
static void clear_ways(struct daemon *d)
{
	struct sw_error err;

	if (steering_set(d->ifindex, d->config, NULL, &err))
		log_say(LOG_WARNING, "%s", err.text);
	if (firewall_set(d->dev, d->ifindex, NULL, d->switches, &err))
		log_say(LOG_WARNING, "%s", err.text);
	if (d->kernel && prefixes_sync(NULL, d->kernel, &err))
		log_say(LOG_WARNING, "%s", err.text);
}

/* Return: 0, or an error; @psk is left alone where the peer has none. */
static int read_secret(const struct config_peer *peer, __u8 *psk, struct sw_error *err)
{
	int rc;

	if (!*peer->psk_file)
		return 0;
	rc = sw_secret_read(peer->psk_file, psk, err);
	if (rc >= 0 && rc != SW_NOISE_KEY)
		rc = sw_fail(err, EINVAL, "%s: %d bytes, a pre-shared key has %d",
			     peer->psk_file, rc, SW_NOISE_KEY);
	return rc < 0 ? rc : 0;
}

/* All that could be wrong with them is found now. */
static int check_secrets(const struct config *config, struct sw_error *err)
{
	__u8 psk[SW_SECRET_MAX];
	unsigned int i;
	int rc = 0;

	sodium_mlock(psk, sizeof(psk));
	for (i = 0; !rc && i < config->peers; i++)
		rc = read_secret(&config->peer[i], psk, err);
	sodium_munlock(psk, sizeof(psk));
	return rc;
}

int daemon_check(const struct config *config, struct sw_error *err)
{
	const char *paths = *config->paths ? config->paths : NULL;

	return check_secrets(config, err) ?: routing_find(config->algorithm)->check(paths, err);
}

/* A node is no peer of itself. */
static int check_keys(struct daemon *d, const struct config *config, struct sw_error *err)
{
	const struct config_peer *peer = config->peer;
	unsigned int i;

	for (i = 0; i < config->peers; i++)
		if (!memcmp(peer[i].key, d->self->key, SW_KEY_LEN))
			return sw_fail(err, EINVAL,
				       "line %u: [Peer] has this node's own PublicKey; another node's is expected",
				       peer[i].line);
	return 0;
}

static int configure_peer(struct daemon *d, const struct config_peer *peer,
			  __u8 *psk, struct sw_error *err)
{
	int rc = read_secret(peer, psk, err);

	if (rc)
		return rc;
	if (neighbours_configure(d->neighbours, peer,
				 *peer->psk_file ? psk : NULL, now_ms()))
		return sw_fail(err, ENOMEM, "out of memory, or too many links");
	return 0;
}

static int configure_peers(struct daemon *d, struct sw_error *err)
{
	__u8 psk[SW_SECRET_MAX];
	unsigned int i;
	int rc = 0;

	sodium_mlock(psk, sizeof(psk));
	for (i = 0; !rc && i < d->config->peers; i++)
		rc = configure_peer(d, &d->config->peer[i], psk, err);
	sodium_munlock(psk, sizeof(psk));
	return rc;
}

/* A key's address, or what is routed to it */
static bool owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN])
{
	struct daemon *d = arg;

	return network_owner(d->network, addr, key) ||
	       prefixes_owner(d->config, addr, key);
}

static int paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		 unsigned int max)
{
	return network_paths(((struct daemon *)arg)->network, key, path, max);
}

static void on_peer(void *arg, const __u8 key[SW_KEY_LEN])
{
	struct daemon *d = arg;

	prefixes_give(d->config, d->kernel, key);
}

static int make_parts(struct daemon *d, struct sw_error *err)
{
	d->network = network_new(d->loop, d->config, d->self, d->kernel, d->times,
				 now_ms(), err);
	if (!d->network)
		return -EINVAL;
	d->routes = (struct sessions_routes) { owner, paths, on_peer, d };
	d->neighbours = neighbours_new(d->config, d->self, d->kernel, d->times,
				       &neighbours_events, d);
	if (d->neighbours)
		d->sessions = sessions_new(d->config, d->self, d->kernel, d->times,
					   d->neighbours, &d->routes);
	if (!d->sessions)
		return sw_fail(err, ENOMEM, "out of memory");
	d->hearsay = hearsay_new(d->config, d->self, d->kernel, d->neighbours);
	if (!d->hearsay)
		return sw_fail(err, ENOMEM, "out of memory");
	network_join(d->network, d->neighbours);
	return sessions_adopt(d->sessions, now_ms(), err) ?:
	       neighbours_adopt(d->neighbours, now_ms(), err) ?:
	       check_keys(d, d->config, err) ?:
	       configure_peers(d, err) ?:
	       set_ways(d, NULL, d->config, err);
}

/* --- another configuration ------------------------------------------------- */

struct changes {
	json_t	*changed;
	json_t	*kept;
};

static void note_change(void *arg, const char *name, bool kept)
{
	struct changes *c = arg;

	json_array_append_new(kept ? c->kept : c->changed, json_string(name));
}

/* What the machine has to take; undone by the reverse. */
static int set_machine(struct daemon *d, const struct config *from,
		       const struct config *to, struct sw_error *err)
{
	int rc = 0;

	if (from->port != to->port || config_fwmark(from) != config_fwmark(to))
		rc = kernel_device_set(d->kernel, d->self->key, to->port,
				       config_fwmark(to), err);
	return rc ?: set_ways(d, from, to, err);
}

static bool routes_otherwise(const struct config *from, const struct config *to)
{
	return strcmp(from->algorithm, to->algorithm) ||
	       strcmp(from->paths, to->paths) ||
	       from->price_weight != to->price_weight ||
	       from->loss_weight != to->loss_weight ||
	       !strcmp(to->algorithm, "static");
}

/* Return: 0, and nothing that follows can fail. */
static int try(struct daemon *d, const struct config *new, struct sw_error *err)
{
	struct sw_error ignored;
	int rc = check_secrets(new, err) ?: check_keys(d, new, err);

	if (rc)
		return rc;
	rc = set_machine(d, d->config, new, err);
	if (!rc && routes_otherwise(d->config, new))
		rc = network_configure(d->network, new, err);
	if (rc)
		set_machine(d, new, d->config, &ignored);
	return rc;
}

/* A link that is there keeps its label. */
static void note_labels(struct daemon *d, struct changes *changes)
{
	struct neighbour *l = NULL;
	unsigned int i;

	while ((l = neighbours_next(d->neighbours, l)))
		for (i = 0; l->configured && i < d->config->peers; i++) {
			const struct config_peer *peer = &d->config->peer[i];

			if (peer->label && peer->label != l->label &&
			    !memcmp(peer->key, l->key, SW_KEY_LEN) &&
			    !memcmp(&peer->endpoint[0], &l->wanted, sizeof(l->wanted)))
				note_change(changes, "Peer.Label", true);
		}
}

/* @new: taken over */
static void take_config(struct daemon *d, const struct config *new,
			struct changes *changes)
{
	struct sw_error err;

	config_free(d->config);
	*d->config = *new;
	neighbours_reconfigure(d->neighbours);
	if (configure_peers(d, &err))
		log_say(LOG_WARNING, "%s", err.text);
	neighbours_reconfigured(d->neighbours);
	note_labels(d, changes);
	if (!discovery_reconfigured(d->discovery))
		note_change(changes, "Discovery.Ethernet", true);
}

static int reload(struct daemon *d, struct changes *changes, struct sw_error *err)
{
	struct config new;
	int rc = config_read(&new, d->dev, d->path, err);

	if (!rc)
		config_compare(d->config, &new, note_change, changes);
	if (!rc)
		rc = try(d, &new, err);
	if (rc)
		config_free(&new);
	else
		take_config(d, &new, changes);
	return rc;
}

static json_t *answer_reload(struct daemon *d)
{
	struct changes changes = { json_array(), json_array() };
	struct sw_error err;
	int rc = reload(d, &changes, &err);
	json_t *answer;

	if (rc) {
		log_say(LOG_WARNING, "the configuration stays as it was: %s", err.text);
		answer = json_pack("{s:o}", "error", report_text(err.text));
	} else {
		log_say(LOG_INFO, "the configuration was read anew");
		answer = json_pack("{s:O, s:O}", "changed", changes.changed,
				   "kept", changes.kept);
	}
	json_decref(changes.changed);
	json_decref(changes.kept);
	return answer;
}

void daemon_reload(struct daemon *d)
{
	if (!d->kernel) {
		log_say(LOG_WARNING, "without a device, nothing is read anew");
		return;
	}
	json_decref(answer_reload(d));
}

/* --- questions ------------------------------------------------------------- */

static json_t *on_question(void *arg, char *words[CONTROL_WORDS + 1])
{
	struct daemon *d = arg;
	const struct report r = {
		.dev = d->dev, .self = d->self, .config = d->config,
		.neighbours = d->neighbours, .network = d->network,
		.sessions = d->sessions, .now = now_ms(),
	};

	if (!d->kernel)
		return json_pack("{s:s}", "error", "the device is gone");
	if (!strcmp(words[0], "reload"))
		return answer_reload(d);
	return report(&r, words);
}

static bool on_follow(void *arg, int fd)
{
	struct daemon *d = arg;
	const struct event up = {
		.object = "daemon", .what = "up", .key = d->self->key, .text = d->dev
	};

	return stream_add(d->stream, fd, report_event(&up));
}

static const struct control_ops control_ops = {
	.answer = on_question, .follow = on_follow,
};

static void on_event(void *arg, const struct event *event)
{
	struct daemon *d = arg;

	if (stream_is_followed(d->stream))
		stream_tell(d->stream, report_event(event));
}

/* Without it nobody can ask, and all else goes on. */
static void open_control(struct daemon *d)
{
	struct sw_error err;

	mkdir("/run/skywire", 0755);
	d->stream = stream_new(d->loop);
	if (d->stream) {
		event_listen(on_event, d);
		d->control = control_new(d->loop, d->config->control, &control_ops, d,
					 &err);
	} else {
		sw_fail(&err, ENOMEM, "out of memory");
	}
	if (!d->control)
		log_say(LOG_WARNING, "no control socket: %s", err.text);
}

/* The module may be there again only later. */
static void on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon *d = w->data;
	struct sw_error err;

	(void)revents;
	if (open_kernel(d, d->dev, &err) || make_parts(d, &err)) {
		log_say(LOG_DEBUG, "%s", err.text);
		take_apart(d);
		return;
	}
	ev_timer_stop(loop, w);
	log_say(LOG_NOTICE, "the device is there again");
}

static void start_loop(struct daemon *d)
{
	ev_init(&d->again, on_again);
	d->again.data = d;
	ev_prepare_init(&d->prepare, on_prepare);
	d->prepare.data = d;
	ev_prepare_start(d->loop, &d->prepare);
	ev_timer_init(&d->timer, on_timer, 0, 0);
	ev_timer_init(&d->save, on_save, SAVE_EVERY, SAVE_EVERY);
	d->save.data = d;
	ev_timer_start(d->loop, &d->save);
}

static void stop_loop(struct daemon *d)
{
	ev_prepare_stop(d->loop, &d->prepare);
	ev_timer_stop(d->loop, &d->timer);
	ev_timer_stop(d->loop, &d->save);
	ev_timer_stop(d->loop, &d->again);
}

static int start(struct daemon *d, const char *dev, struct sw_error *err)
{
	int rc;

	d->self = identity_load(d->config->identity, err);
	if (!d->self)
		return -EINVAL;
	rc = open_state(d, err) ?: open_kernel(d, dev, err);
	if (rc)
		return rc;
	d->discovery = discovery_new(d->loop, d->config, d->self->key,
				     &discovery_events, d, err);
	rc = d->discovery ? make_parts(d, err) : -EIO;
	if (rc)
		return rc;
	open_control(d);
	start_loop(d);
	return 0;
}

void daemon_end(struct daemon *d)
{
	clear_ways(d);
	daemon_stop(d);
}

void daemon_stop(struct daemon *d)
{
	stop_loop(d);
	event_listen(NULL, NULL);
	control_free(d->control);
	tables_free(d->tables);
	stream_free(d->stream);
	discovery_free(d->discovery);
	take_apart(d);
	remember_close(d->remember);
	times_close(d->times);
	sw_identity_free(d->self);
	free(d);
}

struct daemon *daemon_start(struct ev_loop *loop, struct config *config,
			    const char *path, const char *dev, struct sw_error *err)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (!d) {
		sw_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	d->loop = loop;
	d->config = config;
	d->path = path;
	d->dev = dev;
	if (!start(d, dev, err))
		return d;
	daemon_stop(d);
	return NULL;
}
