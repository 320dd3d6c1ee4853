// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/compiler.h"
#include "lib/exchange.h"
#include "test.h"

enum { ALL_CIPHERS = 0xe, CHACHA = 1 << SKYWIRE_CIPHER_CHACHA20_POLY1305 };

static struct sw_identity *alice, *bob;

static int set_up(void **state)
{
	__u8 seed[SW_SEED_LEN] = { 1 };

	(void)state;
	alice = sw_identity_new(seed);
	seed[0] = 2;
	bob = sw_identity_new(seed);
	return alice && bob ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sw_identity_free(alice);
	sw_identity_free(bob);
	return 0;
}

static struct sw_terms offer_terms(void)
{
	return (struct sw_terms) {
		.time = 0x0102030405060708, .epoch = 0x11121314,
		.ciphers = ALL_CIPHERS, .label = 0x2122,
		.flags = SW_TERMS_SEAL_HEADER, .lanes = 2,
		.index = { 0x31323334, 0x41424344 },
	};
}

static struct sw_terms answer_terms(void)
{
	struct sw_terms terms = offer_terms();

	terms.ciphers = CHACHA;
	terms.flags = 0;
	terms.lanes = 1;
	terms.index[0] = 0x51525354;
	return terms;
}

/* As the documentation has it */
static void wire_form(void **state)
{
	static const __u8 tail[] = {
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0, 0xe, 0x21, 0x22,
		1, 2, 0, 0, 0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44,
	};
	struct sw_terms terms = offer_terms(), back;
	__u8 buf[SW_TERMS_MAX];

	(void)state;
	memcpy(terms.key, alice->key, SW_KEY_LEN);
	assert_int_equal(sw_terms_encode(buf, &terms), SW_KEY_LEN + sizeof(tail));
	assert_memory_equal(buf, alice->key, SW_KEY_LEN);
	assert_memory_equal(buf + SW_KEY_LEN, tail, sizeof(tail));
	assert_int_equal(sw_terms_decode(&back, buf, SW_KEY_LEN + sizeof(tail)), 0);
	assert_memory_equal(&back, &terms, sizeof(terms));
}

static void bad_terms(void **state)
{
	struct sw_terms terms = offer_terms(), back;
	__u8 buf[SW_TERMS_MAX + 1];
	size_t i, len = sw_terms_encode(buf, &terms);

	(void)state;
	for (i = 0; i < len; i++)
		assert_int_equal(sw_terms_decode(&back, buf, i), -EINVAL);
	/* More behind is for later versions. */
	assert_int_equal(sw_terms_decode(&back, buf, len + 1), 0);
	terms.index[1] = terms.index[0];
	sw_terms_encode(buf, &terms);
	assert_int_equal(sw_terms_decode(&back, buf, len), -EINVAL);
	terms.index[1] = 0;
	sw_terms_encode(buf, &terms);
	assert_int_equal(sw_terms_decode(&back, buf, len), -EINVAL);
	buf[49] = 0;
	assert_int_equal(sw_terms_decode(&back, buf, len), -EINVAL);
	buf[49] = SW_LANES_MAX + 1;
	assert_int_equal(sw_terms_decode(&back, buf, sizeof(buf)), -EINVAL);
}

struct pair {
	struct sw_exchange	*a;
	struct sw_exchange	*b;
	__u8			msg[SW_EXCHANGE_MAX];
	int			len;
};

static void offer_to(struct pair *p, const struct sw_terms *own)
{
	p->a = sw_exchange_new(alice, SW_LAYER_LINK, bob->key);
	p->b = sw_exchange_new(bob, SW_LAYER_LINK, NULL);
	assert_non_null(p->a);
	assert_non_null(p->b);
	p->len = sw_exchange_offer(p->a, own, p->msg);
	assert_int_equal(p->len, SW_NOISE_FIRST + SW_TERMS_LEN + 4 * own->lanes);
}

static void end(struct pair *p)
{
	sw_exchange_free(p->a);
	sw_exchange_free(p->b);
}

/* Bob hears, and answers with @own. Return: what Alice makes of it. */
static int answer(struct pair *p, const struct sw_terms *own,
		  struct sw_terms *theirs)
{
	static const __u8 psk[SW_NOISE_KEY] = "shared";
	struct sw_terms heard;

	assert_int_equal(sw_exchange_hear(p->b, p->msg, p->len, &heard), 0);
	assert_memory_equal(heard.key, alice->key, SW_KEY_LEN);
	p->len = sw_exchange_answer(p->b, psk, own, p->msg);
	if (p->len < 0)
		return p->len;
	return sw_exchange_conclude(p->a, psk, p->msg, p->len, theirs);
}

static void same_keys(const struct pair *p, __u8 cipher, __u8 lane, __u8 len)
{
	struct sw_lane_keys a, b;

	sw_exchange_keys(p->a, cipher, lane, &a);
	sw_exchange_keys(p->b, cipher, lane, &b);
	assert_int_equal(a.len, len);
	assert_memory_equal(a.tx, b.rx, len);
	assert_memory_equal(a.rx, b.tx, len);
	assert_memory_not_equal(a.rx, a.tx, len);
}

static void agreement(void **state)
{
	struct sw_terms own = offer_terms(), reply = answer_terms(), theirs;
	struct sw_lane_keys keys, others;
	struct pair p;

	(void)state;
	offer_to(&p, &own);
	assert_int_equal(answer(&p, &reply, &theirs), 0);
	memcpy(reply.key, bob->key, SW_KEY_LEN);
	reply.index[1] = 0;
	assert_memory_equal(&theirs, &reply, sizeof(reply));
	same_keys(&p, SKYWIRE_CIPHER_CHACHA20_POLY1305, 0, 32);
	same_keys(&p, SKYWIRE_CIPHER_AES_256_GCM, 0, 32);
	same_keys(&p, SKYWIRE_CIPHER_AES_128_GCM, 7, 16);
	sw_exchange_keys(p.a, SKYWIRE_CIPHER_CHACHA20_POLY1305, 0, &keys);
	sw_exchange_keys(p.a, SKYWIRE_CIPHER_CHACHA20_POLY1305, 1, &others);
	assert_memory_not_equal(keys.tx, others.tx, 32);
	sw_exchange_keys(p.a, SKYWIRE_CIPHER_AES_256_GCM, 0, &others);
	assert_memory_not_equal(keys.tx, others.tx, 32);
	end(&p);
}

/* BLAKE2b, keyed with the split key, of "skywire-key", cipher and lane */
static void derivation(void **state)
{
	static const __u8 of[] = "skywire-key\x02\x03";
	__u8 initiator[SW_NOISE_KEY], responder[SW_NOISE_KEY], want[32];
	struct sw_terms own = offer_terms(), reply = answer_terms(), theirs;
	struct sw_lane_keys keys;
	struct pair p;

	(void)state;
	offer_to(&p, &own);
	assert_int_equal(answer(&p, &reply, &theirs), 0);
	/* The state of the handshake comes first. */
	sw_noise_split((const struct sw_noise *)p.a, initiator, responder);
	crypto_generichash(want, sizeof(want), of, 13, initiator, SW_NOISE_KEY);
	sw_exchange_keys(p.a, SKYWIRE_CIPHER_AES_256_GCM, 3, &keys);
	assert_memory_equal(keys.tx, want, sizeof(want));
	crypto_generichash(want, sizeof(want), of, 13, responder, SW_NOISE_KEY);
	assert_memory_equal(keys.rx, want, sizeof(want));
	end(&p);
}

/* An answer that is none to the offer is neither made nor taken. */
static void bad_answers(void **state)
{
	struct sw_terms own = offer_terms(), good = answer_terms();
	struct sw_terms bad[5], theirs;
	struct pair p;
	size_t i;

	(void)state;
	own.lanes = 1;
	own.ciphers = CHACHA;
	own.flags = 0;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[0].ciphers = 1 << SKYWIRE_CIPHER_AES_256_GCM;
	bad[1].ciphers = 0;
	bad[2].flags = SW_TERMS_SEAL_HEADER;
	bad[3].lanes = 2;
	bad[4].time++;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		offer_to(&p, &own);
		assert_int_equal(answer(&p, &bad[i], &theirs), -EINVAL);
		end(&p);
	}
	offer_to(&p, &own);
	assert_int_equal(answer(&p, &good, &theirs), 0);
	end(&p);
}

/* Who can guess the index of an offer must not be able to spoil it. */
static void false_answer_first(void **state)
{
	struct sw_terms own = offer_terms(), reply = answer_terms(), theirs;
	__u8 junk[SW_NOISE_SECOND + SW_TERMS_MAX];
	struct pair p;

	(void)state;
	offer_to(&p, &own);
	randombytes_buf(junk, sizeof(junk));
	assert_int_equal(sw_exchange_conclude(p.a, NULL, junk, sizeof(junk),
					      &theirs), -EINVAL);
	assert_int_equal(answer(&p, &reply, &theirs), 0);
	same_keys(&p, SKYWIRE_CIPHER_CHACHA20_POLY1305, 0, 32);
	end(&p);
}

static void no_chacha(void **state)
{
	struct sw_terms own = offer_terms(), heard;
	struct pair p;

	(void)state;
	own.ciphers &= ~CHACHA;
	offer_to(&p, &own);
	assert_int_equal(sw_exchange_hear(p.b, p.msg, p.len, &heard), -EINVAL);
	end(&p);
}

/*
 * The Ed25519 key whose X25519 form is the same, but for a sign that the form has
 * lost: nobody can pass for it.
 */
static void other_sign(void **state)
{
	struct sw_terms own = offer_terms(), reply = answer_terms(), theirs;
	__u8 dh[SW_DH_LEN], twin[SW_KEY_LEN];
	struct pair p;

	(void)state;
	memcpy(twin, bob->key, SW_KEY_LEN);
	twin[31] ^= 0x80;
	assert_int_equal(sw_identity_convert(dh, twin), 0);
	assert_memory_equal(dh, bob->dh_public, SW_DH_LEN);
	offer_to(&p, &own);
	sw_exchange_free(p.a);
	p.a = sw_exchange_new(alice, SW_LAYER_LINK, twin);
	p.len = sw_exchange_offer(p.a, &own, p.msg);
	assert_int_equal(answer(&p, &reply, &theirs), -EINVAL);
	end(&p);
}

/* Whose static key is one, and whose claim another */
static void false_claim(void **state)
{
	static const char prologue[] = "skywire-link-1";
	struct sw_terms own = offer_terms(), heard;
	__u8 payload[SW_TERMS_MAX], secret[SW_DH_LEN];
	struct sw_noise ns;
	struct pair p;
	size_t len;

	(void)state;
	offer_to(&p, &own);
	sw_noise_init(&ns, prologue, sizeof(prologue) - 1, alice->dh_secret,
		      alice->dh_public, bob->dh_public);
	randombytes_buf(secret, sizeof(secret));
	sw_noise_ephemeral(&ns, secret);
	memcpy(own.key, bob->key, SW_KEY_LEN);
	len = sw_terms_encode(payload, &own);
	assert_int_equal(sw_noise_write_first(&ns, p.msg, payload, len), 0);
	assert_int_equal(sw_exchange_hear(p.b, p.msg, p.len, &heard), -EINVAL);
	end(&p);
}

static void other_layer(void **state)
{
	struct sw_terms own = offer_terms(), heard;
	struct pair p;

	(void)state;
	offer_to(&p, &own);
	sw_exchange_free(p.b);
	p.b = sw_exchange_new(bob, SW_LAYER_SESSION, NULL);
	assert_int_equal(sw_exchange_hear(p.b, p.msg, p.len, &heard), -EINVAL);
	end(&p);
}

static void long_messages(void **state)
{
	static __u8 msg[4096];
	struct sw_terms theirs;
	struct pair p;

	(void)state;
	theirs = offer_terms();
	offer_to(&p, &theirs);
	assert_int_equal(sw_exchange_hear(p.b, msg, sizeof(msg), &theirs), -EINVAL);
	assert_int_equal(sw_exchange_hear(p.b, msg, 0, &theirs), -EINVAL);
	assert_int_equal(sw_exchange_conclude(p.a, NULL, msg, sizeof(msg), &theirs),
			 -EINVAL);
	assert_int_equal(sw_exchange_conclude(p.a, NULL, msg, 0, &theirs), -EINVAL);
	end(&p);
}

/* The example of the protocol's description */
static void frames(void **state)
{
	static const __u8 mac1[] = { 0xe8, 0, 0x3e, 0xe9, 0x82, 0x75, 2, 0x8d };
	static const __u8 mac2[] = { 0xc1, 0xc5, 0xaf, 0x71, 0xc2, 0x50, 0x6c, 0xdf };
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], body[40], relay[SW_KEY_LEN];
	struct sw_cookie cookie = {
		.frame.index = htonl(0x0badcafe), .cookie = "0123456789abcde",
	};
	size_t i, len;

	(void)state;
	cookie.cookie[15] = 'f';
	for (i = 0; i < sizeof(body); i++)
		body[i] = 0xa0 + i;
	assert_int_equal(sw_key_parse(relay,
				      "oqrltcdvtadi4mweisfjjgw3fegq6trvxhqbwdxf6gq6mah6ez2a"), 0);
	len = sw_frame_build(frame, SW_FRAME_INITIATION, 0x0badcafe, body,
			     sizeof(body), relay);
	assert_int_equal(len, 72);
	assert_memory_equal(frame + 56, mac1, sizeof(mac1));
	assert_non_null(sw_frame_message(frame, len, &i));
	assert_int_equal(i, sizeof(body));
	assert_null(sw_frame_message(frame, len - 1, &i));
	assert_false(sw_frame_answered_by(frame, &cookie));
	memcpy(cookie.mac1, mac1, sizeof(mac1));
	assert_true(sw_frame_answered_by(frame, &cookie));
	sw_frame_mark(frame, cookie.cookie);
	assert_memory_equal(frame + 64, mac2, sizeof(mac2));
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(wire_form),
		cmocka_unit_test(bad_terms),
		cmocka_unit_test(agreement),
		cmocka_unit_test(derivation),
		cmocka_unit_test(bad_answers),
		cmocka_unit_test(false_answer_first),
		cmocka_unit_test(no_chacha),
		cmocka_unit_test(other_sign),
		cmocka_unit_test(false_claim),
		cmocka_unit_test(other_layer),
		cmocka_unit_test(long_messages),
		cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests_name("exchange", tests, set_up, tear_down);
}
