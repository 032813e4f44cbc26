/* Command line words to option values, from const tables. Private to cli. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "command.h"

/* Options every command takes, before or after its name. */
const struct option_def *global_options(size_t *out_count);

/* Reads options up to the first operand (`stop_at_operand`) or to the end, then "--" ends options.
 * `own` comes before the global table where both have a name. Values are appended to `values`,
 * operands to `operands` (then may be NULL when stopping). *out_used is how many words were read.
 * ERR_USAGE: an unknown option (with the nearest), one given twice, an argument that is missing,
 * not wanted or not one of the choices. Abbreviated names are refused: they change their meaning
 * when an option is added. */
int options_read(int argc, char **argv, const struct command *own, bool stop_at_operand,
		 struct option_values *values, struct strlist *operands, int *out_used,
		 struct err *e) must_check;
/* Exclusive options, and the number of operands. */
int options_check(const struct command *c, const struct option_values *values,
		  const struct strlist *operands, struct err *e) must_check;
const char *option_value(const struct option_values *v, const char *name);
bool option_given(const struct option_values *v, const char *name);
size_t option_times(const struct option_values *v, const char *name);

#endif
