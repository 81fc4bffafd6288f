/* SPDX-License-Identifier: Apache-2.0 */
/* vm.c - harpoon vm: the group of commands for containers in machines of their own. */
#include "cmd/vm.h"

#include "cmd/commands.h"

static const struct hp_cmd *const subs[] = {
	&hp_cmd_vm_ls,          &hp_cmd_vm_timings,        &hp_cmd_vm_console,
	&hp_cmd_vm_debug,       &hp_cmd_vm_template_build, &hp_cmd_vm_template_ls,
	&hp_cmd_vm_template_rm, &hp_cmd_vm_pool,           NULL,
};

const struct hp_cmd hp_cmd_vm = {
	.name = "vm",
	.summary = "look after the machines of containers that have one of their own",
	.subs = subs,
};
