/* Layers as someone hostile builds them: what is there is found, what is a trap is not stepped in.
 */
#include "tree.h"

#include <errno.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/mem.h"
#include "probe/layers.h"

static bool read_all(const char *path unused_arg)
{
	return true;
}

static const char *marked(const char *path unused_arg, const char *text)
{
	return strstr(text, "KEY-4711") ? "a mark" : NULL;
}

static const struct layer_rules rules = { read_all, marked };
static const struct layer_limits wide = { .entries = 1000000, .bytes = 1 << 28, .seconds = 30 };

static void path_in(const struct tree *t, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", t->path, name);
}

static void walk_with(const struct tree *t, const struct layer_limits *limits, size_t layers,
		      struct image_facts *f)
{
	auto_strlist struct strlist folders = { 0 };

	for (size_t i = 1; i <= layers; i++)
		strlist_addf(&folders, "%s/%zu", t->path, i);
	layers_walk(&folders, &rules, limits, f);
}

/* Text of that length, which is the test's until it ends. */
static char *big_text(size_t size)
{
	static char text[1 << 20];

	assert_true(size < sizeof(text));
	memset(text, 'x', size);
	return text;
}

static const struct image_find *find_of(const struct image_facts *f, const char *path)
{
	for (size_t i = 0; i < f->find_count; i++)
		if (strcmp(f->finds[i].path, path) == 0)
			return &f->finds[i];
	return NULL;
}

static void assert_find(const struct image_facts *f, const char *path, enum image_find_kind kind,
			unsigned layer, const char *what)
{
	const struct image_find *x = find_of(f, path);

	if (!x) {
		fail_msg("%s was not found", path);
		return;
	}
	assert_int_equal(x->kind, kind);
	assert_int_equal(x->layer, layer);
	assert_string_equal(x->what, what);
}

static bool make_node(const struct tree *t, const char *name, mode_t mode, dev_t dev)
{
	char path[PATH_MAX];

	path_in(t, name, path);
	return mknod(path, mode, dev) == 0;
}

static void set_mode(const struct tree *t, const char *name, mode_t mode)
{
	char path[PATH_MAX];

	path_in(t, name, path);
	assert_int_equal(chmod(path, mode), 0);
}

/* ---- what is there ---- */

static void what_is_there_is_found(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };

	tree_write(t, "1/bin/su", "#!");
	set_mode(t, "1/bin/su", 04755);
	tree_write(t, "1/bin/wall", "#!");
	set_mode(t, "1/bin/wall", 02755);
	tree_write(t, "1/bin/plain", "#!");
	set_mode(t, "1/bin/plain", 0755);
	tree_write(t, "1/bin/inert", "#!");
	set_mode(t, "1/bin/inert", 04644);
	tree_write(t, "1/app/notes", "the KEY-4711 is here");
	tree_write(t, "2/app/other", "nothing");
	walk_with(t, &wide, 2, &f);
	assert_true(f.looked);
	assert_string_equal(f.error, "");
	assert_string_equal(f.cut, "");
	assert_string_equal(f.unread, "");
	assert_int_equal(f.layers, 2);
	assert_int_equal(f.find_count, 3);
	assert_int_equal(f.entries, 9);
	assert_int_equal(f.files_read, 6);
	assert_find(&f, "/bin/su", IMAGE_SETUID, 1, "mode 4755");
	assert_find(&f, "/bin/wall", IMAGE_SETGID, 1, "mode 2755");
	assert_find(&f, "/app/notes", IMAGE_CREDENTIAL, 1, "a mark");
}

/* VFS_CAP_REVISION_2 with CAP_NET_RAW permitted, linux/capability.h. */
static void file_capabilities_are_found(void **state)
{
	static const unsigned char value[20] = { 1, 0, 0, 2, 0, 0x20 };
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };
	char path[PATH_MAX];

	tree_write(t, "1/ping", "#!");
	set_mode(t, "1/ping", 0755);
	path_in(t, "1/ping", path);
	if (setxattr(path, "security.capability", value, sizeof(value), 0)) {
		print_message("no file capabilities here: %s\n", strerror(errno));
		skip();
	}
	walk_with(t, &wide, 1, &f);
	assert_int_equal(f.find_count, 1);
	assert_find(&f, "/ping", IMAGE_FILECAP, 1, "capabilities");
}

static void devices_are_found_and_whiteouts_are_none(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };

	tree_mkdir(t, "1/dev");
	tree_mkdir(t, "1/etc");
	if (!make_node(t, "1/dev/sda", S_IFBLK | 0600, makedev(8, 0))) {
		print_message("no device nodes here: %s\n", strerror(errno));
		skip();
	}
	assert_true(make_node(t, "1/dev/cuse", S_IFCHR | 0600, makedev(10, 203)));
	assert_true(make_node(t, "1/dev/null", S_IFCHR | 0666, makedev(1, 3)));
	assert_true(make_node(t, "1/dev/tty", S_IFCHR | 0666, makedev(5, 0)));
	assert_true(make_node(t, "1/etc/null", S_IFCHR | 0666, makedev(1, 3)));
	assert_true(make_node(t, "1/etc/gone", S_IFCHR | 0600, makedev(0, 0)));
	tree_mkdir(t, "2");
	assert_true(make_node(t, "2/proc", S_IFCHR | 0600, makedev(0, 0)));
	walk_with(t, &wide, 2, &f);
	assert_int_equal(f.find_count, 3);
	assert_find(&f, "/dev/sda", IMAGE_DEVICE, 1, "block 8:0");
	assert_find(&f, "/dev/cuse", IMAGE_DEVICE, 1, "char 10:203");
	assert_find(&f, "/etc/null", IMAGE_DEVICE, 1, "char 1:3");
}

static void places_must_be_folders(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };
	char path[PATH_MAX];

	tree_mkdir(t, "1/sys");
	path_in(t, "1/dev", path);
	assert_int_equal(symlink("../../etc", path), 0);
	tree_write(t, "1/proc", "a file");
	tree_mkdir(t, "1/srv");
	path_in(t, "1/srv/dev", path);
	assert_int_equal(symlink("/x", path), 0);
	tree_mkdir(t, "2/dev");
	walk_with(t, &wide, 2, &f);
	assert_int_equal(f.find_count, 2);
	assert_find(&f, "/dev", IMAGE_PLACE, 1, "a symbolic link to ../../etc");
	assert_find(&f, "/proc", IMAGE_PLACE, 1, "not a folder");
}

/* ---- traps ---- */

static void nothing_is_followed_and_nothing_blocks(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };
	char path[PATH_MAX];

	tree_write(t, "outside/key", "KEY-4711");
	tree_mkdir(t, "1/a/b");
	path_in(t, "1/a/loop", path);
	assert_int_equal(symlink("../a", path), 0);
	path_in(t, "1/a/self", path);
	assert_int_equal(symlink("self", path), 0);
	path_in(t, "1/a/out", path);
	assert_int_equal(symlink("../../outside", path), 0);
	path_in(t, "1/a/file", path);
	assert_int_equal(symlink("../../outside/key", path), 0);
	assert_true(make_node(t, "1/a/pipe", S_IFIFO | 0666, 0));
	assert_true(make_node(t, "1/a/socket", S_IFSOCK | 0666, 0));
	walk_with(t, &wide, 1, &f);
	assert_true(f.looked);
	assert_int_equal(f.find_count, 0);
	assert_int_equal(f.entries, 8);
	assert_int_equal(f.files_read, 0);
	assert_string_equal(f.unread, "");
}

/* Without a descriptor for each level it would be reached by no path at all. */
static void make_deep(const struct tree *t, unsigned depth)
{
	int fd;

	tree_mkdir(t, "1");
	fd = open(t->path, O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	for (unsigned i = 0; i < depth; i++) {
		char name[NAME_MAX + 1];
		int next;

		snprintf(name, sizeof(name), "%0*u", i ? NAME_MAX : 1, i ? i : 1);
		if (mkdirat(fd, name, 0755) && errno != EEXIST)
			fail_msg("%s", strerror(errno));
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
}

static void very_deep_is_cut_and_said_so(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };

	make_deep(t, 400);
	walk_with(t, &wide, 1, &f);
	assert_true(f.looked);
	assert_string_equal(f.cut, "folders are nested deeper than is looked at");
	assert_true(f.entries >= 100 && f.entries <= 102);
}

static void deep_within_the_bound_is_walked(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };

	make_deep(t, 99);
	walk_with(t, &wide, 1, &f);
	assert_string_equal(f.cut, "");
	assert_int_equal(f.entries, 98);
}

static void names_are_kept_harmless_and_short(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };
	char name[NAME_MAX + 1], path[600];

	tree_write(t, "1/\x1b[31m\n\xff", "KEY-4711");
	memset(name, 'n', 250);
	name[250] = '\0';
	snprintf(path, sizeof(path), "1/%s/%s", name, name);
	tree_write(t, path, "KEY-4711");
	walk_with(t, &wide, 1, &f);
	assert_int_equal(f.find_count, 2);
	assert_find(&f, "/\\x1B[31m\\x0A\\xFF", IMAGE_CREDENTIAL, 1, "a mark");
	for (size_t i = 0; i < f.find_count; i++)
		assert_true(strlen(f.finds[i].path) < 260);
}

static void sparse_files_are_no_text(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };
	struct timespec began, ended;
	char path[PATH_MAX];

	tree_write(t, "1/sparse", "");
	path_in(t, "1/sparse", path);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	/* text at its beginning, and a TiB of nothing */
	tree_bytes(t, "1/hole", big_text(5000), 5000);
	path_in(t, "1/hole", path);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	tree_bytes(t, "1/binary", "KEY-4711\0", 9);
	clock_gettime(CLOCK_MONOTONIC, &began);
	walk_with(t, &wide, 1, &f);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_string_equal(f.cut, "");
	assert_int_equal(f.find_count, 0);
	assert_int_equal(f.files_read, 3);
	assert_true(ended.tv_sec - began.tv_sec < 5);
}

/* Wherever a key stands in a large file, on a border of two pieces, too. */
static void large_files_are_read_as_a_whole(void **state)
{
	static const size_t places[] = { 0, 4092, 262140, 262143, 262144, 520000, 799991 };
	const struct tree *t = *state;
	static const char mark[] = "KEY-4711";
	enum { SIZE = 800000 };
	char *text = big_text(SIZE);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct image_facts auto_image_facts f = { 0 };

		for (size_t k = 0; k < strlen(mark); k++)
			text[places[i] + k] = mark[k];
		tree_bytes(t, "1/large", text, SIZE);
		memset(text + places[i], 'x', strlen(mark));
		walk_with(t, &wide, 1, &f);
		if (f.find_count != 1)
			fail_msg("not found at %zu", places[i]);
	}
}

/* ---- bounds ---- */

static void bounds_end_the_walk(void **state)
{
	const struct tree *t = *state;
	const struct layer_limits few = { .entries = 10, .bytes = 1 << 20, .seconds = 30 };
	const struct layer_limits little = { .entries = 1000, .bytes = 20, .seconds = 30 };
	struct image_facts auto_image_facts f = { 0 }, g = { 0 };
	char name[32];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "1/%d", i);
		tree_write(t, name, "some text");
	}
	walk_with(t, &few, 1, &f);
	assert_string_equal(f.cut, "there are more files than are looked at");
	assert_int_equal(f.entries, 11);
	walk_with(t, &little, 1, &g);
	assert_string_equal(g.cut, "there is more text than is read");
	assert_int_equal(g.files_read, 3);
	image_facts_free(&g);
}

static void finds_are_counted_beyond_what_is_kept(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 };
	char name[32];

	for (int i = 0; i < IMAGE_FINDS_KEPT + 5; i++) {
		snprintf(name, sizeof(name), "1/%d", i);
		tree_write(t, name, "KEY-4711");
	}
	walk_with(t, &wide, 1, &f);
	assert_int_equal(f.find_count, IMAGE_FINDS_KEPT);
	assert_int_equal(f.more[IMAGE_CREDENTIAL], 5);
}

static void a_missing_layer_is_no_look(void **state)
{
	const struct tree *t = *state;
	struct image_facts auto_image_facts f = { 0 }, none = { 0 };
	const struct strlist empty = { 0 };

	tree_mkdir(t, "1");
	walk_with(t, &wide, 2, &f);
	assert_false(f.looked);
	assert_non_null(strstr(f.error, "layer 2"));
	layers_walk(&empty, &rules, &wide, &none);
	assert_false(none.looked);
	assert_string_equal(none.error, "no layer has a folder of its own");
}

/* ---- folders of a mount ---- */

static bool folders_of(const char *fstype, const char *options, struct strlist *out)
{
	const struct proc_mount m = { .fstype = (char *)fstype, .super_options = (char *)options };

	return layers_of_mount(&m, out);
}

static void folders_come_from_the_mount(void **state)
{
	const struct tree *t = *state;
	auto_strlist struct strlist l = { 0 };
	char options[PATH_MAX], want[PATH_MAX], path[PATH_MAX];

	tree_mkdir(t, "1");
	tree_mkdir(t, "2");
	path_in(t, "l", path);
	assert_int_equal(symlink("2", path), 0);
	snprintf(options, sizeof(options), "ro,lowerdir=%s/l:%s/1,upperdir=/x,workdir=/y", t->path,
		 t->path);
	assert_true(folders_of("overlay", options, &l));
	assert_int_equal(l.count, 2);
	path_in(t, "1", want);
	assert_string_equal(l.items[0], want);
	path_in(t, "2", want);
	assert_string_equal(l.items[1], want);
	strlist_free(&l);
	snprintf(options, sizeof(options), "rw,lowerdir+=%s/2,lowerdir+=%s/1", t->path, t->path);
	assert_true(folders_of("overlay", options, &l));
	assert_int_equal(l.count, 2);
}

static void other_mounts_have_none(void **state)
{
	static const char *const bad[] = { "",
					   "rw",
					   "lowerdir=",
					   "lowerdir=l/A:l/B",
					   "lowerdir=/no/such/folder",
					   "lowerdir=/tmp\\:x",
					   "upperdir=/tmp" };
	auto_strlist struct strlist l = { 0 };

	(void)state;
	assert_false(layers_of_mount(NULL, &l));
	assert_false(folders_of("ext4", "lowerdir=/tmp", &l));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(folders_of("overlay", bad[i], &l));
	assert_int_equal(l.count, 0);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(what_is_there_is_found),
		WITH_TREE(file_capabilities_are_found),
		WITH_TREE(devices_are_found_and_whiteouts_are_none),
		WITH_TREE(places_must_be_folders),
		WITH_TREE(nothing_is_followed_and_nothing_blocks),
		WITH_TREE(very_deep_is_cut_and_said_so),
		WITH_TREE(deep_within_the_bound_is_walked),
		WITH_TREE(names_are_kept_harmless_and_short),
		WITH_TREE(sparse_files_are_no_text),
		WITH_TREE(large_files_are_read_as_a_whole),
		WITH_TREE(bounds_end_the_walk),
		WITH_TREE(finds_are_counted_beyond_what_is_kept),
		WITH_TREE(a_missing_layer_is_no_look),
		WITH_TREE(folders_come_from_the_mount),
		WITH_TREE(other_mounts_have_none),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
