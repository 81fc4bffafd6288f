/* SPDX-License-Identifier: Apache-2.0 */
/* engine-spec_mount.c - docker's long text for a mount, with each key, and keys that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <harpoon/spec.h>

#include "base/alloc.h"
#include "base/str.h"

static const char *or_null(const char *s)
{
	return s ? s : "(null)";
}

static void test_good(void **state)
{
	static const struct {
		const char *text;
		enum hp_mount_type type;
		const char *source, *target, *options;
		bool read_only;
	} rows[] = {
		{"type=bind,source=/h,target=/c", HP_MOUNT_BIND, "/h", "/c", NULL, false},
		{"dst=/c,src=/h,type=bind,ro", HP_MOUNT_BIND, "/h", "/c", NULL, true},
		{"type=bind,src=/h,destination=/c,readonly=false", HP_MOUNT_BIND, "/h", "/c",
		 NULL, false},
		{"type=bind,src=/h,dst=/c,bind-propagation=rslave,bind-nonrecursive",
		 HP_MOUNT_BIND, "/h", "/c", "rslave,bind", false},
		{"type=bind,src=/h,dst=/c,bind-nonrecursive=false,consistency=cached",
		 HP_MOUNT_BIND, "/h", "/c", NULL, false},
		{"source=data,target=/c", HP_MOUNT_VOLUME, "data", "/c", NULL, false},
		{"target=/c,volume-nocopy,volume-driver=local", HP_MOUNT_VOLUME, "", "/c", NULL,
		 false},
		{"type=tmpfs,target=/c,tmpfs-size=64m,tmpfs-mode=1770", HP_MOUNT_TMPFS, "",
		 "/c", "size=67108864,mode=1770", false},
		{"type=bind,\"source=/a,b\",target=/c", HP_MOUNT_BIND, "/a,b", "/c", NULL,
		 false},
		{"\"target=/q\"\"q\"", HP_MOUNT_VOLUME, "", "/q\"q", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};

		if (hp_mount_parse(rows[i].text, &m, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(m.type, rows[i].type);
		assert_string_equal(m.source, rows[i].source);
		assert_string_equal(m.target, rows[i].target);
		assert_string_equal(or_null(m.options), or_null(rows[i].options));
		assert_int_equal(m.read_only, rows[i].read_only);
		assert_false(m.create_source);
		hp_mount_clear(&m);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{"", "unknown key ''"},
		{"type=bind", "no target"},
		{"type=what,target=/c", "type 'what'"},
		{"type,target=/c", "'type' needs a value"},
		{"target=/c,", "unknown key ''"},
		{"target=c", "absolute"},
		{"target=/", "cannot be '/'"},
		{"type=bind,target=/c", "a bind needs a source"},
		{"type=bind,source=,target=/c", "a bind needs a source"},
		{"type=bind,source=name,target=/c", "a bind takes a path"},
		{"type=volume,source=/h,target=/c", "a volume takes a name"},
		{"type=bind,source=a/b,target=/c", "name of a volume"},
		{"type=tmpfs,source=/h,target=/c", "a tmpfs has no source"},
		{"type=tmpfs,target=/c,bind-propagation=shared", "another type"},
		{"target=/c,tmpfs-size=1m", "another type"},
		{"type=bind,source=/h,target=/c,bind-propagation=x", "bind-propagation 'x'"},
		{"type=bind,source=/h,target=/c,readonly=maybe", "true or false"},
		{"type=tmpfs,target=/c,tmpfs-size=huge", "tmpfs-size"},
		{"type=tmpfs,target=/c,tmpfs-mode=888", "octal"},
		{"target=/c,volume-driver=nfs", "only 'local'"},
		{"target=/c,consistency=x", "consistency"},
		{"target=/c,color=red", "unknown key 'color'"},
		{"\"target=/c", "quote"},
		{"\"", "quote"},
		{"\"target=/c\"\"", "quote"},
		{"\"target=/c\"x", "quote"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mount m = {0};

		if (hp_mount_parse(rows[i].text, &m, &err) == 0)
			fail_msg("accepted: '%s'", rows[i].text);
		assert_int_equal(err.code, HP_EINVALID);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("'%s' does not say '%s'", err.msg, rows[i].why);
		assert_null(m.target);
	}
}

static void test_too_many_fields(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mount m = {0};
	char text[200];

	(void)state;
	memset(text, ',', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(hp_mount_parse(text, &m, &err), -1);
	assert_non_null(strstr(err.msg, "over 64 fields"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
