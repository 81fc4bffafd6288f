/* SPDX-License-Identifier: Apache-2.0 */
/* vmm_contract.c - what a machine must hold, whichever VMM runs it. Unchanged against each; the
 * environment says which one:
 *
 *   HP_CONTRACT_VMM    its name; "fake" without it
 *   HP_CONTRACT_INIT   the guest's init; what the settings say without it
 *   HARPOON_VM_CONFIG  all other settings; without it what a VMM writes goes to a scratch directory
 */
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/labels.h"
#include "base/loop.h"
#include "base/str.h"
#include "net/ttrpc_client.h"
#include "unit/scratch.h"
#include "vm/machine.h"

/* Longest wait for anything: a machine that boots on a busy host takes its time. */
#define PATIENCE_MS 120000
/* Longer than any answer takes, for one that must not come. */
#define SILENCE_MS  300

/* HelloRequest with version 1. From: proto/guest.proto. */
static const uint8_t hello[] = {0x08, 0x01};

struct contract {
	char *scratch;
	struct hp_vm_config config;
	struct hp_loop *loop;
};

/* A machine, and what was heard of it. */
struct subject {
	struct contract *c;
	struct hp_machine *machine;
	struct hp_ttrpc_client *guest;
	bool ended, gone, answered, done;
	unsigned answers;
	struct hp_error why;    /* of the end */
	struct hp_error answer; /* of the last call or request */
};

static void on_end(void *data, const struct hp_error *why)
{
	struct subject *s = data;

	assert_false(s->ended);
	s->ended = true;
	s->why = *why;
}

static void on_gone(void *data, uint32_t events)
{
	(void)events;
	((struct subject *)data)->gone = true;
}

static void on_answer(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct subject *s = data;

	(void)payload;
	s->answered = true;
	s->answers += !why;
	if (why)
		s->answer = *why;
}

static void on_done(void *data, const struct hp_error *why)
{
	struct subject *s = data;

	s->done = true;
	if (why)
		s->answer = *why;
}

static bool await(struct contract *c, const bool *flag, int64_t patience_ms)
{
	const int64_t deadline = hp_clock_ms() + patience_ms;

	while (!*flag && hp_clock_ms() < deadline) {
		struct hp_error err = HP_ERROR_INIT;

		if (hp_loop_once(c->loop, 50, &err) < 0)
			fail_msg("%s", err.msg);
	}
	return *flag;
}

static void call(struct subject *s)
{
	const struct hp_ttrpc_outgoing o = {
		.service = "harpoon.guest.v1.Guest",
		.method = "Hello",
		.payload = HP_BYTES(hello, sizeof(hello)),
	};

	s->answered = false;
	hp_ttrpc_call(s->guest, &o, on_answer, s);
}

static void start(struct contract *c, struct subject *s)
{
	const struct hp_machine_spec spec = {.id = "contract", .tap_fd = -1, .cgroup_fd = -1};
	const struct hp_machine_events events = {.data = s, .on_end = on_end};
	struct hp_error err = HP_ERROR_INIT;

	*s = (struct subject){.c = c};
	if (hp_machine_start(c->loop, &c->config, &spec, &events, &s->machine, &err) < 0 ||
	    hp_ttrpc_client_new(c->loop, hp_machine_take_port(s->machine, HP_PORT_CONTROL),
				on_gone, s, &s->guest, &err) < 0)
		fail_msg("%s", err.msg);
	/* Long before it runs. */
	call(s);
}

static void expect_answer(struct subject *s)
{
	if (!await(s->c, &s->answered, PATIENCE_MS) || s->answer.code != HP_OK)
		fail_msg("answer: '%s', end: '%s', console: %s", s->answer.msg, s->why.msg,
			 hp_machine_console(s->machine));
}

static void drop(struct subject *s)
{
	hp_ttrpc_client_free(s->guest);
	hp_machine_free(s->machine);
}

static void answers_what_was_asked_before(void **state)
{
	struct subject s;

	start(*state, &s);
	expect_answer(&s);
	for (int i = 0; i < 20; i++) {
		call(&s);
		expect_answer(&s);
	}
	assert_int_equal(s.answers, 21);
	assert_false(s.ended || s.gone);

	const struct hp_machine_times t = hp_machine_times(s.machine);
	assert_true(t.asked > 0 && t.asked <= t.spawned && t.spawned <= t.loaded);
	assert_int_equal(kill(hp_machine_pid(s.machine), 0), 0);
	assert_true(hp_machine_accel(s.machine)[0] != '\0');
	drop(&s);
}

static void hands_out_each_port_once(void **state)
{
	struct subject s;

	start(*state, &s);
	for (int i = HP_PORT_CONTROL; i < HP_PORTS; i++) {
		const int fd = hp_machine_take_port(s.machine, (enum hp_port)i);

		assert_true(i == HP_PORT_CONTROL ? fd == -1 : fd >= 0);
		if (fd >= 0)
			close(fd);
		assert_int_equal(hp_machine_take_port(s.machine, (enum hp_port)i), -1);
	}
	drop(&s);
}

static void set_paused(struct subject *s, bool paused)
{
	s->done = false;
	if (paused)
		hp_machine_pause(s->machine, on_done, s);
	else
		hp_machine_resume(s->machine, on_done, s);
	if (!await(s->c, &s->done, PATIENCE_MS) || s->answer.code != HP_OK)
		fail_msg("%s: %s", paused ? "pause" : "resume", s->answer.msg);
}

static void stands_still_when_paused(void **state)
{
	struct subject s;

	start(*state, &s);
	expect_answer(&s);
	set_paused(&s, true);
	set_paused(&s, true);
	call(&s);
	assert_false(await(s.c, &s.answered, SILENCE_MS));
	set_paused(&s, false);
	expect_answer(&s);
	set_paused(&s, false);
	call(&s);
	expect_answer(&s);
	drop(&s);
}

static void expect_end(struct subject *s, enum hp_code code)
{
	assert_true(await(s->c, &s->ended, PATIENCE_MS));
	if (s->why.code != code || !s->why.msg[0])
		fail_msg("%s: %s", hp_code_name(s->why.code), s->why.msg);
	assert_true(await(s->c, &s->gone, PATIENCE_MS));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void ends_when_it_is_killed(void **state)
{
	struct subject s;

	start(*state, &s);
	expect_answer(&s);
	hp_machine_kill(s.machine);
	expect_end(&s, HP_ECANCELED);
	hp_machine_kill(s.machine);
	s.done = false;
	hp_machine_pause(s.machine, on_done, &s);
	assert_true(await(s.c, &s.done, PATIENCE_MS));
	assert_int_equal(s.answer.code, HP_ESTATE);
	drop(&s);
}

static void ends_before_it_has_begun(void **state)
{
	struct subject s;

	start(*state, &s);
	hp_machine_kill(s.machine);
	expect_end(&s, HP_ECANCELED);
	drop(&s);
}

static void tells_that_it_was_killed_by_others(void **state)
{
	struct subject s;

	start(*state, &s);
	expect_answer(&s);
	assert_int_equal(kill(hp_machine_pid(s.machine), SIGKILL), 0);
	expect_end(&s, HP_EABORTED);
	drop(&s);
}

static void leaves_nothing_running(void **state)
{
	struct subject s;

	start(*state, &s);
	expect_answer(&s);
	const pid_t pid = hp_machine_pid(s.machine);
	drop(&s);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void runs_beside_others(void **state)
{
	struct subject all[3];

	for (size_t i = 0; i < HP_ARRAY_LEN(all); i++)
		start(*state, &all[i]);
	for (size_t i = 0; i < HP_ARRAY_LEN(all); i++)
		expect_answer(&all[i]);
	set_paused(&all[0], true);
	hp_machine_kill(all[1].machine);
	assert_true(await(*state, &all[1].ended, PATIENCE_MS));
	call(&all[2]);
	expect_answer(&all[2]);
	assert_false(all[0].ended || all[2].ended);
	for (size_t i = 0; i < HP_ARRAY_LEN(all); i++)
		drop(&all[i]);
}

static void configure(struct contract *c)
{
	const char *vmm = getenv("HP_CONTRACT_VMM");
	const char *init = getenv("HP_CONTRACT_INIT");
	struct hp_error err = HP_ERROR_INIT;

	if (hp_vm_config_load(&c->config, &err) < 0)
		fail_msg("%s", err.msg);
	hp_field_set(&c->config.vmm, vmm ? vmm : "fake");
	if (!hp_str_empty(init))
		hp_field_set(&c->config.init, init);
	if (getenv("HARPOON_VM_CONFIG"))
		return;
	hp_field_set(&c->config.state_dir, c->scratch);
	hp_field_set(&c->config.run_dir, c->scratch);
}

static int set_up(void **state)
{
	static struct contract c;
	struct hp_error err = HP_ERROR_INIT;

	c.scratch = scratch_new();
	configure(&c);
	if (hp_loop_new(&c.loop, &err) < 0)
		fail_msg("%s", err.msg);
	*state = &c;
	return 0;
}

static int tear_down(void **state)
{
	struct contract *c = *state;

	hp_loop_free(c->loop);
	hp_vm_config_clear(&c->config);
	scratch_free(c->scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_what_was_asked_before),
		cmocka_unit_test(hands_out_each_port_once),
		cmocka_unit_test(stands_still_when_paused),
		cmocka_unit_test(ends_when_it_is_killed),
		cmocka_unit_test(ends_before_it_has_begun),
		cmocka_unit_test(tells_that_it_was_killed_by_others),
		cmocka_unit_test(leaves_nothing_running),
		cmocka_unit_test(runs_beside_others),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
