/* SPDX-License-Identifier: Apache-2.0 */
/* image-reference.c - references as docker reads them: expanded, shortened, split, refused. */
#include "image/reference.h"

#include "base/alloc.h"
#include "fds.h"

#define HEX    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX

static const struct {
	const char *text, *full, *shortened;
} good[] = {
	{"busybox", "docker.io/library/busybox:latest", "busybox:latest"},
	{"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"},
	{"library/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
	{"docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
	{"index.docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
	{"me/tool:v1", "docker.io/me/tool:v1", "me/tool:v1"},
	{"library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
	{"localhost/x", "localhost/x:latest", "localhost/x:latest"},
	{"localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest"},
	{"host:5000/a/b:tag@" DIGEST, "host:5000/a/b:tag@" DIGEST, "host:5000/a/b:tag@" DIGEST},
	{"quay.io/a/b@" DIGEST, "quay.io/a/b@" DIGEST, "quay.io/a/b@" DIGEST},
	{"busybox@" DIGEST, "docker.io/library/busybox@" DIGEST, "busybox@" DIGEST},
	{"[::1]:5000/x:t", "[::1]:5000/x:t", "[::1]:5000/x:t"},
	{"a__b/c--d.e_f", "docker.io/a__b/c--d.e_f:latest", "a__b/c--d.e_f:latest"},
	{"HOST/x", "HOST/x:latest", "HOST/x:latest"},
	{"x:_T.a-Z", "docker.io/library/x:_T.a-Z", "x:_T.a-Z"},
	{HEX ":1", "docker.io/library/" HEX ":1", HEX ":1"},
	{"docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest"},
};

static const char *const bad[] = {
	"",
	":tag",
	"@" DIGEST,
	"Busybox",
	"me/Tool",
	"a//b",
	"/a",
	"a/",
	"host:/x",
	"host:5x/x",
	"-host.io/x",
	"ho..st/x",
	"[::g]/x",
	"a___b",
	"a..b",
	"-a",
	"a-",
	"_a",
	"a b",
	"a\nb",
	"x:",
	"x:-t",
	"x:a/b:",
	"x@",
	"x@sha256:abc",
	"x@md5:e3b0c44298fc1c149afbf4c8996fb924",
	"x@sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	HEX,
	"x@" DIGEST "@" DIGEST,
	"\xc3\xa4",
};

static void test_expand(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(good); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *full = NULL, *again = NULL;
		if (hp_reference_expand(good[i].text, &full, &err) < 0)
			fail_msg("%s", err.msg);
		assert_string_equal(full, good[i].full);
		assert_int_equal(hp_reference_expand(full, &again, &err), 0);
		assert_string_equal(again, full);
	}
}

static void test_short_means_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(good); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *text = hp_reference_short(good[i].full), *full = NULL;
		assert_string_equal(text, good[i].shortened);
		assert_int_equal(hp_reference_expand(text, &full, &err), 0);
		assert_string_equal(full, good[i].full);
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		char *full = NULL;
		if (hp_reference_expand(bad[i], &full, &err) == 0)
			fail_msg("'%s' was taken as '%s'", bad[i], full);
		assert_int_equal(err.code, HP_EINVALID);
		assert_null(full);
	}
}

static void test_length(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char name[1200];
	char *full = NULL;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(hp_reference_expand(name, &full, &err), -1);
	assert_non_null(strstr(err.msg, "1024"));
	/* "docker.io/library/" and 238 more are 256, one too many. */
	name[238] = 0;
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_reference_expand(name, &full, &err), -1);
	assert_non_null(strstr(err.msg, "255"));
	/* A tag of 129. */
	name[1] = ':';
	name[2 + 129] = 0;
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_reference_expand(name, &full, &err), -1);
	assert_non_null(strstr(err.msg, "128"));
	name[1] = 'a';
	name[2 + 129] = 'a';
	name[237] = 0;
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_reference_expand(name, &full, &err), 0);
	free(full);
}

static void test_split(void **state)
{
	static const struct {
		const char *full, *name, *tag;
	} rows[] = {
		{"docker.io/library/x:1", "docker.io/library/x", "1"},
		{"host:5000/x@" DIGEST, "host:5000/x", "<none>"},
		{"host:5000/x:t@" DIGEST, "host:5000/x", "t"},
		{"host:5000/x", "host:5000/x", "<none>"},
		{"", "", "<none>"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *name = NULL, *tag = NULL;
		hp_reference_split(rows[i].full, &name, &tag);
		assert_string_equal(name, rows[i].name);
		assert_string_equal(tag, rows[i].tag);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),  cmocka_unit_test(test_short_means_the_same),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_length),
		cmocka_unit_test(test_split),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
