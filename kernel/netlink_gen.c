// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/skywire.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/skywire.h>

/* SKYWIRE_CMD_DEV_GET - do */
const struct nla_policy skywire_dev_get_nl_policy[SKYWIRE_A_DEV_IFNAME + 1] = {
	[SKYWIRE_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* SKYWIRE_CMD_DEV_SET - do */
const struct nla_policy skywire_dev_set_nl_policy[SKYWIRE_A_DEV_FWMARK + 1] = {
	[SKYWIRE_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_DEV_IDENTITY] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_DEV_PORT] = { .type = NLA_U16, },
	[SKYWIRE_A_DEV_FWMARK] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_LINK_GET - do */
const struct nla_policy skywire_link_get_nl_policy[SKYWIRE_A_LINK_LABEL + 1] = {
	[SKYWIRE_A_LINK_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_LINK_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_LABEL] = NLA_POLICY_MIN(NLA_U16, 1),
};

/* SKYWIRE_CMD_LINK_NEW - do */
const struct nla_policy skywire_link_new_nl_policy[SKYWIRE_A_LINK_PROBE_IDLE + 1] = {
	[SKYWIRE_A_LINK_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_LINK_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_LABEL] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_LINK_NEIGHBOUR] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_LINK_TRANSPORT] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SKYWIRE_A_LINK_REMOTE] = { .type = NLA_BINARY, },
	[SKYWIRE_A_LINK_REMOTE_PORT] = { .type = NLA_U16, },
	[SKYWIRE_A_LINK_LOCAL] = { .type = NLA_BINARY, },
	[SKYWIRE_A_LINK_OIF] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_INTERFACE] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_MTU] = NLA_POLICY_MIN(NLA_U32, 1292),
	[SKYWIRE_A_LINK_STATE] = NLA_POLICY_MAX(NLA_U8, 1),
	[SKYWIRE_A_LINK_PRICE_BASE] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_PRICE_RATE] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_PROBE_BUSY] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_PROBE_IDLE] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_LINK_SET - do */
const struct nla_policy skywire_link_set_nl_policy[SKYWIRE_A_LINK_PROBE_IDLE + 1] = {
	[SKYWIRE_A_LINK_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_LINK_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_LABEL] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_LINK_REMOTE] = { .type = NLA_BINARY, },
	[SKYWIRE_A_LINK_REMOTE_PORT] = { .type = NLA_U16, },
	[SKYWIRE_A_LINK_LOCAL] = { .type = NLA_BINARY, },
	[SKYWIRE_A_LINK_OIF] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_INTERFACE] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_MTU] = NLA_POLICY_MIN(NLA_U32, 1292),
	[SKYWIRE_A_LINK_STATE] = NLA_POLICY_MAX(NLA_U8, 1),
	[SKYWIRE_A_LINK_PRICE_BASE] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_PRICE_RATE] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_PROBE_BUSY] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_PROBE_IDLE] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_LINK_DEL - do */
const struct nla_policy skywire_link_del_nl_policy[SKYWIRE_A_LINK_LABEL + 1] = {
	[SKYWIRE_A_LINK_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_LINK_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_LABEL] = NLA_POLICY_MIN(NLA_U16, 1),
};

/* SKYWIRE_CMD_PEER_GET - do */
const struct nla_policy skywire_peer_get_nl_policy[SKYWIRE_A_PEER_PUBLIC_KEY + 1] = {
	[SKYWIRE_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
};

/* SKYWIRE_CMD_PEER_NEW - do */
const struct nla_policy skywire_peer_new_nl_policy[SKYWIRE_A_PEER_PROBE_INTERVAL + 1] = {
	[SKYWIRE_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_PEER_REDUNDANCY] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SKYWIRE_A_PEER_PROBE_INTERVAL] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_PEER_DEL - do */
const struct nla_policy skywire_peer_del_nl_policy[SKYWIRE_A_PEER_PUBLIC_KEY + 1] = {
	[SKYWIRE_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
};

/* SKYWIRE_CMD_PATH_GET - do */
const struct nla_policy skywire_path_get_nl_policy[SKYWIRE_A_PATH_ID + 1] = {
	[SKYWIRE_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PATH_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PATH_PEER] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_PATH_ID] = NLA_POLICY_RANGE(NLA_U8, 1, 8),
};

/* SKYWIRE_CMD_PATH_NEW - do */
const struct nla_policy skywire_path_new_nl_policy[SKYWIRE_A_PATH_LOSS_ADMITTED + 1] = {
	[SKYWIRE_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PATH_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PATH_PEER] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_PATH_ID] = NLA_POLICY_RANGE(NLA_U8, 1, 8),
	[SKYWIRE_A_PATH_LINK] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_PATH_LABELS] = { .type = NLA_BINARY, },
	[SKYWIRE_A_PATH_PREFERENCE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_WEIGHT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_PATH_MTU] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_POSTAGE_BASE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_POSTAGE_RATE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_MARK] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_DSCP] = { .type = NLA_U8, },
	[SKYWIRE_A_PATH_FEE_BASE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_FEE_RATE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_LOSS_ADMITTED] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_PATH_SET - do */
const struct nla_policy skywire_path_set_nl_policy[SKYWIRE_A_PATH_LOSS_ADMITTED + 1] = {
	[SKYWIRE_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PATH_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PATH_PEER] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_PATH_ID] = NLA_POLICY_RANGE(NLA_U8, 1, 8),
	[SKYWIRE_A_PATH_LINK] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_PATH_LABELS] = { .type = NLA_BINARY, },
	[SKYWIRE_A_PATH_PREFERENCE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_WEIGHT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_PATH_MTU] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_POSTAGE_BASE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_POSTAGE_RATE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_MARK] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_DSCP] = { .type = NLA_U8, },
	[SKYWIRE_A_PATH_FEE_BASE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_FEE_RATE] = { .type = NLA_U32, },
	[SKYWIRE_A_PATH_LOSS_ADMITTED] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_PATH_DEL - do */
const struct nla_policy skywire_path_del_nl_policy[SKYWIRE_A_PATH_ID + 1] = {
	[SKYWIRE_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PATH_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PATH_PEER] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_PATH_ID] = NLA_POLICY_RANGE(NLA_U8, 1, 8),
};

/* SKYWIRE_CMD_PREFIX_GET - do */
const struct nla_policy skywire_prefix_get_nl_policy[SKYWIRE_A_PREFIX_LENGTH + 1] = {
	[SKYWIRE_A_PREFIX_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PREFIX_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PREFIX_PREFIX] = { .type = NLA_BINARY, },
	[SKYWIRE_A_PREFIX_LENGTH] = NLA_POLICY_MAX(NLA_U8, 128),
};

/* SKYWIRE_CMD_PREFIX_NEW - do */
const struct nla_policy skywire_prefix_new_nl_policy[SKYWIRE_A_PREFIX_PEER + 1] = {
	[SKYWIRE_A_PREFIX_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PREFIX_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PREFIX_PREFIX] = { .type = NLA_BINARY, },
	[SKYWIRE_A_PREFIX_LENGTH] = NLA_POLICY_MAX(NLA_U8, 128),
	[SKYWIRE_A_PREFIX_PEER] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
};

/* SKYWIRE_CMD_PREFIX_DEL - do */
const struct nla_policy skywire_prefix_del_nl_policy[SKYWIRE_A_PREFIX_LENGTH + 1] = {
	[SKYWIRE_A_PREFIX_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PREFIX_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PREFIX_PREFIX] = { .type = NLA_BINARY, },
	[SKYWIRE_A_PREFIX_LENGTH] = NLA_POLICY_MAX(NLA_U8, 128),
};

/* SKYWIRE_CMD_KEY_GET - do */
const struct nla_policy skywire_key_get_nl_policy[SKYWIRE_A_KEY_RX_INDEX + 1] = {
	[SKYWIRE_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_KEY_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_KEY_RX_INDEX] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_KEY_NEW - do */
const struct nla_policy skywire_key_new_nl_policy[SKYWIRE_A_KEY_SEAL + 1] = {
	[SKYWIRE_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_KEY_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_KEY_LINK] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_KEY_PEER] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_KEY_CIPHER] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SKYWIRE_A_KEY_ROLE] = NLA_POLICY_MAX(NLA_U8, 1),
	[SKYWIRE_A_KEY_RX_INDEX] = { .type = NLA_U32, },
	[SKYWIRE_A_KEY_TX_INDEX] = { .type = NLA_U32, },
	[SKYWIRE_A_KEY_RX_KEY] = { .type = NLA_BINARY, },
	[SKYWIRE_A_KEY_TX_KEY] = { .type = NLA_BINARY, },
	[SKYWIRE_A_KEY_SOFT_TIME] = { .type = NLA_U32, },
	[SKYWIRE_A_KEY_HARD_TIME] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_KEY_SOFT_FRAMES] = { .type = NLA_U64, },
	[SKYWIRE_A_KEY_HARD_FRAMES] = { .type = NLA_U64, },
	[SKYWIRE_A_KEY_OPAQUE] = { .type = NLA_BINARY, },
	[SKYWIRE_A_KEY_SEAL] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* SKYWIRE_CMD_KEY_DEL - do */
const struct nla_policy skywire_key_del_nl_policy[SKYWIRE_A_KEY_RX_INDEX + 1] = {
	[SKYWIRE_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_KEY_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_KEY_RX_INDEX] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_STATS_GET - do */
const struct nla_policy skywire_stats_get_nl_policy[SKYWIRE_A_STATS_IFNAME + 1] = {
	[SKYWIRE_A_STATS_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_STATS_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* SKYWIRE_CMD_PEER_SET - do */
const struct nla_policy skywire_peer_set_nl_policy[SKYWIRE_A_PEER_PROBE_INTERVAL + 1] = {
	[SKYWIRE_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(SKYWIRE_PUBLIC_KEY_LEN),
	[SKYWIRE_A_PEER_REDUNDANCY] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SKYWIRE_A_PEER_PROBE_INTERVAL] = { .type = NLA_U32, },
};

/* SKYWIRE_CMD_UPCALL_BIND - do */
const struct nla_policy skywire_upcall_bind_nl_policy[SKYWIRE_A_UPCALL_CLASS + 1] = {
	[SKYWIRE_A_UPCALL_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_UPCALL_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_UPCALL_CLASS] = NLA_POLICY_MAX(NLA_U8, 2),
};

/* SKYWIRE_CMD_UPCALL_UNBIND - do */
const struct nla_policy skywire_upcall_unbind_nl_policy[SKYWIRE_A_UPCALL_CLASS + 1] = {
	[SKYWIRE_A_UPCALL_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_UPCALL_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_UPCALL_CLASS] = NLA_POLICY_MAX(NLA_U8, 2),
};

/* SKYWIRE_CMD_HANDSHAKE_SEND - do */
const struct nla_policy skywire_handshake_send_nl_policy[SKYWIRE_A_LINK_FRAME + 1] = {
	[SKYWIRE_A_LINK_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_LINK_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_TRANSPORT] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SKYWIRE_A_LINK_REMOTE] = { .type = NLA_BINARY, },
	[SKYWIRE_A_LINK_REMOTE_PORT] = { .type = NLA_U16, },
	[SKYWIRE_A_LINK_LOCAL] = { .type = NLA_BINARY, },
	[SKYWIRE_A_LINK_OIF] = { .type = NLA_U32, },
	[SKYWIRE_A_LINK_INTERFACE] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_LINK_FRAME] = { .type = NLA_BINARY, },
};

/* SKYWIRE_CMD_CONTROL_SEND - do */
const struct nla_policy skywire_control_send_nl_policy[SKYWIRE_A_CONTROL_PAYLOAD + 1] = {
	[SKYWIRE_A_CONTROL_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_CONTROL_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_CONTROL_LINK] = NLA_POLICY_MIN(NLA_U16, 1),
	[SKYWIRE_A_CONTROL_LABELS] = { .type = NLA_BINARY, },
	[SKYWIRE_A_CONTROL_POSTAGE] = { .type = NLA_U32, },
	[SKYWIRE_A_CONTROL_PAYLOAD] = { .type = NLA_BINARY, },
};

/* SKYWIRE_CMD_MISS_ANSWER - do */
const struct nla_policy skywire_miss_answer_nl_policy[SKYWIRE_A_MISS_VERDICT + 1] = {
	[SKYWIRE_A_MISS_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SKYWIRE_A_MISS_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[SKYWIRE_A_MISS_ADDRESS] = { .type = NLA_BINARY, },
	[SKYWIRE_A_MISS_VERDICT] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* Ops table for skywire */
const struct genl_ops skywire_nl_ops[26] = {
	{
		.cmd		= SKYWIRE_CMD_DEV_GET,
		.doit		= skywire_nl_dev_get_doit,
		.dumpit		= skywire_nl_dev_get_dumpit,
		.policy		= skywire_dev_get_nl_policy,
		.maxattr	= SKYWIRE_A_DEV_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_DEV_SET,
		.doit		= skywire_nl_dev_set_doit,
		.policy		= skywire_dev_set_nl_policy,
		.maxattr	= SKYWIRE_A_DEV_FWMARK,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_LINK_GET,
		.doit		= skywire_nl_link_get_doit,
		.dumpit		= skywire_nl_link_get_dumpit,
		.policy		= skywire_link_get_nl_policy,
		.maxattr	= SKYWIRE_A_LINK_LABEL,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_LINK_NEW,
		.doit		= skywire_nl_link_new_doit,
		.policy		= skywire_link_new_nl_policy,
		.maxattr	= SKYWIRE_A_LINK_PROBE_IDLE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_LINK_SET,
		.doit		= skywire_nl_link_set_doit,
		.policy		= skywire_link_set_nl_policy,
		.maxattr	= SKYWIRE_A_LINK_PROBE_IDLE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_LINK_DEL,
		.doit		= skywire_nl_link_del_doit,
		.policy		= skywire_link_del_nl_policy,
		.maxattr	= SKYWIRE_A_LINK_LABEL,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PEER_GET,
		.doit		= skywire_nl_peer_get_doit,
		.dumpit		= skywire_nl_peer_get_dumpit,
		.policy		= skywire_peer_get_nl_policy,
		.maxattr	= SKYWIRE_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PEER_NEW,
		.doit		= skywire_nl_peer_new_doit,
		.policy		= skywire_peer_new_nl_policy,
		.maxattr	= SKYWIRE_A_PEER_PROBE_INTERVAL,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PEER_DEL,
		.doit		= skywire_nl_peer_del_doit,
		.policy		= skywire_peer_del_nl_policy,
		.maxattr	= SKYWIRE_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PATH_GET,
		.doit		= skywire_nl_path_get_doit,
		.dumpit		= skywire_nl_path_get_dumpit,
		.policy		= skywire_path_get_nl_policy,
		.maxattr	= SKYWIRE_A_PATH_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PATH_NEW,
		.doit		= skywire_nl_path_new_doit,
		.policy		= skywire_path_new_nl_policy,
		.maxattr	= SKYWIRE_A_PATH_LOSS_ADMITTED,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PATH_SET,
		.doit		= skywire_nl_path_set_doit,
		.policy		= skywire_path_set_nl_policy,
		.maxattr	= SKYWIRE_A_PATH_LOSS_ADMITTED,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PATH_DEL,
		.doit		= skywire_nl_path_del_doit,
		.policy		= skywire_path_del_nl_policy,
		.maxattr	= SKYWIRE_A_PATH_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PREFIX_GET,
		.doit		= skywire_nl_prefix_get_doit,
		.dumpit		= skywire_nl_prefix_get_dumpit,
		.policy		= skywire_prefix_get_nl_policy,
		.maxattr	= SKYWIRE_A_PREFIX_LENGTH,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PREFIX_NEW,
		.doit		= skywire_nl_prefix_new_doit,
		.policy		= skywire_prefix_new_nl_policy,
		.maxattr	= SKYWIRE_A_PREFIX_PEER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PREFIX_DEL,
		.doit		= skywire_nl_prefix_del_doit,
		.policy		= skywire_prefix_del_nl_policy,
		.maxattr	= SKYWIRE_A_PREFIX_LENGTH,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_KEY_GET,
		.doit		= skywire_nl_key_get_doit,
		.dumpit		= skywire_nl_key_get_dumpit,
		.policy		= skywire_key_get_nl_policy,
		.maxattr	= SKYWIRE_A_KEY_RX_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_KEY_NEW,
		.doit		= skywire_nl_key_new_doit,
		.policy		= skywire_key_new_nl_policy,
		.maxattr	= SKYWIRE_A_KEY_SEAL,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_KEY_DEL,
		.doit		= skywire_nl_key_del_doit,
		.policy		= skywire_key_del_nl_policy,
		.maxattr	= SKYWIRE_A_KEY_RX_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_STATS_GET,
		.doit		= skywire_nl_stats_get_doit,
		.policy		= skywire_stats_get_nl_policy,
		.maxattr	= SKYWIRE_A_STATS_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_PEER_SET,
		.doit		= skywire_nl_peer_set_doit,
		.policy		= skywire_peer_set_nl_policy,
		.maxattr	= SKYWIRE_A_PEER_PROBE_INTERVAL,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_UPCALL_BIND,
		.doit		= skywire_nl_upcall_bind_doit,
		.policy		= skywire_upcall_bind_nl_policy,
		.maxattr	= SKYWIRE_A_UPCALL_CLASS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_UPCALL_UNBIND,
		.doit		= skywire_nl_upcall_unbind_doit,
		.policy		= skywire_upcall_unbind_nl_policy,
		.maxattr	= SKYWIRE_A_UPCALL_CLASS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_HANDSHAKE_SEND,
		.doit		= skywire_nl_handshake_send_doit,
		.policy		= skywire_handshake_send_nl_policy,
		.maxattr	= SKYWIRE_A_LINK_FRAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_CONTROL_SEND,
		.doit		= skywire_nl_control_send_doit,
		.policy		= skywire_control_send_nl_policy,
		.maxattr	= SKYWIRE_A_CONTROL_PAYLOAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SKYWIRE_CMD_MISS_ANSWER,
		.doit		= skywire_nl_miss_answer_doit,
		.policy		= skywire_miss_answer_nl_policy,
		.maxattr	= SKYWIRE_A_MISS_VERDICT,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};
