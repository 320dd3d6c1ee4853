// SPDX-License-Identifier: GPL-2.0
/*
 * Prefixes: the module's own table, beside a list that is searched from end to end.
 * What prefix.c needs of the rest of the module, is here.
 */
#include "../prefix.c"

#include <kunit/test.h>
#include "draw.h"

enum {
	PEERS	= 4,
	MOST	= 200,
	STEPS	= 2000,
	LOOKUPS	= 4,
};

/* Guards all that there is, as in the module. */
DEFINE_MUTEX(sw_mutex);

static unsigned int told;

void sw_notify_prefix(struct sw_prefix *prefix, u8 cmd)
{
	told += cmd == SKYWIRE_CMD_PREFIX_DEL_NTF;
}

struct entry {
	struct sw_prefix	*prefix;
	struct sw_peer		*peer;
	u8			addr[16];
	u8			family;
	u8			len;
};

struct world {
	struct sw_device	sw;
	struct sw_peer		peer[PEERS];
	struct entry		list[MOST];
	unsigned int		n;
};

static int set_up(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	int i;

	test->priv = w;
	if (!w)
		return -ENOMEM;
	for (i = 0; i < PEERS; i++) {
		w->peer[i].sw = &w->sw;
		INIT_LIST_HEAD(&w->peer[i].prefixes);
	}
	return sw_prefix_table_init(&w->sw.prefixes);
}

static void clean_up(struct kunit *test)
{
	struct world *w = test->priv;

	if (!w)
		return;
	mutex_lock(&sw_mutex);
	while (w->n)
		sw_prefix_delete(w->list[--w->n].prefix);
	mutex_unlock(&sw_mutex);
	sw_prefix_table_destroy(&w->sw.prefixes);
}

/* Few bytes differ, and these in few bits, so that prefixes hold one another. */
static void draw_address(struct entry *e)
{
	int i;

	memset(e->addr, 0, sizeof(e->addr));
	e->family = below(2) ? AF_INET : AF_INET6;
	for (i = 0; i < (e->family == AF_INET ? 4 : 16); i++)
		e->addr[i] = below(4) ? 0 : 0x81 << below(2);
}

static bool same_bits(const u8 *a, const u8 *b, unsigned int len)
{
	unsigned int bytes = len / 8, bits = len % 8;

	return !memcmp(a, b, bytes) &&
	       (!bits || (a[bytes] ^ b[bytes]) >> (8 - bits) == 0);
}

static struct entry *oracle_find(struct world *w, const struct entry *e)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		if (w->list[i].family == e->family &&
		    w->list[i].len == e->len &&
		    same_bits(w->list[i].addr, e->addr, e->len))
			return &w->list[i];
	return NULL;
}

static struct entry *oracle_match(struct world *w, const struct entry *e)
{
	struct entry *best = NULL;
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		struct entry *o = &w->list[i];

		if (o->family == e->family && (!best || o->len > best->len) &&
		    same_bits(o->addr, e->addr, o->len))
			best = o;
	}
	return best;
}

/* Adds the prefix, or moves it to the peer where it exists. */
static bool add(struct world *w, struct entry *e)
{
	struct entry *old = oracle_find(w, e);

	e->prefix = sw_prefix_create(e->peer, e->family, e->addr, e->len, false,
				     NULL);
	if (old) {
		sw_prefix_move(old->prefix, e->peer);
		old->peer = e->peer;
		return e->prefix == ERR_PTR(-EEXIST) &&
		       sw_prefix_find(&w->sw, e->family, e->addr, e->len) ==
		       old->prefix;
	}
	if (IS_ERR(e->prefix))
		return false;
	w->list[w->n++] = *e;
	return true;
}

static bool delete(struct world *w)
{
	struct entry *e = &w->list[below(w->n)];
	struct entry gone = *e;
	unsigned int before = told;

	sw_prefix_delete(e->prefix);
	*e = w->list[--w->n];
	return told == before + 1 &&
	       !sw_prefix_find(&w->sw, gone.family, gone.addr, gone.len);
}

/* One step, and whether it went as it should; under sw_mutex. */
static bool step(struct world *w, unsigned int most)
{
	struct entry e;

	if (w->n == most || (w->n && below(5) < 2))
		return delete(w);
	draw_address(&e);
	e.len = below((e.family == AF_INET ? 32 : 128) + 1);
	e.peer = &w->peer[below(PEERS)];
	return add(w, &e);
}

/* Is the longest match of some addresses as it should be? Under sw_mutex. */
static bool agree(struct world *w)
{
	struct sw_prefix *prefix;
	struct entry e, *want;
	struct sw_peer *peer;
	unsigned int i;

	for (i = 0; i < LOOKUPS; i++) {
		draw_address(&e);
		want = oracle_match(w, &e);
		prefix = sw_prefix_match(&w->sw, e.family, e.addr);
		rcu_read_lock();
		peer = sw_prefix_peer(&w->sw, e.family, e.addr);
		rcu_read_unlock();
		if (prefix != (want ? want->prefix : NULL) ||
		    peer != (want ? want->peer : NULL))
			return false;
	}
	return w->sw.n_prefixes == w->n;
}

static void longest_match(struct kunit *test)
{
	struct world *w = test->priv;
	unsigned int i;
	bool good = true;

	/* Now with few prefixes, now with many */
	for (i = 0; i < STEPS && good; i++) {
		mutex_lock(&sw_mutex);
		good = step(w, i / 500 % 2 ? MOST : 8) && agree(w);
		mutex_unlock(&sw_mutex);
		KUNIT_EXPECT_TRUE_MSG(test, good, "step %u, %u prefixes", i,
				      w->n);
	}
}

/* Of an address, those of all lengths: the longest one left holds it. */
static void all_lengths(struct kunit *test)
{
	struct world *w = test->priv;
	struct entry e = { .family = AF_INET6, .peer = &w->peer[0] };
	bool good = true;

	memset(e.addr, 0xa5, sizeof(e.addr));
	mutex_lock(&sw_mutex);
	for (e.len = 0; e.len <= 128 && good; e.len++)
		good = add(w, &e) &&
		       sw_prefix_match(&w->sw, AF_INET6, e.addr) ==
		       w->list[w->n - 1].prefix;
	while (w->n && good) {
		sw_prefix_delete(w->list[--w->n].prefix);
		good = sw_prefix_match(&w->sw, AF_INET6, e.addr) ==
		       (w->n ? w->list[w->n - 1].prefix : NULL);
	}
	mutex_unlock(&sw_mutex);
	KUNIT_EXPECT_TRUE_MSG(test, good, "%u prefixes", w->n);
}

static void host_bits_are_cut(struct kunit *test)
{
	static const u8 addr[] = { 10, 0xff, 0xff, 0xff };
	static const u8 same[] = { 10, 0xc0, 0, 1 };
	static const u8 other[] = { 10, 0xbf, 0xff, 0xff };
	struct world *w = test->priv;
	struct entry e = {
		.family = AF_INET, .len = 10, .peer = &w->peer[0],
	};
	struct sw_prefix *in, *out;
	bool good;

	memcpy(e.addr, addr, sizeof(addr));
	mutex_lock(&sw_mutex);
	good = add(w, &e);
	in = sw_prefix_match(&w->sw, AF_INET, same);
	out = sw_prefix_match(&w->sw, AF_INET, other);
	mutex_unlock(&sw_mutex);
	KUNIT_ASSERT_TRUE(test, good);
	KUNIT_EXPECT_PTR_EQ(test, in, w->list[0].prefix);
	KUNIT_EXPECT_NULL(test, out);
	KUNIT_EXPECT_EQ(test, in->name.addr[1], 0xc0);
	KUNIT_EXPECT_EQ(test, in->name.addr[2], 0);
}

static void as_many_as_allowed(struct kunit *test)
{
	struct world *w = test->priv;
	struct entry e = { .family = AF_INET, .peer = &w->peer[0] };
	bool good;

	mutex_lock(&sw_mutex);
	w->sw.n_prefixes = SKYWIRE_PREFIXES_MAX - 1;
	good = add(w, &e);
	e.len = 1;
	e.prefix = sw_prefix_create(e.peer, e.family, e.addr, e.len, false,
				    NULL);
	mutex_unlock(&sw_mutex);
	KUNIT_EXPECT_TRUE(test, good);
	KUNIT_EXPECT_PTR_EQ(test, e.prefix, ERR_PTR(-ENOSPC));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(longest_match),
	KUNIT_CASE(all_lengths),
	KUNIT_CASE(host_bits_are_cut),
	KUNIT_CASE(as_many_as_allowed),
	{}
};

static struct kunit_suite suite = {
	.name = "skywire_prefix",
	.init = set_up,
	.exit = clean_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
