// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "swd/config.h"
#include "test.h"

#define KEY	"js22x5vnph57lk54zl6me2oyltjgkhwuxcc3lbu7eqno34ffxiuq"
#define KEY2	"oqrltcdvtadi4mweisfjjgw3fegq6trvxhqbwdxf6gq6mah6ez2a"

static struct config config;
static struct sw_error err;

static int parse(const char *text)
{
	config_free(&config);
	config_init(&config, "sw7");
	return config_parse(&config, "t.conf", text, strlen(text), &err);
}

static int tear_down(void **state)
{
	(void)state;
	config_free(&config);
	return 0;
}

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(config.port, 51820);
	assert_int_equal(config.rekey_after, 120);
	assert_true(config.accept_any);
	assert_string_equal(config.identity, "/etc/skywire/sw7.key");
	assert_false(config.peer_exchange);
	assert_int_equal(config.ciphers, 3);
	assert_int_equal(config.cipher[0], SKYWIRE_CIPHER_CHACHA20_POLY1305);
	assert_true(config_matches(&config.ethernet, "eth0"));
}

static void everything(void **state)
{
	static const char text[] =
		"# a comment\n"
		"[Interface]\n"
		"  Identity = /etc/key # where it is\n"
		"\tlistenport=5000\n"
		"FwMark = 0x10\n"
		"Address = 10.7.0.2/24, 2001:db8:7::2\n"
		"Table = 77\n"
		"\n"
		"[Node]\n"
		"Accept = peers\n"
		"SealHeader = yes\n"
		"Ciphers = aes-256-gcm, chacha20-poly1305\n"
		"Prefixes = 192.168.0.0/16, ::/0\n"
		"[Discovery]\n"
		"PeerExchange = yes\n"
		"[Peer]\n"
		"PublicKey = " KEY "\n"
		"Endpoint = 192.0.2.1:5000, [2001:db8::1]:6000\n"
		"AllowedIPs = 0.0.0.0/0, ::/0\n"
		"Endpoint = [fe80::1%eth0]:1\n"
		"[Peer]\n"
		"PublicKey = " KEY2 "\n"
		"Endpoint = 02:00:00:00:00:01%eth1\n"
		"Label = 77\n"
		"AllowedIPs = 10.8.0.0/16\n"
		"[Discovery]\n"
		"Ethernet = !docker*, eth*\n"
		"Multicast = none\n"
		"[Routing]\n"
		"Algorithm = static\n"
		"Paths = /etc/paths\n"
		"PriceWeight = 0\n"
		"LossWeight = 1000000000";

	(void)state;
	assert_int_equal(parse(text), 0);
	assert_string_equal(config.identity, "/etc/key");
	assert_int_equal(config.port, 5000);
	assert_int_equal(config.fwmark, 16);
	assert_false(config.accept_any);
	assert_true(config.seal_header);
	assert_int_equal(config.peers, 2);
	assert_int_equal(config.peer[0].endpoints, 3);
	assert_int_equal(config.peer[0].endpoint[1].port, 6000);
	assert_string_equal(config.peer[0].endpoint[2].zone, "eth0");
	assert_int_equal(config.peer[0].line, 16);
	assert_true(config.peer_exchange);
	assert_int_equal(config.ciphers, 2);
	assert_int_equal(config.cipher[0], SKYWIRE_CIPHER_AES_256_GCM);
	assert_int_equal(config.peer[1].endpoints, 1);
	assert_int_equal(config.peer[1].endpoint[0].addr.len, 6);
	assert_string_equal(config.peer[1].endpoint[0].zone, "eth1");
	assert_int_equal(config.peer[1].label, 77);
	assert_int_equal(config.price_weight, 0);
	assert_int_equal(config.loss_weight, 1000000000);
	assert_true(config_matches(&config.ethernet, "eth3"));
	assert_false(config_matches(&config.ethernet, "docker0"));
	assert_false(config_matches(&config.ethernet, "wlan0"));
	assert_false(config_matches(&config.multicast, "eth3"));
	assert_string_equal(config.paths, "/etc/paths");
	assert_int_equal(config.table, 77);
	assert_int_equal(config.addresses, 2);
	assert_int_equal(config.address[0].length, 24);
	assert_int_equal(config.address[0].addr.bytes[3], 2);
	assert_int_equal(config.address[1].length, 128);
	assert_int_equal(config.served.count, 2);
	assert_int_equal(config.served.prefix[0].length, 16);
	assert_int_equal(config.routes, 3);
	assert_int_equal(config.route[1].prefix.addr.len, 16);
	assert_int_equal(config.route[1].peer, 0);
	assert_int_equal(config.route[2].peer, 1);
	assert_int_equal(config.route[2].prefix.length, 16);
}

struct named {
	char	changed[256];
	char	kept[256];
};

static void name(void *arg, const char *what, bool kept)
{
	struct named *n = arg;

	strcat(kept ? n->kept : n->changed, what);
	strcat(kept ? n->kept : n->changed, " ");
}

/* What two differ in; config has the second one, as it is to be in force. */
static struct named compare(const char *before, const char *after)
{
	struct named n = { "", "" };
	struct config old;

	config_init(&old, "sw7");
	assert_int_equal(config_parse(&old, "t", before, strlen(before), &err), 0);
	assert_int_equal(parse(after), 0);
	config_compare(&old, &config, name, &n);
	config_free(&old);
	return n;
}

static void differences(void **state)
{
	struct named n;

	(void)state;
	n = compare("[Interface]\nIdentity = /a-long-name\nControl = /x\n",
		    "[Interface]\nIdentity = /a\nControl = /x\nFwMark = 1\n");
	assert_string_equal(n.kept, "Interface.Identity ");
	assert_string_equal(n.changed, "Interface.FwMark ");
	assert_string_equal(config.identity, "/a-long-name");
	/* The same in other words */
	n = compare("[Discovery]\nEthernet = eth*, !wlan0\n[Interface]\nControl = /yy\n"
		    "Control = /x\n",
		    "[Interface]\nControl = /x\n[Discovery]\nEthernet = none\n"
		    "Ethernet = eth* !wlan0\n");
	assert_string_equal(n.kept, "");
	assert_string_equal(n.changed, "");
	n = compare("[Peer]\nPublicKey = " KEY "\nEndpoint = 192.0.2.1:5\n",
		    "[Peer]\nPublicKey = " KEY "\nEndpoint = 192.0.2.1:6\n");
	assert_string_equal(n.changed, "Peer ");
	n = compare("[Peer]\nPublicKey = " KEY "\nAllowedIPs = ::/0\n",
		    "[Peer]\nPublicKey = " KEY "\nAllowedIPs = ::/0, 0.0.0.0/0\n");
	assert_string_equal(n.changed, "Peer ");
	n = compare("", "[Node]\nCiphers = chacha20-poly1305\n");
	assert_string_equal(n.changed, "Node.Ciphers ");
	n = compare("[Node]\nPrefixes = ::/0\n", "[Routing]\nAlgorithm = exec\n"
		    "Paths = /x\n[Interface]\nAddress = 10.0.0.1\n");
	assert_string_equal(n.changed,
			    "Interface.Address Node.Prefixes Routing.Algorithm Routing.Paths ");
}

/* Links are kept out of the routes to peers by their mark. */
static void marks(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(config_fwmark(&config), 0);
	assert_int_equal(parse("[Peer]\nPublicKey = " KEY "\nAllowedIPs = ::/0\n"), 0);
	assert_int_equal(config_fwmark(&config), CONFIG_TABLE);
	assert_int_equal(parse("[Interface]\nTable = off\n[Peer]\nPublicKey = " KEY
			       "\nAllowedIPs = ::/0\n"), 0);
	assert_int_equal(config_fwmark(&config), 0);
	assert_int_equal(parse("[Interface]\nFwMark = 5\n"), 0);
	assert_int_equal(config_fwmark(&config), 5);
}

/* Each says where it is, and what was expected. */
static void mistakes(void **state)
{
	static const struct {
		const char *text;
		const char *where;
		const char *what;
	} bad[] = {
		{ "ListenPort = 1\n", "t.conf:1:", "section" },
		{ "[Interface]\nListenPort = 0\n", "t.conf:2:", "1 to 65535" },
		{ "[Interface]\n\nListenPort = x\n", "t.conf:3:", "1 to 65535" },
		{ "[Interface]\nListenPort =\n", "t.conf:2:", "missing" },
		{ "[Interface]\nListen = 1\n", "t.conf:2:", "ListenPort" },
		{ "[Interfaces]\nListenPort = 1\n", "t.conf:1:", "[Interface]" },
		{ "[Interface]\nListenPort\n", "t.conf:2:", "Name = value" },
		{ "[Interface\nListenPort = 1\n", "t.conf:1:", "[Section]" },
		{ "[Interface]\nIdentity = key\n", "t.conf:2:", "begins with /" },
		{ "[Node]\nSealHeader = maybe\n", "t.conf:2:", "yes or no" },
		{ "[Node]\nAccept = all\n", "t.conf:2:", "any or peers" },
		{ "[Node]\nCiphers = rot13\n", "t.conf:2:", "aes-256-gcm" },
		{ "[Node]\nCiphers = aes-256-gcm\n", "t.conf:2:", "all nodes have" },
		{ "[Node]\nCiphers = aes-256-gcm aes-256-gcm chacha20-poly1305\n",
		  "t.conf:2:", "twice" },
		{ "[Peer]\nEndpoint = 192.0.2.1:1\n", "t.conf:1:", "PublicKey" },
		{ "[Peer]\nPublicKey = xyz\n", "t.conf:2:", "base32 or hex" },
		{ "[Peer]\nPublicKey = " KEY "\n[Peer]\nPublicKey = " KEY "\n",
		  "t.conf:4:", "another" },
		{ "[Peer]\nPublicKey = " KEY "\nEndpoint = relay.example.org:5000\n",
		  "t.conf:3:", "host names are not looked up" },
		{ "[Peer]\nPublicKey = " KEY "\nEndpoint = localhost:5000\n",
		  "t.conf:3:", "host names are not looked up" },
		{ "[Peer]\nPublicKey = " KEY "\nEndpoint = 192.0.2.1\n",
		  "t.conf:3:", "ADDR:PORT" },
		{ "[Peer]\nPublicKey = " KEY "\nEndpoint = 02:00:00:00:00:01\n",
		  "t.conf:3:", "%eth0" },
		{ "[Peer]\nPublicKey = " KEY "\nEndpoint = 02:00:00:00:01%eth0\n",
		  "t.conf:3:", "%eth0" },
		{ "[Peer]\nPublicKey = " KEY "\nEndpoint = [2001:db8::1%eth0]:1\n",
		  "t.conf:3:", "link-local" },
		{ "[Peer]\nPublicKey = " KEY "\nLabel = 65536\n", "t.conf:3:", "65535" },
		{ "[Discovery]\nEthernet = a-name-that-is-too-long\n", "t.conf:2:",
		  "1 to 15" },
		{ "[Interface]\nAddress = 10.7.0.2/33\n", "t.conf:2:", "ADDR/LEN" },
		{ "[Interface]\nAddress = here\n", "t.conf:2:", "Address" },
		{ "[Interface]\nTable = main\n", "t.conf:2:", "off or the number" },
		{ "[Interface]\nTable = 254\n", "t.conf:2:", "off or the number" },
		{ "[Node]\nPrefixes = 10.7.0.2/24\n", "t.conf:2:", "beyond its length" },
		{ "[Peer]\nPublicKey = " KEY "\nAllowedIPs = 10.0.0.0/8\n"
		  "AllowedIPs = ::/0, 10.0.0.0/8\n", "t.conf:4:", "already" },
		{ "[Peer]\nPublicKey = " KEY "\nAllowedIPs = fc00:1::/32\n", "t.conf:3:",
		  "keys" },
		{ "[Routing]\nAlgorithm = magic\n", "t.conf:2:", "linkstate, static" },
		{ "[Routing]\nAlgorithm = static\n", "t.conf:2:", "Paths" },
		{ "[Routing]\nAlgorithm = exec\n", "t.conf:2:", "Paths" },
		{ "[Routing]\nPaths = /etc/paths\n", "t.conf:2:", "Algorithm" },
		{ "[Routing]\nLossWeight = -1\n", "t.conf:2:", "a number" },
		{ "[Peer]\n[Node]\n", "t.conf:1:", "PublicKey" },
		{ "[Nodes]\n", "t.conf:1:", "[Node]" },
		{ "[Peer]\nPublicKey = " KEY "\nLabel = 7\n[Peer]\nPublicKey = " KEY2
		  "\nLabel = 7\n", "t.conf:4:", "Label" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(bad[i].text) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		if (strncmp(err.text, bad[i].where, strlen(bad[i].where)) ||
		    !strstr(err.text, bad[i].what))
			fail_msg("'%s' of: %s", err.text, bad[i].text);
	}
}

/* The first of several is told. */
static void two_mistakes(void **state)
{
	(void)state;
	assert_int_equal(parse("[Interface]\njunk\nListenPort = x\n"), -EINVAL);
	assert_non_null(strstr(err.text, "t.conf:2:"));
	assert_int_equal(parse("[Interface]\nListenPort = x\njunk\n"), -EINVAL);
	assert_non_null(strstr(err.text, "t.conf:2:"));
}

static void bounds(void **state)
{
	static char text[1 << 16];
	size_t i, len = 0;

	(void)state;
	memset(text, 'x', 300);
	memcpy(text, "[Interface]\nIdentity = /", 24);
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(err.text, "t.conf:2:"));
	for (i = 0; i <= CONFIG_PEERS_MAX; i++)
		len += sprintf(text + len, "[Peer]\nPublicKey = %064zx\n", i + 1);
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(err.text, "256 peers"));
	config_free(&config);
	config_init(&config, "sw0");
	assert_int_equal(config_parse(&config, "t.conf", "[A\0]\n", 5, &err), -EINVAL);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(everything),
		cmocka_unit_test(differences),
		cmocka_unit_test(marks),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(two_mistakes),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, tear_down);
}
