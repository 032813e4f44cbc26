/*
 * Every entry is reached from its parent's descriptor and changed without following
 * it. fchownat(2) clears set-user-ID bits, so a handed-over program gains nothing.
 */
#include "chown_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"

#define DEPTH_MAX 512 /* one descriptor a level: below the usual RLIMIT_NOFILE */

static int chown_entry(int dirfd, const char *name, uid_t uid, unsigned depth, struct err *e);

static int chown_children(int fd, uid_t uid, unsigned depth, struct err *e)
{
	DIR *dir = fdopendir(fd); /* owns fd from here */
	struct dirent *entry;
	int rc = 0;

	if (!dir) {
		rc = err_sys(e, errno, "read a directory of the workspace");
		close(fd);
		return rc;
	}
	while (!rc && (errno = 0, entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		rc = chown_entry(dirfd(dir), entry->d_name, uid, depth + 1, e);
	}
	closedir(dir);
	return rc;
}

static int chown_entry(int dirfd, const char *name, uid_t uid, unsigned depth, struct err *e)
{
	struct stat st;
	int fd;

	if (depth > DEPTH_MAX)
		return err_set(e, ERR_REFUSED, "workspace is nested deeper than %d levels",
			       DEPTH_MAX);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, errno, "look at '%s' in the workspace", name);
	/* A folder comes after what is in it: the owner of the top says that all is done. */
	if (S_ISDIR(st.st_mode) &&
	    (fsio_open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, &fd, e) ||
	     chown_children(fd, uid, depth, e)))
		return -1;
	if (fchownat(dirfd, name, uid, uid, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, errno, "change the owner of '%s' in the workspace", name);
	return 0;
}

int chown_tree(int dirfd, const char *name, uid_t uid, struct err *e)
{
	return chown_entry(dirfd, name, uid, 0, e);
}
