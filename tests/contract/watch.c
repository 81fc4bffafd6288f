/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - the engine contract: events, figures and limits. */
#include "contract.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#define MIB ((uint64_t)1 << 20)

/* The words of <harpoon/event.h>; "update" is left out, as engines may also tell it of changes to
 * their own records. */
static const char *const words[] = {
	"create",  "start",   "die",         "oom",        "pause",
	"unpause", "destroy", "exec_create", "exec_start", "exec_die",
};

static bool is_word(const char *action)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++)
		if (hp_str_eq(words[i], action))
			return true;
	return false;
}

/* Wait for the event @action of container @id. Those of others are passed over, and so are words
 * of the engine's own; any other one fails the test. */
static void expect_event(struct hp_events *events, const char *id, const char *action,
			 struct hp_event *ret)
{
	for (int i = 0; i < 1000; i++) {
		AUTO(hp_event_clear) struct hp_event event = {0};
		int found = -1;
		OK(found = hp_events_next(events, &event, &err));
		if (found == HP_NEXT_WAIT) {
			int ready = 0;
			OK(ready = hp_fd_poll(hp_events_fd(events), POLLIN, PATIENCE_MS, &err));
			if (!ready)
				fail_msg("no event '%s' came", action);
			continue;
		}
		assert_int_equal(found, HP_NEXT_ITEM);
		if (!hp_str_eq(event.id, id) || !is_word(event.action))
			continue;
		assert_string_equal(event.action, action);
		assert_string_equal(event.type, "container");
		*ret = event;
		event = (struct hp_event){0};
		return;
	}
	fail_msg("too many events before '%s'", action);
}

static void expect(struct contract *c, struct hp_events *events, const char *id,
		   const char *action)
{
	AUTO(hp_event_clear) struct hp_event event = {0};

	expect_event(events, id, action, &event);
	assert_string_equal(event.ns, hp_engine_namespace(c->engine));
	assert_true(event.topic[0]);
}

static void events_tell_a_life(void **state)
{
	struct contract *c = *state;
	AUTO(hp_events_free) struct hp_events *events = NULL;
	AUTO(hp_event_clear) struct hp_event die = {0};
	int64_t before = hp_clock_unix_ns();

	if (!(hp_engine_can(c->engine) & HP_CAN_EVENTS))
		return;
	OK(hp_engine_events(c->engine, &events, &err));
	AUTO_FREE char *id = make(c, ARGS("sh", "-c", "sleep 0.3; exit 6"));
	expect(c, events, id, "create");
	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	expect(c, events, id, "start");
	expect_event(events, id, "die", &die);
	assert_string_equal(hp_labels_get(&die.attributes, "exitCode"), "6");
	assert_true(die.time_ns >= before - 1000000000);
	assert_true(die.time_ns <= hp_clock_unix_ns() + 1000000000);
	OK(hp_engine_remove(c->engine, id, false, false, &err));
	expect(c, events, id, "destroy");
}

static void events_tell_of_pauses_and_execs(void **state)
{
	struct contract *c = *state;
	AUTO(hp_events_free) struct hp_events *events = NULL;
	unsigned needed = HP_CAN_EVENTS | HP_CAN_PAUSE | HP_CAN_EXEC;

	if ((hp_engine_can(c->engine) & needed) != needed)
		return;
	OK(hp_engine_events(c->engine, &events, &err));
	AUTO_FREE char *id = make_started(c, ARGS("sleep", "1000"));
	expect(c, events, id, "create");
	expect(c, events, id, "start");
	OK(hp_engine_pause(c->engine, id, &err));
	expect(c, events, id, "pause");
	OK(hp_engine_unpause(c->engine, id, &err));
	expect(c, events, id, "unpause");
	const struct hp_exec_spec spec = {.args = ARGS("sh", "-c", "exit 3")};
	struct hp_exec *exec = NULL;
	OK(hp_engine_exec(c->engine, id, &spec, &exec, &err));
	expect(c, events, id, "exec_create");
	expect(c, events, id, "exec_start");
	AUTO(hp_event_clear) struct hp_event die = {0};
	expect_event(events, id, "exec_die", &die);
	assert_string_equal(hp_labels_get(&die.attributes, "exitCode"), "3");
	hp_exec_free(c->engine, exec);
	drop(c, id);
}

static int64_t cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* A descriptor that stayed readable for what lies unread elsewhere would make this one spin. */
static void unread_events_do_not_busy_a_wait(void **state)
{
	struct contract *c = *state;
	AUTO(hp_events_free) struct hp_events *events = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *ended = NULL;
	struct hp_exit end = {0};
	struct hp_error failure = HP_ERROR_INIT;

	if (!(hp_engine_can(c->engine) & HP_CAN_EVENTS))
		return;
	OK(hp_engine_events(c->engine, &events, &err));
	AUTO_FREE char *brief = make_started(c, ARGS("sleep", "0.2"));
	OK(hp_engine_waiter(c->engine, brief, &ended, &err));
	AUTO_FREE char *id = make_started(c, ARGS("sleep", "1000"));
	int64_t before = cpu_ms();
	assert_int_equal(hp_engine_wait(c->engine, id, 1000, &end, &failure), -1);
	assert_int_equal(failure.code, HP_ETIMEOUT);
	assert_true(cpu_ms() - before < 300);
	drop(c, id);
	drop(c, brief);
}

static void nothing_happens_without_events(void **state)
{
	struct contract *c = *state;
	AUTO(hp_events_free) struct hp_events *events = NULL;
	struct hp_event event;
	int found = -1;

	if (!(hp_engine_can(c->engine) & HP_CAN_EVENTS))
		return;
	/* What came before is not told. */
	AUTO_FREE char *id = make(c, ARGS("true"));
	drop(c, id);
	OK(hp_engine_events(c->engine, &events, &err));
	for (int i = 0; i < 20; i++) {
		OK(found = hp_events_next(events, &event, &err));
		if (found == HP_NEXT_ITEM) {
			assert_string_not_equal(event.id, id);
			hp_event_clear(&event);
		}
		hp_clock_sleep_ms(5);
	}
	assert_int_equal(found, HP_NEXT_WAIT);
}

/* @limit, or none where the engine has none. */
static int64_t pids_or_none(const struct contract *c, int64_t limit)
{
	return hp_engine_can(c->engine) & HP_CAN_LIMIT_PIDS ? limit : 0;
}

static void figures_show_the_limits(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, ARGS("sleep", "1000"));
	struct hp_stats stats = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_STATS))
		return;
	spec.resources.memory_bytes = 64 * MIB;
	spec.resources.pids_limit = pids_or_none(c, 50);
	AUTO_FREE char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	int64_t before = hp_clock_unix_ns();
	/* A runtime of many threads needs a moment to become the one process. */
	for (int i = 0; i < 100 && stats.pids != 1; i++) {
		hp_clock_sleep_ms(i ? 20 : 0);
		OK(hp_engine_stats(c->engine, id, &stats, &err));
	}
	assert_true(stats.time_ns >= before - 5000000000);
	assert_true(stats.time_ns <= hp_clock_unix_ns() + 1000000000);
	assert_int_equal(stats.memory_limit_bytes, 64 * MIB);
	assert_true(stats.memory_bytes > 0 && stats.memory_bytes < 64 * MIB);
	assert_int_equal(stats.pids, 1);
	assert_int_equal(stats.pids_limit, pids_or_none(c, 50));
	assert_true(stats.cpu_ns > 0);
	assert_int_equal(stats.oom_kills, 0);
	drop(c, id);
}

static void limits_change_while_it_runs(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, ARGS("sleep", "1000"));
	const struct hp_resources more = {.memory_bytes = 96 * MIB,
					  .pids_limit = pids_or_none(c, 70)};
	/* Zero leaves things as they are. */
	const struct hp_resources other = {.cpu_shares = 512,
					   .pids_limit = pids_or_none(c, 80)};
	const struct hp_resources bad = {.memory_bytes = -5};
	struct hp_stats stats = {0};
	unsigned needed = HP_CAN_STATS | HP_CAN_UPDATE;

	if ((hp_engine_can(c->engine) & needed) != needed)
		return;
	spec.resources.memory_bytes = 64 * MIB;
	spec.resources.pids_limit = pids_or_none(c, 50);
	AUTO_FREE char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	OK(hp_engine_update(c->engine, id, &more, &err));
	OK(hp_engine_stats(c->engine, id, &stats, &err));
	assert_int_equal(stats.memory_limit_bytes, 96 * MIB);
	assert_int_equal(stats.pids_limit, pids_or_none(c, 70));
	OK(hp_engine_update(c->engine, id, &other, &err));
	OK(hp_engine_stats(c->engine, id, &stats, &err));
	assert_int_equal(stats.memory_limit_bytes, 96 * MIB);
	assert_int_equal(stats.pids_limit, pids_or_none(c, 80));
	FAILS(HP_EINVALID, hp_engine_update(c->engine, id, &bad, &err));
	drop(c, id);
}

static void limits_change_before_it_runs(void **state)
{
	struct contract *c = *state;
	const struct hp_resources limits = {.memory_bytes = 80 * MIB};
	struct hp_stats stats = {0};
	unsigned needed = HP_CAN_STATS | HP_CAN_UPDATE;

	if ((hp_engine_can(c->engine) & needed) != needed)
		return;
	AUTO_FREE char *id = make(c, ARGS("sleep", "1000"));
	OK(hp_engine_update(c->engine, id, &limits, &err));
	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	OK(hp_engine_stats(c->engine, id, &stats, &err));
	assert_int_equal(stats.memory_limit_bytes, 80 * MIB);
	drop(c, id);
}

const struct CMUnitTest contract_watch[] = {
	CONTRACT_TEST(events_tell_a_life),
	CONTRACT_TEST(events_tell_of_pauses_and_execs),
	CONTRACT_TEST(unread_events_do_not_busy_a_wait),
	CONTRACT_TEST(nothing_happens_without_events),
	CONTRACT_TEST(figures_show_the_limits),
	CONTRACT_TEST(limits_change_while_it_runs),
	CONTRACT_TEST(limits_change_before_it_runs),
};
const size_t contract_watch_count = HP_ARRAY_LEN(contract_watch);
