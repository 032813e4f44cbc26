/* A manifest names a profile; the engine gets its checked, canonical text. */
#include "profiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "ops/ops.h"

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

/* Reading, checking and composing is most of what a plan costs, so it is done once per process, or
 * once per fleet. */
struct profile_cache {
	struct profile **items; /* each stays where it is: callers hold on to it */
	size_t count;
};

static const struct profile *find(const struct profile_cache *cache, const char *name)
{
	for (size_t i = 0; cache && i < cache->count; i++)
		if (strcmp(cache->items[i]->name, name) == 0)
			return cache->items[i];
	return NULL;
}

static const struct profile *keep(struct context *c, const struct profile *p)
{
	struct profile_cache *cache = c->profiles;
	struct profile *copy = mem_alloc(sizeof(*copy));

	if (!cache)
		cache = c->profiles = mem_alloc(sizeof(*cache));
	cache->items = mem_grow(cache->items, cache->count + 1, sizeof(struct profile *));
	*copy = *p;
	cache->items[cache->count++] = copy;
	return copy;
}

int profile_use(struct context *c, const char *name, const struct profile **out, struct err *e)
{
	auto_seccomp_profile struct seccomp_profile *loaded = NULL;
	const struct profile *have = find(c->profiles, name);
	struct profile p = { 0 };

	if (!have) {
		if (profile_load(name, &loaded, e) || seccomp_compose(loaded, &p.program, e))
			return -1;
		p.name = mem_strdup(name);
		p.text = seccomp_profile_json(loaded);
		have = keep(c, &p);
	}
	*out = have;
	return 0;
}

void profiles_warm(struct context *c)
{
	const struct profile *ignored;
	struct err e = ERR_INIT;

	/* Whoever needs a profile that cannot be used is told then. */
	for (const char *const *name = seccomp_builtin_names(); *name; name++)
		if (profile_use(c, *name, &ignored, &e))
			err_clear(&e);
}

void profile_cache_free(struct profile_cache *cache)
{
	for (size_t i = 0; cache && i < cache->count; i++) {
		free(cache->items[i]->name);
		free(cache->items[i]->text);
		seccomp_program_free(&cache->items[i]->program);
		free(cache->items[i]);
	}
	if (cache)
		free(cache->items);
	free(cache);
}
