/* SPDX-License-Identifier: Apache-2.0 */
/* engine-event.c - tests of src/engine/event.c. */
#include "engine/engine_impl.h"

#include "base/alloc.h"
#include "fds.h"

/* A subscription that counts what is asked of it. */
struct counting {
	struct hp_events base;
	int *freed;
};

static int counting_fd(const struct hp_events *e)
{
	(void)e;
	return 42;
}

static int counting_next(struct hp_events *e, struct hp_event *ret, struct hp_error *err)
{
	(void)e;
	(void)err;
	ret->time_ns = 7;
	return HP_NEXT_ITEM;
}

static void counting_free(struct hp_events *e)
{
	(*container_of(e, struct counting, base)->freed)++;
}

static void calls_reach_the_ops(void **state)
{
	static const struct hp_events_ops ops = {counting_fd, counting_next, counting_free};
	int freed = 0;
	struct counting c = {{&ops}, &freed};
	struct hp_event event = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_events_fd(&c.base), 42);
	assert_int_equal(hp_events_next(&c.base, &event, &err), HP_NEXT_ITEM);
	assert_int_equal(event.time_ns, 7);
	hp_events_free(&c.base);
	hp_events_free(NULL);
	assert_int_equal(freed, 1);
}

static void clearing_leaves_an_empty_event(void **state)
{
	struct hp_event event = {
		.time_ns = 1,
		.ns = hp_strdup("a"),
		.type = hp_strdup("b"),
		.action = hp_strdup("c"),
		.id = hp_strdup("d"),
		.topic = hp_strdup("e"),
	};

	(void)state;
	hp_labels_add(&event.attributes, "key", "value");
	hp_event_clear(&event);
	assert_null(event.id);
	assert_int_equal(event.attributes.count, 0);
	hp_event_clear(&event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(calls_reach_the_ops),
		FDS_TEST(clearing_leaves_an_empty_event),
	};

	return cmocka_run_group_tests_name("engine-event", tests, NULL, NULL);
}
