/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-create_args.c - tests of src/cmd/create_args.c. */
#include "cmd/create_args.h"

#include <string.h>

#include "base/path.h"
#include "scratch.h"

struct holder {
	struct hp_create_args args;
};

static const struct hp_opt opts[] = {
	HP_CREATE_OPTS(struct holder, args),
	HP_OPT_END,
};

/* Parse and build, and hand the result to @look; fails the test when it is refused. */
static void build(const char *const *argv, void (*look)(const struct hp_container_spec *spec))
{
	struct holder holder = {0};
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	AUTO(hp_create_clear) struct hp_create create = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_opts_parse(opts, true, argv, &holder, &operands, &err) != 0 ||
	    hp_create_build(&holder.args, hp_strv_view(&operands), &create, &err) < 0)
		fail_msg("%s", err.msg);
	look(&create.spec);
	hp_opts_clear(opts, &holder);
}
#define BUILD(look, ...) build((const char *const[]){__VA_ARGS__, NULL}, look)

/* The same for what must be refused with a text that has @why in it. */
static void refuse(const char *why, const char *const *argv)
{
	struct holder holder = {0};
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	AUTO(hp_create_clear) struct hp_create create = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_opts_parse(opts, true, argv, &holder, &operands, &err) == 0)
		assert_int_equal(
			hp_create_build(&holder.args, hp_strv_view(&operands), &create, &err),
			-1);
	if (!strstr(err.msg, why))
		fail_msg("'%s' is not in '%s'", why, err.msg);
	hp_opts_clear(opts, &holder);
}
#define REFUSE(why, ...) refuse((why), (const char *const[]){__VA_ARGS__, "image", NULL})

static void look_defaults(const struct hp_container_spec *s)
{
	assert_string_equal(s->image, "image");
	assert_null(s->args);
	assert_null(s->name);
	assert_null(s->entrypoint);
	assert_null(s->network);
	assert_null(s->seccomp);
	assert_int_equal(s->n_mounts, 0);
	assert_int_equal(s->stop_timeout_ms, 0);
	assert_int_equal(s->log_driver, HP_LOG_JSON_FILE);
	assert_false(s->tty || s->stdin_open || s->remove || s->privileged || s->init);
}

static void test_defaults(void **state)
{
	(void)state;
	BUILD(look_defaults, "image");
}

static void look_many(const struct hp_container_spec *s)
{
	assert_string_equal(s->args[0], "sh");
	assert_string_equal(s->args[1], "-c");
	assert_null(s->args[2]);
	assert_true(s->tty && s->stdin_open && s->remove && s->read_only && s->init);
	assert_string_equal(s->name, "box");
	assert_string_equal(s->hostname, "host");
	assert_string_equal(s->entrypoint[0], "");
	assert_null(s->entrypoint[1]);
	assert_string_equal(s->cap_add[0], "NET_ADMIN");
	assert_string_equal(s->cap_drop[0], "ALL");
	assert_int_equal(s->resources.memory_bytes, 64 << 20);
	assert_int_equal(s->resources.cpu_nano, 500000000);
	assert_int_equal(s->resources.pids_limit, 20);
	assert_int_equal(s->stop_timeout_ms, 3000);
	assert_int_equal(s->log_driver, HP_LOG_NONE);
	assert_string_equal(s->pid_mode, "host");
	assert_null(s->ipc_mode);
	assert_string_equal(s->sysctls[0].key, "net.ipv4.ip_forward");
	assert_string_equal(s->sysctls[0].value, "1");
	assert_string_equal(s->annotations[0].key, "a.b/c");
}

static void test_many(void **state)
{
	(void)state;
	BUILD(look_many, "-it", "--rm", "--read-only", "--init", "--name", "box", "-h", "host",
	      "--entrypoint", "", "--cap-add", "NET_ADMIN", "--cap-drop=ALL", "-m", "64m",
	      "--cpus", ".5", "--pids-limit", "20", "--stop-timeout", "3", "--log-driver",
	      "none", "--pid", "host", "--ipc=private", "--sysctl", "net.ipv4.ip_forward=1",
	      "--annotation", "a.b/c=d", "image", "sh", "-c");
}

static void look_mounts(const struct hp_container_spec *s)
{
	assert_int_equal(s->n_mounts, 4);
	assert_int_equal(s->mounts[0].type, HP_MOUNT_BIND);
	assert_false(s->mounts[0].create_source);
	assert_int_equal(s->mounts[1].type, HP_MOUNT_BIND);
	assert_string_equal(s->mounts[1].source, "/src");
	assert_true(s->mounts[1].read_only);
	assert_int_equal(s->mounts[2].type, HP_MOUNT_BIND);
	assert_int_equal(s->mounts[2].source[0], '/');
	assert_true(hp_str_ends(s->mounts[2].source, "/here"));
	assert_int_equal(s->mounts[3].type, HP_MOUNT_TMPFS);
	assert_string_equal(s->mounts[3].target, "/tmp");
	assert_int_equal(s->n_devices, 1);
	assert_string_equal(s->devices[0].host_path, "/dev/null");
	assert_int_equal(s->n_ulimits, 1);
	assert_int_equal(s->ulimits[0].hard, 200);
}

static void test_mounts(void **state)
{
	(void)state;
	BUILD(look_mounts, "--tmpfs", "/tmp:size=1m", "-v", "/src:/dst:ro", "-v", "./here:/w",
	      "--mount", "type=bind,source=/a,target=/b", "--device", "/dev/null", "--ulimit",
	      "nofile=100:200", "image");
}

static void look_security(const struct hp_container_spec *s)
{
	assert_true(s->no_new_privs);
	assert_string_equal(s->seccomp, "unconfined");
	assert_string_equal(s->apparmor, "profile");
}

static void look_no_privs_off(const struct hp_container_spec *s)
{
	assert_false(s->no_new_privs);
}

static void test_security(void **state)
{
	(void)state;
	BUILD(look_security, "--security-opt", "no-new-privileges", "--security-opt",
	      "seccomp=unconfined", "--security-opt", "apparmor:profile", "image");
	BUILD(look_no_privs_off, "--security-opt=no-new-privileges=false", "image");
	REFUSE("--security-opt 'seccomp='", "--security-opt", "seccomp=");
	REFUSE("--security-opt 'label=disable'", "--security-opt", "label=disable");
	REFUSE("--security-opt 'no-new-privileges=maybe'", "--security-opt",
	       "no-new-privileges=maybe");
}

static void look_env(const struct hp_container_spec *s)
{
	AUTO_FREE char *env = hp_strv_join(s->env, "|");

	assert_string_equal(env, "A=line|B=file");
	assert_int_equal(s->n_labels, 2);
	assert_string_equal(s->labels[0].key, "k");
	assert_string_equal(s->labels[0].value, "line");
	assert_string_equal(s->labels[1].value, "");
}

static void test_files(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *env = scratch_file(dir, "env", "A=file\nB=file\n");
	AUTO_FREE char *labels = scratch_file(dir, "labels", "k=file\nalone\n");

	BUILD(look_env, "-e", "A=line", "--env-file", env, "--label", "k=line", "--label-file",
	      labels, "image");
}

static void look_no_grace(const struct hp_container_spec *s)
{
	assert_int_equal(s->stop_timeout_ms, 1);
}

static void test_no_grace(void **state)
{
	(void)state;
	BUILD(look_no_grace, "--stop-timeout=0", "image");
}

static void test_refusals(void **state)
{
	(void)state;
	REFUSE("--stop-signal", "--stop-signal", "SIGNOPE");
	REFUSE("--pid 'container:x'", "--pid", "container:x");
	REFUSE("--uts 'own'", "--uts", "own");
	REFUSE("--mount", "--mount", "type=nope,target=/x");
	REFUSE("--volume", "-v", "/a:relative");
	REFUSE("--tmpfs", "--tmpfs", "relative");
	REFUSE("--device", "--device", "relative");
	REFUSE("--ulimit", "--ulimit", "nofile");
	REFUSE("--memory", "--memory", "1k");
	REFUSE("--env", "--env", "=x");
	REFUSE("--env-file", "--env-file", "/no/such/file");
	REFUSE("--log-driver", "--log-driver", "syslog");
	REFUSE("--pull", "--pull", "sometimes");
	REFUSE("--stop-timeout", "--stop-timeout", "-5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_defaults), FDS_TEST(test_many),  FDS_TEST(test_mounts),
		FDS_TEST(test_security), FDS_TEST(test_files), FDS_TEST(test_no_grace),
		FDS_TEST(test_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
