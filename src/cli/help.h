/* Help texts, made from the table of commands. Private to cli. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/strbuf.h"
#include "command.h"

/* What `tenantctl` without a command prints. */
void help_overview(struct strbuf *out);
void help_command(const struct command *c, struct strbuf *out);
/* "-f, --file FILE" */
void help_option_name(const struct option_def *d, struct strbuf *out);
/* Words of one paragraph, folded, each line behind `indent` blanks; the first line continues at
 * column `at`. */
void help_fold(struct strbuf *out, const char *text, size_t len, size_t indent, size_t at);
/* "tenantctl show [OPTION...] NAME" */
void help_usage(const struct command *c, struct strbuf *out);

/* Every exit status with its meaning, ends with a NULL text. */
struct exit_meaning {
	int status;
	const char *text;
};
const struct exit_meaning *exit_meanings(void);

#endif
