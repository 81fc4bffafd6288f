/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - every command's entry; each is defined in the file of its name. */
#pragma once
#include "cmd/cmd.h"

extern const struct hp_cmd hp_cmd_attach;
extern const struct hp_cmd hp_cmd_chaos;
extern const struct hp_cmd hp_cmd_completion;
extern const struct hp_cmd hp_cmd_create;
extern const struct hp_cmd hp_cmd_down;
extern const struct hp_cmd hp_cmd_events;
extern const struct hp_cmd hp_cmd_exec;
extern const struct hp_cmd hp_cmd_export;
extern const struct hp_cmd hp_cmd_help;
extern const struct hp_cmd hp_cmd_images;
extern const struct hp_cmd hp_cmd_import;
extern const struct hp_cmd hp_cmd_info;
extern const struct hp_cmd hp_cmd_inspect;
extern const struct hp_cmd hp_cmd_kill;
extern const struct hp_cmd hp_cmd_logs;
extern const struct hp_cmd hp_cmd_man;
extern const struct hp_cmd hp_cmd_pause;
extern const struct hp_cmd hp_cmd_ps;
extern const struct hp_cmd hp_cmd_pull;
extern const struct hp_cmd hp_cmd_reap;
extern const struct hp_cmd hp_cmd_restart;
extern const struct hp_cmd hp_cmd_rm;
extern const struct hp_cmd hp_cmd_rmi;
extern const struct hp_cmd hp_cmd_run;
extern const struct hp_cmd hp_cmd_start;
extern const struct hp_cmd hp_cmd_stats;
extern const struct hp_cmd hp_cmd_stop;
extern const struct hp_cmd hp_cmd_tag;
extern const struct hp_cmd hp_cmd_unpause;
extern const struct hp_cmd hp_cmd_up;
extern const struct hp_cmd hp_cmd_update;
extern const struct hp_cmd hp_cmd_validate;
extern const struct hp_cmd hp_cmd_validate;
extern const struct hp_cmd hp_cmd_version;
extern const struct hp_cmd hp_cmd_vm;
extern const struct hp_cmd hp_cmd_wait;
