/* The gateway of the good tenant, its files and its keys. */
#include "checks_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/digest.h"
#include "base/mem.h"
#include "domain/gateway_files.h"

void fixture_add_gateway_mount(struct fixture *x, const char *root, const char *target,
			       const char *options, const char *fstype)
{
	const struct proc_mount m = { .root = (char *)root,
				      .target = (char *)target,
				      .options = (char *)options,
				      .fstype = (char *)fstype,
				      .super_options = (char *)"rw" };

	fixture_put_mount(&x->facts.gateway_mounts, &m);
}

/* ---- the gateway ---- */

static void add_member_file(struct fixture *x, const char *name, const char *text)
{
	struct gateway_files_facts *g = &x->facts.gateway_files;
	struct file_facts *m;

	g->members = mem_grow(g->members, g->member_count + 1, sizeof(*g->members));
	m = &g->members[g->member_count++];
	*m = (struct file_facts){ .role = FILE_SET_MEMBER, .mode = S_IFREG | 0440, .links = 1 };
	snprintf(m->path, sizeof(m->path), "%s", name);
	digest_of(text, strlen(text), m->digest);
}

static void add_place(struct fixture *x, enum file_role role, const char *path, mode_t mode,
		      uint32_t gid)
{
	struct gateway_files_facts *g = &x->facts.gateway_files;

	g->places = mem_grow(g->places, g->place_count + 1, sizeof(*g->places));
	g->places[g->place_count] = (struct file_facts){ .role = role,
							 .mode = mode,
							 .gid = gid,
							 .links = S_ISDIR(mode) ? 3 : 1,
							 .dev = makedev(0, 77),
							 .on_tmpfs = role <= FILE_KEYS };
	snprintf(g->places[g->place_count].path, sizeof(g->places[0].path), "%s", path);
	g->place_count++;
}

static void make_files(struct fixture *x)
{
	struct gateway_files_facts *g = &x->facts.gateway_files;
	const struct strmap *files = &x->desired.gateway_files;
	uint32_t gid = (uint32_t)x->allocation.gateway_uid;
	char haproxy[DIGEST_HEX_SIZE], dnsmasq[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < files->count; i++)
		add_member_file(x, files->entries[i].key, files->entries[i].value);
	add_member_file(x, "keys", "ghl.0 Bearer q8Zt4Lw7Vx2Rn9\n");
	add_member_file(x, "echo", "q8Zt4Lw7Vx2Rn9\n");
	add_member_file(x, "generation", "");
	strlist_add(&g->key_ids, "ghl.0");
	digest_of(strmap_get(files, "haproxy.cfg"), strlen(strmap_get(files, "haproxy.cfg")),
		  haproxy);
	digest_of(strmap_get(files, "dnsmasq.conf"), strlen(strmap_get(files, "dnsmasq.conf")),
		  dnsmasq);
	auto_free char *line = gateway_generation_line(files, "01234567");
	snprintf(g->generation, sizeof(g->generation), "%s", line);
	snprintf(g->loaded, sizeof(g->loaded), "%.25s", line);
	snprintf(x->facts.gateway_processes[1].gateway_config, 17, "%.16s", haproxy);
	snprintf(x->facts.gateway_processes[2].gateway_config, 17, "%.16s", dnsmasq);
	add_place(x, FILE_RUN, "/run/tenantctl/acme", S_IFDIR | 0711, 0);
	add_place(x, FILE_FILES, "/run/tenantctl/acme/files", S_IFDIR | 0750, gid);
	add_place(x, FILE_SET, "/run/tenantctl/acme/files/set", S_IFDIR | 0750, gid);
	add_place(x, FILE_KEYS, "/run/tenantctl/acme/files/set/keys", S_IFREG | 0440, gid);
	add_place(x, FILE_SECRETS, "/etc/tenantctl/secrets/acme", S_IFDIR | 0700, 0);
	add_place(x, FILE_SECRET, "/etc/tenantctl/secrets/acme/ghl", S_IFREG | 0600, 0);
}

static void add_port(struct fixture *x, const char *address, uint16_t port, bool udp)
{
	struct listener_facts *l = &x->facts.gateway_listeners;

	l->ports = mem_grow(l->ports, l->port_count + 1, sizeof(*l->ports));
	l->ports[l->port_count] = (struct host_port){ .port = port, .udp = udp };
	snprintf(l->ports[l->port_count++].address, sizeof(l->ports[0].address), "%s", address);
}

void fixture_make_gateway(struct fixture *x)
{
	const char *own = x->allocation.gateway_ip;
	struct process_facts *p;

	x->facts.gateway_processes = p = fixture_processes(200, x->allocation.gateway_uid, 3000, 3);
	x->facts.gateway_process_count = 3;
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "gateway-init", "haproxy", "dnsmasq" };

		snprintf(p[i].status.name, sizeof(p[i].status.name), "%s", names[i]);
		p[i].start_time = 500 + i;
		p[i].coredump_filter = 0;
	}
	make_files(x);
	add_port(x, own, 53, false);
	add_port(x, own, 53, true);
	add_port(x, own, 80, false);
	add_port(x, own, 443, false);
	add_port(x, x->allocation.egress_ip, 8080, false);
	add_port(x, "127.0.0.11", 33333, true);
	strlist_add(&x->facts.gateway_listeners.unix_paths, "/run/gateway/g1/cli");
	fixture_add_gateway_mount(x, "/", "/", "ro,relatime", "overlay");
	fixture_add_gateway_mount(x, "/", "/proc", SAFE, "proc");
	fixture_add_gateway_mount(x, "/", "/dev", "rw,nosuid", "tmpfs");
	fixture_add_gateway_mount(x, "/null", "/proc/keys", "rw,nosuid", "tmpfs");
	fixture_add_gateway_mount(x, "/files", "/etc/gateway", SAFE_RO, "tmpfs");
	x->facts.gateway_mounts.items[4].minor = 77;
	fixture_add_gateway_mount(x, "/", "/var/lib/gateway", SAFE, "tmpfs");
	x->facts.gateway_mounts.items[5].minor = 79;
	fixture_add_gateway_mount(x, "/", "/run/gateway", SAFE, "tmpfs");
	x->facts.secrets = (struct secret_facts){
		.searched = true, .secrets = 1, .places = 300, .bytes = 123456
	};
}

struct file_facts *fixture_place(struct fixture *x, enum file_role role)
{
	for (size_t i = 0; i < x->facts.gateway_files.place_count; i++)
		if (x->facts.gateway_files.places[i].role == role)
			return &x->facts.gateway_files.places[i];
	fail_msg("no place %d", (int)role);
	return NULL;
}

struct file_facts *fixture_member(struct fixture *x, const char *name)
{
	static struct file_facts none;

	for (size_t i = 0; i < x->facts.gateway_files.member_count; i++)
		if (!strcmp(x->facts.gateway_files.members[i].path, name))
			return &x->facts.gateway_files.members[i];
	fail_msg("no file %s", name);
	return &none;
}
