// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to a daemon: who takes them, and how many.
 *
 * A class of a device's messages has at most one listener, a socket by its
 * namespace and port id. Both stay true as long as the socket is open: its
 * release takes the listener out. A message is built and queued in the packet
 * path, without waiting: where there is no listener, no token or no room it is
 * not sent, and the caller counts that.
 */
#include <linux/netlink.h>
#include "nl.h"

/**
 * struct sw_listener - a socket that takes a class of messages
 * @node: in the list of all
 * @upcall: where it is the listener
 * @net: the socket's namespace, not pinned: a socket goes before its namespace,
 *	and readers are under RCU; constant
 * @portid: the socket; constant
 * @rcu: for freeing
 */
struct sw_listener {
	struct list_head	node;
	struct sw_upcall	*upcall;
	struct net		*net;
	u32			portid;
	struct rcu_head		rcu;
};

/* Guards the list, and changes of listeners; not taken in the packet path. */
static DEFINE_SPINLOCK(listeners_lock);
static LIST_HEAD(listeners);

static const struct {
	struct sw_rate		rate;
	enum skywire_counter	counter;
} classes[SW_UPCALLS] = {
	[SKYWIRE_UPCALL_HANDSHAKE] = {
		{ 500, 500 }, SKYWIRE_COUNTER_HANDSHAKE_UPCALLS
	},
	[SKYWIRE_UPCALL_CONTROL] = {
		{ 5000, 5000 }, SKYWIRE_COUNTER_CONTROL_UPCALLS
	},
	/* As many as can wait at a time. */
	[SKYWIRE_UPCALL_MISS] = {
		{ 100, SW_MISSES }, SKYWIRE_COUNTER_MISS_UPCALLS
	},
};

/* Take a token, on whichever CPU. */
bool sw_rate_allows(atomic64_t *bucket, const struct sw_rate *rate)
{
	s64 old = atomic64_read(bucket);
	u64 now = sw_now();
	u64 full;

	do {
		full = old;
		if (!sw_bucket_take(&full, now, rate))
			return false;
	} while (!atomic64_try_cmpxchg(bucket, &old, full));
	return true;
}

/* The lock is held. */
static void forget(struct sw_listener *l)
{
	RCU_INIT_POINTER(l->upcall->listener, NULL);
	list_del(&l->node);
	kfree_rcu(l, rcu);
}

/* The listener of a class; the lock is held. */
static struct sw_listener *held_listener(struct sw_upcall *upcall)
{
	return rcu_dereference_protected(upcall->listener,
					 lockdep_is_held(&listeners_lock));
}

/*
 * The listener of a class, under RCU. A device that has moved has left it
 * behind: what it would hear is of a namespace that it is not in.
 */
static struct sw_listener *listener(const struct sw_device *sw,
				    enum skywire_upcall class)
{
	struct sw_listener *l = rcu_dereference(sw->upcall[class].listener);

	return l && net_eq(l->net, dev_net(sw->dev)) ? l : NULL;
}

/* Under RCU. */
bool sw_upcall_bound(struct sw_device *sw, enum skywire_upcall class)
{
	return listener(sw, class);
}

/* Make @new the listener, unless another socket is. The lock is held. */
static int replace(struct sw_upcall *upcall, struct sw_listener *new)
{
	struct sw_listener *old = held_listener(upcall);

	if (old && net_eq(old->net, new->net))
		return old->portid == new->portid ? -EALREADY : -EBUSY;
	if (old)
		forget(old);
	list_add(&new->node, &listeners);
	rcu_assign_pointer(upcall->listener, new);
	return 0;
}

/**
 * sw_upcall_bind - have a socket take a class of messages
 * @sw: device
 * @class: of messages
 * @net: namespace that the request came from; the device may be leaving it
 * @portid: a socket there; it cannot be released meanwhile, because the request is
 *	being sent with it
 *
 * Under sw_mutex.
 *
 * Return: 0, also where the socket has the class already; -EBUSY where another
 * one has; or -ENOMEM.
 */
int sw_upcall_bind(struct sw_device *sw, enum skywire_upcall class,
		   struct net *net, u32 portid)
{
	struct sw_listener *new;
	int err;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->upcall = &sw->upcall[class];
	new->net = net;
	new->portid = portid;
	spin_lock_bh(&listeners_lock);
	err = replace(new->upcall, new);
	spin_unlock_bh(&listeners_lock);
	if (err)
		kfree(new);
	return err == -EALREADY ? 0 : err;
}

/* Under sw_mutex. Return: 0, or -ENOENT where the socket is not bound. */
int sw_upcall_unbind(struct sw_device *sw, enum skywire_upcall class,
		     u32 portid)
{
	struct sw_listener *l;
	int err = -ENOENT;

	spin_lock_bh(&listeners_lock);
	l = held_listener(&sw->upcall[class]);
	if (l && l->portid == portid && net_eq(l->net, dev_net(sw->dev))) {
		forget(l);
		err = 0;
	}
	spin_unlock_bh(&listeners_lock);
	return err;
}

/* The device goes. */
void sw_upcalls_forget(struct sw_device *sw)
{
	struct sw_listener *l;
	int i;

	spin_lock_bh(&listeners_lock);
	for (i = 0; i < SW_UPCALLS; i++) {
		l = held_listener(&sw->upcall[i]);
		if (l)
			forget(l);
	}
	spin_unlock_bh(&listeners_lock);
}

/**
 * sw_upcall - send a message to the listener of a class
 * @sw: device that it is about
 * @class: of messages
 * @cmd: command
 * @size: bytes of attributes at most
 * @fill: puts them
 * @object: about what
 *
 * Under RCU with bottom halves off.
 *
 * Return: 0, or why it was not sent.
 */
enum skywire_drop sw_upcall(struct sw_device *sw, enum skywire_upcall class,
			    u8 cmd, size_t size, sw_nl_fill_t fill,
			    void *object)
{
	struct sw_listener *l = listener(sw, class);
	struct sk_buff *msg;

	if (!l)
		return SKYWIRE_DROP_NO_LISTENER;
	if (!sw_rate_allows(&sw->upcall[class].bucket, &classes[class].rate))
		return SKYWIRE_DROP_UPCALL_RATE;
	msg = genlmsg_new(size, GFP_ATOMIC | __GFP_NOWARN);
	if (!msg)
		return SKYWIRE_DROP_NO_MEMORY;
	if (WARN_ON_ONCE(sw_nl_put(msg, 0, 0, 0, cmd, fill, object))) {
		nlmsg_free(msg);
		return SKYWIRE_DROP_NO_MEMORY;
	}
	/* It does not wait. The listener hears of what it missed by ENOBUFS. */
	if (genlmsg_unicast(l->net, msg, l->portid))
		return SKYWIRE_DROP_UPCALL_FULL;
	sw_count(sw, classes[class].counter);
	return 0;
}

/* A socket is released: its port id may soon be another's. */
static int socket_event(struct notifier_block *nb, unsigned long action,
			void *data)
{
	const struct netlink_notify *n = data;
	struct sw_listener *l, *next;

	if (action != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	spin_lock_bh(&listeners_lock);
	list_for_each_entry_safe(l, next, &listeners, node)
		if (l->portid == n->portid && net_eq(l->net, n->net))
			forget(l);
	spin_unlock_bh(&listeners_lock);
	return NOTIFY_DONE;
}

static struct notifier_block socket_nb = { .notifier_call = socket_event };

int __init sw_upcall_init(void)
{
	return netlink_register_notifier(&socket_nb);
}

/* No request can bind any more, but packets come in still. */
void sw_upcall_exit(void)
{
	struct sw_listener *l, *next;

	spin_lock_bh(&listeners_lock);
	list_for_each_entry_safe(l, next, &listeners, node)
		forget(l);
	spin_unlock_bh(&listeners_lock);
	netlink_unregister_notifier(&socket_nb);
}
