/* SPDX-License-Identifier: Apache-2.0 */
/* vm_timings.c - harpoon vm timings: how long each phase of a start took. */
#include "cmd/vm.h"

#include <stdio.h>

#include "cmd/vm_shims.h"

#define NS_PER_MS 1e6

static int timings_run(const struct hp_use *use, struct hp_error *err)
{
	AUTO(hp_shim_list_clear) struct hp_shim_list list = {0};
	AUTO(hp_json_free) struct hp_json *info = NULL;
	const struct hp_shim_found *found;
	const struct hp_json *phases;

	if (hp_vm_shim(use, &list, &found, err) < 0 ||
	    hp_shim_ask_info(found->socket, &info, err) < 0)
		return -1;
	phases = hp_json_get(info, "phases");
	printf("%10s  %s\n", "MS", "PHASE");
	for (size_t i = 0; i < hp_json_count(phases); i++) {
		const struct hp_json *phase = hp_json_at(phases, i);

		printf("%10.2f  %s\n",
		       (double)hp_json_i64(hp_json_get(phase, "ns"), 0) / NS_PER_MS,
		       hp_json_get_str(phase, "name"));
	}
	return 0;
}

const struct hp_cmd hp_cmd_vm_timings = {
	.name = "vm timings",
	.summary = "show when each phase of a container's start was over",
	.operands = "CONTAINER",
	.about = "Milliseconds count from the moment when containerd executed the shim.",
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_MACHINE,
	.run = timings_run,
};
