/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c - the engine contract: what is refused, and by which code. */
#include "contract.h"

#include <signal.h>

#include "base/fd.h"
#include "base/str.h"

/* What a call must fail with: @code, or that it is not supported when the engine lacks @can. */
static enum hp_code unless(const struct contract *c, unsigned can, enum hp_code code)
{
	return hp_engine_can(c->engine) & can ? code : HP_EUNSUPPORTED;
}

static void unknown_containers_are_not_found(void **state)
{
	struct contract *c = *state;
	struct hp_engine *e = c->engine;
	const char *ref = "no-such-container";
	const struct hp_exec_spec exec_spec = {.args = ARGS("true")};
	const struct hp_resources resources = {.memory_bytes = 64 << 20};
	struct hp_container *container = NULL;
	struct hp_waiter *waiter = NULL;
	struct hp_stream *stream = NULL;
	struct hp_exec *exec = NULL;
	struct hp_stats stats;
	struct hp_exit exit;

	FAILS(HP_ENOTFOUND, hp_engine_inspect(e, ref, &container, &err));
	FAILS(HP_ENOTFOUND, hp_engine_start(e, ref, 0, 0, &stream, &err));
	FAILS(HP_ENOTFOUND, hp_engine_stop(e, ref, 0, 0, &err));
	FAILS(HP_ENOTFOUND, hp_engine_kill(e, ref, NULL, SIGKILL, &err));
	FAILS(unless(c, HP_CAN_PAUSE, HP_ENOTFOUND), hp_engine_pause(e, ref, &err));
	FAILS(unless(c, HP_CAN_PAUSE, HP_ENOTFOUND), hp_engine_unpause(e, ref, &err));
	FAILS(unless(c, HP_CAN_RESTART, HP_ENOTFOUND), hp_engine_restart(e, ref, 0, &err));
	FAILS(HP_ENOTFOUND, hp_engine_remove(e, ref, true, true, &err));
	FAILS(HP_ENOTFOUND, hp_engine_exec(e, ref, &exec_spec, &exec, &err));
	FAILS(HP_ENOTFOUND, hp_engine_attach(e, ref, &stream, &err));
	FAILS(HP_ENOTFOUND, hp_engine_resize(e, ref, NULL, 80, 24, &err));
	FAILS(HP_ENOTFOUND, hp_engine_logs(e, ref, NULL, &stream, &err));
	FAILS(HP_ENOTFOUND, hp_engine_waiter(e, ref, &waiter, &err));
	FAILS(HP_ENOTFOUND, hp_engine_wait(e, ref, 1000, &exit, &err));
	FAILS(unless(c, HP_CAN_UPDATE, HP_ENOTFOUND),
	      hp_engine_update(e, ref, &resources, &err));
	FAILS(HP_ENOTFOUND, hp_engine_stats(e, ref, &stats, &err));
	assert_null(container);
	assert_null(waiter);
	assert_null(stream);
	assert_null(exec);
}

/* What needs a running container says that this one does not run. */
static void refuses_while_not_running(struct contract *c, const char *id)
{
	const struct hp_exec_spec exec_spec = {.args = ARGS("true")};
	struct hp_stream *stream = NULL;
	struct hp_exec *exec = NULL;
	struct hp_stats stats;

	FAILS(HP_ESTATE, hp_engine_kill(c->engine, id, NULL, SIGTERM, &err));
	FAILS(unless(c, HP_CAN_PAUSE, HP_ESTATE), hp_engine_pause(c->engine, id, &err));
	FAILS(unless(c, HP_CAN_PAUSE, HP_ESTATE), hp_engine_unpause(c->engine, id, &err));
	FAILS(HP_ESTATE, hp_engine_exec(c->engine, id, &exec_spec, &exec, &err));
	FAILS(HP_ESTATE, hp_engine_attach(c->engine, id, &stream, &err));
	FAILS(HP_ESTATE, hp_engine_stats(c->engine, id, &stats, &err));
	FAILS(HP_ESTATE, hp_engine_resize(c->engine, id, NULL, 80, 24, &err));
	/* Stopping what does not run is no failure. */
	OK(hp_engine_stop(c->engine, id, 0, 1000, &err));
}

static void what_never_ran_does_little(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make(c, ARGS("true"));
	struct hp_waiter *waiter = NULL;
	struct hp_exit exit;

	refuses_while_not_running(c, id);
	FAILS(HP_ESTATE, hp_engine_waiter(c->engine, id, &waiter, &err));
	FAILS(HP_ESTATE, hp_engine_wait(c->engine, id, 1000, &exit, &err));
	assert_int_equal(state_of(c, id), HP_STATE_CREATED);
	OK(hp_engine_remove(c->engine, id, false, false, &err));
}

static void what_has_ended_does_little(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make_started(c, ARGS("sh", "-c", "exit 3"));

	assert_int_equal(await_exit(c, id), 3);
	refuses_while_not_running(c, id);
	assert_int_equal(state_of(c, id), HP_STATE_EXITED);
	assert_int_equal(await_exit(c, id), 3);
	OK(hp_engine_remove(c->engine, id, false, false, &err));
}

static void what_runs_is_not_started(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make_started(c, ARGS("sleep", "1000"));

	FAILS(HP_ESTATE, hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	if (hp_engine_can(c->engine) & HP_CAN_PAUSE) {
		OK(hp_engine_pause(c->engine, id, &err));
		FAILS(HP_ESTATE, hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	}
	drop(c, id);
}

static void a_name_is_taken_once(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, ARGS("true"));
	AUTO_FREE char *id = make_spec(c, &spec);
	char *second = NULL;

	FAILS(HP_EEXISTS, hp_engine_create(c->engine, &spec, &second, &err));
	assert_null(second);
	drop(c, id);
	AUTO_FREE char *third = make_spec(c, &spec);
	drop(c, third);
}

/* Creation fails, or else the start does. */
static void needs(struct contract *c, const struct hp_container_spec *bad)
{
	struct hp_error refusal = HP_ERROR_INIT;
	char *id = NULL;

	if (hp_engine_can(c->engine) & HP_CAN_LOOK_UP) {
		FAILS(HP_ENOTFOUND, hp_engine_create(c->engine, bad, &id, &err));
		assert_null(id);
		return;
	}
	if (hp_engine_create(c->engine, bad, &id, &refusal) < 0) {
		assert_int_equal(refusal.code, HP_ENOTFOUND);
		assert_null(id);
		return;
	}
	FAILS(HP_ENOTFOUND, hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	drop(c, id);
	free(id);
}

static void creation_needs_what_it_names(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, ARGS("true"));
	const struct hp_mount mount = {.source = "/no/such/dir", .target = "/mnt"};
	const struct hp_device device = {.host_path = "/dev/no-such-device"};
	struct hp_container_spec bad = spec;
	char *id = NULL;

	bad.image = "no-such-image:here";
	FAILS(HP_ENOTFOUND, hp_engine_create(c->engine, &bad, &id, &err));
	bad = spec;
	bad.user = "no-such-user";
	needs(c, &bad);
	bad = spec;
	bad.mounts = &mount;
	bad.n_mounts = 1;
	FAILS(HP_ENOTFOUND, hp_engine_create(c->engine, &bad, &id, &err));
	bad = spec;
	bad.devices = &device;
	bad.n_devices = 1;
	needs(c, &bad);
	/* Nothing is left of any of them: not even the name. */
	assert_null(id);
	AUTO_FREE char *good = make_spec(c, &spec);
	drop(c, good);
}

static void nonsense_is_refused_before_it_is_sent(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, ARGS("true"));
	struct hp_container_spec bad = spec;
	struct hp_container *container = NULL;
	AUTO_FREE char *longest = hp_alloc(3000);
	char *id = NULL;

	memset(longest, 'a', 2999);
	FAILS(HP_EINVALID, hp_engine_inspect(c->engine, "", &container, &err));
	FAILS(HP_EINVALID, hp_engine_inspect(c->engine, NULL, &container, &err));
	FAILS(HP_EINVALID, hp_engine_inspect(c->engine, longest, &container, &err));
	FAILS(HP_EINVALID, hp_engine_inspect(c->engine, "a\nb", &container, &err));
	FAILS(HP_EINVALID, hp_engine_kill(c->engine, "x", NULL, 0, &err));
	FAILS(HP_EINVALID, hp_engine_kill(c->engine, "x", NULL, 65, &err));
	FAILS(HP_EINVALID, hp_engine_stop(c->engine, "x", -1, 0, &err));
	FAILS(HP_EINVALID, hp_engine_resize(c->engine, "x", NULL, 0, 0, &err));
	bad.image = "";
	FAILS(HP_EINVALID, hp_engine_create(c->engine, &bad, &id, &err));
	static const char *const names[] = {"", "-x", "a/b", "../x", "a b", "x\n"};
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		bad = spec;
		bad.name = names[i];
		FAILS(HP_EINVALID, hp_engine_create(c->engine, &bad, &id, &err));
	}
	bad = spec;
	bad.stop_signal = "SIGNONE";
	FAILS(HP_EINVALID, hp_engine_create(c->engine, &bad, &id, &err));
	bad = spec;
	bad.resources.memory_bytes = 64 << 20;
	bad.resources.memory_swap_bytes = 32 << 20;
	FAILS(HP_EINVALID, hp_engine_create(c->engine, &bad, &id, &err));
	bad = spec;
	bad.resources.cpu_nano = -1;
	FAILS(HP_EINVALID, hp_engine_create(c->engine, &bad, &id, &err));
	assert_null(container);
	assert_null(id);
}

/* The message of an op that is off names the op's engine, so that people know whom to ask. */
static void check_unsupported(struct contract *c, int result, const struct hp_error *err)
{
	assert_int_equal(result, -1);
	assert_int_equal(err->code, HP_EUNSUPPORTED);
	assert_non_null(strstr(err->msg, c->name));
}

/* The same for what a spec asks for. */
static void specs_of_what_is_off_say_so(void **state)
{
	struct contract *c = *state;
	unsigned can = hp_engine_can(c->engine);
	struct hp_container_spec spec = spec_of(c, ARGS("sleep", "1000"));
	const struct hp_resources pids = {.pids_limit = 10};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_container_spec bad = spec;
	char *id = NULL;

	bad.network = "none";
	if (!(can & HP_CAN_ISOLATE))
		check_unsupported(c, hp_engine_create(c->engine, &bad, &id, &err), &err);
	hp_error_clear(&err);
	bad = spec;
	bad.log_driver = HP_LOG_NONE;
	if (!(can & HP_CAN_LOG_NONE))
		check_unsupported(c, hp_engine_create(c->engine, &bad, &id, &err), &err);
	hp_error_clear(&err);
	bad = spec;
	bad.resources = pids;
	if (!(can & HP_CAN_LIMIT_PIDS))
		check_unsupported(c, hp_engine_create(c->engine, &bad, &id, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_LIMIT_PIDS) && (can & HP_CAN_UPDATE))
		check_unsupported(c, hp_engine_update(c->engine, "x", &pids, &err), &err);
	hp_error_clear(&err);
	/* Nothing is left of them, so the name is free. */
	assert_null(id);
	AUTO_FREE char *good = make_spec(c, &spec);
	drop(c, good);
}

static void execs_of_what_is_off_say_so(void **state)
{
	struct contract *c = *state;
	unsigned can = hp_engine_can(c->engine);
	const struct hp_exec_spec specs[] = {
		{.args = ARGS("true"), .env = ARGS("A=1")},
		{.args = ARGS("true"), .workdir = "/tmp"},
		{.args = ARGS("true"), .user = "1"},
		{.args = ARGS("true"), .privileged = true},
	};
	const struct hp_exec_spec detached = {.args = ARGS("true"), .detach = true};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exec *exec = NULL;

	if (!(can & HP_CAN_EXEC))
		return;
	for (size_t i = 0; !(can & HP_CAN_EXEC_AS) && i < HP_ARRAY_LEN(specs); i++) {
		check_unsupported(c, hp_engine_exec(c->engine, "x", &specs[i], &exec, &err),
				  &err);
		hp_error_clear(&err);
	}
	if (!(can & HP_CAN_EXEC_DETACH))
		check_unsupported(c, hp_engine_exec(c->engine, "x", &detached, &exec, &err),
				  &err);
	assert_null(exec);
}

static void what_is_off_says_so(void **state)
{
	struct contract *c = *state;
	unsigned can = hp_engine_can(c->engine);
	const struct hp_import archive = {.path = "/nowhere", .name = "x"};
	const struct hp_resources resources = {0};
	const struct hp_pull image = {.ref = "x"};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_pulled pulled = {0};
	struct hp_events *events = NULL;
	struct hp_stats stats;
	char **names = NULL;

	if (!(can & HP_CAN_UPDATE))
		check_unsupported(c, hp_engine_update(c->engine, "x", &resources, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_STATS))
		check_unsupported(c, hp_engine_stats(c->engine, "x", &stats, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_EVENTS))
		check_unsupported(c, hp_engine_events(c->engine, &events, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_IMPORT))
		check_unsupported(c, hp_engine_import(c->engine, &archive, &names, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_PULL))
		check_unsupported(c, hp_engine_pull(c->engine, &image, &pulled, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_EXPORT))
		check_unsupported(c, hp_engine_export(c->engine, ARGS("x"), 1, &err), &err);
	hp_error_clear(&err);
	if (!(can & HP_CAN_TAG))
		check_unsupported(c, hp_engine_tag(c->engine, "x", "y", &err), &err);
}

static void unknown_engines_are_refused(void **state)
{
	struct hp_engine *e = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct contract *c = *state;

	assert_int_equal(hp_engine_open("no-such-engine", NULL, &e, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_non_null(strstr(err.msg, c->name));
	assert_null(e);
}

const struct CMUnitTest contract_refusal[] = {
	CONTRACT_TEST(unknown_containers_are_not_found),
	CONTRACT_TEST(what_never_ran_does_little),
	CONTRACT_TEST(what_has_ended_does_little),
	CONTRACT_TEST(what_runs_is_not_started),
	CONTRACT_TEST(a_name_is_taken_once),
	CONTRACT_TEST(creation_needs_what_it_names),
	CONTRACT_TEST(nonsense_is_refused_before_it_is_sent),
	CONTRACT_TEST(what_is_off_says_so),
	CONTRACT_TEST(specs_of_what_is_off_say_so),
	CONTRACT_TEST(execs_of_what_is_off_say_so),
	CONTRACT_TEST(unknown_engines_are_refused),
};
const size_t contract_refusal_count = HP_ARRAY_LEN(contract_refusal);
