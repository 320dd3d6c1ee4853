// SPDX-License-Identifier: GPL-2.0
/*
 * Links and their labels.
 *
 * The label table's reference keeps a link until sw_link_delete(); each of its
 * keys has another. The link pins its net_device, so that whatever holds a key
 * can use the device.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rtnetlink.h>
#include "skywire.h"

void sw_endpoint_free(struct sw_endpoint *ep)
{
	if (ep)
		ep->transport->free(ep);
}

static void free_rcu_callback(struct rcu_head *rcu)
{
	sw_endpoint_free(container_of(rcu, struct sw_endpoint, rcu));
}

/* Free what readers may still have; NULL is nothing. */
void sw_endpoint_free_rcu(struct sw_endpoint *ep)
{
	if (ep)
		call_rcu(&ep->rcu, free_rcu_callback);
}

/**
 * sw_link_set_endpoint - where a link's frames go from now on
 * @link: link
 * @ep: endpoint, the link's from now on; or NULL
 *
 * Under sw_mutex.
 */
void sw_link_set_endpoint(struct sw_link *link, struct sw_endpoint *ep)
{
	struct sw_endpoint *old;

	old = rcu_replace_pointer(link->endpoint, ep,
				  lockdep_is_held(&sw_mutex));
	sw_endpoint_free_rcu(old);
}

/* Drop all cached routes, see sw_transport.forget(); under sw_mutex. */
void sw_links_forget_routes(struct sw_device *sw)
{
	struct sw_endpoint *ep;
	struct sw_link *link;

	list_for_each_entry(link, &sw->links, node) {
		/* It has routes, too. */
		sw_roam_forget(link);
		ep = rcu_dereference_protected(link->endpoint,
					       lockdep_is_held(&sw_mutex));
		if (ep && ep->transport->forget)
			ep->transport->forget(sw, ep);
	}
}

static void link_free_rcu(struct rcu_head *rcu)
{
	struct sw_link *link = container_of(rcu, struct sw_link, rcu);
	struct net_device *dev = link->sw->dev;

	sw_endpoint_free(rcu_dereference_protected(link->endpoint, 1));
	free_percpu(link->traffic);
	pr_debug("link %p destroyed\n", link);
	kfree(link);
	dev_put(dev);
}

void sw_link_put(struct sw_link *link)
{
	if (refcount_dec_and_test(&link->refs))
		call_rcu(&link->rcu, link_free_rcu);
}

static u32 owner_hash(struct sw_device *sw, const u8 *neighbour)
{
	return siphash(neighbour, SKYWIRE_PUBLIC_KEY_LEN, &sw->flow_key);
}

static u32 boot_seconds(void)
{
	/* Never 0, which is for labels that nobody has had. */
	return ktime_get_boottime_seconds() + 1;
}

/* Is the label resting, after another neighbour's use? */
static bool label_rests(struct sw_device *sw, const struct sw_label *l,
			const u8 *neighbour)
{
	return l->released && l->owner != owner_hash(sw, neighbour) &&
	       boot_seconds() - l->released < SW_LABEL_REST;
}

/* The label's place; its page is made if need be. NULL without memory. */
static struct sw_label *label_slot(struct sw_device *sw, u16 label)
{
	struct sw_label **page = &sw->labels[label / SW_LABELS_PER_PAGE];
	struct sw_label *fresh;

	if (!*page) {
		fresh = kcalloc(SW_LABELS_PER_PAGE, sizeof(*fresh),
				GFP_KERNEL_ACCOUNT);
		if (!fresh)
			return NULL;
		/* Readers find the page zeroed. */
		smp_store_release(page, fresh);
	}
	return &(*page)[label % SW_LABELS_PER_PAGE];
}

void sw_labels_free(struct sw_device *sw)
{
	int i;

	for (i = 0; i < SW_LABEL_PAGES; i++)
		kfree(sw->labels[i]);
}

/* The next label that is neither in use nor resting; 0 where there is none. */
static u16 draw_label(struct sw_device *sw, const u8 *neighbour)
{
	unsigned int i, label = sw->next_label;
	struct sw_label *page;

	for (i = 0; i < U16_MAX; i++, label++) {
		label = label % U16_MAX ?: U16_MAX;
		page = sw->labels[label / SW_LABELS_PER_PAGE];
		if (page && (rcu_access_pointer(page[label %
						SW_LABELS_PER_PAGE].link) ||
			     label_rests(sw, &page[label % SW_LABELS_PER_PAGE],
					 neighbour)))
			continue;
		sw->next_label = label + 1;
		return label;
	}
	return 0;
}

static int choose_label(struct sw_device *sw, u16 *label, const u8 *neighbour,
			struct sw_label **slot, struct netlink_ext_ack *extack)
{
	bool given = *label;

	if (!given)
		*label = draw_label(sw, neighbour);
	if (!*label) {
		NL_SET_ERR_MSG(extack, "no label is free");
		return -ENOSPC;
	}
	*slot = label_slot(sw, *label);
	if (!*slot)
		return -ENOMEM;
	if (rcu_access_pointer((*slot)->link)) {
		NL_SET_ERR_MSG(extack, "the label is in use");
		return -EEXIST;
	}
	if (given && label_rests(sw, *slot, neighbour)) {
		NL_SET_ERR_MSG(extack,
			       "another neighbour had the label within the hour");
		return -EBUSY;
	}
	return 0;
}

/**
 * sw_link_create - make a link and give it its label
 * @sw: device
 * @label: label, or 0 to have one chosen
 * @neighbour: public key of the node at the other end
 * @transport: what carries the frames
 * @extack: where to say why not
 *
 * Under sw_mutex. The link is up, has no endpoint and the default MTU.
 *
 * Return: the link, whose reference is the label table's; or an ERR_PTR.
 */
struct sw_link *sw_link_create(struct sw_device *sw, u16 label,
			       const u8 *neighbour,
			       const struct sw_transport *transport,
			       struct netlink_ext_ack *extack)
{
	struct sw_label *slot;
	struct sw_link *link;
	int err;

	if (sw->n_links >= SKYWIRE_LINKS_MAX) {
		NL_SET_ERR_MSG(extack, "the device has as many links as it may");
		return ERR_PTR(-ENOSPC);
	}
	err = choose_label(sw, &label, neighbour, &slot, extack);
	if (err)
		return ERR_PTR(err);
	link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	if (!link)
		return ERR_PTR(-ENOMEM);
	link->traffic = sw_traffic_alloc();
	if (!link->traffic) {
		kfree(link);
		return ERR_PTR(-ENOMEM);
	}
	link->sw = sw;
	memcpy(link->neighbour, neighbour, SKYWIRE_PUBLIC_KEY_LEN);
	link->label = label;
	link->state = SKYWIRE_LINK_STATE_UP;
	link->mtu = SKYWIRE_LINK_MTU_DEFAULT;
	link->transport = transport;
	sw_keyring_init(&link->keys);
	sw_live_open(link);
	sw_roam_open(link);
	INIT_LIST_HEAD(&link->paths);
	refcount_set(&link->refs, 1);
	dev_hold(sw->dev);
	list_add_tail(&link->node, &sw->links);
	WRITE_ONCE(sw->n_links, sw->n_links + 1);
	sw->generation++;
	rcu_assign_pointer(slot->link, link);
	pr_debug("link %p created\n", link);
	return link;
}

/**
 * sw_link_delete - take a link out, with its keys and its paths
 * @link: link
 *
 * Under sw_mutex. Packets in flight may use the link until an RCU grace period
 * has passed.
 */
void sw_link_delete(struct sw_link *link)
{
	struct sw_device *sw = link->sw;
	struct sw_label *slot = label_slot(sw, link->label);
	struct sw_path *path, *next;

	list_for_each_entry_safe(path, next, &link->paths, node)
		sw_path_delete(path);
	sw_live_close(link);
	sw_roam_close(link);
	sw_keyring_flush(&link->keys);
	sw_control_close(link);
	sw_notify_link(link, SKYWIRE_CMD_LINK_DEL_NTF);
	RCU_INIT_POINTER(slot->link, NULL);
	slot->released = boot_seconds();
	slot->owner = owner_hash(sw, link->neighbour);
	list_del(&link->node);
	/* What is in flight may pin the link for longer than its namespace. */
	sw_link_set_endpoint(link, NULL);
	WRITE_ONCE(sw->n_links, sw->n_links - 1);
	sw->generation++;
	sw_link_put(link);
}
