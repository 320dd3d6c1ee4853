// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/keyfile.h"
#include "swctl.h"

static void print_limits(const struct sw_object *key)
{
	printf("    soft-time %s s soft-frames %s\n",
	       str(key, SKYWIRE_A_KEY_SOFT_TIME),
	       str(key, SKYWIRE_A_KEY_SOFT_FRAMES));
	printf("    hard-time %s s hard-frames %s\n",
	       str(key, SKYWIRE_A_KEY_HARD_TIME),
	       str(key, SKYWIRE_A_KEY_HARD_FRAMES));
}

static void print(const struct sw_object *key)
{
	bool session = sw_object_has(key, SKYWIRE_A_KEY_PEER);

	printf("key %s dev %s slot %s role %s\n",
	       str_index(key, SKYWIRE_A_KEY_RX_INDEX),
	       str(key, SKYWIRE_A_KEY_IFNAME), str(key, SKYWIRE_A_KEY_SLOT),
	       str(key, SKYWIRE_A_KEY_ROLE));
	printf("    %s %s\n", session ? "peer" : "link",
	       str(key, session ? SKYWIRE_A_KEY_PEER : SKYWIRE_A_KEY_LINK));
	printf("    cipher %s driver %s\n", str(key, SKYWIRE_A_KEY_CIPHER),
	       str(key, SKYWIRE_A_KEY_DRIVER));
	printf("    tx-index %s seal %s age %s%s\n", str_index(key, SKYWIRE_A_KEY_TX_INDEX),
	       str(key, SKYWIRE_A_KEY_SEAL),
	       str_time(sw_object_uint(key, SKYWIRE_A_KEY_AGE)),
	       sw_object_has(key, SKYWIRE_A_KEY_SOFT_EXPIRED) ?
	       " soft-expired" : "");
	printf("    rx %s frames tx %s frames\n", str(key, SKYWIRE_A_KEY_RX_FRAMES),
	       str(key, SKYWIRE_A_KEY_TX_FRAMES));
	print_limits(key);
}

static const struct keyword index_keywords[] = {
	{ "rx-index", put_u32, SKYWIRE_A_KEY_RX_INDEX, false },
	{ NULL, NULL, 0, false },
};

static int key_show(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages list = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_KEY_GET);
	rc = request_args(&req, index_keywords, argc, argv);
	if (rc)
		return rc;
	if (request_has(&req, SKYWIRE_A_KEY_RX_INDEX))
		rc = ask_do(&req, &list);
	else
		rc = ask_dump(ctx, SKYWIRE_CMD_KEY_GET, &list);
	if (!rc)
		rc = print_list(ctx, &list, print, NULL, NULL);
	sw_messages_free(&list);
	return rc;
}

static const struct keyword add_keywords[] = {
	{ "link",	 put_label,	SKYWIRE_A_KEY_LINK, false },
	{ "peer",	 put_key,	SKYWIRE_A_KEY_PEER, false },
	{ "cipher",	 put_enum,	SKYWIRE_A_KEY_CIPHER, true },
	{ "role",	 put_enum,	SKYWIRE_A_KEY_ROLE, false },
	{ "seal",	 put_enum,	SKYWIRE_A_KEY_SEAL, false },
	{ "rx-index",	 put_u32,	SKYWIRE_A_KEY_RX_INDEX, false },
	{ "tx-index",	 put_u32,	SKYWIRE_A_KEY_TX_INDEX, true },
	{ "rx-key",	 put_secret,	SKYWIRE_A_KEY_RX_KEY, true },
	{ "tx-key",	 put_secret,	SKYWIRE_A_KEY_TX_KEY, true },
	{ "soft-time",	 put_u32,	SKYWIRE_A_KEY_SOFT_TIME, false },
	{ "hard-time",	 put_hard_time,	SKYWIRE_A_KEY_HARD_TIME, false },
	{ "soft-frames", put_u64,	SKYWIRE_A_KEY_SOFT_FRAMES, false },
	{ "hard-frames", put_u64,	SKYWIRE_A_KEY_HARD_FRAMES, false },
	{ NULL, NULL, 0, false },
};

static int check_length(const struct sw_object *key, __u16 attr, size_t want)
{
	if (sw_object_len(key, attr) == want)
		return SWCTL_OK;
	return complain(SWCTL_USAGE, "%s: %zu bytes, %s takes %zu",
			key->set->attr[attr].name, sw_object_len(key, attr),
			str(key, SKYWIRE_A_KEY_CIPHER), want);
}

static int check_add(struct ctx *ctx, const struct request *req)
{
	struct sw_object key;
	size_t want;
	int rc;

	sw_object_read(&key, req->nlh);
	if (sw_object_has(&key, SKYWIRE_A_KEY_LINK) ==
	    sw_object_has(&key, SKYWIRE_A_KEY_PEER))
		return usage_error(ctx, "key add: either 'link' or 'peer' is needed");
	want = sw_object_uint(&key, SKYWIRE_A_KEY_CIPHER) ==
		SKYWIRE_CIPHER_AES_128_GCM ? 16 : 32;
	rc = check_length(&key, SKYWIRE_A_KEY_RX_KEY, want);
	return rc ? rc : check_length(&key, SKYWIRE_A_KEY_TX_KEY, want);
}

static int key_add(struct ctx *ctx, int argc, char **argv)
{
	struct sw_messages reply = { 0 };
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_KEY_NEW);
	rc = request_args(&req, add_keywords, argc, argv);
	if (!rc)
		rc = check_add(ctx, &req);
	if (!rc)
		rc = ask_do(&req, &reply);
	if (!rc)
		rc = print_new(ctx, &req, &reply, SKYWIRE_A_KEY_RX_INDEX);
	sodium_memzero(&req, sizeof(req));
	sw_messages_free(&reply);
	return rc;
}

static const struct keyword del_keywords[] = {
	{ "rx-index", put_u32, SKYWIRE_A_KEY_RX_INDEX, true },
	{ NULL, NULL, 0, false },
};

static int key_del(struct ctx *ctx, int argc, char **argv)
{
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_KEY_DEL);
	rc = request_args(&req, del_keywords, argc, argv);
	return rc ? rc : ask_do(&req, NULL);
}

/* As JSON too, in a list of one. */
static int print_text(struct ctx *ctx, const char *name, const char *text)
{
	if (ctx->json)
		return json_print(ctx, json_pack("[{s:s}]", name, text));
	puts(text);
	return SWCTL_OK;
}

static int print_secret(struct ctx *ctx, const __u8 seed[SW_SEED_LEN])
{
	char text[SW_KEY_TEXT];
	struct stat st;
	int rc;

	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) && st.st_mode & 077)
		complain(0, "mode %04o lets others at that file: better 'key gen FILE'",
			 st.st_mode & 07777);
	sw_base32_encode(text, seed, SW_SEED_LEN);
	rc = print_text(ctx, "secret", text);
	sodium_memzero(text, sizeof(text));
	return rc;
}

static int key_gen(struct ctx *ctx, int argc, char **argv)
{
	__u8 seed[SW_SEED_LEN];
	struct sw_error err;
	int rc = SWCTL_OK;

	if (argc > 1)
		return usage_error(ctx, "key gen: '%s' is not expected here", argv[1]);
	if (sw_identity_generate(seed))
		return complain(SWCTL_USAGE, "libsodium does not start");
	if (!argc || !strcmp(argv[0], "-"))
		rc = print_secret(ctx, seed);
	else if (sw_secret_create(argv[0], seed, &err))
		rc = complain(SWCTL_USAGE, "%s", err.text);
	sodium_memzero(seed, sizeof(seed));
	return rc;
}

static int read_identity(const char *path, __u8 key[SW_KEY_LEN])
{
	__u8 seed[SW_SECRET_MAX];
	struct sw_error err;
	int rc = sw_secret_read(path, seed, &err);

	if (rc >= 0 && rc != SW_SEED_LEN)
		rc = sw_fail(&err, 1, "%s: %d bytes, an identity has %d", path, rc,
			     SW_SEED_LEN);
	if (rc >= 0 && sw_identity_public(key, seed))
		rc = sw_fail(&err, 1, "libsodium does not start");
	sodium_memzero(seed, sizeof(seed));
	return rc < 0 ? complain(SWCTL_USAGE, "%s", err.text) : SWCTL_OK;
}

static int key_pub(struct ctx *ctx, int argc, char **argv)
{
	char text[SW_KEY_TEXT];
	__u8 key[SW_KEY_LEN];
	int rc;

	if (argc > 1)
		return usage_error(ctx, "key pub: '%s' is not expected here", argv[1]);
	rc = read_identity(argc ? argv[0] : "-", key);
	if (rc)
		return rc;
	sw_key_format(text, key);
	return print_text(ctx, "public_key", text);
}

static int key_addr(struct ctx *ctx, int argc, char **argv)
{
	__u8 address[SKYWIRE_ADDRESS_LEN];
	char text[INET6_ADDRSTRLEN];
	__u8 key[SW_KEY_LEN];
	struct sw_error err;

	if (argc > 1)
		return usage_error(ctx, "key addr: '%s' is not expected here", argv[1]);
	if (argc && strcmp(argv[0], "-")) {
		if (sw_key_parse(key, argv[0]))
			return usage_error(ctx, "key addr: '%.80s' is not a public key",
					   argv[0]);
	} else if (sw_public_read("-", key, &err)) {
		return complain(SWCTL_USAGE, "%s", err.text);
	}
	sw_address(address, key);
	inet_ntop(AF_INET6, address, text, sizeof(text));
	return print_text(ctx, "address", text);
}

static const struct command commands[] = {
	{ "show", key_show },
	{ "add", key_add },
	{ "del", key_del },
	{ "gen", key_gen },
	{ "pub", key_pub },
	{ "addr", key_addr },
	{ NULL, NULL },
};

const struct object key_object = {
	.name = "key",
	.commands = commands,
	.run = key_show,
	.usage =
	"Usage: swctl key [show [rx-index INDEX] [dev DEV]]\n"
	"       swctl key add link LABEL | peer KEY  cipher CIPHER tx-index INDEX\n"
	"                     rx-key FILE tx-key FILE [rx-index INDEX]\n"
	"                     [role initiator | responder] [seal full | header]\n"
	"                     [LIMITS] [dev DEV]\n"
	"       swctl key del rx-index INDEX [dev DEV]\n"
	"       swctl key gen [FILE]     a new identity's secret; '-' prints it\n"
	"       swctl key pub [FILE]     the public key of an identity's secret\n"
	"       swctl key addr [KEY]     the overlay address of a public key\n"
	"CIPHER: chacha20-poly1305 | aes-256-gcm | aes-128-gcm\n"
	"LIMITS: [soft-time SECONDS] [hard-time SECONDS] [soft-frames N] [hard-frames N]\n"
	"FILE holds a key in base32 or hex; '-', or none, is standard input.\n",
};
