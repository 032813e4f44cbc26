/*
 * Included before every file that the analyzer reads, but not by any build. It sees one file at a
 * time, so without this it follows paths on which a failed call returns 0 and its outputs are used.
 */
#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_wrap(...) (err_wrap(__VA_ARGS__), -1)
#define err_hint(...) (err_hint(__VA_ARGS__), -1)
