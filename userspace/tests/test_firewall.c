// SPDX-License-Identifier: GPL-2.0
/* The table that an exit has, as text; nft(8) itself has its say in a guest. */
#include <stdlib.h>
#include <string.h>

#include "swd/firewall.h"
#include "test.h"

#define KEY	"js22x5vnph57lk54zl6me2oyltjgkhwuxcc3lbu7eqno34ffxiuq"
#define KEY2	"oqrltcdvtadi4mweisfjjgw3fegq6trvxhqbwdxf6gq6mah6ez2a"

static const bool none[FIREWALL_SWITCHES];

static char *rules(const char *text, const bool ours[FIREWALL_SWITCHES])
{
	struct config config;
	struct sw_error err;
	char *made;

	config_init(&config, "sw0");
	assert_int_equal(config_parse(&config, "t", text, strlen(text), &err), 0);
	made = firewall_rules("t", 7, &config, ours);
	assert_non_null(made);
	config_free(&config);
	return made;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

static void serves_its_peers(void **state)
{
	const bool ours[FIREWALL_SWITCHES] = { [FIREWALL_FORWARD6] = true };
	char *text;

	(void)state;
	text = rules("[Interface]\nTable = off\n[Node]\nPrefixes = 0.0.0.0/0, 192.0.2.0/24\n"
		     "[Peer]\nPublicKey = " KEY "\nAllowedIPs = 10.7.0.2/32, 10.8.0.0/16\n"
		     "[Peer]\nPublicKey = " KEY2 "\nAllowedIPs = 0.0.0.0/0\n", ours);
	assert_has(text, "table inet t\ndelete table inet t\ntable inet t {\n");
	assert_has(text, "elements = { 10.7.0.2/32, 10.8.0.0/16 }\n");
	assert_has(text, "elements = { fc80:570d:efa4:947c:5710:f993:b2a7:7e27/128, ");
	assert_has(text, "/128, fc50:c97a:d01e:c49:f498:8ca3:3617:ffe1/128 }\n");
	assert_has(text, "elements = { 0.0.0.0/0, 192.0.2.0/24 }\n");
	assert_has(text, "set to6 {\n\t\ttype ipv6_addr; flags interval; auto-merge\n\t}\n");
	assert_has(text, "oif != 7 ip saddr @from4 ip daddr @to4 accept\n");
	assert_has(text, "iif 7 oif != 7 masquerade\n");
	assert_has(text, "chain ip6_forwarding_was_off {\n");
	assert_null(strstr(text, "ip_forward_was_off"));
	assert_null(strstr(text, "prerouting"));
	free(text);
}

static void clients_links(void **state)
{
	char *text;

	(void)state;
	text = rules("[Interface]\nListenPort = 5000\nFwMark = 9\n"
		     "[Peer]\nPublicKey = " KEY "\nAllowedIPs = ::/0\n", none);
	assert_has(text, "iif != 7 udp dport 5000 fib daddr type local meta mark set 9\n");
	assert_null(strstr(text, "masquerade"));
	assert_null(strstr(text, "was_off"));
	free(text);
}

static void names(void **state)
{
	char name[64];

	(void)state;
	firewall_name(name, "sw0");
	assert_string_equal(name, "skywire-sw0");
	firewall_name(name, "a\";b{");
	assert_string_equal(name, "skywire-a__b_");
}

/* The one that ends last of several has to switch off what the first has switched on. */
static void notes(void **state)
{
	static const char *const chains =
		"table inet skywire-sw0 {\n"
		"\tchain ip_forward_was_off {\n\t}\n"
		"\tchain forward {\n"
		"\t\ttype filter hook forward priority filter; policy accept;\n\t}\n"
		"}\n"
		"table inet skywire-sw01 {\n"
		"\tchain ip_forward_was_off {\n\t}\n"
		"\tchain ip6_forwarding_was_off {\n\t}\n"
		"}\n";

	(void)state;
	assert_true(firewall_noted(chains, "skywire-sw0", FIREWALL_FORWARD4, false));
	assert_true(firewall_noted(chains, "skywire-sw0", FIREWALL_FORWARD4, true));
	assert_false(firewall_noted(chains, "skywire-sw0", FIREWALL_FORWARD6, false));
	assert_true(firewall_noted(chains, "skywire-sw0", FIREWALL_FORWARD6, true));
	assert_true(firewall_noted(chains, "skywire-sw01", FIREWALL_FORWARD6, false));
	assert_false(firewall_noted(chains, "skywire-sw01", FIREWALL_FORWARD6, true));
	assert_false(firewall_noted(chains, "skywire-sw", FIREWALL_FORWARD4, false));
	assert_true(firewall_noted(chains, "skywire-sw", FIREWALL_FORWARD4, true));
	assert_false(firewall_noted("", "skywire-sw0", FIREWALL_FORWARD4, false));
	assert_false(firewall_noted("", "skywire-sw0", FIREWALL_FORWARD4, true));
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(serves_its_peers),
		cmocka_unit_test(clients_links),
		cmocka_unit_test(names),
		cmocka_unit_test(notes),
	};

	return cmocka_run_group_tests_name("firewall", tests, NULL, NULL);
}
