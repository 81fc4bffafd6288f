/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_task.c - tests of src/engine/fake_task.c. */
#include "fake-engine.h"

#include <signal.h>

static void figures_count_its_processes(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_exec_spec spec = {.args = ARGS("sleep", "1000")};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exec *exec = NULL;
	struct hp_stats stats;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), NULL);
	assert_int_equal(hp_engine_exec(e, id, &spec, &exec, &err), 0);
	assert_int_equal(hp_engine_stats(e, id, &stats, &err), 0);
	assert_int_equal(stats.pids, 2);
	assert_int_equal(hp_engine_kill(e, id, exec->id, SIGKILL, &err), 0);
	assert_int_equal(hp_engine_stats(e, id, &stats, &err), 0);
	assert_int_equal(stats.pids, 1);
	hp_exec_free(e, exec);
}

static void records_go_once_they_have_ended(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_exec_spec runs = {.args = ARGS("sleep", "1000"), .detach = true};
	const struct hp_exec_spec ends = {.args = ARGS("true")};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exec *exec = NULL;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), NULL);
	const struct hp_fake_container *c = hp_fake__of(e)->containers[0];
	assert_int_equal(hp_engine_exec(e, id, &runs, &exec, &err), 0);
	hp_exec_free(e, exec);
	assert_int_equal(c->n_execs, 1);
	assert_int_equal(hp_engine_exec(e, id, &ends, &exec, &err), 0);
	assert_int_equal(c->n_execs, 2);
	hp_exec_free(e, exec);
	assert_int_equal(c->n_execs, 1);
}

static void an_exec_may_outlive_its_container(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_exec_spec spec = {.args = ARGS("sleep", "1000")};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exec *exec = NULL;
	struct hp_exit exit = {0};

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), NULL);
	assert_int_equal(hp_engine_exec(e, id, &spec, &exec, &err), 0);
	assert_int_equal(hp_engine_remove(e, id, true, false, &err), 0);
	assert_int_equal(hp_waiter_next(exec->waiter, &exit, &err), HP_NEXT_ITEM);
	assert_int_equal(exit.code, 137);
	hp_exec_free(e, exec);
}

static void signals_wait_while_it_is_paused(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(hp_container_free) struct hp_container *c = NULL;
	AUTO(hp_container_free) struct hp_container *after = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), NULL);
	assert_int_equal(hp_engine_pause(e, id, &err), 0);
	assert_int_equal(hp_engine_kill(e, id, NULL, SIGKILL, &err), 0);
	assert_int_equal(hp_engine_inspect(e, id, &c, &err), 0);
	assert_int_equal(c->state, HP_STATE_PAUSED);
	assert_int_equal(hp_engine_unpause(e, id, &err), 0);
	assert_int_equal(hp_engine_inspect(e, id, &after, &err), 0);
	assert_int_equal(after->state, HP_STATE_EXITED);
	assert_int_equal(after->exit_code, 137);
}

static void only_terminals_have_a_size(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), NULL);
	assert_int_equal(hp_engine_resize(e, id, NULL, 80, 24, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
	hp_error_clear(&err);
	assert_int_equal(hp_engine_resize(e, id, "exec-9", 80, 24, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
}

static void an_init_makes_signals_work(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_container_spec spec = {
		.image = "busybox", .args = ARGS("sleep", "1000"), .init = true};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exit exit = {0};
	AUTO_FREE char *id = NULL;

	(void)state;
	assert_int_equal(hp_engine_create(e, &spec, &id, &err), 0);
	assert_int_equal(hp_engine_start(e, id, 0, 0, NULL, &err), 0);
	assert_int_equal(hp_engine_stop(e, id, 0, 10000, &err), 0);
	assert_int_equal(hp_engine_wait(e, id, 1000, &exit, &err), 0);
	assert_int_equal(exit.code, 143);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(figures_count_its_processes),
		FDS_TEST(records_go_once_they_have_ended),
		FDS_TEST(an_exec_may_outlive_its_container),
		FDS_TEST(signals_wait_while_it_is_paused),
		FDS_TEST(only_terminals_have_a_size),
		FDS_TEST(an_init_makes_signals_work),
	};

	return cmocka_run_group_tests_name("engine-fake_task", tests, NULL, NULL);
}
