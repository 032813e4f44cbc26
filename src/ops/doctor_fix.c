/*
 * The changes that doctor makes: each is checked against what was shown before it is
 * made, so that nobody's newer setting is overwritten.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "ops/doctor.h"
#include "probe/host.h"

#define SYSCTL_FOLDER "/etc/sysctl.d"
#define SYSCTL_FILE SYSCTL_FOLDER "/60-tenantctl.conf"
#define FILE_BYTES_MAX ((size_t)64 * 1024)

char *doctor_sysctl_path(const struct context *c)
{
	return mem_printf("%s" SYSCTL_FILE, c->root);
}

static int set_sysctl(const struct doctor_fix *f, struct err *e)
{
	auto_free char *relative = host_sysctl_path(f->target);
	auto_free char *path = mem_printf("/%s", relative);
	char now[64];
	auto_fd int fd = -1;

	if (fsio_read_at(AT_FDCWD, path, now, sizeof(now), e) < 0)
		return -1;
	now[strcspn(now, "\n")] = '\0';
	if (strcmp(now, f->after) == 0)
		return 0;
	if (strcmp(now, f->before) != 0)
		return err_set(e, ERR_CONFLICT, "%s is %s now, no longer %s", f->target, now,
			       f->before);
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsio_write_fd(fd, f->after, strlen(f->after)) < 0)
		return err_sys(e, errno, "%s", path);
	return 0;
}

static int set_mode(const struct doctor_fix *f, struct err *e)
{
	struct stat st;
	char now[8];
	auto_fd int fd = open(f->target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", f->target);
	snprintf(now, sizeof(now), "%04o", (unsigned)(st.st_mode & 07777));
	if (strcmp(now, f->after) == 0)
		return 0;
	if (st.st_uid != 0 || strcmp(now, f->before) != 0)
		return err_set(e, ERR_CONFLICT, "%s changed meanwhile", f->target);
	if (fchmod(fd, f->mode) < 0)
		return err_sys(e, errno, "%s", f->target);
	return 0;
}

/* All sysctls at once: they are in force already, and a file with half of them would not be wrong,
 * but would have to be explained. */
static int keep_sysctls(const struct context *c, const struct doctor_fixes *fixes, struct err *e)
{
	auto_free char *folder = mem_printf("%s" SYSCTL_FOLDER, c->root);
	auto_free char *path = doctor_sysctl_path(c);
	auto_free char *old = NULL;
	struct strbuf text auto_strbuf = STRBUF_INIT(FILE_BYTES_MAX);
	bool any = false;
	size_t len;

	for (size_t i = 0; i < fixes->count; i++)
		any = any || fixes->items[i].kind == FIX_SYSCTL;
	if (!any)
		return 0;
	if (fsio_read(path, FSIO_TRUSTED, FILE_BYTES_MAX, &old, &len, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
	}
	doctor_sysctl_file(old, fixes, &text);
	if (text.overflow)
		return err_set(e, ERR_REFUSED, "%s is too long", path);
	if (fsio_mkdirs(folder, 0755, e))
		return -1;
	return fsio_write(path, strbuf_str(&text), text.len, 0644, (uid_t)-1, (gid_t)-1, e);
}

static int partly(struct err *e, size_t done)
{
	if (done > 0)
		e->code = ERR_PARTIAL;
	return err_hint(e, "run 'tenantctl doctor --fix' again: it makes what is missing");
}

int ops_doctor_fix(const struct context *c, const struct doctor_fixes *fixes,
		   void (*done)(void *arg, const struct doctor_fix *f), void *arg, struct err *e)
{
	for (size_t i = 0; i < fixes->count; i++) {
		const struct doctor_fix *f = &fixes->items[i];

		if (f->kind == FIX_SYSCTL ? set_sysctl(f, e) : set_mode(f, e))
			return partly(e, i);
		if (done)
			done(arg, f);
	}
	return keep_sysctls(c, fixes, e) ? partly(e, fixes->count) : 0;
}
