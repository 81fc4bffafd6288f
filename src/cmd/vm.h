/* SPDX-License-Identifier: Apache-2.0 */
/* vm.h - the commands of the group vm. */
#pragma once
#include "cmd/cmd.h"

extern const struct hp_cmd hp_cmd_vm_console;
extern const struct hp_cmd hp_cmd_vm_debug;
extern const struct hp_cmd hp_cmd_vm_ls;
extern const struct hp_cmd hp_cmd_vm_pool;
extern const struct hp_cmd hp_cmd_vm_template_build;
extern const struct hp_cmd hp_cmd_vm_template_ls;
extern const struct hp_cmd hp_cmd_vm_template_rm;
extern const struct hp_cmd hp_cmd_vm_timings;
