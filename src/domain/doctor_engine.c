/*
 * The engine as it is configured: what it enforces, what it lets in, and who may talk
 * to it. Everybody who reaches its API is root of the host.
 */
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

#define RAW_VARIABLE "DOCKER_INSECURE_NO_IPTABLES_RAW"
#define PORT_PLAIN 2375
#define PORT_TLS 2376

void judge_engine_answers(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "an engine that tenantctl can talk to");
	judge_evidence(f, "engine: GET /info and /version");
	if (have_engine(in, f))
		judge_pass(f, "engine %s, API %lld.%lld", in->version->version,
			   (long long)in->engine->api_major, (long long)in->engine->api_minor);
}

void judge_engine_limits(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "memory, swap, processes and CPU can be limited");
	judge_evidence(f, "engine: GET /info");
	if (!have_engine(in, f))
		return;
	if (!in->engine->memory_limit)
		complain(&c, "memory can't be limited");
	if (!in->engine->swap_limit)
		complain(&c, "swap can't be limited");
	if (!in->engine->pids_limit)
		complain(&c, "processes can't be limited");
	if (!in->engine->cpu_cfs_quota)
		complain(&c, "CPU time can't be limited");
	judge_complaints(f, &c, "all four");
}

/* "name=seccomp,profile=builtin"; "default" before 23.0 */
static const char *security_option(const struct doctor_input *in, const char *name)
{
	const struct strlist *l = &in->engine->security_options;
	size_t len = strlen(name);

	for (size_t i = 0; i < l->count; i++)
		if (strncmp(l->items[i], "name=", 5) == 0 &&
		    strncmp(l->items[i] + 5, name, len) == 0 &&
		    (l->items[i][5 + len] == '\0' || l->items[i][5 + len] == ','))
			return l->items[i];
	return NULL;
}

void judge_engine_seccomp(const struct doctor_input *in, struct finding *f)
{
	const char *option;

	judge_expect(f, "the engine knows seccomp, and its default is not 'unconfined'");
	judge_evidence(f, "engine: GET /info SecurityOptions");
	if (!have_engine(in, f))
		return;
	option = security_option(in, "seccomp");
	if (!option)
		judge_fail(f, "the engine applies no seccomp profiles");
	else if (strstr(option, "unconfined"))
		judge_fail(f, "containers without a profile of their own run unconfined");
	else
		judge_pass(f, "%s", option);
}

void judge_engine_userns(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "user namespaces, or a uid of its own for each tenant");
	judge_evidence(f, "engine: GET /info SecurityOptions");
	if (!have_engine(in, f))
		return;
	if (security_option(in, "userns") || security_option(in, "rootless"))
		judge_pass(f, "containers run in a user namespace");
	else
		judge_skip(f,
			   "userns-remap is off: tenantctl gives each tenant its own uids instead");
}

void judge_engine_warnings(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	bool raw = false;

	judge_expect(f, "no warnings");
	judge_evidence(f, "engine: GET /info Warnings");
	if (!have_engine(in, f))
		return;
	for (size_t i = 0; i < in->engine->warnings.count; i++) {
		raw = raw || strstr(in->engine->warnings.items[i], RAW_VARIABLE);
		complain(&c, "%.200s", in->engine->warnings.items[i]);
	}
	if (raw)
		judge_complaints(f, &c, "none");
	else
		judge_remarks(f, &c, "none");
}

void judge_engine_swarm(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "inactive");
	judge_evidence(f, "engine: GET /info Swarm.LocalNodeState");
	if (!have_engine(in, f))
		return;
	if (!strcmp(in->engine->swarm_state, "inactive"))
		judge_pass(f, "inactive");
	else if (!in->engine->swarm_state[0])
		judge_unknown(f, "the engine does not say");
	else
		judge_warn(f, "%s: managers of the Swarm can start containers on this host",
			   in->engine->swarm_state);
}

void judge_engine_registries(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct strlist *l;

	judge_expect(f, "127.0.0.0/8 and ::1/128 only");
	judge_evidence(f, "engine: GET /info RegistryConfig.InsecureRegistryCIDRs");
	if (!have_engine(in, f))
		return;
	l = &in->engine->insecure_registries;
	for (size_t i = 0; i < l->count; i++)
		if (strncmp(l->items[i], "127.", 4) != 0 && strcmp(l->items[i], "::1/128") != 0)
			complain(&c, "%s is trusted without TLS", l->items[i]);
	judge_remarks(f, &c, "loopback only");
}

void judge_engine_logs(const struct doctor_input *in, struct finding *f)
{
	const char *driver;

	judge_expect(f,
		     "driver local, or json-file with max-size, or a driver that keeps no files");
	judge_evidence(f, "engine: LoggingDriver and log-opts");
	if (!have_engine(in, f) || !have_daemon(in, f))
		return;
	driver = in->engine->logging_driver;
	if (strcmp(driver, "json-file") != 0)
		judge_pass(f, "%s", driver);
	else if (strmap_get(&in->daemon->log_options, "max-size"))
		judge_pass(f, "json-file, max-size %s",
			   strmap_get(&in->daemon->log_options, "max-size"));
	else
		judge_warn(f, "json-file without max-size: a container of others can fill the disk "
			      "with its log; tenants' own are bounded");
}

void judge_engine_firewall(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "iptables and ip6tables on, no direct routing");
	judge_evidence(f, "%s and arguments of the engine",
		       in->host->engine.config_path ? in->host->engine.config_path : "daemon.json");
	if (!have_daemon(in, f))
		return;
	if (!in->daemon->iptables)
		complain(&c, "iptables is off: nothing separates bridges");
	if (!in->daemon->ip6tables)
		complain(&c, "ip6tables is off");
	if (in->daemon->direct_routing)
		complain(&c, "allow-direct-routing is on: neighbours of the host reach containers");
	judge_complaints(f, &c, "on, on, off");
}

void judge_engine_defaults(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no-new-privileges, icc off, default limits");
	judge_evidence(f, "%s and arguments of the engine",
		       in->host->engine.config_path ? in->host->engine.config_path : "daemon.json");
	if (!have_daemon(in, f))
		return;
	if (!in->daemon->no_new_privileges)
		complain(&c, "setuid files work in containers that ask for nothing");
	if (in->daemon->icc)
		complain(&c, "containers on the default bridge reach each other");
	if (!in->daemon->has_ulimits)
		complain(&c, "no default-ulimits");
	judge_remarks(f, &c, "all set");
}

void judge_engine_environment(const struct doctor_input *in, struct finding *f)
{
	const char *value;

	judge_expect(f, RAW_VARIABLE " is not set");
	judge_evidence(f, "/proc/%d/environ of the engine", (int)in->host->engine.pid);
	if (!in->host->engine.known) {
		judge_unknown(f, "the engine's process was not found");
		return;
	}
	value = strmap_get(&in->host->engine.env, RAW_VARIABLE);
	if (value && *value && strcmp(value, "0") != 0)
		judge_fail(f, "set: packets from beside the host are routed to containers");
	else
		judge_pass(f, "not set");
}

void judge_engine_live_restore(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "live-restore on, or restarts of the engine stop every tenant");
	judge_evidence(f, "engine: GET /info LiveRestoreEnabled");
	if (!have_engine(in, f))
		return;
	if (in->engine->live_restore)
		judge_pass(f, "on");
	else
		judge_warn(f, "off: an update of the engine stops every tenant for a moment");
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       strncmp(address, "::ffff:127.", 11) == 0;
}

static void complain_hosts(const struct daemon_config *d, struct complaints *c)
{
	for (size_t i = 0; d && i < d->hosts.count; i++)
		if (strncmp(d->hosts.items[i], "tcp://", 6) == 0 && !d->tls_verify)
			complain(c,
				 "the engine is told to listen on %s without client certificates",
				 d->hosts.items[i]);
}

void judge_engine_tcp(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	bool unsure = false;

	judge_expect(f, "nothing listens on 2375; on 2376 only with client certificates");
	judge_evidence(f, "/proc/net/tcp, daemon.json and arguments of the engine");
	if (!in->host->ports_known) {
		judge_unknown(f, "listening ports could not be read");
		return;
	}
	complain_hosts(in->daemon, &c);
	for (size_t i = 0; i < in->host->port_count; i++) {
		const struct host_port *p = &in->host->ports[i];

		/* loopback is no wall here: every user of the host stands behind it */
		if (!p->udp && p->port == PORT_PLAIN)
			complain(&c, "%s:%u answers%s", p->address, p->port,
				 is_loopback(p->address) ? ", to every user of the host" : "");
		else if (!p->udp && p->port == PORT_TLS && in->daemon && !in->daemon->tls_verify)
			complain(&c, "%s:%u answers, and tlsverify is off", p->address, p->port);
		else if (!p->udp && p->port == PORT_TLS && !in->daemon)
			unsure = true;
	}
	if (unsure && c.count == 0)
		judge_unknown(f,
			      "2376 answers, and whether it asks for certificates is not known: %s",
			      or_none(in->daemon_error));
	else
		judge_complaints(f, &c, "neither answers");
}

void judge_engine_socket(const struct doctor_input *in, struct finding *f)
{
	const struct host_path *s = &in->host->socket;
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "owned by root, mode 0660 or less");
	judge_evidence(f, "%s", or_none(s->path));
	if (!s->exists) {
		judge_unknown(f, s->sys_errno ? "it could not be looked at: %s" : "%s",
			      s->sys_errno ? strerror(s->sys_errno) : "there is none");
		return;
	}
	if (!s->is_socket)
		complain(&c, "it is no socket");
	if (s->uid != 0)
		complain(&c, "it belongs to uid %u", (unsigned)s->uid);
	if (s->mode & 07)
		complain(&c, "mode %04o: everybody is root", (unsigned)s->mode);
	judge_complaints(f, &c, "root, group %s, mode %04o",
			 in->host->socket_group ? in->host->socket_group : "?", (unsigned)s->mode);
}

void judge_engine_group(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct host_facts *h = in->host;

	judge_expect(f, "the socket's group has no members, or each of them is meant to be root");
	judge_evidence(f, "/etc/group and /etc/passwd");
	if (!h->members_known) {
		judge_unknown(f, "the socket or the list of groups could not be read");
		return;
	}
	if (!(h->socket.mode & 060)) {
		judge_pass(f, "the group may not open the socket");
		return;
	}
	for (size_t i = 0; i < h->socket_members.count; i++)
		complain(&c, "%s is as good as root", h->socket_members.items[i]);
	judge_remarks(f, &c, "group %s has no members", or_none(h->socket_group));
}
