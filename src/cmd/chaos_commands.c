/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_commands.c - the table of chaos' commands; a new one is a file of its own and a row here. */
#include "cmd/chaos.h"

/* clang-format off: one group a line */
const struct hp_chaos_cmd *const hp_chaos_cmds[] = {
	&hp_chaos_cmd_kill,     &hp_chaos_cmd_exec,   &hp_chaos_cmd_restart,
	&hp_chaos_cmd_stop,     &hp_chaos_cmd_pause,  &hp_chaos_cmd_rm,
	&hp_chaos_cmd_iptables, &hp_chaos_cmd_stress, &hp_chaos_cmd_netem,
	&hp_chaos_cmd_ls,       &hp_chaos_cmd_status, &hp_chaos_cmd_recover,
	&hp_chaos_cmd_revert,   &hp_chaos_cmd_schema, NULL,
};
/* clang-format on */
