/* SPDX-License-Identifier: Apache-2.0 */
/* image-registry_auth.c - tokens and passwords, from a token server of the test's. */
#include "image/registry_auth.h"

#include "image-registry.h"

#define SCOPE "scope=repository%3Aa%2Fb%3Apull"

/* Answer challenge @format, in which %s is the server's URL. */
static int answer(struct registry_world *w, const char *scheme, const char *rest,
		  struct hp_registry_auth *a, struct hp_error *err)
{
	AUTO_FREE char *text = hp_sprintf("%s realm=\"%s/token%s", scheme, w->peer.url, rest);

	*a = (struct hp_registry_auth){.where = &w->where, .config_dir = w->dir};
	return hp_registry_auth__answer(a, text, err);
}

static void gets_tokens(void **state)
{
	const struct http_answer answers[] = {
		{.path = "/token?service=s%20x&" SCOPE,
		 .status = "200 OK",
		 .body = "{\"token\":\"abc\"}"},
		{.path = "/token?q=1&" SCOPE,
		 .wants = "Authorization: Basic dTpw\r\n",
		 .status = "200 OK",
		 .body = "{\"access_token\":\"def\"}"},
	};
	struct registry_world w;
	struct hp_registry_auth a, b;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_open(&w, answers, HP_ARRAY_LEN(answers));
	if (answer(&w, "Bearer", "\",service=\"s x\"", &a, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(a.header, "Authorization: Bearer abc");
	assert_int_equal(a.generation, 1);
	assert_int_equal(http_peer_saw(&w.peer, "Authorization:"), 0);
	hp_registry_auth__clear(&a);
	world_login(&w);
	if (answer(&w, "Bearer", "?q=1\"", &b, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(b.header, "Authorization: Bearer def");
	hp_registry_auth__clear(&b);
	world_close(&w);
}

static void trades_identity_tokens(void **state)
{
	const struct http_answer answers[] = {{.path = "/token",
					       .wants = "POST ",
					       .status = "200 OK",
					       .body = "{\"token\":\"t\"}"}};
	struct registry_world w;
	struct hp_registry_auth a;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_open(&w, answers, 1);
	AUTO_FREE char *text =
		hp_sprintf("{\"auths\":{\"%s\":{\"identitytoken\":\"r\"}}}", w.host);
	free(scratch_file(w.dir, "config.json", text));
	if (answer(&w, "Bearer", "\"", &a, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(a.header, "Authorization: Bearer t");
	hp_registry_auth__clear(&a);
	world_close(&w);
}

static void refused(const struct http_answer *one, const char *scheme, const char *rest,
		    enum hp_code code)
{
	struct registry_world w;
	struct hp_registry_auth a;
	struct hp_error err = HP_ERROR_INIT;

	world_open(&w, one, 1);
	assert_int_equal(answer(&w, scheme, rest, &a, &err), -1);
	if (err.code != code)
		fail_msg("%s '%s' is not %s", hp_code_name(err.code), err.msg,
			 hp_code_name(code));
	assert_null(a.header);
	hp_registry_auth__clear(&a);
	world_close(&w);
}

static void bad_answers_are_refused(void **state)
{
	static const char path[] = "/token?" SCOPE;
	const struct http_answer denied = {.path = path, .status = "401 Unauthorized"};
	const struct http_answer none = {.path = path, .status = "404 Not Found"};
	const struct http_answer empty = {.path = path, .status = "200 OK", .body = "{}"};
	const struct http_answer evil = {
		.path = path, .status = "200 OK", .body = "{\"token\":\"a\\r\\nX: y\"}"};
	const struct http_answer endless = {
		.path = path, .status = "200 OK", .body = "{         ", .endless = true};

	(void)state;
	refused(&denied, "Bearer", "\"", HP_EDENIED);
	refused(&none, "Bearer", "\"", HP_EUNAVAILABLE);
	refused(&empty, "Bearer", "\"", HP_EPROTO);
	refused(&evil, "Bearer", "\"", HP_EPROTO);
	refused(&endless, "Bearer", "\"", HP_ECORRUPT);
	refused(&none, "Basic", "\"", HP_EDENIED);
	refused(&none, "Digest", "\"", HP_EDENIED);
}

static void secrets_stay_secret(void **state)
{
	static const char *const realms[] = {"Bearer realm=\"http://auth.example/t\"",
					     "Bearer realm=\"ftp://x\"",
					     "Bearer service=\"x\""};
	struct hp_endpoint where = {.host = (char *)"r.example",
				    .base = (char *)"https://r.example",
				    .repo = (char *)"a"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(realms); i++) {
		struct hp_registry_auth a = {.where = &where, .config_dir = "/no/such/dir"};
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_registry_auth__answer(&a, realms[i], &err), -1);
		assert_int_equal(err.code, i == 0 ? HP_EDENIED : HP_EPROTO);
		hp_registry_auth__clear(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(gets_tokens),
		FDS_TEST(trades_identity_tokens),
		FDS_TEST(bad_answers_are_refused),
		FDS_TEST(secrets_stay_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
