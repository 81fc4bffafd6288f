/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_exec.c - chaos exec. Its args: {"command": ["kill", "1"], "privileged": false}. */
#include <string.h>

#include "base/alloc.h"
#include "chaos/action.h"
#include "cmd/chaos.h"

struct exec_args {
	struct hp_pflags_base base;
	const char *command;
	struct hp_strv args;
	int64_t limit;
};

/* clang-format off: one row a flag */
static const struct hp_pflag exec_flags[] = {
	{HP_PFLAG_STR, "command, s", NULL, "kill 1",
	 "what to run, as root; split at blanks when there are no --args",
	 offsetof(struct exec_args, command)},
	{HP_PFLAG_LIST, "args, a", NULL, NULL, "an argument of it; once for each",
	 offsetof(struct exec_args, args)},
	{HP_PFLAG_INT, "limit, l", NULL, "0", "at most so many containers; 0 is all",
	 offsetof(struct exec_args, limit)},
	HP_PFLAG_HELP(struct exec_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int exec_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		     struct hp_json **ret_args, struct hp_error *err)
{
	const struct exec_args *args = use->args;
	AUTO(hp_strv_free) struct hp_strv command = {0};

	if (args->args.count > 0) {
		hp_strv_add(&command, args->command);
		for (size_t i = 0; i < args->args.count; i++)
			hp_strv_add(&command, args->args.items[i]);
	} else {
		hp_strv_words(&command, args->command, " \t\n");
	}
	if (command.count == 0 || !command.items[0][0])
		return hp_fail(err, HP_EUSAGE, "invalid command: it is empty");
	plan->action = &hp_action_exec;
	plan->select.limit = args->limit;
	*ret_args = hp_json_object();
	hp_json_set_strs(*ret_args, "command", hp_strv_view(&command));
	hp_json_set_bool(*ret_args, "privileged", false);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_exec = {
	.name = "exec",
	.usage = "run a program in containers",
	.flags = exec_flags,
	.args_size = sizeof(struct exec_args),
	.plan = exec_plan,
};
