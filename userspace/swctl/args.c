// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <sodium.h>

#include "lib/keyfile.h"
#include "lib/parse.h"
#include "swctl.h"

const void *find_word(const void *table, size_t size, const char *word,
		      bool *many)
{
	const char *const *name;
	const void *found = NULL;
	size_t len = strlen(word);

	*many = false;
	for (name = table; *name; name = (const void *)((const char *)name + size)) {
		if (strncmp(*name, word, len) || !len)
			continue;
		if (!(*name)[len]) {
			*many = false;
			return name;
		}
		*many = found;
		found = *many ? found : name;
	}
	return *many ? NULL : found;
}

void request_begin(struct request *req, struct ctx *ctx, __u8 cmd)
{
	memset(req, 0, sizeof(*req));
	req->ctx = ctx;
	req->nlh = sw_nl_begin(req->buf, cmd);
}

bool request_has(const struct request *req, __u16 attr)
{
	struct sw_object obj;

	return !sw_object_read(&obj, req->nlh) && sw_object_has(&obj, attr);
}

unsigned int request_count(const struct request *req)
{
	const struct nlattr *nla;
	unsigned int count = 0;

	mnl_attr_for_each(nla, req->nlh, sizeof(struct genlmsghdr))
		count++;
	return count;
}

static int put(struct request *req, const struct keyword *k, const char *what,
	       const char *value)
{
	struct ctx *ctx = req->ctx;
	struct sw_error err;
	int rc = k->put(req, k->attr, value, &err);

	if (rc == -EINVAL)
		return usage_error(ctx, "%s: %s: %s", ctx->where, what, err.text);
	if (rc)
		return complain(SWCTL_USAGE, "%s", err.text);
	return SWCTL_OK;
}

int request_value(struct request *req, const struct keyword *k, const char *what,
		  int *argc, char ***argv)
{
	struct ctx *ctx = req->ctx;

	if (!*argc)
		return usage_error(ctx, "%s: %s is missing", ctx->where, what);
	(*argc)--;
	return put(req, k, what, *(*argv)++);
}

static int check_required(struct request *req, const struct keyword *keywords,
			  __u32 seen)
{
	struct ctx *ctx = req->ctx;
	unsigned int i;

	for (i = 0; keywords && keywords[i].name; i++)
		if (keywords[i].required && !(seen & 1u << i))
			return usage_error(ctx, "%s: '%s' is missing", ctx->where,
					   keywords[i].name);
	return SWCTL_OK;
}

static int unknown_word(struct ctx *ctx, const char *word, bool many)
{
	return usage_error(ctx, "%s: '%s' %s", ctx->where, word,
			   many ? "may mean several keywords" :
			   "is not expected here");
}

static int one_keyword(struct request *req, const struct keyword *keywords,
		       char **argv, __u32 *seen)
{
	static const struct keyword none;
	struct ctx *ctx = req->ctx;
	const struct keyword *k;
	bool many;

	k = find_word(keywords ?: &none, sizeof(*k), argv[0], &many);
	if (!k)
		return unknown_word(ctx, argv[0], many);
	if (!argv[1])
		return usage_error(ctx, "%s: '%s' needs a value", ctx->where,
				   k->name);
	if (*seen & 1u << (k - keywords))
		return usage_error(ctx, "%s: '%s' is there twice", ctx->where,
				   k->name);
	*seen |= 1u << (k - keywords);
	return put(req, k, k->name, argv[1]);
}

bool is_dev(const char *word)
{
	return *word && !strncmp("dev", word, strlen(word));
}

static int read_dev(struct ctx *ctx, const char *dev)
{
	if (!dev)
		return usage_error(ctx, "%s: 'dev' needs a value", ctx->where);
	ctx->dev = dev;
	return SWCTL_OK;
}

int request_args(struct request *req, const struct keyword *keywords, int argc,
		 char **argv)
{
	struct ctx *ctx = req->ctx;
	__u32 seen = 0;
	int rc;

	for (; argc > 0; argc -= 2, argv += 2) {
		if (is_dev(argv[0]))
			rc = read_dev(ctx, argv[1]);
		else
			rc = one_keyword(req, keywords, argv, &seen);
		if (rc)
			return rc;
	}
	return check_required(req, keywords, seen);
}

int put_u8(struct request *req, __u16 attr, const char *value,
	   struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 0, 0xff, &v, err))
		return -EINVAL;
	mnl_attr_put_u8(req->nlh, attr, v);
	return 0;
}

/* 0 to 63, or none */
int put_dscp(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err)
{
	__u64 v = 255;

	if (strcmp(value, "none") && sw_parse_uint(value, 0, 63, &v, err))
		return -EINVAL;
	mnl_attr_put_u8(req->nlh, attr, v);
	return 0;
}

int put_u16(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 0, 0xffff, &v, err))
		return -EINVAL;
	mnl_attr_put_u16(req->nlh, attr, v);
	return 0;
}

int put_u32(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 0, 0xffffffff, &v, err))
		return -EINVAL;
	mnl_attr_put_u32(req->nlh, attr, v);
	return 0;
}

int put_u64(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 0, ~0ULL, &v, err))
		return -EINVAL;
	mnl_attr_put_u64(req->nlh, attr, v);
	return 0;
}

static int put_u32_range(struct request *req, __u16 attr, const char *value,
			 __u32 min, __u32 max, struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, min, max, &v, err))
		return -EINVAL;
	mnl_attr_put_u32(req->nlh, attr, v);
	return 0;
}

int put_link_mtu(struct request *req, __u16 attr, const char *value,
		 struct sw_error *err)
{
	/* What carries a packet of SKYWIRE_MTU_MIN without labels */
	return put_u32_range(req, attr, value, SKYWIRE_MTU_MIN + 12,
			     SKYWIRE_LINK_MTU_MAX, err);
}

int put_path_mtu(struct request *req, __u16 attr, const char *value,
		 struct sw_error *err)
{
	struct sw_error ignored;
	__u64 v;

	if (!sw_parse_uint(value, 0, 0, &v, &ignored))
		return put_u32_range(req, attr, value, 0, 0, err);
	return put_u32_range(req, attr, value, SKYWIRE_MTU_MIN,
			     SKYWIRE_LINK_MTU_MAX, err);
}

int put_hard_time(struct request *req, __u16 attr, const char *value,
		  struct sw_error *err)
{
	return put_u32_range(req, attr, value, 1, 7 * 24 * 3600, err);
}

int put_weight(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 1, 0xffff, &v, err))
		return -EINVAL;
	mnl_attr_put_u16(req->nlh, attr, v);
	return 0;
}

int put_label(struct request *req, __u16 attr, const char *value,
	      struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 1, 0xffff, &v, err))
		return -EINVAL;
	mnl_attr_put_u16(req->nlh, attr, v);
	return 0;
}

int put_path_id(struct request *req, __u16 attr, const char *value,
		struct sw_error *err)
{
	__u64 v;

	if (sw_parse_uint(value, 1, SKYWIRE_PATHS_MAX, &v, err))
		return -EINVAL;
	mnl_attr_put_u8(req->nlh, attr, v);
	return 0;
}

int put_key(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err)
{
	__u8 key[SW_KEY_LEN];

	if (sw_key_parse(key, value))
		return sw_fail(err, EINVAL,
			       "'%.80s' is not a public key (52 digits of base32 or 64 of hex)",
			       value);
	mnl_attr_put(req->nlh, attr, sizeof(key), key);
	return 0;
}

int put_enum(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(req->nlh);
	sw_name_fn name = sw_set_of(genl->cmd)->attr[attr].value_name;
	int v = sw_name_value(name, value);
	char list[128];

	if (v < 0) {
		sw_name_list(name, list, sizeof(list));
		return sw_fail(err, EINVAL, "'%.40s' is none of: %s", value, list);
	}
	mnl_attr_put_u8(req->nlh, attr, v);
	return 0;
}

int put_addr(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err)
{
	struct sw_addr addr;

	if (sw_parse_addr(value, &addr, err))
		return -EINVAL;
	mnl_attr_put(req->nlh, attr, addr.len, addr.bytes);
	return 0;
}

__u32 read_oif(const char *value, bool here)
{
	__u32 index = here ? if_nametoindex(value) : 0;
	struct sw_error ignored;
	__u64 v;

	if (index || strncmp(value, "if", 2))
		return index;
	return sw_parse_uint(value + 2, 1, 0x7fffffff, &v, &ignored) ? 0 : v;
}

/* Which namespace it means depends on the device: ask_device() has a second look. */
int put_oif(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err)
{
	bool any = !strcmp(value, "any");
	__u32 index = any ? 0 : read_oif(value, true);

	if (!any && !index)
		return sw_fail(err, ENODEV, "there is no interface '%.40s' here",
			       value);
	if (request_has(req, attr))
		return sw_fail(err, EINVAL, "the remote's %%IFNAME has said it already");
	mnl_attr_put_u32(req->nlh, attr, index);
	if (!any)
		snprintf(req->oif, sizeof(req->oif), "%s", value);
	return 0;
}

int put_ifname(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err)
{
	if (!*value || strlen(value) >= IF_NAMESIZE)
		return sw_fail(err, EINVAL, "'%.40s' is no name of an interface",
			       value);
	/* The kernel looks it up, in the namespace that the device is from. */
	mnl_attr_put_strz(req->nlh, attr, value);
	return 0;
}

int put_endpoint(struct request *req, __u16 attr, const char *value,
		 struct sw_error *err)
{
	struct sw_endpoint ep;

	if (sw_parse_endpoint(value, &ep, err))
		return -EINVAL;
	mnl_attr_put(req->nlh, attr, ep.addr.len, ep.addr.bytes);
	if (!ep.port)
		return 0;
	mnl_attr_put_u16(req->nlh, SKYWIRE_A_LINK_REMOTE_PORT,
			 __cpu_to_be16(ep.port));
	if (!ep.zone[0])
		return 0;
	return put_oif(req, SKYWIRE_A_LINK_OIF, ep.zone, err);
}

int put_labels(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err)
{
	struct sw_labels labels;

	if (sw_parse_labels(value, &labels, err))
		return -EINVAL;
	mnl_attr_put(req->nlh, attr, labels.count * sizeof(labels.label[0]),
		     labels.label);
	return 0;
}

int put_prefix(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err)
{
	struct sw_prefix prefix;

	if (sw_parse_prefix(value, &prefix, err))
		return -EINVAL;
	mnl_attr_put(req->nlh, attr, prefix.addr.len, prefix.addr.bytes);
	mnl_attr_put_u8(req->nlh, SKYWIRE_A_PREFIX_LENGTH, prefix.length);
	return 0;
}

int put_host(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err)
{
	struct sw_addr addr;

	if (sw_parse_addr(value, &addr, err))
		return -EINVAL;
	mnl_attr_put(req->nlh, attr, addr.len, addr.bytes);
	mnl_attr_put_u8(req->nlh, SKYWIRE_A_PREFIX_LENGTH, addr.len * 8);
	return 0;
}

static int read_secret(struct request *req, const char *path, __u8 *secret,
		       struct sw_error *err)
{
	if (!strcmp(path, "-") && req->ctx->stdin_used)
		return sw_fail(err, EINVAL, "standard input gives one key only");
	req->ctx->stdin_used |= !strcmp(path, "-");
	return sw_secret_read(path, secret, err);
}

int put_secret(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err)
{
	__u8 secret[SW_SECRET_MAX];
	int len = read_secret(req, value, secret, err);

	if (len > 0)
		mnl_attr_put(req->nlh, attr, len, secret);
	sodium_memzero(secret, sizeof(secret));
	/* A bad file is no bad syntax: usage would not help. */
	return len < 0 ? -EIO : 0;
}

int put_identity_file(struct request *req, __u16 attr, const char *value,
		      struct sw_error *err)
{
	__u8 seed[SW_SECRET_MAX], key[SW_KEY_LEN];
	int rc = read_secret(req, value, seed, err);

	if (rc >= 0 && rc != SW_SEED_LEN)
		rc = sw_fail(err, EIO, "%s: %d bytes, an identity has %d", value,
			     rc, SW_SEED_LEN);
	if (rc >= 0 && sw_identity_public(key, seed))
		rc = sw_fail(err, EIO, "libsodium does not start");
	sodium_memzero(seed, sizeof(seed));
	if (rc < 0)
		return -EIO;
	mnl_attr_put(req->nlh, attr, sizeof(key), key);
	return 0;
}
