/* SPDX-License-Identifier: Apache-2.0 */
/* image-credentials.c - config.json in a directory of the test's, and helpers that are scripts. */
#include "image/credentials.h"

#include <sys/stat.h>

#include "scratch.h"

static const char helper_config[] = "{\"credHelpers\":{\"reg.example\":\"hptest\"}}";

/* Put a helper into PATH that does @script. */
static void put_helper(const char *dir, const char *script)
{
	AUTO_FREE char *text = hp_sprintf("#!/bin/sh\n%s\n", script);
	AUTO_FREE char *path = scratch_file(dir, "docker-credential-hptest", text);
	AUTO_FREE char *paths = hp_sprintf("%s:/usr/bin:/bin", dir);

	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(setenv("PATH", paths, 1), 0);
}

static void reads_the_file(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path =
		scratch_file(dir, "config.json", "{\"auths\":{\"r.io\":{\"auth\":\"dTpw\"}}}");
	AUTO(hp_credentials_clear) struct hp_credentials c = {0}, by_env = {0}, none = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_credentials_find(dir, "r.io", &c, &err), 1);
	assert_string_equal(c.user, "u");
	assert_int_equal(setenv("DOCKER_CONFIG", dir, 1), 0);
	assert_int_equal(hp_credentials_find(NULL, "r.io", &by_env, &err), 1);
	assert_string_equal(by_env.password, "p");
	assert_int_equal(hp_credentials_find(NULL, "other.io", &none, &err), 0);
	unsetenv("DOCKER_CONFIG");
	assert_null(none.user);
}

static void no_file_is_nothing(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_credentials c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_credentials_find(dir, "r.io", &c, &err), 0);
	setenv("HOME", dir, 1);
	assert_int_equal(hp_credentials_find(NULL, "r.io", &c, &err), 0);
	unsetenv("HOME");
	assert_int_equal(hp_credentials_find(NULL, "r.io", &c, &err), 0);
}

static void bad_file_says_which(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "config.json", "{");
	struct hp_credentials c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_credentials_find(dir, "r.io", &c, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, path));
}

static void asks_the_helper(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "config.json", helper_config);
	AUTO(hp_credentials_clear) struct hp_credentials c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	put_helper(dir, "read host; [ $1 = get ] && "
			"echo '{\"Username\":\"'$host'\",\"Secret\":\"s\"}'");
	if (hp_credentials_find(dir, "reg.example", &c, &err) != 1)
		fail_msg("%s", err.msg);
	assert_string_equal(c.user, "reg.example");
	assert_string_equal(c.password, "s");
}

static void helpers_may_fail(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "config.json", helper_config);
	struct hp_credentials c = {0};
	static const struct {
		const char *script;
		int got;
		enum hp_code code;
	} rows[] = {
		{"echo credentials not found in native keychain; exit 1", 0, HP_OK},
		{"echo locked; exit 1", -1, HP_EFAILED},
		{"echo '{}'", -1, HP_ECORRUPT},
		{"head -c 100000 /dev/zero", -1, HP_EEXHAUSTED},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		put_helper(dir, rows[i].script);
		assert_int_equal(hp_credentials_find(dir, "reg.example", &c, &err),
				 rows[i].got);
		assert_int_equal(err.code, rows[i].code);
	}
	struct hp_error err = HP_ERROR_INIT;
	setenv("PATH", "/no/such/dir", 1);
	assert_int_equal(hp_credentials_find(dir, "reg.example", &c, &err), -1);
	assert_int_equal(err.code, HP_ENOCMD);
	assert_non_null(strstr(err.msg, "docker-credential-hptest"));
	assert_null(c.user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_the_file),      FDS_TEST(no_file_is_nothing),
		FDS_TEST(bad_file_says_which), FDS_TEST(asks_the_helper),
		FDS_TEST(helpers_may_fail),
	};
	unsetenv("DOCKER_CONFIG");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
