/* Evidence packs of verify: writing one, and checking one from anywhere. Private to cli. */
#ifndef CLI_VERIFY_PACK_H
#define CLI_VERIFY_PACK_H

#include "command.h"

/* --pack, --sign, --check-pack and --public-key go together as they should. */
int verify_pack_options(const struct invocation *inv, struct err *e) must_check;
/* Writes the file of --pack about `r`, which is recorded already. */
int verify_pack(struct invocation *inv, const struct verify_result *r, struct err *e) must_check;
/* Checks the file of --check-pack; ERR_CHECK when it is not as it was written. */
int verify_check_pack(struct invocation *inv, struct err *e) must_check;

#endif
