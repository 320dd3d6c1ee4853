// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include "lib/compiler.h"
#include "lib/netlink.h"
#include "lib/object.h"
#include "test.h"

static __u8 buf[4096] __aligned(8);

static struct nlmsghdr *begin(__u8 cmd)
{
	memset(buf, 0, sizeof(buf));
	return sw_nl_begin(buf, cmd);
}

/* Every command has a set, every attribute but the padding a name. */
static void described(void **state)
{
	const struct sw_set *set;
	unsigned int cmd, type;

	(void)state;
	for (cmd = SKYWIRE_CMD_DEV_GET; cmd <= SKYWIRE_CMD_MAX; cmd++) {
		set = sw_set_of(cmd);
		assert_non_null(set);
		/* Number 1 is the padding in each. */
		for (type = 2; type <= set->max; type++) {
			assert_non_null(set->attr[type].name);
			assert_int_not_equal(set->attr[type].kind, SW_KIND_PAD);
		}
		/* The device is named alike in each. */
		assert_string_equal(set->attr[SKYWIRE_A_DEV_IFINDEX].name, "ifindex");
		assert_string_equal(set->attr[SKYWIRE_A_DEV_IFNAME].name, "ifname");
	}
	assert_null(sw_set_of(0));
	assert_null(sw_set_of(SKYWIRE_CMD_MAX + 1));
	assert_null(sw_set_of(~0u));
}

static void names(void **state)
{
	char list[64], small[16];
	unsigned int value;

	(void)state;
	assert_int_equal(sw_name_value(sw_cipher_name, "aes-256-gcm"),
			 SKYWIRE_CIPHER_AES_256_GCM);
	assert_int_equal(sw_name_value(sw_cipher_name, "aes"), -1);
	assert_int_equal(sw_name_value(sw_cipher_name, ""), -1);
	for (value = 0; sw_drop_name(value); value++)
		assert_int_equal(sw_name_value(sw_drop_name, sw_drop_name(value)), value);
	assert_true(value > SKYWIRE_DROP_DUPLICATE);
	assert_null(sw_drop_name(~0u));
	sw_name_list(sw_cipher_name, list, sizeof(list));
	assert_string_equal(list, "chacha20-poly1305, aes-256-gcm, aes-128-gcm");
	sw_name_list(sw_cipher_name, small, sizeof(small));
	assert_true(strlen(small) < sizeof(small));
}

static void integers(void **state)
{
	struct nlmsghdr *nlh = begin(SKYWIRE_CMD_LINK_GET);
	struct sw_object obj;
	char text[SW_VALUE_TEXT];

	(void)state;
	mnl_attr_put_u16(nlh, SKYWIRE_A_LINK_LABEL, 65535);
	mnl_attr_put_u16(nlh, SKYWIRE_A_LINK_REMOTE_PORT, htons(51820));
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_MTU, 4000000000u);
	mnl_attr_put_u8(nlh, SKYWIRE_A_LINK_STATE, SKYWIRE_LINK_STATE_DOWN);
	/* As the kernel does to align 64 bits */
	mnl_attr_put(nlh, SKYWIRE_A_LINK_PAD, 0, NULL);
	mnl_attr_put_u64(nlh, SKYWIRE_A_LINK_RX_BYTES, ~0ULL);
	assert_int_equal(sw_object_read(&obj, nlh), 0);
	assert_int_equal(sw_object_uint(&obj, SKYWIRE_A_LINK_LABEL), 65535);
	assert_int_equal(sw_object_uint(&obj, SKYWIRE_A_LINK_REMOTE_PORT), 51820);
	assert_int_equal(sw_object_uint(&obj, SKYWIRE_A_LINK_MTU), 4000000000u);
	assert_true(sw_object_uint(&obj, SKYWIRE_A_LINK_RX_BYTES) == ~0ULL);
	assert_int_equal(sw_object_uint(&obj, SKYWIRE_A_LINK_TX_BYTES), 0);
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_STATE, text), "down");
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_REMOTE_PORT, text), "51820");
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_TX_BYTES, text), "");
}

static void unknown_values(void **state)
{
	struct nlmsghdr *nlh = begin(SKYWIRE_CMD_LINK_GET);
	char text[SW_VALUE_TEXT];
	struct sw_object obj;

	(void)state;
	mnl_attr_put_u8(nlh, SKYWIRE_A_LINK_STATE, 200);
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_MAX + 1, 1);
	mnl_attr_put_u32(nlh, 0x3fff, 1);
	mnl_attr_put_u32(nlh, 0, 1);
	assert_int_equal(sw_object_read(&obj, nlh), 0);
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_STATE, text), "200");
}

/* Of the wrong size: as if they were not there */
static void wrong_sizes(void **state)
{
	static const __u8 zeros[256];
	struct nlmsghdr *nlh;
	struct sw_object obj;
	unsigned int cmd, type, len;
	const struct sw_set *set;
	char text[SW_VALUE_TEXT];

	(void)state;
	for (cmd = SKYWIRE_CMD_DEV_GET; cmd <= SKYWIRE_CMD_MAX; cmd++) {
		set = sw_set_of(cmd);
		for (type = 0; type <= set->max; type++) {
			for (len = 0; len <= sizeof(zeros); len++) {
				nlh = begin(cmd);
				mnl_attr_put(nlh, type, len, zeros);
				assert_int_equal(sw_object_read(&obj, nlh), 0);
				assert_int_equal(sw_object_len(&obj, type) ?: len,
						 len);
				sw_object_text(&obj, type, text);
				sw_object_uint(&obj, type);
			}
		}
	}
	nlh = begin(SKYWIRE_CMD_LINK_GET);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_NEIGHBOUR, 31, zeros);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_REMOTE, 5, zeros);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_LABEL, 4, zeros);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_RX_BYTES, 4, zeros);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_IFNAME, 3, "abc");
	assert_int_equal(sw_object_read(&obj, nlh), 0);
	for (type = 0; type <= SKYWIRE_A_LINK_MAX; type++)
		assert_false(sw_object_has(&obj, type));
}

static void texts(void **state)
{
	static const __u8 v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, v4[4] = { 192, 0, 2, 1 };
	__u8 labels[SKYWIRE_LABELS_LEN], key[32] = { 0 };
	char text[SW_VALUE_TEXT];
	struct sw_object obj;
	struct nlmsghdr *nlh;

	(void)state;
	memset(labels, 0xff, sizeof(labels));
	nlh = begin(SKYWIRE_CMD_LINK_GET);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_REMOTE, sizeof(v6), v6);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_LOCAL, sizeof(v4), v4);
	mnl_attr_put(nlh, SKYWIRE_A_LINK_NEIGHBOUR, sizeof(key), key);
	sw_object_read(&obj, nlh);
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_REMOTE, text), "2001:db8::1");
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_LOCAL, text), "192.0.2.1");
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_LINK_NEIGHBOUR, text),
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	nlh = begin(SKYWIRE_CMD_PATH_GET);
	mnl_attr_put(nlh, SKYWIRE_A_PATH_LABELS, sizeof(labels), labels);
	sw_object_read(&obj, nlh);
	sw_object_text(&obj, SKYWIRE_A_PATH_LABELS, text);
	assert_int_equal(strlen(text), 24 * 6 - 1);
	nlh = begin(SKYWIRE_CMD_PATH_GET);
	mnl_attr_put(nlh, SKYWIRE_A_PATH_LABELS, 0, labels);
	sw_object_read(&obj, nlh);
	assert_string_equal(sw_object_text(&obj, SKYWIRE_A_PATH_LABELS, text), "none");
}

static void other_messages(void **state)
{
	struct nlmsghdr *nlh = begin(0);
	struct sw_object obj;

	(void)state;
	assert_int_equal(sw_object_read(&obj, nlh), -EPROTO);
	nlh = begin(SKYWIRE_CMD_MAX + 1);
	assert_int_equal(sw_object_read(&obj, nlh), -EPROTO);
	nlh = begin(SKYWIRE_CMD_DEV_GET);
	nlh->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_int_equal(sw_object_read(&obj, nlh), -EPROTO);
	/* Its last attribute would go on in the padding. */
	nlh = begin(SKYWIRE_CMD_LINK_GET);
	mnl_attr_put_u32(nlh, SKYWIRE_A_LINK_MTU, 1400);
	nlh->nlmsg_len -= 2;
	assert_int_equal(sw_object_read(&obj, nlh), -EPROTO);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(described),
		cmocka_unit_test(names),
		cmocka_unit_test(integers),
		cmocka_unit_test(unknown_values),
		cmocka_unit_test(wrong_sizes),
		cmocka_unit_test(texts),
		cmocka_unit_test(other_messages),
	};

	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
