/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_cmd.c - harpoon chaos as a command of this program, and the program called as pumba. */
#include "cmd/chaos.h"
#include "cmd/commands.h"
#include "cmd/pumba_help.h"

static int chaos_run(const struct hp_use *use, struct hp_error *err)
{
	(void)err;
	return hp_chaos_main(use->cli, "harpoon chaos", use->operands);
}

const struct hp_cmd hp_cmd_chaos = {
	.name = "chaos",
	.summary = "break containers on purpose, and put them back",
	.operands = "COMMAND...",
	.flags = HP_CMD_RAW,
	.man = hp_pumba_man,
	.run = chaos_run,
};
