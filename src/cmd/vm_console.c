/* SPDX-License-Identifier: Apache-2.0 */
/* vm_console.c - harpoon vm console: what a machine wrote to its console, or its kernel's log. */
#include "cmd/vm.h"

#include <unistd.h>

#include "base/fd.h"
#include "cmd/vm_shims.h"

struct console_args {
	bool kernel;
};

/* clang-format off: one row an option */
static const struct hp_opt console_opts[] = {
	HP_OPT_FLAG('k', "kernel", struct console_args, kernel,
		    "what its kernel logged, as dmesg shows it"),
	HP_OPT_END,
};
/* clang-format on */

static int console_run(const struct hp_use *use, struct hp_error *err)
{
	const struct console_args *args = use->args;
	AUTO(hp_shim_list_clear) struct hp_shim_list list = {0};
	AUTO(hp_buf_free) struct hp_buf text = {0};
	const struct hp_shim_found *found;

	if (hp_vm_shim(use, &list, &found, err) < 0 ||
	    hp_shim_ask_text(found->socket, args->kernel, &text, err) < 0)
		return -1;
	return hp_fd_write_all(STDOUT_FILENO, text.data, text.len, err);
}

const struct hp_cmd hp_cmd_vm_console = {
	.name = "vm console",
	.summary = "show the last of what a container's machine wrote to its console",
	.operands = "CONTAINER",
	.about =
		"The kernel is told to be quiet, so there is little unless it has trouble. What it "
		"logged is asked of the guest, which must be alive for that.",
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_MACHINE,
	.opts = console_opts,
	.args_size = sizeof(struct console_args),
	.run = console_run,
};
