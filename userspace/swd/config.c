// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <ini.h>

#include <skywire/wire.h>

#include "lib/names.h"

#include "config.h"
#include "routing.h"

enum {
	FILE_MAX	= 1 << 20,
	WEIGHT_MAX	= 1000000000,
};

/* A file being read: where we are, and the first thing that was wrong. */
struct reader {
	struct config	*config;
	const char	*name;
	const char	*at;
	const char	*end;
	unsigned int	line;
	unsigned int	algorithm;	/* the lines that these are on, ... */
	unsigned int	paths;		/* ... or 0 */
	bool		failed;
	struct sw_error	*err;
};

/* They stand for any. */
static const struct config like;
static const struct config_peer like_peer;

struct setting {
	const char	*section;
	const char	*name;
	int		(*set)(struct reader *r, const struct setting *s,
			       const char *value);
	const void	*field;		/* of @like, or @like_peer */
	size_t		size;		/* there; unused bytes are zero */
	__u32		min;
	__u32		max;
	bool		at_start;	/* cannot be changed later */
};

static int complain(struct reader *r, const char *what)
{
	if (!r->failed)
		sw_fail(r->err, EINVAL, "%s:%u: %s", r->name, r->line, what);
	r->failed = true;
	return -EINVAL;
}

/* The value that a key is given is wrong, because of @why. */
static int refuse(struct reader *r, const struct setting *s, const char *why)
{
	char text[400];

	snprintf(text, sizeof(text), "%s: %.360s", s->name, why);
	return complain(r, text);
}

static size_t offset(const struct setting *s)
{
	return (const char *)s->field - (const char *)&like;
}

static void *field(struct reader *r, const struct setting *s)
{
	struct config *c = r->config;

	if (!strcmp(s->section, "Peer"))
		return (char *)&c->peer[c->peers - 1] +
		       ((const char *)s->field - (const char *)&like_peer);
	return (char *)c + offset(s);
}

static int set_number(struct reader *r, const struct setting *s, const char *value)
{
	struct sw_error why;
	__u64 number;

	if (sw_parse_uint(value, s->min, s->max, &number, &why)) {
		sw_fail(&why, EINVAL, "'%.60s': a number from %u to %u is expected",
			value, s->min, s->max);
		return refuse(r, s, why.text);
	}
	*(__u32 *)field(r, s) = number;
	return 0;
}

static int set_label(struct reader *r, const struct setting *s, const char *value)
{
	struct sw_error why;
	__u64 number;

	if (sw_parse_uint(value, 1, 65535, &number, &why))
		return refuse(r, s, "a number from 1 to 65535 is expected");
	*(__u16 *)field(r, s) = number;
	return 0;
}

static int set_bool(struct reader *r, const struct setting *s, const char *value)
{
	bool yes = !strcasecmp(value, "yes") || !strcasecmp(value, "true");

	if (!yes && strcasecmp(value, "no") && strcasecmp(value, "false"))
		return refuse(r, s, "yes or no is expected");
	*(bool *)field(r, s) = yes;
	return 0;
}

static int set_text(struct reader *r, const struct setting *s, const char *value)
{
	if (strlen(value) >= CONFIG_TEXT_MAX)
		return refuse(r, s, "longer than 255 characters");
	memset(field(r, s), 0, CONFIG_TEXT_MAX);
	strcpy(field(r, s), value);
	return 0;
}

static int set_path(struct reader *r, const struct setting *s, const char *value)
{
	if (*value != '/')
		return refuse(r, s, "a path that begins with / is expected");
	return set_text(r, s, value);
}

static int set_accept(struct reader *r, const struct setting *s, const char *value)
{
	bool any = !strcasecmp(value, "any");

	if (!any && strcasecmp(value, "peers"))
		return refuse(r, s, "any or peers is expected");
	*(bool *)field(r, s) = any;
	return 0;
}

static int set_paths(struct reader *r, const struct setting *s, const char *value)
{
	r->paths = r->line;
	return set_path(r, s, value);
}

static int set_algorithm(struct reader *r, const struct setting *s,
			 const char *value)
{
	static const char *const known[] = { "linkstate", "static", "exec" };
	size_t i;

	r->algorithm = r->line;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(value, known[i]))
			return set_text(r, s, value);
	return refuse(r, s, "linkstate, static or exec is expected");
}

/* Each word of a list, separated by commas or white space. */
static int each_word(struct reader *r, const struct setting *s, const char *value,
		     int (*fn)(struct reader *r, const struct setting *s,
			       const char *word))
{
	static const char between[] = ", \t";
	char word[CONFIG_TEXT_MAX];
	size_t len;

	for (value += strspn(value, between); *value;
	     value += strspn(value, between)) {
		len = strcspn(value, between);
		if (len >= sizeof(word))
			return refuse(r, s, "an entry is longer than 255 characters");
		memcpy(word, value, len);
		word[len] = '\0';
		value += len;
		if (fn(r, s, word))
			return -EINVAL;
	}
	return 0;
}

static int add_pattern(struct reader *r, const struct setting *s, const char *word)
{
	struct config_patterns *p = field(r, s);
	bool not = *word == '!';

	word += not;
	if (p->count == CONFIG_PATTERNS_MAX)
		return refuse(r, s, "more than 32 patterns");
	if (!*word || strlen(word) >= sizeof(p->text[0]))
		return refuse(r, s, "a pattern has 1 to 15 characters");
	strcpy(p->text[p->count], word);
	p->not[p->count++] = not;
	return 0;
}

static int add_cipher(struct reader *r, const struct setting *s, const char *word)
{
	int cipher = sw_name_value(sw_cipher_name, word);
	struct config *c = r->config;
	unsigned int i;

	if (cipher < 0)
		return refuse(r, s,
			      "chacha20-poly1305, aes-256-gcm or aes-128-gcm is expected");
	for (i = 0; i < c->ciphers; i++)
		if (c->cipher[i] == cipher)
			return refuse(r, s, "a cipher is there twice");
	c->cipher[c->ciphers++] = cipher;
	return 0;
}

/* Any two nodes have one in common. */
static int set_ciphers(struct reader *r, const struct setting *s, const char *value)
{
	struct config *c = r->config;
	unsigned int i;

	memset(c->cipher, 0, sizeof(c->cipher));
	c->ciphers = 0;
	if (each_word(r, s, value, add_cipher))
		return -EINVAL;
	for (i = 0; i < c->ciphers; i++)
		if (c->cipher[i] == SKYWIRE_CIPHER_CHACHA20_POLY1305)
			return 0;
	return refuse(r, s, "chacha20-poly1305, which all nodes have, is expected as well");
}

/* None at all is written as "none". */
static int set_patterns(struct reader *r, const struct setting *s,
			const char *value)
{
	struct config_patterns *p = field(r, s);

	memset(p, 0, sizeof(*p));
	return strcasecmp(value, "none") ? each_word(r, s, value, add_pattern) : 0;
}

static int set_key(struct reader *r, const struct setting *s, const char *value)
{
	struct config *c = r->config;
	__u8 *key = field(r, s);
	unsigned int i;

	if (sw_key_parse(key, value))
		return refuse(r, s, "a public key in base32 or hex is expected");
	for (i = 0; i + 1 < c->peers; i++)
		if (!memcmp(c->peer[i].key, key, SW_KEY_LEN))
			return refuse(r, s, "another [Peer] has this key");
	c->peer[c->peers - 1].has_key = true;
	return 0;
}

/* Ethernet addresses are written with the interface to reach them by. */
static int split_ethernet(const char *word, char mac[18], struct sw_endpoint *ep)
{
	const char *zone = strchr(word, '%');

	if (!zone || zone - word > 17 || *word == '[')
		return -EINVAL;
	if (!zone[1] || strlen(zone + 1) >= sizeof(ep->zone))
		return -EINVAL;
	memcpy(mac, word, zone - word);
	mac[zone - word] = '\0';
	return 0;
}

static bool is_host_name(const char *word)
{
	return !strchr(word, '[') && strcspn(word, ":") &&
	       strspn(word, "0123456789.") < strcspn(word, ":") &&
	       strchr(word, ':') == strrchr(word, ':');
}

static const char ethernet[] =
	"an Ethernet address with its interface is expected, as 02:00:00:00:00:01%eth0";

static int add_endpoint(struct reader *r, const struct setting *s, const char *word)
{
	struct config_peer *peer = &r->config->peer[r->config->peers - 1];
	struct sw_endpoint *ep = &peer->endpoint[peer->endpoints];
	struct sw_error why;
	char mac[18];

	if (peer->endpoints == CONFIG_ENDPOINTS_MAX)
		return refuse(r, s, "more than 4 endpoints");
	if (is_host_name(word))
		return refuse(r, s,
			      "host names are not looked up; an address is expected, as 192.0.2.1:51820 or [2001:db8::1]:51820");
	if (!split_ethernet(word, mac, ep)) {
		if (sw_parse_endpoint(mac, ep, &why) || ep->addr.len != 6)
			return refuse(r, s, ethernet);
		strcpy(ep->zone, strchr(word, '%') + 1);
	} else if (sw_parse_endpoint(word, ep, &why)) {
		return refuse(r, s, why.text);
	} else if (ep->zone[0] && (ep->addr.bytes[0] != 0xfe ||
				   (ep->addr.bytes[1] & 0xc0) != 0x80)) {
		return refuse(r, s, "%IFNAME goes with link-local addresses, fe80::/10");
	} else if (ep->addr.len == 6) {
		return refuse(r, s, ethernet);
	}
	peer->endpoints++;
	return 0;
}

static int set_endpoint(struct reader *r, const struct setting *s,
			const char *value)
{
	return each_word(r, s, value, add_endpoint);
}

static int take_prefix(struct reader *r, const struct setting *s, const char *word,
		       struct sw_prefix *prefix)
{
	struct sw_error why;

	return sw_parse_prefix(word, prefix, &why) ? refuse(r, s, why.text) : 0;
}

/* Unlike a prefix, it has bits beyond its length. */
static int add_address(struct reader *r, const struct setting *s, const char *word)
{
	struct config *c = r->config;
	struct sw_prefix *to = &c->address[c->addresses];
	char addr[CONFIG_TEXT_MAX];
	struct sw_error why;
	__u64 length;

	if (c->addresses == CONFIG_ADDRESSES_MAX)
		return refuse(r, s, "more than 16 addresses");
	strcpy(addr, word);
	addr[strcspn(addr, "/")] = '\0';
	if (sw_parse_addr(addr, &to->addr, &why))
		return refuse(r, s, why.text);
	length = to->addr.len * 8;
	if (strchr(word, '/') &&
	    sw_parse_uint(strchr(word, '/') + 1, 1, length, &length, &why))
		return refuse(r, s, "an address is ADDR/LEN or ADDR");
	to->length = length;
	c->addresses++;
	return 0;
}

static int set_addresses(struct reader *r, const struct setting *s,
			 const char *value)
{
	return each_word(r, s, value, add_address);
}

static int set_table(struct reader *r, const struct setting *s, const char *value)
{
	struct config *c = r->config;
	struct sw_error why;
	__u64 number = 0;

	if (strcasecmp(value, "off") &&
	    (sw_parse_uint(value, 1, UINT_MAX, &number, &why) ||
	     (number >= 253 && number <= 255)))
		return refuse(r, s, "off or the number of a table of its own is expected");
	c->table = number;
	return 0;
}

static int add_served(struct reader *r, const struct setting *s, const char *word)
{
	struct config_prefixes *p = field(r, s);

	if (p->count == CONFIG_SERVED_MAX)
		return refuse(r, s, "more than 64 prefixes");
	if (take_prefix(r, s, word, &p->prefix[p->count]))
		return -EINVAL;
	p->count++;
	return 0;
}

static int set_served(struct reader *r, const struct setting *s, const char *value)
{
	return each_word(r, s, value, add_served);
}

static bool same_prefix(const struct sw_prefix *a, const struct sw_prefix *b)
{
	return a->length == b->length && a->addr.len == b->addr.len &&
	       !memcmp(a->addr.bytes, b->addr.bytes, a->addr.len);
}

static bool is_of_keys(const struct sw_prefix *p)
{
	return p->addr.len == 16 && p->length >= 8 &&
	       p->addr.bytes[0] == SW_ADDRESS_FIRST;
}

static int add_route(struct reader *r, const struct setting *s, const char *word)
{
	struct config *c = r->config;
	struct config_route *route, new = { .peer = c->peers - 1 };
	unsigned int i;

	if (take_prefix(r, s, word, &new.prefix))
		return -EINVAL;
	if (is_of_keys(&new.prefix))
		return refuse(r, s, "fc00::/8 has the addresses of keys");
	for (i = 0; i < c->routes; i++)
		if (same_prefix(&c->route[i].prefix, &new.prefix))
			return refuse(r, s, "this prefix is routed already");
	if (c->routes == CONFIG_ROUTES_MAX)
		return refuse(r, s, "more than 4096 prefixes");
	route = reallocarray(c->route, c->routes + 1, sizeof(*route));
	if (!route)
		return complain(r, "out of memory");
	c->route = route;
	route[c->routes++] = new;
	return 0;
}

static int set_routes(struct reader *r, const struct setting *s, const char *value)
{
	return each_word(r, s, value, add_route);
}

#define IN_CONFIG(section, name, set, field, ...)	\
	{ section, name, set, &(field), sizeof(field), __VA_ARGS__ }
#define IN_PEER(name, set, field)			\
	IN_CONFIG("Peer", name, set, field, 0, 0, false)

static const struct setting settings[] = {
	IN_CONFIG("Interface", "Identity", set_path, like.identity, 0, 0, true),
	IN_CONFIG("Interface", "State", set_path, like.state, 0, 0, true),
	IN_CONFIG("Interface", "Control", set_path, like.control, 0, 0, true),
	IN_CONFIG("Interface", "ListenPort", set_number, like.port, 1, 65535, false),
	IN_CONFIG("Interface", "FwMark", set_number, like.fwmark, 0, UINT_MAX, false),
	IN_CONFIG("Interface", "RekeyAfter", set_number, like.rekey_after, 1, 3000, false),
	IN_CONFIG("Interface", "LinkMTU", set_number, like.mtu, SKYWIRE_MTU_MIN + 12,
		  SKYWIRE_LINK_MTU_MAX, false),
	IN_CONFIG("Interface", "Address", set_addresses, like.address, 0, 0, false),
	IN_CONFIG("Interface", "Table", set_table, like.table, 0, 0, false),
	IN_CONFIG("Node", "Accept", set_accept, like.accept_any, 0, 0, false),
	IN_CONFIG("Node", "SealHeader", set_bool, like.seal_header, 0, 0, false),
	IN_CONFIG("Node", "Ciphers", set_ciphers, like.cipher, 0, 0, false),
	IN_CONFIG("Node", "Prefixes", set_served, like.served, 0, 0, false),
	IN_CONFIG("Discovery", "Ethernet", set_patterns, like.ethernet, 0, 0, false),
	IN_CONFIG("Discovery", "Multicast", set_patterns, like.multicast, 0, 0, false),
	IN_CONFIG("Discovery", "PeerExchange", set_bool, like.peer_exchange, 0, 0, false),
	IN_CONFIG("Routing", "Algorithm", set_algorithm, like.algorithm, 0, 0, false),
	IN_CONFIG("Routing", "Paths", set_paths, like.paths, 0, 0, false),
	IN_CONFIG("Routing", "PriceWeight", set_number, like.price_weight, 0,
		  WEIGHT_MAX, false),
	IN_CONFIG("Routing", "LossWeight", set_number, like.loss_weight, 0,
		  WEIGHT_MAX, false),
	IN_PEER("PublicKey", set_key, like_peer.key),
	IN_PEER("Endpoint", set_endpoint, like_peer.endpoint),
	IN_PEER("Label", set_label, like_peer.label),
	IN_PEER("PresharedKeyFile", set_path, like_peer.psk_file),
	IN_PEER("AllowedIPs", set_routes, like_peer.key),
};

/* The names that a key in this section could have had. */
static int unknown(struct reader *r, const char *section, const char *name)
{
	char text[320], *at = text, *end = text + sizeof(text);
	bool any = false;
	size_t i;

	at += snprintf(at, end - at, "'%.40s' is not known in [%.20s]; expected is ",
		       name, section);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcasecmp(settings[i].section, section))
			continue;
		at += snprintf(at, end - at, "%s%s", any ? ", " : "",
			       settings[i].name);
		any = true;
	}
	return complain(r, text);
}

static int begin_peer(struct reader *r)
{
	struct config *c = r->config;
	struct config_peer *peer;

	if (c->peers == CONFIG_PEERS_MAX)
		return complain(r, "more than 256 peers");
	peer = reallocarray(c->peer, c->peers + 1, sizeof(*peer));
	if (!peer)
		return complain(r, "out of memory");
	c->peer = peer;
	memset(&peer[c->peers], 0, sizeof(*peer));
	peer[c->peers++].line = r->line;
	return 0;
}

/* inih does not tell of one that has nothing in it. @line: after its bracket */
static int begin_section(struct reader *r, const char *line)
{
	int len = strcspn(line, "]");
	char text[200];
	size_t i;

	if (len == 4 && !strncasecmp(line, "Peer", len))
		return begin_peer(r);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (len == (int)strlen(settings[i].section) &&
		    !strncasecmp(settings[i].section, line, len))
			return 0;
	snprintf(text, sizeof(text),
		 "section [%.*s] is not known; expected is [Interface], [Node], [Peer], [Discovery] or [Routing]",
		 len < 40 ? len : 40, line);
	return complain(r, text);
}

/* What inih calls: 1 is good. */
static int take(void *arg, const char *section, const char *name,
		const char *value)
{
	struct reader *r = arg;
	size_t i;

	if (r->failed)
		return 0;
	if (!*section)
		return !complain(r, "a section is expected first, as [Interface]");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (strcasecmp(s->section, section) || strcasecmp(s->name, name))
			continue;
		if (!*value)
			return !refuse(r, s, "the value is missing");
		return !s->set(r, s, value);
	}
	return !unknown(r, section, name);
}

/*
 * Hands inih one line at a time, and so knows where it is. A line's indent, with
 * which inih would continue the line before, and comments are left out.
 */
static char *read_line(char *buf, int room, void *arg)
{
	struct reader *r = arg;
	const char *nl;
	size_t len, i;

	if (r->at == r->end || r->failed)
		return NULL;
	r->line++;
	nl = memchr(r->at, '\n', r->end - r->at);
	len = (nl ?: r->end) - r->at;
	for (i = 0; i < len && isspace((unsigned char)r->at[i]); i++)
		;
	if (memchr(r->at, '\0', len)) {
		complain(r, "a zero byte; text is expected");
		return NULL;
	}
	snprintf(buf, room, "%.*s", (int)(len - i), r->at + i);
	buf[strcspn(buf, "#")] = '\0';
	if (len - i >= (size_t)room && strlen(buf) + 1 == (size_t)room) {
		complain(r, "the line is longer than 198 characters");
		return NULL;
	}
	if (*buf == '[' && strchr(buf, ']') && begin_section(r, buf + 1))
		return NULL;
	r->at = nl ? nl + 1 : r->end;
	return buf;
}

static bool is_label_of(const struct config *c, unsigned int peers, __u16 label)
{
	unsigned int i;

	for (i = 0; i < peers; i++)
		if (label && c->peer[i].label == label)
			return true;
	return false;
}

static int check_peers(struct reader *r)
{
	const struct config *c = r->config;
	unsigned int i;

	for (i = 0; i < c->peers; i++) {
		r->line = c->peer[i].line;
		if (!c->peer[i].has_key)
			return complain(r, "[Peer] without a key; PublicKey is expected");
		if (is_label_of(c, i, c->peer[i].label))
			return complain(r, "[Peer] with the Label of another; its own is expected");
	}
	return 0;
}

static int check_routing(struct reader *r)
{
	bool needs_paths = strcmp(r->config->algorithm, "linkstate");

	if (needs_paths && !r->paths) {
		r->line = r->algorithm;
		return complain(r, "static and exec need a file; Paths is expected as well");
	}
	if (!needs_paths && r->paths) {
		r->line = r->paths;
		return complain(r, "Paths goes with Algorithm = static or exec, which is expected");
	}
	return 0;
}

int config_parse(struct config *config, const char *name, const char *text,
		 size_t len, struct sw_error *err)
{
	struct reader r = {
		.config = config, .name = name, .at = text, .end = text + len,
		.err = err,
	};
	int line = ini_parse_stream(read_line, &r, take, &r);

	/* What inih could not read may come before what was refused. */
	if (line > 0 && (!r.failed || (unsigned int)line < r.line)) {
		r.line = line;
		r.failed = false;
		complain(&r,
			 "neither [Section] nor Name = value, one of which is expected");
	}
	if (!r.failed && !check_peers(&r))
		check_routing(&r);
	return r.failed ? -EINVAL : 0;
}

int config_load(struct config *config, const char *path, struct sw_error *err)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int rc = 0;

	if (!file)
		return sw_fail(err, errno, "%s: %s", path, strerror(errno));
	text = malloc(FILE_MAX);
	if (text)
		len = fread(text, 1, FILE_MAX, file);
	if (!text || ferror(file))
		rc = sw_fail(err, EIO, "%s: it cannot be read", path);
	else if (len == FILE_MAX)
		rc = sw_fail(err, EFBIG, "%s: larger than 1 MiB", path);
	fclose(file);
	if (!rc)
		rc = config_parse(config, path, text, len, err);
	free(text);
	return rc;
}

int config_read(struct config *config, const char *dev, const char *path,
		struct sw_error *err)
{
	char name[64];

	config_init(config, dev);
	snprintf(name, sizeof(name), "/etc/skywire/%s.conf", dev);
	/* One that is there and cannot be read is not none. */
	if (!path && faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		return 0;
	return config_load(config, path ?: name, err);
}

static bool same_peer(const struct config_peer *a, const struct config_peer *b)
{
	return !memcmp(a->key, b->key, SW_KEY_LEN) && a->endpoints == b->endpoints &&
	       !memcmp(a->endpoint, b->endpoint, sizeof(a->endpoint)) &&
	       a->label == b->label && !strcmp(a->psk_file, b->psk_file);
}

static bool same_peers(const struct config *a, const struct config *b)
{
	unsigned int i;

	if (a->peers != b->peers || a->routes != b->routes)
		return false;
	for (i = 0; i < a->peers; i++)
		if (!same_peer(&a->peer[i], &b->peer[i]))
			return false;
	for (i = 0; i < a->routes; i++)
		if (a->route[i].peer != b->route[i].peer ||
		    !same_prefix(&a->route[i].prefix, &b->route[i].prefix))
			return false;
	return true;
}

void config_compare(const struct config *old, struct config *new,
		    void (*fn)(void *arg, const char *name, bool kept), void *arg)
{
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		const char *was = (const char *)old + offset(s);
		char *is = (char *)new + offset(s);

		if (!strcmp(s->section, "Peer") || !memcmp(was, is, s->size))
			continue;
		if (s->at_start)
			memcpy(is, was, s->size);
		snprintf(name, sizeof(name), "%s.%s", s->section, s->name);
		fn(arg, name, s->at_start);
	}
	if (!same_peers(old, new))
		fn(arg, "Peer", false);
}

void config_init(struct config *config, const char *dev)
{
	memset(config, 0, sizeof(*config));
	snprintf(config->identity, CONFIG_TEXT_MAX, "/etc/skywire/%s.key", dev);
	snprintf(config->state, CONFIG_TEXT_MAX, "/var/lib/skywire/%s", dev);
	snprintf(config->control, CONFIG_TEXT_MAX, "/run/skywire/%s.sock", dev);
	config->port = 51820;
	config->rekey_after = 120;
	config->mtu = SKYWIRE_LINK_MTU_DEFAULT;
	config->table = CONFIG_TABLE;
	config->accept_any = true;
	config->cipher[0] = SKYWIRE_CIPHER_CHACHA20_POLY1305;
	config->cipher[1] = SKYWIRE_CIPHER_AES_256_GCM;
	config->cipher[2] = SKYWIRE_CIPHER_AES_128_GCM;
	config->ciphers = 3;
	strcpy(config->algorithm, "linkstate");
	config->price_weight = ROUTING_PRICE;
	config->loss_weight = ROUTING_LOSS;
	strcpy(config->ethernet.text[0], "*");
	config->ethernet.count = 1;
	config->multicast = config->ethernet;
}

void config_free(struct config *config)
{
	free(config->peer);
	config->peer = NULL;
	config->peers = 0;
	free(config->route);
	config->route = NULL;
	config->routes = 0;
}

__u32 config_fwmark(const struct config *config)
{
	if (config->fwmark || !config->routes || !config->table)
		return config->fwmark;
	return CONFIG_TABLE;
}

bool config_matches(const struct config_patterns *patterns, const char *ifname)
{
	unsigned int i;

	for (i = 0; i < patterns->count; i++)
		if (!fnmatch(patterns->text[i], ifname, 0))
			return !patterns->not[i];
	return false;
}
