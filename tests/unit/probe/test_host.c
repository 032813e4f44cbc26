/* The probe of the host on trees of our own: what is there, what is not, and what lies. */
#include "tree.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/mem.h"
#include "probe/host.h"

static const char *const sysctls[] = { "kernel.kptr_restrict", "fs.suid_dumpable",
				       "kernel.core_pattern" };

static void look(const struct tree *t, const struct host_request *more, struct host_facts *out)
{
	struct host_request r = *more;

	r.root = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(r.root >= 0);
	r.sysctls = sysctls;
	r.sysctl_count = ARRAY_SIZE(sysctls);
	probe_host(&r, out);
	close(r.root);
}

static void empty_tree_is_unknown(void **state)
{
	const struct tree *t = *state;
	struct host_facts f;

	look(t, &(struct host_request){ .socket_path = "/run/docker.sock" }, &f);
	assert_null(f.release);
	assert_null(host_sysctl(&f, "kernel.kptr_restrict")->value);
	assert_int_equal(host_sysctl(&f, "kernel.kptr_restrict")->sys_errno, ENOENT);
	assert_null(host_sysctl(&f, "kernel.other"));
	assert_int_equal(f.cgroup_version, 0);
	assert_false(f.ksm_known || f.lsm_known || f.swaps_known || f.ports_known ||
		     f.routes_known || f.members_known || f.route_localnet_known || f.engine.known);
	assert_int_equal(f.apparmor_profile, -1);
	assert_int_equal(f.memory_total, -1);
	assert_int_equal(f.firewalld, 0); /* no process at all is called so */
	for (int m = 0; m < HOST_MODULES; m++)
		assert_int_equal(f.modules[m], MODULE_UNKNOWN);
	assert_false(f.socket.exists);
	host_facts_free(&f);
}

static void kernel_files(void **state)
{
	const struct tree *t = *state;
	struct host_facts f;

	tree_write(t, "proc/sys/kernel/osrelease", "6.1.0-42-amd64\n");
	tree_write(t, "proc/sys/kernel/kptr_restrict", "1\n");
	tree_bytes(t, "proc/sys/kernel/core_pattern", "a\0b\n", 4);
	tree_write(t, "proc/sys/net/ipv4/conf/all/route_localnet", "0\n");
	tree_write(t, "proc/sys/net/ipv4/conf/eth0/route_localnet", "1\n");
	tree_write(t, "sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
	tree_write(t, "sys/kernel/security/lsm", "lockdown,capability,apparmor\n");
	tree_write(t, "sys/kernel/security/apparmor/profiles",
		   "other (enforce)\ndocker-default (enforce)\n");
	tree_write(t, "sys/kernel/mm/ksm/run", "1\n");
	tree_write(t, "sys/devices/system/cpu/smt/control", "on\n");
	tree_write(t, "sys/devices/system/cpu/vulnerabilities/mds", "Vulnerable: no microcode\n");
	tree_write(t, "sys/module/kvm_amd/parameters/nested", "1\n");
	tree_write(t, "proc/swaps",
		   "Filename\tType\n/dev/sda2   partition 1 0 -2\n/dev/dm-0 partition 1 0 -3\n"
		   "/dev/dm-1 partition 1 0 -4\n/dev/zram0 partition 1 0 5\n");
	tree_write(t, "sys/block/dm-0/dm/uuid", "CRYPT-PLAIN-swap\n");
	tree_write(t, "sys/block/dm-1/dm/uuid", "LVM-abc\n");
	tree_write(t, "proc/meminfo", "MemTotal: 1024 kB\nMemFree: 1 kB\nMemAvailable: 512 kB\n");
	look(t, &(struct host_request){ 0 }, &f);
	assert_string_equal(f.release, "6.1.0-42-amd64");
	assert_string_equal(host_sysctl(&f, "kernel.kptr_restrict")->value, "1");
	/* a NUL would hide what is behind it */
	assert_null(host_sysctl(&f, "kernel.core_pattern")->value);
	assert_int_equal(host_sysctl(&f, "kernel.core_pattern")->sys_errno, EILSEQ);
	assert_int_equal(f.route_localnet.count, 1);
	assert_string_equal(f.route_localnet.items[0], "eth0");
	assert_int_equal(f.cgroup_version, 2);
	assert_true(strlist_has(&f.controllers, "pids"));
	assert_int_equal(f.apparmor_profile, 1);
	assert_true(f.ksm_known);
	assert_string_equal(f.ksm, "1");
	assert_string_equal(f.cpu.smt, "on");
	assert_string_equal(f.cpu.vulnerabilities[0].name, "mds");
	assert_string_equal(f.cpu.nested[1], "1");
	assert_int_equal(f.swaps.count, 4);
	assert_int_equal(f.clear_swaps.count, 2);
	assert_string_equal(f.clear_swaps.items[0], "/dev/sda2");
	assert_string_equal(f.clear_swaps.items[1], "/dev/dm-1");
	assert_int_equal(f.memory_total, 1048576);
	assert_int_equal(f.memory_available, 524288);
	host_facts_free(&f);
}

static void cgroup_v1_and_no_lsm(void **state)
{
	const struct tree *t = *state;
	struct host_facts f;

	tree_write(
		t, "proc/cgroups",
		"#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t1\t2\t1\npids\t2\t2\t0\n");
	tree_mkdir(t, "sys/fs/cgroup/memory");
	tree_mkdir(t, "sys/kernel");
	look(t, &(struct host_request){ 0 }, &f);
	assert_int_equal(f.cgroup_version, 1);
	assert_true(strlist_has(&f.controllers, "memory"));
	assert_false(strlist_has(&f.controllers, "pids"));
	assert_true(f.lsm_known);
	assert_string_equal(f.lsm, "");
	host_facts_free(&f);
}

static void modules_by_lists(void **state)
{
	const struct tree *t = *state;
	struct host_facts f;

	tree_write(t, "proc/sys/kernel/osrelease", "6.1\n");
	tree_write(t, "proc/modules", "esp4 24576 0 - Live 0x0\nesp4x 1 0 - Live 0x0\n");
	tree_write(t, "lib/modules/6.1/modules.builtin", "kernel/net/bridge/br_netfilter.ko\n");
	tree_write(t, "lib/modules/6.1/modules.dep",
		   "kernel/net/rxrpc/rxrpc.ko.xz: kernel/net/x.ko\n"
		   "kernel/net/openvswitch/openvswitch.ko:\nkernel/crypto/my-algif_aead.ko:\n");
	tree_write(t, "etc/modprobe.d/no.conf",
		   "# install rxrpc /bin/false\nblacklist rxrpc\n"
		   "install openvswitch /bin/false\n");
	look(t, &(struct host_request){ 0 }, &f);
	assert_int_equal(f.modules[HOST_MODULE_ESP4], MODULE_LOADED);
	assert_int_equal(f.modules[HOST_MODULE_ESP6], MODULE_ABSENT);
	assert_int_equal(f.modules[HOST_MODULE_BR_NETFILTER], MODULE_LOADED);
	/* "blacklist" does not keep a kernel from asking for it by its name */
	assert_int_equal(f.modules[HOST_MODULE_RXRPC], MODULE_AVAILABLE);
	assert_int_equal(f.modules[HOST_MODULE_OPENVSWITCH], MODULE_BLOCKED);
	assert_int_equal(f.modules[HOST_MODULE_ALG], MODULE_ABSENT);
	host_facts_free(&f);
}

/* A kernel that loads no modules lists the protocols that it has. */
static void modules_by_protocols(void **state)
{
	const struct tree *t = *state;
	struct host_facts f;

	tree_write(t, "proc/net/protocols", "protocol  size\nRXRPC     1 0\nUNIX 1\n");
	look(t, &(struct host_request){ 0 }, &f);
	assert_int_equal(f.modules[HOST_MODULE_RXRPC], MODULE_LOADED);
	assert_int_equal(f.modules[HOST_MODULE_ALG], MODULE_ABSENT);
	assert_int_equal(f.modules[HOST_MODULE_ESP4], MODULE_UNKNOWN);
	host_facts_free(&f);
}

static void write_groups(const struct tree *t)
{
	auto_free char *group = mem_printf("root:x:0:\ndocker:x:%u:alice,bob,alice\nx:x:9:eve\n",
					   (unsigned)getgid() ? (unsigned)getgid() : 0);
	auto_free char *user =
		mem_printf("root:x:0:0::/:/bin/sh\ncarol:x:7:%u::/:/bin/sh\n", (unsigned)getgid());

	tree_write(t, "etc/group", group);
	tree_write(t, "etc/passwd", user);
}

static void socket_and_its_group(void **state)
{
	const struct tree *t = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct host_facts f;
	auto_free char *path = mem_printf("%s/run/docker.sock", t->path);
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tree_mkdir(t, "run");
	assert_true(strlen(path) < sizeof(addr.sun_path));
	memcpy(addr.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(chmod(path, 0666), 0);
	write_groups(t);
	look(t, &(struct host_request){ .socket_path = "/run/docker.sock" }, &f);
	assert_true(f.socket.exists && f.socket.is_socket && !f.socket.is_link);
	assert_int_equal(f.socket.mode, 0666);
	assert_true(f.members_known);
	if (getgid() != 0) {
		assert_string_equal(f.socket_group, "docker");
		assert_true(strlist_has(&f.socket_members, "carol"));
	}
	assert_false(strlist_has(&f.socket_members, "eve"));
	host_facts_free(&f);
}

static void folders_disks_and_networks(void **state)
{
	static const char *const folders[] = { "/var/lib/tenantctl", "/link", "/none" };
	static const char *const disks[] = { "/srv/tenants/deep" };
	const struct tree *t = *state;
	auto_free char *folder = mem_printf("%s/var/lib/tenantctl", t->path);
	auto_free char *link = mem_printf("%s/link", t->path);
	struct host_facts f;

	tree_mkdir(t, "var/lib/tenantctl");
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(symlink("var/lib/tenantctl", link), 0);
	tree_write(t, "proc/net/route",
		   "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		   "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
		   "wg0\t0000E70A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\nnonsense\n");
	tree_write(t, "proc/net/tcp",
		   "  sl\n   0: 0100007F:0947 00000000:0000 0A 0\n   1: 00000000:0050 x\n");
	tree_write(t, "proc/net/udp", "  sl\n");
	look(t,
	     &(struct host_request){ .folders = folders,
				     .folder_count = ARRAY_SIZE(folders),
				     .disks = disks,
				     .disk_count = ARRAY_SIZE(disks) },
	     &f);
	assert_int_equal(host_folder(&f, folders[0])->mode, 0755);
	assert_true(host_folder(&f, folders[0])->is_folder);
	assert_true(host_folder(&f, folders[1])->is_link);
	assert_false(host_folder(&f, folders[2])->exists);
	/* nothing of it exists: its nearest parent tells */
	assert_true(f.disks[0].known && f.disks[0].is_root && f.disks[0].size > 0);
	assert_int_equal(f.route_count, 2);
	assert_int_equal(f.routes[1].base, 0x0ae70000);
	assert_int_equal(f.routes[1].mask, 0xffff0000);
	assert_true(f.ports_known);
	assert_int_equal(f.port_count, 1);
	assert_int_equal(f.ports[0].port, 2375);
	assert_string_equal(f.ports[0].address, "127.0.0.1");
	host_facts_free(&f);
}

static void process(const struct tree *t, int pid, const char *name, int uid, const char *cmdline,
		    size_t len)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", name);
	tree_write(t, path, text);
	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text),
		 "Name:\t%s\nPid:\t%d\nPPid:\t1\nUid:\t%d\t%d\t%d\t%d\nGid:\t0\t0\t0\t0\n"
		 "Threads:\t1\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\n",
		 name, pid, uid, uid, uid, uid);
	tree_write(t, path, text);
	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	tree_bytes(t, path, cmdline, len);
	snprintf(path, sizeof(path), "proc/%d/environ", pid);
	tree_bytes(t, path, "SECRET=x\0DOCKER_INSECURE_NO_IPTABLES_RAW=1\0",
		   sizeof("SECRET=x\0DOCKER_INSECURE_NO_IPTABLES_RAW=1"));
}

static void engine_process(void **state)
{
	static const char args[] = "dockerd\0--config-file=/etc/d.json\0-H\0unix:///x";
	const struct tree *t = *state;
	struct host_facts f;

	process(t, 40, "dockerd", 0, args, sizeof(args));
	process(t, 41, "dockerd", 1000, args, sizeof(args)); /* a name is cheap */
	process(t, 42, "firewalld", 0, "firewalld", sizeof("firewalld"));
	tree_write(t, "etc/d.json", "{}\n");
	look(t, &(struct host_request){ .engine_pid = 1 }, &f);
	assert_true(f.engine.known);
	assert_int_equal(f.engine.pid, 40);
	assert_int_equal(f.firewalld, 1);
	assert_string_equal(f.engine.config_path, "/etc/d.json");
	assert_string_equal(f.engine.config, "{}");
	assert_int_equal(f.engine.args.count, 4);
	/* nothing but what is asked for is kept of an environment */
	assert_int_equal(f.engine.env.count, 1);
	assert_string_equal(strmap_get(&f.engine.env, "DOCKER_INSECURE_NO_IPTABLES_RAW"), "1");
	host_facts_free(&f);
	/* two of root's: only the one behind the socket can be told */
	process(t, 43, "dockerd", 0, "dockerd", sizeof("dockerd"));
	look(t, &(struct host_request){ .engine_pid = 1 }, &f);
	assert_false(f.engine.known);
	host_facts_free(&f);
	look(t, &(struct host_request){ .engine_pid = 43 }, &f);
	assert_int_equal(f.engine.pid, 43);
	assert_string_equal(f.engine.config_path, "/etc/docker/daemon.json");
	assert_null(f.engine.config);
	assert_int_equal(f.engine.config_errno, 0);
	host_facts_free(&f);
}

static void peer_of_a_socket(void **state)
{
	const struct tree *t = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_free char *path = mem_printf("%s/s", t->path);
	auto_free char *longer = mem_printf("/%0120d", 1);
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err e = ERR_INIT;
	pid_t pid;

	memcpy(addr.sun_path, path, strlen(path) + 1);
	assert_int_equal(host_socket_peer(path, &pid, &e), -1);
	assert_int_equal(host_socket_peer(longer, &pid, &e), -1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_ok(host_socket_peer(path, &pid, &e), &e);
	assert_int_equal(pid, getpid());
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		TEST(empty_tree_is_unknown),	  TEST(kernel_files),
		TEST(cgroup_v1_and_no_lsm),	  TEST(modules_by_lists),
		TEST(modules_by_protocols),	  TEST(socket_and_its_group),
		TEST(folders_disks_and_networks), TEST(engine_process),
		TEST(peer_of_a_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
