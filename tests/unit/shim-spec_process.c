/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_process.c - tests of src/shim/spec_process.c. */
#include <sys/resource.h>

#include "shim-bundle.h"

#define PROCESS(more)                                                                          \
	"{\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":[\"true\"],\"cwd\":\"/\"," more \
	"}}"

static void reads_all(void **state)
{
	AUTO(create_free)
	Hp__Guest__CreateRequest *request = create_of(PROCESS(
		"\"env\":[\"A=1\",\"B=\"],\"user\":{\"uid\":1000,\"gid\":100,"
		"\"additionalGids\":[5,6],\"umask\":18},"
		"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_CHECKPOINT_RESTORE\"],"
		"\"ambient\":[\"CAP_KILL\"]},\"noNewPrivileges\":true,\"oomScoreAdj\":-500,"
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":20},"
		"{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}],"
		"\"consoleSize\":{\"width\":80,\"height\":25}"));
	const Hp__Guest__Process *p = request->container->process;

	(void)state;
	assert_int_equal(p->n_env, 2);
	assert_string_equal(p->env[1], "B=");
	assert_int_equal(p->uid, 1000);
	assert_int_equal(p->gid, 100);
	assert_int_equal(p->n_additional_gids, 2);
	assert_int_equal(p->additional_gids[1], 6);
	assert_int_equal(p->umask->value, 022);
	assert_int_equal(p->capabilities->bounding, 1ull << 40 | 1);
	assert_int_equal(p->capabilities->ambient, 1 << 5);
	assert_int_equal(p->capabilities->effective, 0);
	assert_true(p->no_new_privileges);
	assert_int_equal(p->oom_score_adj->value, -500);
	assert_int_equal(p->n_rlimits, 2);
	assert_int_equal(p->rlimits[0]->resource, RLIMIT_NOFILE);
	assert_int_equal(p->rlimits[1]->hard, UINT64_MAX);
	assert_int_equal(p->width, 80);
	assert_int_equal(p->height, 25);
}

static void leaves_out_what_is_absent(void **state)
{
	AUTO(create_free) Hp__Guest__CreateRequest *request = create_of(CONFIG_BEGIN "}");
	const Hp__Guest__Process *p = request->container->process;

	(void)state;
	assert_null(p->capabilities);
	assert_null(p->umask);
	assert_null(p->oom_score_adj);
	assert_int_equal(p->n_env, 0);
}

static void warns(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec =
		spec_of(PROCESS("\"apparmorProfile\":\"docker-default\",\"selinuxLabel\":\"\","
				"\"scheduler\":{\"policy\":\"SCHED_FIFO\"},"
				"\"capabilities\":{\"bounding\":[\"CAP_OF_TOMORROW\"]}"));

	(void)state;
	assert_true(warned(spec, "apparmorProfile"));
	assert_false(warned(spec, "selinuxLabel"));
	assert_true(warned(spec, "scheduler"));
	assert_true(warned(spec, "CAP_OF_TOMORROW"));
}

static void refuses(void **state)
{
	static const char *const wrong[][2] = {
		{"\"env\":[\"A\"]", ".env"},
		{"\"env\":[\"=1\"]", ".env"},
		{"\"env\":[1]", ".env"},
		{"\"env\":{}", ".env"},
		{"\"user\":{\"uid\":4294967296}", "user.uid"},
		{"\"user\":{\"uid\":-1}", "user.uid"},
		{"\"user\":{\"umask\":512}", "umask"},
		{"\"user\":{\"additionalGids\":[-1]}", "additionalGids[0]"},
		{"\"user\":7", ".user"},
		{"\"capabilities\":{\"bounding\":\"ALL\"}", "capabilities.bounding"},
		{"\"rlimits\":[{\"type\":\"NOFILE\"}]", "NOFILE"},
		{"\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]", "soft"},
		{"\"rlimits\":{}", "rlimits"},
		{"\"oomScoreAdj\":1001", "oomScoreAdj"},
		{"\"oomScoreAdj\":\"1\"", "oomScoreAdj"},
		{"\"terminal\":1", "terminal"},
		{"\"noNewPrivileges\":null,\"consoleSize\":{\"width\":-3}",
		 "consoleSize.width"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		AUTO_FREE char *config =
			hp_sprintf("{\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":"
				   "[\"true\"],\"cwd\":\"/\",%s}}",
				   wrong[i][0]);

		spec_refused(config, HP_EINVALID, wrong[i][1]);
	}
	spec_refused("{\"process\":{\"args\":[],\"cwd\":\"/\"}}", HP_EINVALID, "process.args");
	spec_refused("{\"process\":{\"args\":[\"x\"]}}", HP_EINVALID, "process.cwd");
	spec_refused("{\"process\":{\"args\":[\"x\"],\"cwd\":\"a\"}}", HP_EINVALID,
		     "process.cwd");
	spec_refused("{\"process\":3}", HP_EINVALID, "process");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_all),
		FDS_TEST(leaves_out_what_is_absent),
		FDS_TEST(warns),
		FDS_TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
