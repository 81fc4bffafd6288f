/* SPDX-License-Identifier: Apache-2.0 */
/* vm_shims.c - finds the shims that the commands of `harpoon vm` ask. */
#include "cmd/vm_shims.h"

#include "vm/config.h"

int hp_vm_shims(const struct hp_use *use, struct hp_shim_list *ret, struct hp_error *err)
{
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};

	(void)use;
	if (hp_vm_config_load(&config, err) < 0)
		return -1;
	return hp_shim_list_read(config.run_dir, ret, err);
}

int hp_vm_shim(const struct hp_use *use, struct hp_shim_list *list,
	       const struct hp_shim_found **ret, struct hp_error *err)
{
	if (hp_vm_shims(use, list, err) < 0)
		return -1;
	return hp_shim_list_find(list, use->cli->globals.ns, use->operands[0], ret, err);
}
