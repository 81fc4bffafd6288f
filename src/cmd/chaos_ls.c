/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_ls.c - chaos ls and status: what is held on this host. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/journal.h"
#include "cmd/chaos.h"
#include "cmd/out.h"

struct plain_args {
	struct hp_pflags_base base;
	bool check;
};

/* clang-format off: one row a flag */
static const struct hp_pflag ls_flags[] = {
	HP_PFLAG_HELP(struct plain_args),
	{.type = HP_PFLAG_END},
};

static const struct hp_pflag status_flags[] = {
	{HP_PFLAG_BOOL, "check", NULL, NULL,
	 "fail when something was left behind, or the engine does not answer",
	 offsetof(struct plain_args, check)},
	HP_PFLAG_HELP(struct plain_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

static int read_journal(const struct hp_chaos *c, struct hp_journal_list *ret,
			struct hp_error *err)
{
	AUTO_FREE char *dir = hp_journal_dir(c->cli->globals.state_root);

	return hp_journal_read(dir, ret, err);
}

static struct hp_json *row_of(const struct hp_journal_item *item)
{
	const struct hp_fault *f = item->fault;
	struct hp_json *row = hp_json_object();
	char since[HP_TIME_TEXT];

	hp_json_set_str(row, "State", item->held ? "held" : "left behind");
	if (!f) {
		hp_json_set_str(row, "Fault", item->path);
		hp_json_set_str(row, "Error", item->why.msg);
		return row;
	}
	hp_time_format(f->began_ns, since);
	AUTO_FREE char *ago = hp_time_ago(f->began_ns, hp_clock_unix_ns());
	AUTO_FREE char *id = hp_out_short_id(f->container->id);
	hp_json_set_str(row, "Fault", f->id);
	hp_json_set_str(row, "Action", f->action->name);
	hp_json_set_str(row, "Container", f->container->name);
	hp_json_set_str(row, "ContainerID", f->container->id);
	hp_json_set_str(row, "ID", id);
	hp_json_set_str(row, "Engine", f->container->engine);
	hp_json_set_str(row, "Since", since);
	hp_json_set_str(row, "Ago", ago);
	hp_json_set_i64(row, "Guard", f->guard);
	hp_json_set(row, "Args", hp_json_copy(f->args));
	return row;
}

static int ls_run(const struct hp_chaos_use *use, struct hp_error *err)
{
	static const struct hp_column columns[] = {
		{"FAULT", "Fault"}, {"ACTION", "Action"}, {"CONTAINER", "Container"},
		{"ID", "ID"},       {"ENGINE", "Engine"}, {"SINCE", "Ago"},
		{"STATE", "State"}, {NULL, NULL},
	};
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	bool ndjson = hp_str_eq(use->chaos->globals.output, "ndjson");

	if (read_journal(use->chaos, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		hp_json_add(rows, row_of(&list.items[i]));
	return hp_out_rows(stdout, rows, columns, ndjson ? "json" : NULL, err);
}

const struct hp_chaos_cmd hp_chaos_cmd_ls = {
	.name = "ls",
	.usage = "list what is held on this host at the moment",
	.operands = "",
	.flags = ls_flags,
	.args_size = sizeof(struct plain_args),
	.run = ls_run,
};

static int check_engine(struct hp_chaos *c, struct hp_json *row, struct hp_error *err)
{
	AUTO(hp_engine_free) struct hp_engine *engine = NULL;
	AUTO(hp_version_clear) struct hp_version version = {0};
	struct hp_client_config config;

	if (hp_chaos_engine(c, &engine, &config, err) < 0 ||
	    hp_engine_version(engine, &version, err) < 0)
		return -1;
	hp_json_set_str(row, "Engine", hp_engine_name(engine));
	hp_json_set_str(row, "Address", hp_engine_address(engine));
	hp_json_set_str(row, "Version", version.version);
	return 0;
}

static void print_status(const struct hp_chaos *c, const struct hp_json *row)
{
	AUTO_FREE char *text = hp_json_text(row, false);

	if (hp_str_eq(c->globals.output, "ndjson")) {
		printf("%s\n", text);
		return;
	}
	printf("held: %lld\nleft behind: %lld\n",
	       (long long)hp_json_i64(hp_json_get(row, "Held"), 0),
	       (long long)hp_json_i64(hp_json_get(row, "LeftBehind"), 0));
	if (hp_json_get_str(row, "Engine"))
		printf("engine: %s %s at %s\n", hp_json_get_str(row, "Engine"),
		       hp_json_get_str(row, "Version"), hp_json_get_str(row, "Address"));
}

static int status_run(const struct hp_chaos_use *use, struct hp_error *err)
{
	const struct plain_args *args = use->args;
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
	AUTO(hp_json_free) struct hp_json *row = hp_json_object();
	int64_t held = 0;
	int64_t left;

	if (read_journal(use->chaos, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		held += list.items[i].held;
	left = (int64_t)list.count - held;
	hp_json_set_i64(row, "Held", held);
	hp_json_set_i64(row, "LeftBehind", left);
	int rc = args->check ? check_engine(use->chaos, row, err) : 0;
	print_status(use->chaos, row);
	if (rc < 0)
		return hp_wrap(err, "status check failed");
	if (args->check && left > 0)
		return hp_fail(err, HP_ESTATE,
			       "status check failed: %lld faults were left behind; 'recover' "
			       "undoes them",
			       (long long)left);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_status = {
	.name = "status",
	.usage = "tell how much is held, and whether all is well",
	.operands = "",
	.flags = status_flags,
	.args_size = sizeof(struct plain_args),
	.run = status_run,
};
