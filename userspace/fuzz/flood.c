// SPDX-License-Identifier: GPL-2.0
/*
 * What three neighbours can send to a node. All signatures are good here, so
 * that records get as far as they can. An input is a sequence of
 *
 *   0   what: bits 0 and 1 the neighbour; bit 2: it comes or goes; bit 3: time
 *       goes by; bit 4: a record follows, whose keys are small numbers
 *   1   length (16 bits), of a message, or milliseconds
 *   3   message
 *
 * The map must stay within its bounds, and must let go of all in the end.
 */
#include "swd/flood.h"
#include "swd/record_octets.h"

#include "fuzz.h"

enum {
	NEIGHBOURS	= 3,
	ORIGINS_MAX	= 8,
	BYTES_MAX	= 40000,
};

struct world {
	struct map	*map;
	struct flood	*flood;
	int		slots[NEIGHBOURS];	/* -1: it is gone */
	__u64		now;
};

static bool verify(void *context, const __u8 *bytes, size_t len)
{
	(void)context;
	return !record_check(bytes, len);
}

static void sign(void *context, __u8 *bytes, size_t len)
{
	(void)context;
	memset(bytes + len - RECORD_SIGNATURE_LEN, 1, RECORD_SIGNATURE_LEN);
}

static __u32 draw(void *context)
{
	(void)context;
	return 4;
}

static void event(void *context, enum map_event what, const __u8 key[SW_KEY_LEN])
{
	(void)context;
	(void)what;
	(void)key;
}

static void send_nowhere(void *context, const __u8 key[SW_KEY_LEN], const __u8 *bytes,
			 size_t len)
{
	(void)context;
	(void)key;
	(void)bytes;
	require(len && len <= FLOOD_MESSAGE_MAX);
}

static const struct map_ops map_ops = {
	.verify = verify, .sign = sign, .random = draw, .event = event,
};

static const struct flood_ops flood_ops = { .send = send_nowhere };

static void key_of(__u8 key[SW_KEY_LEN], __u8 number)
{
	memset(key, 0, SW_KEY_LEN);
	key[0] = number % 16;
}

static void come_or_go(struct world *world, unsigned int neighbour)
{
	struct record_link link = { .label = (__u16)(neighbour + 1), .mtu = 1420 };

	key_of(link.key, (__u8)(neighbour + 1));
	if (world->slots[neighbour] >= 0) {
		map_link_del(world->map, world->now, link.label);
		flood_neighbour_down(world->flood, world->now, world->slots[neighbour]);
		world->slots[neighbour] = -1;
		return;
	}
	require(!map_link_set(world->map, world->now, &link));
	world->slots[neighbour] = flood_neighbour_up(world->flood, world->now, link.key);
}

/* A record of few bytes of input: number, sequence, and its neighbours' numbers */
static void send_record(struct world *world, int slot, const __u8 *data, size_t len)
{
	static struct record_link links[RECORD_LINKS_MAX];
	static __u8 bytes[8 + RECORD_MAX], offer[4 + 52];
	struct record_head head = { 0 };
	size_t i;
	int size;

	if (len < 2)
		return;
	key_of(head.key, data[0]);
	head.sequence = data[1];
	for (i = 2; i < len && head.count < RECORD_LINKS_MAX; i++) {
		links[head.count] = (struct record_link) {
			.label = (__u16)(head.count + 1), .mtu = 1420, .latency = data[i],
		};
		key_of(links[head.count++].key, data[i]);
	}
	size = record_write(bytes + 8, &head, links);
	if (size < 0)
		return;
	sign(NULL, bytes + 8, size);
	memset(offer, 0, sizeof(offer));
	offer[0] = FLOOD_OFFER;
	put16(offer + 2, 1);
	memcpy(offer + 4, head.key, SW_KEY_LEN);
	put64(offer + 36, head.sequence);
	put64(offer + 44, record_digest(bytes + 8, size));
	flood_receive(world->flood, world->now, slot, offer, sizeof(offer));
	flood_tick(world->flood, world->now);
	memset(bytes, 0, 8);
	bytes[0] = FLOOD_RECORDS;
	put16(bytes + 2, 1);
	flood_receive(world->flood, world->now, slot, bytes, 8 + size);
}

static void step(struct world *world, const __u8 *data, size_t len, __u8 what, __u32 length)
{
	unsigned int neighbour = what % NEIGHBOURS;
	int slot = world->slots[neighbour];

	if (what & 8)
		world->now += length * (what & 32 ? MAP_SECOND : MAP_SECOND / 1000);
	else if (what & 4)
		come_or_go(world, neighbour);
	else if (slot >= 0 && what & 16)
		send_record(world, slot, data, len);
	else if (slot >= 0)
		flood_receive(world->flood, world->now, slot, data, len);
	flood_tick(world->flood, world->now);
	require(world->map->count <= ORIGINS_MAX);
	require(map_bytes(world->map) <= 2 * BYTES_MAX);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct map_config config = { .origins_max = ORIGINS_MAX, .bytes_max = BYTES_MAX };
	struct world world = { .now = MAP_SECOND };
	__u8 key[SW_KEY_LEN];
	unsigned int i;

	key_of(key, 0);
	world.map = map_new(&map_ops, NULL, key, &config, world.now);
	world.flood = flood_new(world.map, &flood_ops, NULL);
	for (i = 0; i < NEIGHBOURS; i++) {
		world.slots[i] = -1;
		come_or_go(&world, i);
	}
	world.now += MAP_SECOND;
	flood_tick(world.flood, world.now);
	while (len >= 3) {
		size_t length = get16(data + 1), rest = len - 3;
		size_t taken = data[0] & 8 || length > rest ? 0 : length;

		step(&world, data + 3, taken, data[0], (__u32)length);
		data += 3 + taken;
		len -= 3 + taken;
	}
	for (i = 0; i < NEIGHBOURS; i++)
		if (world.slots[i] >= 0)
			come_or_go(&world, i);
	/* Nobody is connected any more: all goes but our own. */
	for (i = 0; i < 4; i++)
		flood_tick(world.flood, world.now += 70 * MAP_SECOND);
	require(world.map->count == 1);
	flood_free(world.flood);
	map_free(world.map);
	return 0;
}
