/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - stop containers, for good or until the fault ends. args: {"grace_ms": 5000}. */
#include "base/alloc.h"
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

/* Who has removed it meanwhile, or has started it, wanted that. */
static int stop_undo(struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *now = NULL;
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	if (hp_engine_inspect(engine, f->container->id, &now, err) == 0) {
		if (now->state == HP_STATE_RUNNING || now->state == HP_STATE_RESTARTING ||
		    now->state == HP_STATE_PAUSED ||
		    hp_engine_start(engine, now->id, 0, 0, NULL, err) == 0)
			return 0;
	}
	/* HP_ESTATE: somebody was faster, or it was restarted by its policy. */
	if (err->code != HP_ENOTFOUND && err->code != HP_ESTATE)
		return -1;
	hp_error_clear(err);
	return 0;
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
