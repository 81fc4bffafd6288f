/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - stop containers, for good or until the fault ends. args: {"grace_ms": 5000}. */
#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/action.h"

/* Overrides the container's stop signal. From: Pumba's README, labels. */
#define SIGNAL_LABEL "com.gaiaadm.pumba.stop-signal"

#define DEFAULT_GRACE_MS 5000

static int64_t grace_of(const struct hp_json *args)
{
	return hp_json_i64(hp_json_get(args, "grace_ms"), DEFAULT_GRACE_MS);
}

static int stop_apply(struct hp_fault *f, struct hp_error *err)
{
	const char *label = hp_labels_get(&f->container->labels, SIGNAL_LABEL);
	struct hp_engine *engine = NULL;
	int signal = 0;

	if (!hp_str_empty(label) && hp_signal_parse(label, &signal, err) < 0)
		return hp_wrap(err, "label " SIGNAL_LABEL " of container '%s'",
			       f->container->name);
	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	return hp_engine_stop(engine, f->container->id, signal, grace_of(f->args), err);
}

/* How long after its grace a daemon may still be about to kill. */
#define LATE_MS  1000
#define PAUSE_MS 50

/* Start it unless it runs. Returns: 1 when it ran, 0 when that is done, -1. */
static int start_again(struct hp_engine *engine, const char *id, struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *now = NULL;

	if (hp_engine_inspect(engine, id, &now, err) == 0) {
		if (now->state == HP_STATE_RUNNING || now->state == HP_STATE_RESTARTING ||
		    now->state == HP_STATE_PAUSED)
			return 1;
		if (hp_engine_start(engine, now->id, 0, 0, NULL, err) == 0)
			return 0;
	}
	/* Who has removed it meanwhile wanted that. HP_ESTATE: somebody else has started it. */
	if (err->code != HP_ENOTFOUND && err->code != HP_ESTATE)
		return -1;
	hp_error_clear(err);
	return 0;
}

static int stop_undo(struct hp_fault *f, struct hp_error *err)
{
	int64_t late = f->confirmed ? 0 : grace_of(f->args) + LATE_MS;
	int64_t deadline = hp_clock_ms() + late;
	struct hp_engine *engine = NULL;
	int rc;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	while ((rc = start_again(engine, f->container->id, err)) == 1) {
		if (hp_clock_ms() >= deadline)
			return 0;
		hp_clock_sleep_ms(PAUSE_MS);
	}
	return rc;
}

/* The second key is spelt as in Pumba's log, which people have scripts for. */
static void stop_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	AUTO_FREE char *grace = hp_sprintf("%lld", (long long)(grace_of(args) / 1000));

	hp_labels_add(ret_fields, "timout", grace);
}

const struct hp_action hp_action_stop = {
	.name = "stop",
	.doing = "stopping container",
	.flags = HP_ACTION_NEEDS_TARGET | HP_ACTION_BLOCKS,
	.apply = stop_apply,
	.observe = hp_observe_state,
	.describe = stop_describe,
};

const struct hp_action hp_action_stop_restart = {
	.name = "stop-restart",
	.doing = "stopping container",
	.undoing = "starting container",
	.flags = HP_ACTION_NEEDS_TARGET | HP_ACTION_SHARED,
	.apply = stop_apply,
	.undo = stop_undo,
	.observe = hp_observe_state,
	.describe = stop_describe,
};
