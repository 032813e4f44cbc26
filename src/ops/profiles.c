/* A manifest names a profile; the engine gets its checked, canonical text. */
#include "profiles.h"

#include "base/fsio.h"
#include "base/mem.h"

int profile_load(const char *name, struct seccomp_profile **out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	if (name[0] != '/')
		return seccomp_profile_builtin(name, out, e);
	if (fsio_read(name, FSIO_TRUSTED, SECCOMP_PROFILE_MAX, &text, &len, e))
		return err_wrap(e, "seccomp profile");
	return seccomp_profile_parse(text, len, name, out, e);
}

int profile_text(const char *name, char **out, struct err *e)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;

	if (profile_load(name, &p, e))
		return -1;
	*out = seccomp_profile_json(p);
	return 0;
}
