// SPDX-License-Identifier: GPL-2.0
/*
 * Is a link alive? Each has a timer that sends probes and judges what came
 * back. A link is dead when one of its ends has not heard the other for as many
 * intervals of probes as its loss requires; any authentic frame is a sign.
 *
 * Both ends probe, at a pace of their own, but one whose neighbour has just
 * asked needs not ask as well: the answer said all. The intervals vary, so that
 * both get to measure.
 *
 * The timer belongs to the link. It is started under live.lock, and never again
 * once live.closed is set; sw_live_close() then waits for it, before the label
 * table's reference goes.
 */
#include <skywire/live.h>
#include "compat.h"
#include "skywire.h"

/* The more links a device has, the longer each takes, which bounds the load. */
#define BUSY_SHARE	(100 * (u64)NSEC_PER_USEC)
#define IDLE_SHARE	((u64)NSEC_PER_MSEC)
/* Without packets for that long, a link is idle, but not before a whole silence of
 * probes at the busy pace: or packets now and then would put off its death for ever.
 */
#define IDLE_AFTER	((u64)NSEC_PER_SEC)
/* A link that comes back has to last for that long before it is trusted; each
 * death soon after that doubles it.
 */
#define HOLD_MIN	((u64)NSEC_PER_SEC)
#define HOLD_MAX	(16 * (u64)NSEC_PER_SEC)
#define HOLD_MEMORY	(60 * (u64)NSEC_PER_SEC)
/* One that died stays dead for that long: a neighbour that says now this, now that
 * must not be able to have everybody told all the time.
 */
#define DEAD_MIN	(125 * (u64)NSEC_PER_MSEC)
/* How often in a row the timer may be late before that is no excuse any more; each
 * is worth an interval.
 */
#define LATE_MAX	4
/* An answer older than that is no measurement. */
#define RTT_MAX		(60 * (u64)NSEC_PER_SEC)

/* So many forged sessions in a second, and header seal rests for a minute. */
#define FORGED_MAX	8
#define FULL_TIME	(60 * (u64)NSEC_PER_SEC)

/* Answers, to the neighbour and to others, from one bucket */
static const struct sw_rate answer_rate = { 2000, 100 };
static const struct sw_rate stranger_rate = { 2000, 50 };

static bool is_watched(const struct sw_live *live)
{
	return live->busy_ns;
}

/* Fast while there is traffic to be saved, or something to be proven. */
static bool is_fast(const struct sw_live *live)
{
	return live->busy || live->both_since;
}

static struct sw_device *device_of(const struct sw_live *live)
{
	return container_of(live, struct sw_link, live)->sw;
}

static u64 pace(const struct sw_live *live)
{
	const struct sw_device *sw = device_of(live);
	u64 links = READ_ONCE(sw->n_links);

	if (!is_fast(live))
		return max(live->idle_ns, links * IDLE_SHARE);
	/* All links may have to prove themselves at a time. */
	if (live->busy)
		links = atomic_read(&sw->busy_links);
	return max(live->busy_ns, links * BUSY_SHARE);
}

/* Seven to eight eighths of the pace: never more, for the other end counts. */
static u64 next_interval(const struct sw_live *live)
{
	u64 full = pace(live);

	return full - (full >> 3) - ((full >> 3) * (get_random_u32() >> 16) >> 16);
}

static u64 deadline(const struct sw_live *live)
{
	return max(READ_ONCE(live->heard), live->start) +
	       sw_silence(live->loss) * max(pace(live), live->paced);
}

/* Do we hear the neighbour? */
static bool hears(const struct sw_live *live, u64 now)
{
	return READ_ONCE(live->heard) > live->floor && now < deadline(live);
}

static void tell(struct sw_link *link)
{
	/* Under RCU a link may be looked at that nobody pins any more. */
	if (link->live.closed)
		return;
	refcount_inc(&link->refs);
	if (!queue_work(sw_wq, &link->live.work))
		sw_link_put(link);
}

static void change(struct sw_link *link, u8 state)
{
	WRITE_ONCE(link->live.state, state);
	tell(link);
}

static void die(struct sw_link *link, u64 now)
{
	struct sw_live *live = &link->live;

	if (live->state == SKYWIRE_LIVENESS_ALIVE) {
		live->deaths++;
		if (!live->hold || now - live->alive_since > HOLD_MEMORY)
			live->hold = HOLD_MIN;
		else
			live->hold = min(2 * live->hold, HOLD_MAX);
	}
	live->floor = now;
	WRITE_ONCE(live->both_since, 0);
	live->answered = live->number;
	if (live->state == SKYWIRE_LIVENESS_DEAD)
		return;
	/* The neighbour may not know. */
	live->next_probe = now;
	change(link, SKYWIRE_LIVENESS_DEAD);
}

static void prove(struct sw_link *link, u64 now)
{
	struct sw_live *live = &link->live;

	if (!live->both_since || live->both_since > now)
		WRITE_ONCE(live->both_since, now);
	if (now - live->both_since >= live->hold) {
		WRITE_ONCE(live->both_since, 0);
		live->answered = live->number;
		live->start = now + live->rtt;
		live->alive_since = now;
		change(link, SKYWIRE_LIVENESS_ALIVE);
	} else if (live->state == SKYWIRE_LIVENESS_DEAD) {
		live->next_probe = min(live->next_probe,
				       max(now, live->floor + DEAD_MIN));
		if (now >= live->floor + DEAD_MIN)
			change(link, SKYWIRE_LIVENESS_UNPROVEN);
	}
}

/* What follows from what was heard, and from what was not? live.lock held. */
static void judge(struct sw_link *link, u64 now)
{
	struct sw_live *live = &link->live;
	bool both = hears(live, now) && live->heard_by;

	if (live->state == SKYWIRE_LIVENESS_ALIVE && !both)
		die(link, now);
	else if (live->both_since && !both)
		die(link, now);
	else if (live->state != SKYWIRE_LIVENESS_ALIVE && both)
		prove(link, now);
}

/* The timer is to run at @at, or earlier if it was to; live.lock held. */
static void start_timer(struct sw_live *live, u64 at)
{
	if (!live->closed && is_watched(live))
		hrtimer_start(&live->timer, ns_to_ktime(at),
			      HRTIMER_MODE_ABS_SOFT);
}

static void set_busy(struct sw_live *live, bool busy, u64 now)
{
	if (live->busy == busy)
		return;
	WRITE_ONCE(live->busy, busy);
	atomic_add(busy ? 1 : -1, &device_of(live)->busy_links);
	/* The first sign at the new pace takes a round trip. */
	live->start = now + live->rtt;
	live->next_probe = busy ? now : now + next_interval(live);
}

static void note_use(struct sw_live *live, u64 now)
{
	u64 silence = (sw_silence(live->loss) + 1) * pace(live) + live->rtt;

	if (READ_ONCE(live->used)) {
		WRITE_ONCE(live->used, false);
		live->last_used = now;
	}
	if (live->busy && now - live->last_used > max(IDLE_AFTER, silence))
		set_busy(live, false, now);
}

/* Is there anything to probe with, and by? */
static bool may_probe(const struct sw_link *link)
{
	return netif_running(link->sw->dev) &&
	       READ_ONCE(link->state) == SKYWIRE_LINK_STATE_UP &&
	       rcu_access_pointer(link->endpoint) &&
	       sw_keyring_usable(&link->keys);
}

/* Send a probe if it is time; the number of it, or 0. live.lock held. */
static u32 due(struct sw_link *link, u64 now)
{
	struct sw_live *live = &link->live;

	if (now < live->next_probe)
		return 0;
	/* The first sign at a quicker pace takes a round trip. */
	if (pace(live) < live->paced)
		live->start = now + live->rtt;
	live->paced = pace(live);
	live->next_probe = now + next_interval(live);
	if (!may_probe(link))
		return 0;
	return ++live->number ?: ++live->number;
}

/* What our next ECHO says of us. */
static u8 echo_flags(const struct sw_live *live, u64 now)
{
	u8 flags = 0;

	if (!is_watched(live) || hears(live, now))
		flags |= SW_ECHO_HEARD;
	if (now < live->full_until)
		flags |= SW_ECHO_FULL;
	return flags;
}

/* The timer should have run at @planned. A machine that was too busy to look may
 * have been too busy to hear, so it gets another interval to do so.
 */
static void excuse(struct sw_live *live, u64 planned, u64 now)
{
	u64 heard = READ_ONCE(live->heard);
	u64 step;

	if (now - planned <= pace(live) / 2)
		return;
	if (live->excused != heard) {
		live->excused = heard;
		live->excuses = 0;
	}
	if (live->excuses >= LATE_MAX)
		return;
	live->excuses++;
	step = max(pace(live), live->paced);
	live->start = max(live->start, now -
			  min(now, step * (sw_silence(live->loss) - 1)));
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct sw_live *live = container_of(timer, struct sw_live, timer);
	struct sw_link *link = container_of(live, struct sw_link, live);
	u64 planned = ktime_to_ns(hrtimer_get_expires(timer));
	u32 number;
	u8 flags;
	u64 now;

	rcu_read_lock();
	spin_lock(&live->lock);
	if (!is_watched(live)) {
		spin_unlock(&live->lock);
		rcu_read_unlock();
		return HRTIMER_NORESTART;
	}
	now = ktime_get_ns();
	excuse(live, planned, now);
	note_use(live, now);
	judge(link, now);
	number = due(link, now);
	flags = echo_flags(live, now);
	start_timer(live, live->state == SKYWIRE_LIVENESS_ALIVE ?
		    min(live->next_probe, deadline(live)) : live->next_probe);
	spin_unlock(&live->lock);
	if (number)
		sw_echo_probe(link, number, now + live->offset, flags);
	rcu_read_unlock();
	/* It has been started above, or is not to be. */
	return HRTIMER_NORESTART;
}

/* The first packet after a while: see now whether the link is alive. */
void sw_live_wake(struct sw_link *link)
{
	struct sw_live *live = &link->live;
	u64 now = ktime_get_ns();

	/* Under the lock, lest the timer calls it idle without having seen it. */
	spin_lock_bh(&live->lock);
	WRITE_ONCE(live->used, true);
	live->last_used = now;
	if (is_watched(live) && !live->busy) {
		set_busy(live, true, now);
		start_timer(live, now);
	}
	spin_unlock_bh(&live->lock);
}

/* The link has something to probe with that it had not; under sw_mutex. */
void sw_live_kick(struct sw_link *link)
{
	struct sw_live *live = &link->live;

	spin_lock_bh(&live->lock);
	live->next_probe = ktime_get_ns();
	start_timer(live, live->next_probe);
	spin_unlock_bh(&live->lock);
}

static void measure(struct sw_live *live, const struct sw_echo *echo, u64 now)
{
	u32 number = be32_to_cpu(echo->number);
	u64 rtt = now + live->offset - be64_to_cpu(echo->time);

	/* Late ones, and those that nobody asked for, say nothing. */
	if ((s32)(number - live->answered) <= 0 ||
	    (s32)(live->number - number) < 0 || rtt > RTT_MAX)
		return;
	/* What is lost of a link that does not live is no measure of one that
	 * does.
	 */
	if (live->state == SKYWIRE_LIVENESS_ALIVE)
		live->loss = sw_loss(live->loss, number - live->answered - 1);
	live->rtt = sw_smooth(live->rtt, rtt ?: 1);
	live->answered = number;
}

static void note_echo(struct sw_link *link, const struct sw_echo *echo, u64 now)
{
	u64 planned = link->live.next_probe;

	link->live.heard_by = echo->flags & SW_ECHO_HEARD;
	WRITE_ONCE(link->live.wants_full, !!(echo->flags & SW_ECHO_FULL));
	if (!is_watched(&link->live))
		return;
	judge(link, now);
	/* A change calls for a probe. */
	if (link->live.next_probe < planned)
		start_timer(&link->live, link->live.next_probe);
}

/* What a probe or an answer has to say of us. */
u8 sw_live_flags(struct sw_link *link)
{
	u8 flags;

	spin_lock(&link->live.lock);
	flags = echo_flags(&link->live, ktime_get_ns());
	spin_unlock(&link->live.lock);
	return flags;
}

/**
 * sw_live_request - a probe of the neighbour's has come in
 * @link: link
 * @echo: the probe
 *
 * Return: the flags of the answer.
 */
u8 sw_live_request(struct sw_link *link, struct sw_echo *echo)
{
	struct sw_live *live = &link->live;
	u8 flags;
	u64 now;

	spin_lock(&live->lock);
	now = ktime_get_ns();
	note_echo(link, echo, now);
	flags = echo_flags(live, now);
	/* The answer is our probe, too; but not where something changed, or the
	 * round trip is not known.
	 */
	if (live->state == SKYWIRE_LIVENESS_ALIVE && live->rtt &&
	    live->next_probe > now)
		live->next_probe = max(live->next_probe,
				       now + next_interval(live));
	spin_unlock(&live->lock);
	return flags;
}

/*
 * A session did not verify that came in a frame whose header alone was sealed.
 * When there are many of them, ask the neighbour to seal all for a while: then
 * the link's tag tells whether it was on this link that they were changed.
 */
void sw_live_forged(struct sw_link *link)
{
	struct sw_live *live = &link->live;
	u64 now;

	spin_lock(&live->lock);
	now = ktime_get_ns();
	if (now - live->forged_at > NSEC_PER_SEC) {
		live->forged_at = now;
		live->forged = 0;
	}
	if (++live->forged == FORGED_MAX) {
		live->full_until = now + FULL_TIME;
		live->next_probe = now;
		start_timer(live, now);
	}
	spin_unlock(&live->lock);
}

/* A probe has been answered. */
void sw_live_reply(struct sw_link *link, const struct sw_echo *echo)
{
	struct sw_live *live = &link->live;
	u64 now;

	spin_lock(&live->lock);
	now = ktime_get_ns();
	measure(live, echo, now);
	note_echo(link, echo, now);
	spin_unlock(&live->lock);
}

/**
 * sw_live_may_answer - may one more packet that came in by a link be answered?
 * @link: link
 * @stranger: it is not the neighbour's own; these leave it half of the answers
 *
 * Under RCU with bottom halves off.
 */
bool sw_live_may_answer(struct sw_link *link, bool stranger)
{
	return sw_rate_allows(&link->live.answers,
			      stranger ? &stranger_rate : &answer_rate);
}

static void notify_work(struct work_struct *work)
{
	struct sw_link *link = container_of(work, struct sw_link, live.work);

	mutex_lock(&sw_mutex);
	if (sw_link_lookup(link->sw, link->label) == link) {
		link->sw->generation++;
		sw_notify_link(link, SKYWIRE_CMD_LINK_NTF);
	}
	mutex_unlock(&sw_mutex);
	sw_link_put(link);
}

/**
 * sw_live_configure - set the intervals of probes
 * @link: link
 * @busy_ns: while it carries traffic; 0 ends the probing
 * @idle_ns: while it does not
 *
 * Under sw_mutex. What was known of the link's life is forgotten where probing
 * begins or ends.
 */
void sw_live_configure(struct sw_link *link, u64 busy_ns, u64 idle_ns)
{
	struct sw_live *live = &link->live;
	u64 now = ktime_get_ns();

	spin_lock_bh(&live->lock);
	if (!busy_ns) {
		set_busy(live, false, now);
		WRITE_ONCE(live->both_since, 0);
		WRITE_ONCE(live->state, SKYWIRE_LIVENESS_UNWATCHED);
	} else if (!is_watched(live)) {
		WRITE_ONCE(live->state, SKYWIRE_LIVENESS_UNPROVEN);
		live->heard_by = false;
		/* A neighbour that went on is heard all the same, and must not
		 * be told otherwise.
		 */
		live->floor = max(live->floor,
				  now - min(now, SW_SILENCE_MIN * idle_ns));
		WRITE_ONCE(live->both_since, 0);
		live->hold = 0;
	}
	live->busy_ns = busy_ns;
	live->idle_ns = idle_ns;
	live->start = now + live->rtt;
	live->next_probe = now;
	start_timer(live, now);
	spin_unlock_bh(&live->lock);
}

/* Begin to watch a new link, before anybody can find it; under sw_mutex. */
void sw_live_open(struct sw_link *link)
{
	struct sw_live *live = &link->live;

	spin_lock_init(&live->lock);
	sw_compat_hrtimer_setup(&live->timer, tick, CLOCK_MONOTONIC,
				HRTIMER_MODE_ABS_SOFT);
	INIT_WORK(&live->work, notify_work);
	live->state = SKYWIRE_LIVENESS_UNPROVEN;
	live->busy_ns = SKYWIRE_PROBE_BUSY_DEFAULT * (u64)NSEC_PER_USEC;
	live->idle_ns = SKYWIRE_PROBE_IDLE_DEFAULT * (u64)NSEC_PER_USEC;
	get_random_bytes(&live->offset, sizeof(live->offset));
}

/* Stop, for the link goes; nothing starts it again. Under sw_mutex. */
void sw_live_close(struct sw_link *link)
{
	struct sw_live *live = &link->live;

	spin_lock_bh(&live->lock);
	live->closed = true;
	set_busy(live, false, ktime_get_ns());
	/* Late senders must not make it busy again. */
	live->busy_ns = 0;
	spin_unlock_bh(&live->lock);
	hrtimer_cancel(&live->timer);
	if (cancel_work(&live->work))
		sw_link_put(link);
}
