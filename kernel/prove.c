// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions' own echo: are a peer's paths alive, how long do they take, what do
 * they lose or keep, and how large may packets be? While packets go to the peer
 * a timer asks by every path. What it finds makes a path suspect, or lowers its
 * MTU; what relays say only makes it ask.
 *
 * The timer belongs to the peer. It is started under prober.lock, and never
 * again once prober.closed is set; sw_prober_close() then waits for it. Packets
 * are sent without the lock: the way down may be long.
 */
#include <skywire/live.h>
#include <skywire/postage.h>
#include "compat.h"
#include "skywire.h"

#define INTERVAL	(SKYWIRE_PROBE_INTERVAL_DEFAULT * (u64)NSEC_PER_USEC)
/* Ask that much faster where something is in doubt. */
#define FAST		5
/* Unused paths are asked by once in so many intervals. */
#define STANDBY		4
/* More peers in use than as many, of a device's, are asked less often. */
#define ACTIVE_PEERS	100
/* Without an answer for so many intervals, and two round trips, a path is suspect. */
#define PATIENCE	3
/* Without packets for that long, and twice that patience, a peer is not in use: what
 * has not been answered when packets go again is asked anew.
 */
#define IDLE_AFTER	(2 * (u64)NSEC_PER_SEC)
#define HOLD_MIN	((u64)NSEC_PER_SEC)
#define HOLD_MAX	(16 * (u64)NSEC_PER_SEC)
#define HOLD_MEMORY	(60 * (u64)NSEC_PER_SEC)
/* Fewer packets than as many say little of a path's loss. */
#define SAMPLE		256
/* The path may have got wider (RFC 8201, 4). */
#define MTU_MEMORY	(600 * (u64)NSEC_PER_SEC)
#define RTT_MAX		(60 * (u64)NSEC_PER_SEC)
/* As long as a round trip is not known, it is taken for that (RFC 6298, 2.1). */
#define RTT_UNKNOWN	((u64)NSEC_PER_SEC)
/* Who keeps packets must not keep the requests by which that is seen: one that is
 * overtaken by a later one is lost. As many in a row are by chance where half of all
 * are, once in hours.
 */
#define OVERTAKEN_MAX	16

/* A request's number: the path's id - 1, whether of full size, and a count. */
#define NUMBER_FULL	8u
#define NUMBER_STEP	16u

static const struct sw_rate answer_rate = { 200, 100 };

struct request {
	struct sw_path	*path;
	u32		number;
	u32		size;
};

static struct sw_device *device_of(const struct sw_prober *p)
{
	return container_of(p, struct sw_peer, prober)->sw;
}

static u64 interval(const struct sw_prober *p)
{
	u64 n = atomic_read(&device_of(p)->active_peers);

	return n > ACTIVE_PEERS ? div_u64(p->interval * n, ACTIVE_PEERS) :
				  p->interval;
}

static void start_timer(struct sw_prober *p, u64 at)
{
	if (!p->closed && p->active && p->interval)
		hrtimer_start(&p->timer, ns_to_ktime(at),
			      HRTIMER_MODE_ABS_SOFT);
}

static void set_active(struct sw_prober *p, bool active)
{
	if (p->active == active)
		return;
	p->active = active;
	atomic_add(active ? 1 : -1, &device_of(p)->active_peers);
}

static void tell(struct sw_peer *peer)
{
	/* Under RCU a peer may be looked at that nobody pins any more. */
	if (peer->prober.closed)
		return;
	refcount_inc(&peer->refs);
	if (!queue_work(sw_wq, &peer->prober.work))
		sw_peer_put(peer);
}

static void suspect(struct sw_path *path, u64 now)
{
	struct sw_proof *proof = path->proof;

	/* Without probes nothing could tell that it is well again. */
	if (!path->peer->prober.interval)
		return;
	WRITE_ONCE(proof->good_since, 0);
	if (proof->suspect)
		return;
	if (!proof->hold || now - proof->suspected > HOLD_MEMORY)
		proof->hold = HOLD_MIN;
	else
		proof->hold = min(2 * proof->hold, HOLD_MAX);
	proof->suspected = now;
	proof->loss = 0;
	WRITE_ONCE(proof->suspect, true);
	tell(path->peer);
}

/* What got lost while nothing got through says nothing of what will. */
static void compare_anew(struct sw_proof *proof)
{
	proof->epoch = 0;
	proof->overtaken = 0;
	proof->loss = 0;
}

static void trust(struct sw_path *path)
{
	compare_anew(path->proof);
	WRITE_ONCE(path->proof->suspect, false);
	tell(path->peer);
}

static struct sw_tally difference(const struct sw_tally *a,
				  const struct sw_tally *b)
{
	return (struct sw_tally) {
		a->packets - b->packets,
		a->bytes - b->bytes,
		a->postage - b->postage,
	};
}

/* What should be left, at least, of the postage of those that arrived? */
static u64 postage_due(const struct sw_path *path, const struct sw_tally *got)
{
	u64 bytes = got->bytes + got->packets * SW_SESSION_OVERHEAD;
	u64 put = got->packets * path->postage_base +
		  sw_fee_bytes(bytes, path->postage_rate);
	/* Each relay rounds up. */
	u64 fees = got->packets * (path->fee_base + (u64)path->count) +
		   sw_fee_bytes(bytes, path->fee_rate);

	return put > fees ? put - fees : 0;
}

/* Did as much arrive as the path's links admit? Both reports are in. */
static void compare(struct sw_path *path, u64 now)
{
	struct sw_proof *proof = path->proof;
	struct sw_tally sent = difference(&proof->sent, &proof->sent_then);
	struct sw_tally got = difference(&proof->arrived, &proof->arrived_then);
	u32 lost;

	if (sent.packets < SAMPLE)
		return;
	lost = sw_lost(sent.packets, got.packets);
	proof->loss = proof->loss - (proof->loss >> 2) + (lost >> 2);
	if (sw_loss_ppm(proof->loss) > path->loss_admitted ||
	    got.postage < postage_due(path, &got))
		suspect(path, now);
	proof->sent_then = proof->sent;
	proof->arrived_then = proof->arrived;
}

static void note_report(struct sw_path *path, const struct sw_proof_echo *echo,
			u64 now)
{
	struct sw_proof *proof = path->proof;
	u32 epoch = be32_to_cpu(echo->epoch);

	proof->arrived.packets = be64_to_cpu(echo->packets);
	proof->arrived.bytes = be64_to_cpu(echo->bytes);
	proof->arrived.postage = be64_to_cpu(echo->postage);
	if (epoch != proof->epoch) {
		proof->epoch = epoch;
		proof->sent_then = proof->sent;
		proof->arrived_then = proof->arrived;
	}
	compare(path, now);
}

static void take_stock(const struct sw_path *path, struct sw_tally *tally)
{
	u64 v[SW_SUMS];

	sw_traffic_sum(path->traffic, v);
	tally->packets = v[SW_SUM_TX_PACKETS];
	tally->bytes = v[SW_SUM_TX_BYTES];
	tally->postage = v[SW_SUM_POSTAGE_OUT];
}

/* The path's MTU, but for what was found out. */
static u32 full_size(const struct sw_path *path)
{
	u32 mtu = READ_ONCE(path->link->mtu) - sw_route_len(path->count) -
		  SW_SESSION_OVERHEAD;

	return path->mtu ? min(path->mtu, mtu) : mtu;
}

/* Nothing of full size has been answered, though smaller ones were. */
static void review_mtu(struct sw_proof *proof, u64 now)
{
	if (!proof->full || (s32)(proof->answered - proof->full) <= 0)
		return;
	proof->full = 0;
	if (!proof->claim || ++proof->full_missed < 2)
		return;
	WRITE_ONCE(proof->mtu, proof->claim);
	proof->mtu_since = now;
	proof->claim = 0;
}

/* Ask whether packets of full size get through, if that is in doubt. */
static bool wants_full(struct sw_proof *proof, u64 now)
{
	if (proof->full)
		return false;
	if (proof->claim)
		return true;
	if (!proof->mtu || now - proof->mtu_since < MTU_MEMORY)
		return false;
	proof->mtu_since = now;
	return true;
}

static u32 next_number(struct sw_path *path)
{
	struct sw_proof *proof = path->proof;

	proof->number += NUMBER_STEP;
	return proof->number | (path->id - 1);
}

static bool is_due(const struct sw_path *path, const struct sw_prober *p,
		   u64 packets, u64 now)
{
	const struct sw_proof *proof = path->proof;

	if (proof->suspect || proof->claim)
		return true;
	/* A round comes a bit early at times. */
	if (now - proof->probed < interval(p) - interval(p) / 8)
		return false;
	return packets != proof->asked ||
	       proof->number != proof->answered || p->round % STANDBY == 0;
}

/* Has an answer been waited for too long? */
static bool is_silent(const struct sw_path *path, const struct sw_prober *p,
		      u64 now)
{
	const struct sw_proof *proof = path->proof;
	u64 patience = PATIENCE * interval(p) + 2 * (proof->rtt ?: RTT_UNKNOWN);
	u64 since = proof->waiting;

	/* Packets now and then must not put off for ever what none answered. */
	if (proof->rtt)
		since = max(since, p->resumed);
	return proof->number != proof->answered && now - since > patience;
}

/*
 * What had been sent is kept for one request, until that has been answered, or never
 * will be: a round trip may be longer than the time between requests.
 */
static void measure(struct sw_proof *proof, const struct sw_tally *sent)
{
	if ((s32)(proof->answered - proof->measured) < 0)
		return;
	proof->measured = proof->number;
	proof->sent = *sent;
}

/* Judge a path, and add what is to be asked by it. */
static int review(struct sw_path *path, struct sw_prober *p, u64 now,
		  struct request *req)
{
	struct sw_proof *proof = path->proof;
	struct sw_tally sent;
	int n = 0;

	if (is_silent(path, p, now))
		suspect(path, now);
	review_mtu(proof, now);
	take_stock(path, &sent);
	if (!is_due(path, p, sent.packets, now))
		return 0;
	if (wants_full(proof, now)) {
		req[n].path = path;
		req[n].size = full_size(path);
		req[n].number = next_number(path) | NUMBER_FULL;
		proof->full = proof->number;
		n++;
	}
	if (proof->number == proof->answered)
		proof->waiting = now;
	proof->probed = now;
	proof->asked = sent.packets;
	req[n].path = path;
	req[n].size = sizeof(struct sw_proof_echo);
	req[n].number = next_number(path);
	measure(proof, &sent);
	return n + 1;
}

static void send_request(const struct request *req, u64 time)
{
	struct sw_path *path = req->path;
	struct sw_proof_echo *echo;
	struct sk_buff *skb;
	struct sw_way way;
	u64 fee;

	sw_count(path->peer->sw, SKYWIRE_COUNTER_PROOF_OUT);
	skb = sw_skb_alloc(req->size, GFP_ATOMIC);
	if (!skb) {
		sw_count_drop(path->peer->sw, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	echo = __skb_put_zero(skb, req->size);
	echo->kind = SW_ECHO_REQUEST;
	echo->number = cpu_to_be32(req->number);
	echo->time = cpu_to_be64(time);
	/* What is left pays for the answer. */
	fee = 2 * sw_fee(path->postage_base, path->postage_rate,
			 skb->len + SW_SESSION_OVERHEAD);
	way = (struct sw_way) {
		.link = path->link,
		.labels = path->labels,
		.count = path->count,
		.postage = min_t(u64, fee, U32_MAX),
	};
	/* Behind the packets that it takes stock of, not ahead of them. */
	sw_session_send(path->peer, skb, &way, 0, 0, 0);
}

static bool can_ask(const struct sw_path *path)
{
	enum skywire_path_state state = sw_path_state(path);

	return state != SKYWIRE_PATH_STATE_LINK_DOWN &&
	       state != SKYWIRE_PATH_STATE_NO_KEY;
}

static bool is_in_doubt(const struct sw_path *path)
{
	return path->proof->suspect || path->proof->claim;
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct sw_prober *p = container_of(timer, struct sw_prober, timer);
	struct sw_peer *peer = container_of(p, struct sw_peer, prober);
	struct request req[2 * SKYWIRE_PATHS_MAX];
	struct sw_path *path;
	bool doubt = false;
	int i, n = 0;
	u64 now;

	rcu_read_lock();
	spin_lock(&p->lock);
	now = ktime_get_ns();
	if (READ_ONCE(p->used)) {
		WRITE_ONCE(p->used, false);
		p->last_used = now;
	}
	if (now - p->last_used > max(IDLE_AFTER, 2 * PATIENCE * interval(p)))
		set_active(p, false);
	p->round++;
	for (i = 0; i < SKYWIRE_PATHS_MAX && p->active; i++) {
		path = rcu_dereference(peer->path[i]);
		if (!path || !path->proof)
			continue;
		if (!can_ask(path)) {
			/* Nobody could answer. */
			path->proof->answered = path->proof->number;
			path->proof->full = 0;
			compare_anew(path->proof);
			continue;
		}
		n += review(path, p, now, req + n);
		doubt |= is_in_doubt(path);
	}
	start_timer(p, now + (doubt ? div_u64(interval(p), FAST) :
			      interval(p)));
	spin_unlock(&p->lock);
	for (i = 0; i < n; i++)
		send_request(&req[i], now + p->offset);
	rcu_read_unlock();
	/* It has been started above, or is not to be. */
	return HRTIMER_NORESTART;
}

/* Look at the paths now; prober.lock held. */
static void wake(struct sw_prober *p, u64 now)
{
	p->last_used = now;
	if (p->closed || !p->interval)
		return;
	if (!p->active)
		p->resumed = now;
	set_active(p, true);
	start_timer(p, now);
}

/* The first packet after a while, or a new key. */
void sw_prober_wake(struct sw_peer *peer)
{
	struct sw_prober *p = &peer->prober;

	/* Under the lock, lest the timer goes to sleep without having seen it. */
	spin_lock_bh(&p->lock);
	WRITE_ONCE(p->used, true);
	if (p->active)
		p->last_used = ktime_get_ns();
	else
		wake(p, ktime_get_ns());
	spin_unlock_bh(&p->lock);
}

/**
 * sw_prove_suspect - a relay says that a path has failed
 * @path: path, with labels
 *
 * Under RCU with bottom halves off.
 */
void sw_prove_suspect(struct sw_path *path)
{
	struct sw_prober *p = &path->peer->prober;
	bool known;
	u64 now;

	spin_lock(&p->lock);
	now = ktime_get_ns();
	known = path->proof->suspect;
	suspect(path, now);
	/* Once only: what is asked by the path then, relays refuse as well. */
	if (!known)
		wake(p, now);
	spin_unlock(&p->lock);
}

/**
 * sw_prove_mtu - a relay says that a packet was too big
 * @path: path, with labels
 * @mtu: the largest layer-2 packet that it takes, as it says
 *
 * Under RCU with bottom halves off. Nothing is believed but that nothing of full
 * size is answered.
 */
void sw_prove_mtu(struct sw_path *path, u32 mtu)
{
	u32 overhead = sw_route_len(path->count) + SW_SESSION_OVERHEAD;
	u32 claim = mtu > overhead ? mtu - overhead : 0;
	struct sw_prober *p = &path->peer->prober;
	struct sw_proof *proof = path->proof;

	/* What is smaller is of no use, and not believed (RFC 8201, 4). */
	claim = max_t(u32, claim, SKYWIRE_MTU_MIN);
	if (claim >= sw_path_mtu(path))
		return;
	spin_lock(&p->lock);
	if (!proof->claim && p->interval) {
		proof->claim = claim;
		proof->full = 0;
		proof->full_missed = 0;
		wake(p, ktime_get_ns());
	}
	spin_unlock(&p->lock);
}

/* Turn the request into its answer, and send that back by the way it came. */
static void answer(struct sw_peer *peer, struct sk_buff *skb,
		   const struct sw_route *r)
{
	struct sw_proof_echo *echo = (struct sw_proof_echo *)skb->data;
	struct sw_link *link = sw_link_lookup(peer->sw, sw_cb(skb)->label);
	__be16 labels[SKYWIRE_LABELS_MAX];
	u32 flow = be32_to_cpu(r->flow);
	struct sw_tally tally;
	struct sw_way way;

	sw_count(peer->sw, SKYWIRE_COUNTER_PROOF_OUT);
	/* An asynchronous driver may have had the packet for long. */
	if (unlikely(!link)) {
		sw_drop(peer->sw, skb, SKYWIRE_DROP_LINK_DOWN);
		return;
	}
	echo->kind = SW_ECHO_REPLY;
	echo->epoch = cpu_to_be32(sw_arrived_by(peer, r, link->label, &tally));
	echo->packets = cpu_to_be64(tally.packets);
	echo->bytes = cpu_to_be64(tally.bytes);
	echo->postage = cpu_to_be64(tally.postage);
	skb_trim(skb, sizeof(*echo));
	way.link = link;
	way.labels = labels;
	way.count = sw_route_reverse(r, labels);
	way.postage = sw_cb(skb)->postage;
	if (unlikely(sw_skb_own(peer->sw, skb, SW_LINK_ROOM +
				sw_route_len(way.count) + SW_SESSION_LEN,
				SW_TAILROOM, SKYWIRE_COUNTER_SEAL_COPIES))) {
		sw_drop(peer->sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	skb->priority = TC_PRIO_CONTROL;
	sw_session_send(peer, skb, &way, 0, flow, 0);
}

/* The path that an answer is about, if anybody waits for it. */
static struct sw_path *asked_by(struct sw_peer *peer, u32 number)
{
	struct sw_path *path;
	struct sw_proof *proof;
	u32 count = number & ~(NUMBER_STEP - 1);

	path = rcu_dereference(peer->path[number % SKYWIRE_PATHS_MAX]);
	proof = path ? path->proof : NULL;
	if (!proof || (s32)(proof->number - count) < 0)
		return NULL;
	if (number & NUMBER_FULL)
		return proof->full == count ? path : NULL;
	return (s32)(count - proof->answered) > 0 ? path : NULL;
}

static void full_arrived(struct sw_proof *proof)
{
	proof->full = 0;
	proof->claim = 0;
	WRITE_ONCE(proof->mtu, 0);
}

/* Was the request that is measured with lost, as this answer tells? */
static bool overtakes(const struct sw_proof *proof, u32 number)
{
	return (s32)(number - proof->measured) > 0 &&
	       (s32)(proof->answered - proof->measured) < 0;
}

static void arrived(struct sw_path *path, const struct sw_proof_echo *echo,
		    u64 rtt, u64 now)
{
	u32 number = be32_to_cpu(echo->number) & ~(NUMBER_STEP - 1);
	struct sw_proof *proof = path->proof;
	bool overtaken = overtakes(proof, number);

	proof->answered = number;
	proof->waiting = now;
	proof->rtt = sw_smooth(proof->rtt, rtt ?: 1);
	if (!proof->good_since)
		WRITE_ONCE(proof->good_since, now);
	if (number == proof->measured) {
		proof->overtaken = 0;
		note_report(path, echo, now);
	} else if (overtaken && ++proof->overtaken >= OVERTAKEN_MAX) {
		suspect(path, now);
	}
	if (proof->suspect && proof->good_since &&
	    now - proof->good_since >= proof->hold)
		trust(path);
}

static bool receive_reply(struct sw_peer *peer,
			  const struct sw_proof_echo *echo)
{
	u32 number = be32_to_cpu(echo->number);
	struct sw_prober *p = &peer->prober;
	struct sw_path *path;
	u64 now, rtt;

	spin_lock(&p->lock);
	now = ktime_get_ns();
	rtt = now + p->offset - be64_to_cpu(echo->time);
	path = rtt <= RTT_MAX ? asked_by(peer, number) : NULL;
	if (path && number & NUMBER_FULL)
		full_arrived(path->proof);
	else if (path)
		arrived(path, echo, rtt, now);
	spin_unlock(&p->lock);
	return path;
}

/**
 * sw_prove_receive - a session's own echo has arrived
 * @peer: from whom
 * @skb: owned, out of its session frame, in front of which the source-route
 *	header is; its cb says how long that is, and which link it came in on.
 *	Consumed
 *
 * Under RCU with bottom halves off.
 */
void sw_prove_receive(struct sw_peer *peer, struct sk_buff *skb)
{
	const struct sw_proof_echo *echo = (const void *)skb->data;
	const struct sw_route *r;

	if (unlikely(skb->len < sizeof(*echo) || echo->kind > SW_ECHO_REPLY)) {
		sw_drop(peer->sw, skb, SKYWIRE_DROP_PROOF);
		return;
	}
	if (echo->kind == SW_ECHO_REPLY) {
		if (!receive_reply(peer, echo)) {
			sw_drop(peer->sw, skb, SKYWIRE_DROP_PROOF);
			return;
		}
		sw_count(peer->sw, SKYWIRE_COUNTER_PROOF_IN);
		consume_skb(skb);
		return;
	}
	if (!sw_rate_allows(&peer->prober.answers, &answer_rate)) {
		sw_drop(peer->sw, skb, SKYWIRE_DROP_PROOF_RATE);
		return;
	}
	sw_count(peer->sw, SKYWIRE_COUNTER_PROOF_IN);
	r = (const void *)(skb->data - SW_SESSION_LEN -
			   sw_route_len(sw_cb(skb)->hops));
	answer(peer, skb, r);
}

static void notify_work(struct work_struct *work)
{
	struct sw_peer *peer = container_of(work, struct sw_peer, prober.work);
	struct sw_path *path;
	u8 id;

	mutex_lock(&sw_mutex);
	for (id = 1; id <= SKYWIRE_PATHS_MAX; id++) {
		/* The paths of a peer that was deleted have gone. */
		path = sw_path_find(peer, id);
		if (!path || !path->proof ||
		    path->proof->told == READ_ONCE(path->proof->suspect))
			continue;
		path->proof->told = !path->proof->told;
		peer->sw->generation++;
		sw_notify_path(path, SKYWIRE_CMD_PATH_NTF);
	}
	mutex_unlock(&sw_mutex);
	sw_peer_put(peer);
}

/* Nothing is known of a path that is not probed. */
static void forget(struct sw_path *path)
{
	struct sw_proof *proof = path->proof;

	if (proof->suspect)
		trust(path);
	WRITE_ONCE(proof->mtu, 0);
	proof->claim = 0;
	proof->full = 0;
	proof->answered = proof->number;
	compare_anew(proof);
}

/* Set the interval of probes in ns, 0 for none; under sw_mutex. */
void sw_prober_configure(struct sw_peer *peer, u64 ns)
{
	struct sw_prober *p = &peer->prober;
	struct sw_path *path;
	u8 id;

	spin_lock_bh(&p->lock);
	p->interval = ns;
	/* The next packet wakes it, if the timer does not run. */
	WRITE_ONCE(p->used, false);
	if (!ns)
		set_active(p, false);
	for (id = 1; !ns && id <= SKYWIRE_PATHS_MAX; id++) {
		path = sw_path_find(peer, id);
		if (path && path->proof)
			forget(path);
	}
	start_timer(p, ktime_get_ns());
	spin_unlock_bh(&p->lock);
}

void sw_prober_open(struct sw_peer *peer)
{
	struct sw_prober *p = &peer->prober;

	spin_lock_init(&p->lock);
	sw_compat_hrtimer_setup(&p->timer, tick, CLOCK_MONOTONIC,
				HRTIMER_MODE_ABS_SOFT);
	INIT_WORK(&p->work, notify_work);
	p->interval = INTERVAL;
	get_random_bytes(&p->offset, sizeof(p->offset));
}

/* Stop, for the peer goes; nothing starts it again. Under sw_mutex. */
void sw_prober_close(struct sw_peer *peer)
{
	struct sw_prober *p = &peer->prober;

	spin_lock_bh(&p->lock);
	p->closed = true;
	set_active(p, false);
	spin_unlock_bh(&p->lock);
	hrtimer_cancel(&p->timer);
	if (cancel_work(&p->work))
		sw_peer_put(peer);
}
