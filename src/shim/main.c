/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - containerd-shim-harpoon-v1: what containerd executes for each container. */
#include <stdio.h>

#include "base/clock.h"
#include "shim/action.h"

#define NAME "containerd-shim-harpoon-v1"

static int act(const struct hp_shim_args *args, int64_t executed_ns, struct hp_error *err)
{
	switch (args->action) {
	case HP_SHIM_START:
		return hp_shim_action_start(args, executed_ns, err);
	case HP_SHIM_DELETE:
		return hp_shim_action_delete(args, err);
	case HP_SHIM_INFO:
		return hp_shim_action_info(err);
	case HP_SHIM_VERSION:
		printf(NAME " " HP_VERSION "\n");
		return 0;
	case HP_SHIM_HELP:
		fputs(hp_shim_args_help(), stdout);
		return 0;
	case HP_SHIM_NOTHING:
		break;
	}
	return hp_fail(err, HP_EUSAGE,
		       "containerd calls this program, with start or delete; see --help");
}

int main(int argc, char **argv)
{
	int64_t executed_ns = hp_clock_ns();
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_args args;

	if (hp_shim_args_parse(argc, (const char *const *)(void *)argv, &args, &err) == 0 &&
	    act(&args, executed_ns, &err) == 0)
		return 0;
	fprintf(stderr, NAME ": %s\n", err.msg);
	return hp_code_exit(err.code);
}
