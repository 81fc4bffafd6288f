/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_restart.c - chaos restart. Its args: {"timeout_ms": 1000}. */
#include "chaos/action.h"
#include "cmd/chaos.h"

struct restart_args {
	struct hp_pflags_base base;
	int64_t timeout_ns;
	int64_t limit;
};

/* clang-format off: one row a flag */
static const struct hp_pflag restart_flags[] = {
	{HP_PFLAG_DURATION, "timeout, t", NULL, "1s", "time from the stop signal to SIGKILL",
	 offsetof(struct restart_args, timeout_ns)},
	{HP_PFLAG_INT, "limit, l", NULL, "0", "at most so many containers; 0 is all",
	 offsetof(struct restart_args, limit)},
	HP_PFLAG_HELP(struct restart_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int restart_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
			struct hp_json **ret_args, struct hp_error *err)
{
	const struct restart_args *args = use->args;

	if (args->timeout_ns < 0)
		return hp_fail(err, HP_EUSAGE, "invalid timeout: it is negative");
	plan->action = &hp_action_restart;
	plan->select.limit = args->limit;
	*ret_args = hp_json_object();
	hp_json_set_i64(*ret_args, "timeout_ms", args->timeout_ns / 1000000);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_restart = {
	.name = "restart",
	.usage = "stop containers and start them again",
	.flags = restart_flags,
	.args_size = sizeof(struct restart_args),
	.plan = restart_plan,
};
