/* Folders, disks and networks of the host that tenants depend on. */
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"
#include "domain/netplan.h"

#define CONTAINERD_STATE "/var/lib/containerd"
#define CONTAINERD_RUN "/run/containerd"

enum { GIB = 1 << 30, FREE_PERCENT_WARN = 15, FREE_PERCENT_FAIL = 5, SLOTS_LEFT_WARN = 16 };

mode_t place_excess(const struct doctor_place *p, const struct host_path *h)
{
	return h->mode & 0777 & ~p->allowed;
}

void judge_places(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t looked = 0;

	judge_expect(f, "folders of root, closed to others");
	judge_evidence(f, "stat of tenantctl's folders");
	for (size_t i = 0; i < in->place_count; i++) {
		const struct doctor_place *p = &in->places[i];
		const struct host_path *h = host_folder(in->host, p->path);

		if (!h || (!h->exists && h->sys_errno)) {
			judge_unknown(f, "%s: %s", p->path,
				      h ? strerror(h->sys_errno) : "was not looked at");
			return;
		}
		if (!h->exists)
			continue;
		looked++;
		if (h->is_link || !h->is_folder)
			complain(&c, "%s is no folder", p->path);
		else if (h->uid != 0)
			complain(&c, "%s belongs to uid %u", p->path, (unsigned)h->uid);
		else if (place_excess(p, h))
			complain(&c, "%s has mode %04o, should have %04o", p->path,
				 (unsigned)h->mode, (unsigned)(h->mode & ~place_excess(p, h)));
	}
	if (looked == 0)
		judge_skip(f, "there is none yet: no tenant was created");
	else
		judge_complaints(f, &c, "%zu folders, all closed", looked);
}

void judge_containerd_folders(const struct doctor_input *in, struct finding *f)
{
	static const struct {
		const char *path;
		mode_t allowed;
	} folders[] = { { CONTAINERD_STATE, 0700 }, { CONTAINERD_RUN, 0711 } };
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t looked = 0;

	judge_expect(f, "0700 and 0711 at most");
	judge_evidence(f, "stat of " CONTAINERD_STATE " and " CONTAINERD_RUN);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const struct host_path *h = host_folder(in->host, folders[i].path);

		if (!h || !h->exists)
			continue;
		looked++;
		if (h->mode & 0777 & ~folders[i].allowed)
			complain(&c, "%s has mode %04o", folders[i].path, (unsigned)h->mode);
	}
	if (looked == 0)
		judge_skip(f, "this host has neither: the engine brings its own containerd");
	else
		judge_remarks(f, &c, "closed");
}

static const struct host_disk *disk_at(const struct doctor_input *in, const char *path)
{
	for (size_t i = 0; path && i < in->host->disk_count; i++)
		if (!strcmp(in->host->disks[i].path, path) && in->host->disks[i].known)
			return &in->host->disks[i];
	return NULL;
}

void judge_data_root(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct host_path *h;
	const struct host_disk *d;

	judge_expect(f, "mode 0710 or less, a file system of its own");
	if (!have_engine(in, f))
		return;
	judge_evidence(f, "%s", in->engine->docker_root);
	h = host_folder(in->host, in->engine->docker_root);
	d = disk_at(in, in->engine->docker_root);
	if (!h || !h->exists || !d) {
		judge_unknown(f, "it could not be looked at");
		return;
	}
	if (h->mode & 0777 & ~0711)
		complain(&c, "mode %04o: others read images and logs", (unsigned)h->mode);
	if (d->is_root)
		complain(&c, "on the same file system as /: logs and images can fill the host");
	judge_remarks(f, &c, "mode %04o, %s of its own%s", (unsigned)h->mode,
		      d->fstype[0] ? d->fstype : "file system",
		      d->project_quota ? ", with project quotas" : "");
}

static unsigned percent_of(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)((double)part * 100.0 / (double)whole) : 0;
}

void judge_disk_bytes(const struct doctor_input *in, struct finding *f)
{
	struct complaints bad auto_complaints = COMPLAINTS_INIT;
	struct complaints worth auto_complaints = COMPLAINTS_INIT;
	size_t looked = 0;

	judge_expect(f, "%u %% free, and room for workspaces promised (%.1f GiB more)",
		     (unsigned)FREE_PERCENT_WARN, (double)in->promised / GIB);
	judge_evidence(f, "statvfs(3)");
	for (size_t i = 0; i < in->host->disk_count; i++) {
		const struct host_disk *d = &in->host->disks[i];
		unsigned percent = percent_of(d->free, d->size);

		if (!d->known || !d->size)
			continue;
		looked++;
		if (percent < FREE_PERCENT_FAIL)
			complain(&bad, "%s: %u %% free", d->path, percent);
		else if (percent < FREE_PERCENT_WARN)
			complain(&worth, "%s: %u %% free", d->path, percent);
		if (!strcmp(d->path, in->served) && d->free < in->promised)
			complain(&worth, "%s: %.1f GiB free, %.1f GiB promised to tenants", d->path,
				 (double)d->free / GIB, (double)in->promised / GIB);
	}
	if (looked < in->host->disk_count || looked == 0)
		judge_unknown(f, "%zu of %zu disks could be looked at", looked,
			      in->host->disk_count);
	else if (bad.count)
		judge_complaints(f, &bad, "enough");
	else
		judge_remarks(f, &worth, "enough on all %zu places", looked);
}

void judge_disk_inodes(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t looked = 0;

	judge_expect(f, "%u %% free, or made on demand", (unsigned)FREE_PERCENT_WARN);
	judge_evidence(f, "statvfs(3)");
	for (size_t i = 0; i < in->host->disk_count; i++) {
		const struct host_disk *d = &in->host->disks[i];

		if (!d->known)
			continue;
		looked++;
		if (d->inodes && percent_of(d->inodes_free, d->inodes) < FREE_PERCENT_WARN)
			complain(&c, "%s: %u %% free", d->path,
				 percent_of(d->inodes_free, d->inodes));
	}
	if (looked < in->host->disk_count || looked == 0)
		judge_unknown(f, "%zu of %zu disks could be looked at", looked,
			      in->host->disk_count);
	else
		judge_remarks(f, &c, "enough on all %zu places", looked);
}

/* The nftables backend filters in the bridge family itself. */
void judge_bridge_filter(const struct doctor_input *in, struct finding *f)
{
	const struct host_value *v = host_sysctl(in->host, "net.bridge.bridge-nf-call-iptables");

	judge_expect(f, "bridge-nf-call-iptables is 1, or the engine uses nftables");
	judge_evidence(f, "sysctl net.bridge.bridge-nf-call-iptables");
	if (in->engine && strncmp(in->engine->firewall, "nftables", 8) == 0)
		judge_skip(f, "the engine filters with %s", in->engine->firewall);
	else if (v && v->value && !strcmp(v->value, "1"))
		judge_pass(f, "1");
	else if (v && v->value)
		judge_fail(f, "%.20s: gateways reach each other on their common bridge", v->value);
	else
		judge_warn(f, "br_netfilter is not loaded: the engine loads it with the first "
			      "network that needs it; verify measures it (config.egress, "
			      "net.sibling.tcp)");
}

void judge_pool_free(const struct doctor_input *in, struct finding *f)
{
	int64_t slots = netplan_slots(in->config);
	int64_t used = in->behaviour ? (int64_t)in->behaviour->tenants : 0;

	judge_expect(f, "room for %d more tenants", SLOTS_LEFT_WARN);
	judge_evidence(f, "pool %s, egress_subnet %s", in->config->pool, in->config->egress_subnet);
	if (slots - used >= SLOTS_LEFT_WARN)
		judge_pass(f, "%lld of %lld taken", (long long)used, (long long)slots);
	else if (slots > used)
		judge_warn(f, "%lld of %lld taken", (long long)used, (long long)slots);
	else
		judge_fail(f, "all %lld are taken", (long long)slots);
}

/* Bridges of tenants, and the one that gateways share, are there on purpose. */
static bool is_own_route(const struct host_route *r, const struct ipv4_net *egress)
{
	return strncmp(r->interface, "tc-", 3) == 0 ||
	       (r->base == egress->base &&
		(unsigned)__builtin_popcount(r->mask) == egress->prefix &&
		strncmp(r->interface, "br-", 3) == 0);
}

void judge_pool_routes(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct err ignored = ERR_INIT;
	struct ipv4_net pool, egress;

	judge_expect(f, "no route of the host leads into them");
	judge_evidence(f, "/proc/net/route against pool %s and egress_subnet %s", in->config->pool,
		       in->config->egress_subnet);
	if (!in->host->routes_known || ipv4_net_parse(in->config->pool, &pool, &ignored) ||
	    ipv4_net_parse(in->config->egress_subnet, &egress, &ignored)) {
		judge_unknown(f, "routes could not be read");
		return;
	}
	for (size_t i = 0; i < in->host->route_count; i++) {
		const struct host_route *r = &in->host->routes[i];
		struct ipv4_net net = { r->base, (unsigned)__builtin_popcount(r->mask) };
		char text[16];

		/* the default route leads everywhere, and yields to any other */
		if (net.prefix == 0 || is_own_route(r, &egress))
			continue;
		if (!ipv4_net_overlaps(&net, &pool) && !ipv4_net_overlaps(&net, &egress))
			continue;
		ipv4_format(r->base, text);
		complain(&c, "%s/%u on %s", text, net.prefix, r->interface);
	}
	judge_complaints(f, &c, "%zu routes, none of them", in->host->route_count);
}
