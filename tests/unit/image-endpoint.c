/* SPDX-License-Identifier: Apache-2.0 */
/* image-endpoint.c - where references lead to, and which URLs may see the same secrets. */
#include "image/endpoint.h"

#include <string.h>

#include "fds.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void leads_to_registries(void **state)
{
	static const struct {
		const char *full, *host, *base, *repo, *tag, *digest;
	} rows[] = {
		{"docker.io/library/busybox:latest", "docker.io",
		 "https://registry-1.docker.io", "library/busybox", "latest", ""},
		{"reg.example:5000/a/b/c:1", "reg.example:5000", "https://reg.example:5000",
		 "a/b/c", "1", ""},
		{"127.0.0.1:5000/a:1", "127.0.0.1:5000", "http://127.0.0.1:5000", "a", "1", ""},
		{"localhost:5000/a:1", "localhost:5000", "http://localhost:5000", "a", "1", ""},
		{"[::1]:5000/a:1", "[::1]:5000", "http://[::1]:5000", "a", "1", ""},
		{"localhost:443/a:1", "localhost:443", "https://localhost:443", "a", "1", ""},
		{"reg.example/a@" DIGEST, "reg.example", "https://reg.example", "a", "",
		 DIGEST},
		{"reg.example/a:1@" DIGEST, "reg.example", "https://reg.example", "a", "1",
		 DIGEST},
	};
	const struct hp_endpoint_how how = {0};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_endpoint_clear) struct hp_endpoint e = {0};
		struct hp_error err = HP_ERROR_INIT;
		if (hp_endpoint_of(rows[i].full, &how, &e, &err) < 0)
			fail_msg("%s", err.msg);
		assert_string_equal(e.host, rows[i].host);
		assert_string_equal(e.base, rows[i].base);
		assert_string_equal(e.repo, rows[i].repo);
		assert_string_equal(e.tag, rows[i].tag);
		assert_string_equal(e.digest, rows[i].digest);
	}
}

static void obeys_what_is_asked(void **state)
{
	const struct hp_endpoint_how plain = {.plain_http = true}, tls = {.tls = true};
	AUTO(hp_endpoint_clear) struct hp_endpoint a = {0}, b = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_endpoint_of("reg.example/a:1", &plain, &a, &err), 0);
	assert_string_equal(a.base, "http://reg.example");
	assert_int_equal(hp_endpoint_of("127.0.0.1:5000/a:1", &tls, &b, &err), 0);
	assert_string_equal(b.base, "https://127.0.0.1:5000");
}

static void refuses_what_is_nowhere(void **state)
{
	static const char *const bad[] = {"localhost/a:1", "a", "reg.example/a@sha512:00"};
	const struct hp_endpoint_how how = {0};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_endpoint e = {0};
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_endpoint_of(bad[i], &how, &e, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_null(e.host);
	}
}

static void knows_named_registries(void **state)
{
	(void)state;
	assert_true(hp_endpoint_is_named("reg.example/a"));
	assert_true(hp_endpoint_is_named("localhost:5000/a"));
	assert_false(hp_endpoint_is_named("localhost/a"));
	assert_false(hp_endpoint_is_named("busybox:1.36"));
	assert_false(hp_endpoint_is_named("library/busybox"));
}

static void compares_origins(void **state)
{
	(void)state;
	assert_true(hp_endpoint_same_origin("https://a.b/x", "https://A.B:443/y?z"));
	assert_true(hp_endpoint_same_origin("http://a:80", "http://a/"));
	assert_true(hp_endpoint_same_origin("http://[::1]:5/", "http://[::1]:5"));
	assert_false(hp_endpoint_same_origin("https://a/x", "http://a/x"));
	assert_false(hp_endpoint_same_origin("https://a:444/", "https://a/"));
	assert_false(hp_endpoint_same_origin("https://a.evil/", "https://a/"));
	assert_false(hp_endpoint_same_origin("https://a@evil/", "https://a/"));
	assert_false(hp_endpoint_same_origin("https://evil/?https://a/", "https://a/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leads_to_registries),
		cmocka_unit_test(obeys_what_is_asked),
		cmocka_unit_test(refuses_what_is_nowhere),
		cmocka_unit_test(knows_named_registries),
		cmocka_unit_test(compares_origins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
