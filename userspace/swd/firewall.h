/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an exit forwards for its peers, and under whose address; and what keeps
 * links out of the way of reverse-path filters. One nftables table for each device,
 * replaced as a whole, and the kernel's switches that it takes. Which of these the
 * daemon has switched on is noted in the table, where the next daemon finds it.
 */
#ifndef _SKYWIRE_SWD_FIREWALL_H
#define _SKYWIRE_SWD_FIREWALL_H

#include "config.h"

/* Those that are off unless somebody switches them on */
enum firewall_switch {
	FIREWALL_FORWARD4,
	FIREWALL_FORWARD6,
	FIREWALL_VALID_MARK,
	FIREWALL_SWITCHES
};

/* The table's name for a device. */
void firewall_name(char name[64], const char *dev);

/**
 * firewall_rules - the table, as nft(8) reads it
 * @name: of the table
 * @ifindex: of the device
 * @config: what it is for
 * @ours: which switches to note
 *
 * Return: text to free, or NULL without memory.
 */
char *firewall_rules(const char *name, unsigned int ifindex,
		     const struct config *config, const bool ours[FIREWALL_SWITCHES]);

/**
 * firewall_noted - is a switch noted, that somebody has switched on?
 * @chains: of all tables, as nft(8) lists them
 * @name: of the table
 * @which: the switch
 * @elsewhere: in any table but this one, for another device
 */
bool firewall_noted(const char *chains, const char *name, enum firewall_switch which,
		    bool elsewhere);

/*
 * Have what @config says, or nothing where it is NULL or says nothing. @ours: what this
 * process has noted, which is as good as what the table says, and none at first. Return:
 * 0 or a negative errno.
 */
int firewall_set(const char *dev, unsigned int ifindex, const struct config *config,
		 bool ours[FIREWALL_SWITCHES], struct sw_error *err);

/* Does @config need a table at all? */
bool firewall_is_needed(const struct config *config);

/* The same, unless the table is there. Return: 1 where it was not, 0, or an errno. */
int firewall_restore(const char *dev, unsigned int ifindex, const struct config *config,
		     bool ours[FIREWALL_SWITCHES], struct sw_error *err);

#endif /* _SKYWIRE_SWD_FIREWALL_H */
