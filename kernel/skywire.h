/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's objects and functions, by the file that implements them.
 *
 * Configuration is changed under sw_mutex alone, which nests inside rtnl and
 * never around it. The packet path runs with bottom halves disabled, reads
 * configuration under RCU, and takes two locks: a key's rx_lock around its
 * replay window, and a keyring's lock when a key is promoted.
 *
 *   device --- link --- key     A key pins its owner, a link or a peer, and an
 *        \               /      owner pins its net_device. Whoever takes an
 *         `--- peer ----'       object out of its table drops the table's
 *            /      \           reference; an AEAD operation in flight holds
 *         path    prefix        its key, and so all the rest.
 */
#ifndef _SKYWIRE_H
#define _SKYWIRE_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/if_link.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/gro_cells.h>
#include <skywire/bucket.h>
#include <skywire/fragment.h>
#include <skywire/prefix.h>
#include <skywire/recent.h>
#include <skywire/replay.h>
#include <skywire/route.h>
#include <skywire/wire.h>

struct crypto_aead;
struct genl_info;
struct netlink_ext_ack;

extern struct mutex sw_mutex;

enum {
	SW_KEY_SLOTS		= 3,
	SW_LABELS_PER_PAGE	= 256,
	SW_LABEL_PAGES		= 65536 / SW_LABELS_PER_PAGE,
	SW_LABEL_REST		= 3600,	/* s that a label is not reused */
	SW_KEY_PREVIOUS_TIME	= 60,	/* s that a replaced key is accepted */
	/* Room in front of an inner packet, and behind it: for an Ethernet
	 * header, IPv6, UDP, and what we add. Transports that need more, see to
	 * it themselves.
	 */
	SW_UNDERLAY_ROOM = 16 + 40 + 8,
	/* A tag follows the header where that alone is sealed. */
	SW_LINK_ROOM	= SW_FRAME_LEN + SW_TAG_LEN,
	SW_HEADROOM	= SW_UNDERLAY_ROOM + SW_LINK_ROOM + SW_ROUTE_LEN_MAX +
			  SW_SESSION_LEN,
	SW_TAILROOM	= 2 * SW_TAG_LEN,
	SW_TRANSPORTS	= SKYWIRE_TRANSPORT_ETHERNET + 1,
	SW_COUNTERS	= SKYWIRE_COUNTER_REFUSED + 1,
	SW_DROPS	= SKYWIRE_DROP_MISS_TIMEOUT + 1,
	SW_UPCALLS	= SKYWIRE_UPCALL_MISS + 1,
	SW_PREFIX_BUCKETS	= 512,
	SW_SENT_MACS		= 256,
	SW_REASSEMBLIES		= 4,	/* a link */
	SW_REASSEMBLY_TIME	= 2,	/* s */
	SW_REASSEMBLY_MEMORY	= 4 << 20,	/* bytes a device */
	SW_MISSES		= 64,	/* destinations */
	SW_MISS_PACKETS		= 8,	/* for each */
	SW_MISS_MEMORY		= 2 << 20,	/* bytes a device, of all packets */
	SW_MISS_TIME		= 3,	/* s that a packet waits at most */
	SW_CHACHA_KEY_WORDS	= 8,
};

/* Per CPU and device; bottom halves are off wherever it is written. */
struct sw_stats {
	u64_stats_t		counter[SW_COUNTERS];
	u64_stats_t		drop[SW_DROPS];
	struct u64_stats_sync	syncp;
};

/* Per CPU and link, peer or path. */
struct sw_traffic {
	u64_stats_t		rx_packets;
	u64_stats_t		rx_bytes;
	u64_stats_t		tx_packets;
	u64_stats_t		tx_bytes;
	u64_stats_t		postage_in;
	u64_stats_t		postage_out;
	u64_stats_t		fee;
	struct u64_stats_sync	syncp;
};

/**
 * struct sw_label - what a label stands for
 * @link: the link, or NULL
 * @released: boot time in s when the label was given up; 0 for never
 * @owner: hash of the neighbour that had it last
 */
struct sw_label {
	struct sw_link __rcu	*link;
	u32			released;
	u32			owner;
};

/**
 * struct sw_prefix_table - longest match over a hash table
 * @ht: prefixes by address, family and length
 * @lengths: which lengths occur, for each family
 * @used: how often, for each family
 */
struct sw_prefix_table {
	struct rhashtable	ht;
	DECLARE_BITMAP(lengths[2], 129);
	u32			used[2][129];
};

/**
 * struct sw_upcall - who takes one class of a device's messages
 * @listener: the bound socket; RCU, written under upcall.c's lock
 * @bucket: of all messages of the class
 */
struct sw_upcall {
	struct sw_listener __rcu *listener;
	atomic64_t		bucket;
};

/**
 * struct sw_handshake - what strangers' frames are measured by
 * @mac1_key: of this node's identity; 0 without. READ_ONCE, word by word: who
 *	reads it while it changes refuses a frame
 * @secret: of cookies and of @prefix; constant
 * @trickle: of frames without a valid cookie
 * @cookies: of frames of type 3 that come in
 * @answers: of those that we send
 * @prefix: of frames with a valid cookie, by hash of where they came from
 * @sent: mac1 of frames that we sent lately, by its first byte; READ_ONCE, a torn
 *	one is none
 */
struct sw_handshake {
	siphash_key_t	mac1_key;
	siphash_key_t	secret;
	atomic64_t	trickle;
	atomic64_t	cookies;
	atomic64_t	answers;
	atomic64_t	prefix[SW_PREFIX_BUCKETS];
	u64		sent[SW_SENT_MACS];
};

/**
 * struct sw_control - CONTROL messages that have arrived in part
 * @lock: guards what follows, and the links' @pending and @closed
 * @list: all of them, oldest first
 * @memory: bytes of message that they will have
 * @work: drops those that are too old
 * @next_id: of the next message that is sent; sw_mutex
 */
struct sw_control {
	/* see above */
	spinlock_t		lock;
	struct list_head	list;
	unsigned int		memory;
	struct delayed_work	work;
	u32			next_id;
};

/**
 * struct sw_miss - packets that wait for one destination
 * @addr: 4 or 16 bytes, as @family says
 * @family: AF_INET or AF_INET6; 0 where the entry is free
 * @born: boot time in ns of the first packet
 * @asked: the same of the last question to the listener
 * @packets: in the order in which they came
 */
struct sw_miss {
	struct in6_addr		addr;
	u16			family;
	u64			born;
	u64			asked;
	struct sk_buff_head	packets;
};

/**
 * struct sw_misses - all packets that wait
 * @lock: guards all of it
 * @bytes: memory of the packets
 * @work: gives up those that have waited too long
 * @entry: destinations
 */
struct sw_misses {
	/* see above */
	spinlock_t		lock;
	unsigned int		bytes;
	struct delayed_work	work;
	struct sw_miss		entry[SW_MISSES];
};

/**
 * struct sw_device - private part of the net_device
 * @dev: the net_device
 * @node: in sw_devices; sw_mutex
 * @net: namespace the device was created in, where the underlay is; NULL once
 *	it has gone. RCU and rtnl
 * @cookie: that namespace's cookie, part of each key's name; constant
 * @opened: by transport, what sw_transport.open() returned, while the device is
 *	up; RCU, written under sw_mutex
 * @port: UDP port; sw_mutex
 * @fwmark: of the outer packets; READ_ONCE
 * @has_identity: @identity is set; sw_mutex
 * @identity: this node's public key; sw_mutex
 * @address: its overlay address
 * @labels: pages of labels, added under sw_mutex and kept until the device goes
 * @next_label: where the search for a free one begins; sw_mutex
 * @links: all links; sw_mutex
 * @peers: all peers; sw_mutex
 * @n_links: number of links; READ_ONCE, written under sw_mutex
 * @n_peers: number of peers; sw_mutex
 * @n_prefixes: number of prefixes; sw_mutex
 * @busy_links: how many of the links have traffic
 * @active_peers: how many of the peers have
 * @generation: raised by each change of all that, from a random start, so that a
 *	dump can tell; sw_mutex
 * @prefixes: longest-match table; lookups under RCU, changed under sw_mutex
 * @gro: delivers inner packets
 * @stats: counters and drops
 * @flow_key: keys the flow hash; constant
 * @upcall: listeners, by class
 * @handshake: limits of what strangers send
 * @control: reassembly of CONTROL messages
 * @miss: packets that wait for a peer, a path or a key
 */
struct sw_device {
	struct net_device	*dev;
	struct list_head	node;
	struct net __rcu	*net;
	u64			cookie;
	void __rcu		*opened[SW_TRANSPORTS];
	u16			port;
	u32			fwmark;
	bool			has_identity;
	u8			identity[SKYWIRE_PUBLIC_KEY_LEN];
	struct in6_addr		address;
	struct sw_label		*labels[SW_LABEL_PAGES];
	u16			next_label;
	struct list_head	links;
	struct list_head	peers;
	u32			n_links;
	u32			n_peers;
	u32			n_prefixes;
	atomic_t		busy_links;
	atomic_t		active_peers;
	u32			generation;
	struct sw_prefix_table	prefixes;
	struct gro_cells	gro;
	struct sw_stats __percpu *stats;
	siphash_key_t		flow_key;
	struct sw_upcall	upcall[SW_UPCALLS];
	struct sw_handshake	handshake;
	struct sw_control	control;
	struct sw_misses	miss;
};

/**
 * struct sw_keyring - the keys of a link or a session
 * @lock: for the packet path promotes keys too
 * @slot: by enum skywire_key_slot; RCU
 */
struct sw_keyring {
	/* guards changes of @slot */
	spinlock_t		lock;
	struct sw_key __rcu	*slot[SW_KEY_SLOTS];
};

/* How a key is found: rx_index, unique in its namespace. */
struct sw_key_name {
	u64	cookie;
	u32	index;
	u32	zero;
};

/**
 * struct sw_key - two directions of one AEAD, and its receiver index
 * @node: in the table of all keys, until removed; RCU
 * @name: name in that table; constant
 * @tx_index: index that the frames we send carry; constant
 * @async: the driver may finish later; constant
 * @slot: the slot it is in, or SW_KEY_DEAD; written under the keyring's lock
 * @link: owner of a link key, pinned; constant
 * @peer: owner of a session key, pinned; constant
 * @tx: seals; NULL where @tx_chacha does; constant
 * @rx: opens; NULL where @rx_chacha does; constant
 * @tx_chacha: seals by ChaCha20-Poly1305; constant
 * @rx_chacha: opens by it; constant
 * @expires: boot time in ns when it ends; lowered when it becomes previous
 * @hard_frames: frames that may be sent, and first counter refused; constant
 * @tx_counter: next counter
 * @tx_lock: guards changes of @recent
 * @recent: which counters were used lately, of a session key
 * @tx_node: in the table of session keys by @tx_index; RCU
 * @tx_name: name in that table; constant
 * @rx_lock: guards @replay and @rx_frames
 * @replay: window of what was received
 * @rx_frames: frames accepted
 * @refs: the table's, a pending @work's, and each AEAD operation's in flight
 * @work: removal, expiry and notifications, under sw_mutex
 * @free: frees in process context after a grace period
 * @role: of the handshake; constant
 * @seal: enum skywire_seal; constant
 * @cipher: enum skywire_cipher; constant
 * @soft_told: a soft limit's passing was notified; sw_mutex
 * @changed: it has changed its slot, of which @work has not told yet
 * @tx_print: keyed hash of the bytes that seal; constant
 * @rx_print: of those that open; constant
 * @installed: boot time in ns; constant
 * @soft_at: boot time in ns of the soft limit, 0 for none; constant
 * @soft_frames: soft limit of frames sent, 0 for none; constant
 * @hard_time: s, as configured; constant
 * @soft_time: s, as configured; constant
 * @opaque_len: bytes of @opaque; constant
 * @opaque: the daemon's; constant
 */
struct sw_key {
	struct rhash_head	node;
	struct sw_key_name	name;
	u32			tx_index;
	bool			async;
	u8			slot;
	struct sw_link		*link;
	struct sw_peer		*peer;
	struct crypto_aead	*tx;
	struct crypto_aead	*rx;
	u32			tx_chacha[SW_CHACHA_KEY_WORDS];
	u32			rx_chacha[SW_CHACHA_KEY_WORDS];
	u64			expires;
	u64			hard_frames;
	struct rhlist_head	tx_node;
	struct sw_key_name	tx_name;
	atomic64_t		tx_counter ____cacheline_aligned;
	/* see above */
	spinlock_t		tx_lock;
	struct sw_recent	recent;
	spinlock_t		rx_lock ____cacheline_aligned;
	struct sw_replay	replay;
	u64			rx_frames;
	refcount_t		refs ____cacheline_aligned;
	struct delayed_work	work;
	struct rcu_work		free;
	u8			role;
	u8			seal;
	u8			cipher;
	bool			soft_told;
	bool			changed;
	u64			tx_print;
	u64			rx_print;
	u64			installed;
	u64			soft_at;
	u64			soft_frames;
	u32			hard_time;
	u32			soft_time;
	u8			opaque_len;
	u8			opaque[SKYWIRE_OPAQUE_LEN];
};

#define SW_KEY_DEAD	SW_KEY_SLOTS

/* What a new key is made from; points into the request. */
struct sw_key_config {
	struct sw_link	*link;
	struct sw_peer	*peer;
	u8		cipher;
	u8		role;
	u8		seal;
	u32		rx_index;
	u32		tx_index;
	u32		soft_time;
	u32		hard_time;
	u64		soft_frames;
	u64		hard_frames;
	const u8	*opaque;
	unsigned int	opaque_len;
};

/**
 * struct sw_endpoint - where a link's frames go
 * @transport: whose it is, and who knows what is behind this; constant
 * @from: hash of its address, by which frames from there are known; READ_ONCE
 * @rcu: for freeing
 *
 * A transport's own endpoints begin with this. Replaced as a whole under
 * sw_mutex.
 */
struct sw_endpoint {
	const struct sw_transport *transport;
	u32			from;
	struct rcu_head		rcu;
};

/**
 * struct sw_live - is a link alive?
 * @lock: guards the members below, where nothing else is said
 * @heard: monotonic ns of the last authentic frame, to the millisecond, or 0;
 *	WRITE_ONCE by the packet path
 * @used: the link has carried a packet that is no probe, since the timer last
 *	looked; WRITE_ONCE by the packet path
 * @state: enum skywire_liveness; READ_ONCE
 * @closed: the link goes, @timer is not started any more
 * @busy: it carries traffic; READ_ONCE
 * @heard_by: the neighbour says that it hears us
 * @wants_full: it wants no frames whose header alone is sealed; READ_ONCE
 * @forged: sessions that did not verify in such frames, since @forged_at
 * @forged_at: when the first of them came
 * @full_until: we want no such frames until then
 * @timer: probes and judges
 * @work: tells listeners of changes; pins the link while it is queued
 * @busy_ns: interval of probes while @busy; 0 for none
 * @idle_ns: interval of probes while not
 * @last_used: when @used was last found set
 * @start: what is heard is expected from then on, after a change of pace
 * @floor: what was heard until then does not count, for the link was dead
 * @next_probe: when to send the next one
 * @paced: interval that the last one was sent at
 * @excused: @heard, when the timer was last late
 * @excuses: how often it was since then
 * @both_since: the two ends have heard each other since then, or 0; that it is 0
 *	is read without the lock
 * @alive_since: when it was last found alive
 * @hold: how long both have to hear before that counts, after a death
 * @offset: hides our clock from the neighbour; constant
 * @number: of the last request
 * @answered: of the last request that was answered
 * @rtt: smoothed, ns; 0 before the first
 * @loss: smoothed, of 2^32
 * @deaths: how often it was found dead
 * @answers: bucket of those that we give
 */
struct sw_live {
	/* see above */
	spinlock_t		lock;
	u64			heard;
	bool			used;
	u8			state;
	bool			closed;
	bool			busy;
	bool			heard_by;
	bool			wants_full;
	unsigned int		forged;
	u64			forged_at;
	u64			full_until;
	struct hrtimer		timer;
	struct work_struct	work;
	u64			busy_ns;
	u64			idle_ns;
	u64			last_used;
	u64			start;
	u64			floor;
	u64			next_probe;
	u64			paced;
	u64			excused;
	unsigned int		excuses;
	u64			both_since;
	u64			alive_since;
	u64			hold;
	u64			offset;
	u32			number;
	u32			answered;
	u64			rtt;
	u32			loss;
	u32			deaths;
	atomic64_t		answers;
};

/**
 * struct sw_roam - does the neighbour have another address?
 * @lock: guards what follows, where nothing else is said
 * @closed: the link goes, there will be no other candidate
 * @proven: the candidate has answered
 * @candidate: address that newer frames came from than the endpoint's; RCU
 * @nonce: what it has to answer with
 * @asked: boot time in ns when it was asked last
 * @since: boot time in ns before which there is no candidate
 * @probes: bucket of those that ask it; atomic
 * @work: makes it the endpoint; pins the link while it is queued
 */
struct sw_roam {
	/* see above */
	spinlock_t		lock;
	bool			closed;
	bool			proven;
	struct sw_endpoint __rcu *candidate;
	u64			nonce;
	u64			asked;
	u64			since;
	atomic64_t		probes;
	struct work_struct	work;
};

/**
 * struct sw_link - a link to a neighbour
 * @sw: the device, pinned; constant
 * @neighbour: public key of the node at the other end; constant
 * @label: this node's name for it; constant
 * @state: enum skywire_link_state; READ_ONCE
 * @mtu: bytes of layer-2 packet; READ_ONCE
 * @price_base: fee for each packet forwarded out of the link; READ_ONCE
 * @price_rate: fee for each MiB of payload besides; READ_ONCE
 * @transport: carries the frames; constant
 * @endpoint: where to; RCU, NULL is nowhere
 * @keys: its keys
 * @live: its probes
 * @roam: where else the neighbour may be
 * @traffic: counted where keys are in use
 * @control: buckets of its CONTROL messages: the neighbour's, and relayed ones
 * @pending: messages that have arrived in part; the device's control.lock
 * @closed: there will be no more of them; the same
 * @node: in the device's list; sw_mutex
 * @paths: paths that begin here; sw_mutex
 * @refs: the label table's, each key's, and a queued notification's
 * @rcu: for freeing
 */
struct sw_link {
	struct sw_device	*sw;
	u8			neighbour[SKYWIRE_PUBLIC_KEY_LEN];
	u16			label;
	u8			state;
	u32			mtu;
	u32			price_base;
	u32			price_rate;
	const struct sw_transport *transport;
	struct sw_endpoint __rcu *endpoint;
	struct sw_keyring	keys;
	struct sw_live		live;
	struct sw_roam		roam;
	struct sw_traffic __percpu *traffic;
	atomic64_t		control[2];
	struct sw_reassembly	*pending[SW_REASSEMBLIES];
	bool			closed;
	struct list_head	node;
	struct list_head	paths;
	refcount_t		refs;
	struct rcu_head		rcu;
};

/* Packets, inner bytes and postage, of one path. */
struct sw_tally {
	u64	packets;
	u64	bytes;
	u64	postage;
};

/**
 * struct sw_proof - what is known of a path from its far end
 * @suspect: do not choose the path where another is usable; READ_ONCE
 * @told: @suspect as listeners know it; sw_mutex
 * @mtu: largest inner packet that gets through, 0 where nothing is known to be
 *	lost; READ_ONCE
 * @claim: what a relay says that @mtu is, to be seen; 0 for none
 * @number: of the last request
 * @answered: of the last one that was answered
 * @measured: of the one that @sent was taken with
 * @full: of the last request of full size that waits for its answer, or 0
 * @waiting: when the first request since the last answer was sent
 * @full_missed: requests of full size that were not, while others were
 * @probed: when the last request was sent
 * @rtt: smoothed, ns; 0 before the first answer
 * @loss: smoothed, of 2^32
 * @good_since: answers have come without a gap since then, or 0; that it is 0 is
 *	read without the lock
 * @hold: how long they must before the path is trusted again
 * @suspected: when it was suspected last
 * @mtu_since: when @mtu was lowered
 * @epoch: of @arrived; 0 where the next report begins a comparison
 * @overtaken: requests in a row that were to be measured with, and were lost
 * @asked: packets that had been sent when the last request was
 * @sent: what had been sent when the request was that is measured with
 * @sent_then: @sent, at the last comparison
 * @arrived_then: @arrived, at the last comparison
 * @arrived: what the peer reported last
 * @rcu: for freeing
 *
 * Belongs to a path with labels, and to its successors of the same route.
 * Guarded by the peer's prober.lock, where nothing else is said.
 */
struct sw_proof {
	bool		suspect;
	bool		told;
	u32		mtu;
	u32		claim;
	u32		number;
	u32		answered;
	u32		measured;
	u32		full;
	unsigned int	full_missed;
	u64		waiting;
	u64		probed;
	u64		rtt;
	u32		loss;
	u64		good_since;
	u64		hold;
	u64		suspected;
	u64		mtu_since;
	u32		epoch;
	unsigned int	overtaken;
	u64		asked;
	struct sw_tally	sent;
	struct sw_tally	sent_then;
	struct sw_tally	arrived_then;
	struct sw_tally	arrived;
	struct rcu_head	rcu;
};

/**
 * struct sw_path - one way to a peer
 * @peer: where it leads; the path lives in peer->path[id - 1]
 * @link: first link; the path is taken out before the link is
 * @preference: the attribute of that name, as are those up to @labels
 * @mtu: see there
 * @postage_base: see there
 * @postage_rate: see there
 * @fee_base: see there
 * @fee_rate: see there
 * @loss_admitted: see there
 * @mark: see there
 * @weight: see there
 * @dscp: see there
 * @id: see there
 * @count: of @labels
 * @labels: of the relays
 * @node: in @link's list; sw_mutex
 * @traffic: counted by direction tx only; a successor of the same id inherits it
 * @proof: what its far end reports; NULL without labels. A successor of the same
 *	route inherits it
 * @rcu: for freeing
 *
 * Constant: a change puts another path in its place.
 */
struct sw_path {
	struct sw_peer		*peer;
	struct sw_link		*link;
	u32			preference;
	u32			mtu;
	u32			postage_base;
	u32			postage_rate;
	u32			fee_base;
	u32			fee_rate;
	u32			loss_admitted;
	u32			mark;
	u16			weight;
	u8			dscp;
	u8			id;
	u8			count;
	__be16			labels[SKYWIRE_LABELS_MAX];
	struct list_head	node;
	struct sw_traffic __percpu *traffic;
	struct sw_proof		*proof;
	struct rcu_head		rcu;
};

#define SW_DSCP_NONE	255

/**
 * struct sw_outer - what is left of a frame's outer headers, when they are off
 * @from: hash of the address that it came from, see sw_endpoint
 * @iif: interface that it came in on
 * @len: bytes from the first of those headers to the frame
 * @ds: DS field, 0 where there is none
 * @unicast: they were addressed to this node alone
 */
struct sw_outer {
	u32	from;
	u32	iif;
	u16	len;
	u8	ds;
	bool	unicast;
};

/* Who sends, for hashing: all bytes are set. */
struct sw_source_name {
	u8	addr[16];
	u32	oif;
	__be16	port;
	u8	transport;
	u8	family;
};

/* Room for any transport's endpoint. */
#define SW_ENDPOINT_ROOM	128

/**
 * struct sw_source - where a frame came from, as far as that can be believed
 * @name: to make a cookie for
 * @prefix: what its owner can hardly change: of IPv4 24 bits, of IPv6 48, of
 *	one on the same wire the interface
 * @ep: what leads back there; without cache or references, and of use as long
 *	as the RCU section that it was made in
 * @room: where @ep is
 */
struct sw_source {
	struct sw_source_name	name;
	struct sw_source_name	prefix;
	struct sw_endpoint	*ep;
	u8			room[SW_ENDPOINT_ROOM] __aligned(8);
};

/* A way to send by, for the length of a call. */
struct sw_way {
	struct sw_link	*link;
	const __be16	*labels;
	u8		count;
	u32		postage;
};

/**
 * struct sw_prober - proves a peer's paths while they are used
 * @lock: guards the members below, and the paths' proofs
 * @used: a packet was sent since the timer last looked; WRITE_ONCE by the
 *	packet path
 * @active: the timer runs
 * @closed: the peer goes, @timer is not started any more
 * @round: counts the timer's
 * @timer: asks by each path
 * @work: tells listeners of changes; pins the peer while it is queued
 * @interval: ns between the timer's rounds; 0 for none
 * @last_used: when @used was last found set
 * @resumed: when the timer was last started anew
 * @offset: hides our clock from the peer; constant
 * @answers: bucket of those that we give
 */
struct sw_prober {
	/* see above */
	spinlock_t		lock;
	bool			used;
	bool			active;
	bool			closed;
	u32			round;
	struct hrtimer		timer;
	struct work_struct	work;
	u64			interval;
	u64			last_used;
	u64			resumed;
	u64			offset;
	atomic64_t		answers;
};

/**
 * struct sw_arrival - what has arrived from a peer by one way
 * @route: hash of the way
 * @epoch: drawn when the count began; 0 where there is none
 * @last: jiffies when something last arrived
 * @tally: how much
 */
struct sw_arrival {
	u32		route;
	u32		epoch;
	unsigned long	last;
	struct sw_tally	tally;
};

/* The ways that are told apart; the one longest without packets goes first. */
struct sw_arrivals {
	/* guards @way */
	spinlock_t		lock;
	struct sw_arrival	way[SKYWIRE_PATHS_MAX];
};

/**
 * struct sw_peer - a remote node
 * @sw: the device, pinned; constant
 * @key: its public key; constant
 * @address: its overlay address; constant
 * @keys: session keys
 * @path: by id - 1; RCU
 * @redundancy: paths by which each packet is sent; READ_ONCE
 * @prober: proves the paths
 * @arrivals: what has arrived by which way
 * @traffic: inner packets
 * @node: in the device's list; sw_mutex
 * @prefixes: routed to it; sw_mutex
 * @refs: the prefix table's, each key's, and a queued notification's
 * @rcu: for freeing
 */
struct sw_peer {
	struct sw_device	*sw;
	u8			key[SKYWIRE_PUBLIC_KEY_LEN];
	struct in6_addr		address;
	struct sw_keyring	keys;
	struct sw_path __rcu	*path[SKYWIRE_PATHS_MAX];
	u8			redundancy;
	struct sw_prober	prober;
	struct sw_arrivals	arrivals;
	struct sw_traffic __percpu *traffic;
	struct list_head	node;
	struct list_head	prefixes;
	refcount_t		refs;
	struct rcu_head		rcu;
};

/**
 * struct sw_prefix - a prefix routed to a peer
 * @ht_node: in the table; RCU
 * @name: constant
 * @own: the peer's own address; constant
 * @peer: RCU; the prefix is taken out, or moved, before its peer is
 * @node: in the peer's list; sw_mutex
 * @rcu: for freeing
 */
struct sw_prefix {
	struct rhash_head	ht_node;
	struct sw_prefix_name	name;
	bool			own;
	struct sw_peer __rcu	*peer;
	struct list_head	node;
	struct rcu_head		rcu;
};

/**
 * struct sw_cb - what a packet carries from one step to the next
 * @counter: of the AEAD operation in hand
 * @label: egress link, while the session layer is sealed; ingress link, while
 *	it is opened
 * @postage: of the packet, while a layer is sealed or opened
 * @fee: what was kept of it, while the link layer is sealed
 * @hops: labels of the header in front, while the session layer is opened
 * @second: id of the path that a copy is to take, or 0, while the session layer
 *	is sealed
 * @sealed: bytes of the header that alone was sealed for the link that it came
 *	in on, or 0
 * @kind: enum sw_send, while the link layer is sealed
 * @outer: of the frame that it came in, while the link layer is opened
 * @class: DS field of the packet
 */
struct sw_cb {
	u64	counter;
	struct sw_outer outer;
	u32	postage;
	u32	fee;
	u16	label;
	u8	class;
	u8	hops;
	u8	second;
	u8	sealed;
	u8	kind;
};

static inline struct sw_cb *sw_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct sw_cb) > sizeof(skb->cb));
	return (struct sw_cb *)skb->cb;
}

/* address.c */
int sw_address_init(void);
void sw_address_exit(void);
int sw_address(const u8 *key, struct in6_addr *address);
int sw_mac1_key(const u8 *key, siphash_key_t *mac1_key);

/* device.c */
extern struct list_head sw_devices;
int sw_device_create(struct net *net, struct net_device *dev);
struct sw_device *sw_device_find(struct net *net, int ifindex,
				 const char *name);
int sw_device_init(unsigned int numdevs);
void sw_device_exit(void);

/* stats.c */
void sw_count(struct sw_device *sw, enum skywire_counter counter);
void sw_count_drop(struct sw_device *sw, enum skywire_drop reason);
void sw_drop(struct sw_device *sw, struct sk_buff *skb,
	     enum skywire_drop reason);
enum skywire_drop sw_crypt_reason(int err, enum skywire_drop forged);
void sw_stats_sum(struct sw_device *sw, u64 *counter, u64 *drop);
struct sw_traffic __percpu *sw_traffic_alloc(void);
void sw_traffic_rx(struct sw_traffic __percpu *t, unsigned int bytes,
		   u32 postage);
void sw_traffic_tx(struct sw_traffic __percpu *t, unsigned int bytes,
		   u32 postage, u64 fee);
void sw_traffic_sum(const struct sw_traffic __percpu *t, u64 *sums);

/* The order of the sums. */
enum {
	SW_SUM_RX_PACKETS,
	SW_SUM_RX_BYTES,
	SW_SUM_TX_PACKETS,
	SW_SUM_TX_BYTES,
	SW_SUM_POSTAGE_IN,
	SW_SUM_POSTAGE_OUT,
	SW_SUM_FEE,
	SW_SUMS,
};

/* key.c */
extern struct workqueue_struct *sw_wq;	/* ordered; its works take sw_mutex */
int sw_key_init(void);
void sw_key_exit(void);
unsigned int sw_cipher_key_len(u8 cipher);
u64 sw_cipher_max_frames(u8 cipher);
struct sw_key *sw_key_create(const struct sw_key_config *config,
			     struct netlink_ext_ack *extack);
int sw_key_set(struct sw_key *key, const u8 *tx, const u8 *rx);
int sw_key_install(struct sw_key *key, bool draw);
void sw_key_put(struct sw_key *key);
void sw_key_remove(struct sw_key *key);
struct sw_key *sw_key_lookup(u64 cookie, u32 index);
enum skywire_drop sw_key_accept(struct sw_key *key, u64 counter);
bool sw_key_is_newest(struct sw_key *key, u64 counter);
bool sw_key_may_open(const struct sw_key *key, u64 counter);
bool sw_keyring_usable(const struct sw_keyring *ring);
int sw_key_take_counter(struct sw_key *key, u64 *counter);
void sw_key_note_sent(struct sw_key *key, u64 counter);
struct sw_peer *sw_key_sent(const struct sw_device *sw, u32 tx_index,
			    u64 counter);
void sw_keyring_init(struct sw_keyring *ring);
void sw_keyring_list(struct sw_keyring *ring, struct sw_key **keys);
void sw_keyring_flush(struct sw_keyring *ring);
static inline struct sw_keyring *sw_key_ring(const struct sw_key *key);

/* chacha.c */
void sw_chacha_key(u32 *key, const u8 *bytes);
void sw_chacha_seal(const u32 *key, u64 counter, u8 *data, unsigned int aad,
		    unsigned int len);
int sw_chacha_open(const u32 *key, u64 counter, u8 *data, unsigned int aad,
		   unsigned int len);

/* crypt.c */
typedef void (*sw_crypt_done_t)(struct sk_buff *skb, struct sw_key *key,
				int err);
void sw_crypt_exit(void);
int sw_skb_own(struct sw_device *sw, struct sk_buff *skb, unsigned int head,
	       unsigned int tail, enum skywire_counter copies);
void sw_seal(struct sk_buff *skb, struct sw_key *key, unsigned int offset,
	     unsigned int aad, unsigned int len, sw_crypt_done_t done);
void sw_open(struct sk_buff *skb, struct sw_key *key, unsigned int offset,
	     unsigned int aad, unsigned int len, sw_crypt_done_t done);

/* link.c */
struct sw_link *sw_link_create(struct sw_device *sw, u16 label,
			       const u8 *neighbour,
			       const struct sw_transport *transport,
			       struct netlink_ext_ack *extack);
void sw_link_set_endpoint(struct sw_link *link, struct sw_endpoint *ep);
void sw_links_forget_routes(struct sw_device *sw);
void sw_link_delete(struct sw_link *link);
void sw_link_put(struct sw_link *link);
void sw_endpoint_free(struct sw_endpoint *ep);
void sw_endpoint_free_rcu(struct sw_endpoint *ep);
void sw_labels_free(struct sw_device *sw);

/* The link of a label; under RCU or sw_mutex. NULL where there is none. */
static inline struct sw_link *sw_link_lookup(const struct sw_device *sw,
					     u16 label)
{
	const struct sw_label *page;

	page = READ_ONCE(sw->labels[label / SW_LABELS_PER_PAGE]);
	if (!page)
		return NULL;
	return rcu_dereference_check(page[label % SW_LABELS_PER_PAGE].link,
				     lockdep_is_held(&sw_mutex));
}

/* live.c */
void sw_live_open(struct sw_link *link);
void sw_live_close(struct sw_link *link);
void sw_live_configure(struct sw_link *link, u64 busy_ns, u64 idle_ns);
void sw_live_kick(struct sw_link *link);
void sw_live_wake(struct sw_link *link);
void sw_live_forged(struct sw_link *link);
u8 sw_live_flags(struct sw_link *link);
u8 sw_live_request(struct sw_link *link, struct sw_echo *echo);
void sw_live_reply(struct sw_link *link, const struct sw_echo *echo);
bool sw_live_may_answer(struct sw_link *link, bool stranger);

/* A frame of the neighbour's has authenticated. */
static inline void sw_live_heard(struct sw_link *link)
{
	u64 now = ktime_get_ns();

	/* The cache line is everybody's: a millisecond is exact enough. */
	if (now - READ_ONCE(link->live.heard) > NSEC_PER_MSEC)
		WRITE_ONCE(link->live.heard, now);
}

/* The link carries a packet that is no probe. */
static inline void sw_live_used(struct sw_link *link)
{
	if (unlikely(!READ_ONCE(link->live.used)))
		sw_live_wake(link);
}

static inline bool sw_link_is_dead(const struct sw_link *link)
{
	return READ_ONCE(link->live.state) == SKYWIRE_LIVENESS_DEAD;
}

/* echo.c */
void sw_echo_probe(struct sw_link *link, u32 number, u64 time, u8 flags);
void sw_echo_probe_candidate(struct sw_link *link, u64 nonce, u8 flags);
void sw_echo_receive(struct sw_link *link, struct sk_buff *skb);

/* error.c */
void sw_error_send(struct sw_link *ingress, const struct sk_buff *skb, u8 code,
		   u32 mtu);
void sw_error_receive(struct sw_link *link, struct sk_buff *skb);

/* arrival.c */
void sw_arrivals_init(struct sw_arrivals *a);
void sw_arrived(struct sw_peer *peer, const struct sw_route *r, u16 ingress,
		unsigned int len);
u32 sw_arrived_by(struct sw_peer *peer, const struct sw_route *r, u16 ingress,
		  struct sw_tally *tally);

/* prove.c */
void sw_prober_open(struct sw_peer *peer);
void sw_prober_close(struct sw_peer *peer);
void sw_prober_configure(struct sw_peer *peer, u64 interval);
void sw_prober_wake(struct sw_peer *peer);
void sw_prove_suspect(struct sw_path *path);
void sw_prove_mtu(struct sw_path *path, u32 mtu);
void sw_prove_receive(struct sw_peer *peer, struct sk_buff *skb);

static inline void sw_prober_used(struct sw_peer *peer)
{
	if (unlikely(!READ_ONCE(peer->prober.used)))
		sw_prober_wake(peer);
}

/* roam.c */
void sw_roam_open(struct sw_link *link);
void sw_roam_close(struct sw_link *link);
void sw_roam_forget(struct sw_link *link);
void sw_roam_hold(struct sw_link *link);

/* Does the neighbour send from where we send to? Under RCU. */
static inline bool sw_roam_at_endpoint(const struct sw_link *link, u32 from)
{
	const struct sw_endpoint *ep = rcu_dereference(link->endpoint);

	return ep && READ_ONCE(ep->from) == from;
}

void sw_roam_heard(struct sw_link *link, struct sw_key *key,
		   struct sk_buff *skb);
void sw_roam_answered(struct sw_link *link, const struct sw_echo *echo,
		      u32 from);

/* What a path is chosen by. */
struct sw_choice {
	u32	flow;
	u32	mark;
	u8	dscp;
};

/* peer.c */
struct sw_peer *sw_peer_create(struct sw_device *sw, const u8 *key,
			       struct netlink_ext_ack *extack);
struct sw_peer *sw_peer_find(struct sw_device *sw, const u8 *key);
void sw_peer_delete(struct sw_peer *peer);
void sw_peer_put(struct sw_peer *peer);
int sw_path_install(struct sw_path *path, struct netlink_ext_ack *extack);
void sw_path_delete(struct sw_path *path);
struct sw_path *sw_path_find(struct sw_peer *peer, u8 id);
u32 sw_path_mtu(const struct sw_path *path);
enum skywire_path_state sw_path_state(const struct sw_path *path);
struct sw_path *sw_path_choose(const struct sw_peer *peer,
			       const struct sw_choice *by);
struct sw_path *sw_path_second(const struct sw_peer *peer,
			       const struct sw_choice *by,
			       const struct sw_path *first);
bool sw_peer_incomplete(const struct sw_peer *peer);

/* prefix.c */
int sw_prefix_table_init(struct sw_prefix_table *table);
void sw_prefix_table_destroy(struct sw_prefix_table *table);
struct sw_prefix *sw_prefix_find(struct sw_device *sw, u8 family,
				 const void *addr, u8 len);
struct sw_prefix *sw_prefix_match(struct sw_device *sw, u8 family,
				  const void *addr);
struct sw_peer *sw_prefix_peer(struct sw_device *sw, u8 family,
			       const void *addr);
struct sw_prefix *sw_prefix_create(struct sw_peer *peer, u8 family,
				   const void *addr, u8 len, bool own,
				   struct netlink_ext_ack *extack);
void sw_prefix_move(struct sw_prefix *prefix, struct sw_peer *peer);
void sw_prefix_delete(struct sw_prefix *prefix);

/* send.c */
void sw_session_send(struct sw_peer *peer, struct sk_buff *skb,
		     const struct sw_way *way, u8 class, u32 flow, u8 second);
netdev_tx_t sw_xmit(struct sk_buff *skb, struct net_device *dev);

/* A packet is our own; another's; our own, and for the link's candidate. */
enum sw_send {
	SW_SEND_OWN,
	SW_SEND_FORWARDED,
	SW_SEND_CANDIDATE,
};

void sw_link_send(struct sw_link *link, struct sk_buff *skb, enum sw_send kind,
		  u32 fee);
struct sk_buff *sw_skb_alloc(unsigned int len, gfp_t gfp);
void sw_send_again(struct sw_device *sw, struct sk_buff *skb);
void sw_xmit_drop(struct sw_device *sw, struct sk_buff *skb,
		  enum skywire_drop reason);
void sw_unreachable(struct sw_device *sw, struct sk_buff *skb,
		    enum skywire_drop reason);

/* receive.c */
void sw_receive(struct sw_device *sw, const struct sw_transport *transport,
		struct sk_buff *skb, const struct sw_outer *outer);
void sw_skb_reset(struct sk_buff *skb);

/* forward.c */
void sw_forward(struct sw_link *ingress, struct sk_buff *skb);

/* transport.c */

/**
 * struct sw_transport - what carries frames
 * @id: enum skywire_transport
 * @attrs: attributes of link-new and link-set that describe an endpoint, a bit
 *	each; those of other transports are refused before @parse
 * @init: once, when the module is loaded; may be NULL
 * @exit: once, when no device is left and none can come; may be NULL
 * @open: take frames for a device from now on, in the namespace of its
 *	underlay. Where the device is open already, beside what was opened then,
 *	which is closed when all transports have agreed. A port of 0 is replaced
 *	by that in use. Returns what @close takes and @xmit finds in
 *	sw_device.opened; or an ERR_PTR, with nothing changed. sw_mutex held.
 * @close: undo one @open. @xmit does not use it any more, but frames may still
 *	come in: the caller waits for a grace period before the device, or the
 *	module, may go. sw_mutex held.
 * @parse: check a request, and make the endpoint that it asks for: @old, if
 *	any, changed. It is the caller's; or an ERR_PTR explained. @old stays as
 *	it is. sw_mutex held.
 * @fill: put an endpoint's attributes; 0 or -EMSGSIZE. Under sw_mutex, or where
 *	@source made it.
 * @forget: drop routes that the endpoint has cached: by the next frame while
 *	the device is open, at once where it is not; may be NULL. sw_mutex held.
 * @free: free an endpoint that nobody uses any more. In any context but a hard
 *	interrupt.
 * @xmit: hand over one frame, from skb->data on, which @xmit frees; false where
 *	it had to be dropped. Under RCU with bottom halves off. @ds is the outer
 *	DS field.
 * @source: who sent @frame, in front of which its outer headers still are; all
 *	of @source is zero before. False where no answer could get there. Under
 *	RCU.
 * @clone: make an endpoint of one that @source made, for a link: what an
 *	administrator said of where to leave by holds on. NULL without memory, or
 *	where the link could not use it. Under RCU, atomic.
 */
struct sw_transport {
	enum skywire_transport id;
	u64 attrs;
	int (*init)(void);
	void (*exit)(void);
	void *(*open)(struct sw_device *sw, struct net *net, u16 *port);
	void (*close)(void *opened);
	struct sw_endpoint *(*parse)(struct sw_device *sw,
				     struct genl_info *info,
				     const struct sw_endpoint *old);
	int (*fill)(struct sk_buff *msg, const struct sw_endpoint *ep);
	void (*forget)(struct sw_device *sw, struct sw_endpoint *ep);
	void (*free)(struct sw_endpoint *ep);
	bool (*xmit)(struct sw_device *sw, struct sw_endpoint *ep,
		     struct sk_buff *skb, u8 ds);
	bool (*source)(struct sw_device *sw, const void *frame,
		       const struct sw_outer *outer, struct sw_source *source);
	struct sw_endpoint *(*clone)(const struct sw_endpoint *ep,
				     const struct sw_link *link);
};

extern u32 sw_address_secret;	/* of the hashes in sw_outer and sw_endpoint */

int sw_transports_init(void);
void sw_transports_exit(void);
const struct sw_transport *sw_transport_find(enum skywire_transport id);
u64 sw_transport_attrs(void);
int sw_transports_open(struct sw_device *sw);
int sw_transports_set_port(struct sw_device *sw, u16 port);
void sw_transports_close(struct sw_device *sw);

/* Does the device take and send frames by this transport? */
static inline bool sw_is_open(const struct sw_device *sw,
			      const struct sw_transport *transport)
{
	return rcu_access_pointer(sw->opened[transport->id]);
}

/* udp.c */
extern const struct sw_transport sw_udp;

/* ether.c */
extern const struct sw_transport sw_ether;

/* upcall.c */
int sw_upcall_init(void);
void sw_upcall_exit(void);
bool sw_rate_allows(atomic64_t *bucket, const struct sw_rate *rate);
int sw_upcall_bind(struct sw_device *sw, enum skywire_upcall class,
		   struct net *net, u32 portid);
int sw_upcall_unbind(struct sw_device *sw, enum skywire_upcall class,
		     u32 portid);
bool sw_upcall_bound(struct sw_device *sw, enum skywire_upcall class);
void sw_upcalls_forget(struct sw_device *sw);

/* handshake.c */
void sw_handshake_receive(struct sw_device *sw,
			  const struct sw_transport *transport,
			  struct sk_buff *skb);
bool sw_handshake_send(struct sw_device *sw, struct sw_endpoint *ep,
		       struct sk_buff *skb, enum skywire_counter counter);
void sw_handshake_note(struct sw_device *sw, const struct sw_frame *frame);
void sw_handshake_identity(struct sw_device *sw, const siphash_key_t *mac1_key);

/* control.c */

/* A CONTROL message; points into a request or a packet. */
struct sw_message {
	struct sw_link	*link;
	__be16		labels[SKYWIRE_LABELS_MAX];
	u8		count;
	u32		postage;
	const void	*payload;
	unsigned int	len;
};

void sw_control_init(struct sw_device *sw);
void sw_control_exit(struct sw_device *sw);
void sw_control_close(struct sw_link *link);
void sw_control_receive(struct sw_link *link, const struct sw_route *r,
			struct sk_buff *skb);
int sw_control_send(const struct sw_message *m);

/* miss.c */
void sw_miss_init(struct sw_device *sw);
void sw_miss_exit(struct sw_device *sw);
void sw_miss_flush(struct sw_device *sw);
bool sw_miss_wait(struct sw_device *sw, struct sk_buff *skb,
		  const struct sw_peer *peer);
int sw_miss_answer(struct sw_device *sw, u16 family, const void *addr,
		   enum skywire_verdict verdict);

/* netlink.c */
int sw_netlink_init(void);
void sw_netlink_exit(void);
void sw_notify_device(struct sw_device *sw, u8 cmd);

/* nl_*.c: each under sw_mutex */
void sw_notify_link(struct sw_link *link, u8 cmd);
void sw_notify_peer(struct sw_peer *peer, u8 cmd);
void sw_notify_path(struct sw_path *path, u8 cmd);
void sw_notify_prefix(struct sw_prefix *prefix, u8 cmd);
void sw_notify_key(struct sw_key *key, u8 cmd);

static inline struct sw_keyring *sw_key_ring(const struct sw_key *key)
{
	return key->link ? &key->link->keys : &key->peer->keys;
}

static inline struct sw_device *sw_key_device(const struct sw_key *key)
{
	return key->link ? key->link->sw : key->peer->sw;
}

/* Coarse: at most a tick behind. Counts on while the machine is suspended. */
static inline u64 sw_now(void)
{
	return ktime_get_coarse_boottime_ns();
}

#endif /* _SKYWIRE_H */
