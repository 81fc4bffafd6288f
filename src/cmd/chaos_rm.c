/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_rm.c - chaos rm. Its args: {"force": true, "links": false, "volumes": true}. */
#include "chaos/action.h"
#include "cmd/chaos.h"

struct rm_args {
	struct hp_pflags_base base;
	bool force;
	bool links;
	bool volumes;
	int64_t limit;
};

/* clang-format off: one row a flag */
static const struct hp_pflag rm_flags[] = {
	{HP_PFLAG_BOOL, "force, f", NULL, "true", "end them with SIGKILL when they run",
	 offsetof(struct rm_args, force)},
	{HP_PFLAG_BOOL, "links, n", NULL, NULL, "Docker: remove the link, not the container",
	 offsetof(struct rm_args, links)},
	{HP_PFLAG_BOOL, "volumes, v", NULL, "true", "remove their anonymous volumes, too",
	 offsetof(struct rm_args, volumes)},
	{HP_PFLAG_INT, "limit, l", NULL, "0", "at most so many containers; 0 is all",
	 offsetof(struct rm_args, limit)},
	HP_PFLAG_HELP(struct rm_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int rm_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		   struct hp_json **ret_args, struct hp_error *err)
{
	const struct rm_args *args = use->args;

	(void)err;
	plan->action = &hp_action_remove;
	plan->select.limit = args->limit;
	*ret_args = hp_json_object();
	hp_json_set_bool(*ret_args, "force", args->force);
	hp_json_set_bool(*ret_args, "links", args->links);
	hp_json_set_bool(*ret_args, "volumes", args->volumes);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_rm = {
	.name = "rm",
	.usage = "remove containers",
	.flags = rm_flags,
	.args_size = sizeof(struct rm_args),
	.plan = rm_plan,
};
