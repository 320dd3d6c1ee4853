// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake against published test vectors, in a file that is named by
 * NOISE_VECTORS, and against itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "lib/noise.h"
#include "test.h"

#define VECTORS	"../../shared/vectors/noise-25519-chachapoly-blake2b.json"
#define NAME	"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b"

enum { MESSAGE_MAX = 512 };

struct side {
	struct sw_noise	ns;
	__u8		secret[SW_DH_LEN];
	__u8		public[SW_DH_LEN];
	__u8		psk[SW_NOISE_KEY];
};

static size_t hex(const json_t *value, __u8 *bytes, size_t room)
{
	const char *text = json_string_value(value);
	size_t len;

	assert_non_null(text);
	assert_int_equal(sodium_hex2bin(bytes, room, text, strlen(text), NULL,
					&len, NULL), 0);
	return len;
}

static void field(const json_t *vector, const char *who, const char *what,
		  __u8 bytes[32])
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", who, what);
	assert_int_equal(hex(json_object_get(vector, name), bytes, 32), 32);
}

static void set_up(struct side *side, const json_t *vector, const char *who,
		   const __u8 *remote)
{
	__u8 prologue[64], ephemeral[SW_DH_LEN];
	char name[64];
	size_t len;

	field(vector, who, "static", side->secret);
	field(vector, who, "ephemeral", ephemeral);
	crypto_scalarmult_base(side->public, side->secret);
	snprintf(name, sizeof(name), "%s_psks", who);
	assert_int_equal(hex(json_array_get(json_object_get(vector, name), 0),
			     side->psk, sizeof(side->psk)), SW_NOISE_KEY);
	snprintf(name, sizeof(name), "%s_prologue", who);
	len = hex(json_object_get(vector, name), prologue, sizeof(prologue));
	sw_noise_init(&side->ns, prologue, len, side->secret, side->public, remote);
	sw_noise_ephemeral(&side->ns, ephemeral);
}

struct message {
	__u8	payload[MESSAGE_MAX];
	__u8	wire[MESSAGE_MAX];
	size_t	len;
	size_t	wire_len;
};

static void message(const json_t *vector, size_t i, struct message *m)
{
	const json_t *of = json_array_get(json_object_get(vector, "messages"), i);

	m->len = hex(json_object_get(of, "payload"), m->payload, MESSAGE_MAX);
	m->wire_len = hex(json_object_get(of, "ciphertext"), m->wire, MESSAGE_MAX);
}

static void handshake(const json_t *vector, struct side *a, struct side *b)
{
	__u8 got[MESSAGE_MAX];
	struct message m;

	message(vector, 0, &m);
	assert_int_equal(sw_noise_write_first(&a->ns, got, m.payload, m.len), 0);
	assert_int_equal(m.wire_len, m.len + SW_NOISE_FIRST);
	assert_memory_equal(got, m.wire, m.wire_len);
	assert_int_equal(sw_noise_read_first(&b->ns, m.wire, m.wire_len, got), 0);
	assert_memory_equal(got, m.payload, m.len);
	assert_memory_equal(b->ns.rs, a->public, SW_DH_LEN);
	message(vector, 1, &m);
	assert_int_equal(sw_noise_write_second(&b->ns, b->psk, got, m.payload,
					       m.len), 0);
	assert_int_equal(m.wire_len, m.len + SW_NOISE_SECOND);
	assert_memory_equal(got, m.wire, m.wire_len);
	assert_int_equal(sw_noise_read_second(&a->ns, a->psk, m.wire, m.wire_len,
					      got), 0);
	assert_memory_equal(got, m.payload, m.len);
}

/* What is sent after the handshake is sealed with the split keys. */
static void transport(const json_t *vector, __u8 keys[2][SW_NOISE_KEY])
{
	size_t i, count = json_array_size(json_object_get(vector, "messages"));
	struct message m;

	assert_true(count > 3);
	for (i = 2; i < count; i++) {
		__u8 nonce[12] = { 0 }, got[MESSAGE_MAX];

		nonce[4] = (i - 2) / 2;
		message(vector, i, &m);
		crypto_aead_chacha20poly1305_ietf_encrypt(got, NULL, m.payload,
							  m.len, NULL, 0, NULL,
							  nonce, keys[i % 2]);
		assert_int_equal(m.wire_len, m.len + SW_NOISE_TAG);
		assert_memory_equal(got, m.wire, m.wire_len);
	}
}

static void follow(const json_t *vector)
{
	__u8 a_keys[2][SW_NOISE_KEY], b_keys[2][SW_NOISE_KEY];
	__u8 remote[SW_DH_LEN], hash[SW_NOISE_HASH];
	struct side a, b;

	field(vector, "init", "remote_static", remote);
	set_up(&a, vector, "init", remote);
	set_up(&b, vector, "resp", NULL);
	assert_memory_equal(b.public, remote, SW_DH_LEN);
	handshake(vector, &a, &b);
	assert_int_equal(hex(json_object_get(vector, "handshake_hash"), hash,
			     sizeof(hash)), sizeof(hash));
	assert_memory_equal(a.ns.hash, hash, sizeof(hash));
	assert_memory_equal(b.ns.hash, hash, sizeof(hash));
	sw_noise_split(&a.ns, a_keys[0], a_keys[1]);
	sw_noise_split(&b.ns, b_keys[0], b_keys[1]);
	assert_memory_equal(a_keys, b_keys, sizeof(a_keys));
	transport(vector, a_keys);
}

static void published_vectors(void **state)
{
	const char *path = getenv("NOISE_VECTORS") ?: VECTORS;
	const json_t *vectors;
	size_t i, followed = 0;
	json_error_t error;
	json_t *all;

	(void)state;
	if (access(path, R_OK)) {
		print_message("# no vectors at %s\n", path);
		skip();
	}
	all = json_load_file(path, 0, &error);
	assert_non_null(all);
	vectors = json_object_get(all, "vectors");
	for (i = 0; i < json_array_size(vectors); i++) {
		const json_t *v = json_array_get(vectors, i);
		const char *name = json_string_value(json_object_get(v, "protocol_name"));

		if (!name || strcmp(name, NAME))
			continue;
		follow(v);
		followed++;
	}
	assert_true(followed > 0);
	json_decref(all);
}

static void begin(struct side *side, const __u8 *remote)
{
	__u8 secret[SW_DH_LEN];

	sw_noise_init(&side->ns, "p", 1, side->secret, side->public, remote);
	randombytes_buf(secret, sizeof(secret));
	sw_noise_ephemeral(&side->ns, secret);
}

static void make_sides(struct side *a, struct side *b)
{
	memset(a->psk, 1, sizeof(a->psk));
	memset(b->psk, 1, sizeof(b->psk));
	randombytes_buf(a->secret, sizeof(a->secret));
	randombytes_buf(b->secret, sizeof(b->secret));
	crypto_scalarmult_base(a->public, a->secret);
	crypto_scalarmult_base(b->public, b->secret);
	begin(a, b->public);
	begin(b, NULL);
}

/* Whatever bit of a message is changed, and wherever it is cut, it is refused. */
static void changed_messages(void **state)
{
	__u8 msg[SW_NOISE_FIRST + 1], payload[1] = { 7 };
	struct side a, b;
	size_t i;

	(void)state;
	make_sides(&a, &b);
	assert_int_equal(sw_noise_write_first(&a.ns, msg, payload, 1), 0);
	for (i = 0; i < 8 * sizeof(msg); i++) {
		/* The topmost bit of an X25519 key is not looked at; of the
		 * ephemeral one, the hash tells.
		 */
		msg[i / 8] ^= 1 << i % 8;
		begin(&b, NULL);
		assert_int_not_equal(sw_noise_read_first(&b.ns, msg, sizeof(msg),
							 payload), 0);
		msg[i / 8] ^= 1 << i % 8;
	}
	for (i = 0; i < sizeof(msg); i++) {
		begin(&b, NULL);
		assert_int_not_equal(sw_noise_read_first(&b.ns, msg, i, payload), 0);
	}
	begin(&b, NULL);
	assert_int_equal(sw_noise_read_first(&b.ns, msg, sizeof(msg), payload), 0);
}

static void other_psk(void **state)
{
	__u8 msg[SW_NOISE_FIRST], payload[1];
	struct side a, b;

	(void)state;
	make_sides(&a, &b);
	b.psk[31] ^= 1;
	assert_int_equal(sw_noise_write_first(&a.ns, msg, NULL, 0), 0);
	assert_int_equal(sw_noise_read_first(&b.ns, msg, SW_NOISE_FIRST, payload), 0);
	assert_int_equal(sw_noise_write_second(&b.ns, b.psk, msg, NULL, 0), 0);
	assert_int_not_equal(sw_noise_read_second(&a.ns, a.psk, msg,
						  SW_NOISE_SECOND, payload), 0);
}

/* A key of low order would make the shared secret known to all. */
static void weak_keys(void **state)
{
	static const __u8 zero[SW_DH_LEN];
	__u8 msg[SW_NOISE_FIRST] = { 0 }, payload[1];
	struct side a, b;

	(void)state;
	make_sides(&a, &b);
	begin(&a, zero);
	assert_int_not_equal(sw_noise_write_first(&a.ns, msg, NULL, 0), 0);
	memset(msg, 0, sizeof(msg));
	assert_int_not_equal(sw_noise_read_first(&b.ns, msg, sizeof(msg), payload), 0);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(changed_messages),
		cmocka_unit_test(other_psk),
		cmocka_unit_test(weak_keys),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
