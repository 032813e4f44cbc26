/*
 * The gateway's configuration is changed while it runs, so it is followed the whole way:
 * what is ordered lies on the host, what lies there is what the gateway says it took,
 * and what it took is what the kernel says its programs were started with. And the keys
 * beside it are where only root and the gateway can read them.
 */
#include "checks_judges.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/digest.h"
#include "base/mem.h"
#include "domain/gateway.h"
#include "domain/gateway_files.h"
#include "judge.h"

enum { SHORT_DIGEST = 16, OLDER_MAX = 4 };

static const char *const made_files[] = { GATEWAY_FILE_ECHO, GATEWAY_FILE_GENERATION,
					  GATEWAY_FILE_KEYS };

static bool have_files(const struct check_input *in, struct finding *f)
{
	if (in->facts && !in->facts->gateway_files.error[0] &&
	    in->facts->gateway_files.member_count > 0)
		return true;
	judge_unknown(f, "the gateway's files could not be looked at: %s",
		      !in->facts			  ? "nothing was measured"
		      : in->facts->gateway_files.error[0] ? in->facts->gateway_files.error
							  : "there are none");
	return false;
}

static const struct file_facts *member(const struct gateway_files_facts *g, const char *name)
{
	for (size_t i = 0; i < g->member_count; i++)
		if (!strcmp(g->members[i].path, name))
			return &g->members[i];
	return NULL;
}

/* ---- what lies on the host ---- */

static bool is_made(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(made_files); i++)
		if (!strcmp(name, made_files[i]))
			return true;
	return false;
}

static void complain_members(struct complaints *c, const struct check_input *in,
			     const struct gateway_files_facts *g)
{
	const struct strmap *ordered = &in->desired->gateway_files;

	for (size_t i = 0; i < ordered->count; i++) {
		const char *text = ordered->entries[i].value;
		const struct file_facts *m = member(g, ordered->entries[i].key);
		char digest[DIGEST_HEX_SIZE];

		digest_of(text, strlen(text), digest);
		if (!m)
			complain(c, "%s is missing", ordered->entries[i].key);
		else if (strcmp(m->digest, digest) != 0)
			complain(c, "%s is not what the manifest orders", ordered->entries[i].key);
	}
	for (size_t i = 0; i < ARRAY_SIZE(made_files); i++)
		if (!member(g, made_files[i]))
			complain(c, "%s is missing", made_files[i]);
	for (size_t i = 0; i < g->member_count; i++)
		if (!is_made(g->members[i].path) && !strmap_get(ordered, g->members[i].path))
			complain(c, "%.60s does not belong there", g->members[i].path);
}

static void complain_keys(struct complaints *c, const struct check_input *in,
			  const struct strlist *ids)
{
	const struct credential_entry *cred = in->spec->credentials.items;
	struct strlist ordered auto_strlist = { 0 };

	for (size_t i = 0; i < in->spec->credentials.count; i++)
		for (size_t k = 0; k < cred[i].inject.count; k++)
			strlist_addf(&ordered, "%s.%zu", cred[i].name, k);
	for (size_t i = 0; i < ordered.count; i++)
		if (!strlist_has(ids, ordered.items[i]))
			complain(c, "there is no key %s", ordered.items[i]);
	for (size_t i = 0; i < ids->count; i++)
		if (!strlist_has(&ordered, ids->items[i]))
			complain(c, "there is a key that no credential uses");
}

/* "0123456789abcdef-01234567 HAPROXY DNSMASQ": all but the second number follows from what is
 * ordered. */
static void complain_generation(struct complaints *c, const struct check_input *in,
				const char *generation)
{
	const char *dash = strchr(generation, '-');
	char salt[GENERATION_SALT_SIZE] = "";
	auto_free char *ordered = NULL;

	if (dash && strspn(dash + 1, "0123456789abcdef") == sizeof(salt) - 1)
		memcpy(salt, dash + 1, sizeof(salt) - 1);
	ordered = gateway_generation_line(&in->desired->gateway_files, salt);
	if (!salt[0] || strcmp(generation, ordered) != 0)
		complain(c, "the generation is not that of the ordered files");
}

/* After the tmpfs was mounted anew, a gateway that was not restarted sees the old one. */
static void complain_view(struct complaints *c, const struct tenant_facts *t)
{
	const struct proc_mount *m = mount_at(&t->gateway_mounts, "/etc/gateway");

	for (size_t i = 0; m && i < t->gateway_files.place_count; i++) {
		const struct file_facts *p = &t->gateway_files.places[i];

		if (p->role == FILE_FILES && p->sys_errno == 0 &&
		    makedev(m->major, m->minor) != p->dev)
			complain(c, "the gateway sees another folder than %s", p->path);
	}
}

void judge_gateway_files(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct gateway_files_facts *g;

	judge_expect(f,
		     "the set of %zu files that the manifest orders, a key for each use, and no "
		     "candidate left beside it",
		     in->desired->gateway_files.count + ARRAY_SIZE(made_files));
	if (!have_files(in, f))
		return;
	g = &in->facts->gateway_files;
	complain_members(&c, in, g);
	complain_keys(&c, in, &g->key_ids);
	complain_generation(&c, in, g->generation);
	complain_view(&c, in->facts);
	for (size_t i = 0; i < g->leftovers.count; i++)
		complain(&c, "%s was left", g->leftovers.items[i]);
	judge_evidence(f, "%zu files on the gateway's tmpfs, by SHA-256", g->member_count);
	judge_complaints(f, &c, "%zu files, generation %.25s", g->member_count, g->generation);
}

/* ---- what runs ---- */

static const struct process_facts *newest(const struct tenant_facts *t, const char *name)
{
	const struct process_facts *best = NULL;

	for (size_t i = 0; i < t->gateway_process_count; i++) {
		const struct process_facts *p = &t->gateway_processes[i];

		if (!strcmp(p->status.name, name) && (!best || p->start_time > best->start_time))
			best = p;
	}
	return best;
}

static void complain_program(struct complaints *c, const struct check_input *in, const char *name,
			     const char *file)
{
	const struct process_facts *p = newest(in->facts, name);
	const char *text = strmap_get(&in->desired->gateway_files, file);
	char digest[DIGEST_HEX_SIZE];

	if (!p) {
		complain(c, "no %s runs", name);
		return;
	}
	digest_of(text ? text : "", text ? strlen(text) : 0, digest);
	if (strlen(p->gateway_config) != SHORT_DIGEST ||
	    strncmp(p->gateway_config, digest, SHORT_DIGEST) != 0)
		complain(c, "%s (process %d) was started with another %s: %s", name, (int)p->pid,
			 file, or_none(p->gateway_config));
}

/* Processes of earlier generations live until their last connection ends. */
static size_t count_older(const struct tenant_facts *t, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < t->gateway_process_count; i++)
		n += !strcmp(t->gateway_processes[i].status.name, name);
	return n ? n - 1 : 0;
}

static void complain_status(struct complaints *c, const struct gateway_files_facts *g)
{
	size_t id = strcspn(g->generation, " ");

	/* What it refused for is not repeated: a gateway holds its keys, and a finding is kept. */
	if (!g->loaded[0])
		complain(c, "the gateway %s",
			 g->refused ? "refused it" : "did not say that it runs on it");
	else if (strlen(g->loaded) != id || strncmp(g->loaded, g->generation, id) != 0)
		complain(c, "the gateway loaded another generation");
}

void judge_gateway_generation(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t older;

	judge_expect(f,
		     "haproxy and dnsmasq were started with what the manifest orders, at most %d "
		     "older haproxy end their connections",
		     OLDER_MAX);
	if (!have_gateway_process(in, f) || !have_files(in, f))
		return;
	older = count_older(in->facts, "haproxy");
	complain_program(&c, in, "haproxy", GATEWAY_FILE_HAPROXY);
	complain_program(&c, in, "dnsmasq", GATEWAY_FILE_DNSMASQ);
	complain_status(&c, &in->facts->gateway_files);
	if (older > OLDER_MAX)
		complain(&c, "%zu older haproxy processes", older);
	judge_evidence(f, "/proc/PID/environ GATEWAY_CONFIG, the gateway's status");
	judge_complaints(f, &c, "generation %.25s, %zu older haproxy",
			 in->facts->gateway_files.loaded, older);
}

/* ---- who can read the keys ---- */

/* What a file of the role must be like. `most` are the permissions that it may have. */
static const struct {
	mode_t type, most;
	bool gateways; /* of the gateway's group */
	bool tmpfs, optional;
} private_rules[] = {
	[FILE_RUN] = { S_IFDIR, 0711, false, true, false },
	[FILE_FILES] = { S_IFDIR, 0750, true, true, false },
	[FILE_SET] = { S_IFDIR, 0750, true, true, false },
	[FILE_KEYS] = { S_IFREG, 0440, true, true, false },
	[FILE_SECRETS] = { S_IFDIR, 0700, false, false, true },
	[FILE_SECRET] = { S_IFREG, 0600, false, false, true },
};

static void complain_place(struct complaints *c, const struct check_input *in,
			   const struct file_facts *p)
{
	unsigned mode = p->mode & 07777u, most = private_rules[p->role].most;
	mode_t type = private_rules[p->role].type;

	if ((p->mode & S_IFMT) != type)
		complain(c, "%s is no %s", p->path, type == S_IFDIR ? "folder" : "file");
	if (p->uid != 0)
		complain(c, "%s belongs to user %u", p->path, p->uid);
	if (p->gid != 0 &&
	    !(private_rules[p->role].gateways && p->gid == in->allocation->gateway_uid))
		complain(c, "%s belongs to group %u", p->path, p->gid);
	if (mode & ~most)
		complain(c, "%s has mode %04o instead of %04o", p->path, mode, most);
	if (private_rules[p->role].tmpfs && !p->on_tmpfs)
		complain(c, "%s rests on a disk", p->path);
	if (type == S_IFREG && p->links != 1)
		complain(c, "%s has %" PRIu64 " names", p->path, p->links);
}

/* The tmpfs is a file system of its own, so whatever shows any part of it has its number. */
static void complain_shown(struct complaints *c, const struct check_input *in,
			   const struct file_facts *p)
{
	const struct proc_mounts *m = &in->facts->mounts;
	const struct engine_mount *ordered = in->worker->spec.mounts.items;

	for (size_t i = 0; private_rules[p->role].tmpfs && i < m->count; i++)
		if (makedev(m->items[i].major, m->items[i].minor) == p->dev)
			complain(c, "the worker sees %s below %s", p->path, m->items[i].target);
	for (size_t i = 0; i < in->worker->spec.mounts.count; i++)
		if (path_is_below(p->path, ordered[i].source) ||
		    path_is_below(ordered[i].source, p->path) || !strcmp(ordered[i].source, "/"))
			complain(c, "%s is mounted into the worker at %s", ordered[i].source,
				 ordered[i].target);
}

void judge_gateway_keys_private(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct gateway_files_facts *g;

	judge_expect(f,
		     "keys on a tmpfs of root's, readable for the gateway's group only, and out of "
		     "the worker's sight; their sources readable for root only");
	if (!have_worker(in, f) || !have_mounts(in, f))
		return;
	g = &in->facts->gateway_files;
	if (g->place_count == 0) {
		judge_unknown(f, "the gateway's files were not looked at");
		return;
	}
	for (size_t i = 0; i < g->place_count; i++) {
		const struct file_facts *p = &g->places[i];

		if (p->role >= FILE_SET_MEMBER ||
		    (p->sys_errno == ENOENT && private_rules[p->role].optional))
			continue;
		if (p->sys_errno) {
			judge_unknown(f, "%s: %s", p->path, strerror(p->sys_errno));
			return;
		}
		complain_place(&c, in, p);
		complain_shown(&c, in, p);
	}
	judge_evidence(f, "%zu folders and files, /proc/%d/mountinfo", g->place_count,
		       (int)in->facts->init_pid);
	judge_complaints(f, &c, "private");
}
