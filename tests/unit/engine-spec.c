/* SPDX-License-Identifier: Apache-2.0 */
/* engine-spec.c - docker's short texts: volumes, tmpfs, devices, ulimits; good ones and bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <harpoon/spec.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

static const char *or_null(const char *s)
{
	return s ? s : "(null)";
}

static void test_volumes(void **state)
{
	static const struct {
		const char *text;
		enum hp_mount_type type;
		const char *source, *target, *options;
		bool read_only;
	} rows[] = {
		{"/h:/c", HP_MOUNT_BIND, "/h", "/c", NULL, false},
		{"/h//x/:/c/../d:ro", HP_MOUNT_BIND, "/h/x", "/d", NULL, true},
		{"/h:/c:rw,z", HP_MOUNT_BIND, "/h", "/c", NULL, false},
		{"/h:/c:ro,rslave,nosuid", HP_MOUNT_BIND, "/h", "/c", "rslave,nosuid", true},
		{"data:/c", HP_MOUNT_VOLUME, "data", "/c", NULL, false},
		{"data.1_x:/c:nocopy", HP_MOUNT_VOLUME, "data.1_x", "/c", NULL, false},
		{"/c", HP_MOUNT_VOLUME, "", "/c", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};

		if (hp_mount_parse_volume(rows[i].text, &m, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(m.type, rows[i].type);
		assert_string_equal(m.source, rows[i].source);
		assert_string_equal(m.target, rows[i].target);
		assert_string_equal(or_null(m.options), or_null(rows[i].options));
		assert_int_equal(m.read_only, rows[i].read_only);
		assert_true(m.create_source);
		hp_mount_clear(&m);
		assert_null(m.source);
	}
}

static void test_relative_volume(void **state)
{
	AUTO_FREE char *here = getcwd(NULL, 0);
	AUTO_FREE char *expected = hp_path_join(here, "x");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mount m = {0};

	(void)state;
	assert_int_equal(hp_mount_parse_volume("./x:/c", &m, &err), 0);
	assert_int_equal(m.type, HP_MOUNT_BIND);
	assert_string_equal(m.source, expected);
	hp_mount_clear(&m);
}

/* A text that must be refused, naming itself. */
static void refuse(int result, const char *text, const struct hp_error *err)
{
	if (result == 0)
		fail_msg("accepted: '%s'", text);
	assert_int_equal(err->code, HP_EINVALID);
	if (!strstr(err->msg, text))
		fail_msg("'%s' does not name '%s'", err->msg, text);
}

static void test_bad_volumes(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"/a:",
		":/c",
		"/a:/",
		"a:relative",
		"x:/c",
		"-x:/c",
		"a/b:/c",
		"/a:/c:rox",
		"/a:/c:",
		"/a:/c:ro,",
		"/a:/b:/c:ro",
		"/a:ro",
		"/a:/c:ro,rw",
		"/a:/c:ro nosuid",
		"/a:/c/..",
		"~/x:/c",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};

		refuse(hp_mount_parse_volume(bad[i], &m, &err), bad[i], &err);
		assert_null(m.target);
	}
}

static void test_tmpfs(void **state)
{
	static const struct {
		const char *text;
		const char *target, *options;
		bool read_only;
	} rows[] = {
		{"/run", "/run", NULL, false},
		{"/run:size=64m,mode=1777,exec", "/run", "size=64m,mode=1777,exec", false},
		{"/run/:rw,defaults,noatime", "/run", "noatime", false},
		{"/run:ro", "/run", NULL, true},
	};
	static const char *const bad[] = {"",          "run",        "/",           "/run:what",
					  "/run:size", "/run:size=", "/run:exec=1", "/run:a b"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};

		if (hp_mount_parse_tmpfs(rows[i].text, &m, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(m.type, HP_MOUNT_TMPFS);
		assert_string_equal(m.target, rows[i].target);
		assert_string_equal(or_null(m.options), or_null(rows[i].options));
		assert_int_equal(m.read_only, rows[i].read_only);
		hp_mount_clear(&m);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};

		refuse(hp_mount_parse_tmpfs(bad[i], &m, &err), bad[i], &err);
	}
}

static void test_devices(void **state)
{
	static const struct {
		const char *text;
		const char *host, *container, *rwm;
	} rows[] = {
		{"/dev/fuse", "/dev/fuse", NULL, NULL},
		{"/dev/fuse:/dev/x", "/dev/fuse", "/dev/x", NULL},
		{"/dev/fuse:r", "/dev/fuse", NULL, "r"},
		{"/dev/fuse:/dev/x:mw", "/dev/fuse", "/dev/x", "mw"},
	};
	static const char *const bad[] = {
		"",
		"dev",
		"/dev/a:x",
		"/dev/a:/dev/b:",
		"/dev/a:rr",
		"/dev/a:/b:q",
		"/dev/a:/b:r:w",
		"vendor.com/class=x",
		"/dev/a:/b:rwmr",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_device d = {0};

		if (hp_device_parse(rows[i].text, &d, &err) < 0)
			fail_msg("%s", err.msg);
		assert_string_equal(d.host_path, rows[i].host);
		assert_string_equal(or_null(d.container_path), or_null(rows[i].container));
		assert_string_equal(or_null(d.cgroup_rwm), or_null(rows[i].rwm));
		hp_device_clear(&d);
		assert_null(d.host_path);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_device d = {0};

		refuse(hp_device_parse(bad[i], &d, &err), bad[i], &err);
	}
}

static void test_ulimits(void **state)
{
	static const struct {
		const char *text;
		const char *name;
		uint64_t soft, hard;
	} rows[] = {
		{"nofile=1024", "nofile", 1024, 1024},
		{"nofile=1024:2048", "nofile", 1024, 2048},
		{"core=0:-1", "core", 0, UINT64_MAX},
		{"memlock=-1", "memlock", UINT64_MAX, UINT64_MAX},
		{"stack=unlimited:unlimited", "stack", UINT64_MAX, UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		"nofile",
		"nofile=",
		"=5",
		"files=5",
		"nofile=5:4",
		"nofile=-2",
		"nofile=1:",
		"nofile=1:2:3",
		"nofile=-1:5",
		"nofile=99999999999999999999",
		"nofile=1k",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_ulimit u = {0};

		if (hp_ulimit_parse(rows[i].text, &u, &err) < 0)
			fail_msg("%s", err.msg);
		assert_string_equal(u.name, rows[i].name);
		assert_true(u.soft == rows[i].soft && u.hard == rows[i].hard);
		hp_ulimit_clear(&u);
		assert_null(u.name);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_ulimit u = {0};

		refuse(hp_ulimit_parse(bad[i], &u, &err), bad[i], &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_volumes),     cmocka_unit_test(test_relative_volume),
		cmocka_unit_test(test_bad_volumes), cmocka_unit_test(test_tmpfs),
		cmocka_unit_test(test_devices),     cmocka_unit_test(test_ulimits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
