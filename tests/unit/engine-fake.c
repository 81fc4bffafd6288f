/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake.c - tests of src/engine/fake.c. */
#include "fake-engine.h"

static void has_an_image_and_counts_what_it_has(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	struct hp_error err = HP_ERROR_INIT;
	struct hp_census census = {0};
	AUTO(hp_labels_clear) struct hp_labels info = {0};

	(void)state;
	AUTO_FREE char *made = fake_create(e, ARGS("true"));
	AUTO_FREE char *runs = fake_start(e, ARGS("sleep", "1000"), NULL);
	assert_int_equal(hp_engine_census(e, &census, &err), 0);
	assert_int_equal(census.containers, 2);
	assert_int_equal(census.tasks, 1);
	assert_int_equal(census.snapshots, 2);
	assert_int_equal(census.leases, 0);
	assert_int_equal(hp_engine_info(e, &info, &err), 0);
	assert_string_equal(hp_labels_get(&info, "containers"), "2");
	assert_string_equal(hp_labels_get(&info, "running"), "1");
	assert_string_equal(hp_labels_get(&info, "images"), "2");
}

static void handles_share_nothing(void **state)
{
	const struct hp_client_config config = {.ns = "other", .address = "there"};
	AUTO(hp_engine_free) struct hp_engine *first = fake_open();
	AUTO(hp_engine_free) struct hp_engine *second = NULL;
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_engine_open("fake", &config, &second, &err), 0);
	assert_string_equal(hp_engine_namespace(second), "other");
	assert_string_equal(hp_engine_address(second), "there");
	AUTO_FREE char *id = fake_create(first, ARGS("true"));
	assert_int_equal(hp_engine_list(second, &list, &err), 0);
	assert_int_equal(list->count, 0);
}

static void pids_can_belong_to_nobody(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(hp_container_free) struct hp_container *c = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), NULL);
	assert_int_equal(hp_engine_inspect(e, id, &c, &err), 0);
	/* From: proc(5), PID_MAX_LIMIT. */
	assert_true(c->pid > 4194304);
}

static void streams_outlive_the_engine(void **state)
{
	struct hp_engine *e = fake_open();
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *w = NULL;
	AUTO(hp_events_free) struct hp_events *events = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_event event;
	struct hp_chunk chunk;
	struct hp_exit exit;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "1000"), &s);
	assert_int_equal(hp_engine_waiter(e, id, &w, &err), 0);
	assert_int_equal(hp_engine_events(e, &events, &err), 0);
	hp_engine_free(e);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_END);
	assert_int_equal(hp_waiter_next(w, &exit, &err), HP_NEXT_ITEM);
	assert_int_equal(exit.code, 137);
	assert_int_equal(hp_events_next(events, &event, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_an_image_and_counts_what_it_has),
		FDS_TEST(handles_share_nothing),
		FDS_TEST(pids_can_belong_to_nobody),
		FDS_TEST(streams_outlive_the_engine),
	};

	return cmocka_run_group_tests_name("engine-fake", tests, NULL, NULL);
}
