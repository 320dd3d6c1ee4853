// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <nftables/libnftables.h>
#include <skywire/wire.h>

#include "firewall.h"
#include "log.h"

/* An empty chain of the name says that the switch was off before. */
static const struct {
	const char *file;
	const char *note;
} switches[FIREWALL_SWITCHES] = {
	[FIREWALL_FORWARD4] = {
		"/proc/sys/net/ipv4/ip_forward", "ip_forward_was_off"
	},
	[FIREWALL_FORWARD6] = {
		"/proc/sys/net/ipv6/conf/all/forwarding", "ip6_forwarding_was_off"
	},
	[FIREWALL_VALID_MARK] = {
		"/proc/sys/net/ipv4/conf/all/src_valid_mark",
		"src_valid_mark_was_off"
	},
};

/* --- the text -------------------------------------------------------------- */

void firewall_name(char name[64], const char *dev)
{
	size_t i;

	snprintf(name, 64, "skywire-%.32s", dev);
	for (i = 0; name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			name[i] = '_';
}

/* A set, whose elements are printed next, if there are any. */
struct set {
	FILE		*out;
	unsigned int	len;	/* of its addresses */
	bool		begun;
};

static void print_element(struct set *set, const __u8 *bytes, unsigned int length)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(set->len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	fprintf(set->out, "%s %s/%u", set->begun ? "," : "\t\telements = {", text,
		length);
	set->begun = true;
}

static void print_prefix(struct set *set, const struct sw_prefix *prefix)
{
	if (prefix->addr.len == set->len)
		print_element(set, prefix->addr.bytes, prefix->length);
}

static void begin_set(struct set *set, const char *name)
{
	int version = set->len == 4 ? 4 : 6;

	fprintf(set->out, "\tset %s%d {\n", name, version);
	fprintf(set->out, "\t\ttype ipv%d_addr; flags interval; auto-merge\n", version);
}

static void end_set(struct set *set)
{
	fprintf(set->out, "%s\t}\n", set->begun ? " }\n" : "");
}

/*
 * Whom the exit serves: its peers, by what they may send from. One that has all
 * addresses is an exit, and no client.
 */
static void print_from(FILE *out, const struct config *config, unsigned int len)
{
	struct set set = { out, len, false };
	__u8 address[SKYWIRE_ADDRESS_LEN];
	unsigned int i;

	begin_set(&set, "from");
	for (i = 0; i < config->routes; i++)
		if (config->route[i].prefix.length)
			print_prefix(&set, &config->route[i].prefix);
	for (i = 0; len == sizeof(address) && i < config->peers; i++) {
		sw_address(address, config->peer[i].key);
		print_element(&set, address, 128);
	}
	end_set(&set);
}

/* And where to. */
static void print_to(FILE *out, const struct config *config, unsigned int len)
{
	struct set set = { out, len, false };
	unsigned int i;

	begin_set(&set, "to");
	for (i = 0; i < config->served.count; i++)
		print_prefix(&set, &config->served.prefix[i]);
	end_set(&set);
}

static void print_exit(FILE *out, unsigned int ifindex, const struct config *config)
{
	print_from(out, config, 4);
	print_from(out, config, 16);
	print_to(out, config, 4);
	print_to(out, config, 16);
	fprintf(out,
		"\tchain forward {\n"
		"\t\ttype filter hook forward priority filter; policy accept;\n"
		"\t\tiif != %1$u accept\n"
		"\t\tct state established,related accept\n"
		"\t\toif != %1$u ip saddr @from4 ip daddr @to4 accept\n"
		"\t\toif != %1$u ip6 saddr @from6 ip6 daddr @to6 accept\n"
		"\t\treject with icmpx admin-prohibited\n"
		"\t}\n"
		"\tchain postrouting {\n"
		"\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		"\t\tiif %1$u oif != %1$u masquerade\n"
		"\t}\n", ifindex);
}

/*
 * Frames that come in for links have the mark of those that go out, so that the way
 * back is looked up as theirs.
 */
static void print_links(FILE *out, unsigned int ifindex, const struct config *config)
{
	fprintf(out,
		"\tchain prerouting {\n"
		"\t\ttype filter hook prerouting priority mangle; policy accept;\n"
		"\t\tiif != %u udp dport %u fib daddr type local meta mark set %u\n"
		"\t}\n", ifindex, config->port, config_fwmark(config));
}

static bool is_exit(const struct config *config)
{
	return config && config->served.count;
}

static bool is_steered(const struct config *config)
{
	return config && config->routes && config->table;
}

bool firewall_is_needed(const struct config *config)
{
	return is_exit(config) || is_steered(config);
}

char *firewall_rules(const char *name, unsigned int ifindex,
		     const struct config *config, const bool ours[FIREWALL_SWITCHES])
{
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "table inet %1$s\ndelete table inet %1$s\ntable inet %1$s {\n",
		name);
	for (i = 0; i < FIREWALL_SWITCHES; i++)
		if (ours[i])
			fprintf(out, "\tchain %s {\n\t}\n", switches[i].note);
	if (is_exit(config))
		print_exit(out, ifindex, config);
	if (is_steered(config))
		print_links(out, ifindex, config);
	fputs("}\n", out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* --- switches -------------------------------------------------------------- */

static bool is_on(enum firewall_switch which)
{
	int fd = open(switches[which].file, O_RDONLY | O_CLOEXEC);
	char c = '0';
	bool on = fd >= 0 && read(fd, &c, 1) == 1 && c != '0';

	if (fd >= 0)
		close(fd);
	return on;
}

static void turn(enum firewall_switch which, bool on)
{
	int fd = open(switches[which].file, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, on ? "1" : "0", 1) == 1;

	if (!done)
		log_say(LOG_WARNING, "%s cannot be switched %s: %s",
			switches[which].file, on ? "on" : "off", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Which does @config take? */
static bool is_needed(const struct config *config, enum firewall_switch which)
{
	unsigned int i, len = which == FIREWALL_FORWARD4 ? 4 : 16;

	if (which == FIREWALL_VALID_MARK)
		return is_steered(config);
	for (i = 0; config && i < config->served.count; i++)
		if (config->served.prefix[i].addr.len == len)
			return true;
	return false;
}

/* --- the table ------------------------------------------------------------- */

static int run(struct nft_ctx *nft, const char *text, struct sw_error *err)
{
	const char *why;

	if (!nft_run_cmd_from_buffer(nft, text))
		return 0;
	why = nft_ctx_get_error_buffer(nft);
	return sw_fail(err, EIO, "nftables: %.*s", (int)strcspn(why, "\n"), why);
}

static int ask_for_table(struct nl_sock *sock, const char *name)
{
	struct nfgenmsg head = { .nfgen_family = NFPROTO_INET };
	struct nl_msg *msg;

	msg = nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
	if (!msg || nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) ||
	    nla_put_string(msg, NFTA_TABLE_NAME, name)) {
		nlmsg_free(msg);
		return -NLE_NOMEM;
	}
	return nl_send_sync(sock, msg);
}

/*
 * Is the table there? The library does not tell one that is not from a failure, after
 * which what it notes must not be lost. A kernel without nf_tables has none.
 * Return: 0 or 1, or a negative errno.
 */
static int is_there(const char *name, struct sw_error *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc = -NLE_NOMEM;

	if (sock)
		rc = nl_connect(sock, NETLINK_NETFILTER) ?: ask_for_table(sock, name);
	nl_socket_free(sock);
	if (!rc)
		return 1;
	if (rc == -NLE_OBJ_NOTFOUND || rc == -NLE_INVAL || rc == -NLE_OPNOTSUPP ||
	    rc == -NLE_PROTO_MISMATCH)
		return 0;
	return sw_fail(err, EIO, "nftables: %s", nl_geterror(rc));
}

/* The chains of all tables; NULL, and why, where they cannot be listed. */
static const char *list_chains(struct nft_ctx *nft, struct sw_error *err)
{
	return run(nft, "list chains inet", err) ? NULL : nft_ctx_get_output_buffer(nft);
}

bool firewall_noted(const char *chains, const char *name, enum firewall_switch which,
		    bool elsewhere)
{
	const char *own, *end = NULL, *at;
	char head[128];

	snprintf(head, sizeof(head), "table inet %s {\n", name);
	own = strstr(chains, head);
	if (own)
		end = strstr(own, "\n}");
	for (at = strstr(chains, switches[which].note); at;
	     at = strstr(at + 1, switches[which].note))
		if ((end && at > own && at < end) != elsewhere)
			return true;
	return false;
}

static int replace(struct nft_ctx *nft, const char *name, unsigned int ifindex,
		   const struct config *config, const bool ours[FIREWALL_SWITCHES],
		   struct sw_error *err)
{
	char *text = firewall_rules(name, ifindex, config, ours);
	int rc;

	if (!text)
		return sw_fail(err, ENOMEM, "out of memory");
	rc = run(nft, text, err);
	free(text);
	return rc;
}

static int take_away(struct nft_ctx *nft, const char *name, struct sw_error *err)
{
	char text[128];

	snprintf(text, sizeof(text), "delete table inet %s", name);
	return run(nft, text, err);
}

/*
 * Switches go on when the rules are there, and off before these go. Of several
 * devices that need one, each notes that it was off before the first, and the last
 * one switches it off.
 */
static int set_all(struct nft_ctx *nft, const char *name, const char *chains,
		   unsigned int ifindex, const struct config *config,
		   bool ours[FIREWALL_SWITCHES], struct sw_error *err)
{
	bool off[FIREWALL_SWITCHES];
	int i, rc;

	for (i = 0; i < FIREWALL_SWITCHES; i++) {
		bool noted = ours[i] || firewall_noted(chains, name, i, false);
		bool shared = firewall_noted(chains, name, i, true);
		bool needed = is_needed(config, i);

		off[i] = needed && !is_on(i);
		ours[i] = needed && (noted || shared || off[i]);
		if (noted && !needed && !shared)
			turn(i, false);
	}
	if (!firewall_is_needed(config))
		return take_away(nft, name, err);
	rc = replace(nft, name, ifindex, config, ours, err);
	for (i = 0; !rc && i < FIREWALL_SWITCHES; i++)
		if (off[i])
			turn(i, true);
	return rc;
}

int firewall_set(const char *dev, unsigned int ifindex, const struct config *config,
		 bool ours[FIREWALL_SWITCHES], struct sw_error *err)
{
	const char *chains;
	struct nft_ctx *nft;
	char name[64];
	int rc;

	firewall_name(name, dev);
	rc = is_there(name, err);
	if (rc < 0 || (!rc && !firewall_is_needed(config)))
		return rc;
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return sw_fail(err, ENOMEM, "out of memory");
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	chains = list_chains(nft, err);
	rc = chains ? set_all(nft, name, chains, ifindex, config, ours, err) : -EIO;
	nft_ctx_free(nft);
	return rc;
}

int firewall_restore(const char *dev, unsigned int ifindex, const struct config *config,
		     bool ours[FIREWALL_SWITCHES], struct sw_error *err)
{
	char name[64];
	int rc;

	firewall_name(name, dev);
	rc = is_there(name, err);
	if (rc)
		return rc < 0 ? rc : 0;
	return firewall_set(dev, ifindex, config, ours, err) ?: 1;
}
