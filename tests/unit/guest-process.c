/* SPDX-License-Identifier: Apache-2.0 */
/* guest-process.c - tests of src/guest/process.c, with processes beside init. */
#include "guest/process.h"

#include <signal.h>

#include "guest-world.h"

static void runs_from_fork_to_exit(void **state)
{
	struct guest_heard out, errors;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_hear(&w, &out, 3 * 4 + 1);
	guest_hear(&w, &errors, 3 * 4 + 2);
	guest_script(&p, "echo one; echo two >&2; exit 42", args);
	p.stdout = p.stderr = true;
	guest_exec(&w.host, 3, &p);
	assert_int_equal(guest_exit(&w.host, 3), 42);
	assert_null(hp_guest_process_find(&w.g, 3));
	guest_until(&w.host, &out.ended);
	guest_until(&w.host, &errors.ended);
	guest_heard_text(&out, "one\n");
	guest_heard_text(&errors, "two\n");
	guest_world_close(&w);
}

static void its_number_is_its_own_while_it_runs(void **state)
{
	Hp__Guest__ExecRequest r = HP__GUEST__EXEC_REQUEST__INIT;
	struct hp_guest_process *found;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_script(&p, "exec sleep 1000", args);
	guest_exec(&w.host, 7, &p);
	found = hp_guest_process_find(&w.g, 7);
	assert_non_null(found);
	assert_int_equal(kill(found->pid, 0), 0);
	assert_null(hp_guest_process_find(&w.g, 8));
	r.number = 7;
	r.process = &p;
	guest_refused(&w.host, "Exec", &r.base, HP_EEXISTS, "process 7 is there already");
	assert_int_equal(kill(found->pid, SIGTERM), 0);
	assert_int_equal(guest_exit(&w.host, 7), 128 + SIGTERM);
	/* Now it is free. */
	args[2] = (char *)"exit 1";
	guest_exec(&w.host, 7, &p);
	assert_int_equal(guest_exit(&w.host, 7), 1);
	guest_world_close(&w);
}

/* No news is told of it, and the same may be tried again. */
static void what_cannot_run_is_refused(void **state)
{
	Hp__Guest__ExecRequest r = HP__GUEST__EXEC_REQUEST__INIT;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_script(&p, "exit 9", args);
	args[0] = (char *)"nothing";
	r.number = 1;
	r.process = &p;
	guest_refused(&w.host, "Exec", &r.base, HP_ENOTFOUND,
		      "exec: \"nothing\": executable file not found in $PATH");
	assert_int_equal(w.g.news.n_exits, 0);
	args[0] = (char *)"/bin/sh";
	guest_exec(&w.host, 1, &p);
	assert_int_equal(guest_exit(&w.host, 1), 9);
	guest_world_close(&w);
}

static void has_a_terminal(void **state)
{
	struct guest_heard out;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_hear(&w, &out, 2 * 4 + 1);
	guest_script(&p, "stty size; exit 4", args);
	p.terminal = true;
	p.width = 101;
	p.height = 31;
	guest_exec(&w.host, 2, &p);
	assert_int_equal(guest_exit(&w.host, 2), 4);
	guest_until(&w.host, &out.ended);
	guest_heard_text(&out, "31 101\r\n");
	guest_world_close(&w);
}

/* A process that has ended and whose output others still hold open is there until they end too. */
static void waits_for_the_last_words(void **state)
{
	Hp__Guest__ExecRequest r = HP__GUEST__EXEC_REQUEST__INIT;
	struct guest_heard out;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_hear(&w, &out, 4 + 1);
	guest_script(&p, "echo first; exec 3<&0; (read x <&3; echo last) & exit 0", args);
	p.stdin = p.stdout = true;
	guest_exec(&w.host, 1, &p);
	assert_int_equal(guest_exit(&w.host, 1), 0);
	guest_until(&w.host, &out.marked);
	guest_heard_text(&out, "first\n");
	assert_false(out.ended);
	r.number = 1;
	r.process = &p;
	guest_refused(&w.host, "Exec", &r.base, HP_EEXISTS, "process 1");
	hp_guest_process_free_all(&w.g);
	assert_null(w.g.processes);
	guest_until(&w.host, &out.ended);
	hp_buf_free(&out.got);
	guest_world_close(&w);
}

/* The pump is no process that the host knows. */
static void tells_of_the_pump(void **state)
{
	struct guest_world w;
	bool pump = false;

	(void)state;
	guest_world_open(&w);
	w.g.pump = fork();
	if (w.g.pump == 0)
		_exit(0);
	for (int i = 0; i < 2000 && !pump; i++) {
		pump = hp_guest_process_reap(&w.g);
		hp_clock_sleep_ms(1);
	}
	assert_true(pump);
	assert_int_equal(w.g.news.n_exits, 0);
	guest_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(runs_from_fork_to_exit),
		FDS_TEST(its_number_is_its_own_while_it_runs),
		FDS_TEST(what_cannot_run_is_refused),
		FDS_TEST(has_a_terminal),
		FDS_TEST(waits_for_the_last_words),
		FDS_TEST(tells_of_the_pump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
