/*
 * A command that prints a secret, for password managers. It is run as root, so nobody
 * else may be able to change the program; its two outputs are kept apart, because what
 * a failing program complains about must not become a key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/secret_value.h"
#include "ops/secrets.h"

#define COMMAND_MS 20000
#define HOME "/root" /* where password managers keep what they need to know */
#define OUTPUT_MAX (SECRET_MAX + 2)
#define ERRORS_MAX ((size_t)4096)
#define SAID_MAX ((size_t)200)

/* Where the program really is. Only that path was checked: what leads there may be a link that
 * somebody else can change. Owned by the caller; NULL: refused. */
static char *find_program(const char *path, struct err *e)
{
	char *real = realpath(path, NULL);

	if (!real) {
		err_set(e, ERR_MANIFEST, "%s: %s", path, strerrordesc_np(errno));
	} else if (fsio_check(real, FSIO_TRUSTED, e)) {
		free(real);
		real = NULL;
	}
	return real;
}

/* What it said, in one line, without what it printed and without what looks like a key. */
static char *complaint(const struct strbuf *errors, const char *printed)
{
	char *line;

	line = mem_strndup(strbuf_str(errors), strcspn(strbuf_str(errors), "\r\n"));
	if (strlen(printed) >= SECRET_FORM_MIN)
		secret_mask(line, printed);
	secret_mask_shapes(line);
	if (strlen(line) > SAID_MAX)
		line[SAID_MAX] = '\0';
	return line;
}

static int judge(const struct strlist *command, int status, struct strbuf *out,
		 const struct strbuf *errors, struct err *e)
{
	size_t len = out->len;

	if (status == 0 && !out->len)
		return err_set(e, ERR_MANIFEST, "command %s printed nothing", command->items[0]);
	if (status == 0) {
		if (secret_value_trim(out->data, &len, e))
			return err_wrap(e, "what command %s printed", command->items[0]);
		out->len = len;
		return 0;
	}
	if (out->len && out->data[out->len - 1] == '\n')
		out->data[out->len - 1] = '\0';
	auto_free char *said = complaint(errors, strbuf_str(out));
	return err_set(e, ERR_MANIFEST, "command %s failed with exit status %d%s%s",
		       command->items[0], status, *said ? ": " : "", said);
}

int secret_from_command(const struct strlist *command, struct secret *out, struct err *e)
{
	auto_strbuf struct strbuf printed = STRBUF_SECRET(OUTPUT_MAX);
	auto_strbuf struct strbuf errors = STRBUF_SECRET(ERRORS_MAX);
	auto_free char *program = find_program(command->items[0], e);
	const struct child_program p = { .argv = (const char *const *)command->items,
					 .path = program,
					 .home = HOME,
					 .timeout_ms = COMMAND_MS,
					 .out = &printed,
					 .errors = &errors };
	int status = 0;

	if (!program)
		return err_wrap(e, "command");
	if (child_run(&p, &status, e))
		return err_wrap(e, "command %s", command->items[0]);
	if (judge(command, status, &printed, &errors, e))
		return err_hint(e,
				"run it as root without an environment to see what it does: "
				"env -i HOME=" HOME " %s ...",
				command->items[0]);
	out->len = printed.len;
	out->text = strbuf_take(&printed);
	return 0;
}
