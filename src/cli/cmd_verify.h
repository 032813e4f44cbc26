/* Parts of the command verify. Private to cli. */
#ifndef CLI_CMD_VERIFY_H
#define CLI_CMD_VERIFY_H

#include "command.h"

/* --what-can-it-reach. ERR_CHECK when something answered that nothing allows. */
int verify_reach(struct invocation *inv, const struct strlist *tenants, struct err *e) must_check;

#endif
