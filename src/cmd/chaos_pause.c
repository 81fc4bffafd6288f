/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_pause.c - chaos pause. Its args: {}. */
#include "chaos/action.h"
#include "cmd/chaos.h"

struct pause_args {
	struct hp_pflags_base base;
	const char *duration;
	int64_t limit;
};

/* clang-format off: one row a flag */
static const struct hp_pflag pause_flags[] = {
	{HP_PFLAG_STR, "duration, d", NULL, NULL, "how long they stay paused; must be given",
	 offsetof(struct pause_args, duration)},
	{HP_PFLAG_INT, "limit, l", NULL, "0", "at most so many containers; 0 is all",
	 offsetof(struct pause_args, limit)},
	HP_PFLAG_HELP(struct pause_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int pause_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		      struct hp_json **ret_args, struct hp_error *err)
{
	const struct pause_args *args = use->args;

	if (hp_chaos_duration(args->duration, &plan->duration_ns, err) < 0)
		return -1;
	plan->action = &hp_action_pause;
	plan->select.limit = args->limit;
	*ret_args = hp_json_object();
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_pause = {
	.name = "pause",
	.usage = "pause all processes of containers for a while",
	.flags = pause_flags,
	.args_size = sizeof(struct pause_args),
	.plan = pause_plan,
};
