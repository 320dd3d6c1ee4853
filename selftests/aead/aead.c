// SPDX-License-Identifier: GPL-2.0
/*
 * What the AEADs alone take that a relay uses, by the same functions: opens and
 * seals packets of the given sizes in place. The log gets a line for each cipher and
 * size, "CIPHER SIZE" and instructions of one opening and one sealing, under a clock
 * that counts two nanoseconds for each. It always refuses to be loaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <chacha.c>
#include <crypto/aead.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>

enum {
	ROUNDS		= 500,
	AAD		= 16,	/* frame header */
	TAG		= 16,
	OVERHEAD	= 16 + 28,	/* of one relay, source route and session */
	ROOM		= 2048,
};

static int sizes[8];
static int n_sizes;
module_param_array(sizes, int, &n_sizes, 0);
MODULE_PARM_DESC(sizes, "of inner packets");

static u8 key[32];
static u8 iv[12];
/* A scatterlist takes no memory of a module's own. */
static u8 *packet;

static int chacha(struct aead_request *req, unsigned int len)
{
	u32 words[SW_CHACHA_KEY_WORDS];

	sw_chacha_key(words, key);
	sw_chacha_seal(words, 1, packet, AAD, len);
	return sw_chacha_open(words, 1, packet, AAD, len);
}

static int gcm(struct aead_request *req, unsigned int len)
{
	struct scatterlist sg;
	int err;

	sg_init_one(&sg, packet, AAD + len + TAG);
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_ad(req, AAD);
	aead_request_set_crypt(req, &sg, &sg, len, iv);
	err = crypto_aead_encrypt(req);
	if (err)
		return err;
	aead_request_set_crypt(req, &sg, &sg, len + TAG, iv);
	return crypto_aead_decrypt(req);
}

/* Instructions of a round, or -errno */
static s64 measure(int (*fn)(struct aead_request *req, unsigned int len),
		   struct aead_request *req, unsigned int len)
{
	int i, err = 0;
	u64 start;

	local_bh_disable();
	start = ktime_get_ns();
	for (i = 0; i < ROUNDS && !err; i++)
		err = fn(req, len);
	start = ktime_get_ns() - start;
	local_bh_enable();
	return err ?: div_u64(start, 2 * ROUNDS);
}

static void report(const char *cipher, struct aead_request *req,
		   int (*fn)(struct aead_request *req, unsigned int len))
{
	s64 value[3];
	int i, j;

	for (i = 0; i < n_sizes; i++) {
		if (sizes[i] < 0 || sizes[i] + OVERHEAD > ROOM)
			continue;
		for (j = 0; j < ARRAY_SIZE(value); j++)
			value[j] = measure(fn, req, sizes[i] + OVERHEAD);
		pr_info("%s %d %lld,%lld,%lld\n", cipher, sizes[i], value[0],
			value[1], value[2]);
	}
}

static int __init aead_init(void)
{
	struct crypto_aead *tfm = crypto_alloc_aead("gcm(aes)", 0, 0);
	struct aead_request *req = NULL;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	packet = kzalloc(AAD + ROOM + TAG, GFP_KERNEL);
	if (packet && !crypto_aead_setkey(tfm, key, sizeof(key)) &&
	    !crypto_aead_setauthsize(tfm, TAG))
		req = aead_request_alloc(tfm, GFP_KERNEL);
	if (req) {
		report("chacha", NULL, chacha);
		report("aes256", req, gcm);
	}
	aead_request_free(req);
	kfree(packet);
	crypto_free_aead(tfm);
	return -ENODEV;
}
module_init(aead_init);

MODULE_DESCRIPTION("Measures AEADs");
MODULE_LICENSE("GPL");
