/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_seccomp_table.c - the default profile: what it allows, to whom, and that its rows are
 * sane. */
#include "wire-oci.h"

#include <errno.h>

#include "wire/oci_seccomp_table.h"

/* The first entry that names @call; "null" when it is not allowed. */
static char *rule_of(const struct hp_json *profile, const char *call)
{
	const struct hp_json *calls = hp_json_get(profile, "syscalls");

	for (size_t i = 0; i < hp_json_count(calls); i++) {
		const struct hp_json *names = hp_json_get(hp_json_at(calls, i), "names");
		AUTO(hp_json_free) struct hp_json *rule = hp_json_copy(hp_json_at(calls, i));

		for (size_t n = 0; n < hp_json_count(names); n++)
			if (hp_str_eq(hp_json_str(hp_json_at(names, n)), call)) {
				hp_json_remove(rule, "names");
				return hp_json_text(rule, false);
			}
	}
	return hp_strdup("null");
}

static void assert_rule(const char *const *caps, const char *call, const char *expected)
{
	AUTO(hp_json_free) struct hp_json *profile = hp_oci_seccomp_default(caps);
	AUTO_FREE char *got = rule_of(profile, call);

	if (strcmp(got, expected) != 0)
		fail_msg("%s: %s, expected %s", call, got, expected);
}

#define ALLOWED "{\"action\":\"SCMP_ACT_ALLOW\"}"

static void test_allowed(void **state)
{
	static const char *const calls[] = {
		"read",      "openat",       "execve",
		"futex",     "mmap",         "fork",
		"wait4",     "epoll_pwait2", "statx",
		"rseq",      "getrandom",    "setuid",
		"fchmodat2", "io_submit",    "ptrace",
		"unlinkat",  "sendmmsg",     "landlock_restrict_self",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(calls); i++)
		assert_rule(NULL, calls[i], ALLOWED);
}

static void test_not_allowed(void **state)
{
	static const char *const calls[] = {
		"mount",      "umount2",      "unshare",         "setns",  "bpf",
		"reboot",     "kexec_load",   "init_module",     "swapon", "add_key",
		"keyctl",     "userfaultfd",  "io_uring_setup",  "chroot", "open_by_handle_at",
		"pivot_root", "settimeofday", "perf_event_open", "iopl",   "acct",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(calls); i++)
		assert_rule(NULL, calls[i], "null");
}

static void test_by_capability(void **state)
{
	static const char *const admin[] = {"CAP_SYS_ADMIN", NULL};
	static const char *const others[] = {"CAP_SYS_CHROOT", "CAP_SYS_TIME", NULL};

	(void)state;
	assert_rule(admin, "mount", ALLOWED);
	assert_rule(admin, "clone", ALLOWED);
	assert_rule(admin, "clone3", ALLOWED);
	assert_rule(others, "chroot", ALLOWED);
	assert_rule(others, "clock_settime", ALLOWED);
	assert_rule(others, "mount", "null");
}

static void test_conditions(void **state)
{
	(void)state;
	assert_rule(NULL, "clone",
		    "{\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		    "\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}");
	assert_rule(NULL, "clone3", "{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}");
	assert_rule(NULL, "socket",
		    "{\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":40,"
		    "\"valueTwo\":0,\"op\":\"SCMP_CMP_NE\"}]}");
}

static void test_frame(void **state)
{
	AUTO(hp_json_free) struct hp_json *v = hp_oci_seccomp_default(NULL);

	(void)state;
	assert_at(v, "defaultAction", "\"SCMP_ACT_ERRNO\"");
	assert_at(v, "defaultErrnoRet", "1");
}

/* No name stands in two unconditional rows, and no row has an empty name. */
static void test_rows(void **state)
{
	AUTO(hp_strv_free) struct hp_strv seen = {0};

	(void)state;
	for (const struct hp_seccomp_row *row = hp_seccomp__rows; row->names; row++) {
		AUTO(hp_strv_free) struct hp_strv names = {0};

		assert_true(!row->cap || hp_str_starts(row->cap, "CAP_"));
		hp_strv_split(&names, row->names, ' ');
		assert_true(names.count > 0);
		for (size_t i = 0; i < names.count; i++) {
			const char *name = names.items[i];

			assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
					 strlen(name));
			assert_true(*name);
			if (row->arch || row->cap || row->without_cap || row->arg.op)
				continue;
			if (hp_strv_has(&seen, name))
				fail_msg("%s is there twice", name);
			hp_strv_add(&seen, name);
		}
	}
	assert_true(seen.count > 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed),       cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_by_capability), cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_frame),         cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
