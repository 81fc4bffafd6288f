/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_event.c - tests of src/engine/fake_event.c. */
#include "fake-engine.h"

static void check_next(struct hp_events *events, const char *type, const char *action)
{
	AUTO(hp_event_clear) struct hp_event event = {0};
	struct hp_error err = HP_ERROR_INIT;
	int found = hp_events_next(events, &event, &err);

	for (int i = 0; i < 100 && found == HP_NEXT_WAIT; i++) {
		assert_true(hp_fd_poll(hp_events_fd(events), POLLIN, PATIENCE_MS, &err) > 0);
		found = hp_events_next(events, &event, &err);
	}
	assert_int_equal(found, HP_NEXT_ITEM);
	assert_string_equal(event.type, type);
	assert_string_equal(event.action, action);
	assert_string_equal(event.ns, "default");
	assert_true(hp_str_starts(event.topic, "/fake/"));
}

static void each_subscriber_gets_all(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(hp_events_free) struct hp_events *first = NULL;
	AUTO(hp_events_free) struct hp_events *second = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_event event;

	(void)state;
	assert_int_equal(hp_engine_events(e, &first, &err), 0);
	AUTO_FREE char *id = fake_start(e, ARGS("sh", "-c", "sleep 0.05"), NULL);
	assert_int_equal(hp_engine_events(e, &second, &err), 0);
	check_next(first, "container", "create");
	check_next(first, "container", "start");
	/* Nobody asks the container; the subscription wakes with it. */
	check_next(first, "container", "die");
	check_next(second, "container", "die");
	assert_int_equal(hp_engine_tag(e, "busybox", "other:1", &err), 0);
	assert_int_equal(hp_engine_remove_image(e, "other:1", false, &err), 0);
	check_next(second, "image", "create");
	check_next(second, "image", "delete");
	assert_int_equal(hp_events_next(second, &event, &err), HP_NEXT_WAIT);
}

static void what_is_unread_is_freed(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	struct hp_events *events = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_engine_events(e, &events, &err), 0);
	for (int i = 0; i < 100; i++) {
		AUTO_FREE char *id = fake_create(e, ARGS("true"));
		assert_int_equal(hp_engine_remove(e, id, false, false, &err), 0);
	}
	check_next(events, "container", "create");
	hp_events_free(events);
	/* It is forgotten: this goes to nobody. */
	AUTO_FREE char *last = fake_create(e, ARGS("true"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(each_subscriber_gets_all),
		FDS_TEST(what_is_unread_is_freed),
	};

	return cmocka_run_group_tests_name("engine-fake_event", tests, NULL, NULL);
}
