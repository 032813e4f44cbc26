/* Readers of small files below a root descriptor. Private to the probe of the host. */
#ifndef PROBE_HOST_READ_H
#define PROBE_HOST_READ_H

#include "probe/host.h"

enum { HOST_SMALL_MAX = 64 * 1024, HOST_FILE_MAX = 1024 * 1024 };

/* The file's text up to the last line's end, or NULL with *out_errno (may be NULL). `path` is
 * relative to root. */
char *host_read(int root, const char *path, size_t max, int *out_errno) must_check;
/* Calls fn for each line of `text`, which is cut up. */
void host_lines(char *text, void (*fn)(char *line, void *arg), void *arg);
/* `path` without its leading slashes; "." for the root itself. */
const char *host_relative(const char *path);

void host_read_kernel(const struct host_request *r, struct host_facts *out);
void host_read_modules(const struct host_request *r, struct host_facts *out);
void host_read_places(const struct host_request *r, struct host_facts *out);
void host_read_engine(const struct host_request *r, struct host_facts *out);

#endif
