/*
 * Profiles: what is refused and where it says so, canonical text, composition, the
 * list of what is left out and what ai-worker lets through.
 */
#include "seccomp_fixture.h"

static uint32_t action_of(const struct seccomp_program *p, long nr, uint64_t a, uint64_t b,
			  uint64_t c)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = p->arch, .args = { a, b, c } };

	return bpf_run(&p->filter, &d, NULL);
}

static void test_refusals_name_what_and_where(void **unused)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "expected a JSON object" },
		{ "{\"syscalls\":[]}", "defaultAction" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[]}",
		  "defaultAction: SCMP_ACT_ALLOW lets every call through" },
		{ "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[]}", "lets every call" },
		{ "{\"defaultAction\":\"SCMP_ACT_DENY\",\"syscalls\":[]}", "defaultAction" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "syscalls" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]}",
		  "no container would start under it" },
		{ PROFILE(",\"defaultActoin\":1", ""), "defaultAction" },
		{ PROFILE(",\"defaultErrnoRet\":5000", ""), "defaultErrnoRet" },
		{ PROFILE(",\"flags\":[\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]", ""), "flags" },
		{ PROFILE(",\"architectures\":[\"SCMP_ARCH_X86\"]", ""),
		  "architectures[0]: SCMP_ARCH_X86" },
		{ PROFILE(",\"architectures\":[\"SCMP_ARCH_X32\"]", ""), "SCMP_ARCH_X32" },
		{ PROFILE(",\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\","
			  "\"subArchitectures\":[\"SCMP_ARCH_X32\"]}]",
			  ""),
		  "archMap[0].subArchitectures: must be empty" },
		{ PROFILE("", RULE("\"names\":[\"raed\"],\"action\":\"SCMP_ACT_ALLOW\"")),
		  "test:4:11: syscalls[1].names[0]: raed: libseccomp knows no such call" },
		{ PROFILE("", RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_TRACE\"")),
		  "SCMP_ACT_TRACE" },
		{ PROFILE("", RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
				   "\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]")),
		  "index" },
		{ PROFILE("",
			  RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
			       "\"args\":[{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_SAME\"}]")),
		  "op" },
		{ PROFILE("", RULE("\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\","
				   "\"args\":[{\"index\":0,\"value\":40,\"op\":\"SCMP_CMP_NE\"}]")),
		  "every value with a bit in the upper half" },
		{ PROFILE("", RULE("\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\","
				   "\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
				   "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]")),
		  "a second condition on argument 0" },
		{ PROFILE("", RULE("\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":"
				   "[{\"index\":0,\"value\":1,\"valueTwo\":2,"
				   "\"op\":\"SCMP_CMP_MASKED_EQ\"}]")),
		  "never true" },
		{ PROFILE("", RULE("\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":"
				   "[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]")),
		  "clone stands in syscalls[0] too" },
		{ PROFILE("", RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
				   "\"includes\":{\"minKernel\":\"4.8\"}")),
		  "minKernel" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_seccomp_profile struct seccomp_profile *p = NULL;
		struct err e = ERR_INIT;

		if (parse(cases[i].text, &p, &e) == 0)
			fail_msg("case %zu was accepted: %s", i, cases[i].text);
		assert_int_equal(e.code, ERR_MANIFEST);
		if (!strstr(e.message, cases[i].message))
			fail_msg("case %zu: \"%s\" does not say \"%s\"", i, e.message,
				 cases[i].message);
	}
}

static void test_missing_start_call_is_named(void **unused)
{
	auto_strlist struct strlist allowed = { 0 }, conditional = { 0 };
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	struct err e = ERR_INIT;

	(void)unused;
	assert_int_equal(parse(PROFILE("", ""), &p, &e), 0);
	seccomp_profile_describe(p, &allowed, &conditional);
	for (size_t drop = 0; drop < allowed.count; drop++) {
		auto_seccomp_profile struct seccomp_profile *without = NULL;
		auto_free char *quoted = mem_printf("\"%s\"", allowed.items[drop]);
		const char *whole = PROFILE("", ""), *at = strstr(whole, quoted);
		auto_free char *text = NULL;

		assert_non_null(at);
		text = mem_printf("%.*s\"acct\"%s", (int)(at - whole), whole, at + strlen(quoted));
		if (parse(text, &without, &e) == 0)
			fail_msg("accepted without %s", allowed.items[drop]);
		if (!strstr(e.message, allowed.items[drop]))
			fail_msg("without %s: %s", allowed.items[drop], e.message);
	}
}

static void test_builtins_parse_and_round_trip(void **unused)
{
	const char *const *names = seccomp_builtin_names();
	size_t count = 0;

	(void)unused;
	for (; names[count]; count++) {
		auto_seccomp_profile struct seccomp_profile *p = NULL, *again = NULL;
		auto_free char *text = NULL, *text_again = NULL;
		char digest[DIGEST_HEX_SIZE], digest_again[DIGEST_HEX_SIZE];
		struct err e = ERR_INIT;

		if (seccomp_profile_builtin(names[count], &p, &e) < 0)
			fail_msg("%s", e.message);
		text = seccomp_profile_json(p);
		if (parse(text, &again, &e) < 0)
			fail_msg("%s", e.message);
		text_again = seccomp_profile_json(again);
		assert_string_equal(text, text_again);
		seccomp_profile_digest(p, digest);
		seccomp_profile_digest(again, digest_again);
		assert_string_equal(digest, digest_again);
		assert_null(strchr(text, '\n'));
	}
	assert_true(count >= 3);
}

static void test_unknown_builtin(void **unused)
{
	struct seccomp_profile *p = NULL;
	struct err e = ERR_INIT;

	(void)unused;
	assert_int_equal(seccomp_profile_builtin("none", &p, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(p);
	for (const char *const *n = seccomp_builtin_names(); *n; n++)
		assert_non_null(strstr(e.hint, *n));
}

static void test_refused_list_holds_for_ai_worker(void **unused)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	auto_strlist struct strlist allowed = { 0 }, conditional = { 0 };
	struct err e = ERR_INIT;
	size_t count;
	const struct seccomp_refusal *r = seccomp_refused(&count);

	(void)unused;
	assert_int_equal(seccomp_profile_builtin("ai-worker", &p, &e), 0);
	seccomp_profile_describe(p, &allowed, &conditional);
	assert_true(allowed.count > 200);
	for (size_t i = 0; i < count; i++) {
		bool some = false;
		size_t len = strlen(r[i].name);

		if (strlist_has(&allowed, r[i].name))
			fail_msg("%s is refused and allowed", r[i].name);
		for (size_t k = 0; k < conditional.count; k++)
			some |= strncmp(conditional.items[k], r[i].name, len) == 0 &&
				conditional.items[k][len] == ':';
		if (some != r[i].conditional)
			fail_msg("%s: the table's `conditional` is wrong", r[i].name);
		assert_true(strlen(r[i].reason) > 10);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(r[i].name, r[k].name);
	}
}

static void test_every_conditional_call_is_explained(void **unused)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	auto_strlist struct strlist allowed = { 0 }, conditional = { 0 };
	struct err e = ERR_INIT;
	size_t count;
	const struct seccomp_refusal *r = seccomp_refused(&count);

	(void)unused;
	assert_int_equal(seccomp_profile_builtin("ai-worker", &p, &e), 0);
	seccomp_profile_describe(p, &allowed, &conditional);
	for (size_t k = 0; k < conditional.count; k++) {
		bool found = false;

		for (size_t i = 0; i < count; i++) {
			size_t len = strlen(r[i].name);

			found |= strncmp(conditional.items[k], r[i].name, len) == 0 &&
				 conditional.items[k][len] == ':';
		}
		if (!found)
			fail_msg("no reason for the condition on %s", conditional.items[k]);
	}
}

static void test_ai_worker_argument_rules(void **unused)
{
	static const struct {
		long nr;
		uint64_t args[3];
		uint32_t want;
	} cases[] = {
		{ SYS_read, { 0 }, ALLOW },
		{ SYS_socket, { 1, 1 }, ALLOW },
		{ SYS_socket, { 1, 5 | 02000000 }, ALLOW },
		{ SYS_socket, { 1, 3 }, EPERM_RET },
		{ SYS_socket, { 2, 1, 6 }, ALLOW },
		{ SYS_socket, { 2, 1 | 02004000, 0 }, ALLOW },
		{ SYS_socket, { 10, 2, 17 }, ALLOW },
		{ SYS_socket, { 2, 2, 1 }, EPERM_RET },	  /* ICMP */
		{ SYS_socket, { 2, 3, 255 }, EPERM_RET }, /* raw */
		{ SYS_socket, { 2, 1, 132 }, EPERM_RET }, /* SCTP */
		{ SYS_socket, { 16, 3, 0 }, ALLOW },	  /* netlink route */
		{ SYS_socket, { 16, 3, 12 }, EPERM_RET }, /* netfilter */
		{ SYS_socket, { 17, 3, 0 }, EPERM_RET },  /* packet */
		{ SYS_socket, { 38, 5, 0 }, EPERM_RET },  /* AF_ALG */
		{ SYS_socket, { 40, 1, 0 }, EPERM_RET },  /* vsock */
		{ SYS_socket, { 40 | 1ULL << 32, 1, 0 }, EPERM_RET },
		{ SYS_socketpair, { 1, 1 }, ALLOW },
		{ SYS_socketpair, { 2, 1 }, EPERM_RET },
		{ SYS_clone, { 0x50f00 }, ALLOW },
		{ SYS_clone, { 0x10000000 | 17 }, EPERM_RET }, /* user namespace */
		{ SYS_clone, { 0x00020000 | 17 }, EPERM_RET },
		{ SYS_clone, { 0x02000000 | 17 }, EPERM_RET },
		{ SYS_clone, { 0x40000000 | 17 }, EPERM_RET },
		{ SYS_clone3, { 0 }, ENOSYS_RET },
		{ SYS_unshare, { 0x10000000 }, EPERM_RET },
		{ SYS_setns, { 3 }, EPERM_RET },
		{ SYS_personality, { 0 }, ALLOW },
		{ SYS_personality, { 0xffffffff }, ALLOW },
		{ SYS_personality, { 0x40000 }, EPERM_RET },
		{ SYS_ioctl, { 0, 0x5401 }, ALLOW },
		{ SYS_ioctl, { 0, 0x5412 }, EPERM_RET },
		{ SYS_ioctl, { 0, 0x5412 | 1ULL << 32 }, EPERM_RET },
		{ SYS_ioctl, { 0, 0x541c }, EPERM_RET },
		{ SYS_ioctl, { 0, 0x5423 }, EPERM_RET },
		{ SYS_ioctl, { 0, 0xffffffff80045430 }, ALLOW }, /* musl extends the sign */
		{ SYS_futex, { 0, 0 | 128 }, ALLOW },
		{ SYS_futex, { 0, 9 | 0x180 }, ALLOW },
		{ SYS_futex, { 0, 11 }, EPERM_RET },
		{ SYS_futex, { 0, 12 | 128 }, EPERM_RET },
		{ SYS_prctl, { 15 }, ALLOW },
		{ SYS_prctl, { 35 }, EPERM_RET }, /* PR_SET_MM */
		{ SYS_mknodat, { 0, 0, 0010644 }, ALLOW },
		{ SYS_mknodat, { 0, 0, 0020644 }, EPERM_RET },
		{ SYS_mknodat, { 0, 0, 0060644 }, EPERM_RET },
		{ SYS_io_uring_setup, { 0 }, ENOSYS_RET },
		{ SYS_splice, { 0 }, SECCOMP_RET_ERRNO | 22 },
		{ SYS_ptrace, { 0 }, EPERM_RET },
		{ SYS_bpf, { 0 }, EPERM_RET },
		{ 500, { 0 }, EPERM_RET },
	};
	auto_seccomp_program struct seccomp_program p = { 0 };

	(void)unused;
	compose_builtin("ai-worker", &p);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t got = action_of(&p, cases[i].nr, cases[i].args[0], cases[i].args[1],
					 cases[i].args[2]);

		if (got != cases[i].want)
			fail_msg("case %zu (call %ld): 0x%x, expected 0x%x", i, cases[i].nr, got,
				 cases[i].want);
	}
}

static void test_foreign_abis_are_killed(void **unused)
{
	auto_seccomp_program struct seccomp_program p = { 0 };
	struct seccomp_data d = { .nr = 3, .arch = AUDIT_ARCH_I386 };

	(void)unused;
	compose_builtin("ai-worker", &p);
	assert_int_equal(bpf_run(&p.filter, &d, NULL), SECCOMP_RET_KILL_THREAD);
	if (p.arch == AUDIT_ARCH_X86_64)
		assert_int_equal(action_of(&p, 0x40000000, 0, 0, 0), SECCOMP_RET_KILL_THREAD);
}

static void test_gates_are_judged_without_capabilities(void **unused)
{
	static const char text[] = PROFILE(
		"", RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
			 "\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}")
			    RULE("\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\","
				 "\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}")
				    RULE("\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ALLOW\","
					 "\"includes\":{\"arches\":[\"s390x\"]}"));
	auto_seccomp_program struct seccomp_program p = { 0 };

	(void)unused;
	compose(text, &p);
	assert_int_equal(action_of(&p, SYS_mount, 0, 0, 0), EPERM_RET);
	assert_int_equal(action_of(&p, SYS_chroot, 0, 0, 0), ALLOW);
	assert_int_equal(action_of(&p, SYS_bpf, 0, 0, 0), EPERM_RET);
}

static void test_digest_follows_the_rules(void **unused)
{
	auto_seccomp_program struct seccomp_program a = { 0 }, b = { 0 }, c = { 0 };

	(void)unused;
	compose(PROFILE("", ""), &a);
	compose(PROFILE("", RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\"")), &b);
	compose(PROFILE("", RULE("\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
				 "\"comment\":\"why\"")),
		&c);
	assert_string_not_equal(a.digest, b.digest);
	assert_string_equal(b.digest, c.digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals_name_what_and_where),
		cmocka_unit_test(test_missing_start_call_is_named),
		cmocka_unit_test(test_builtins_parse_and_round_trip),
		cmocka_unit_test(test_unknown_builtin),
		cmocka_unit_test(test_refused_list_holds_for_ai_worker),
		cmocka_unit_test(test_every_conditional_call_is_explained),
		cmocka_unit_test(test_ai_worker_argument_rules),
		cmocka_unit_test(test_foreign_abis_are_killed),
		cmocka_unit_test(test_gates_are_judged_without_capabilities),
		cmocka_unit_test(test_digest_follows_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
