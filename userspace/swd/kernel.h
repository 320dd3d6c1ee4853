/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel module, as the daemon needs it: what it is told, and what it tells.
 * Nothing else in the daemon speaks netlink with it; a test has its own in place
 * of this.
 *
 * All requests return 0 or a negative errno, and say why not in @err if that is
 * not NULL.
 */
#ifndef _SKYWIRE_SWD_KERNEL_H
#define _SKYWIRE_SWD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/key.h"
#include "lib/parse.h"

struct ev_loop;
struct kernel;

struct kernel_link {
	__u16			label;
	__u8			neighbour[SW_KEY_LEN];
	bool			has_endpoint;
	struct sw_endpoint	endpoint;
	__u32			mtu;
	__u8			liveness;	/* enum skywire_liveness */
	__u32			rtt;		/* microseconds, 0 if not known */
	__u32			loss;		/* parts per million */
	__u32			price_base;
	__u32			price_rate;
};

/* A key without its bytes. */
struct kernel_key {
	__u16	link;			/* label, or 0 and ... */
	__u8	peer[SW_KEY_LEN];	/* ... whose session it is for */
	__u8	cipher;
	__u8	role;
	__u8	slot;			/* of a dump */
	__u8	seal;
	__u32	rx_index;
	__u32	tx_index;
	__u32	soft_time;		/* seconds */
	__u64	age;			/* milliseconds, of a dump */
	__u8	opaque[SKYWIRE_OPAQUE_LEN];
	__u8	opaque_len;
};

struct kernel_path {
	__u8		peer[SW_KEY_LEN];
	__u8		id;		/* 0 to have one chosen */
	__u8		state;		/* enum skywire_path_state */
	__u16		link;
	__be16		label[SKYWIRE_LABELS_MAX];
	__u8		count;
	__u32		preference;
	__u32		mtu;
	__u32		postage_base;
	__u32		postage_rate;
	__u64		cost;		/* for who compares paths; not the kernel's */
};

/* A CONTROL message; a neighbour's own has no labels. */
struct kernel_message {
	__u16		link;
	__be16		label[SKYWIRE_LABELS_MAX];
	__u8		count;
	__u32		postage;
	const __u8	*payload;
	size_t		len;
};

/* What the kernel tells. Any may call the functions below, but kernel_close(). */
struct kernel_events {
	void (*handshake)(void *arg, const struct sw_endpoint *from,
			  const __u8 *frame, size_t len);
	void (*message)(void *arg, const struct kernel_message *m);
	/* Packets wait for @addr. @peer: that has it, or NULL. */
	void (*miss)(void *arg, const struct sw_addr *addr, const __u8 *peer);
	/* Liveness or endpoint have changed; or the link is gone. */
	void (*link)(void *arg, const struct kernel_link *link, bool gone);
	/* A path has become suspect, or is no more. */
	void (*path)(void *arg, const struct kernel_path *path);
	/* The device is gone, and the kernel is to be closed. */
	void (*gone)(void *arg);
	/* Events were lost: what was told of links may be out of date. */
	void (*lost)(void *arg);
};

/**
 * kernel_open - speak with a device, and be what it is bound to
 * @loop: calls @events from now on
 * @ifindex: of the device
 * @events: to call with @arg
 */
struct kernel *kernel_open(struct ev_loop *loop, unsigned int ifindex,
			   const struct kernel_events *events, void *arg,
			   struct sw_error *err);
void kernel_close(struct kernel *k);

/* The port may be 0: then one is chosen, or stays. */
int kernel_device_set(struct kernel *k, const __u8 key[SW_KEY_LEN], __u16 port,
		      __u32 fwmark, struct sw_error *err);

int kernel_handshake_send(struct kernel *k, const struct sw_endpoint *to,
			  const __u8 *frame, size_t len, struct sw_error *err);

/* The largest layer-2 packet that a link there may have. */
__u32 kernel_frame_room(struct kernel *k, const struct sw_endpoint *at);

/* @link: its label may be 0; the kernel's choice is put there. */
int kernel_link_add(struct kernel *k, struct kernel_link *link,
		    struct sw_error *err);
int kernel_link_get(struct kernel *k, __u16 label, struct kernel_link *link);
int kernel_link_del(struct kernel *k, __u16 label, struct sw_error *err);

/* -EEXIST: another key has that index. */
int kernel_key_add(struct kernel *k, const struct kernel_key *key,
		   const __u8 *tx, const __u8 *rx, size_t len,
		   struct sw_error *err);

/* One that exists already is as good as a new one. */
int kernel_peer_add(struct kernel *k, const __u8 key[SW_KEY_LEN],
		    struct sw_error *err);
int kernel_peer_del(struct kernel *k, const __u8 key[SW_KEY_LEN],
		    struct sw_error *err);

/* How many inner packets went to and came from it. */
int kernel_peer_packets(struct kernel *k, const __u8 key[SW_KEY_LEN],
			__u64 *packets);

/* The id that was chosen is put into @path. */
int kernel_path_add(struct kernel *k, struct kernel_path *path,
		    struct sw_error *err);
/* Another preference, MTU and postage; what was seen of the path stays. */
int kernel_path_set(struct kernel *k, const struct kernel_path *path,
		    struct sw_error *err);
int kernel_path_del(struct kernel *k, const __u8 peer[SW_KEY_LEN], __u8 id,
		    struct sw_error *err);

/* What is routed to a peer, and away from another. -ENOENT: no such peer. */
int kernel_prefix_add(struct kernel *k, const __u8 peer[SW_KEY_LEN],
		      const struct sw_prefix *prefix, struct sw_error *err);
int kernel_prefix_del(struct kernel *k, const struct sw_prefix *prefix,
		      struct sw_error *err);

int kernel_message_send(struct kernel *k, const struct kernel_message *m,
			struct sw_error *err);

/* The packets that wait go on, or are refused: enum skywire_verdict. */
int kernel_miss_answer(struct kernel *k, const struct sw_addr *addr,
		       __u8 verdict, struct sw_error *err);

/* What the device has. Each is passed to @fn, which must not make requests. */
int kernel_links(struct kernel *k, void (*fn)(void *arg, const struct kernel_link *link),
		 void *arg, struct sw_error *err);
int kernel_keys(struct kernel *k, void (*fn)(void *arg, const struct kernel_key *key),
		void *arg, struct sw_error *err);
int kernel_paths(struct kernel *k, void (*fn)(void *arg, const struct kernel_path *path),
		 void *arg, struct sw_error *err);
/* But the peers' own addresses. */
int kernel_prefixes(struct kernel *k,
		    void (*fn)(void *arg, const __u8 peer[SW_KEY_LEN],
			       const struct sw_prefix *prefix),
		    void *arg, struct sw_error *err);

#endif /* _SKYWIRE_SWD_KERNEL_H */
