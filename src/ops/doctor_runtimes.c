/*
 * Which release a runtime is, where the engine does not pass it on: the program is asked.
 * The engine runs it as root for every container, and only one that nobody but root can
 * have put there is run here, with an empty environment and bounded time and output.
 */
#include "doctor_gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"

#define VERSION_TIMEOUT_MS 5000
#define VERSION_BYTES_MAX 4096

/* Programs of shims, which the engine knows by a type only. */
static const struct {
	const char *word, *program;
} families[] = { { "runsc", "runsc" }, { "kata", "containerd-shim-kata-v2" } };

static const char *program_of(const struct engine_runtime *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strstr(r->name, families[i].word) || strstr(r->path, families[i].word) ||
		    strstr(r->type, families[i].word))
			return r->path[0] ? r->path : families[i].program;
	return NULL;
}

/* What really runs, or NULL. Only the path without links was checked. */
static char *trusted(const char *path)
{
	char *real = realpath(path, NULL);
	struct err ignored = ERR_INIT;

	if (real && fsio_check(real, FSIO_TRUSTED, &ignored)) {
		free(real);
		return NULL;
	}
	return real;
}

static char *find(const char *program)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin" };

	if (program[0] == '/')
		return trusted(program);
	for (size_t i = 0; !strchr(program, '/') && i < ARRAY_SIZE(folders); i++) {
		auto_free char *path = mem_printf("%s/%s", folders[i], program);
		char *real = trusted(path);

		if (real)
			return real;
	}
	return NULL;
}

static char *ask(const char *program)
{
	struct strbuf out auto_strbuf = STRBUF_INIT(VERSION_BYTES_MAX);
	struct strbuf errors auto_strbuf = STRBUF_INIT(VERSION_BYTES_MAX);
	auto_free char *real = find(program);
	const char *const argv[] = { program, "--version", NULL };
	const struct child_program p = { .argv = argv,
					 .path = real,
					 .timeout_ms = VERSION_TIMEOUT_MS,
					 .out = &out,
					 .errors = &errors };
	struct err ignored = ERR_INIT;
	int status = -1;

	if (!real || child_run(&p, &status, &ignored) || status != 0 || out.len == 0)
		return NULL;
	return strbuf_take(&out);
}

void doctor_runtime_versions(struct engine_info *engine)
{
	struct engine_runtime *r = engine->runtime_details.items;

	for (size_t i = 0; i < engine->runtime_details.count; i++) {
		const char *program = program_of(&r[i]);

		if (program && !r[i].version)
			r[i].version = ask(program);
	}
}
