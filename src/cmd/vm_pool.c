/* SPDX-License-Identifier: Apache-2.0 */
/* vm_pool.c - harpoon vm pool: be the process that keeps templates in memory. */
#include "cmd/vm.h"

#include "cmd/cli.h"
#include "vm/pool.h"

struct pool_args {
	int64_t idle_ms;
};

/* clang-format off: one row an option */
static const struct hp_opt pool_opts[] = {
	HP_OPT_MS(0, "idle", struct pool_args, idle_ms, "TIME",
		  "end after so long without being asked (never)", 0),
	HP_OPT_END,
};
/* clang-format on */

static int pool_run(const struct hp_use *use, struct hp_error *err)
{
	const struct pool_args *args = use->args;
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};

	if (hp_vm_config_load(&config, err) < 0)
		return -1;

	const struct hp_pool_options options = {
		.config = &config,
		.follow = true,
		.program = use->cli->program,
		.idle_ms = args->idle_ms,
	};
	return hp_pool_serve(&options, err);
}

const struct hp_cmd hp_cmd_vm_pool = {
	.name = "vm pool",
	.summary = "keep templates of machines in memory, for all who start machines",
	.about =
		"Started by the first machine, and by itself gone when none has been started for "
		"a while. Run it as a service to have it always.",
	.opts = pool_opts,
	.args_size = sizeof(struct pool_args),
	.run = pool_run,
};
