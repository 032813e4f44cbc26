/*
 * Contract with the engine: each case is a recorded exchange that is replayed through
 * the real libcurl path. Without arguments all cases are checked, and one that no
 * step below uses fails. With SOCKET DIRECTORY the steps run against a live engine,
 * in order, and write the cases anew (scripts/record-engine cleans them up).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../support/case_file.h"
#include "../support/contract_steps.h"
#include "../support/replay_server.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "engine/client.h"

#define CASES "tests/contract/cases"
#define ALL_PERMISSIONS (ENGINE_MAY_CHANGE | ENGINE_MAY_LOAD)

static void describe(int ret, const struct err *e, struct strbuf *out)
{
	if (ret == 0)
		strbuf_puts(out, "ok");
	else
		strbuf_printf(out, "%s %d", err_code_name(e->code), e->status);
}

static char *http_reply(const struct case_exchange *x, size_t *out_len)
{
	struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);

	strbuf_printf(&b, "HTTP/1.1 %d Recorded\r\n", x->status);
	if (x->type)
		strbuf_printf(&b, "Content-Type: %s\r\n", x->type);
	if (x->status != 204 && x->status != 304)
		strbuf_printf(&b, "Content-Length: %zu\r\n", x->reply.len);
	strbuf_puts(&b, "\r\n");
	strbuf_add(&b, strbuf_str(&x->reply), x->reply.len);
	*out_len = b.len;
	return strbuf_take(&b);
}

static void replay(const struct contract_step *step, const struct case_file *f, const char *name)
{
	auto_free char *ping =
		mem_printf("HTTP/1.1 200 OK\r\nApi-Version: %s\r\nServer: Docker/%s (linux)\r\n"
			   "Content-Length: 0\r\n\r\n",
			   f->api, f->engine);
	struct replay_step play[CASE_EXCHANGES_MAX + 1] = { { .request = "HEAD /_ping",
							      .reply = ping } };
	auto_strbuf struct strbuf sees = STRBUF_INIT(65536);
	auto_strbuf struct strbuf outcome = STRBUF_INIT(256);
	struct replay_server s;
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;
	size_t i;
	int ret;

	for (i = 0; i < f->count; i++) {
		play[i + 1].request = f->exchanges[i].request;
		play[i + 1].body = f->exchanges[i].body;
		play[i + 1].reply = http_reply(&f->exchanges[i], &play[i + 1].reply_len);
	}
	replay_start(&s, play, f->count + 1);
	assert_int_equal(transport_open_unix(s.path, false, &t, &e), 0);
	assert_int_equal(client_open(t, ALL_PERMISSIONS, &c, &e), 0);
	ret = step->run(c, &sees, &e);
	describe(ret, &e, &outcome);
	client_close(c);
	if (replay_stop(&s) != (int)f->count + 1)
		fail_msg("%s: %s", name, s.why[0] ? s.why : "not every exchange was used");
	if (strcmp(strbuf_str(&outcome), f->outcome) != 0)
		fail_msg("%s: %s: %s", name, strbuf_str(&outcome), e.message);
	if (strcmp(strbuf_str(&sees), f->sees ? f->sees : "") != 0)
		fail_msg("%s: sees %s", name, strbuf_str(&sees));
	for (i = 0; i < f->count; i++)
		free((char *)play[i + 1].reply);
}

static const struct contract_step *step_of(const char *file)
{
	size_t i, len = strcspn(file, "@");

	for (i = 0; i < contract_step_count; i++)
		if (strlen(contract_steps[i].name) == len &&
		    strncmp(contract_steps[i].name, file, len) == 0)
			return &contract_steps[i];
	return NULL;
}

static void test_cases(void **state)
{
	auto_strlist struct strlist files = { 0 };
	struct err e = ERR_INIT;
	size_t i, k;

	(void)state;
	assert_int_equal(fsio_list(CASES, 1000, &files, &e), 0);
	for (i = 0; i < files.count; i++) {
		auto_free char *path = mem_printf(CASES "/%s", files.items[i]);
		const struct contract_step *step = step_of(files.items[i]);
		struct case_file f = { 0 };

		if (!step)
			fail_msg("%s: no step uses it", path);
		if (case_read(path, &f, &e) < 0)
			fail_msg("%s", e.message);
		replay(step, &f, files.items[i]);
		case_free(&f);
	}
	/* And no step without a case from both ends of the supported range. */
	for (k = 0; k < contract_step_count; k++) {
		auto_free char *oldest = mem_printf("%s@1.41.case", contract_steps[k].name);
		auto_free char *newest = mem_printf("%s@1.51.case", contract_steps[k].name);

		if (!strlist_has(&files, oldest) || !strlist_has(&files, newest))
			fail_msg("%s: no recorded case", contract_steps[k].name);
	}
}

static int record_all(const char *socket_path, const char *dir)
{
	struct case_file *now = NULL;
	struct engine_info engine;
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;
	size_t i;

	if (transport_open_unix(socket_path, false, &t, &e) < 0 ||
	    client_open(case_recorder_new(t, &now), ALL_PERMISSIONS, &c, &e) < 0 ||
	    client_info(c, &engine, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.message);
		return 1;
	}
	for (i = 0; i < contract_step_count; i++) {
		const struct timespec settle = { .tv_nsec = 300000000 };
		auto_strbuf struct strbuf sees = STRBUF_INIT(65536);
		auto_strbuf struct strbuf outcome = STRBUF_INIT(256);
		auto_free char *path =
			mem_printf("%s/%s@%s.case", dir, contract_steps[i].name, client_api(c));
		struct case_file f = { 0 };

		err_clear(&e);
		now = &f;
		describe(contract_steps[i].run(c, &sees, &e), &e, &outcome);
		now = NULL;
		mem_replace(&f.engine, engine.server_version);
		mem_replace(&f.api, client_api(c));
		mem_replace(&f.outcome, strbuf_str(&outcome));
		mem_replace(&f.sees, strbuf_str(&sees));
		if (case_write(path, &f, &e) < 0) {
			(void)fprintf(stderr, "%s\n", e.message);
			return 1;
		}
		(void)printf("%-32s %s\n", contract_steps[i].name, strbuf_str(&outcome));
		case_free(&f);
		/* Output and exit of the worker need a moment on a live engine. */
		(void)nanosleep(&settle, NULL);
	}
	engine_info_free(&engine);
	client_close(c);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	if (argc == 3)
		return record_all(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
