/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_seccomp.c - tests of src/shim/spec_seccomp.c. */
#include "shim-bundle.h"

#define SECCOMP(text) CONFIG_BEGIN ",\"linux\":{\"seccomp\":{" text "}}}"

static void packs_the_program(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec =
		spec_of(SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\","
				"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":"
				"[{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ERRNO\"}]"));
	AUTO(create_free)
	Hp__Guest__CreateRequest *first = spec_create(spec, (struct hp_shim_streams){0});
	AUTO(create_free)
	Hp__Guest__CreateRequest *again = spec_create(spec, (struct hp_shim_streams){0});

	(void)state;
	assert_true(first->container->seccomp.len >= 16);
	assert_int_equal(first->container->seccomp.len % 8, 0);
	assert_int_equal(first->container->seccomp_flags, 2);
	assert_int_equal(again->container->seccomp.len, first->container->seccomp.len);
}

static void has_none_without_a_profile(void **state)
{
	AUTO(create_free) Hp__Guest__CreateRequest *request = create_of(CONFIG_BEGIN "}");

	(void)state;
	assert_int_equal(request->container->seccomp.len, 0);
}

static void says_what_is_wrong(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec = spec_of(SECCOMP("\"defaultAction\":\"SCMP_ACT_MAYBE\""));
	AUTO(hp_buf_free) struct hp_buf packed;
	const struct hp_shim_streams none = {0};

	(void)state;
	hp_buf_init(&packed, 1 << 16);
	/* And says so again. */
	for (int i = 0; i < 2; i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_shim_spec_create(spec, "c1", &none, NULL, &packed, &err),
				 -1);
		assert_non_null(strstr(err.msg, "linux.seccomp"));
		assert_true(i > 0 || strstr(err.msg, "SCMP_ACT_MAYBE"));
	}
}

static void need_not_be_asked(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec = spec_of(SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\""));

	(void)state;
	assert_non_null(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(packs_the_program),
		FDS_TEST(has_none_without_a_profile),
		FDS_TEST(says_what_is_wrong),
		FDS_TEST(need_not_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
