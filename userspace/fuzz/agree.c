// SPDX-License-Identifier: GPL-2.0
/*
 * What anybody can send to a node to have a link with it, or a session. Those who ask
 * have keys, as everybody can make them; what they say is the input's. An input is a
 * sequence of operations, of which the first byte says what:
 *
 *   bits 0 to 2   OP_*
 *   bits 3 to 5   which of the keys, or which address it comes from
 *
 * Nothing comes from the machine's clock, or from its random numbers.
 */
#include <arpa/inet.h>

#include <sodium.h>

#include "swd/log.h"
#include "swd/sessions.h"
#include "tests/mock_kernel.h"

#include "fuzz.h"

enum {
	OP_FRAME,	/* any frame of a handshake */
	OP_OFFER,	/* an offer of a link, with any terms, a byte of which may be wrong */
	OP_ANSWER,	/* the same as an answer to what the node has offered */
	OP_MESSAGE,	/* any message over relays */
	OP_SESSION,	/* an offer of a session */
	OP_WANT,	/* a link or a session is wanted here */
	OP_LIVENESS,	/* of a link */
	OP_TIME,
};

enum { KEYS = 8, OPS_MAX = 64 };

struct node {
	struct config		config;
	struct sw_identity	*self;
	struct times		*times;
	struct kernel		*kernel;
	struct neighbours	*neighbours;
	struct sessions		*sessions;
	__u64			now;
};

static struct sw_identity *keys[KEYS];
static __u64 state;

static __u32 draw(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 32;
}

static void draw_bytes(void *buf, size_t len)
{
	__u8 *to = buf;

	while (len--)
		*to++ = draw();
}

static const char *name(void)
{
	return "fuzz";
}

static struct randombytes_implementation random_numbers = {
	.implementation_name = name, .random = draw, .buf = draw_bytes,
};

static __u64 clock_now(void)
{
	return 1700000000000000000ull;
}

/* --- the node -------------------------------------------------------------- */

static void on_handshake(void *arg, const struct sw_endpoint *from,
			 const __u8 *frame, size_t len)
{
	struct node *n = arg;

	neighbours_frame(n->neighbours, from, frame, len, n->now);
}

static void on_message(void *arg, const struct kernel_message *m)
{
	struct node *n = arg;

	sessions_message(n->sessions, m, n->now);
}

static void on_link(void *arg, const struct kernel_link *link, bool gone)
{
	struct node *n = arg;

	neighbours_link(n->neighbours, link, gone, n->now);
}

static const struct kernel_events kernel_events = {
	.handshake = on_handshake, .message = on_message, .link = on_link,
};

static void on_up(void *arg, struct neighbour *link)
{
	sessions_link_up(((struct node *)arg)->sessions, link);
}

static void on_down(void *arg, struct neighbour *link)
{
	sessions_link_down(((struct node *)arg)->sessions, link);
}

static void on_changed(void *arg, struct neighbour *link)
{
	if (link->liveness == SKYWIRE_LIVENESS_DEAD)
		sessions_link_dead(((struct node *)arg)->sessions, link);
}

static const struct neighbours_events events = { on_up, on_down, on_changed };

/* The keys are all the nodes that there are. */
static bool owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN])
{
	(void)arg;
	memcpy(key, keys[addr->bytes[15] % KEYS]->key, SW_KEY_LEN);
	return true;
}

/* By the first link, and any label behind it */
static int paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		 unsigned int max)
{
	struct node *n = arg;

	if (!max || !n->kernel->links)
		return 0;
	path[0] = (struct kernel_path) {
		.link = n->kernel->link[0].label, .count = 1, .label = { key[0] },
	};
	return 1;
}

static void peered(void *arg, const __u8 key[SW_KEY_LEN])
{
	(void)arg;
	(void)key;
}

static struct sessions_routes routes = { .owner = owner, .paths = paths, .peered = peered };

static void start(struct node *n)
{
	__u8 seed[SW_SEED_LEN] = { 1 };

	config_init(&n->config, "sw0");
	n->now = 1000000;
	n->self = sw_identity_new(seed);
	n->times = times_open(NULL);
	times_set_clock(n->times, clock_now);
	n->kernel = mock_kernel(&kernel_events, n, 1);
	n->neighbours = neighbours_new(&n->config, n->self, n->kernel, n->times, &events, n);
	routes.arg = n;
	n->sessions = sessions_new(&n->config, n->self, n->kernel, n->times, n->neighbours,
				   &routes);
}

static void stop(struct node *n)
{
	sessions_free(n->sessions);
	neighbours_free(n->neighbours);
	times_close(n->times);
	config_free(&n->config);
	sw_identity_free(n->self);
	mock_free();
}

/* --- what is sent ---------------------------------------------------------- */

static struct sw_endpoint somewhere(unsigned int which)
{
	struct sw_endpoint ep = { .addr = { .len = 4, .bytes = { 192, 0, 2, which } },
				  .port = 1 };

	if (which % 2) {
		ep = (struct sw_endpoint) { .addr = { .len = 6, .bytes = { 2, which } } };
		strcpy(ep.zone, "eth0");
	}
	return ep;
}

static struct sw_terms take_terms(struct input *in)
{
	struct sw_terms terms = {
		.time = take_any(in), .epoch = take_any(in), .ciphers = take_u8(in),
		.label = take_u8(in), .flags = take_u8(in), .lanes = 1 + take_u8(in) % SW_LANES_MAX,
	};
	unsigned int i;

	for (i = 0; i < terms.lanes; i++)
		terms.index[i] = take_u8(in);
	return terms;
}

/* An offer by one of the keys; of what it is, a byte may be another, or some missing. */
static int offer(struct input *in, struct node *n, enum sw_layer layer, unsigned int which,
		 __u8 msg[SW_EXCHANGE_MAX])
{
	struct sw_exchange *x = sw_exchange_new(keys[which], layer, n->self->key);
	struct sw_terms terms = take_terms(in);
	int len = sw_exchange_offer(x, &terms, msg);
	__u8 wrong = take_u8(in), at = take_u8(in);

	sw_exchange_free(x);
	require(len > 0);
	if (wrong & 1)
		msg[at % len] ^= wrong;
	return wrong & 2 ? at % len : len;
}

static void send_frame(struct input *in, struct node *n, unsigned int from, __u8 type,
		       const __u8 *msg, size_t msg_len)
{
	struct sw_endpoint ep = somewhere(from);
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], *copy;
	size_t len;

	len = sw_frame_build(frame, type, take_u8(in), msg, msg_len, n->self->key);
	copy = copy_of(frame, len);
	neighbours_frame(n->neighbours, &ep, copy, len, n->now);
	free(copy);
}

static void any_frame(struct input *in, struct node *n, unsigned int from)
{
	struct sw_endpoint ep = somewhere(from);
	__u8 bytes[300], *copy;
	size_t len = take_u8(in);

	take(in, bytes, len);
	copy = copy_of(bytes, len);
	neighbours_frame(n->neighbours, &ep, copy, len, n->now);
	free(copy);
}

static void any_message(struct input *in, struct node *n, const __u8 *msg, size_t len)
{
	struct kernel_message m = { .count = take_u8(in) % (SKYWIRE_LABELS_MAX + 1), .len = len };
	__u8 *copy = copy_of(msg, len);

	m.link = n->kernel->links ? n->kernel->link[take_u8(in) % n->kernel->links].label : 1;
	m.label[0] = htons(take_u8(in));
	m.postage = take_any(in);
	m.payload = copy;
	sessions_message(n->sessions, &m, n->now);
	free(copy);
}

static void want(struct input *in, struct node *n, unsigned int which)
{
	struct sw_addr addr = { .len = 16, .bytes = { [0] = 0xfc, [15] = which } };
	struct sw_endpoint ep = somewhere(which);

	if (take_u8(in) % 2)
		neighbours_discovered(n->neighbours, keys[which]->key, &ep, n->now);
	else
		sessions_miss(n->sessions, &addr, n->now);
}

static void set_liveness(struct input *in, struct node *n)
{
	if (n->kernel->links)
		mock_liveness(n->kernel, n->kernel->link[take_u8(in) % n->kernel->links].label,
			      take_u8(in) % (SKYWIRE_LIVENESS_DEAD + 1));
}

static void pass(struct input *in, struct node *n)
{
	n->now += 1 + take_any(in) % 400000;
	neighbours_run(n->neighbours, n->now);
	sessions_run(n->sessions, n->now);
	mock_lose();
}

static void operate(struct input *in, struct node *n)
{
	__u8 what = take_u8(in), which = what / 8 % KEYS;
	__u8 msg[8 + SW_EXCHANGE_MAX] = { 1 };
	int len;

	switch (what % 8) {
	case OP_FRAME:
		any_frame(in, n, which);
		break;
	case OP_OFFER:
	case OP_ANSWER:
		len = offer(in, n, SW_LAYER_LINK, which, msg);
		send_frame(in, n, which, what % 8 == OP_OFFER ? SW_FRAME_INITIATION :
			   SW_FRAME_RESPONSE, msg, len);
		break;
	case OP_MESSAGE:
		len = take_u8(in) % sizeof(msg);
		take(in, msg, len);
		any_message(in, n, msg, len);
		break;
	case OP_SESSION:
		len = offer(in, n, SW_LAYER_SESSION, which, msg + 8);
		any_message(in, n, msg, 8 + len);
		break;
	case OP_WANT:
		want(in, n, which);
		break;
	case OP_LIVENESS:
		set_liveness(in, n);
		break;
	case OP_TIME:
		pass(in, n);
		break;
	}
}

/* Each of the daemon's links is the kernel's, and no key has a peer that is none. */
static void check(struct node *n)
{
	struct neighbour *l = NULL;
	unsigned int installed = 0, i;

	while ((l = neighbours_next(n->neighbours, l)))
		installed += l->installed;
	require(installed == n->kernel->links);
	require(sessions_count(n->sessions) == n->kernel->peers);
	for (i = 0; i < n->kernel->peers; i++)
		require(memcmp(n->kernel->peer[i], n->self->key, SW_KEY_LEN));
}

static void make_keys(void)
{
	unsigned int i;

	randombytes_set_implementation(&random_numbers);
	log_set(-1, "");
	/* The last one is the node's own. */
	for (i = 0; i < KEYS; i++) {
		__u8 seed[SW_SEED_LEN] = { i == KEYS - 1 ? 1 : i + 2 };

		keys[i] = sw_identity_new(seed);
		require(keys[i]);
	}
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct input in = { data, len };
	struct node n = { 0 };
	unsigned int i;

	if (!keys[0])
		make_keys();
	state = 1;
	start(&n);
	for (i = 0; i < OPS_MAX && in.left; i++) {
		operate(&in, &n);
		check(&n);
	}
	stop(&n);
	return 0;
}
