// SPDX-License-Identifier: GPL-2.0
/*
 * Neighbours whose address changes. When the newest frame of a link came from
 * another address than the link's endpoint, that one is asked; and when it
 * answers, it becomes the endpoint. Who forwards frames as his own, or forges
 * their source, does not get the link, for the answer comes from elsewhere; and
 * until then next to nothing is sent there: a probe for a frame, a few a second.
 *
 * The candidate is the link's, replaced under roam.lock and read under RCU, by
 * who sends to it. sw_roam_close() takes it out before the label table's
 * reference goes, and lets no more in.
 */
#include "skywire.h"

/* Probes, of all candidates of a link */
static const struct sw_rate probe_rate = { 2, 4 };
/* For as long a candidate may answer, before it or another one is asked. */
#define SW_ROAM_AGAIN	(250 * (u64)NSEC_PER_MSEC)
/* The neighbour may not know yet that it is spoken to elsewhere. */
#define SW_ROAM_HOLD	((u64)NSEC_PER_SEC)

/* The lock is held, or there is nobody else. */
static void replace(struct sw_roam *roam, struct sw_endpoint *ep)
{
	struct sw_endpoint *old;

	old = rcu_replace_pointer(roam->candidate, ep,
				  lockdep_is_held(&roam->lock));
	sw_endpoint_free_rcu(old);
	roam->proven = false;
}

/* Make the candidate of the address that a frame came from. */
static struct sw_endpoint *make_candidate(struct sw_link *link,
					  const void *frame,
					  const struct sw_outer *outer)
{
	const struct sw_transport *transport = link->transport;
	struct sw_source source = {};

	if (!transport->source(link->sw, frame, outer, &source))
		return NULL;
	return transport->clone(source.ep, link);
}

/* Make the address that a frame came from the candidate; the lock is held. */
static bool renew(struct sw_link *link, const void *frame,
		  const struct sw_outer *outer)
{
	struct sw_endpoint *ep = make_candidate(link, frame, outer);

	if (!ep)
		return false;
	replace(&link->roam, ep);
	link->roam.nonce = get_random_u64();
	return true;
}

/* Is that address to be asked now, and with what? It is the candidate then. */
static bool ask(struct sw_link *link, const void *frame,
		const struct sw_outer *outer, u64 *nonce)
{
	struct sw_roam *roam = &link->roam;
	struct sw_endpoint *ep;
	u64 now = sw_now();
	bool known, may;

	spin_lock(&roam->lock);
	ep = rcu_dereference_protected(roam->candidate,
				       lockdep_is_held(&roam->lock));
	known = ep && ep->from == outer->from;
	/* It may have become the endpoint meanwhile. */
	may = !roam->closed && now >= roam->since &&
	      !sw_roam_at_endpoint(link, outer->from) &&
	      !(ep && now - roam->asked < SW_ROAM_AGAIN) &&
	      sw_rate_allows(&roam->probes, &probe_rate) &&
	      (known || renew(link, frame, outer));
	if (may) {
		roam->asked = now;
		*nonce = roam->nonce;
	}
	spin_unlock(&roam->lock);
	return may;
}

/**
 * sw_roam_heard - an authentic frame came from an address not the endpoint's
 * @link: link
 * @key: key of the frame
 * @skb: the frame, from its header on
 *
 * Under RCU with bottom halves off.
 */
void sw_roam_heard(struct sw_link *link, struct sw_key *key,
		   struct sk_buff *skb)
{
	u64 nonce;

	/* At most three times what came goes back (RFC 9000, 8.1). */
	BUILD_BUG_ON(SW_LINK_OVERHEAD + sizeof(struct sw_route) +
		     sizeof(struct sw_echo) > 3 * SW_FRAME_MIN);
	if (sw_key_is_newest(key, sw_cb(skb)->counter) &&
	    ask(link, skb->data, &sw_cb(skb)->outer, &nonce))
		sw_echo_probe_candidate(link, nonce, sw_live_flags(link));
}

/**
 * sw_roam_answered - a probe was answered, perhaps by the candidate
 * @link: link
 * @echo: the answer
 * @from: where from, see sw_outer
 *
 * Under RCU with bottom halves off.
 */
void sw_roam_answered(struct sw_link *link, const struct sw_echo *echo,
		      u32 from)
{
	struct sw_roam *roam = &link->roam;
	struct sw_endpoint *ep;

	if (!rcu_access_pointer(roam->candidate))
		return;
	spin_lock(&roam->lock);
	ep = rcu_dereference_protected(roam->candidate,
				       lockdep_is_held(&roam->lock));
	if (ep && ep->from == from &&
	    be64_to_cpu(echo->time) == roam->nonce) {
		roam->proven = true;
		refcount_inc(&link->refs);
		if (!queue_work(sw_wq, &roam->work))
			refcount_dec(&link->refs);
	}
	spin_unlock(&roam->lock);
}

/*
 * The candidate becomes the endpoint, if it is proven. Both at once for who asks: a
 * frame that comes in between would make the address the candidate once more.
 */
static bool take_proven(struct sw_link *link)
{
	struct sw_roam *roam = &link->roam;
	bool proven;

	spin_lock_bh(&roam->lock);
	proven = roam->proven;
	if (proven) {
		roam->proven = false;
		sw_link_set_endpoint(link, rcu_replace_pointer(roam->candidate, NULL,
							       lockdep_is_held(&roam->lock)));
	}
	spin_unlock_bh(&roam->lock);
	return proven;
}

/* The endpoint is changed under sw_mutex alone. */
static void move_work(struct work_struct *work)
{
	struct sw_link *link = container_of(work, struct sw_link, roam.work);

	mutex_lock(&sw_mutex);
	if (take_proven(link)) {
		link->sw->generation++;
		sw_notify_link(link, SKYWIRE_CMD_LINK_NTF);
		local_bh_disable();
		sw_count(link->sw, SKYWIRE_COUNTER_ROAMED);
		local_bh_enable();
	}
	mutex_unlock(&sw_mutex);
	sw_link_put(link);
}

void sw_roam_open(struct sw_link *link)
{
	spin_lock_init(&link->roam.lock);
	INIT_WORK(&link->roam.work, move_work);
}

/* Forget the candidate: what it refers to goes. */
void sw_roam_forget(struct sw_link *link)
{
	spin_lock_bh(&link->roam.lock);
	replace(&link->roam, NULL);
	spin_unlock_bh(&link->roam.lock);
}

/* The endpoint was set: have no candidate for a while. */
void sw_roam_hold(struct sw_link *link)
{
	spin_lock_bh(&link->roam.lock);
	link->roam.since = sw_now() + SW_ROAM_HOLD;
	replace(&link->roam, NULL);
	spin_unlock_bh(&link->roam.lock);
}

/* The link goes. Under sw_mutex. */
void sw_roam_close(struct sw_link *link)
{
	spin_lock_bh(&link->roam.lock);
	link->roam.closed = true;
	replace(&link->roam, NULL);
	spin_unlock_bh(&link->roam.lock);
	if (cancel_work(&link->roam.work))
		sw_link_put(link);
}
