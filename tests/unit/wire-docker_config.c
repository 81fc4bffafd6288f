/* SPDX-License-Identifier: Apache-2.0 */
/* wire-docker_config.c - credentials out of docker's config.json and its helpers' answers. */
#include "wire/docker_config.h"

#include "fds.h"

/* dXNlcjpwYTpzcw== is "user:pa:ss". */
static const char config[] =
	"{\"auths\":{\"reg.example\":{\"auth\":\"dXNlcjpwYTpzcw==\"},"
	"\"https://old.example/v1/\":{\"username\":\"u\",\"password\":\"p\"},"
	"\"https://index.docker.io/v1/\":{\"auth\":\"aHViOnh4\"},"
	"\"token.example\":{\"auth\":\"dTo=\",\"identitytoken\":\"refresh\"},"
	"\"empty.example\":{},\"bad.example\":{\"auth\":\"!\"},"
	"\"colon.example\":{\"auth\":\"dXNlcg==\"},\"nul.example\":{\"auth\":\"AAA6\"}},"
	"\"credHelpers\":{\"helped.example\":\"pass\",\"evil.example\":\"../x\"}}";

static int find(const char *text, const char *host, struct hp_credentials *c,
		struct hp_error *err)
{
	return hp_docker_config_find(hp_bytes_str(text), host, c, err);
}

static void finds_passwords(void **state)
{
	static const struct {
		const char *host, *user, *password;
	} rows[] = {
		{"reg.example", "user", "pa:ss"},
		{"old.example", "u", "p"},
		{"docker.io", "hub", "xx"},
		{"registry-1.docker.io", "hub", "xx"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_credentials_clear) struct hp_credentials c = {0};
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(find(config, rows[i].host, &c, &err), 1);
		assert_string_equal(c.user, rows[i].user);
		assert_string_equal(c.password, rows[i].password);
		assert_null(c.helper);
	}
}

static void finds_tokens_and_helpers(void **state)
{
	AUTO(hp_credentials_clear) struct hp_credentials token = {0}, helper = {0}, store = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(find(config, "token.example", &token, &err), 1);
	assert_string_equal(token.identity_token, "refresh");
	assert_int_equal(find(config, "helped.example", &helper, &err), 1);
	assert_string_equal(helper.helper, "pass");
	assert_int_equal(find("{\"credsStore\":\"desktop\"}", "any", &store, &err), 1);
	assert_string_equal(store.helper, "desktop");
}

static void nothing_is_nothing(void **state)
{
	static const char *const texts[] = {"{}", "{\"auths\":[]}", "{\"auths\":{\"x\":1}}"};
	struct hp_credentials c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++)
		assert_int_equal(find(texts[i], "x", &c, &err), 0);
	assert_int_equal(find(config, "other.example", &c, &err), 0);
	assert_int_equal(find(config, "empty.example", &c, &err), 0);
	assert_null(c.user);
}

static void bad_ones_are_refused(void **state)
{
	static const char *const hosts[] = {"bad.example", "colon.example", "nul.example",
					    "evil.example"};
	static const char *const texts[] = {"", "no json", "[]", "{\"credsStore\":\"a/b\"}"};
	struct hp_credentials c = {0};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(hosts); i++) {
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(find(config, hosts[i], &c, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
		assert_non_null(strstr(err.msg, hosts[i]));
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(find(texts[i], "x", &c, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
	}
	assert_null(c.user);
}

static void reads_helpers_answers(void **state)
{
	AUTO(hp_credentials_clear) struct hp_credentials c = {0}, token = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(
		hp_docker_config_read_answer(
			hp_bytes_str(
				"{\"ServerURL\":\"x\",\"Username\":\"u\",\"Secret\":\"s\"}"),
			&c, &err),
		0);
	assert_string_equal(c.user, "u");
	assert_string_equal(c.password, "s");
	assert_int_equal(hp_docker_config_read_answer(
				 hp_bytes_str("{\"Username\":\"<token>\",\"Secret\":\"t\"}"),
				 &token, &err),
			 0);
	assert_string_equal(token.identity_token, "t");
	assert_null(token.user);
	assert_int_equal(hp_docker_config_read_answer(hp_bytes_str("{}"), &c, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_passwords),
		cmocka_unit_test(finds_tokens_and_helpers),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(bad_ones_are_refused),
		cmocka_unit_test(reads_helpers_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
