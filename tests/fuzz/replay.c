/*
 * Runs a fuzz target over files instead of a fuzzer's inputs, so that corpora and
 * past findings are replayed by any compiler and under valgrind.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = f ? malloc(INPUT_MAX) : NULL;

	if (!data) {
		perror(path);
		if (f)
			fclose(f);
		return -1;
	}
	size_t size = fread(data, 1, INPUT_MAX, f);
	int failed = ferror(f);
	fclose(f);
	if (failed)
		perror(path);
	else
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return failed ? -1 : 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]) < 0;
	if (!failed)
		printf("%d inputs replayed\n", argc - 1);
	return failed;
}
