/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - what became of a container, for actions whose effect is its state. */
#include "chaos/action.h"

int hp_observe_state(struct hp_fault *f, struct hp_labels *ret_effects, struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *now = NULL;
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	if (hp_engine_inspect(engine, f->container->id, &now, err) == 0) {
		hp_labels_add(ret_effects, "state", hp_state_name(now->state));
		return 0;
	}
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	hp_labels_add(ret_effects, "state", "gone");
	return 0;
}
