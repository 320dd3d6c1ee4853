/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/skywire.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_SKYWIRE_GEN_H
#define _LINUX_SKYWIRE_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/skywire.h>

extern const struct nla_policy skywire_dev_get_nl_policy[SKYWIRE_A_DEV_IFNAME + 1];

extern const struct nla_policy skywire_dev_set_nl_policy[SKYWIRE_A_DEV_FWMARK + 1];

extern const struct nla_policy skywire_link_get_nl_policy[SKYWIRE_A_LINK_LABEL + 1];

extern const struct nla_policy skywire_link_new_nl_policy[SKYWIRE_A_LINK_PROBE_IDLE + 1];

extern const struct nla_policy skywire_link_set_nl_policy[SKYWIRE_A_LINK_PROBE_IDLE + 1];

extern const struct nla_policy skywire_link_del_nl_policy[SKYWIRE_A_LINK_LABEL + 1];

extern const struct nla_policy skywire_peer_get_nl_policy[SKYWIRE_A_PEER_PUBLIC_KEY + 1];

extern const struct nla_policy skywire_peer_new_nl_policy[SKYWIRE_A_PEER_PROBE_INTERVAL + 1];

extern const struct nla_policy skywire_peer_del_nl_policy[SKYWIRE_A_PEER_PUBLIC_KEY + 1];

extern const struct nla_policy skywire_path_get_nl_policy[SKYWIRE_A_PATH_ID + 1];

extern const struct nla_policy skywire_path_new_nl_policy[SKYWIRE_A_PATH_LOSS_ADMITTED + 1];

extern const struct nla_policy skywire_path_set_nl_policy[SKYWIRE_A_PATH_LOSS_ADMITTED + 1];

extern const struct nla_policy skywire_path_del_nl_policy[SKYWIRE_A_PATH_ID + 1];

extern const struct nla_policy skywire_prefix_get_nl_policy[SKYWIRE_A_PREFIX_LENGTH + 1];

extern const struct nla_policy skywire_prefix_new_nl_policy[SKYWIRE_A_PREFIX_PEER + 1];

extern const struct nla_policy skywire_prefix_del_nl_policy[SKYWIRE_A_PREFIX_LENGTH + 1];

extern const struct nla_policy skywire_key_get_nl_policy[SKYWIRE_A_KEY_RX_INDEX + 1];

extern const struct nla_policy skywire_key_new_nl_policy[SKYWIRE_A_KEY_SEAL + 1];

extern const struct nla_policy skywire_key_del_nl_policy[SKYWIRE_A_KEY_RX_INDEX + 1];

extern const struct nla_policy skywire_stats_get_nl_policy[SKYWIRE_A_STATS_IFNAME + 1];

extern const struct nla_policy skywire_peer_set_nl_policy[SKYWIRE_A_PEER_PROBE_INTERVAL + 1];

extern const struct nla_policy skywire_upcall_bind_nl_policy[SKYWIRE_A_UPCALL_CLASS + 1];

extern const struct nla_policy skywire_upcall_unbind_nl_policy[SKYWIRE_A_UPCALL_CLASS + 1];

extern const struct nla_policy skywire_handshake_send_nl_policy[SKYWIRE_A_LINK_FRAME + 1];

extern const struct nla_policy skywire_control_send_nl_policy[SKYWIRE_A_CONTROL_PAYLOAD + 1];

extern const struct nla_policy skywire_miss_answer_nl_policy[SKYWIRE_A_MISS_VERDICT + 1];

/* Ops table for skywire */
extern const struct genl_ops skywire_nl_ops[26];

int skywire_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int skywire_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_link_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_link_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int skywire_nl_link_new_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_link_set_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_link_del_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_peer_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int skywire_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_path_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_path_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int skywire_nl_path_new_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_path_set_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_path_del_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_prefix_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_prefix_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int skywire_nl_prefix_new_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_prefix_del_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_key_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int skywire_nl_key_new_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_upcall_bind_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_upcall_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_handshake_send_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_control_send_doit(struct sk_buff *skb, struct genl_info *info);
int skywire_nl_miss_answer_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	SKYWIRE_NLGRP_CONFIG,
};

#endif /* _LINUX_SKYWIRE_GEN_H */
