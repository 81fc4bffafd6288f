/* SPDX-License-Identifier: Apache-2.0 */
/* action.c - the actions, one row each. */
#include "chaos/action.h"

static const struct hp_action *const actions[] = {
	&hp_action_kill,  &hp_action_stop,     &hp_action_stop_restart,
	&hp_action_pause, &hp_action_restart,  &hp_action_remove,
	&hp_action_exec,  &hp_action_iptables, &hp_action_stress,
};

const struct hp_action *hp_action_find(const char *name)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(actions); i++)
		if (hp_str_eq(actions[i]->name, name))
			return actions[i];
	return NULL;
}
