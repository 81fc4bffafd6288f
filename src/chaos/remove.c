/* SPDX-License-Identifier: Apache-2.0 */
/* remove.c - remove containers, running ones too. args: {"force": true, "links": false,
 * "volumes": true}. Links are Docker's names for one container inside another; removing them alone
 * is nothing that the other engines know, so the key is told in the log and changes nothing. */
#include "chaos/action.h"

static bool is_set(const struct hp_json *args, const char *key)
{
	return hp_json_bool(hp_json_get(args, key), false);
}

/* It is what was wanted when somebody else removed it first. */
static int remove_apply(struct hp_fault *f, struct hp_error *err)
{
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	if (hp_engine_remove(engine, f->container->id, is_set(f->args, "force"),
			     is_set(f->args, "volumes"), err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	return 0;
}

static void remove_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	static const char *const keys[] = {"force", "links", "volumes"};

	for (size_t i = 0; i < HP_ARRAY_LEN(keys); i++)
		hp_labels_add(ret_fields, keys[i], is_set(args, keys[i]) ? "true" : "false");
}

const struct hp_action hp_action_remove = {
	.name = "rm",
	.doing = "removing container",
	.flags = HP_ACTION_NEEDS_TARGET | HP_ACTION_STOPPED_TOO,
	.apply = remove_apply,
	.observe = hp_observe_state,
	.describe = remove_describe,
};
