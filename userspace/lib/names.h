/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The values of the netlink enums by the names that the specification has for
 * them. A value that is not known has none: NULL.
 */
#ifndef _SKYWIRE_LIB_NAMES_H
#define _SKYWIRE_LIB_NAMES_H

const char *sw_transport_name(unsigned int value);
const char *sw_link_state_name(unsigned int value);
const char *sw_liveness_name(unsigned int value);
const char *sw_path_state_name(unsigned int value);
const char *sw_seal_name(unsigned int value);
const char *sw_cipher_name(unsigned int value);
const char *sw_role_name(unsigned int value);
const char *sw_key_slot_name(unsigned int value);
const char *sw_upcall_name(unsigned int value);
const char *sw_verdict_name(unsigned int value);
const char *sw_counter_name(unsigned int value);
const char *sw_drop_name(unsigned int value);

typedef const char *(*sw_name_fn)(unsigned int value);

/* Return: the value, all of which are below 256, or -1. */
int sw_name_value(sw_name_fn name, const char *text);

/* All names in their order, with ", " between them, cut where @size ends. */
void sw_name_list(sw_name_fn name, char *buf, unsigned int size);

#endif /* _SKYWIRE_LIB_NAMES_H */
