/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_process.c - tests of src/engine/fake_process.c. */
#include "engine/fake_process.h"

#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "fds.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct hp_fake_process *make(const char *const *argv, bool init)
{
	struct hp_fake_output *output = hp_fake__output_new();
	const struct hp_fake_start how = {.argv = argv, .output = output, .init = init};
	struct hp_fake_process *p = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_fake__process_new(&how, &p, &err) < 0)
		fail_msg("%s", err.msg);
	hp_fake__output_unref(output);
	hp_fake__process_run(p);
	return p;
}

static void check_end(struct hp_fake_process *p, int code)
{
	assert_true(hp_fake__process_await(p, hp_clock_ms() + 5000));
	assert_int_equal(p->exit.code, code);
	assert_true(p->exit.exited_ns > 0);
	hp_fake__process_unref(p);
}

static void ends_as_its_script_says(void **state)
{
	(void)state;
	check_end(make(ARGS("true"), true), 0);
	check_end(make(ARGS("false"), true), 1);
	check_end(make(ARGS("sh", "-c", "sleep 0.05; false; exit"), true), 1);
	check_end(make(ARGS("sh", "-c", "false; true"), true), 0);
	check_end(make(ARGS("cat"), true), 0);
}

static void time_passes_without_being_asked(void **state)
{
	struct hp_fake_process *p = make(ARGS("sleep", "0.1"), true);

	(void)state;
	assert_false(p->ended);
	assert_true(hp_fake__process_wake(p) > hp_clock_ns());
	assert_false(hp_fake__process_await(p, hp_clock_ms()));
	hp_clock_sleep_ms(120);
	hp_fake__process_run(p);
	assert_true(p->ended);
	assert_int_equal(hp_fake__process_wake(p), HP_FAKE_NEVER);
	hp_fake__process_unref(p);
}

static void signals_end_what_is_not_the_init(void **state)
{
	static const struct {
		bool init;
		int number;
		int code; /* -1: it goes on */
	} rows[] = {
		{false, SIGTERM, 143}, {false, SIGKILL, 137}, {false, SIGUSR1, 138},
		{false, SIGCHLD, -1},  {false, SIGCONT, -1},  {false, 64, 192},
		{true, SIGTERM, -1},   {true, SIGHUP, -1},    {true, SIGKILL, 137},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_fake_process *p = make(ARGS("sleep", "1000"), rows[i].init);
		hp_fake__process_signal(p, rows[i].number);
		assert_int_equal(p->ended, rows[i].code >= 0);
		if (p->ended)
			assert_int_equal(p->exit.code, rows[i].code);
		hp_fake__process_unref(p);
	}
}

static void traps_run_between_commands(void **state)
{
	struct hp_fake_process *p = make(
		ARGS("sh", "-c",
		     "trap 'echo caught; exit 9' TERM; trap '' INT; sleep 0.1; sleep 1000"),
		true);

	(void)state;
	hp_fake__process_signal(p, SIGINT);
	assert_int_equal(p->pending, 0);
	hp_fake__process_signal(p, SIGTERM);
	assert_false(p->ended);
	assert_true(hp_fake__process_await(p, hp_clock_ms() + 5000));
	assert_int_equal(p->exit.code, 9);
	assert_int_equal(p->output->count, 1);
	assert_memory_equal(p->output->pieces[0].data, "caught\n", 7);
	hp_fake__process_signal(p, SIGKILL);
	assert_int_equal(p->exit.code, 9);
	hp_fake__process_unref(p);
}

static void a_trap_can_be_taken_back(void **state)
{
	(void)state;
	struct hp_fake_process *p =
		make(ARGS("sh", "-c", "trap '' TERM; trap - TERM; sleep 1000"), false);
	hp_fake__process_signal(p, SIGTERM);
	check_end(p, 143);
}

static void what_is_frozen_does_nothing(void **state)
{
	struct hp_fake_process *p = make(ARGS("sleep", "0.05"), false);

	(void)state;
	hp_fake__process_freeze(p, true);
	hp_clock_sleep_ms(80);
	hp_fake__process_signal(p, SIGTERM);
	assert_false(p->ended);
	assert_int_equal(hp_fake__process_wake(p), HP_FAKE_NEVER);
	hp_fake__process_freeze(p, false);
	check_end(p, 143);
}

static void what_never_rests_lets_others_live(void **state)
{
	struct hp_fake_process *p = make(ARGS("sh", "-c", "while true; do true; done"), false);

	(void)state;
	assert_false(p->ended);
	assert_true(hp_fake__process_wake(p) > 0);
	hp_fake__process_signal(p, SIGTERM);
	check_end(p, 143);
}

static void counting_tune(struct hp_fake_bell *bell)
{
	hp_fake__bell_set(bell, HP_FAKE_NOW);
}

static bool rings(const struct hp_fake_bell *bell)
{
	struct pollfd fd = {.fd = bell->fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void bells_ring_when_they_should(void **state)
{
	struct hp_fake_process *p = make(ARGS("sleep", "1000"), false);
	struct hp_fake_bell bell;

	(void)state;
	hp_fake__bell_open(&bell, counting_tune);
	assert_false(rings(&bell));
	hp_fake__bell_set(&bell, hp_clock_ns() + 20000000);
	assert_false(rings(&bell));
	struct pollfd fd = {.fd = bell.fd, .events = POLLIN};
	assert_int_equal(poll(&fd, 1, 5000), 1);
	hp_fake__bell_set(&bell, HP_FAKE_NEVER);
	assert_false(rings(&bell));
	hp_fake__process_listen(p, &bell);
	assert_true(rings(&bell));
	hp_fake__bell_set(&bell, HP_FAKE_NEVER);
	hp_fake__process_signal(p, SIGTERM);
	assert_true(rings(&bell));
	hp_fake__process_unlisten(p, &bell);
	assert_null(p->bells);
	hp_fake__bell_close(&bell);
	hp_fake__process_unref(p);
	hp_fake__process_unref(NULL);
}

static void terminals_translate_newlines(void **state)
{
	struct hp_fake_output *output = hp_fake__output_new();
	const char *const *argv = ARGS("sh", "-c", "echo a >&2; echo; echo -n b");
	const struct hp_fake_start how = {.argv = argv, .output = output, .tty = true};
	struct hp_fake_process *p = NULL;
	struct hp_error err = HP_ERROR_INIT;
	static const char want[] = "a\r\n\r\nb";
	size_t at = 0;

	(void)state;
	assert_int_equal(hp_fake__process_new(&how, &p, &err), 0);
	hp_fake__process_run(p);
	for (size_t i = 0; i < output->count; i++) {
		assert_int_equal(output->pieces[i].channel, HP_CHANNEL_STDOUT);
		assert_memory_equal(output->pieces[i].data, want + at, output->pieces[i].len);
		at += output->pieces[i].len;
	}
	assert_int_equal(at, strlen(want));
	hp_fake__process_unref(p);
	hp_fake__output_unref(output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(ends_as_its_script_says),
		FDS_TEST(time_passes_without_being_asked),
		FDS_TEST(signals_end_what_is_not_the_init),
		FDS_TEST(traps_run_between_commands),
		FDS_TEST(a_trap_can_be_taken_back),
		FDS_TEST(what_is_frozen_does_nothing),
		FDS_TEST(what_never_rests_lets_others_live),
		FDS_TEST(bells_ring_when_they_should),
		FDS_TEST(terminals_translate_newlines),
	};

	return cmocka_run_group_tests_name("engine-fake_process", tests, NULL, NULL);
}
