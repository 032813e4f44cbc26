/*
 * One look for all. A tenant's own state is never taken from here: its verification
 * inspects and measures that itself.
 */
#include "verify_share.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "domain/desired.h"
#include "domain/seccomp.h"
#include "probe/probe.h"
#include "probe/seccomp_dump.h"
#include "profiles.h"

enum { DUMP_MS = 2000 };

struct verify_share {
	int64_t at; /* CLOCK_MONOTONIC, milliseconds */
	struct peers peers;
	struct network_info egress; /* named: it was there */
	struct pollfd *held;	    /* a process of each running peer, as a pidfd */
	size_t held_count;
	struct filter_program *filters; /* of one worker */
	struct seccomp_known filter;	/* those; expected NULL: not compared, or they differ */
	struct host_port *ports;
	size_t port_count;
	struct proc_mounts mounts; /* none: not looked at */
	struct process_owner *owners;
	size_t owner_count;
};

static void let_go(struct verify_share *s)
{
	for (size_t i = 0; i < s->held_count; i++)
		close(s->held[i].fd);
	free(s->held);
	s->held = NULL;
	s->held_count = 0;
}

void verify_share_free(struct verify_share *s)
{
	if (!s)
		return;
	let_go(s);
	peers_free(&s->peers);
	network_info_free(&s->egress);
	seccomp_dump_free(s->filters, s->filter.observed_count);
	free(s->ports);
	proc_mounts_free(&s->mounts);
	free(s->owners);
	free(s);
}

/* As long as a process lives, its number is not another's, and a namespace that it is in has its
 * inode number for itself. */
static bool hold(struct verify_share *s, const struct peer *p)
{
	auto_free char *path = mem_printf("/proc/%d/ns/net", (int)p->pid);
	struct stat st;
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);

	if (fd < 0)
		return false;
	s->held[s->held_count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return stat(path, &st) == 0 && st.st_ino == p->ns[NS_NET].ino &&
	       st.st_dev == p->ns[NS_NET].dev;
}

static bool hold_all(struct verify_share *s)
{
	s->held = mem_array(s->peers.count + 1, sizeof(*s->held));
	for (size_t i = 0; i < s->peers.count; i++)
		if (s->peers.items[i].running && s->peers.items[i].pid &&
		    !hold(s, &s->peers.items[i]))
			return false;
	return true;
}

/* A pidfd is readable when its process ended (pidfd_open(2)). */
static bool all_live(const struct verify_share *s)
{
	return poll(s->held, s->held_count, 0) == 0;
}

static void measure_peers(struct context *c, struct verify_share *s)
{
	struct err ignored = ERR_INIT;

	if (!c->client || peers_measure_all(c, &s->peers, &ignored))
		return;
	if (!hold_all(s)) {
		let_go(s);
		peers_free(&s->peers);
	}
}

static void look_at_egress(struct context *c, struct verify_share *s)
{
	struct err ignored = ERR_INIT;

	if (c->client &&
	    client_network_inspect(c->client, EGRESS_NETWORK_NAME, &s->egress, &ignored))
		s->egress = (struct network_info){ 0 };
}

static const struct peer *first_running(const struct peers *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].running && p->items[i].pid)
			return &p->items[i];
	return NULL;
}

static int dump_filters(pid_t pid, struct verify_share *s, struct err *e)
{
	auto_fd int root = -1;

	return proc_open_root("/proc", &root, e) || seccomp_dump(root, pid, 0, DUMP_MS, &s->filters,
								 &s->filter.observed_count, e)
		       ? -1
		       : 0;
}

/* Of a worker that is as good as any other: most run under the same filter. */
static void compare_filter(struct context *c, struct verify_share *s)
{
	const struct peer *p = first_running(&s->peers);
	struct tenant_spec spec auto_spec = { 0 };
	const struct profile *profile;
	struct seccomp_difference difference;
	struct err ignored = ERR_INIT;
	size_t count = 0;

	if (!p || tenant_manifest(c, p->tenant, NULL, &spec, NULL, &ignored) ||
	    profile_use(c, spec.seccomp, &profile, &ignored) || dump_filters(p->pid, s, &ignored) ||
	    seccomp_compare(&profile->program, s->filters, s->filter.observed_count, &difference, 1,
			    &count, &ignored) ||
	    count > 0)
		return;
	s->filter.observed = s->filters;
	s->filter.expected = &profile->program;
}

static void measure_ports(struct verify_share *s)
{
	struct err ignored = ERR_INIT;

	s->ports = mem_array(VERIFY_HOST_PORTS_MAX, sizeof(*s->ports));
	if (probe_host_ports("/proc", s->ports, VERIFY_HOST_PORTS_MAX, &s->port_count, &ignored)) {
		free(s->ports);
		s->ports = NULL;
	}
}

static void read_mounts(struct verify_share *s)
{
	struct err ignored = ERR_INIT;

	if (probe_own_mounts("/proc", &s->mounts, &ignored))
		proc_mounts_free(&s->mounts);
}

static void list_processes(struct verify_share *s)
{
	struct err ignored = ERR_INIT;

	if (probe_process_owners("/proc", &s->owners, &s->owner_count, &ignored))
		s->owners = NULL;
}

static bool is_fresh(const struct verify_share *s)
{
	return clock_monotonic_ms() - s->at <= PEERS_FRESH_MS;
}

void verify_share_refresh(struct context *c)
{
	struct verify_share *s;

	if (c->share && is_fresh(c->share))
		return;
	verify_share_free(c->share);
	c->share = s = mem_alloc(sizeof(*s));
	s->at = clock_monotonic_ms();
	read_mounts(s); /* first: peers are compared with them */
	measure_peers(c, s);
	look_at_egress(c, s);
	compare_filter(c, s);
	measure_ports(s);
	list_processes(s);
}

bool verify_share_take_peers(struct verify_share *s, struct peers *out)
{
	bool usable = s && s->peers.count > 0 && is_fresh(s) && all_live(s);

	if (usable)
		*out = s->peers;
	else if (s)
		peers_free(&s->peers);
	if (s) {
		s->peers = (struct peers){ 0 };
		let_go(s);
	}
	return usable;
}

bool verify_share_take_egress(struct verify_share *s, struct network_info *out)
{
	bool usable = s && s->egress.spec.name && is_fresh(s);

	if (usable) {
		*out = s->egress;
		s->egress = (struct network_info){ 0 };
	}
	return usable;
}

const struct seccomp_known *verify_share_filter(const struct verify_share *s)
{
	return s && s->filter.expected ? &s->filter : NULL;
}

const struct host_port *verify_share_ports(const struct verify_share *s, size_t *out_count)
{
	if (!s || !s->ports)
		return NULL;
	*out_count = s->port_count;
	return s->ports;
}

const struct proc_mounts *verify_share_mounts(const struct verify_share *s)
{
	return s && s->mounts.count > 0 ? &s->mounts : NULL;
}

const struct process_owner *verify_share_owners(const struct verify_share *s, size_t *out_count)
{
	if (!s || !s->owners || !is_fresh(s))
		return NULL;
	*out_count = s->owner_count;
	return s->owners;
}
