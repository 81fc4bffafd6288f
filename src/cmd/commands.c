/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - the table of commands; a new command is a file of its own and a row here. */
#include "cmd/commands.h"

#include <string.h>

#include "base/str.h"

/* clang-format off: one group a line */
const struct hp_cmd *const hp_cmds[] = {
	&hp_cmd_run,     &hp_cmd_create, &hp_cmd_start,      &hp_cmd_stop,
	&hp_cmd_kill,    &hp_cmd_pause,  &hp_cmd_unpause,    &hp_cmd_restart,
	&hp_cmd_rm,      &hp_cmd_exec,   &hp_cmd_attach,     &hp_cmd_wait,
	&hp_cmd_logs,    &hp_cmd_ps,     &hp_cmd_inspect,    &hp_cmd_stats,
	&hp_cmd_update,  &hp_cmd_events, &hp_cmd_images,     &hp_cmd_pull,
	&hp_cmd_import,  &hp_cmd_export, &hp_cmd_tag,        &hp_cmd_rmi,
	&hp_cmd_version, &hp_cmd_info,   &hp_cmd_validate,   &hp_cmd_up,
	&hp_cmd_down,    &hp_cmd_help,   &hp_cmd_completion, &hp_cmd_man,
	&hp_cmd_reap,    &hp_cmd_vm,     &hp_cmd_chaos,      NULL,
};
/* clang-format on */

const struct hp_cmd *hp_cmd_find(const char *name)
{
	for (const struct hp_cmd *const *c = hp_cmds; *c; c++)
		if (hp_str_eq((*c)->name, name))
			return *c;
	return NULL;
}

/* How many of @words the part of a command's name after its group's is; 0: another. */
static size_t match_words(const char *name, const char *const *words)
{
	AUTO(hp_strv_free) struct hp_strv parts = {0};

	hp_strv_split(&parts, name, ' ');
	for (size_t i = 0; i < parts.count; i++)
		if (!words[i] || !hp_str_eq(parts.items[i], words[i]))
			return 0;
	return parts.count;
}

const struct hp_cmd *hp_cmd_descend(const struct hp_cmd *cmd, const char *const *words,
				    size_t *ret_used)
{
	*ret_used = 0;
	if (!cmd->subs)
		return cmd;
	for (const struct hp_cmd *const *c = cmd->subs; *c; c++) {
		*ret_used = match_words((*c)->name + strlen(cmd->name) + 1, words);
		if (*ret_used)
			return *c;
	}
	return NULL;
}

const char *hp_cmd_suggest(const char *name)
{
	const char *nearest = NULL;
	size_t best = 3;

	for (const struct hp_cmd *const *c = hp_cmds; *c; c++) {
		size_t far = hp_opts_distance(name, (*c)->name);
		if ((*c)->flags & HP_CMD_HIDDEN || far >= best || far >= strlen(name))
			continue;
		best = far;
		nearest = (*c)->name;
	}
	return nearest;
}

const struct hp_cmd *hp_cmd_need(const char *name, struct hp_error *err)
{
	const struct hp_cmd *cmd = hp_cmd_find(name);
	const char *near = cmd ? NULL : hp_cmd_suggest(name);

	if (!cmd && near)
		hp_fail(err, HP_EUSAGE, "there is no command '%s'; did you mean '%s'?", name,
			near);
	else if (!cmd)
		hp_fail(err, HP_EUSAGE, "there is no command '%s' (see 'harpoon help')", name);
	return cmd;
}
