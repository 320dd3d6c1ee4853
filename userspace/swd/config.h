/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration: sections and keys in the form that users of WireGuard know.
 * swd.conf(5) has all of them.
 */
#ifndef _SKYWIRE_SWD_CONFIG_H
#define _SKYWIRE_SWD_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/noise.h"
#include "lib/parse.h"

enum {
	CONFIG_PEERS_MAX	= 256,
	CONFIG_ENDPOINTS_MAX	= 4,	/* of a peer */
	CONFIG_PATTERNS_MAX	= 32,
	CONFIG_TEXT_MAX		= 256,
	CONFIG_CIPHERS_MAX	= 3,
	CONFIG_ADDRESSES_MAX	= 16,
	CONFIG_SERVED_MAX	= 64,
	CONFIG_ROUTES_MAX	= 4096,	/* of all peers */
	/* The table of routes to peers, and the mark of what is kept out of it */
	CONFIG_TABLE		= 21335,
};

/* Names of interfaces, as fnmatch(3) has them; the first that matches decides. */
struct config_patterns {
	char		text[CONFIG_PATTERNS_MAX][16];
	bool		not[CONFIG_PATTERNS_MAX];
	unsigned int	count;
};

struct config_peer {
	__u8			key[SW_KEY_LEN];
	bool			has_key;
	struct sw_endpoint	endpoint[CONFIG_ENDPOINTS_MAX];
	unsigned int		endpoints;
	__u16			label;		/* of the link, or 0 */
	char			psk_file[CONFIG_TEXT_MAX];
	unsigned int		line;		/* where its section begins */
};

struct config_prefixes {
	struct sw_prefix	prefix[CONFIG_SERVED_MAX];
	unsigned int		count;
};

/* What is routed to a peer, and what that may send from. */
struct config_route {
	struct sw_prefix	prefix;
	unsigned int		peer;		/* in config.peer */
};

struct config {
	/* [Interface] */
	char			identity[CONFIG_TEXT_MAX];
	char			state[CONFIG_TEXT_MAX];
	char			control[CONFIG_TEXT_MAX];
	__u32			port;
	__u32			fwmark;
	__u32			rekey_after;	/* seconds */
	__u32			mtu;		/* of links */
	__u32			table;		/* 0: no routes, and no rules */
	struct sw_prefix	address[CONFIG_ADDRESSES_MAX];	/* with host bits */
	unsigned int		addresses;
	/* [Node] */
	bool			accept_any;	/* neighbours that are not peers here */
	bool			seal_header;
	__u8			cipher[CONFIG_CIPHERS_MAX];	/* the preferred first */
	unsigned int		ciphers;
	struct config_prefixes	served;
	/* [Discovery] */
	struct config_patterns	ethernet;
	struct config_patterns	multicast;
	bool			peer_exchange;
	/* [Routing] */
	char			algorithm[CONFIG_TEXT_MAX];
	char			paths[CONFIG_TEXT_MAX];
	__u32			price_weight;	/* as routing.h has them */
	__u32			loss_weight;
	/* [Peer] */
	struct config_peer	*peer;
	unsigned int		peers;
	struct config_route	*route;
	unsigned int		routes;
};

/* What holds where nothing is said. @dev names the files. */
void config_init(struct config *config, const char *dev);
void config_free(struct config *config);

/**
 * config_parse - read a configuration
 * @config: initialised; on failure to be freed only
 * @name: of the file, for messages
 * @text: all of it
 * @len: its bytes
 * @err: "NAME:LINE: what is wrong, what was expected"
 *
 * Opens no files. Return: 0 or -EINVAL.
 */
int config_parse(struct config *config, const char *name, const char *text,
		 size_t len, struct sw_error *err);

/* The same from a file. Return: 0 or a negative errno. */
int config_load(struct config *config, const char *path, struct sw_error *err);

/*
 * That of a device: @path, or the default file, which need not be there. Return: 0
 * or a negative errno, and the caller frees it in any case.
 */
int config_read(struct config *config, const char *dev, const char *path,
		struct sw_error *err);

/*
 * Calls @fn for each setting that differs, and for [Peer] where any peer does, with
 * what it is called. @kept: it takes another start; then @new is given what @old has.
 */
void config_compare(const struct config *old, struct config *new,
		    void (*fn)(void *arg, const char *name, bool kept), void *arg);

/* What links mark their frames with: what is said, or what rules need. */
__u32 config_fwmark(const struct config *config);

/* May this interface be used? */
bool config_matches(const struct config_patterns *patterns, const char *ifname);

#endif /* _SKYWIRE_SWD_CONFIG_H */
