/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_stop.c - chaos stop. Its args: {"grace_ms": 5000, "restart": false}. */
#include "chaos/action.h"
#include "cmd/chaos.h"

struct stop_args {
	struct hp_pflags_base base;
	int64_t time_s;
	bool restart;
	const char *duration;
	int64_t limit;
};

enum { DEFAULT_TIME_S = 5 };

/* clang-format off: one row a flag */
static const struct hp_pflag stop_flags[] = {
	{HP_PFLAG_INT, "time, t", NULL, "5", "seconds from the stop signal to SIGKILL",
	 offsetof(struct stop_args, time_s)},
	{HP_PFLAG_BOOL, "restart, r", NULL, NULL, "start them again after the duration",
	 offsetof(struct stop_args, restart)},
	{HP_PFLAG_STR, "duration, d", NULL, "10s", "how long they stay stopped, with --restart",
	 offsetof(struct stop_args, duration)},
	{HP_PFLAG_INT, "limit, l", NULL, "0", "at most so many containers; 0 is all",
	 offsetof(struct stop_args, limit)},
	HP_PFLAG_HELP(struct stop_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int stop_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		     struct hp_json **ret_args, struct hp_error *err)
{
	const struct stop_args *args = use->args;
	int64_t time_s = args->time_s > 0 ? args->time_s : DEFAULT_TIME_S;
	int64_t duration_ns = 0;
	int64_t grace_ms;

	/* Checked without --restart, too: Pumba does so. */
	if (hp_chaos_duration(args->duration, &duration_ns, err) < 0)
		return -1;
	if (__builtin_mul_overflow(time_s, INT64_C(1000), &grace_ms))
		return hp_fail(err, HP_EUSAGE, "invalid time: %lld seconds are too long",
			       (long long)time_s);
	plan->action = args->restart ? &hp_action_stop_restart : &hp_action_stop;
	plan->duration_ns = args->restart ? duration_ns : 0;
	plan->select.limit = args->limit;
	*ret_args = hp_json_object();
	hp_json_set_i64(*ret_args, "grace_ms", grace_ms);
	hp_json_set_bool(*ret_args, "restart", args->restart);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_stop = {
	.name = "stop",
	.usage = "stop containers, for good or for a while",
	.flags = stop_flags,
	.args_size = sizeof(struct stop_args),
	.plan = stop_plan,
};
