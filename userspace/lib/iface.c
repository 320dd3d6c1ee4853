// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "compiler.h"
#include "iface.h"

enum {
	BUFFER_LEN	= 32768,
};

static int read_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct sw_iface *iface = arg;
	const struct nlattr *nla;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return MNL_CB_OK;
	iface->index = info->ifi_index;
	mnl_attr_for_each(nla, nlh, sizeof(*info)) {
		if (mnl_attr_get_type(nla) == IFLA_LINK_NETNSID)
			iface->elsewhere = true;
		if (mnl_attr_get_type(nla) == IFLA_IFNAME &&
		    !mnl_attr_validate(nla, MNL_TYPE_NUL_STRING) &&
		    mnl_attr_get_payload_len(nla) <= sizeof(iface->name))
			strcpy(iface->name, mnl_attr_get_str(nla));
	}
	return MNL_CB_STOP;
}

static int ask(struct mnl_socket *sock, struct nlmsghdr *req,
	       struct sw_iface *iface)
{
	__u8 buf[BUFFER_LEN] __aligned(8);
	ssize_t n;
	int rc;

	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(sock, req, req->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, n, req->nlmsg_seq, mnl_socket_get_portid(sock),
				read_link, iface);
	} while (n < 0 || rc > 0);
	if (rc < 0)
		return -errno;
	return iface->index ? 0 : -ENODEV;
}

int sw_iface_get(struct sw_iface *iface, __u32 index, const char *name)
{
	__u8 buf[512] __aligned(8) = { 0 };
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);
	struct mnl_socket *sock;
	struct ifinfomsg *info;
	int rc;

	memset(iface, 0, sizeof(*iface));
	if (!index && (!*name || strlen(name) >= SW_ALTNAME_LEN))
		return -ENODEV;
	req->nlmsg_type = RTM_GETLINK;
	req->nlmsg_flags = NLM_F_REQUEST;
	req->nlmsg_seq = 1;
	info = mnl_nlmsg_put_extra_header(req, sizeof(*info));
	info->ifi_index = index;
	mnl_attr_put_u32(req, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	/* Finds an interface by its first name too. */
	if (!index)
		mnl_attr_put_strz(req, IFLA_ALT_IFNAME, name);
	sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!sock)
		return -errno;
	rc = ask(sock, req, iface);
	mnl_socket_close(sock);
	return rc;
}
