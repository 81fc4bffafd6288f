/* SPDX-License-Identifier: Apache-2.0 */
/* info.c - harpoon info: the state of the engine. */
#include "cmd/commands.h"

#include <string.h>

#include "base/alloc.h"
#include "cmd/cli.h"
#include "cmd/out.h"
#include "cmd/own.h"

struct info_args {
	const char *format;
};

/* clang-format off: one row an option */
static const struct hp_opt info_opts[] = {
	HP_OPT_STR('f', "format", struct info_args, format, "FORMAT",
		   "json or a template such as '{{.containers}}'"),
	HP_OPT_END,
};
/* clang-format on */

static int info_run(const struct hp_use *use, struct hp_error *err)
{
	const struct info_args *args = use->args;
	AUTO(hp_labels_clear) struct hp_labels info = {0};
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	struct hp_engine *engine = NULL;
	size_t widest = 0;

	if (hp_cli_engine(use->cli, &engine, err) < 0 || hp_engine_info(engine, &info, err) < 0)
		return -1;
	struct hp_json *row = hp_json_object();
	for (size_t i = 0; i < info.count; i++) {
		size_t len = strlen(info.items[i].key);
		widest = len > widest ? len : widest;
		hp_json_set_str(row, info.items[i].key, info.items[i].value);
	}
	hp_json_add(rows, row);
	if (args->format && !hp_str_eq(args->format, "table"))
		return hp_out_rows(stdout, rows, NULL, args->format, err);
	for (size_t i = 0; i < info.count; i++)
		printf("%s:%*s%s\n", info.items[i].key,
		       (int)(widest - strlen(info.items[i].key) + 1), "", info.items[i].value);
	return 0;
}

const struct hp_cmd hp_cmd_info = {
	.name = "info",
	.summary = "print the state of the engine",
	.opts = info_opts,
	.args_size = sizeof(struct info_args),
	.run = info_run,
};
