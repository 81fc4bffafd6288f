/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle.c - the engine contract: from creation to removal, by every way. */
#include "contract.h"

#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#define SLEEP_LONG ARGS("sleep", "1000")

/* PID 1 is not ended by a signal that it does not wait for, so this one waits. */
#define TRAPS_TERM                                                                             \
	ARGS("sh", "-c", "trap 'exit 143' TERM; echo ready; while true; do sleep 0.05; done")

static void goes_from_creation_to_removal(void **state)
{
	struct contract *c = *state;
	AUTO(hp_container_free) struct hp_container *made = NULL;
	AUTO(hp_container_free) struct hp_container *runs = NULL;
	AUTO(hp_container_free) struct hp_container *gone = NULL;
	AUTO(hp_container_free) struct hp_container *ended = NULL;
	struct hp_container_spec spec = spec_of(c, ARGS("sleep", "1000"));
	int64_t before = hp_clock_unix_ns();
	AUTO_FREE char *id = make_spec(c, &spec);

	OK(hp_engine_inspect(c->engine, id, &made, &err));
	assert_string_equal(made->id, id);
	assert_string_equal(made->name, spec.name);
	assert_string_equal(made->engine, c->name);
	assert_string_equal(made->command, "sleep 1000");
	assert_true(made->image[0]);
	assert_int_equal(made->state, HP_STATE_CREATED);
	assert_int_equal(made->pid, 0);
	assert_string_equal(made->netns_path, "");
	assert_non_null(made->detail_json);
	assert_true(made->created_ns >= before - 1000000000);
	assert_true(made->created_ns <= hp_clock_unix_ns() + 1000000000);

	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	OK(hp_engine_inspect(c->engine, id, &runs, &err));
	assert_int_equal(runs->state, HP_STATE_RUNNING);
	assert_true(runs->pid > 0);
	assert_true(runs->netns_path[0]);

	OK(hp_engine_kill(c->engine, id, NULL, SIGKILL, &err));
	assert_int_equal(await_exit(c, id), 137);
	OK(hp_engine_inspect(c->engine, id, &ended, &err));
	assert_int_equal(ended->state, HP_STATE_EXITED);
	assert_int_equal(ended->exit_code, 137);
	assert_int_equal(ended->pid, 0);
	assert_true(ended->finished_ns >= before - 1000000000);

	OK(hp_engine_remove(c->engine, id, false, false, &err));
	FAILS(HP_ENOTFOUND, hp_engine_inspect(c->engine, id, &gone, &err));
}

static void exit_status_is_the_process_own(void **state)
{
	struct contract *c = *state;
	static const struct {
		const char *const args[4];
		int code;
	} rows[] = {
		{{"true"}, 0},
		{{"false"}, 1},
		{{"sh", "-c", "exit 42"}, 42},
		{{"sh", "-c", "exit 126"}, 126},
		{{"sh", "-c", "exit 127"}, 127},
		{{"sh", "-c", "exit 255"}, 255},
		{{"sh", "-c", "no-such-program-here"}, 127},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *id = make_started(c, rows[i].args);
		assert_int_equal(await_exit(c, id), rows[i].code);
		OK(hp_engine_remove(c->engine, id, false, false, &err));
	}
}

static void start_tells_of_a_bad_program(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *missing = make(c, ARGS("/no/such/program"));
	AUTO_FREE char *unknown = make(c, ARGS("no-such-program-here"));
	AUTO_FREE char *directory = make(c, ARGS("/bin"));

	FAILS(HP_ENOCMD, hp_engine_start(c->engine, missing, 0, 0, NULL, &err));
	FAILS(HP_ENOCMD, hp_engine_start(c->engine, unknown, 0, 0, NULL, &err));
	FAILS(HP_ENOEXEC, hp_engine_start(c->engine, directory, 0, 0, NULL, &err));
	/* They stay as they were, and can be removed like any other. */
	assert_int_equal(state_of(c, missing), HP_STATE_CREATED);
	FAILS(HP_ENOCMD, hp_engine_start(c->engine, missing, 0, 0, NULL, &err));
	OK(hp_engine_remove(c->engine, missing, false, false, &err));
	OK(hp_engine_remove(c->engine, unknown, false, false, &err));
	OK(hp_engine_remove(c->engine, directory, false, false, &err));
}

static void starts_again_after_its_end(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make(c, ARGS("sh", "-c", "exit 7"));
	bool again = hp_engine_can(c->engine) & HP_CAN_RESTART;

	for (int i = 0; i < (again ? 3 : 1); i++) {
		OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
		assert_int_equal(await_exit(c, id), 7);
	}
	if (!again)
		FAILS(HP_EUNSUPPORTED, hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	OK(hp_engine_remove(c->engine, id, false, false, &err));
}

static void restart_gives_a_new_process(void **state)
{
	struct contract *c = *state;
	AUTO(hp_container_free) struct hp_container *before = NULL;
	AUTO(hp_container_free) struct hp_container *after = NULL;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);

	OK(hp_engine_inspect(c->engine, id, &before, &err));
	if (!(hp_engine_can(c->engine) & HP_CAN_RESTART)) {
		FAILS(HP_EUNSUPPORTED, hp_engine_restart(c->engine, id, 0, &err));
		assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
		drop(c, id);
		return;
	}
	OK(hp_engine_restart(c->engine, id, 0, &err));
	OK(hp_engine_inspect(c->engine, id, &after, &err));
	assert_int_equal(after->state, HP_STATE_RUNNING);
	assert_int_not_equal(after->pid, before->pid);
	OK(hp_engine_kill(c->engine, id, NULL, SIGKILL, &err));
	assert_int_equal(await_exit(c, id), 137);
	/* What is stopped is just started. */
	OK(hp_engine_restart(c->engine, id, 0, &err));
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	drop(c, id);
}

/* Make a container that says "ready" once its trap is set. */
static char *make_trapping(struct contract *c, const char *const *args, const char *stop_signal,
			   uint32_t stop_timeout_ms)
{
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	struct hp_container_spec spec = spec_of(c, args);

	spec.stop_signal = stop_signal;
	spec.stop_timeout_ms = stop_timeout_ms;
	char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	read_until(s, "ready");
	return id;
}

static void stop_lets_it_end_by_itself(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make_trapping(c, TRAPS_TERM, NULL, 0);
	int64_t start = hp_clock_ms();

	OK(hp_engine_stop(c->engine, id, 0, 20000, &err));
	assert_true(hp_clock_ms() - start < 10000);
	assert_int_equal(await_exit(c, id), 143);
	OK(hp_engine_stop(c->engine, id, 0, 20000, &err));
	OK(hp_engine_remove(c->engine, id, false, false, &err));
}

static void stop_kills_what_does_not_listen(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make_trapping(
		c, ARGS("sh", "-c", "trap '' TERM; echo ready; while true; do sleep 1; done"),
		NULL, 0);
	int64_t start = hp_clock_ms();

	OK(hp_engine_stop(c->engine, id, 0, 300, &err));
	assert_true(hp_clock_ms() - start >= 300);
	assert_true(hp_clock_ms() - start < 10000);
	assert_int_equal(await_exit(c, id), 137);
	drop(c, id);
}

static void stop_has_the_signal_and_the_grace_of_the_container(void **state)
{
	struct contract *c = *state;
	static const char *const traps_usr1[] = {
		"sh", "-c", "trap 'exit 9' USR1; echo ready; while true; do sleep 0.05; done",
		NULL};
	AUTO_FREE char *own = make_trapping(c, traps_usr1, "SIGUSR1", 0);
	AUTO_FREE char *given = make_trapping(c, traps_usr1, NULL, 0);
	AUTO_FREE char *deaf = make_trapping(c, traps_usr1, "WINCH", 200);

	OK(hp_engine_stop(c->engine, own, 0, 20000, &err));
	assert_int_equal(await_exit(c, own), 9);
	OK(hp_engine_stop(c->engine, given, SIGUSR1, 20000, &err));
	assert_int_equal(await_exit(c, given), 9);
	int64_t start = hp_clock_ms();
	OK(hp_engine_stop(c->engine, deaf, 0, -1, &err));
	assert_true(hp_clock_ms() - start >= 200);
	assert_true(hp_clock_ms() - start < 8000);
	assert_int_equal(await_exit(c, deaf), 137);
	drop(c, own);
	drop(c, given);
	drop(c, deaf);
}

static void signals_reach_their_traps(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO_FREE char *id = make(
		c, ARGS("sh", "-c",
			"trap 'echo hup' HUP; trap 'echo usr2' USR2; trap 'exit 143' TERM; "
			"echo ready; while true; do sleep 0.05; done"));

	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	read_until(s, "ready");
	OK(hp_engine_kill(c->engine, id, NULL, SIGHUP, &err));
	read_until(s, "hup");
	OK(hp_engine_kill(c->engine, id, NULL, SIGUSR2, &err));
	read_until(s, "usr2");
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	OK(hp_engine_kill(c->engine, id, NULL, SIGTERM, &err));
	assert_int_equal(await_exit(c, id), 143);
	drop(c, id);
}

static void pause_freezes_and_unpause_thaws(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO_FREE char *id =
		make(c, ARGS("sh", "-c", "while true; do echo tick; sleep 0.02; done"));
	struct hp_chunk chunk;
	int found = HP_NEXT_ITEM;

	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	if (!(hp_engine_can(c->engine) & HP_CAN_PAUSE)) {
		FAILS(HP_EUNSUPPORTED, hp_engine_pause(c->engine, id, &err));
		FAILS(HP_EUNSUPPORTED, hp_engine_unpause(c->engine, id, &err));
		drop(c, id);
		return;
	}
	read_until(s, "tick");
	OK(hp_engine_pause(c->engine, id, &err));
	OK(hp_engine_pause(c->engine, id, &err));
	assert_int_equal(state_of(c, id), HP_STATE_PAUSED);
	/* What it wrote before may be on its way; then there is silence. */
	hp_clock_sleep_ms(100);
	while (found == HP_NEXT_ITEM)
		OK(found = hp_stream_next(s, &chunk, &err));
	assert_int_equal(found, HP_NEXT_WAIT);
	hp_clock_sleep_ms(200);
	OK(found = hp_stream_next(s, &chunk, &err));
	assert_int_equal(found, HP_NEXT_WAIT);
	OK(hp_engine_unpause(c->engine, id, &err));
	OK(hp_engine_unpause(c->engine, id, &err));
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	read_until(s, "tick");
	drop(c, id);
}

static void what_is_paused_can_be_stopped_and_removed(void **state)
{
	struct contract *c = *state;

	if (!(hp_engine_can(c->engine) & HP_CAN_PAUSE))
		return;
	AUTO_FREE char *stopped = make_trapping(c, TRAPS_TERM, NULL, 0);
	AUTO_FREE char *removed = make_started(c, SLEEP_LONG);
	OK(hp_engine_pause(c->engine, stopped, &err));
	OK(hp_engine_pause(c->engine, removed, &err));
	OK(hp_engine_stop(c->engine, stopped, 0, 20000, &err));
	assert_int_equal(await_exit(c, stopped), 143);
	FAILS(HP_ESTATE, hp_engine_remove(c->engine, removed, false, false, &err));
	drop(c, removed);
	drop(c, stopped);
}

static void remove_needs_force_while_it_runs(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);

	FAILS(HP_ESTATE, hp_engine_remove(c->engine, id, false, false, &err));
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	OK(hp_engine_remove(c->engine, id, true, false, &err));
	FAILS(HP_ENOTFOUND, hp_engine_remove(c->engine, id, true, false, &err));
}

static void waits_before_and_after_the_end(void **state)
{
	struct contract *c = *state;
	AUTO(hp_waiter_free) struct hp_waiter *first = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *second = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *late = NULL;
	AUTO_FREE char *id = make_started(c, SLEEP_LONG);
	struct hp_exit exit = {0};
	int found = -1;

	OK(hp_engine_waiter(c->engine, id, &first, &err));
	OK(hp_engine_waiter(c->engine, id, &second, &err));
	OK(found = hp_waiter_next(first, &exit, &err));
	assert_int_equal(found, HP_NEXT_WAIT);
	FAILS(HP_ETIMEOUT, hp_engine_wait(c->engine, id, 50, &exit, &err));
	OK(hp_engine_kill(c->engine, id, NULL, SIGKILL, &err));
	struct hp_waiter *both[] = {first, second};
	for (size_t i = 0; i < 2; i++) {
		for (found = HP_NEXT_WAIT; found == HP_NEXT_WAIT;) {
			int ready = 0;
			OK(ready = hp_fd_poll(hp_waiter_fd(both[i]), POLLIN, PATIENCE_MS,
					      &err));
			assert_true(ready);
			OK(found = hp_waiter_next(both[i], &exit, &err));
		}
		assert_int_equal(found, HP_NEXT_ITEM);
		assert_int_equal(exit.code, 137);
		assert_false(exit.oom);
	}
	OK(hp_engine_waiter(c->engine, id, &late, &err));
	assert_int_equal(await_exit(c, id), 137);
	assert_int_equal(await_exit(c, id), 137);
	drop(c, id);
}

static void many_are_waited_for_at_once(void **state)
{
	struct contract *c = *state;
	char *ids[5];
	struct hp_waiter *waiters[5];
	struct pollfd fds[5];
	size_t ended = 0;

	for (size_t i = 0; i < 5; i++) {
		AUTO_FREE char *text = hp_sprintf("sleep 0.%zu; exit %zu", 5 - i, i + 10);
		ids[i] = make_started(c, ARGS("sh", "-c", text));
		OK(hp_engine_waiter(c->engine, ids[i], &waiters[i], &err));
		fds[i] = (struct pollfd){.fd = hp_waiter_fd(waiters[i]), .events = POLLIN};
	}
	while (ended < 5) {
		assert_true(poll(fds, 5, PATIENCE_MS) > 0);
		for (size_t i = 0; i < 5; i++) {
			struct hp_exit exit;
			int found = HP_NEXT_WAIT;
			if (fds[i].fd >= 0 && fds[i].revents)
				OK(found = hp_waiter_next(waiters[i], &exit, &err));
			if (found == HP_NEXT_WAIT)
				continue;
			assert_int_equal(exit.code, (int)i + 10);
			fds[i].fd = -1;
			ended++;
		}
	}
	for (size_t i = 0; i < 5; i++) {
		hp_waiter_free(waiters[i]);
		drop(c, ids[i]);
		free(ids[i]);
	}
}

static void is_found_by_id_name_and_beginning(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, SLEEP_LONG);
	AUTO_FREE char *id = make_spec(c, &spec);
	AUTO_FREE char *prefix = hp_strndup(id, strlen(id) - 1);
	const char *refs[] = {id, spec.name, prefix};

	for (size_t i = 0; i < HP_ARRAY_LEN(refs); i++) {
		AUTO(hp_container_free) struct hp_container *found = NULL;
		OK(hp_engine_inspect(c->engine, refs[i], &found, &err));
		assert_string_equal(found->id, id);
	}
	drop(c, spec.name);
}

static void a_beginning_that_fits_several_is_refused(void **state)
{
	struct contract *c = *state;
	char *ids[17];
	char twice[2] = "";
	AUTO(hp_container_free) struct hp_container *found = NULL;

	/* Ids are hexadecimal, so two of seventeen begin alike. */
	for (size_t i = 0; i < HP_ARRAY_LEN(ids); i++)
		ids[i] = make(c, SLEEP_LONG);
	for (size_t i = 0; i < HP_ARRAY_LEN(ids); i++)
		for (size_t j = 0; j < i; j++)
			if (ids[i][0] == ids[j][0])
				twice[0] = ids[i][0];
	FAILS(HP_EINVALID, hp_engine_inspect(c->engine, twice, &found, &err));
	for (size_t i = 0; i < HP_ARRAY_LEN(ids); i++) {
		OK(hp_engine_remove(c->engine, ids[i], false, false, &err));
		free(ids[i]);
	}
}

static void lists_the_newest_first(void **state)
{
	struct contract *c = *state;
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	AUTO_FREE char *first = make(c, SLEEP_LONG);
	AUTO_FREE char *second = make_started(c, SLEEP_LONG);
	size_t at[2] = {SIZE_MAX, SIZE_MAX};

	OK(hp_engine_list(c->engine, &list, &err));
	for (size_t i = 0; i < list->count; i++) {
		if (hp_str_eq(list->items[i]->id, first)) {
			at[0] = i;
			assert_int_equal(list->items[i]->state, HP_STATE_CREATED);
		} else if (hp_str_eq(list->items[i]->id, second)) {
			at[1] = i;
			assert_int_equal(list->items[i]->state, HP_STATE_RUNNING);
		}
	}
	assert_true(at[0] != SIZE_MAX && at[1] != SIZE_MAX);
	assert_true(at[1] < at[0]);
	drop(c, first);
	drop(c, second);
}

/* How many containers of @filter's list are @id, which is 0 or 1. */
static size_t listed(struct contract *c, const struct hp_list_filter *filter, const char *id)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	size_t found = 0;

	OK(hp_engine_list_some(c->engine, filter, &list, &err));
	for (size_t i = 0; i < list->count; i++)
		found += hp_str_eq(list->items[i]->id, id);
	return found;
}

static void lists_some_by_label_and_state(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, SLEEP_LONG);
	struct hp_label labels[] = {{(char *)"org.example.a", (char *)"1=2"},
				    {(char *)"bare", (char *)""}};
	const char *const *const fit[] = {
		NULL,
		ARGS(NULL),
		ARGS("org.example.a"),
		ARGS("org.example.a=1=2", "bare"),
		ARGS("bare="),
	};
	const char *const *const differ[] = {ARGS("org.example"), ARGS("org.example.a=1"),
					     ARGS("bare", "other"), ARGS("bare=1")};

	spec.labels = labels;
	spec.n_labels = HP_ARRAY_LEN(labels);
	AUTO_FREE char *id = make_spec(c, &spec);
	for (size_t i = 0; i < HP_ARRAY_LEN(fit); i++) {
		const struct hp_list_filter all = {.labels = fit[i], .all = true};
		const struct hp_list_filter running = {.labels = fit[i]};
		assert_int_equal(listed(c, &all, id), 1);
		assert_int_equal(listed(c, &running, id), 0);
	}
	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	for (size_t i = 0; i < HP_ARRAY_LEN(fit); i++)
		assert_int_equal(listed(c, &(struct hp_list_filter){.labels = fit[i]}, id), 1);
	for (size_t i = 0; i < HP_ARRAY_LEN(differ); i++)
		assert_int_equal(listed(c, &(struct hp_list_filter){.labels = differ[i]}, id),
				 0);
	struct hp_container_list *none = NULL;
	const struct hp_list_filter bad = {.labels = ARGS("=x")};
	FAILS(HP_EINVALID, hp_engine_list_some(c->engine, &bad, &none, &err));
	assert_null(none);
	drop(c, id);
}

static void keeps_labels_and_invents_names(void **state)
{
	struct contract *c = *state;
	AUTO(hp_container_free) struct hp_container *found = NULL;
	struct hp_container_spec spec = spec_of(c, SLEEP_LONG);
	struct hp_label labels[] = {{(char *)"org.example.a", (char *)"1"},
				    {(char *)"b", (char *)"two words"},
				    {(char *)"empty", (char *)""}};

	spec.labels = labels;
	spec.n_labels = HP_ARRAY_LEN(labels);
	spec.name = NULL;
	AUTO_FREE char *id = make_spec(c, &spec);
	OK(hp_engine_inspect(c->engine, id, &found, &err));
	assert_true(found->name[0]);
	assert_string_equal(hp_labels_get(&found->labels, "org.example.a"), "1");
	assert_string_equal(hp_labels_get(&found->labels, "b"), "two words");
	assert_string_equal(hp_labels_get(&found->labels, "empty"), "");
	assert_null(hp_labels_get(&found->labels, "none"));
	drop(c, id);
}

static void says_who_it_is(void **state)
{
	struct contract *c = *state;
	AUTO(hp_version_clear) struct hp_version version = {0};
	AUTO(hp_labels_clear) struct hp_labels info = {0};

	assert_string_equal(hp_engine_name(c->engine), c->name);
	assert_true(hp_engine_address(c->engine)[0]);
	assert_non_null(hp_engine_namespace(c->engine));
	OK(hp_engine_version(c->engine, &version, &err));
	assert_true(version.version[0]);
	assert_non_null(version.revision);
	assert_non_null(version.api);
	OK(hp_engine_info(c->engine, &info, &err));
	assert_non_null(hp_labels_get(&info, "containers"));
}

const struct CMUnitTest contract_lifecycle[] = {
	CONTRACT_TEST(says_who_it_is),
	CONTRACT_TEST(goes_from_creation_to_removal),
	CONTRACT_TEST(exit_status_is_the_process_own),
	CONTRACT_TEST(start_tells_of_a_bad_program),
	CONTRACT_TEST(starts_again_after_its_end),
	CONTRACT_TEST(restart_gives_a_new_process),
	CONTRACT_TEST(stop_lets_it_end_by_itself),
	CONTRACT_TEST(stop_kills_what_does_not_listen),
	CONTRACT_TEST(stop_has_the_signal_and_the_grace_of_the_container),
	CONTRACT_TEST(signals_reach_their_traps),
	CONTRACT_TEST(pause_freezes_and_unpause_thaws),
	CONTRACT_TEST(what_is_paused_can_be_stopped_and_removed),
	CONTRACT_TEST(remove_needs_force_while_it_runs),
	CONTRACT_TEST(waits_before_and_after_the_end),
	CONTRACT_TEST(many_are_waited_for_at_once),
	CONTRACT_TEST(is_found_by_id_name_and_beginning),
	CONTRACT_TEST(a_beginning_that_fits_several_is_refused),
	CONTRACT_TEST(lists_the_newest_first),
	CONTRACT_TEST(lists_some_by_label_and_state),
	CONTRACT_TEST(keeps_labels_and_invents_names),
};
const size_t contract_lifecycle_count = HP_ARRAY_LEN(contract_lifecycle);
