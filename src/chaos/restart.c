/* SPDX-License-Identifier: Apache-2.0 */
/* restart.c - stop a container and start it again. args: {"timeout_ms": 1000}. */
#include "base/alloc.h"
#include "chaos/action.h"

#define DEFAULT_TIMEOUT_MS 1000

static int64_t timeout_of(const struct hp_json *args)
{
	return hp_json_i64(hp_json_get(args, "timeout_ms"), DEFAULT_TIMEOUT_MS);
}

static int restart_apply(struct hp_fault *f, struct hp_error *err)
{
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	return hp_engine_restart(engine, f->container->id, timeout_of(f->args), err);
}

static void restart_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	int64_t ms = timeout_of(args);
	AUTO_FREE char *text = ms % 1000 ? hp_sprintf("%lldms", (long long)ms)
					 : hp_sprintf("%llds", (long long)(ms / 1000));

	hp_labels_add(ret_fields, "timeout", text);
}

const struct hp_action hp_action_restart = {
	.name = "restart",
	.doing = "restart container",
	.flags = HP_ACTION_BLOCKS,
	.apply = restart_apply,
	.observe = hp_observe_state,
	.describe = restart_describe,
};
