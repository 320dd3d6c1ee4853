// SPDX-License-Identifier: GPL-2.0
/* The daemon's configuration: taken, or refused with a place and a reason. */
#include "swd/config.h"

#include "fuzz.h"

int fuzz_one(const __u8 *data, size_t len)
{
	struct sw_error err = { "" };
	struct config config;
	unsigned int i;

	config_init(&config, "sw0");
	if (config_parse(&config, "f", (const char *)data, len, &err)) {
		require(!strncmp(err.text, "f:", 2) && strlen(err.text) > 4);
	} else {
		require(config.peers <= CONFIG_PEERS_MAX && config.port);
		for (i = 0; i < config.peers; i++)
			require(config.peer[i].has_key &&
				config.peer[i].endpoints <= CONFIG_ENDPOINTS_MAX);
		for (i = 0; i < config.routes; i++)
			require(config.route[i].peer < config.peers);
		config_matches(&config.ethernet, "eth0");
	}
	config_free(&config);
	return 0;
}
