/*
 * Any bytes as a seccomp profile, and as a program read from a process: refused, or
 * a profile whose canonical text reads back to the same program, and a program that
 * runs to an end inside its bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/bpf_eval.h"
#include "domain/seccomp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_profile(const char *text, size_t len)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL, *again = NULL;
	auto_free char *first = NULL, *second = NULL;
	struct err e = ERR_INIT;

	if (seccomp_profile_parse(text, len, "input", &p, &e) < 0)
		return;
	first = seccomp_profile_json(p);
	if (seccomp_profile_parse(first, strlen(first), "again", &again, &e) < 0)
		abort();
	second = seccomp_profile_json(again);
	if (strcmp(first, second) != 0)
		abort();
}

static void as_program(const uint8_t *data, size_t size)
{
	size_t count = size / sizeof(struct sock_filter);
	auto_free struct sock_filter *code = mem_array(count + 1, sizeof(*code));
	struct filter_program p = { code, count };
	struct seccomp_data call = { .nr = 1 };
	struct err e = ERR_INIT;

	memcpy(code, data, count * sizeof(*code));
	if (bpf_check(&p, &e) < 0)
		return;
	for (int nr = 0; nr < 64; nr++) {
		call.nr = nr;
		call.args[0] = (uint64_t)nr << nr;
		(void)bpf_stack_run(&p, 1, &call, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);

	if (size > SECCOMP_PROFILE_MAX)
		return 0;
	as_profile(text, strlen(text));
	as_program(data, size);
	return 0;
}
