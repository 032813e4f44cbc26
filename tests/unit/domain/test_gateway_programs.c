/*
 * The gateway's files and the programs that read them: HAProxy and dnsmasq accept every
 * rendering, and dnsmasq answers what is meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsio.h"
#include "gateway_config.h"
#include "routes_sample.h"

#define HAPROXY "/usr/sbin/haproxy"
#define DNSMASQ "/usr/sbin/dnsmasq"

static bool have_programs(void)
{
	if (access(HAPROXY, X_OK) == 0 && access(DNSMASQ, X_OK) == 0)
		return true;
	print_message("haproxy or dnsmasq is not installed\n");
	return false;
}

static pid_t start(const char *dir, const char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		if (chdir(dir) == 0)
			execve(argv[0], (char *const *)argv,
			       (char *const[]){ (char *)"GATEWAY_CLI=/run/gateway/cli", NULL });
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static int finish(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_text(const char *dir, const char *name, const char *text)
{
	auto_free char *path = mem_printf("%s/%s", dir, name);
	struct err e = ERR_INIT;

	if (fsio_write(path, text, strlen(text), 0600, getuid(), getgid(), &e))
		fail_msg("%s", e.message);
}

/* A folder with a complete set of files, as gateway-init gives it to HAProxy. */
static char *write_set(const struct strmap *files)
{
	char *dir = mem_strdup("/tmp/test-gateway-XXXXXX");

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < files->count; i++)
		write_text(dir, files->entries[i].key, files->entries[i].value);
	write_text(dir, "keys", "");
	write_text(dir, "echo", "");
	return dir;
}

static void remove_set(char *dir)
{
	struct err e = ERR_INIT;

	if (fsio_remove_tree(dir, &e))
		fail_msg("%s", e.message);
	free(dir);
}

static void assert_accepted(const struct gateway_config *c)
{
	struct strmap files auto_strmap = { 0 };
	char *dir;

	render_all(c, &files);
	dir = write_set(&files);
	/* -dW: a warning is a failure, too. */
	assert_int_equal(finish(start(dir, (const char *const[]){ HAPROXY, "-c", "-q", "-dW", "-f",
								  "haproxy.cfg", NULL })),
			 0);
	assert_int_equal(
		finish(start(dir, (const char *const[]){ DNSMASQ, "--test",
							 "--conf-file=dnsmasq.conf", NULL })),
		0);
	remove_set(dir);
}

static void programs_accept(unused_arg void **state)
{
	struct strlist many auto_strlist = { 0 };
	struct gateway_config c = config_of(gateway_sample, ARRAY_SIZE(gateway_sample));

	if (!have_programs())
		skip();
	make_many(&many, 100);
	for (int loopback = 0; loopback < 2; loopback++) {
		c.host_addresses = loopback ? &many : NULL;
		c.inbound_loopback_only = loopback;
		assert_accepted(&c);
	}
	c.egress_count = 0;
	assert_accepted(&c);
}

static void programs_accept_routes(unused_arg void **state)
{
	struct gateway_config c = routes_config();

	if (!have_programs())
		skip();
	assert_accepted(&c);
}

/* As many credentials as a manifest may have, each with everything that one may have. */
static void programs_accept_most_routes(unused_arg void **state)
{
	static struct inject_entry inject[] = {
		{ .header = (char *)"X-a-key", .format = (char *)"{}" },
		{ .query = (char *)"a.key_1-2", .format = (char *)"{}" },
		{ .basic = (char *)"u:{}", .format = (char *)"{}" },
		{ .header = (char *)"X-B", .format = (char *)"{}" },
		{ .query = (char *)"b", .format = (char *)"{}" },
		{ .header = (char *)"X-C", .format = (char *)"{}" },
		{ .header = (char *)"X-D", .format = (char *)"{}" },
		{ .header = (char *)"X-E", .format = (char *)"{}" },
	};
	static char *allow[] = { (char *)"* /*", (char *)"GET /a$b+c.d/*/x@~:,=!&-/%20%e2%82/*",
				 (char *)"POST /x", NULL };
	auto_free struct credential_entry *many = mem_array(GATEWAY_MAX_CREDENTIALS, sizeof(*many));
	auto_free const char **texts = mem_array(GATEWAY_MAX_CREDENTIALS, sizeof(*texts));
	struct gateway_config c = routes_config();
	struct strlist names auto_strlist = { 0 };

	if (!have_programs())
		skip();
	for (size_t i = 0; i < GATEWAY_MAX_CREDENTIALS; i++) {
		strlist_addf(&names, "a-name-as-long-as-it-may-be-%04zu", i);
		many[i] = (struct credential_entry){
			ROUTE(names.items[i], "api.example.com"),
			.inject = INJECT(inject),
			.allow = { .items = allow, .count = 3 },
			.limit = { .rate_count = 9999999,
				   .rate_seconds = i % 2 ? 60 : 3600,
				   .burst = 1000000,
				   .daily = 1000000000,
				   .body = (uint64_t)1 << 40 },
			.token = TOKEN_REQUIRED,
		};
		texts[i] = routes_ca;
	}
	c.credentials = many;
	c.credential_count = GATEWAY_MAX_CREDENTIALS;
	c.ca_texts = texts;
	assert_accepted(&c);
}

/* As many rules as a manifest may have, with names of the longest kind in each place. */
static void programs_accept_the_largest(unused_arg void **state)
{
	auto_free struct egress_entry *rules = mem_array(GATEWAY_MAX_RULES, sizeof(*rules));
	struct gateway_config c = config_of(rules, GATEWAY_MAX_RULES);
	struct strlist hosts auto_strlist = { 0 };

	if (!have_programs())
		skip();
	for (size_t i = 0; i < GATEWAY_MAX_RULES; i++) {
		bool longest = i % 128 == 0;

		strlist_addf(&hosts, "%s%zu.%s%s%s%sexample.com", i % 3 ? "" : "*.", i,
			     longest ? "a123456789b123456789c123456789d123456789e123456789." : "",
			     longest ? "a123456789b123456789c123456789d123456789e123456789." : "",
			     longest ? "a123456789b123456789c123456789d123456789e123456789." : "",
			     longest ? "a123456789b123456789c123456789d123456789e123456789." : "");
		rules[i].host = hosts.items[i];
		rules[i].port = i % 5 == 1 ? 1024 + (int64_t)i : 443 + (int64_t)(i % 7);
		rules[i].protocol = i % 5 == 1 && i % 3 ? EGRESS_TCP : EGRESS_TLS;
		rules[i].private_ok = i % 4 == 0;
		rules[i].expires = i % 6 == 0 ? (char *)"2199-12-31" : NULL;
	}
	assert_accepted(&c);
}

/* ---- answers of dnsmasq -------------------------------------------------------------------- */

static int udp_socket(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static uint16_t free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* "NXDOMAIN", "NODATA", or the answer's records: "A 10.231.0.2", "PTR gateway"; "" when nothing
 * answers. */
static void ask(uint16_t port, const char *name, int type, char *out, size_t size)
{
	unsigned char question[512], reply[4096];
	auto_fd int fd = udp_socket(port);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t len = -1;
	ns_msg m;
	ns_rr rr;
	int n = res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, question,
			    sizeof(question));

	assert_true(n > 0);
	out[0] = '\0';
	if (send(fd, question, (size_t)n, 0) == n && poll(&ready, 1, 2000) == 1)
		len = recv(fd, reply, sizeof(reply), 0);
	if (len < 0)
		return;
	assert_int_equal(ns_initparse(reply, (int)len, &m), 0);
	snprintf(out, size, "%s",
		 ns_msg_getflag(m, ns_f_rcode) == ns_r_nxdomain ? "NXDOMAIN"
		 : ns_msg_getflag(m, ns_f_rcode)		? "ERROR"
								: "NODATA");
	for (int i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		char text[NS_MAXDNAME] = "?";

		assert_int_equal(ns_parserr(&m, ns_s_an, i, &rr), 0);
		if (ns_rr_type(rr) == ns_t_a)
			inet_ntop(AF_INET, ns_rr_rdata(rr), text, sizeof(text));
		else if (ns_rr_type(rr) == ns_t_ptr)
			ns_name_uncompress(reply, reply + len, ns_rr_rdata(rr), text, sizeof(text));
		n = i ? (int)strlen(out) : 0;
		snprintf(out + n, size - (size_t)n, "%s%d %s ttl %u", i ? ", " : "", ns_rr_type(rr),
			 text, (unsigned)ns_rr_ttl(rr));
	}
}

static char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* The rendered files on a loopback port; `records`: what is said in `hosts` is said by records in
 * the configuration instead. */
static pid_t start_dnsmasq(const struct strmap *files, const char *dir, bool records,
			   uint16_t *out_port)
{
	auto_strbuf struct strbuf named = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_free char *here = mem_printf("addn-hosts=%s/hosts\n", dir);
	auto_free char *on = NULL, *at = NULL, *all = NULL, *arg = NULL;
	const char *name = records ? "records.conf" : "hosts.conf";
	uint16_t port = free_port();

	for (const char *l = strmap_get(files, GATEWAY_FILE_HOSTS); records && *l;) {
		size_t ip = strcspn(l, " "), end = strcspn(l, "\n");

		strbuf_printf(&named, "host-record=%.*s,%.*s\n", (int)(end - ip - 1), l + ip + 1,
			      (int)ip, l);
		l += end + 1;
	}
	auto_free char *port_line = mem_printf("port=%u\nuser=root\npid-file=\n", port);
	on = replace(strmap_get(files, GATEWAY_FILE_DNSMASQ), "port=53\n", port_line);
	at = replace(on, "listen-address=10.231.0.2\n", "listen-address=127.0.0.1\n");
	all = replace(at, "addn-hosts=/run/gateway/hosts\n", records ? "" : here);
	strbuf_puts(&text, all);
	strbuf_puts(&text, strbuf_str(&named));
	write_text(dir, name, strbuf_str(&text));
	arg = mem_printf("--conf-file=%s", name);
	*out_port = port;
	return start(dir, (const char *const[]){ DNSMASQ, "--keep-in-foreground",
						 "--log-facility=/dev/null", arg, NULL });
}

static void wait_until_it_answers(uint16_t port)
{
	char text[1024] = "";

	for (int i = 0; i < 250 && !*text; i++) {
		usleep(20000);
		ask(port, "gateway", ns_t_a, text, sizeof(text));
	}
	assert_string_equal(text, "1 10.231.0.2 ttl 5");
}

/* A name in `hosts` answers as a record of its own did: for its address and for nothing else, and
 * for no name below it. */
static void answers_are_exact(unused_arg void **state)
{
	static const char *const names[] = { "api.example.com",
					     "API.Example.COM",
					     "x.api.example.com",
					     "example.com",
					     "db.example.com",
					     "a.wild.example.org",
					     "wild.example.org",
					     "gateway",
					     "proxy",
					     "x.gateway",
					     "other.example.net",
					     "localhost",
					     "10.99.0.1",
					     "2.0.231.10.in-addr.arpa",
					     "1.0.99.10.in-addr.arpa",
					     "1.0.0.127.in-addr.arpa",
					     "a.b.wild.example.org",
					     "x.eu.wild.example.org",
					     "eu.wild.example.org" };
	static const int types[] = { ns_t_a,   ns_t_aaaa, ns_t_txt, ns_t_ptr, ns_t_mx,
				     ns_t_srv, ns_t_ns,	  ns_t_soa, ns_t_any, 65 /* HTTPS */ };
	struct gateway_config c = config_of(gateway_sample, ARRAY_SIZE(gateway_sample));
	struct strmap files auto_strmap = { 0 };
	char by_hosts[1024], by_records[1024];
	uint16_t hosts_port, records_port;
	pid_t hosts, records;
	char *dir;

	if (!have_programs() || getuid() != 0)
		skip();
	render_all(&c, &files);
	dir = write_set(&files);
	hosts = start_dnsmasq(&files, dir, false, &hosts_port);
	wait_until_it_answers(hosts_port);
	records = start_dnsmasq(&files, dir, true, &records_port);
	wait_until_it_answers(records_port);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
			ask(hosts_port, names[i], types[t], by_hosts, sizeof(by_hosts));
			ask(records_port, names[i], types[t], by_records, sizeof(by_records));
			if (strcmp(by_hosts, by_records) != 0 || !*by_hosts)
				fail_msg("%s type %d: '%s' where '%s' was expected", names[i],
					 types[t], by_hosts, by_records);
		}
	}
	ask(hosts_port, "api.example.com", ns_t_a, by_hosts, sizeof(by_hosts));
	assert_string_equal(by_hosts, "1 10.231.0.2 ttl 5");
	ask(hosts_port, "api.example.com", ns_t_aaaa, by_hosts, sizeof(by_hosts));
	assert_string_equal(by_hosts, "NODATA");
	ask(hosts_port, "x.api.example.com", ns_t_a, by_hosts, sizeof(by_hosts));
	assert_string_equal(by_hosts, "NXDOMAIN");
	kill(hosts, SIGTERM);
	kill(records, SIGTERM);
	finish(hosts);
	finish(records);
	remove_set(dir);
}

/* ---- a process that was replaced ----------------------------------------------------------- */

static int routes_connect(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (int i = 0; i < 250; i++) {
		if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
			return fd;
		usleep(20000);
	}
	fail_msg("HAProxy does not listen");
	return -1;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* True when the next answer has that status and reason. */
static bool answers_with(int fd, const char *status, const char *reason)
{
	auto_free char *begin = mem_printf("HTTP/1.1 %s ", status);
	auto_free char *word = mem_printf("\"reason\":\"%s\"", reason);
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return strncmp(text, begin, strlen(begin)) == 0 && strstr(text, word);
}

/* Routes on loopback, nothing else: any credential is as good as another. */
static pid_t start_routes(char **out_dir, uint16_t port)
{
	struct gateway_config c = routes_config();
	struct strmap files auto_strmap = { 0 };
	auto_free char *bind = mem_printf("bind 127.0.0.1:%u ", port), *here = NULL, *cli = NULL,
		       *text = NULL;

	c.inner_ip = c.worker_ip = c.twin_ip = c.egress_ip = "127.0.0.1";
	c.inbound_port = free_port();
	c.egress_count = 0;
	render_all(&c, &files);
	here = replace(strmap_get(&files, GATEWAY_FILE_HAPROXY), "bind 127.0.0.1:80 ", bind);
	*out_dir = write_set(&files);
	cli = mem_printf("%s/cli", *out_dir);
	text = replace(here, "${GATEWAY_CLI}", cli);
	write_text(*out_dir, "here.cfg", text);
	return start(*out_dir,
		     (const char *const[]){ HAPROXY, "-db", "-q", "-f", "here.cfg", NULL });
}

/* Connections that were accepted before must not have the old rules applied to what they say
 * afterwards, whether they said half of it before or nothing. */
static void replaced_processes_refuse(unused_arg void **state)
{
	static const char half[] = "GET /nothing/x HTTP/1.1\r\nHost: ";
	uint16_t port = free_port();
	char *dir;
	pid_t pid;

	if (!have_programs())
		skip();
	pid = start_routes(&dir, port);
	{
		auto_fd int before = routes_connect(port), begun = routes_connect(port);

		say(before, half);
		say(before, "gateway\r\n\r\n");
		assert_true(answers_with(before, "403", "route"));
		say(before, half);
		say(begun, half);
		usleep(100000);
		kill(pid, SIGUSR1);
		usleep(100000);
		say(begun, "gateway\r\n\r\n");
		assert_true(answers_with(begun, "503", "reload"));
		say(before, "gateway\r\n\r\n");
		assert_true(answers_with(before, "503", "reload"));
	}
	assert_int_equal(finish(pid), 0);
	remove_set(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_accept),
		cmocka_unit_test(programs_accept_the_largest),
		cmocka_unit_test(programs_accept_routes),
		cmocka_unit_test(programs_accept_most_routes),
		cmocka_unit_test(answers_are_exact),
		cmocka_unit_test(replaced_processes_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
