/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_hooks.c - tests of src/shim/spec_hooks.c. */
#include "shim-bundle.h"

static void reads_hooks(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec = spec_of(
		CONFIG_BEGIN ",\"hooks\":{\"prestart\":[{\"path\":\"/bin/a\"}],"
			     "\"createRuntime\":[{\"path\":\"/bin/b\",\"args\":[\"b\",\"-x\"],"
			     "\"env\":[\"A=1\"],\"timeout\":3}],"
			     "\"poststop\":[{\"path\":\"/bin/c\"},{\"path\":\"/bin/d\"}],"
			     "\"startContainer\":[{\"path\":\"/bin/e\"}]}}");
	const struct hp_shim_hook *h;
	size_t n = 0;

	(void)state;
	h = hp_shim_spec_hooks(spec, HP_SHIM_HOOK_PRESTART, &n);
	assert_int_equal(n, 1);
	assert_string_equal(h->path, "/bin/a");
	assert_string_equal(h->args[0], "/bin/a");
	assert_null(h->args[1]);
	assert_null(h->env[0]);
	assert_int_equal(h->timeout_ms, 0);
	h = hp_shim_spec_hooks(spec, HP_SHIM_HOOK_CREATE_RUNTIME, &n);
	assert_int_equal(n, 1);
	assert_string_equal(h->args[1], "-x");
	assert_string_equal(h->env[0], "A=1");
	assert_int_equal(h->timeout_ms, 3000);
	h = hp_shim_spec_hooks(spec, HP_SHIM_HOOK_POSTSTOP, &n);
	assert_int_equal(n, 2);
	assert_string_equal(h[1].path, "/bin/d");
	hp_shim_spec_hooks(spec, HP_SHIM_HOOK_POSTSTART, &n);
	assert_int_equal(n, 0);
	assert_true(warned(spec, "startContainer"));
}

static void refuses(void **state)
{
	(void)state;
	spec_refused(CONFIG_BEGIN ",\"hooks\":{\"poststop\":[{}]}}", HP_EINVALID, "poststop");
	spec_refused(CONFIG_BEGIN ",\"hooks\":{\"poststop\":[{\"path\":\"a\"}]}}", HP_EINVALID,
		     "hooks.path");
	spec_refused(CONFIG_BEGIN
		     ",\"hooks\":{\"poststop\":[{\"path\":\"/a\",\"timeout\":0}]}}",
		     HP_EINVALID, "timeout");
	spec_refused(CONFIG_BEGIN ",\"hooks\":{\"prestart\":{}}}", HP_EINVALID, "prestart");
	spec_refused(CONFIG_BEGIN ",\"hooks\":1}", HP_EINVALID, "hooks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_hooks),
		FDS_TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
