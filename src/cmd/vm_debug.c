/* SPDX-License-Identifier: Apache-2.0 */
/* vm_debug.c - harpoon vm debug: run a program in a container's machine, outside of the container. */
#include "cmd/vm.h"

#include <unistd.h>

#include "cmd/tty.h"
#include "cmd/vm_shims.h"

struct debug_args {
	bool tty;
};

/* clang-format off: one row an option */
static const struct hp_opt debug_opts[] = {
	HP_OPT_FLAG('t', "tty", struct debug_args, tty, "give it a terminal"),
	HP_OPT_END,
};
/* clang-format on */

/* In the machine the container's files are below here; a static shell of theirs runs as it is. */
static const char *const default_words[] = {"/run/harpoon/shares/rootfs/bin/busybox", "sh",
					    NULL};

static int debug_run(const struct hp_use *use, struct hp_error *err)
{
	const struct debug_args *args = use->args;
	AUTO(hp_shim_list_clear) struct hp_shim_list list = {0};
	const struct hp_shim_found *found;
	struct hp_shim_shell shell = {.words = use->n_operands > 1 ? use->operands + 1
								   : default_words,
				      .terminal = args->tty};
	int status = 0;
	int rc;

	if (hp_vm_shim(use, &list, &found, err) < 0)
		return -1;
	shell.socket = found->socket;
	shell.id = found->id;
	hp_tty_size(STDIN_FILENO, &shell.width, &shell.height);
	if (args->tty && isatty(STDIN_FILENO) && hp_tty_raw(STDIN_FILENO, err) < 0)
		return -1;
	rc = hp_shim_ask_shell(&shell, &status, err);
	hp_tty_restore();
	return rc < 0 ? -1 : status;
}

const struct hp_cmd hp_cmd_vm_debug = {
	.name = "vm debug",
	.summary = "run a program in a container's machine, outside of the container",
	.operands = "CONTAINER [COMMAND [ARG...]]",
	.about =
		"It is executed beside the machine's own init, as root and without limits, and "
		"sees all of the machine: the container's files are below "
		"/run/harpoon/shares/rootfs there. Without a command it is the container's busybox, "
		"if it has one.",
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_MACHINE,
	.flags = HP_CMD_VERBATIM | HP_CMD_STATUS,
	.opts = debug_opts,
	.args_size = sizeof(struct debug_args),
	.run = debug_run,
};
