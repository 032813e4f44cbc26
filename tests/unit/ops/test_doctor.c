/* What doctor gathers of tenantctl's own files, and the changes that it makes. */
#include "../probe/tree.h"

#include "../../../src/ops/doctor_gather.h"
#include "base/mem.h"
#include "ops/doctor.h"

static void fix_of(struct doctor_fix *f, const char *path, const char *before, const char *after,
		   mode_t mode)
{
	*f = (struct doctor_fix){ .kind = FIX_MODE,
				  .target = mem_strdup(path),
				  .before = mem_strdup(before),
				  .after = mem_strdup(after),
				  .mode = mode };
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void count_done(void *arg, const struct doctor_fix *f unused_arg)
{
	++*(size_t *)arg;
}

static void one_fix(struct doctor_fixes *fixes)
{
	fixes->items = mem_array(1, sizeof(*fixes->items));
	fixes->count = 1;
}

static void modes(void **state)
{
	const struct tree *t = *state;
	struct context c = { .root = (char *)t->path };
	struct doctor_fixes fixes auto_doctor_fixes = { 0 };
	struct err e = ERR_INIT;
	size_t done = 0;

	if (geteuid() != 0)
		skip(); /* only folders of root are mended */
	auto_free char *folder = mem_printf("%s/state", t->path);
	tree_mkdir(t, "state");
	assert_int_equal(chmod(folder, 0755), 0);
	one_fix(&fixes);
	fix_of(&fixes.items[0], folder, "0755", "0700", 0700);
	assert_ok(ops_doctor_fix(&c, &fixes, count_done, &done, &e), &e);
	assert_int_equal(mode_of(folder), 0700);
	/* again: nothing to do, and no error */
	assert_ok(ops_doctor_fix(&c, &fixes, count_done, &done, &e), &e);
	assert_int_equal(done, 2);
	/* somebody else's newer setting stays */
	assert_int_equal(chmod(folder, 0750), 0);
	assert_int_equal(ops_doctor_fix(&c, &fixes, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(mode_of(folder), 0750);
	assert_int_equal(chown(folder, 7, 7), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(ops_doctor_fix(&c, &fixes, NULL, NULL, &e), -1);
	assert_int_equal(mode_of(folder), 0755);
}

static void links_are_not_followed(void **state)
{
	const struct tree *t = *state;
	struct context c = { .root = (char *)t->path };
	struct doctor_fixes fixes auto_doctor_fixes = { 0 };
	struct err e = ERR_INIT;
	auto_free char *folder = mem_printf("%s/real", t->path);
	auto_free char *link = mem_printf("%s/link", t->path);

	tree_mkdir(t, "real");
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(symlink("real", link), 0);
	one_fix(&fixes);
	fix_of(&fixes.items[0], link, "0755", "0700", 0700);
	assert_int_equal(ops_doctor_fix(&c, &fixes, NULL, NULL, &e), -1);
	assert_int_equal(mode_of(folder), 0755);
}

/* A value that is right already is only kept: nothing of the host changes here. */
static void sysctls_are_kept(void **state)
{
	const struct tree *t = *state;
	struct context c = { .root = (char *)t->path };
	struct doctor_fixes fixes auto_doctor_fixes = { 0 };
	struct err e = ERR_INIT;
	auto_free char *path = doctor_sysctl_path(&c);
	char now[128];
	auto_free char *text = NULL;
	size_t len;

	assert_true(fsio_read_at(AT_FDCWD, "/proc/sys/kernel/ostype", now, 64, &e) > 0);
	now[strcspn(now, "\n")] = '\0';
	one_fix(&fixes);
	fix_of(&fixes.items[0], "kernel.ostype", "other", now, 0);
	fixes.items[0].kind = FIX_SYSCTL;
	if (ops_doctor_fix(&c, &fixes, NULL, NULL, &e))
		fail_msg("%s", e.message);
	assert_ok(fsio_read(path, FSIO_ANY, 4096, &text, &len, &e), &e);
	assert_non_null(strstr(text, "# kernel.ostype was other\nkernel.ostype = Linux\n"));
	assert_int_equal(mode_of(path), 0644);
	/* a file that others may write decides nothing, and is not written over */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(ops_doctor_fix(&c, &fixes, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_PARTIAL);
	assert_true(e.hint[0] != '\0');
	/* neither this value nor that: somebody was faster */
	mem_replace(&fixes.items[0].after, "Unix");
	assert_int_equal(ops_doctor_fix(&c, &fixes, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void behaviour_of_results(void **state)
{
	const struct tree *t = *state;
	struct context c = { .root = (char *)t->path };
	struct strlist tenants auto_strlist = { 0 };
	struct behaviour b = { 0 };

	strlist_add(&tenants, "acme");
	strlist_add(&tenants, "beta");
	strlist_add(&tenants, "manifest-only");
	tree_write(t, "var/lib/tenantctl/tenants/acme/allocation.json", "{}");
	tree_write(t, "var/lib/tenantctl/tenants/beta/allocation.json", "{}");
	tree_write(t, "var/lib/tenantctl/tenants/acme/verified.json",
		   "{\"at\":\"2026-02-01T00:00:00Z\",\"partial\":false,\"not_passed\":[\"x.y\"]}");
	tree_write(t, "var/lib/tenantctl/tenants/beta/verified.json",
		   "{\"at\":\"2026-01-01T00:00:00Z\",\"partial\":true,\"not_passed\":[]}");
	doctor_behaviour(&c, &tenants, &b);
	assert_int_equal(b.tenants, 2);
	assert_int_equal(b.verified, 1); /* a selection shows nothing of the rest */
	assert_true(strlist_has(&b.failed, "x.y"));
	assert_string_equal(b.oldest, "2026-02-01T00:00:00Z");
	behaviour_free(&b);
	tree_write(t, "var/lib/tenantctl/tenants/beta/verified.json", "{\"at\":1}");
	doctor_behaviour(&c, &tenants, &b);
	assert_int_equal(b.verified, 1);
	behaviour_free(&b);
}

static void promised_bytes(void **state)
{
	const struct tree *t = *state;
	struct context c = { .root = (char *)t->path };
	struct strlist tenants auto_strlist = { 0 };
	auto_free char *image = mem_printf("%s/srv/tenants/acme/workspace.img", t->path);

	strlist_add(&tenants, "acme");
	strlist_add(&tenants, "beta");
	assert_int_equal(doctor_promised(&c, &tenants), 0);
	tree_write(t, "srv/tenants/acme/workspace.img", "x");
	assert_int_equal(truncate(image, 1 << 24), 0);
	assert_true(doctor_promised(&c, &tenants) > (1 << 23));
	assert_true(doctor_promised(&c, &tenants) <= (1 << 24));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		TEST(modes),
		TEST(links_are_not_followed),
		TEST(sysctls_are_kept),
		TEST(behaviour_of_results),
		TEST(promised_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
