/* See set.h. The folders hold plain files only, so a name never leads elsewhere. */
#include "set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"

#define HEX "0123456789abcdef"
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* A FIFO without a writer must not hold the opener, nor a device do anything. */
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* ---- the file `generation` ----------------------------------------------------------------- */

static bool take_hex(const char **at, size_t len, char *out)
{
	if (strspn(*at, HEX) < len)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len;
	return true;
}

bool set_id_parse(const char *text, size_t len, struct set_id *out)
{
	enum { TOTAL = SET_ID + 2 * (1 + SET_DIGEST) + 1 };
	char line[TOTAL + 1];
	const char *at = line;
	bool valid;

	*out = (struct set_id){ 0 };
	if (len != TOTAL || memchr(text, '\0', len))
		return false;
	memcpy(line, text, len);
	line[len] = '\0';
	valid = take_hex(&at, SET_DIGEST, out->id) && *at++ == '-' &&
		take_hex(&at, 8, out->id + SET_DIGEST + 1) && *at++ == ' ' &&
		take_hex(&at, SET_DIGEST, out->haproxy) && *at++ == ' ' &&
		take_hex(&at, SET_DIGEST, out->dnsmasq) && *at == '\n';
	if (valid)
		out->id[SET_DIGEST] = '-';
	else
		*out = (struct set_id){ 0 };
	return valid;
}

enum set_choice set_choose(const char *next, const char *running, const char *replaced)
{
	if (!next)
		return SET_TAKE_SET;
	if (*next && strcmp(next, running) == 0)
		return SET_KEEP;
	return *next && strcmp(next, replaced) == 0 ? SET_TAKE_SET : SET_TAKE_NEXT;
}

/* ---- files --------------------------------------------------------------------------------- */

bool set_name_is_valid(const char *name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	size_t len = strlen(name);

	return len > 0 && len <= 100 && strspn(name, chars) == len && *name != '.' && *name != '-';
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The whole of a plain file, or NULL with *out_why; the size is what was read, not what was said.
 */
static char *load_at(int dir, const char *name, size_t max, size_t *out_len, const char **out_why)
{
	int fd = openat(dir, name, FILE_FLAGS);
	char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	*out_why = "cannot be opened";
	if (fd < 0)
		return NULL;
	*out_why = "no plain file";
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*out_why = "too large";
		if (st.st_size >= 0 && (size_t)st.st_size <= max)
			text = malloc((size_t)st.st_size + 2);
	}
	while (text && len <= (size_t)st.st_size && n != 0) {
		n = read(fd, text + len, (size_t)st.st_size + 1 - len);
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (text && (n < 0 || len > (size_t)st.st_size)) {
		*out_why = "changes while it is read";
		explicit_bzero(text, len);
		free(text);
		return NULL;
	}
	*out_len = len;
	return text;
}

char *set_load(const char *folder, const char *name, size_t max, size_t *out_len)
{
	int dir = open(folder, FOLDER_FLAGS);
	const char *ignored;
	char *text = NULL;

	if (dir >= 0) {
		text = load_at(dir, name, max, out_len, &ignored);
		close(dir);
	}
	return text;
}

static bool write_at(int dir, const char *name, int flags, const char *text, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	bool done = fd >= 0 && write_all(fd, text, len);

	if (fd >= 0 && close(fd) < 0)
		done = false;
	return done;
}

bool set_store(const char *folder, const char *name, const char *text, size_t len)
{
	int dir = open(folder, FOLDER_FLAGS);
	char temp[112];
	bool done = false;

	if (dir < 0)
		return false;
	snprintf(temp, sizeof(temp), ".%s.tmp", name);
	(void)unlinkat(dir, temp, 0); /* left by one that died, or not there */
	if (write_at(dir, temp, O_EXCL, text, len) && renameat(dir, temp, dir, name) == 0)
		done = true;
	close(dir);
	return done;
}

/* ---- copies -------------------------------------------------------------------------------- */

static bool copy_file(int from, int to, const char *name, size_t *total, char why[SET_ERROR])
{
	const char *problem;
	size_t len = 0;
	char *text = load_at(from, name, SET_FILE_MAX, &len, &problem);
	bool done = text && *total + len <= SET_ALL_MAX;

	if (text && !done)
		problem = "the files are too large together";
	*total += len;
	if (done && !write_at(to, name, O_EXCL, text, len)) {
		problem = "cannot be copied";
		done = false;
	}
	if (!done)
		snprintf(why, SET_ERROR, "%s: %s", name, problem);
	if (text) {
		explicit_bzero(text, len);
		free(text);
	}
	return done;
}

static bool copy_entries(DIR *list, int to, char why[SET_ERROR])
{
	size_t count = 0, total = 0;
	struct dirent *d;

	while ((errno = 0, d = readdir(list))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (!set_name_is_valid(d->d_name)) {
			snprintf(why, SET_ERROR, "a file with a name that is not allowed");
			return false;
		}
		if (++count > SET_FILES) {
			snprintf(why, SET_ERROR, "more than %d files", SET_FILES);
			return false;
		}
		if (!copy_file(dirfd(list), to, d->d_name, &total, why))
			return false;
	}
	if (errno)
		snprintf(why, SET_ERROR, "the folder cannot be read: %s", strerror(errno));
	return !errno;
}

bool set_copy(const char *from, const char *to, char why[SET_ERROR])
{
	int source = open(from, FOLDER_FLAGS), target = -1;
	DIR *list = source >= 0 ? fdopendir(source) : NULL;
	bool done = false;

	set_remove(to);
	if (!list) {
		snprintf(why, SET_ERROR, "%s: %s", from, strerror(errno));
		if (source >= 0)
			close(source);
		return false;
	}
	if (mkdir(to, 0700) == 0)
		target = open(to, FOLDER_FLAGS);
	if (target < 0)
		snprintf(why, SET_ERROR, "%s: %s", to, strerror(errno));
	else
		done = copy_entries(list, target, why);
	if (target >= 0)
		close(target);
	closedir(list);
	if (!done)
		set_remove(to);
	return done;
}

void set_remove(const char *folder)
{
	int fd = open(folder, FOLDER_FLAGS);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;

	while (list && (d = readdir(list)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			(void)unlinkat(fd, d->d_name, 0);
	if (list)
		closedir(list);
	else if (fd >= 0)
		close(fd);
	(void)rmdir(folder);
}

/* ---- comparison ---------------------------------------------------------------------------- */

bool set_same_file(const char *a, const char *b, const char *name)
{
	size_t alen = 0, blen = 0;
	char *atext = set_load(a, name, SET_FILE_MAX, &alen);
	char *btext = set_load(b, name, SET_FILE_MAX, &blen);
	bool same = atext && btext && alen == blen && memcmp(atext, btext, alen) == 0;

	if (atext)
		explicit_bzero(atext, alen);
	if (btext)
		explicit_bzero(btext, blen);
	free(atext);
	free(btext);
	return same;
}

/* Files that do not shape a running HAProxy, or not for good. */
static bool is_aside(const char *name)
{
	static const char *const aside[] = { "keys", "echo", "generation", "hosts",
					     "dnsmasq.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(aside); i++)
		if (strcmp(name, aside[i]) == 0)
			return true;
	return name[0] == '.';
}

/* Whether all of `a` is in `b`, with the same bytes. */
static bool is_contained(const char *a, const char *b)
{
	int fd = open(a, FOLDER_FLAGS);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	bool same = list != NULL;
	struct dirent *d;

	while (same && (d = readdir(list)))
		if (!is_aside(d->d_name))
			same = set_same_file(a, b, d->d_name);
	if (list)
		closedir(list);
	else if (fd >= 0)
		close(fd);
	return same;
}

bool set_same_haproxy(const char *a, const char *b)
{
	return is_contained(a, b) && is_contained(b, a);
}

/* ---- what gateway-init reads --------------------------------------------------------------- */

/* Each line "ID VALUE": what HAProxy would say about another could quote it. */
static bool keys_are_valid(const char *text, size_t len)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : 0, id = 0;

		while (id < line && text[id] && strchr(chars, text[id]))
			id++;
		if (!end || id == 0 || id + 1 >= line || text[id] != ' ' || text[id + 1] == ' ')
			return false;
		for (size_t i = id; i < line; i++)
			if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
				return false;
		text += line + 1;
		len -= line + 1;
	}
	return true;
}

static bool check_keys(const char *folder, char why[SET_ERROR])
{
	size_t len = 0;
	char *keys = set_load(folder, "keys", SET_FILE_MAX, &len);
	bool valid = keys && keys_are_valid(keys, len);

	if (!valid)
		snprintf(why, SET_ERROR, "keys: not lines of a name and a value");
	if (keys)
		explicit_bzero(keys, len);
	free(keys);
	return valid;
}

bool set_read(const char *folder, struct set_id *out_id, struct rules *out_rules,
	      char why[SET_ERROR])
{
	static const char *const wanted[] = { "haproxy.cfg", "dnsmasq.conf", "hosts",	  "rules",
					      "keys",	     "echo",	     "generation" };
	const char *problem;
	size_t len = 0, line;
	char path[64], *text;
	bool done;

	text = set_load(folder, "generation", 256, &len);
	done = text && set_id_parse(text, len, out_id);
	free(text);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, wanted[i]);
		if (access(path, R_OK) < 0) {
			snprintf(why, SET_ERROR, "%s: not in the set", wanted[i]);
			return false;
		}
	}
	if (!done) {
		snprintf(why, SET_ERROR, "generation: not a line of an id and two digests");
		return false;
	}
	if (!check_keys(folder, why))
		return false;
	text = set_load(folder, "rules", SET_FILE_MAX, &len);
	problem = "cannot be read";
	line = 0;
	done = text && rules_parse(text, len, out_rules, &problem, &line);
	if (!done)
		snprintf(why, SET_ERROR, "rules: line %zu: %s", line, problem);
	free(text);
	return done;
}
