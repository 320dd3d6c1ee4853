// SPDX-License-Identifier: GPL-2.0
#include "ciphers.h"

__u16 ciphers_offered(const struct config *config)
{
	__u16 offered = 0;
	unsigned int i;

	for (i = 0; i < config->ciphers; i++)
		offered |= 1 << config->cipher[i];
	return offered;
}

__u16 ciphers_choose(const struct config *config, __u16 offered)
{
	unsigned int i;

	for (i = 0; i < config->ciphers; i++)
		if (offered & 1 << config->cipher[i])
			return 1 << config->cipher[i];
	return 0;
}

__u8 ciphers_only(__u16 chosen)
{
	__u8 cipher = 0;

	while (chosen >>= 1)
		cipher++;
	return cipher;
}
