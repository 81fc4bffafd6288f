/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_caps.c - capabilities added, dropped, unknown. */
#include "wire-oci.h"

static char *caps_of(const struct hp_container_spec *spec, const char *const *kernel,
		     enum hp_code *ret_code)
{
	AUTO(hp_strv_free) struct hp_strv caps = {0};
	struct hp_error err = HP_ERROR_INIT;

	*ret_code = HP_OK;
	if (hp_oci_caps(spec, kernel, &caps, &err) < 0) {
		*ret_code = err.code;
		return hp_strdup(err.msg);
	}
	return hp_strv_join(hp_strv_view(&caps), " ");
}

static const char *const kernel[] = {"CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN", "CAP_NET_RAW",
				     NULL};

static void test_rules(void **state)
{
	static const char *const all[] = {"all", NULL};
	static const char *const net_admin[] = {"net_admin", NULL};
	static const char *const chown_kill[] = {"CAP_CHOWN", "cap_kill", NULL};
	const struct {
		struct hp_container_spec spec;
		const char *expected;
	} rows[] = {
		{{0}, "CAP_CHOWN CAP_KILL CAP_NET_RAW"},
		{{.cap_add = net_admin}, "CAP_CHOWN CAP_KILL CAP_NET_ADMIN CAP_NET_RAW"},
		{{.cap_drop = chown_kill}, "CAP_NET_RAW"},
		{{.cap_drop = all}, ""},
		{{.cap_drop = all, .cap_add = net_admin}, "CAP_NET_ADMIN"},
		{{.cap_add = all}, "CAP_CHOWN CAP_KILL CAP_NET_ADMIN CAP_NET_RAW"},
		{{.cap_add = all, .cap_drop = chown_kill}, "CAP_NET_ADMIN CAP_NET_RAW"},
		{{.cap_add = chown_kill, .cap_drop = chown_kill},
		 "CAP_CHOWN CAP_KILL CAP_NET_RAW"},
		{{.privileged = true, .cap_drop = chown_kill},
		 "CAP_CHOWN CAP_KILL CAP_NET_ADMIN CAP_NET_RAW"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		enum hp_code code = HP_OK;
		AUTO_FREE char *got = caps_of(&rows[i].spec, kernel, &code);

		assert_string_equal(got, rows[i].expected);
		assert_int_equal(code, HP_OK);
	}
}

static void test_unknown(void **state)
{
	static const char *const typo[] = {"NET_ADMINN", NULL};
	static const char *const empty[] = {"", NULL};
	static const char *const newer[] = {"BPF", NULL};
	const struct hp_container_spec specs[] = {
		{.cap_add = typo},
		{.cap_drop = typo},
		{.cap_add = empty},
		{.cap_add = newer},
		{.privileged = true, .cap_add = typo},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(specs); i++) {
		enum hp_code code = HP_OK;
		AUTO_FREE char *message = caps_of(&specs[i], kernel, &code);

		assert_int_equal(code, HP_EINVALID);
		assert_non_null(strstr(message, "capability"));
	}
}

static void test_without_kernel_list(void **state)
{
	const struct hp_container_spec spec = {.privileged = true};
	AUTO(hp_strv_free) struct hp_strv caps = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_oci_caps(&spec, NULL, &caps, &err), 0);
	assert_int_equal(caps.count, 41);
	assert_string_equal(caps.items[0], "CAP_CHOWN");
	assert_string_equal(caps.items[40], "CAP_CHECKPOINT_RESTORE");
}

static void test_sets(void **state)
{
	static const char *const caps[] = {"CAP_CHOWN", NULL};
	AUTO(hp_json_free) struct hp_json *root = hp_oci__capabilities(caps, 0);
	AUTO(hp_json_free) struct hp_json *user = hp_oci__capabilities(caps, 1);

	(void)state;
	assert_at(root, "effective", "[\"CAP_CHOWN\"]");
	assert_at(root, "permitted", "[\"CAP_CHOWN\"]");
	assert_at(root, "inheritable", "null");
	assert_at(root, "ambient", "null");
	assert_at(user, "bounding", "[\"CAP_CHOWN\"]");
	assert_int_equal(hp_json_count(user), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_without_kernel_list),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
