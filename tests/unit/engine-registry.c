/* SPDX-License-Identifier: Apache-2.0 */
/* engine-registry.c - tests of src/engine/registry.c. */
#include "engine/registry.h"

#include "base/str.h"
#include "fds.h"

static void every_engine_is_there_once(void **state)
{
	static const char *const want[] = {"containerd", "cri", "docker", "fake", "podman"};
	size_t count = 0;

	(void)state;
	for (; hp_engine__registry[count]; count++)
		assert_string_equal(hp_engine__registry[count]->name, want[count]);
	assert_int_equal(count, HP_ARRAY_LEN(want));
}

/* An op may be missing only when its capability bit is off. */
static void check_ops(const struct hp_engine_ops *ops)
{
	const struct {
		unsigned can;
		bool there;
	} rows[] = {
		{HP_CAN_PAUSE, ops->pause && ops->unpause},
		{HP_CAN_UPDATE, ops->update},
		{HP_CAN_STATS, ops->stats},
		{HP_CAN_EVENTS, ops->events},
		{HP_CAN_ATTACH, ops->attach},
		{HP_CAN_LOGS, ops->logs},
		{HP_CAN_EXEC, ops->exec},
		{HP_CAN_RESIZE, ops->resize},
		{HP_CAN_IMPORT, ops->import},
		{HP_CAN_EXPORT, ops->export},
		{HP_CAN_TAG, ops->tag},
		{HP_CAN_CENSUS, ops->census},
		{HP_CAN_CREATE, ops->create},
		{HP_CAN_PULL, ops->pull},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if ((ops->can & rows[i].can) && !rows[i].there)
			fail_msg("%s: no op for capability %#x", ops->name, rows[i].can);
	assert_true(ops->size >= sizeof(struct hp_engine));
	assert_true(ops->open && ops->close && ops->version && ops->info && ops->list);
	assert_true(ops->inspect && ops->start && ops->stop && ops->kill && ops->remove);
	assert_true(ops->waiter && ops->images && ops->remove_image);
}

static void what_is_promised_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; hp_engine__registry[i]; i++)
		check_ops(hp_engine__registry[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(every_engine_is_there_once),
		FDS_TEST(what_is_promised_is_there),
	};

	return cmocka_run_group_tests_name("engine-registry", tests, NULL, NULL);
}
