/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - the engine contract: further processes in a running container. */
#include "contract.h"

#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#define SLEEP_LONG ARGS("sleep", "1000")

static struct hp_exec *start_exec(struct contract *c, const char *id,
				  const struct hp_exec_spec *spec)
{
	struct hp_exec *exec = NULL;

	OK(hp_engine_exec(c->engine, id, spec, &exec, &err));
	assert_true(exec->id[0]);
	assert_string_equal(exec->container_id, id);
	return exec;
}

static int await_exec(struct hp_exec *exec)
{
	struct hp_exit exit = {.code = -1};
	int found = HP_NEXT_WAIT;

	OK(found = hp_waiter_next(exec->waiter, &exit, &err));
	while (found == HP_NEXT_WAIT) {
		int ready = 0;
		OK(ready = hp_fd_poll(hp_waiter_fd(exec->waiter), POLLIN, PATIENCE_MS, &err));
		assert_true(ready);
		OK(found = hp_waiter_next(exec->waiter, &exit, &err));
	}
	assert_int_equal(found, HP_NEXT_ITEM);
	return exit.code;
}

/* Run a process in @id from start to end. Returns: its exit status. */
static int run_exec(struct contract *c, const char *id, const struct hp_exec_spec *spec,
		    struct output *ret)
{
	struct hp_exec *exec = start_exec(c, id, spec);

	read_all(exec->stream, ret);
	int code = await_exec(exec);
	hp_exec_free(c->engine, exec);
	return code;
}

static void has_a_status_and_output_of_its_own(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};
	AUTO(output_clear) struct output none = {0};
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC)) {
		struct hp_exec *exec = NULL;
		FAILS(HP_EUNSUPPORTED,
		      hp_engine_exec(c->engine, id,
				     &(struct hp_exec_spec){.args = ARGS("true")}, &exec,
				     &err));
		drop(c, id);
		return;
	}
	const struct hp_exec_spec spec = {
		.args = ARGS("sh", "-c", "echo out; echo err >&2; exit 42")};
	assert_int_equal(run_exec(c, id, &spec, &o), 42);
	assert_string_equal(o.out, "out\n");
	assert_string_equal(o.err, "err\n");
	const struct hp_exec_spec ok = {.args = ARGS("true")};
	assert_int_equal(run_exec(c, id, &ok, &none), 0);
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	drop(c, id);
}

static void has_stdin(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	const struct hp_exec_spec spec = {.args = ARGS("cat"), .stdin_open = true};
	struct hp_exec *exec = start_exec(c, id, &spec);
	write_all(exec->stream, "to the process\n", 15);
	read_until(exec->stream, "to the process\n");
	OK(hp_stream_close_stdin(exec->stream, &err));
	read_all(exec->stream, &o);
	assert_int_equal(await_exec(exec), 0);
	hp_exec_free(c->engine, exec);
	drop(c, id);
}

static void inherits_and_adds_environment(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};
	AUTO(output_clear) struct output own = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC))
		return;
	struct hp_container_spec spec = spec_of(c, SLEEP_LONG);
	spec.env = ARGS("ONE=1", "TWO=2");
	AUTO_FREE char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	struct hp_exec_spec exec_spec = {.args = ARGS("sh", "-c", "echo \"$ONE $TWO $SIX\"")};
	assert_int_equal(run_exec(c, id, &exec_spec, &o), 0);
	assert_string_equal(o.out, "1 2 \n");
	if (hp_engine_can(c->engine) & HP_CAN_EXEC_AS) {
		exec_spec.env = ARGS("TWO=22", "SIX=6");
		assert_int_equal(run_exec(c, id, &exec_spec, &own), 0);
		assert_string_equal(own.out, "1 22 6\n");
	}
	drop(c, id);
}

static void tells_of_a_bad_program(void **state)
{
	struct contract *c = *state;
	struct hp_exec *exec = NULL;

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	const struct hp_exec_spec missing = {.args = ARGS("no-such-program-here")};
	const struct hp_exec_spec directory = {.args = ARGS("/bin")};
	const struct hp_exec_spec empty = {.args = ARGS(NULL)};
	FAILS(HP_ENOCMD, hp_engine_exec(c->engine, id, &missing, &exec, &err));
	FAILS(HP_ENOEXEC, hp_engine_exec(c->engine, id, &directory, &exec, &err));
	FAILS(HP_EINVALID, hp_engine_exec(c->engine, id, &empty, &exec, &err));
	assert_null(exec);
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	drop(c, id);
}

static void can_be_killed_alone(void **state)
{
	struct contract *c = *state;
	static const int signals[] = {SIGKILL, SIGTERM, SIGUSR1};

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC_KILL))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	for (size_t i = 0; i < HP_ARRAY_LEN(signals); i++) {
		const struct hp_exec_spec spec = {
			.args = ARGS("sh", "-c", "echo ready; sleep 1000")};
		struct hp_exec *exec = start_exec(c, id, &spec);
		/* Until then it may still be the runtime, which has handlers of its own. */
		read_until(exec->stream, "ready");
		OK(hp_engine_kill(c->engine, id, exec->id, signals[i], &err));
		assert_int_equal(await_exec(exec), 128 + signals[i]);
		hp_exec_free(c->engine, exec);
	}
	struct hp_error err = HP_ERROR_INIT;
	assert_int_equal(hp_engine_kill(c->engine, id, "no-such-exec", SIGKILL, &err), -1);
	assert_true(err.code == HP_ENOTFOUND || err.code == HP_ESTATE);
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	drop(c, id);
}

static void several_run_at_once(void **state)
{
	struct contract *c = *state;
	struct hp_exec *execs[4];

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	for (size_t i = 0; i < HP_ARRAY_LEN(execs); i++) {
		AUTO_FREE char *text =
			hp_sprintf("echo %zu; sleep 0.%zu; exit %zu", i, i, i + 20);
		const struct hp_exec_spec spec = {.args = ARGS("sh", "-c", text)};
		execs[i] = start_exec(c, id, &spec);
	}
	for (size_t i = HP_ARRAY_LEN(execs); i-- > 0;) {
		AUTO(output_clear) struct output o = {0};
		const char want[] = {(char)('0' + i), '\n', '\0'};
		read_all(execs[i]->stream, &o);
		assert_string_equal(o.out, want);
		assert_int_equal(await_exec(execs[i]), (int)i + 20);
		hp_exec_free(c->engine, execs[i]);
	}
	drop(c, id);
}

static void ends_with_its_container(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_EXEC))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	const struct hp_exec_spec spec = {.args = SLEEP_LONG};
	struct hp_exec *exec = start_exec(c, id, &spec);
	OK(hp_engine_kill(c->engine, id, NULL, SIGKILL, &err));
	read_all(exec->stream, &o);
	assert_int_equal(await_exec(exec), 137);
	assert_int_equal(await_exit(c, id), 137);
	hp_exec_free(c->engine, exec);
	drop(c, id);
}

static void goes_on_when_it_is_let_go(void **state)
{
	struct contract *c = *state;
	unsigned needed = HP_CAN_EXEC | HP_CAN_EXEC_DETACH;

	if ((hp_engine_can(c->engine) & needed) != needed)
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	const struct hp_exec_spec spec = {.args = SLEEP_LONG, .detach = true};
	struct hp_exec *exec = start_exec(c, id, &spec);
	assert_null(exec->stream);
	assert_null(exec->waiter);
	AUTO_FREE char *exec_id = hp_strdup(exec->id);
	hp_exec_free(c->engine, exec);
	if (hp_engine_can(c->engine) & HP_CAN_EXEC_KILL)
		OK(hp_engine_kill(c->engine, id, exec_id, SIGTERM, &err));
	drop(c, id);
}

static void is_refused_while_paused(void **state)
{
	struct contract *c = *state;
	const struct hp_exec_spec spec = {.args = ARGS("true")};
	struct hp_exec *exec = NULL;

	if (!(hp_engine_can(c->engine) & HP_CAN_PAUSE))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	OK(hp_engine_pause(c->engine, id, &err));
	FAILS(HP_ESTATE, hp_engine_exec(c->engine, id, &spec, &exec, &err));
	drop(c, id);
}

static void has_a_terminal_of_its_own(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_RESIZE))
		return;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	const struct hp_exec_spec spec = {.args = ARGS("sh", "-c", "echo tty; sleep 0.3"),
					  .tty = true,
					  .cols = 90,
					  .rows = 20};
	struct hp_exec *exec = start_exec(c, id, &spec);
	OK(hp_engine_resize(c->engine, id, exec->id, 120, 40, &err));
	read_all(exec->stream, &o);
	assert_string_equal(o.out, "tty\r\n");
	assert_int_equal(await_exec(exec), 0);
	hp_exec_free(c->engine, exec);
	drop(c, id);
}

const struct CMUnitTest contract_exec[] = {
	CONTRACT_TEST(has_a_status_and_output_of_its_own),
	CONTRACT_TEST(has_stdin),
	CONTRACT_TEST(inherits_and_adds_environment),
	CONTRACT_TEST(tells_of_a_bad_program),
	CONTRACT_TEST(can_be_killed_alone),
	CONTRACT_TEST(several_run_at_once),
	CONTRACT_TEST(ends_with_its_container),
	CONTRACT_TEST(goes_on_when_it_is_let_go),
	CONTRACT_TEST(is_refused_while_paused),
	CONTRACT_TEST(has_a_terminal_of_its_own),
};
const size_t contract_exec_count = HP_ARRAY_LEN(contract_exec);
