/* SPDX-License-Identifier: GPL-2.0 */
/* What the netlink files and the transports share; netlink.c has the bodies. */
#ifndef _SKYWIRE_NL_H
#define _SKYWIRE_NL_H

#include <net/genetlink.h>
#include "netlink_gen.h"
#include "skywire.h"

/* Put an object's attributes; 0 or -EMSGSIZE. */
typedef int (*sw_nl_fill_t)(struct sk_buff *msg, void *object);

/**
 * struct sw_nl_dump - a dump under way
 * @msg: message being filled
 * @cb: the dump's; args[0] counts devices done, args[1] objects of the next;
 *	args[2] is the index of the only device that it is of, or 0
 * @fill: puts an object
 * @cmd: command of the replies
 * @at: objects of this device seen in this round
 */
struct sw_nl_dump {
	struct sk_buff		*msg;
	struct netlink_callback	*cb;
	sw_nl_fill_t		fill;
	u8			cmd;
	long			at;
};

/* Pass each object of the device to sw_nl_dump_object(), until that fails. */
typedef int (*sw_nl_walk_t)(struct sw_device *sw, struct sw_nl_dump *dump);

int sw_nl_dump_object(struct sw_nl_dump *dump, void *object);
int sw_nl_dump(struct sk_buff *msg, struct netlink_callback *cb, u8 cmd,
	       sw_nl_walk_t walk, sw_nl_fill_t fill);
int sw_nl_put(struct sk_buff *msg, u32 portid, u32 seq, int flags, u8 cmd,
	      sw_nl_fill_t fill, void *object);
int sw_nl_reply(struct genl_info *info, u8 cmd, sw_nl_fill_t fill,
		void *object);
void sw_nl_notify(struct sw_device *sw, u8 cmd, sw_nl_fill_t fill,
		  void *object);
int sw_nl_do(struct sk_buff *skb, struct genl_info *info,
	     int (*act)(struct sw_device *sw, struct genl_info *info));
int sw_nl_check_underlay(struct sw_device *sw, struct genl_info *info,
			 int attr);
struct nlattr *sw_nl_need(struct genl_info *info, int attr, const char *msg);
int sw_nl_put_device(struct sk_buff *msg, const struct sw_device *sw);
struct sw_link *sw_nl_link(struct sw_device *sw, struct genl_info *info,
			   int attr);
int sw_nl_parse_labels(struct genl_info *info, int attr, __be16 *labels,
		       u8 *count);
int sw_nl_parse_address(struct genl_info *info, struct nlattr *attr,
			struct in6_addr *addr, u16 *family);
struct sw_endpoint *sw_nl_endpoint(struct sw_device *sw, struct genl_info *info,
				   const struct sw_transport *transport,
				   const struct sw_endpoint *old);
const struct sw_transport *sw_nl_transport(struct genl_info *info);
struct sw_peer *sw_nl_peer(struct sw_device *sw, struct genl_info *info,
			   int attr);

/* upcall.c */
enum skywire_drop sw_upcall(struct sw_device *sw, enum skywire_upcall class,
			    u8 cmd, size_t size, sw_nl_fill_t fill,
			    void *object);

#endif /* _SKYWIRE_NL_H */
