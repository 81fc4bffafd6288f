/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_process.c - what runs: arguments, environment, user, directory; and what joins later. */
#include "wire-oci.h"

/* The arguments for @entrypoint and @args on an image with entrypoint "e" and command "c d". */
static char *args_of(const char *const *entrypoint, const char *const *args)
{
	struct hp_container_spec spec = {.entrypoint = entrypoint, .args = args};
	AUTO(hp_image_config_clear) struct hp_image_config image = {0};
	AUTO(hp_strv_free) struct hp_strv ret = {0};
	struct hp_error err = HP_ERROR_INIT;

	hp_strv_add(&image.entrypoint, "e");
	hp_strv_add(&image.cmd, "c");
	hp_strv_add(&image.cmd, "d");
	if (hp_oci_args(&spec, &image, &ret, &err) < 0) {
		assert_int_equal(err.code, HP_EINVALID);
		return hp_strdup("");
	}
	return hp_strv_join(hp_strv_view(&ret), " ");
}

static void test_args(void **state)
{
	static const char *const x[] = {"x", "y", NULL};
	static const char *const cleared[] = {"", NULL};
	static const char *const none[] = {NULL};
	const struct {
		const char *const *entrypoint;
		const char *const *args;
		const char *expected;
	} rows[] = {
		{NULL, NULL, "e c d"}, {NULL, none, "e c d"}, {NULL, x, "e x y"},
		{x, NULL, "x y"},      {x, x, "x y x y"},     {cleared, x, "x y"},
		{cleared, NULL, ""},   {none, x, "x y"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *got = args_of(rows[i].entrypoint, rows[i].args);

		assert_string_equal(got, rows[i].expected);
	}
}

static void test_env_merge(void **state)
{
	static const char *const more[] = {"B=2", "A=3", "C", "AB=", "NEVER", "=x", NULL};
	AUTO(hp_strv_free) struct hp_strv env = {0};

	(void)state;
	hp_strv_add(&env, "A=1");
	hp_strv_add(&env, "C=1");
	hp_strv_add(&env, "D=1");
	hp_oci__env_merge(&env, more);
	hp_oci__env_merge(&env, NULL);
	AUTO_FREE char *got = hp_strv_join(hp_strv_view(&env), " ");

	assert_string_equal(got, "A=3 D=1 B=2 AB= =x");
}

static void test_process(void **state)
{
	static const char *const env[] = {"USER_SAYS=1", "HOME=/elsewhere", NULL};
	uint32_t gids[] = {10, 20};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.tty = true;
	c.spec.env = env;
	c.spec.workdir = "/a//b/../c/";
	c.user.uid = 1000;
	c.user.gid = 5;
	c.user.gids = gids;
	c.user.n_gids = 2;
	hp_strv_add(&c.image.env, "PATH=/image");
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	hp_strv_free(&c.image.env);
	assert_at(v, "process.terminal", "true");
	assert_at(v, "process.args", "[\"/bin/true\"]");
	assert_at(v, "process.env",
		  "[\"PATH=/image\",\"HOSTNAME=box\",\"TERM=xterm\",\"HOME=/elsewhere\","
		  "\"USER_SAYS=1\"]");
	assert_at(v, "process.cwd", "\"/a/c\"");
	assert_at(v, "process.user",
		  "{\"uid\":1000,\"gid\":5,\"umask\":18,\"additionalGids\":[5,10,20]}");
	assert_at(v, "process.oomScoreAdj", "0");
	assert_at(v, "process.noNewPrivileges", "false");
	assert_at(v, "process.rlimits", "null");
	/* Nobody but root starts with capabilities. */
	assert_at(v, "process.capabilities.effective", "null");
	assert_int_equal(hp_json_count(hp_json_path(v, "process.capabilities.bounding")), 14);
}

static void test_workdir(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	AUTO(hp_json_free) struct hp_json *none = oci_build(&c);

	assert_at(none, "process.cwd", "\"/\"");
	c.image.workdir = (char *)(uintptr_t) "/from/image";
	AUTO(hp_json_free) struct hp_json *image = oci_build(&c);

	assert_at(image, "process.cwd", "\"/from/image\"");
	c.spec.workdir = "relative";
	oci_refuse(&c, "working directory 'relative'");
}

static void test_init(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.init = true;
	oci_refuse(&c, "no init program");
	c.in.init_path = "/usr/libexec/init";
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "process.args", "[\"/sbin/docker-init\",\"--\",\"/bin/true\"]");
	assert_mount(v, "/sbin/docker-init",
		     "{\"destination\":\"/sbin/docker-init\",\"type\":\"bind\","
		     "\"source\":\"/usr/libexec/init\",\"options\":[\"bind\",\"ro\"]}");
}

static void test_not_utf8(void **state)
{
	static const char *const args[] = {"/bin/echo", "\xff", NULL};
	static const char *const env[] = {"A=\xc3", NULL};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.args = args;
	oci_refuse(&c, "argument 2 is not UTF-8");
	oci_case_init(&c);
	c.spec.env = env;
	oci_refuse(&c, "environment variable");
	oci_case_init(&c);
	c.spec.workdir = "/\xff";
	oci_refuse(&c, "working directory");
}

static void test_no_command(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.args = NULL;
	oci_refuse(&c, "no command");
}

/* The process that an exec in @c gets. */
static struct hp_json *exec_process(struct oci_case *c, const struct hp_exec_spec *spec,
				    const struct hp_user *user)
{
	AUTO(hp_json_free) struct hp_json *config = oci_build(c);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	if (hp_oci_process_build(config, spec, user, NULL, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static void test_exec_keeps(void **state)
{
	static const char *const args[] = {"id", NULL};
	const struct hp_exec_spec spec = {.args = args};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.tty = true;
	c.spec.no_new_privs = true;
	c.spec.workdir = "/w";
	c.in.apparmor = "profile";
	c.user.uid = 7;
	AUTO(hp_json_free) struct hp_json *v = exec_process(&c, &spec, NULL);

	assert_at(v, "args", "[\"id\"]");
	assert_at(v, "terminal", "false");
	assert_at(v, "cwd", "\"/w\"");
	assert_at(v, "user.uid", "7");
	assert_at(v, "noNewPrivileges", "true");
	assert_at(v, "apparmorProfile", "\"profile\"");
	assert_at(v, "capabilities.effective", "null");
	assert_false(hp_str_eq(hp_json_key_at(v, hp_json_count(v) - 1), "consoleSize"));
}

static void test_exec_changes(void **state)
{
	static const char *const args[] = {"sh", NULL};
	static const char *const env[] = {"X=1", "PATH=/p", NULL};
	const struct hp_exec_spec spec = {
		.args = args,
		.env = env,
		.workdir = "/tmp/",
		.tty = true,
		.cols = 80,
		.rows = 24,
	};
	const struct hp_user user = {.uid = 0, .home = (char *)(uintptr_t) "/home/new"};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.user.uid = 7;
	AUTO(hp_json_free) struct hp_json *v = exec_process(&c, &spec, &user);

	assert_at(v, "env",
		  "[\"PATH=/p\",\"HOSTNAME=box\",\"HOME=/home/new\",\"TERM=xterm\",\"X=1\"]");
	assert_at(v, "cwd", "\"/tmp\"");
	assert_at(v, "terminal", "true");
	assert_at(v, "consoleSize", "{\"height\":24,\"width\":80}");
	assert_at(v, "user.uid", "0");
	/* Root again, and so with what the container is bounded by. */
	assert_int_equal(hp_json_count(hp_json_path(v, "capabilities.effective")), 14);
}

static void test_exec_privileged(void **state)
{
	static const char *const args[] = {"sh", NULL};
	const struct hp_exec_spec spec = {.args = args, .privileged = true};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.apparmor = "profile";
	AUTO(hp_json_free) struct hp_json *v = exec_process(&c, &spec, NULL);

	assert_int_equal(hp_json_count(hp_json_path(v, "capabilities.effective")), 41);
	assert_null(hp_json_get(v, "apparmorProfile"));
}

static void test_exec_failures(void **state)
{
	static const char *const args[] = {"sh", NULL};
	struct hp_exec_spec spec = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	AUTO(hp_json_free) struct hp_json *config = oci_build(&c);

	assert_int_equal(hp_oci_process_build(config, &spec, NULL, NULL, &v, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	spec.args = args;
	spec.workdir = "x";
	assert_int_equal(hp_oci_process_build(config, &spec, NULL, NULL, &v, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_oci_process_build(NULL, &spec, NULL, NULL, &v, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_null(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args),          cmocka_unit_test(test_env_merge),
		cmocka_unit_test(test_process),       cmocka_unit_test(test_workdir),
		cmocka_unit_test(test_init),          cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_no_command),    cmocka_unit_test(test_exec_keeps),
		cmocka_unit_test(test_exec_changes),  cmocka_unit_test(test_exec_privileged),
		cmocka_unit_test(test_exec_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
