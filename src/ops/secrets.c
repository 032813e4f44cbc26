/*
 * The files. They are read whole, once, through a descriptor that was judged; written
 * beside and renamed. Encrypted ones are bound to tenant and key by the name they were
 * sealed with, so that one cannot be put in another's place.
 */
#include "ops/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "domain/secret_value.h"

#define MODE_FOLDER 0700
#define MODE_SECRET 0600
#define FILE_MAX (SECRET_MAX + 2) /* and a newline */
#define CREDS "/usr/bin/systemd-creds"
#define CREDS_MAX ((size_t)32768) /* a sealed secret, as base64 */
#define CREDS_MS 20000
#define SAID_MAX 200

void secret_free(struct secret *s)
{
	mem_wipe_free(s->text, s->len);
	*s = (struct secret){ 0 };
}

static char *plain_path(const char *root, const char *tenant, const char *key)
{
	auto_free char *dir = path_of(root, PATH_TENANT_SECRETS, tenant);

	return mem_printf("%s/%s", dir, key);
}

static char *sealed_path(const char *root, const char *tenant, const char *key)
{
	auto_free char *plain = plain_path(root, tenant, key);

	return mem_printf("%s.cred", plain);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool secret_is_encrypted(const char *root, const char *tenant, const char *key)
{
	auto_free char *sealed = sealed_path(root, tenant, key);

	return is_there(sealed);
}

bool secret_exists(const char *root, const char *tenant, const char *key)
{
	auto_free char *plain = plain_path(root, tenant, key);

	return is_there(plain) || secret_is_encrypted(root, tenant, key);
}

/* The first line of what a program wrote, with nothing in it that looks like a key. */
static char *first_line(const struct strbuf *said)
{
	char *line = mem_strndup(strbuf_str(said),
				 MIN_OF(strcspn(strbuf_str(said), "\r\n"), (size_t)SAID_MAX));

	secret_mask_shapes(line);
	return line;
}

/* `input` through systemd-creds; `out` is wiped by its owner. */
static int creds(const char *verb, const char *tenant, const char *key, const struct secret *input,
		 struct strbuf *out, struct err *e)
{
	auto_free char *name = mem_printf("--name=tenantctl.%s.%s", tenant, key);
	const char *const argv[] = { CREDS, verb, name, "-", "-", NULL };
	auto_strbuf struct strbuf errors = STRBUF_SECRET(4096);
	const struct child_program p = { .argv = argv,
					 .input = input->text,
					 .input_len = input->len,
					 .timeout_ms = CREDS_MS,
					 .out = out,
					 .errors = &errors };
	int status = 0;

	if (child_run(&p, &status, e))
		return err_wrap(e, CREDS " %s", verb);
	if (status == 0)
		return 0;
	auto_free char *line = first_line(&errors);
	err_set(e, ERR_MANIFEST, CREDS " %s: exit status %d%s%s", verb, status, *line ? ": " : "",
		line);
	return err_hint(e, "systemd 250 or newer has systemd-creds; what it sealed opens on the "
			   "same machine only");
}

static int open_sealed(const char *path, const char *tenant, const char *key, struct secret *out,
		       struct err *e)
{
	auto_strbuf struct strbuf opened = STRBUF_SECRET(FILE_MAX);
	struct secret sealed auto_secret = { 0 };

	if (fsio_read(path, FSIO_TRUSTED_SECRET, CREDS_MAX, &sealed.text, &sealed.len, e))
		return -1;
	if (creds("decrypt", tenant, key, &sealed, &opened, e))
		return err_wrap(e, "%s", path);
	out->len = opened.len;
	out->text = strbuf_take(&opened);
	return 0;
}

int secret_read(const char *root, const char *tenant, const char *key, struct secret *out,
		struct err *e)
{
	auto_free char *plain = plain_path(root, tenant, key);
	auto_free char *sealed = sealed_path(root, tenant, key);
	struct secret s auto_secret = { 0 };

	if (is_there(sealed) && is_there(plain)) {
		err_set(e, ERR_MANIFEST, "%s and %s are both there", plain, sealed);
		return err_hint(e, "remove the one that is out of date");
	}
	if (is_there(sealed) ? open_sealed(sealed, tenant, key, &s, e)
			     : fsio_read(plain, FSIO_TRUSTED_SECRET, FILE_MAX, &s.text, &s.len, e))
		return -1;
	if (secret_value_trim(s.text, &s.len, e)) {
		err_wrap(e, "%s: the secret", is_there(sealed) ? sealed : plain);
		return err_hint(e, "tenantctl secret set %s %s", tenant, key);
	}
	*out = s;
	s = (struct secret){ 0 };
	return 0;
}

static int make_folder(const char *root, const char *tenant, const char *path, struct err *e)
{
	auto_free char *dir = path_of(root, PATH_TENANT_SECRETS, tenant);

	/* what is stored where others can change it would be refused when it is needed */
	return fsio_mkdirs(dir, MODE_FOLDER, e) || fsio_check(path, FSIO_ANY, e) ? -1 : 0;
}

/* Two that set the same key at once must not take each other's half-written file for a left one.
 * Waits for no longer than a file takes to be written. */
static int lock_folder(const char *root, const char *tenant, int *out_fd, struct err *e)
{
	auto_free char *dir = path_of(root, PATH_TENANT_SECRETS, tenant);
	auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "%s", dir);
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return err_sys(e, errno, "lock %s", dir);
	*out_fd = fd;
	fd = -1;
	return 0;
}

int secret_write(const char *root, const char *tenant, const char *key, const struct secret *text,
		 bool encrypt, struct err *e)
{
	auto_free char *plain = plain_path(root, tenant, key);
	auto_free char *sealed = sealed_path(root, tenant, key);
	const char *path = encrypt ? sealed : plain, *other = encrypt ? plain : sealed;
	auto_strbuf struct strbuf made = STRBUF_INIT(CREDS_MAX);
	auto_fd int lock = -1;

	if (make_folder(root, tenant, plain, e) ||
	    (encrypt && creds("encrypt", tenant, key, text, &made, e)) ||
	    lock_folder(root, tenant, &lock, e))
		return -1;
	return fsio_write(path, encrypt ? strbuf_str(&made) : text->text,
			  encrypt ? made.len : text->len, MODE_SECRET, 0, 0, e) ||
			       fsio_unlink_left(path, e) || fsio_unlink_all(other, e)
		       ? -1
		       : 0;
}

int secret_remove(const char *root, const char *tenant, const char *key, struct err *e)
{
	auto_free char *plain = plain_path(root, tenant, key);
	auto_free char *sealed = sealed_path(root, tenant, key);
	auto_fd int lock = -1;

	if (lock_folder(root, tenant, &lock, e)) {
		if (e->sys_errno != ENOENT)
			return -1;
		err_clear(e);
		return 0;
	}
	return fsio_unlink_all(plain, e) || fsio_unlink_all(sealed, e) ? -1 : 0;
}
