/* SPDX-License-Identifier: Apache-2.0 */
/* wire-challenge.c - WWW-Authenticate headers as registries send them, and as nobody should. */
#include "wire/challenge.h"

#include "fds.h"

static void reads_a_bearer(void **state)
{
	AUTO(hp_challenge_clear) struct hp_challenge c = {0};

	(void)state;
	hp_challenge_parse("Bearer realm=\"https://auth.example/token\",service=\"registry, "
			   "one\",scope=\"repository:a/b:pull\",error=\"invalid_token\"",
			   &c);
	assert_int_equal(c.scheme, HP_CHALLENGE_BEARER);
	assert_string_equal(c.realm, "https://auth.example/token");
	assert_string_equal(c.service, "registry, one");
	assert_string_equal(c.scope, "repository:a/b:pull");
}

static void reads_odd_forms(void **state)
{
	AUTO(hp_challenge_clear) struct hp_challenge c = {0};

	(void)state;
	hp_challenge_parse(" ,bEaReR  REALM = token , service = \"a\\\"b\" , realm=second", &c);
	assert_int_equal(c.scheme, HP_CHALLENGE_BEARER);
	assert_string_equal(c.realm, "token");
	assert_string_equal(c.service, "a\"b");
	assert_null(c.scope);
}

static void takes_the_better_one(void **state)
{
	static const char *const both[] = {
		"Basic realm=\"x\", Bearer realm=\"y\"",
		"Bearer realm=\"y\", Basic realm=\"x\"",
		"Negotiate, Bearer realm=\"y\",Digest realm=z",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(both); i++) {
		AUTO(hp_challenge_clear) struct hp_challenge c = {0};
		hp_challenge_parse(both[i], &c);
		assert_int_equal(c.scheme, HP_CHALLENGE_BEARER);
		assert_string_equal(c.realm, "y");
	}
	AUTO(hp_challenge_clear) struct hp_challenge basic = {0};
	hp_challenge_parse("Negotiate abc==, Basic realm=\"x\"", &basic);
	assert_int_equal(basic.scheme, HP_CHALLENGE_BASIC);
}

static void anything_has_an_answer(void **state)
{
	static const char *const odd[] = {
		NULL,           "",     "=",          "\"",
		",,,",          "a=\"", "Digest x=y", "realm=\"https://x\"",
		"\xff\xfe=\x01"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(odd); i++) {
		AUTO(hp_challenge_clear) struct hp_challenge c = {0};
		hp_challenge_parse(odd[i], &c);
		assert_int_equal(c.scheme, HP_CHALLENGE_NONE);
		assert_null(c.realm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_bearer),
		cmocka_unit_test(reads_odd_forms),
		cmocka_unit_test(takes_the_better_one),
		cmocka_unit_test(anything_has_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
