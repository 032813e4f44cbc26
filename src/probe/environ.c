/*
 * The environment of a worker is where keys are most often found by mistake. What is
 * read here may be such a key, so it lives in one buffer only and is wiped after use.
 */
#include "environ.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { USUAL_BYTES = 8192, ENVIRON_MAX = 128 * 1024, NAMES_MAX = 64, NAME_LENGTH = 256 };

static size_t read_environ(int pid_dir, char *buf, size_t size)
{
	size_t len = 0;
	auto_fd int fd = openat(pid_dir, "environ", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	while (fd >= 0 && len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

/* Hexadecimal, or nothing. */
static void note_config(const char *value, struct process_facts *out)
{
	size_t len = strspn(value, "0123456789abcdef");

	if (len < sizeof(out->gateway_config) && value[len] == '\0')
		memcpy(out->gateway_config, value, len + 1);
}

static void look_at(char *entry, const char *(*shape)(const char *, const char *),
		    struct process_facts *out)
{
	char *value = strchr(entry, '=');

	if (!value || value - entry > NAME_LENGTH)
		return;
	*value = '\0';
	if (!strcmp(entry, "GATEWAY_CONFIG"))
		note_config(value + 1, out);
	if (shape && out->secret_variables.count < NAMES_MAX && shape(entry, value + 1))
		strlist_add(&out->secret_variables, entry);
}

void environ_look(int pid_dir, const char *(*shape)(const char *name, const char *value),
		  struct process_facts *out)
{
	size_t len, size = USUAL_BYTES;
	char *buf = mem_alloc(size + 1);

	len = read_environ(pid_dir, buf, size);
	if (len == size) {
		mem_wipe_free(buf, len);
		size = ENVIRON_MAX;
		buf = mem_alloc(size + 1);
		len = read_environ(pid_dir, buf, size);
	}
	for (size_t at = 0; at < len;) {
		size_t n = strlen(buf + at); /* the buffer ends with a zero of its own */

		look_at(buf + at, shape, out);
		at += n + 1;
	}
	mem_wipe_free(buf, len);
}
