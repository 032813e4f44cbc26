/* Completion scripts for shells, made from the table of commands. Private to cli. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/strbuf.h"

void completion_bash(struct strbuf *out);
void completion_zsh(struct strbuf *out);
void completion_fish(struct strbuf *out);

#endif
