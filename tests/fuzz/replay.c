/*
 * Feeds files to a fuzz target without a fuzzer, so that every check runs every target over the
 * examples, the recorded cases and the inputs that once failed. Each file is given whole and cut
 * off at several places: what is left when a peer or a disk stops half way. Ends with the lines
 * that the test runner counts; a crash or a sanitizer report is the failure.
 */
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUT (1u << 20)
#define CUTS 16

/* A copy of just the right size lets a sanitizer see the first byte read past the end. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int replay_file(const char *path, uint8_t *buf)
{
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		perror(path);
		return -1;
	}
	size = fread(buf, 1, MAX_INPUT, f);
	fclose(f);
	feed(buf, size);
	for (size_t i = 0; i < CUTS && i < size; i++)
		feed(buf, size * i / CUTS);
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int main(int argc, char **argv)
{
	uint8_t *buf = malloc(MAX_INPUT);
	FTS *fts = argc > 1 ? fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, by_name) : NULL;
	FTSENT *entry;
	int files = 0, errors = 0;

	if (!buf || !fts) {
		fprintf(stderr, "usage: %s FILE or FOLDER...\n", argv[0]);
		free(buf);
		return 2;
	}
	while ((entry = fts_read(fts))) {
		if (entry->fts_info != FTS_F)
			continue;
		files++;
		if (replay_file(entry->fts_path, buf) < 0)
			errors++;
	}
	fts_close(fts);
	free(buf);
	if (errors)
		printf("[  FAILED  ] %d test(s), files not read\n", errors);
	printf("[  PASSED  ] %d test(s).\n", files - errors);
	return errors || !files ? 1 : 0;
}
