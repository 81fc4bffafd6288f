/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_netem.c - chaos netem: says that it is not there, whatever words follow. */
#include "cmd/chaos.h"

static int netem_run(const struct hp_chaos_use *use, struct hp_error *err)
{
	(void)use;
	return hp_fail(err, HP_EUNSUPPORTED,
		       "netem: network emulation is not in this version; iptables loss drops "
		       "packets");
}

const struct hp_chaos_cmd hp_chaos_cmd_netem = {
	.name = "netem",
	.usage = "emulate networks; not in this version",
	.run = netem_run,
};
