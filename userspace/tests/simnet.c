// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "simnet.h"

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

__u32 sim_random(struct sim *sim, __u32 below)
{
	/* xorshift64* */
	sim->random ^= sim->random >> 12;
	sim->random ^= sim->random << 25;
	sim->random ^= sim->random >> 27;
	return (__u32)((sim->random * 2685821657736338717ULL >> 32) % below);
}

struct sim *sim_new(__u64 seed)
{
	struct sim *sim = must(calloc(1, sizeof(*sim)));

	if (sodium_init() < 0)
		abort();
	sim->random = seed * 2 + 1;
	sim->now = MAP_SECOND;
	return sim;
}

static void free_node(struct sim_node *node)
{
	flood_free(node->flood);
	map_free(node->map);
	free(node->ends);
	free(node);
}

void sim_free(struct sim *sim)
{
	while (sim->queue.count)
		free(sim->events[heap_pop(&sim->queue).vertex].bytes);
	while (sim->count)
		free_node(sim->nodes[--sim->count]);
	free(sim->nodes);
	free(sim->events);
	free(sim->free_events);
	heap_free(&sim->queue);
	free(sim);
}

static void push(struct sim *sim, __u64 when, const struct sim_event *event)
{
	__u32 number;

	if (!sim->free_count) {
		__u32 i, room = sim->event_room ? sim->event_room * 2 : 1024;

		sim->events = must(realloc(sim->events, room * sizeof(*sim->events)));
		sim->free_events = must(realloc(sim->free_events,
						room * sizeof(*sim->free_events)));
		for (i = sim->event_room; i < room; i++)
			sim->free_events[sim->free_count++] = i;
		sim->event_room = room;
	}
	number = sim->free_events[--sim->free_count];
	sim->events[number] = *event;
	if (!heap_push(&sim->queue, when, number))
		abort();
}

static void schedule(struct sim_node *node, __u64 when)
{
	struct sim_event event = { .to = node };

	if (when == node->due)
		return;
	node->due = when;
	if (when != MAP_NEVER)
		push(node->sim, when, &event);
}

static bool verify(void *context, const __u8 *bytes, size_t len)
{
	struct sim_node *node = context;
	__u8 hash[RECORD_SIGNATURE_LEN];

	if (!node->sim->cheap)
		return record_verify(bytes, len);
	crypto_generichash(hash, sizeof(hash), bytes, len - sizeof(hash), NULL, 0);
	return !memcmp(hash, bytes + len - sizeof(hash), sizeof(hash));
}

void sim_sign(const struct sim *sim, __u8 *bytes, size_t len,
	      const __u8 secret[RECORD_SECRET_LEN])
{
	if (sim->cheap)
		crypto_generichash(bytes + len - RECORD_SIGNATURE_LEN, RECORD_SIGNATURE_LEN,
				   bytes, len - RECORD_SIGNATURE_LEN, NULL, 0);
	else
		record_sign(bytes, len, secret);
}

static void sign(void *context, __u8 *bytes, size_t len)
{
	struct sim_node *node = context;

	sim_sign(node->sim, bytes, len, node->secret);
}

static __u32 draw(void *context)
{
	struct sim_node *node = context;

	return sim_random(node->sim, ~0u);
}

static void event(void *context, enum map_event what, const __u8 key[SW_KEY_LEN])
{
	struct sim_node *node = context;

	(void)key;
	node->events[what]++;
}

static const struct map_ops map_ops = {
	.verify = verify,
	.sign = sign,
	.random = draw,
	.event = event,
};

static struct sim_end *end_to(struct sim_node *node, const __u8 *key)
{
	__u32 i;

	for (i = 0; i < node->end_count; i++)
		if (!memcmp(node->ends[i].to->key, key, SW_KEY_LEN))
			return &node->ends[i];
	return NULL;
}

void sim_send(struct sim_node *from, struct sim_node *to, const __u8 *bytes, size_t len)
{
	struct sim_event message = { .from = from, .to = to, .len = len };
	struct sim_end *end = end_to(from, to->key);
	struct sim *sim = from->sim;

	if (!end || (sim->loss && sim_random(sim, 100) < sim->loss))
		return;
	message.bytes = must(malloc(len));
	memcpy(message.bytes, bytes, len);
	push(sim, sim->now + end->latency * 1000ULL, &message);
}

static void send_to(void *context, const __u8 key[SW_KEY_LEN], const __u8 *bytes, size_t len)
{
	struct sim_node *node = context;
	struct sim_end *end = end_to(node, key);

	if (end)
		sim_send(node, end->to, bytes, len);
}

static const struct flood_ops flood_ops = { .send = send_to };

static void start(struct sim_node *node)
{
	struct sim *sim = node->sim;

	node->map = must(map_new(&map_ops, node, node->key, &sim->config, sim->now));
	node->flood = must(flood_new(node->map, &flood_ops, node));
	node->due = MAP_NEVER;
	schedule(node, sim->now);
}

void sim_key(struct sim *sim, __u8 key[SW_KEY_LEN], __u8 secret[RECORD_SECRET_LEN])
{
	__u8 seed[crypto_sign_SEEDBYTES];
	__u32 i;

	for (i = 0; i < sizeof(seed); i++)
		seed[i] = (__u8)sim_random(sim, 256);
	if (sim->cheap)
		memcpy(key, seed, SW_KEY_LEN);
	else
		crypto_sign_seed_keypair(key, secret, seed);
}

static struct sim_node *add_node(struct sim *sim, const __u8 *key, const __u8 *secret)
{
	struct sim_node *node = must(calloc(1, sizeof(*node)));

	memcpy(node->key, key, sizeof(node->key));
	memcpy(node->secret, secret, sizeof(node->secret));
	node->sim = sim;
	node->number = sim->count;
	sim->nodes = must(realloc(sim->nodes, (sim->count + 1) * sizeof(*sim->nodes)));
	sim->nodes[sim->count++] = node;
	start(node);
	return node;
}

struct sim_node *sim_node(struct sim *sim)
{
	__u8 key[SW_KEY_LEN], secret[RECORD_SECRET_LEN] = { 0 };

	sim_key(sim, key, secret);
	return add_node(sim, key, secret);
}

struct sim_node *sim_twin(struct sim_node *node)
{
	return add_node(node->sim, node->key, node->secret);
}

static void tick(struct sim_node *node)
{
	schedule(node, flood_tick(node->flood, node->sim->now));
}

static void link_up(struct sim_node *node, struct sim_end *end)
{
	struct record_link link = {
		.label = end->label, .mtu = SKYWIRE_LINK_MTU_DEFAULT,
		.latency = end->latency, .capacity = 100000,
	};

	memcpy(link.key, end->to->key, SW_KEY_LEN);
	if (map_link_set(node->map, node->sim->now, &link))
		abort();
	end->slot = flood_neighbour_up(node->flood, node->sim->now, end->to->key);
	if (end->slot < 0)
		abort();
	tick(node);
}

static void add_end(struct sim_node *node, struct sim_node *to, __u32 latency)
{
	struct sim_end end = { .to = to, .latency = latency, .label = ++node->next_label };

	node->ends = must(realloc(node->ends, (node->end_count + 1) * sizeof(end)));
	node->ends[node->end_count] = end;
	link_up(node, &node->ends[node->end_count++]);
}

void sim_link(struct sim_node *a, struct sim_node *b, __u32 latency)
{
	add_end(a, b, latency);
	add_end(b, a, latency);
}

static void del_end(struct sim_node *node, const struct sim_node *to)
{
	struct sim_end *end = end_to(node, to->key);

	map_link_del(node->map, node->sim->now, end->label);
	flood_neighbour_down(node->flood, node->sim->now, end->slot);
	*end = node->ends[--node->end_count];
	tick(node);
}

void sim_unlink(struct sim_node *a, struct sim_node *b)
{
	del_end(a, b);
	del_end(b, a);
}

void sim_restart(struct sim_node *node)
{
	__u32 i;

	flood_free(node->flood);
	map_free(node->map);
	start(node);
	for (i = 0; i < node->end_count; i++)
		link_up(node, &node->ends[i]);
}

static void deliver(struct sim *sim, struct sim_event *message)
{
	struct sim_end *end = end_to(message->to, message->from->key);

	if (!end)
		return;
	sim->messages++;
	sim->bytes += message->len;
	if (message->to->receive) {
		message->to->receive(message->to, message->from, message->bytes,
				     message->len);
		return;
	}
	flood_receive(message->to->flood, sim->now, end->slot, message->bytes,
		      message->len);
	tick(message->to);
}

void sim_run(struct sim *sim, __u64 duration)
{
	__u64 until = sim->now + duration;

	while (sim->queue.count && sim->queue.entries[0].distance <= until) {
		struct heap_entry next = heap_pop(&sim->queue);
		struct sim_event now = sim->events[next.vertex];

		sim->free_events[sim->free_count++] = next.vertex;
		sim->now = next.distance;
		if (now.from) {
			deliver(sim, &now);
			free(now.bytes);
		} else if (now.to->due == sim->now) {
			now.to->due = MAP_NEVER;
			tick(now.to);
		}
	}
	sim->now = until;
}

bool sim_agree(const struct sim *sim)
{
	__u32 i;

	if (sim->nodes[0]->map->count != sim->count - sim->strangers)
		return false;
	for (i = 0; i < sim->count; i++)
		if (!sim->nodes[i]->receive &&
		    (sim->nodes[i]->map->count != sim->nodes[0]->map->count ||
		     sim->nodes[i]->map->sum != sim->nodes[0]->map->sum))
			return false;
	return true;
}

__u64 sim_settle(struct sim *sim, __u64 most)
{
	__u64 begin = sim->now;

	while (!sim_agree(sim)) {
		if (sim->now - begin >= most)
			return MAP_NEVER;
		sim_run(sim, MAP_SECOND / 20);
	}
	return sim->now - begin;
}
