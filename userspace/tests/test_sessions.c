// SPDX-License-Identifier: GPL-2.0
/* Sessions of several nodes: mostly node 0 - node 1 - node 2 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "nodes.h"
#include "swd/event.h"
#include "test.h"

static void over_a_relay(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_line();
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->released, 0);
	mock_deliver();
	assert_int_equal(a->kernel->released, 1);
	assert_int_equal(a->kernel->refused, 0);
	assert_true(in_session(a, b));
	assert_true(is_peer(a, b));
	assert_true(is_peer(b, a));
	/* The way back was learned from the offer. */
	assert_int_equal(b->kernel->path[b->kernel->paths - 1].count, 1);
	assert_int_equal(b->kernel->path[b->kernel->paths - 1].label[0],
			 htons(label_to(&node[1], a)));
}

/* Where paths are not known at once, packets wait for them. */
static void paths_later(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	struct sw_addr addr = address_of(b);

	(void)state;
	make_line();
	set_paths(a, b);
	set_paths(b, a);
	a->undecided = true;
	sessions_miss(a->sessions, &addr, now);
	sessions_reroute(a->sessions);
	run_all();
	assert_int_equal(a->kernel->refused, 0);
	a->undecided = false;
	sessions_reroute(a->sessions);
	run_all();
	mock_deliver();
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->released, 1);
}

/* Nor are they known later. */
static void paths_never(void **state)
{
	struct node *a = &node[0];
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	make_line();
	set_paths(a, &node[2]);
	a->undecided = true;
	sessions_miss(a->sessions, &addr, now);
	a->undecided = false;
	a->to.count = 0;
	sessions_reroute(a->sessions);
	run_all();
	assert_int_equal(a->kernel->refused, 1);
	assert_false(is_peer(a, &node[2]));
}

/* What a path costs, and whether it is the best, changes; the path is the same. */
static void other_terms(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	struct sw_addr addr = address_of(b);
	const struct kernel_path *path;
	__u8 id[2];

	(void)state;
	make_line();
	set_paths(a, b);
	a->ways = 2;
	a->to.cost = 1000;
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->paths, 3);
	path = &a->kernel->path[1];
	id[0] = path[0].id;
	id[1] = path[1].id;
	a->to.mtu = 1300;
	a->to.postage_base = 7;
	a->to.postage_rate = 9;
	a->swapped = true;
	sessions_reroute(a->sessions);
	sessions_run(a->sessions, now);
	assert_int_equal(path[0].mtu, 1300);
	assert_int_equal(path[0].postage_base, 7);
	assert_int_equal(path[0].postage_rate, 9);
	assert_int_equal(path[0].id, id[0]);
	assert_int_equal(path[1].id, id[1]);
	assert_true(path[1].preference < path[0].preference);
}

/* Of two that cost nearly the same, the one that was used goes on being used. */
static void nearly_the_same(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	struct sw_addr addr = address_of(b);
	const struct kernel_path *path;

	(void)state;
	make_line();
	set_paths(a, b);
	a->ways = 2;
	sessions_miss(a->sessions, &addr, now);
	path = &a->kernel->path[1];
	a->swapped = true;
	sessions_reroute(a->sessions);
	sessions_run(a->sessions, now);
	assert_true(path[0].preference < path[1].preference);
	a->to.cost = 1;
	sessions_reroute(a->sessions);
	sessions_run(a->sessions, now);
	assert_true(path[0].preference > path[1].preference);
}

/* A secret that both ends of a session have, and have to have. */
static void session_pre_shared(void **state)
{
	static const __u8 psk[SW_NOISE_KEY] = "one", wrong[SW_NOISE_KEY] = "two";
	struct sw_addr addr = address_of(&node[2]);
	struct config_peer peer = { 0 };

	(void)state;
	make_line();
	memcpy(peer.key, node[2].self->key, SW_KEY_LEN);
	assert_int_equal(neighbours_configure(node[0].neighbours, &peer, psk, now), 0);
	sessions_miss(node[0].sessions, &addr, now);
	pass(8);
	assert_int_equal(node[0].kernel->released, 0);
	assert_int_equal(node[0].kernel->refused, 1);
	memcpy(peer.key, node[0].self->key, SW_KEY_LEN);
	assert_int_equal(neighbours_configure(node[2].neighbours, &peer, wrong, now), 0);
	sessions_miss(node[0].sessions, &addr, now);
	pass(8);
	assert_int_equal(node[0].kernel->released, 0);
	assert_int_equal(neighbours_configure(node[2].neighbours, &peer, psk, now), 0);
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	assert_int_equal(node[0].kernel->released, 1);
	assert_true(in_session(&node[0], &node[2]));
}

static void set_ciphers(struct node *n, const char *list)
{
	char text[128];
	struct sw_error err;

	snprintf(text, sizeof(text), "[Node]\nCiphers = %s\n", list);
	assert_int_equal(config_parse(&n->config, "x", text, strlen(text), &err), 0);
}

static __u8 link_cipher(const struct node *n)
{
	return mock_key_of(n->kernel, n->kernel->link[0].label, NULL)->key.cipher;
}

/* The responder's preference, of what the initiator has; for sessions as well. */
static void chosen_ciphers(void **state)
{
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	set_ciphers(&node[1], "aes-128-gcm, aes-256-gcm, chacha20-poly1305");
	set_ciphers(&node[2], "chacha20-poly1305 aes-256-gcm");
	make_line();
	assert_int_equal(link_cipher(&node[0]), SKYWIRE_CIPHER_AES_128_GCM);
	assert_int_equal(link_cipher(&node[2]), SKYWIRE_CIPHER_AES_256_GCM);
	assert_int_equal(link_cipher(&node[1]), SKYWIRE_CIPHER_AES_128_GCM);
	set_ciphers(&node[2], "aes-256-gcm chacha20-poly1305");
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(&node[0], &node[2]));
	assert_int_equal(mock_key_of(node[0].kernel, 0, node[2].self->key)->key.cipher,
			 SKYWIRE_CIPHER_AES_256_GCM);
}

/* What a node has ruled out it does not take, whatever the other would choose. */
static void ciphers_ruled_out(void **state)
{
	struct sw_terms own = { .lanes = 1, .ciphers = 8, .index = { 9 }, .time = 5 };
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], msg[SW_EXCHANGE_MAX];
	struct sw_exchange *x;
	int len;

	(void)state;
	/* An offer without the one that all have, though it would be taken */
	x = sw_exchange_new(node[0].self, SW_LAYER_LINK, node[1].self->key);
	len = sw_exchange_offer(x, &own, msg);
	len = sw_frame_build(frame, SW_FRAME_INITIATION, 9, msg, len, node[1].self->key);
	neighbours_frame(node[1].neighbours, &node[0].kernel->at, frame, len, now);
	assert_int_equal(node[1].kernel->keys, 0);
	sw_exchange_free(x);
	set_ciphers(&node[0], "chacha20-poly1305");
	set_ciphers(&node[1], "aes-128-gcm, chacha20-poly1305");
	configure(&node[0], &node[1], 0, NULL);
	pass(1);
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(link_cipher(&node[0]), SKYWIRE_CIPHER_CHACHA20_POLY1305);
}

/* Packets to what is routed to a node make a session, and it gets the prefix. */
static void routed_prefix(void **state)
{
	struct sw_addr addr = { .len = 4, .bytes = { 10, 1, 2, 3 } };
	struct node *a = &node[0], *b = &node[2];
	char text[160], key[SW_KEY_TEXT];
	struct sw_error err;

	(void)state;
	make_line();
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->refused, 1);
	sw_key_format(key, b->self->key);
	snprintf(text, sizeof(text), "[Peer]\nPublicKey = %s\nAllowedIPs = 10.0.0.0/8\n",
		 key);
	assert_int_equal(config_parse(&a->config, "t", text, strlen(text), &err), 0);
	sessions_miss(a->sessions, &addr, now);
	mock_deliver();
	assert_int_equal(a->kernel->released, 1);
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->prefixes, 1);
	assert_memory_equal(a->kernel->prefix[0].peer, b->self->key, SW_KEY_LEN);
	assert_int_equal(b->kernel->prefixes, 0);
}

static void want_both(bool twice)
{
	struct sw_addr to_a = address_of(&node[0]), to_b = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	make_line();
	set_paths(b, a);
	sessions_miss(a->sessions, &to_b, now);
	sessions_miss(b->sessions, &to_a, now);
	if (twice)
		mock_repeat();
	mock_deliver();
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->released + b->kernel->released, 1);
}

static void both_want(void **state)
{
	(void)state;
	want_both(false);
}

static void both_want_twice(void **state)
{
	(void)state;
	want_both(true);
}

static void unknown_key(void **state)
{
	struct sw_addr addr = { .len = 16, .bytes = { 0xfc, 1 } };

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	assert_int_equal(node[0].kernel->refused, 1);
	assert_int_equal(node[0].kernel->peers, 1);
}

static void no_answer(void **state)
{
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	make_line();
	node[2].kernel->at.port++;
	sessions_miss(node[0].sessions, &addr, now);
	pass(7);
	assert_int_equal(node[0].kernel->refused, 0);
	pass(1);
	assert_int_equal(node[0].kernel->refused, 1);
	assert_int_equal(node[0].kernel->peers, 1);
}

/* A network in which all takes as long, in tenths of a second */
struct far {
	unsigned int delay, ticks, arrived, sent[100];
};

static void pass_far(struct far *f, unsigned int ticks)
{
	for (ticks += f->ticks; f->ticks < ticks; f->ticks++, now += 100) {
		while (f->ticks >= f->delay && f->arrived < f->sent[f->ticks - f->delay])
			f->arrived += mock_deliver_one();
		run_all();
		f->sent[f->ticks] = f->arrived + mock_waiting();
	}
}

/* The first key comes, however far away the other is. */
static void far_away(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	unsigned int delay;

	for (delay = 1; delay < 20; delay++) {
		struct sw_addr addr = address_of(b);
		struct far far = { .delay = delay };

		make_line();
		sessions_miss(a->sessions, &addr, now);
		pass_far(&far, 80);
		assert_int_equal(a->kernel->released, 1);
		assert_int_equal(a->kernel->refused, 0);
		assert_true(in_session(a, b));
		nodes_tear_down(state);
		nodes_set_up(state);
	}
}

/* @b wants a session with @a, some time later than the other way round. */
static void both_want_far(struct node *a, struct node *b, unsigned int later,
			  unsigned int delay)
{
	struct sw_addr to_a = address_of(a), to_b = address_of(b);
	struct far far = { .delay = delay };

	make_line();
	set_paths(a, b);
	set_paths(b, a);
	sessions_miss(a->sessions, &to_b, now);
	pass_far(&far, later);
	sessions_miss(b->sessions, &to_a, now);
	pass_far(&far, 80);
	assert_true(in_session(a, b));
}

/* Nor do offers that cross hinder each other, whichever is the first. */
static void far_away_both_want(void **state)
{
	unsigned int delay, later;

	for (delay = 1; delay < 20; delay += 3)
		for (later = 0; later < 20; later++) {
			both_want_far(&node[0], &node[2], later, delay);
			nodes_tear_down(state);
			nodes_set_up(state);
			both_want_far(&node[2], &node[0], later, delay);
			nodes_tear_down(state);
			nodes_set_up(state);
		}
}

static void idle_session(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	unsigned int keys;

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	node[0].kernel->packets = 1;
	node[2].kernel->packets = 1;
	pass(130);
	keys = node[0].kernel->keys;
	node[0].kernel->packets++;
	node[2].kernel->packets++;
	pass(120);
	assert_true(node[0].kernel->keys > keys);
	assert_true(in_session(&node[0], &node[2]));
	pass(600);
	assert_int_equal(node[0].kernel->peers, 1);
	assert_int_equal(node[2].kernel->peers, 1);
}

static void tell_of_paths(struct node *a, const struct node *b, __u8 state)
{
	struct kernel_path path;
	unsigned int i;

	for (i = 0; i < a->kernel->paths; i++) {
		path = a->kernel->path[i];
		path.state = state;
		if (!memcmp(path.peer, b->self->key, SW_KEY_LEN))
			sessions_path(a->sessions, &path, now);
	}
}

/* One that nothing comes back from is asked for new keys, and not all the time. */
static void other_end_forgets(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	unsigned int keys;

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	node[0].kernel->packets = 1;
	pass(2);
	assert_true(in_session(&node[0], &node[2]));
	keys = node[0].kernel->keys;
	tell_of_paths(&node[0], &node[2], SKYWIRE_PATH_STATE_USABLE);
	pass(10);
	assert_int_equal(node[0].kernel->keys, keys);
	tell_of_paths(&node[0], &node[2], SKYWIRE_PATH_STATE_SUSPECT);
	pass(1);
	assert_int_equal(node[0].kernel->keys, keys + 1);
	assert_true(in_session(&node[0], &node[2]));
	node[0].kernel->packets++;
	tell_of_paths(&node[0], &node[2], SKYWIRE_PATH_STATE_SUSPECT);
	pass(3);
	assert_int_equal(node[0].kernel->keys, keys + 1);
	pass(3);
	assert_int_equal(node[0].kernel->keys, keys + 2);
}

/* There is a way around the link before it is needed, where the link is used. */
static void direct_link_in_use(void **state)
{
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_line();
	configure(a, b, 0, NULL);
	pass(1);
	sessions_look_ahead(a->sessions, now);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_false(in_session(a, b));
	mock_use(a->kernel, b->self->key, 1);
	sessions_look_ahead(a->sessions, now);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->paths, 3);
	/* And that goes when it is not. */
	pass(400);
	assert_int_equal(a->kernel->paths, 2);
	assert_true(is_peer(a, b));
}

/* A neighbour whose link is dead is reached over relays, if there are any. */
static void dead_direct_link(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	unsigned int i;

	(void)state;
	make_line();
	configure(a, b, 0, NULL);
	pass(1);
	assert_int_equal(a->kernel->links, 2);
	assert_false(in_session(a, b));
	for (i = 0; i < 2; i++)
		if (!memcmp(a->kernel->link[i].neighbour, b->self->key, SW_KEY_LEN))
			mock_liveness(a->kernel, a->kernel->link[i].label,
				      SKYWIRE_LIVENESS_DEAD);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_true(in_session(a, b));
}

/* Whoever does not answer for as long as a key lives is no peer any more. */
static void silent_peer(void **state)
{
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(&node[0], &node[2]));
	node[0].kernel->packets = 1;
	node[2].kernel->at.port++;
	pass(300);
	assert_int_equal(node[0].kernel->peers, 2);
	pass(3400);
	assert_int_equal(node[0].kernel->peers, 1);
}

/*
 * So it is with one that is a neighbour as well, until it is wanted again: what was
 * offered to it last is not waited for.
 */
static void silent_neighbour(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_line();
	configure(a, b, 33, NULL);
	pass(1);
	mock_liveness(a->kernel, 33, SKYWIRE_LIVENESS_DEAD);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_true(in_session(a, b));
	a->kernel->packets = 1;
	b->kernel->at.port++;
	pass(3700);
	b->kernel->at.port--;
	a->kernel->keys = 0;
	sessions_miss(a->sessions, &addr, now);
	pass(1);
	assert_true(in_session(a, b));
}

/* Where a daemon was away for longer than keys live, what it had goes. */
static void adopted_without_key(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *n = &node[0];

	(void)state;
	make_line();
	sessions_miss(n->sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(n, &node[2]));
	/* Somebody else's key: it is left alone. */
	n->kernel->key[n->kernel->keys - 1].key.opaque_len = 0;
	node_stop(n);
	node_make_parts(n);
	pass(100);
	assert_int_equal(n->kernel->peers, 2);
	node_stop(n);
	n->kernel->keys--;
	node_make_parts(n);
	pass(100);
	assert_int_equal(n->kernel->peers, 1);
	assert_true(is_peer(n, &node[1]));
}

static void count_gone(void *arg, const struct event *event)
{
	*(unsigned int *)arg += !strcmp(event->object, "session") &&
				!strcmp(event->what, "gone");
}

static void relay_goes(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct kernel_link link;
	unsigned int gone = 0;
	struct sw_error err;

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	link = node[0].kernel->link[0];
	kernel_link_del(node[0].kernel, link.label, &err);
	event_listen(count_gone, &gone);
	neighbours_link(node[0].neighbours, &link, true, now);
	sessions_run(node[0].sessions, now);
	event_listen(NULL, NULL);
	assert_int_equal(node[0].kernel->peers, 0);
	assert_int_equal(gone, 1);
}

/* One that nobody knows asks for a session, by a link. Leaves its key in @key. */
static void stranger(struct node *n, __u16 link, unsigned int number,
		     __u8 key[SW_KEY_LEN])
{
	__u8 msg[8 + SW_EXCHANGE_MAX] = { 1 };
	struct kernel_message m = {
		.link = link, .count = 1, .label = { htons(7) }, .payload = msg,
	};
	struct sw_terms own = { .lanes = 1, .ciphers = 2, .index = { 9 }, .time = now };
	struct sw_identity *identity;
	struct sw_exchange *x;

	identity_of(&identity, number);
	memcpy(key, identity->key, SW_KEY_LEN);
	x = sw_exchange_new(identity, SW_LAYER_SESSION, n->self->key);
	m.len = 8 + sw_exchange_offer(x, &own, msg + 8);
	sessions_message(n->sessions, &m, now);
	sw_exchange_free(x);
	sw_identity_free(identity);
}

/* Throwaway keys take room from each other, and from nobody else. */
static void many_strangers(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	__u8 first[SW_KEY_LEN], used[SW_KEY_LEN], apart[SW_KEY_LEN], key[SW_KEY_LEN];
	struct node *n = &node[0];
	unsigned int i, gone = 0;

	(void)state;
	make_line();
	configure(n, &node[2], 33, NULL);
	pass(1);
	n->routes.paths = paths;
	mock_liveness(n->kernel, 33, SKYWIRE_LIVENESS_DEAD);
	sessions_miss(n->sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(n, &node[2]));
	event_listen(count_gone, &gone);
	stranger(n, label_to(n, &node[1]), 0, first);
	stranger(n, label_to(n, &node[1]), 1, used);
	for (i = 2; i < 2 * SESSIONS_STRANGERS; i++) {
		stranger(n, label_to(n, &node[1]), i, key);
		mock_lose();
		if (i % 64)
			continue;
		mock_use(n->kernel, used, 1);
		if (i == SESSIONS_STRANGERS)
			stranger(n, 33, UINT_MAX, apart);
	}
	assert_int_equal(n->kernel->peers, SESSIONS_STRANGERS + 2);
	assert_int_equal(sessions_count(n->sessions), SESSIONS_STRANGERS + 2);
	assert_int_equal(sessions_displaced(n->sessions), SESSIONS_STRANGERS + 1);
	event_listen(NULL, NULL);
	assert_int_equal(gone, SESSIONS_STRANGERS + 1);
	assert_false(mock_has_peer(n->kernel, first));
	assert_true(mock_has_peer(n->kernel, used));
	assert_true(mock_has_peer(n->kernel, apart));
	assert_true(mock_has_peer(n->kernel, key));
	assert_true(in_session(n, &node[2]));
	assert_true(is_peer(n, &node[1]));
	/* And what is not used goes by itself. */
	pass(300);
	assert_int_equal(sessions_count(n->sessions), 3);
}

static void lose_link(struct node *n, __u16 label)
{
	struct kernel_link link;
	struct sw_error err;

	assert_int_equal(kernel_link_get(n->kernel, label, &link), 0);
	kernel_link_del(n->kernel, label, &err);
	neighbours_link(n->neighbours, &link, true, now);
}

/* Paths of many are not computed at once, and only of those that need others. */
static void few_at_a_time(void **state)
{
	struct node *n = &node[0];
	__u8 key[SW_KEY_LEN];
	unsigned int i;

	(void)state;
	make_line();
	configure(n, &node[2], 33, NULL);
	pass(1);
	n->asked = 0;
	for (i = 0; i < 100; i++)
		stranger(n, label_to(n, &node[1]), i, key);
	mock_lose();
	assert_int_equal(n->asked, 0);
	for (i = 1; sessions_run(n->sessions, now) == now; i++)
		assert_true(n->asked <= 4 * i);
	assert_int_equal(n->asked, 100);
	n->asked = 0;
	sessions_reroute(n->sessions);
	sessions_reroute(n->sessions);
	assert_int_equal(n->asked, 0);
	for (i = 1; sessions_run(n->sessions, now) == now; i++)
		assert_true(n->asked <= 4 * i);
	assert_int_equal(n->asked, 100);
	n->asked = 0;
	lose_link(n, 33);
	while (sessions_run(n->sessions, now) == now)
		;
	assert_int_equal(n->asked, 0);
	assert_int_equal(n->kernel->peers, 101);
	lose_link(n, label_to(n, &node[1]));
	while (sessions_run(n->sessions, now) == now)
		;
	assert_int_equal(n->asked, 100);
	assert_int_equal(n->kernel->peers, 0);
}

/* The kernel has no room for a neighbour, and later it has. */
static void no_room_for_a_link(void **state)
{
	struct node *n = &node[0];

	(void)state;
	n->kernel->peers_max = 1;
	configure(n, &node[1], 0, NULL);
	configure(n, &node[2], 0, NULL);
	pass(1);
	assert_int_equal(n->kernel->links, 2);
	assert_int_equal(n->kernel->paths, 1);
	n->kernel->peers_max = 0;
	pass(40);
	assert_int_equal(n->kernel->paths, 2);
	assert_true(is_peer(n, &node[1]));
	assert_true(is_peer(n, &node[2]));
}

/* As many paths as can be, over relays; and then a link. */
static void link_beside_relays(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *n = &node[0];
	unsigned int i, to = 0, direct = 0;

	(void)state;
	make_line();
	n->ways = SKYWIRE_PATHS_MAX;
	sessions_miss(n->sessions, &addr, now);
	assert_int_equal(n->kernel->paths, 1 + SKYWIRE_PATHS_MAX);
	configure(n, &node[2], 0, NULL);
	pass(1);
	for (i = 0; i < n->kernel->paths; i++) {
		if (memcmp(n->kernel->path[i].peer, node[2].self->key, SW_KEY_LEN))
			continue;
		to++;
		direct += !n->kernel->path[i].count;
	}
	assert_int_equal(to, SKYWIRE_PATHS_MAX);
	assert_int_equal(direct, 1);
	/* Others take the place of all of them at once. */
	n->to.label[0] += htons(100);
	sessions_reroute(n->sessions);
	sessions_run(n->sessions, now);
	assert_int_equal(n->kernel->paths, 1 + SKYWIRE_PATHS_MAX);
}

/* Whoever makes an offer, and is not there any more, leaves nothing behind. */
static void vanishes(void **state)
{
	struct node *n = &node[1];
	__u8 key[SW_KEY_LEN];

	(void)state;
	configure(&node[0], n, 0, NULL);
	run_all();
	mock_deliver_one();
	assert_int_equal(n->kernel->links, 1);
	mock_lose();
	node[0].kernel->at.port++;
	node_stop(&node[0]);
	node_make_parts(&node[0]);
	pass(600);
	assert_int_equal(n->kernel->links, 0);
	assert_int_equal(n->kernel->peers, 0);
	assert_null(neighbours_next(n->neighbours, NULL));
	/* The address may have been made up: it gets an answer, and no more. */
	assert_int_equal(n->kernel->offers_out, 0);
	/* In the middle of that of a session as well */
	configure(&node[2], n, 0, NULL);
	pass(1);
	stranger(n, label_to(n, &node[2]), 1, key);
	mock_lose();
	assert_true(mock_has_peer(n->kernel, key));
	pass(300);
	assert_false(mock_has_peer(n->kernel, key));
	assert_true(is_peer(n, &node[2]));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, nodes_set_up, nodes_tear_down)

int main(void)
{
	const struct cm_unit_test tests[] = {
		TEST(vanishes),
		TEST(over_a_relay),
		TEST(paths_later),
		TEST(paths_never),
		TEST(other_terms),
		TEST(nearly_the_same),
		TEST(session_pre_shared),
		TEST(chosen_ciphers),
		TEST(ciphers_ruled_out),
		TEST(routed_prefix),
		TEST(both_want),
		TEST(both_want_twice),
		TEST(unknown_key),
		TEST(no_answer),
		TEST(far_away),
		TEST(far_away_both_want),
		TEST(idle_session),
		TEST(other_end_forgets),
		TEST(direct_link_in_use),
		TEST(dead_direct_link),
		TEST(silent_peer),
		TEST(silent_neighbour),
		TEST(adopted_without_key),
		TEST(relay_goes),
		TEST(many_strangers),
		TEST(few_at_a_time),
		TEST(no_room_for_a_link),
		TEST(link_beside_relays),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
