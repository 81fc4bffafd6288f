/* SPDX-License-Identifier: Apache-2.0 */
/* vm_ls.c - harpoon vm ls: the containers that run in machines of their own. */
#include "cmd/vm.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/out.h"
#include "cmd/vm_shims.h"

struct ls_args {
	const char *format;
};

/* clang-format off: one row an option */
static const struct hp_opt ls_opts[] = {
	HP_OPT_STR(0, "format", struct ls_args, format, "FORMAT",
		   "table, json (one object a line) or a template such as '{{.ID}}'"),
	HP_OPT_END,
};
/* clang-format on */

static const struct hp_column columns[] = {
	{"NAMESPACE", "Namespace"},
	{"CONTAINER", "ID"},
	{"STATUS", "Status"},
	{"START", "Origin"},
	{"BY", "Accel"},
	{"KERNEL", "Kernel"},
	{"MEMORY", "Memory"},
	{"CPUS", "CPUs"},
	{"SHIM", "ShimPid"},
	{"VMM", "VmmPid"},
	{0},
};

static struct hp_json *row_of(const struct hp_shim_found *f)
{
	struct hp_json *row = hp_json_object();
	AUTO(hp_json_free) struct hp_json *info = NULL;
	struct hp_error err = HP_ERROR_INIT;

	hp_json_set_str(row, "Namespace", f->ns);
	hp_json_set_str(row, "ID", f->id);
	/* A shim that does not answer is there all the same. */
	if (hp_shim_ask_info(f->socket, &info, &err) < 0) {
		hp_json_set_str(row, "Status", "unknown");
		hp_json_set_str(row, "Trouble", err.msg);
	} else {
		hp_json_set_str(row, "Status", hp_json_get_str(info, "status"));
		hp_json_set_str(row, "Trouble", hp_json_get_str(info, "trouble"));
	}

	AUTO_FREE char *memory = hp_out_memory(hp_json_u64(hp_json_get(info, "memory"), 0));
	hp_json_set_str(row, "Origin", hp_json_get_str(info, "origin"));
	hp_json_set_str(row, "Accel", hp_json_get_str(info, "accel"));
	hp_json_set_str(row, "Kernel", hp_json_get_str(info, "kernel"));
	hp_json_set_str(row, "Memory", memory);
	hp_json_set_u64(row, "CPUs", hp_json_u64(hp_json_get(info, "cpus"), 0));
	hp_json_set_u64(row, "ShimPid", hp_json_u64(hp_json_get(info, "shimPid"), 0));
	hp_json_set_u64(row, "VmmPid", hp_json_u64(hp_json_get(info, "vmmPid"), 0));
	return row;
}

static int ls_run(const struct hp_use *use, struct hp_error *err)
{
	const struct ls_args *args = use->args;
	AUTO(hp_shim_list_clear) struct hp_shim_list list = {0};
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	const char *ns = use->cli->globals.ns;

	if (hp_vm_shims(use, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (!ns || hp_str_eq(ns, list.items[i].ns))
			hp_json_add(rows, row_of(&list.items[i]));
	return hp_out_rows(stdout, rows, columns, args->format, err);
}

const struct hp_cmd hp_cmd_vm_ls = {
	.name = "vm ls",
	.summary = "list containers that run in machines of their own",
	.about =
		"Those of all namespaces, unless --namespace names one. START is how the machine "
		"came to be: cold when it booted, clone when it is one of a template, warm when "
		"that stood ready. BY is kvm or tcg. A shim that does not answer has the status "
		"unknown.",
	.opts = ls_opts,
	.args_size = sizeof(struct ls_args),
	.run = ls_run,
};
