// SPDX-License-Identifier: GPL-2.0
/* What the kernel's refusals are turned into. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include <linux/skywire.h>

#include "lib/compiler.h"
#include "lib/netlink.h"
#include "test.h"

static __u8 req_buf[1024] __aligned(8), ans_buf[1024] __aligned(8);
static struct nlmsghdr *req;
static struct sw_error err;

/* ifindex, label, mtu at 20, 28 and 36 */
static int set_up(void **state)
{
	(void)state;
	memset(req_buf, 0, sizeof(req_buf));
	memset(&err, 0, sizeof(err));
	req = sw_nl_begin(req_buf, SKYWIRE_CMD_LINK_SET);
	mnl_attr_put_u32(req, SKYWIRE_A_LINK_IFINDEX, 1);
	mnl_attr_put_u16(req, SKYWIRE_A_LINK_LABEL, 1);
	mnl_attr_put_u32(req, SKYWIRE_A_LINK_MTU, 1);
	return 0;
}

static struct nlmsghdr *answer(int code, bool capped)
{
	struct nlmsghdr *nlh;
	struct nlmsgerr *e;

	memset(ans_buf, 0, sizeof(ans_buf));
	nlh = mnl_nlmsg_put_header(ans_buf);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0);
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));
	e->error = code;
	e->msg = *req;
	if (!capped)
		memcpy(mnl_nlmsg_put_extra_header(nlh, req->nlmsg_len - NLMSG_HDRLEN),
		       (char *)req + NLMSG_HDRLEN, req->nlmsg_len - NLMSG_HDRLEN);
	return nlh;
}

static void says(const struct nlmsghdr *nlh, int code, const char *text)
{
	assert_int_equal(sw_nl_verdict(nlh, req, &err), code);
	assert_string_equal(err.text, text);
}

static void acks(void **state)
{
	(void)state;
	says(answer(0, true), 0, "");
	says(answer(0, false), 0, "");
}

static void bare_codes(void **state)
{
	(void)state;
	says(answer(-EEXIST, true), -EEXIST, "File exists");
	says(answer(-EPERM, true), -EPERM,
	     "CAP_NET_ADMIN is needed (are you root?): Operation not permitted");
	says(answer(-ENODEV, true), -ENODEV,
	     "no such skywire device: No such device");
	says(answer(INT_MIN, true), -EPROTO, "netlink answer without sense");
}

static void with_message(void **state)
{
	struct nlmsghdr *nlh;
	int capped;

	(void)state;
	for (capped = 0; capped < 2; capped++) {
		nlh = answer(-EINVAL, capped);
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "too small");
		says(nlh, -EINVAL, "too small: Invalid argument");
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 36);
		says(nlh, -EINVAL, "too small (attribute mtu): Invalid argument");
	}
}

static void blame(void **state)
{
	struct nlmsghdr *nlh;

	(void)state;
	nlh = answer(-ERANGE, true);
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 28);
	says(nlh, -ERANGE, "attribute label: Numerical result out of range");
	nlh = answer(-EINVAL, true);
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_TYPE, SKYWIRE_A_LINK_NEIGHBOUR);
	says(nlh, -EINVAL, "missing attribute neighbour: Invalid argument");
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "who");
	says(nlh, -EINVAL, "who (missing attribute neighbour): Invalid argument");
}

/* Nothing there, or nonsense: no name, and no access out of bounds */
static void odd_offsets(void **state)
{
	__u32 offset;

	(void)state;
	for (offset = 0; offset < 100; offset++) {
		struct nlmsghdr *nlh = answer(-EINVAL, true);

		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, offset);
		assert_int_equal(sw_nl_verdict(nlh, req, &err), -EINVAL);
		assert_int_equal(!strcmp(err.text, "Invalid argument"),
				 offset != 20 && offset != 28 && offset != 36);
	}
}

static void malformed(void **state)
{
	struct nlmsghdr *nlh;
	unsigned int len;

	(void)state;
	/* Cut at every place */
	nlh = answer(-EINVAL, false);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "text");
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 28);
	for (len = nlh->nlmsg_len; len >= NLMSG_HDRLEN; len--) {
		nlh->nlmsg_len = len;
		assert_true(sw_nl_verdict(nlh, req, &err) < 0);
	}
	/* A text without an end, a length out of bounds, a number of 2 bytes */
	nlh = answer(-EINVAL, true);
	mnl_attr_put(nlh, NLMSGERR_ATTR_MSG, 4, "text");
	says(nlh, -EINVAL, "Invalid argument");
	nlh = answer(-EINVAL, false);
	((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->msg.nlmsg_len = 1000000;
	says(nlh, -EINVAL, "Invalid argument");
	nlh = answer(-EINVAL, true);
	mnl_attr_put_u16(nlh, NLMSGERR_ATTR_OFFS, 28);
	says(nlh, -EINVAL, "Invalid argument");
}

static void end_of_dump(void **state)
{
	struct nlmsghdr *nlh;

	(void)state;
	memset(ans_buf, 0, sizeof(ans_buf));
	nlh = mnl_nlmsg_put_header(ans_buf);
	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI | NLM_F_ACK_TLVS;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = -EINVAL;
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "gone");
	says(nlh, -EINVAL, "gone: Invalid argument");
	*(int *)mnl_nlmsg_get_payload(nlh) = 0;
	assert_int_equal(sw_nl_verdict(nlh, req, &err), 0);
}

/* Holds where the module is, and where it is not. */
static void no_module(void **state)
{
	struct sw_nl *nl = sw_nl_open(&err);

	(void)state;
	if (!nl)
		assert_non_null(strstr(err.text, "module not loaded"));
	sw_nl_close(nl);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test_setup(acks, set_up),
		cmocka_unit_test_setup(bare_codes, set_up),
		cmocka_unit_test_setup(with_message, set_up),
		cmocka_unit_test_setup(blame, set_up),
		cmocka_unit_test_setup(odd_offsets, set_up),
		cmocka_unit_test_setup(malformed, set_up),
		cmocka_unit_test_setup(end_of_dump, set_up),
		cmocka_unit_test(no_module),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
