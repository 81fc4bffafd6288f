/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - harpoon stats: what containers use. */
#include "cmd/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/cli.h"
#include "cmd/out.h"
#include "cmd/own.h"

enum { INTERVAL_MS = 1000 };

struct stats_args {
	bool all;
	bool no_stream;
	bool no_trunc;
	const char *format;
};

/* clang-format off: one row an option */
static const struct hp_opt stats_opts[] = {
	HP_OPT_FLAG('a', "all", struct stats_args, all, "those that do not run too"),
	HP_OPT_STR(0, "format", struct stats_args, format, "FORMAT",
		   "table, json (one object a line) or a template"),
	HP_OPT_FLAG(0, "no-stream", struct stats_args, no_stream, "once, not each second"),
	HP_OPT_FLAG(0, "no-trunc", struct stats_args, no_trunc, "whole ids"),
	HP_OPT_END,
};
/* clang-format on */

/* One container and its last two readings. */
struct subject {
	char *id;
	char *name;
	struct hp_stats before;
	struct hp_stats now;
	bool known;
};

struct subjects {
	struct subject *items;
	size_t count;
};

static void subjects_clear(struct subjects *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].id);
		free(s->items[i].name);
	}
	free(s->items);
	*s = (struct subjects){0};
}
HP_AUTO_VALUE(struct subjects, subjects_clear);

static void add(struct subjects *s, const struct hp_container *c)
{
	s->items = hp_realloc_array(s->items, s->count + 1, sizeof(*s->items));
	s->items[s->count++] =
		(struct subject){.id = hp_strdup(c->id), .name = hp_strdup(c->name)};
}

static int choose(const struct hp_use *use, struct hp_engine *engine, struct subjects *s,
		  struct hp_error *err)
{
	const struct stats_args *args = use->args;
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;

	for (size_t i = 0; i < use->n_operands; i++) {
		AUTO(hp_container_free) struct hp_container *c = NULL;
		if (hp_engine_inspect(engine, use->operands[i], &c, err) < 0)
			return -1;
		add(s, c);
	}
	if (use->n_operands > 0)
		return 0;
	if (hp_engine_list(engine, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (args->all || list->items[i]->state == HP_STATE_RUNNING ||
		    list->items[i]->state == HP_STATE_PAUSED)
			add(s, list->items[i]);
	return 0;
}

/* Readings of containers that have ended or gone are empty, and no failure. */
static int read_all(struct hp_engine *engine, struct subjects *s, struct hp_error *err)
{
	for (size_t i = 0; i < s->count; i++) {
		struct subject *one = &s->items[i];
		one->before = one->now;
		one->now = (struct hp_stats){0};
		one->known = hp_engine_stats(engine, one->id, &one->now, err) == 0;
		if (one->known)
			continue;
		if (err->code != HP_ESTATE && err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
	}
	return 0;
}

static double cpu_percent(const struct subject *s)
{
	int64_t wall = s->now.time_ns - s->before.time_ns;

	if (s->before.time_ns == 0 || wall <= 0 || s->now.cpu_ns < s->before.cpu_ns)
		return 0;
	return 100.0 * (double)(s->now.cpu_ns - s->before.cpu_ns) / (double)wall;
}

static void set_pair(struct hp_json *row, const char *key, uint64_t in, uint64_t out)
{
	AUTO_FREE char *a = hp_out_size((int64_t)in);
	AUTO_FREE char *b = hp_out_size((int64_t)out);
	AUTO_FREE char *text = hp_sprintf("%s / %s", a, b);

	hp_json_set_str(row, key, text);
}

static void set_memory(struct hp_json *row, const struct hp_stats *now)
{
	uint64_t limit = now->memory_limit_bytes;
	AUTO_FREE char *used = hp_out_memory(now->memory_bytes);
	AUTO_FREE char *most = limit ? hp_out_memory(limit) : hp_strdup("unlimited");
	AUTO_FREE char *usage = hp_sprintf("%s / %s", used, most);
	AUTO_FREE char *percent = hp_sprintf(
		"%.2f%%", limit ? 100.0 * (double)now->memory_bytes / (double)limit : 0.0);

	hp_json_set_str(row, "MemUsage", usage);
	hp_json_set_str(row, "MemPerc", percent);
	hp_json_set_u64(row, "MemBytes", now->memory_bytes);
	hp_json_set_u64(row, "MemLimitBytes", limit);
}

static struct hp_json *row_of(const struct subject *s, bool no_trunc)
{
	struct hp_json *row = hp_json_object();
	AUTO_FREE char *id = no_trunc ? hp_strdup(s->id) : hp_out_short_id(s->id);
	AUTO_FREE char *name = no_trunc ? hp_strdup(s->name) : hp_out_short_id(s->name);
	AUTO_FREE char *cpu = hp_sprintf("%.2f%%", cpu_percent(s));
	AUTO_FREE char *pids = hp_sprintf("%" PRIu64, s->now.pids);

	hp_json_set_str(row, "ID", id);
	hp_json_set_str(row, "Container", id);
	hp_json_set_str(row, "Name", name);
	hp_json_set_str(row, "CPUPerc", s->known ? cpu : "--");
	hp_json_set_u64(row, "CPUNs", s->now.cpu_ns);
	set_memory(row, &s->now);
	set_pair(row, "NetIO", s->now.net_rx_bytes, s->now.net_tx_bytes);
	set_pair(row, "BlockIO", s->now.block_read_bytes, s->now.block_write_bytes);
	hp_json_set_str(row, "PIDs", s->known ? pids : "--");
	hp_json_set_u64(row, "PidsLimit", s->now.pids_limit);
	hp_json_set_u64(row, "OOMKills", s->now.oom_kills);
	return row;
}

static int print(const struct stats_args *args, const struct subjects *s, struct hp_error *err)
{
	static const struct hp_column columns[] = {
		{"CONTAINER ID", "ID"},
		{"NAME", "Name"},
		{"CPU %", "CPUPerc"},
		{"MEM USAGE / LIMIT", "MemUsage"},
		{"MEM %", "MemPerc"},
		{"NET I/O", "NetIO"},
		{"BLOCK I/O", "BlockIO"},
		{"PIDS", "PIDs"},
		{0},
	};
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();

	for (size_t i = 0; i < s->count; i++)
		hp_json_add(rows, row_of(&s->items[i], args->no_trunc));
	/* From: ECMA-48, CUP and ED: home, and clear all below. */
	if (!args->no_stream && !args->format && isatty(STDOUT_FILENO))
		printf("\033[H\033[J");
	return hp_out_rows(stdout, rows, columns, args->format, err);
}

/* Without names, containers come and go while we look; their last readings stay with them. */
static int choose_again(const struct hp_use *use, struct hp_engine *engine, struct subjects *s,
			struct hp_error *err)
{
	struct subjects now = {0};

	if (use->n_operands > 0)
		return 0;
	int rc = choose(use, engine, &now, err);
	for (size_t i = 0; i < now.count; i++)
		for (size_t j = 0; j < s->count; j++)
			if (hp_str_eq(now.items[i].id, s->items[j].id))
				now.items[i].now = s->items[j].now;
	subjects_clear(s);
	*s = now;
	return rc;
}

static int stats_run(const struct hp_use *use, struct hp_error *err)
{
	const struct stats_args *args = use->args;
	AUTO(subjects_clear) struct subjects subjects = {0};
	struct hp_engine *engine = NULL;
	int flushed;

	if (hp_cli_engine(use->cli, &engine, err) < 0 ||
	    choose(use, engine, &subjects, err) < 0 || read_all(engine, &subjects, err) < 0)
		return -1;
	/* The use of CPUs shows between two readings only. */
	do {
		hp_clock_sleep_ms(subjects.count || !args->no_stream ? INTERVAL_MS : 0);
		if (!args->no_stream && choose_again(use, engine, &subjects, err) < 0)
			return -1;
		if (read_all(engine, &subjects, err) < 0 || print(args, &subjects, err) < 0)
			return -1;
		flushed = hp_out_flush(true, err);
	} while (flushed > 0 && !args->no_stream);
	return flushed < 0 ? -1 : 0;
}

const struct hp_cmd hp_cmd_stats = {
	.name = "stats",
	.summary = "show what containers use",
	.operands = "[CONTAINER...]",
	.opts = stats_opts,
	.args_size = sizeof(struct stats_args),
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = stats_run,
};
