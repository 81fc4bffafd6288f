/* SPDX-License-Identifier: Apache-2.0 */
/* wire-platform.c - names of platforms, and the child of an index that is meant. */
#include "wire/platform.h"

#include "fds.h"

static void reads_names(void **state)
{
	static const struct {
		const char *text, *os, *arch, *variant;
	} rows[] = {
		{"linux/amd64", "linux", "amd64", ""},
		{"arm64", "linux", "arm64", ""},
		{"linux/arm/v7", "linux", "arm", "v7"},
		{"linux/x86_64", "linux", "amd64", ""},
		{"aarch64", "linux", "arm64", ""},
		{"windows/amd64", "windows", "amd64", ""},
		{"linux/armhf", "linux", "arm", "v7"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_platform p;
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_platform_parse(rows[i].text, &p, &err), 0);
		assert_string_equal(p.os, rows[i].os);
		assert_string_equal(p.arch, rows[i].arch);
		assert_string_equal(p.variant, rows[i].variant);
	}
}

static void refuses_others(void **state)
{
	static const char *const bad[] = {
		"",        "/",           "linux/",    "/amd64",
		"a/b/c/d", "linux/AMD64", "linux/a b", "linux/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_platform p;
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_platform_parse(bad[i], &p, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
	}
}

#define CHILD(os_, arch_, variant_)                                                            \
	{                                                                                      \
		.os = (char *)(os_), .arch = (char *)(arch_), .variant = (char *)(variant_)    \
	}

static void picks(void **state)
{
	struct hp_descriptor children[] = {
		CHILD("linux", "arm", "v6"),     CHILD("linux", "arm", "v7"),
		CHILD("windows", "amd64", ""),   CHILD("linux", "amd64", "v3"),
		CHILD("linux", "amd64", ""),     CHILD("linux", "arm64", "v8"),
		CHILD("unknown", "unknown", ""),
	};
	const struct hp_manifest index = {
		.is_index = true, .children = children, .n_children = HP_ARRAY_LEN(children)};
	static const struct {
		const char *text;
		int pick;
	} rows[] = {{"linux/amd64", 4},    {"linux/arm64", 5},   {"linux/arm", 1},
		    {"linux/arm/v6", 0},   {"linux/arm/v5", -1}, {"linux/riscv64", -1},
		    {"linux/amd64/v3", 3}, {"windows/amd64", 2}};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_platform p;
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_platform_parse(rows[i].text, &p, &err), 0);
		assert_int_equal(hp_platform_pick(&p, &index), rows[i].pick);
	}
	const struct hp_manifest none = {.children = children, .n_children = 1};
	const struct hp_platform p = {.os = "linux", .arch = "arm"};
	assert_int_equal(hp_platform_pick(&p, &none), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names),
		cmocka_unit_test(refuses_others),
		cmocka_unit_test(picks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
