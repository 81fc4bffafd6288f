/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - freeze all processes of a container until the fault ends. args: {}. */
#include "base/clock.h"
#include "chaos/action.h"

/* How long a daemon may still be about to pause, and how often that is looked at. */
#define LATE_MS  500
#define PAUSE_MS 100

/* A daemon that is just pausing it for somebody else may refuse, and then it is paused. */
static bool is_paused_soon(struct hp_engine *engine, const char *id)
{
	int64_t deadline = hp_clock_ms() + LATE_MS;

	for (;;) {
		AUTO(hp_container_free) struct hp_container *now = NULL;
		struct hp_error ignored = HP_ERROR_INIT;
		if (hp_engine_inspect(engine, id, &now, &ignored) < 0)
			return false;
		if (now->state == HP_STATE_PAUSED)
			return true;
		if (now->state != HP_STATE_RUNNING || hp_clock_ms() >= deadline)
			return false;
		hp_clock_sleep_ms(PAUSE_MS);
	}
}

static int pause_apply(struct hp_fault *f, struct hp_error *err)
{
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	if (hp_engine_pause(engine, f->container->id, err) == 0)
		return 0;
	if (!is_paused_soon(engine, f->container->id))
		return -1;
	hp_error_clear(err);
	return 0;
}

/* A container that has ended or gone is not paused any more. */
static int thaw(struct hp_engine *engine, const char *id, struct hp_error *err)
{
	if (hp_engine_unpause(engine, id, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND && err->code != HP_ESTATE)
		return -1;
	hp_error_clear(err);
	return 0;
}

static int pause_undo(struct hp_fault *f, struct hp_error *err)
{
	int64_t deadline = hp_clock_ms() + (f->confirmed ? 0 : LATE_MS);
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	for (;;) {
		if (thaw(engine, f->container->id, err) < 0)
			return -1;
		if (hp_clock_ms() >= deadline)
			return 0;
		hp_clock_sleep_ms(PAUSE_MS);
	}
}

const struct hp_action hp_action_pause = {
	.name = "pause",
	.doing = "pausing container",
	.undoing = "stop pausing container",
	.flags = HP_ACTION_SHARED,
	.apply = pause_apply,
	.undo = pause_undo,
	.observe = hp_observe_state,
};
