/* SPDX-License-Identifier: Apache-2.0 */
/* wire-passwd.c - users and groups as docker resolves them, and files that are a mess. */
#include "wire/passwd.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char passwd_text[] = "# comment:x:1:1::/c:\n"
				  "root:x:0:0:root:/root:/bin/sh\n"
				  "\n"
				  "broken\n"
				  "bob:x:1000:1001:Bob:/home/bob:/bin/sh\n"
				  "777:x:1777:1777::/home/digits:\n"
				  "nogid:x:5:x::/:\n"
				  "relative:x:6:6::home:\n"
				  "twice:x:10:10::/first:\n"
				  "twice:x:11:11::/second:\n"
				  "last:x:12:12::/last:";
static const char group_text[] = "root:x:0:root\n"
				 "bob:x:1001:\n"
				 "wheel:x:10:root,bob\n"
				 "audio:x:63:bob\n"
				 "audio2:x:63:bob\n"
				 "prefix:x:64:bobby,bo,bob2\n"
				 "bad:x:no:bob\n"
				 "self:x:1001:bob\n";

static int resolve(const char *user, const char *const *extra, struct hp_user *u,
		   struct hp_error *err)
{
	*err = (struct hp_error)HP_ERROR_INIT;
	return hp_user_resolve(user, hp_bytes_str(passwd_text), hp_bytes_str(group_text), extra,
			       u, err);
}

static void test_users(void **state)
{
	static const struct {
		const char *user;
		uint32_t uid, gid;
		const char *home;
		size_t n_gids;
	} rows[] = {
		{"", 0, 0, "/root", 1},
		{"root", 0, 0, "/root", 1},
		{"0", 0, 0, "/root", 1},
		{"bob", 1000, 1001, "/home/bob", 2},
		{"1000", 1000, 1001, "/home/bob", 2},
		{"bob:wheel", 1000, 10, "/home/bob", 0},
		{"bob:4000", 1000, 4000, "/home/bob", 0},
		{"4000", 4000, 0, "/", 0},
		{"4000:5000", 4000, 5000, "/", 0},
		{"4000:audio", 4000, 63, "/", 0},
		{":wheel", 0, 10, "/root", 0},
		{"bob:", 1000, 1001, "/home/bob", 2},
		/* All digits is always a number. */
		{"777", 777, 0, "/", 0},
		{"relative", 6, 6, "/", 0},
		{"twice", 10, 10, "/first", 0},
		{"last", 12, 12, "/last", 0},
		{"2147483647:2147483647", 2147483647, 2147483647, "/", 0},
	};
	struct hp_error err;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_user_clear) struct hp_user u = {0};

		if (resolve(rows[i].user, NULL, &u, &err) < 0)
			fail_msg("'%s': %s", rows[i].user, err.msg);
		assert_int_equal(u.uid, rows[i].uid);
		assert_int_equal(u.gid, rows[i].gid);
		assert_string_equal(u.home, rows[i].home);
		assert_int_equal(u.n_gids, rows[i].n_gids);
	}
}

static void test_memberships(void **state)
{
	AUTO(hp_user_clear) struct hp_user u = {0};
	struct hp_error err;

	(void)state;
	assert_int_equal(resolve("bob", NULL, &u, &err), 0);
	assert_int_equal(u.n_gids, 2);
	assert_int_equal(u.gids[0], 10);
	assert_int_equal(u.gids[1], 63);
}

static void test_extra_groups(void **state)
{
	static const char *const extra[] = {"audio", "9", "10", "9", NULL};
	static const char *const missing[] = {"nobody-knows", NULL};
	AUTO(hp_user_clear) struct hp_user u = {0};
	struct hp_user untouched = {.uid = 99};
	struct hp_error err;

	(void)state;
	assert_int_equal(resolve("4000:10", extra, &u, &err), 0);
	assert_int_equal(u.n_gids, 2);
	assert_int_equal(u.gids[0], 9);
	assert_int_equal(u.gids[1], 63);
	assert_int_equal(resolve("bob", missing, &untouched, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "nobody-knows"));
	assert_int_equal(untouched.uid, 99);
}

static void test_failures(void **state)
{
	static const struct {
		const char *user;
		enum hp_code code;
		const char *why;
	} rows[] = {
		{"alice", HP_ENOTFOUND, "no user 'alice'"},
		{"#", HP_ENOTFOUND, "no user"},
		{"# comment", HP_ENOTFOUND, "no user"},
		{"broken", HP_ENOTFOUND, "no user"},
		{"bob:nobody", HP_ENOTFOUND, "no group 'nobody'"},
		{"2147483648", HP_EINVALID, "2147483648"},
		{"99999999999999999999999", HP_EINVALID, "limit"},
		{"0:4294967295", HP_EINVALID, "limit"},
		{"-1", HP_ENOTFOUND, "no user '-1'"},
		{"nogid", HP_EINVALID, "nogid"},
	};
	struct hp_error err;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_user u = {0};

		if (resolve(rows[i].user, NULL, &u, &err) == 0)
			fail_msg("accepted: %s", rows[i].user);
		assert_int_equal(err.code, rows[i].code);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("'%s' does not say '%s'", err.msg, rows[i].why);
		assert_null(u.home);
	}
}

static void test_no_files(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_user_clear) struct hp_user u = {0};
	struct hp_user none = {0};

	(void)state;
	assert_int_equal(
		hp_user_resolve(NULL, HP_BYTES(NULL, 0), HP_BYTES(NULL, 0), NULL, &u, &err), 0);
	assert_int_equal(u.uid, 0);
	assert_string_equal(u.home, "/");
	assert_int_equal(hp_user_resolve("root", HP_BYTES(NULL, 0), HP_BYTES(NULL, 0), NULL,
					 &none, &err),
			 -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
}

/* A group file that lists the user more often than the kernel would take. */
static void test_too_many_groups(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_user u = {0};
	AUTO(hp_buf_free) struct hp_buf text = {0};

	(void)state;
	hp_buf_init(&text, 4U << 20);
	for (unsigned i = 0; i <= 65536; i++)
		assert_int_equal(hp_buf_printf(&text, &err, "g:x:%u:bob\n", i), 0);
	assert_int_equal(hp_user_resolve("bob", hp_bytes_str(passwd_text), hp_buf_bytes(&text),
					 NULL, &u, &err),
			 -1);
	assert_int_equal(err.code, HP_EINVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),        cmocka_unit_test(test_memberships),
		cmocka_unit_test(test_extra_groups), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_no_files),     cmocka_unit_test(test_too_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
