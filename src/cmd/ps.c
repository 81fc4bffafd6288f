/* SPDX-License-Identifier: Apache-2.0 */
/* ps.c - harpoon ps: which containers there are. */
#include "cmd/commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/proc.h"
#include "cmd/cli.h"
#include "cmd/filter.h"
#include "cmd/out.h"
#include "cmd/own.h"
#include "cmd/words.h"
#include "image/reference.h"

struct ps_args {
	bool all;
	bool quiet;
	bool no_trunc;
	bool latest;
	int64_t last;
	struct hp_strv filters;
	const char *format;
};

/* clang-format off: one row an option */
static const struct hp_opt ps_opts[] = {
	HP_OPT_FLAG('a', "all", struct ps_args, all, "those that do not run too"),
	HP_OPT_LIST('f', "filter", struct ps_args, filters, "KEY=VALUE",
		    "only those of this status, name, label, id, ancestor or exited"),
	HP_OPT_STR(
		0, "format", struct ps_args, format, "FORMAT",
		"table, json (one object a line) or a template such as '{{.ID}} {{.Names}}'"),
	HP_OPT_INT('n', "last", struct ps_args, last, "the N newest, whether they run or not",
		   0, INT_MAX, 0),
	HP_OPT_FLAG('l', "latest", struct ps_args, latest,
		    "the newest, whether it runs or not"),
	HP_OPT_FLAG(0, "no-trunc", struct ps_args, no_trunc, "whole ids and commands"),
	HP_OPT_FLAG('q', "quiet", struct ps_args, quiet, "ids alone"),
	HP_OPT_END,
};
/* clang-format on */

static bool fits_status(const void *item, const char *value)
{
	const struct hp_container *c = item;
	/* Docker says exited for what other engines call stopped. */
	return hp_str_eq(hp_state_name(c->state), value) ||
	       (c->state == HP_STATE_STOPPED && hp_str_eq(value, "exited"));
}

/* A word that no container's status can be would list nothing, and seem to work. */
static int check_status(const struct hp_strv *filters, struct hp_error *err)
{
	static const char key[] = "status=";
	AUTO(hp_strv_free) struct hp_strv words = {0};

#define ADD_WORD(name, word) hp_strv_add(&words, word);
	HP_STATES(ADD_WORD)
#undef ADD_WORD
	for (size_t i = 0; i < filters->count; i++) {
		const char *filter = filters->items[i];
		if (!hp_str_starts(filter, key) || hp_strv_has(&words, filter + strlen(key)))
			continue;
		AUTO_FREE char *list = hp_strv_join(hp_strv_view(&words), "|");
		return hp_fail(err, HP_EUSAGE, "--filter '%s': a status is one of %s", filter,
			       list);
	}
	return 0;
}

static bool fits_name(const void *item, const char *value)
{
	return strstr(((const struct hp_container *)item)->name, value) != NULL;
}

static bool fits_id(const void *item, const char *value)
{
	return hp_str_starts(((const struct hp_container *)item)->id, value);
}

static bool fits_exit(const void *item, const char *value)
{
	const struct hp_container *c = item;
	AUTO_FREE char *code = hp_sprintf("%d", c->exit_code);
	return c->state == HP_STATE_EXITED && hp_str_eq(code, value);
}

static bool fits_image(const void *item, const char *value)
{
	const struct hp_container *c = item;
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *full = NULL;

	if (hp_str_eq(c->image, value) || hp_str_eq(c->image_id, value))
		return true;
	return hp_reference_expand(value, &full, &ignored) == 0 && hp_str_eq(c->image, full);
}

static bool chosen(const struct ps_args *args, const struct hp_container *c)
{
	const struct hp_strv *f = &args->filters;
	bool state_asked = args->all || args->latest || args->last > 0;

	for (size_t i = 0; i < f->count; i++)
		state_asked = state_asked || hp_str_starts(f->items[i], "status=") ||
			      hp_str_starts(f->items[i], "exited=");
	if (!state_asked && c->state != HP_STATE_RUNNING && c->state != HP_STATE_PAUSED &&
	    c->state != HP_STATE_RESTARTING)
		return false;
	return hp_filter_any(f, "status", fits_status, c) &&
	       hp_filter_any(f, "name", fits_name, c) && hp_filter_any(f, "id", fits_id, c) &&
	       hp_filter_any(f, "exited", fits_exit, c) &&
	       hp_filter_any(f, "ancestor", fits_image, c) && hp_filter_labels(f, &c->labels);
}

/* Docker's words: "Up 3 minutes (Paused)", "Exited (0) 2 hours ago". Owns: the caller. */
static char *status_of(const struct hp_container *c, int64_t now)
{
	int64_t started = hp_proc_start_ns(c->pid);
	AUTO_FREE char *since =
		hp_time_ago(started > c->created_ns ? started : c->created_ns, now);
	AUTO_FREE char *ended = hp_time_ago(c->finished_ns, now);

	since[hp_str_ends(since, " ago") ? strlen(since) - 4 : strlen(since)] = '\0';
	if (c->state == HP_STATE_RUNNING || c->state == HP_STATE_PAUSED)
		return hp_sprintf("Up %s%s", since,
				  c->state == HP_STATE_PAUSED ? " (Paused)" : "");
	if (c->state == HP_STATE_EXITED)
		return hp_sprintf("Exited (%d)%s%s", c->exit_code, c->finished_ns ? " " : "",
				  c->finished_ns ? ended : "");
	char *word = hp_strdup(hp_state_name(c->state));
	word[0] = (char)(word[0] - 'a' + 'A');
	return word;
}

static struct hp_json *row_of(const struct ps_args *args, const struct hp_container *c,
			      int64_t now)
{
	struct hp_json *row = hp_json_object();
	AUTO_FREE char *id = args->no_trunc ? hp_strdup(c->id) : hp_out_short_id(c->id);
	/* Without a name of its own it is called by its id. */
	AUTO_FREE char *name = args->no_trunc ? hp_strdup(c->name) : hp_out_short_id(c->name);
	AUTO_FREE char *image = hp_reference_short(c->image);
	AUTO_FREE char *quoted = hp_sprintf("\"%s\"", c->command);
	AUTO_FREE char *command = args->no_trunc ? hp_strdup(quoted) : hp_out_cut(quoted, 20);
	AUTO_FREE char *ago = hp_time_ago(c->created_ns, now);
	AUTO_FREE char *status = status_of(c, now);
	AUTO_FREE char *labels = hp_words_labels(&c->labels);
	char created[HP_TIME_TEXT];

	hp_time_format(c->created_ns, created);
	hp_json_set_str(row, "ID", id);
	hp_json_set_str(row, "Names", name);
	hp_json_set_str(row, "Image", image);
	hp_json_set_str(row, "ImageID", c->image_id);
	hp_json_set_str(row, "Command", command);
	hp_json_set_str(row, "CreatedAt", created);
	hp_json_set_str(row, "RunningFor", ago);
	hp_json_set_str(row, "State", hp_state_name(c->state));
	hp_json_set_str(row, "Status", status);
	hp_json_set_i64(row, "ExitCode", c->exit_code);
	hp_json_set_i64(row, "Pid", c->pid);
	hp_json_set_str(row, "Labels", labels);
	hp_json_set_str(row, "Runtime", c->runtime);
	hp_json_set_str(row, "Networks", c->network_mode);
	hp_json_set_str(row, "Namespace", c->ns);
	hp_json_set_str(row, "Engine", c->engine);
	return row;
}

static int ps_run(const struct hp_use *use, struct hp_error *err)
{
	static const struct hp_column columns[] = {
		{"CONTAINER ID", "ID"},
		{"IMAGE", "Image"},
		{"COMMAND", "Command"},
		{"CREATED", "RunningFor"},
		{"STATUS", "Status"},
		{"NAMES", "Names"},
		{0},
	};
	const struct ps_args *args = use->args;
	struct hp_engine *engine = NULL;
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	int64_t now = hp_clock_unix_ns();
	size_t most = args->latest ? 1 : args->last ? (size_t)args->last : SIZE_MAX;

	if (hp_filter_check(&args->filters, "status|name|label|id|ancestor|exited", err) < 0 ||
	    check_status(&args->filters, err) < 0 ||
	    hp_cli_engine(use->cli, &engine, err) < 0 || hp_engine_list(engine, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count && hp_json_count(rows) < most; i++)
		if (chosen(args, list->items[i]))
			hp_json_add(rows, row_of(args, list->items[i], now));
	if (!args->quiet)
		return hp_out_rows(stdout, rows, columns, args->format, err);
	hp_out_column(stdout, rows, "ID");
	return 0;
}

const struct hp_cmd hp_cmd_ps = {
	.name = "ps",
	.summary = "list containers",
	.opts = ps_opts,
	.args_size = sizeof(struct ps_args),
	.run = ps_run,
};
