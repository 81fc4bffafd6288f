/* SPDX-License-Identifier: Apache-2.0 */
/* vm_shims.c - finds the shims that the commands of `harpoon vm` ask. */
#include "cmd/vm_shims.h"

#include "cmd/own.h"
#include "vm/config.h"

int hp_vm_shims(const struct hp_use *use, struct hp_shim_list *ret, struct hp_error *err)
{
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};

	(void)use;
	if (hp_vm_config_load(&config, err) < 0)
		return -1;
	return hp_shim_list_read(config.run_dir, ret, err);
}

/* Shims know ids only; what a name stands for, the engine may tell. Returns: whether it has. */
static bool find_by_name(const struct hp_use *use, const struct hp_shim_list *list,
			 const struct hp_shim_found **ret)
{
	AUTO(hp_container_free) struct hp_container *c = NULL;
	struct hp_engine *engine;
	struct hp_error ignored = HP_ERROR_INIT;

	return hp_cli_engine(use->cli, &engine, &ignored) == 0 &&
	       hp_engine_inspect(engine, use->operands[0], &c, &ignored) == 0 &&
	       hp_shim_list_find(list, hp_engine_namespace(engine), c->id, ret, &ignored) == 0;
}

int hp_vm_shim(const struct hp_use *use, struct hp_shim_list *list,
	       const struct hp_shim_found **ret, struct hp_error *err)
{
	if (hp_vm_shims(use, list, err) < 0)
		return -1;
	if (hp_shim_list_find(list, use->cli->globals.ns, use->operands[0], ret, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND || !find_by_name(use, list, ret))
		return -1;
	hp_error_clear(err);
	return 0;
}
