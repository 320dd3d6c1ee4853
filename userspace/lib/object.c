// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/if_ether.h>

#include "compiler.h"
#include "key.h"
#include "object.h"

#define ATTR_UINT(text, bytes) { .name = (text), .kind = SW_KIND_UINT, .len = (bytes) }
#define ATTR_ENUM(text, fn) { .name = (text), .kind = SW_KIND_ENUM, .value_name = (fn) }
#define ATTR(text, what) { .name = (text), .kind = SW_KIND_##what }

static const struct sw_attr dev_attrs[] = {
	[SKYWIRE_A_DEV_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_DEV_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_DEV_IDENTITY] = ATTR("identity", KEY),
	[SKYWIRE_A_DEV_ADDRESS] = ATTR("address", ADDR),
	[SKYWIRE_A_DEV_PORT] = ATTR_UINT("port", 2),
	[SKYWIRE_A_DEV_FWMARK] = ATTR_UINT("fwmark", 4),
	[SKYWIRE_A_DEV_LINKS] = ATTR_UINT("links", 4),
	[SKYWIRE_A_DEV_PEERS] = ATTR_UINT("peers", 4),
	[SKYWIRE_A_DEV_PREFIXES] = ATTR_UINT("prefixes", 4),
};

static const struct sw_attr link_attrs[] = {
	[SKYWIRE_A_LINK_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_LINK_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_LINK_LABEL] = ATTR_UINT("label", 2),
	[SKYWIRE_A_LINK_NEIGHBOUR] = ATTR("neighbour", KEY),
	[SKYWIRE_A_LINK_TRANSPORT] = ATTR_ENUM("transport", sw_transport_name),
	[SKYWIRE_A_LINK_REMOTE] = ATTR("remote", ADDR),
	[SKYWIRE_A_LINK_REMOTE_PORT] = ATTR("remote-port", PORT),
	[SKYWIRE_A_LINK_LOCAL] = ATTR("local", ADDR),
	[SKYWIRE_A_LINK_OIF] = ATTR_UINT("oif", 4),
	[SKYWIRE_A_LINK_MTU] = ATTR_UINT("mtu", 4),
	[SKYWIRE_A_LINK_STATE] = ATTR_ENUM("state", sw_link_state_name),
	[SKYWIRE_A_LINK_PRICE_BASE] = ATTR_UINT("price-base", 4),
	[SKYWIRE_A_LINK_PRICE_RATE] = ATTR_UINT("price-rate", 4),
	[SKYWIRE_A_LINK_RX_PACKETS] = ATTR_UINT("rx-packets", 8),
	[SKYWIRE_A_LINK_RX_BYTES] = ATTR_UINT("rx-bytes", 8),
	[SKYWIRE_A_LINK_TX_PACKETS] = ATTR_UINT("tx-packets", 8),
	[SKYWIRE_A_LINK_TX_BYTES] = ATTR_UINT("tx-bytes", 8),
	[SKYWIRE_A_LINK_POSTAGE_IN] = ATTR_UINT("postage-in", 8),
	[SKYWIRE_A_LINK_POSTAGE_OUT] = ATTR_UINT("postage-out", 8),
	[SKYWIRE_A_LINK_POSTAGE_FEE] = ATTR_UINT("postage-fee", 8),
	[SKYWIRE_A_LINK_INTERFACE] = ATTR("interface", STRING),
	[SKYWIRE_A_LINK_PROBE_BUSY] = ATTR_UINT("probe-busy", 4),
	[SKYWIRE_A_LINK_PROBE_IDLE] = ATTR_UINT("probe-idle", 4),
	[SKYWIRE_A_LINK_LIVENESS] = ATTR_ENUM("liveness", sw_liveness_name),
	[SKYWIRE_A_LINK_RTT] = ATTR_UINT("rtt", 4),
	[SKYWIRE_A_LINK_LOSS] = ATTR_UINT("loss", 4),
	[SKYWIRE_A_LINK_HEARD] = ATTR_UINT("heard", 8),
	[SKYWIRE_A_LINK_DEATHS] = ATTR_UINT("deaths", 4),
	[SKYWIRE_A_LINK_FRAME] = ATTR("frame", BYTES),
};

static const struct sw_attr peer_attrs[] = {
	[SKYWIRE_A_PEER_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_PEER_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_PEER_PUBLIC_KEY] = ATTR("public-key", KEY),
	[SKYWIRE_A_PEER_ADDRESS] = ATTR("address", ADDR),
	[SKYWIRE_A_PEER_RX_PACKETS] = ATTR_UINT("rx-packets", 8),
	[SKYWIRE_A_PEER_RX_BYTES] = ATTR_UINT("rx-bytes", 8),
	[SKYWIRE_A_PEER_TX_PACKETS] = ATTR_UINT("tx-packets", 8),
	[SKYWIRE_A_PEER_TX_BYTES] = ATTR_UINT("tx-bytes", 8),
	[SKYWIRE_A_PEER_POSTAGE_IN] = ATTR_UINT("postage-in", 8),
	[SKYWIRE_A_PEER_PATHS] = ATTR_UINT("paths", 4),
	[SKYWIRE_A_PEER_REDUNDANCY] = ATTR_UINT("redundancy", 1),
	[SKYWIRE_A_PEER_PROBE_INTERVAL] = ATTR_UINT("probe-interval", 4),
};

static const struct sw_attr path_attrs[] = {
	[SKYWIRE_A_PATH_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_PATH_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_PATH_PEER] = ATTR("peer", KEY),
	[SKYWIRE_A_PATH_ID] = ATTR_UINT("id", 1),
	[SKYWIRE_A_PATH_LINK] = ATTR_UINT("link", 2),
	[SKYWIRE_A_PATH_LABELS] = ATTR("labels", LABELS),
	[SKYWIRE_A_PATH_PREFERENCE] = ATTR_UINT("preference", 4),
	[SKYWIRE_A_PATH_WEIGHT] = ATTR_UINT("weight", 2),
	[SKYWIRE_A_PATH_MTU] = ATTR_UINT("mtu", 4),
	[SKYWIRE_A_PATH_POSTAGE_BASE] = ATTR_UINT("postage-base", 4),
	[SKYWIRE_A_PATH_POSTAGE_RATE] = ATTR_UINT("postage-rate", 4),
	[SKYWIRE_A_PATH_EFFECTIVE_MTU] = ATTR_UINT("effective-mtu", 4),
	[SKYWIRE_A_PATH_STATE] = ATTR_ENUM("state", sw_path_state_name),
	[SKYWIRE_A_PATH_PACKETS] = ATTR_UINT("packets", 8),
	[SKYWIRE_A_PATH_BYTES] = ATTR_UINT("bytes", 8),
	[SKYWIRE_A_PATH_MARK] = ATTR_UINT("mark", 4),
	[SKYWIRE_A_PATH_DSCP] = ATTR_UINT("dscp", 1),
	[SKYWIRE_A_PATH_FEE_BASE] = ATTR_UINT("fee-base", 4),
	[SKYWIRE_A_PATH_FEE_RATE] = ATTR_UINT("fee-rate", 4),
	[SKYWIRE_A_PATH_LOSS_ADMITTED] = ATTR_UINT("loss-admitted", 4),
	[SKYWIRE_A_PATH_RTT] = ATTR_UINT("rtt", 4),
	[SKYWIRE_A_PATH_LOSS] = ATTR_UINT("loss", 4),
	[SKYWIRE_A_PATH_ARRIVED_PACKETS] = ATTR_UINT("arrived-packets", 8),
	[SKYWIRE_A_PATH_ARRIVED_BYTES] = ATTR_UINT("arrived-bytes", 8),
	[SKYWIRE_A_PATH_ARRIVED_POSTAGE] = ATTR_UINT("arrived-postage", 8),
};

static const struct sw_attr prefix_attrs[] = {
	[SKYWIRE_A_PREFIX_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_PREFIX_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_PREFIX_PREFIX] = ATTR("prefix", ADDR),
	[SKYWIRE_A_PREFIX_LENGTH] = ATTR_UINT("length", 1),
	[SKYWIRE_A_PREFIX_PEER] = ATTR("peer", KEY),
	[SKYWIRE_A_PREFIX_OWN] = ATTR("own", FLAG),
};

static const struct sw_attr key_attrs[] = {
	[SKYWIRE_A_KEY_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_KEY_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_KEY_LINK] = ATTR_UINT("link", 2),
	[SKYWIRE_A_KEY_PEER] = ATTR("peer", KEY),
	[SKYWIRE_A_KEY_CIPHER] = ATTR_ENUM("cipher", sw_cipher_name),
	[SKYWIRE_A_KEY_ROLE] = ATTR_ENUM("role", sw_role_name),
	[SKYWIRE_A_KEY_SLOT] = ATTR_ENUM("slot", sw_key_slot_name),
	[SKYWIRE_A_KEY_RX_INDEX] = ATTR_UINT("rx-index", 4),
	[SKYWIRE_A_KEY_TX_INDEX] = ATTR_UINT("tx-index", 4),
	[SKYWIRE_A_KEY_RX_KEY] = ATTR("rx-key", BYTES),
	[SKYWIRE_A_KEY_TX_KEY] = ATTR("tx-key", BYTES),
	[SKYWIRE_A_KEY_SOFT_TIME] = ATTR_UINT("soft-time", 4),
	[SKYWIRE_A_KEY_HARD_TIME] = ATTR_UINT("hard-time", 4),
	[SKYWIRE_A_KEY_SOFT_FRAMES] = ATTR_UINT("soft-frames", 8),
	[SKYWIRE_A_KEY_HARD_FRAMES] = ATTR_UINT("hard-frames", 8),
	[SKYWIRE_A_KEY_OPAQUE] = ATTR("opaque", BYTES),
	[SKYWIRE_A_KEY_AGE] = ATTR_UINT("age", 8),
	[SKYWIRE_A_KEY_TX_FRAMES] = ATTR_UINT("tx-frames", 8),
	[SKYWIRE_A_KEY_RX_FRAMES] = ATTR_UINT("rx-frames", 8),
	[SKYWIRE_A_KEY_DRIVER] = ATTR("driver", STRING),
	[SKYWIRE_A_KEY_SOFT_EXPIRED] = ATTR("soft-expired", FLAG),
	[SKYWIRE_A_KEY_SEAL] = ATTR_ENUM("seal", sw_seal_name),
};

static const struct sw_attr entry_attrs[] = {
	[SKYWIRE_A_ENTRY_ID] = ATTR_UINT("id", 4),
	[SKYWIRE_A_ENTRY_VALUE] = ATTR_UINT("value", 8),
};

static const struct sw_attr stats_attrs[] = {
	[SKYWIRE_A_STATS_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_STATS_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_STATS_COUNTER] = ATTR("counter", NEST),
	[SKYWIRE_A_STATS_DROP] = ATTR("drop", NEST),
};

static const struct sw_attr upcall_attrs[] = {
	[SKYWIRE_A_UPCALL_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_UPCALL_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_UPCALL_CLASS] = ATTR_ENUM("class", sw_upcall_name),
};

static const struct sw_attr control_attrs[] = {
	[SKYWIRE_A_CONTROL_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_CONTROL_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_CONTROL_LINK] = ATTR_UINT("link", 2),
	[SKYWIRE_A_CONTROL_LABELS] = ATTR("labels", LABELS),
	[SKYWIRE_A_CONTROL_POSTAGE] = ATTR_UINT("postage", 4),
	[SKYWIRE_A_CONTROL_PAYLOAD] = ATTR("payload", BYTES),
};

static const struct sw_attr miss_attrs[] = {
	[SKYWIRE_A_MISS_IFINDEX] = ATTR_UINT("ifindex", 4),
	[SKYWIRE_A_MISS_IFNAME] = ATTR("ifname", STRING),
	[SKYWIRE_A_MISS_ADDRESS] = ATTR("address", ADDR),
	[SKYWIRE_A_MISS_PEER] = ATTR("peer", KEY),
	[SKYWIRE_A_MISS_VERDICT] = ATTR_ENUM("verdict", sw_verdict_name),
};

/* What the specification gained has to be described above as well. */
#define SET(id, ID)							\
	static_assert(ARRAY_SIZE(id##_attrs) == SKYWIRE_A_##ID##_MAX + 1,	\
		      "attributes of " #id);				\
	static_assert(ARRAY_SIZE(id##_attrs) <= SW_ATTRS_MAX,		\
		      "attributes of " #id);				\
	static const struct sw_set id##_set = {				\
		.name = #id,						\
		.attr = id##_attrs,					\
		.max = SKYWIRE_A_##ID##_MAX,				\
	}

SET(dev, DEV);
SET(link, LINK);
SET(peer, PEER);
SET(path, PATH);
SET(prefix, PREFIX);
SET(key, KEY);
SET(stats, STATS);
SET(upcall, UPCALL);
SET(control, CONTROL);
SET(miss, MISS);

static_assert(ARRAY_SIZE(entry_attrs) == SKYWIRE_A_ENTRY_MAX + 1,
	      "attributes of entry");
const struct sw_set sw_entry_set = {
	.name = "entry", .attr = entry_attrs, .max = SKYWIRE_A_ENTRY_MAX,
};

static const struct sw_set *const cmd_sets[] = {
	[SKYWIRE_CMD_DEV_GET] = &dev_set,
	[SKYWIRE_CMD_DEV_SET] = &dev_set,
	[SKYWIRE_CMD_DEV_NTF] = &dev_set,
	[SKYWIRE_CMD_DEV_DEL_NTF] = &dev_set,
	[SKYWIRE_CMD_LINK_GET] = &link_set,
	[SKYWIRE_CMD_LINK_NEW] = &link_set,
	[SKYWIRE_CMD_LINK_SET] = &link_set,
	[SKYWIRE_CMD_LINK_DEL] = &link_set,
	[SKYWIRE_CMD_LINK_NTF] = &link_set,
	[SKYWIRE_CMD_LINK_DEL_NTF] = &link_set,
	[SKYWIRE_CMD_PEER_GET] = &peer_set,
	[SKYWIRE_CMD_PEER_NEW] = &peer_set,
	[SKYWIRE_CMD_PEER_SET] = &peer_set,
	[SKYWIRE_CMD_PEER_DEL] = &peer_set,
	[SKYWIRE_CMD_PEER_NTF] = &peer_set,
	[SKYWIRE_CMD_PEER_DEL_NTF] = &peer_set,
	[SKYWIRE_CMD_PATH_GET] = &path_set,
	[SKYWIRE_CMD_PATH_NEW] = &path_set,
	[SKYWIRE_CMD_PATH_SET] = &path_set,
	[SKYWIRE_CMD_PATH_DEL] = &path_set,
	[SKYWIRE_CMD_PATH_NTF] = &path_set,
	[SKYWIRE_CMD_PATH_DEL_NTF] = &path_set,
	[SKYWIRE_CMD_PREFIX_GET] = &prefix_set,
	[SKYWIRE_CMD_PREFIX_NEW] = &prefix_set,
	[SKYWIRE_CMD_PREFIX_DEL] = &prefix_set,
	[SKYWIRE_CMD_PREFIX_NTF] = &prefix_set,
	[SKYWIRE_CMD_PREFIX_DEL_NTF] = &prefix_set,
	[SKYWIRE_CMD_KEY_GET] = &key_set,
	[SKYWIRE_CMD_KEY_NEW] = &key_set,
	[SKYWIRE_CMD_KEY_DEL] = &key_set,
	[SKYWIRE_CMD_KEY_NTF] = &key_set,
	[SKYWIRE_CMD_KEY_DEL_NTF] = &key_set,
	[SKYWIRE_CMD_STATS_GET] = &stats_set,
	[SKYWIRE_CMD_UPCALL_BIND] = &upcall_set,
	[SKYWIRE_CMD_UPCALL_UNBIND] = &upcall_set,
	[SKYWIRE_CMD_HANDSHAKE_SEND] = &link_set,
	[SKYWIRE_CMD_HANDSHAKE_UPCALL] = &link_set,
	[SKYWIRE_CMD_CONTROL_SEND] = &control_set,
	[SKYWIRE_CMD_CONTROL_UPCALL] = &control_set,
	[SKYWIRE_CMD_MISS_UPCALL] = &miss_set,
	[SKYWIRE_CMD_MISS_ANSWER] = &miss_set,
};

static_assert(ARRAY_SIZE(cmd_sets) == SKYWIRE_CMD_MAX + 1, "commands");

const struct sw_set *sw_set_of(unsigned int cmd)
{
	return cmd <= SKYWIRE_CMD_MAX ? cmd_sets[cmd] : NULL;
}

static bool well_formed(const struct sw_attr *attr, const struct nlattr *nla)
{
	size_t len = mnl_attr_get_payload_len(nla);

	switch (attr->kind) {
	case SW_KIND_UINT:
		return len == attr->len;
	case SW_KIND_PORT:
		return len == sizeof(__be16);
	case SW_KIND_ENUM:
		return len == sizeof(__u8);
	case SW_KIND_STRING:
		return len && !((char *)mnl_attr_get_payload(nla))[len - 1];
	case SW_KIND_KEY:
		return len == SW_KEY_LEN;
	case SW_KIND_ADDR:
		return len == 4 || len == ETH_ALEN || len == 16;
	case SW_KIND_LABELS:
		return len <= SKYWIRE_LABELS_LEN && !(len % sizeof(__be16));
	case SW_KIND_BYTES:
		return len <= SKYWIRE_OPAQUE_LEN;
	case SW_KIND_FLAG:
	case SW_KIND_NEST:
		return true;
	case SW_KIND_PAD:
		break;
	}
	return false;
}

static void take(struct sw_object *obj, const struct nlattr *nla)
{
	unsigned int type = mnl_attr_get_type(nla);

	if (type <= obj->set->max && well_formed(&obj->set->attr[type], nla))
		obj->attr[type] = nla;
}

int sw_object_read(struct sw_object *obj, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *nla;

	memset(obj, 0, sizeof(*obj));
	/* libmnl goes by the padded length, whatever is behind the real one. */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    nlh->nlmsg_len % MNL_ALIGNTO)
		return -EPROTO;
	obj->set = sw_set_of(genl->cmd);
	if (!obj->set)
		return -EPROTO;
	mnl_attr_for_each(nla, nlh, sizeof(*genl))
		take(obj, nla);
	return 0;
}

void sw_object_nest(struct sw_object *obj, const struct sw_set *set,
		    const struct nlattr *nest)
{
	const struct nlattr *nla;

	memset(obj, 0, sizeof(*obj));
	obj->set = set;
	mnl_attr_for_each_nested(nla, nest)
		take(obj, nla);
}

/* Attributes are aligned to 4 bytes only: 64 bits have to be copied out. */
static __u64 read_uint(const struct nlattr *nla)
{
	__u64 v64 = 0;
	__u32 v32;
	__u16 v16;

	switch (mnl_attr_get_payload_len(nla)) {
	case 1:
		return *(__u8 *)mnl_attr_get_payload(nla);
	case 2:
		memcpy(&v16, mnl_attr_get_payload(nla), sizeof(v16));
		return v16;
	case 4:
		memcpy(&v32, mnl_attr_get_payload(nla), sizeof(v32));
		return v32;
	case 8:
		memcpy(&v64, mnl_attr_get_payload(nla), sizeof(v64));
		return v64;
	}
	return v64;
}

__u64 sw_object_uint(const struct sw_object *obj, unsigned int type)
{
	const struct nlattr *nla = obj->attr[type];

	if (!nla)
		return 0;
	switch (obj->set->attr[type].kind) {
	case SW_KIND_UINT:
	case SW_KIND_ENUM:
		return read_uint(nla);
	case SW_KIND_PORT:
		return ntohs(read_uint(nla));
	case SW_KIND_FLAG:
		return 1;
	default:
		return 0;
	}
}

const void *sw_object_bytes(const struct sw_object *obj, unsigned int type)
{
	return obj->attr[type] ? mnl_attr_get_payload(obj->attr[type]) : NULL;
}

size_t sw_object_len(const struct sw_object *obj, unsigned int type)
{
	return obj->attr[type] ? mnl_attr_get_payload_len(obj->attr[type]) : 0;
}

static void labels_text(const __u8 *bytes, size_t len, char *buf)
{
	size_t i;

	if (!len)
		strcpy(buf, "none");
	for (i = 0; i < len; i += 2)
		buf += sprintf(buf, "%s%u", i ? "," : "",
			       bytes[i] << 8 | bytes[i + 1]);
}

static void addr_text(const __u8 *bytes, size_t len, char *buf)
{
	size_t i;

	if (len != ETH_ALEN) {
		inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, buf,
			  SW_VALUE_TEXT);
		return;
	}
	for (i = 0; i < len; i++)
		buf += sprintf(buf, "%s%02x", i ? ":" : "", bytes[i]);
}

static void bytes_text(const struct sw_attr *attr, const void *bytes,
		       size_t len, char *buf)
{
	switch (attr->kind) {
	case SW_KIND_STRING:
		snprintf(buf, SW_VALUE_TEXT, "%s", (const char *)bytes);
		break;
	case SW_KIND_KEY:
		sw_key_format(buf, bytes);
		break;
	case SW_KIND_ADDR:
		addr_text(bytes, len, buf);
		break;
	case SW_KIND_LABELS:
		labels_text(bytes, len, buf);
		break;
	case SW_KIND_BYTES:
		sw_hex_encode(buf, bytes, len);
		break;
	default:
		break;
	}
}

const char *sw_object_text(const struct sw_object *obj, unsigned int type,
			   char *buf)
{
	const struct sw_attr *attr = &obj->set->attr[type];
	__u64 value = sw_object_uint(obj, type);
	const char *name;

	buf[0] = '\0';
	if (!obj->attr[type])
		return buf;
	name = attr->value_name ? attr->value_name(value) : NULL;
	if (name)
		strcpy(buf, name);
	else if (attr->kind == SW_KIND_UINT || attr->kind == SW_KIND_PORT ||
		 attr->kind == SW_KIND_ENUM || attr->kind == SW_KIND_FLAG)
		snprintf(buf, SW_VALUE_TEXT, "%llu", value);
	else
		bytes_text(attr, sw_object_bytes(obj, type),
			   sw_object_len(obj, type), buf);
	return buf;
}
