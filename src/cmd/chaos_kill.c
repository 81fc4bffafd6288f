/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_kill.c - chaos kill. Its args: {"signal": 9}, a number of Linux. */
#include "chaos/action.h"
#include "cmd/chaos.h"

struct kill_args {
	struct hp_pflags_base base;
	const char *signal;
	int64_t limit;
};

/* clang-format off: one row a flag */
static const struct hp_pflag kill_flags[] = {
	{HP_PFLAG_STR, "signal, s", NULL, "SIGKILL", "signal to send to the main process",
	 offsetof(struct kill_args, signal)},
	{HP_PFLAG_INT, "limit, l", NULL, "0", "at most so many containers; 0 is all",
	 offsetof(struct kill_args, limit)},
	HP_PFLAG_HELP(struct kill_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

/* The names that Pumba takes, and SIGABRT, which is its SIGIOT.
 * From: Pumba 1.1.7 pkg/chaos, kill command. */
static int signal_number(const char *name, int *ret, struct hp_error *err)
{
	static const char *const names[] = {
		"SIGHUP",    "SIGINT",  "SIGQUIT",  "SIGILL",  "SIGTRAP", "SIGIOT",
		"SIGBUS",    "SIGFPE",  "SIGKILL",  "SIGUSR1", "SIGSEGV", "SIGUSR2",
		"SIGPIPE",   "SIGALRM", "SIGTERM",  "SIGCHLD", "SIGCONT", "SIGSTOP",
		"SIGTSTP",   "SIGTTIN", "SIGTTOU",  "SIGURG",  "SIGXCPU", "SIGXFSZ",
		"SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGABRT",
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++)
		if (hp_str_eq(name, names[i]))
			return hp_signal_parse(name, ret, err);
	return hp_fail(err, HP_EUSAGE,
		       "undefined Linux signal: %s; give a whole name such as SIGTERM", name);
}

static int kill_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		     struct hp_json **ret_args, struct hp_error *err)
{
	const struct kill_args *args = use->args;
	int number = 0;

	if (signal_number(args->signal, &number, err) < 0)
		return -1;
	plan->action = &hp_action_kill;
	plan->select.limit = args->limit;
	*ret_args = hp_json_object();
	hp_json_set_i64(*ret_args, "signal", number);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_kill = {
	.name = "kill",
	.usage = "send a signal to containers",
	.flags = kill_flags,
	.args_size = sizeof(struct kill_args),
	.plan = kill_plan,
};
