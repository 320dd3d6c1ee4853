// SPDX-License-Identifier: GPL-2.0
/* Netlink: binding to upcalls, and what a daemon sends and answers. */
#include <skywire/handshake.h>
#include "nl.h"

static int bind(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *class;
	int err;

	class = sw_nl_need(info, SKYWIRE_A_UPCALL_CLASS,
			   "the class is missing");
	if (!class)
		return -EINVAL;
	err = sw_upcall_bind(sw, nla_get_u8(class), genl_info_net(info),
			     info->snd_portid);
	if (err == -EBUSY)
		NL_SET_ERR_MSG_ATTR(info->extack, class,
				    "another socket has the class");
	return err;
}

static int unbind(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *class;
	int err;

	class = sw_nl_need(info, SKYWIRE_A_UPCALL_CLASS,
			   "the class is missing");
	if (!class)
		return -EINVAL;
	err = sw_upcall_unbind(sw, nla_get_u8(class), info->snd_portid);
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, class,
				    "this socket does not have the class");
	return err;
}

/* The sockets are open while the device is up. */
static int check_up(struct sw_device *sw, struct genl_info *info)
{
	if (netif_running(sw->dev))
		return 0;
	GENL_SET_ERR_MSG(info, "the device is down");
	return -ENETDOWN;
}

/* Nothing else than a handshake frame leaves that way; 0 or -errno. */
static int check_frame(struct genl_info *info, const struct nlattr *attr)
{
	const struct sw_frame *frame = nla_data(attr);
	unsigned int len = nla_len(attr);

	if (len >= sizeof(*frame) && sw_frame_is_handshake(frame) &&
	    !sw_handshake_check(frame, len) && be16_to_cpu(frame->len) == len)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "not a handshake frame");
	return -EINVAL;
}

/* Where to; or an ERR_PTR explained. The caller frees it. */
static struct sw_endpoint *parse_remote(struct sw_device *sw,
					struct genl_info *info)
{
	const struct sw_transport *transport = sw_nl_transport(info);
	struct sw_endpoint *ep;

	if (IS_ERR(transport))
		return ERR_CAST(transport);
	ep = sw_nl_endpoint(sw, info, transport, NULL);
	if (ep)
		return ep;
	GENL_SET_ERR_MSG(info, "the remote address is missing");
	return ERR_PTR(-EINVAL);
}

static int transmit(struct sw_device *sw, struct sw_endpoint *ep,
		    const struct nlattr *frame)
{
	struct sk_buff *skb;
	bool sent;

	skb = sw_skb_alloc(nla_len(frame), GFP_KERNEL_ACCOUNT);
	if (!skb)
		return -ENOMEM;
	skb_put_data(skb, nla_data(frame), nla_len(frame));
	sw_handshake_note(sw, nla_data(frame));
	local_bh_disable();
	rcu_read_lock();
	sent = sw_handshake_send(sw, ep, skb, SKYWIRE_COUNTER_HANDSHAKES_SENT);
	rcu_read_unlock();
	local_bh_enable();
	return sent ? 0 : -EHOSTUNREACH;
}

static int send_handshake(struct sw_device *sw, struct genl_info *info)
{
	struct sw_endpoint *ep;
	struct nlattr *frame;
	int err;

	frame = sw_nl_need(info, SKYWIRE_A_LINK_FRAME, "the frame is missing");
	if (!frame)
		return -EINVAL;
	err = check_frame(info, frame);
	if (err)
		return err;
	ep = parse_remote(sw, info);
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	err = check_up(sw, info) ?: transmit(sw, ep, frame);
	sw_endpoint_free(ep);
	if (err == -EHOSTUNREACH)
		GENL_SET_ERR_MSG(info, "no way to the remote address");
	return err;
}

static int check_size(struct genl_info *info, const struct sw_message *m,
		      const struct nlattr *payload)
{
	if (m->len && m->len <= (m->count ? SKYWIRE_CONTROL_RELAYED_MAX :
				 SKYWIRE_CONTROL_MAX))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, payload,
			    "a message has 1 to 16384 bytes, over relays 512");
	return -EMSGSIZE;
}

/* Will the link take it? 0 or -errno explained. */
static int check_link(struct genl_info *info, const struct sw_link *link)
{
	if (link->state != SKYWIRE_LINK_STATE_UP) {
		GENL_SET_ERR_MSG(info, "the link is down");
		return -ENETDOWN;
	}
	if (!rcu_access_pointer(link->endpoint)) {
		GENL_SET_ERR_MSG(info, "the link has no remote address");
		return -EDESTADDRREQ;
	}
	if (!sw_keyring_usable(&link->keys)) {
		GENL_SET_ERR_MSG(info, "the link has no key to send with");
		return -ENOKEY;
	}
	return 0;
}

static int parse_message(struct sw_device *sw, struct genl_info *info,
			 struct sw_message *m)
{
	struct nlattr *postage = info->attrs[SKYWIRE_A_CONTROL_POSTAGE];
	struct nlattr *payload;
	int err;

	m->link = sw_nl_link(sw, info, SKYWIRE_A_CONTROL_LINK);
	if (IS_ERR(m->link))
		return PTR_ERR(m->link);
	payload = sw_nl_need(info, SKYWIRE_A_CONTROL_PAYLOAD,
			     "the payload is missing");
	if (!payload)
		return -EINVAL;
	err = sw_nl_parse_labels(info, SKYWIRE_A_CONTROL_LABELS, m->labels,
				 &m->count);
	if (err)
		return err;
	if (postage)
		m->postage = nla_get_u32(postage);
	if (m->postage && !m->count) {
		NL_SET_ERR_MSG_ATTR(info->extack, postage,
				    "a neighbour's message carries no postage");
		return -EINVAL;
	}
	m->payload = nla_data(payload);
	m->len = nla_len(payload);
	return check_size(info, m, payload);
}

static int send_control(struct sw_device *sw, struct genl_info *info)
{
	struct sw_message m = {};
	int err;

	err = parse_message(sw, info, &m) ?: check_up(sw, info);
	if (err)
		return err;
	return check_link(info, m.link) ?: sw_control_send(&m);
}

static int answer_miss(struct sw_device *sw, struct genl_info *info)
{
	struct nlattr *verdict = info->attrs[SKYWIRE_A_MISS_VERDICT];
	struct in6_addr addr;
	struct nlattr *attr;
	u16 family;
	int err;

	attr = sw_nl_need(info, SKYWIRE_A_MISS_ADDRESS,
			  "the address is missing");
	if (!attr)
		return -EINVAL;
	err = sw_nl_parse_address(info, attr, &addr, &family);
	if (err)
		return err;
	err = sw_miss_answer(sw, family, &addr, verdict ? nla_get_u8(verdict) :
			     SKYWIRE_VERDICT_RELEASE);
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no packets wait for this address");
	return err;
}

int skywire_nl_upcall_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, bind);
}

int skywire_nl_upcall_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, unbind);
}

int skywire_nl_handshake_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, send_handshake);
}

int skywire_nl_control_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, send_control);
}

int skywire_nl_miss_answer_doit(struct sk_buff *skb, struct genl_info *info)
{
	return sw_nl_do(skb, info, answer_miss);
}
