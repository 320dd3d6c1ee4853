// SPDX-License-Identifier: GPL-2.0
/* corpus FILE...: what a fuzz target is linked with in the place of libFuzzer. */
#include <err.h>

#include "fuzz/fuzz.h"

enum { INPUT_MAX = 1 << 20 };

int main(int argc, char **argv)
{
	static __u8 input[INPUT_MAX];
	FILE *file;
	size_t len;
	void *copy;

	if (argc < 2)
		errx(2, "usage: corpus FILE...");
	while (*++argv) {
		file = fopen(*argv, "r");
		if (!file)
			err(1, "%s", *argv);
		len = fread(input, 1, sizeof(input), file);
		if (ferror(file) || len == sizeof(input))
			errx(1, "%s: cannot be read", *argv);
		fclose(file);
		copy = copy_of(input, len);
		fuzz_one(copy, len);
		free(copy);
	}
	return 0;
}
