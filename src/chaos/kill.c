/* SPDX-License-Identifier: Apache-2.0 */
/* kill.c - send a signal to the first process of a container. args: {"signal": 9}. */
#include <signal.h>

#include "base/alloc.h"
#include "chaos/action.h"

static int signal_of(const struct hp_json *args)
{
	return (int)hp_json_i64(hp_json_get(args, "signal"), SIGKILL);
}

static int kill_apply(struct hp_fault *f, struct hp_error *err)
{
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	return hp_engine_kill(engine, f->container->id, NULL, signal_of(f->args), err);
}

static void kill_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	AUTO_FREE char *name = hp_sprintf("SIG%s", hp_signal_name(signal_of(args)));

	hp_labels_add(ret_fields, "signal", name);
}

const struct hp_action hp_action_kill = {
	.name = "kill",
	.doing = "killing container",
	.flags = HP_ACTION_NEEDS_TARGET,
	.apply = kill_apply,
	.describe = kill_describe,
};
