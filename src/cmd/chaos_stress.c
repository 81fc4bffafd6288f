/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_stress.c - chaos stress. Its args: {"stressors": ["--cpu", "4", "--timeout", "60s"],
 * "inject": false, "image": "", "pull": true}; image only when it was given, as without one the
 * stress comes from this host. */
#include "chaos/action.h"
#include "cmd/chaos.h"

struct stress_args {
	struct hp_pflags_base base;
	const char *duration;
	const char *image;
	bool pull;
	const char *stressors;
	bool inject;
};

/* clang-format off: one row a flag */
static const struct hp_pflag stress_flags[] = {
	{HP_PFLAG_STR, "duration, d", NULL, NULL, "how long; must be given",
	 offsetof(struct stress_args, duration)},
	{HP_PFLAG_STR, "stress-image", NULL, NULL,
	 "image with stress-ng to run it from; without it the host's own tools do it",
	 offsetof(struct stress_args, image)},
	{HP_PFLAG_BOOL, "pull-image", NULL, "true", "pull that image before",
	 offsetof(struct stress_args, pull)},
	{HP_PFLAG_STR, "stressors", NULL, "--cpu 4 --timeout 60s",
	 "arguments of stress-ng, split at blanks", offsetof(struct stress_args, stressors)},
	{HP_PFLAG_BOOL, "inject-cgroup", NULL, NULL,
	 "in the container's own cgroup, not in one of its own beside or below it",
	 offsetof(struct stress_args, inject)},
	HP_PFLAG_HELP(struct stress_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int stress_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		       struct hp_json **ret_args, struct hp_error *err)
{
	const struct stress_args *args = use->args;
	AUTO(hp_strv_free) struct hp_strv stressors = {0};

	if (hp_chaos_duration(args->duration, &plan->duration_ns, err) < 0)
		return -1;
	hp_strv_words(&stressors, args->stressors, " \t\n");
	if (stressors.count == 0)
		return hp_fail(err, HP_EUSAGE, "invalid stressors: there are none");
	plan->action = &hp_action_stress;
	*ret_args = hp_json_object();
	hp_json_set_strs(*ret_args, "stressors", hp_strv_view(&stressors));
	hp_json_set_bool(*ret_args, "inject", args->inject);
	if (args->image[0])
		hp_json_set_str(*ret_args, "image", args->image);
	hp_json_set_bool(*ret_args, "pull", args->pull);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_stress = {
	.name = "stress",
	.usage = "use up processor, memory or disk where containers may",
	.flags = stress_flags,
	.args_size = sizeof(struct stress_args),
	.plan = stress_plan,
};
