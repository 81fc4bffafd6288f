/* SPDX-License-Identifier: Apache-2.0 */
/* event.c - owns the form of events for other programs. */
#include "chaos/event.h"

#include "base/clock.h"

#define SCHEMA "harpoon.chaos.v1"

const char *hp_chaos_word(enum hp_chaos_what what)
{
	static const char *const words[] = {
		[HP_CHAOS_BEGUN] = "begun",
		[HP_CHAOS_ROUND] = "round",
		[HP_CHAOS_NONE] = "none",
		[HP_CHAOS_APPLYING] = "applying",
		[HP_CHAOS_PLANNED] = "planned",
		[HP_CHAOS_APPLIED] = "applied",
		[HP_CHAOS_UNDOING] = "undoing",
		[HP_CHAOS_UNDONE] = "undone",
		[HP_CHAOS_FAILED] = "failed",
		[HP_CHAOS_SKIPPED] = "skipped",
		[HP_CHAOS_GUARD_DIED] = "guard-died",
		[HP_CHAOS_ENDED] = "ended",
	};

	return words[what];
}

static void set_labels(struct hp_json *o, const char *key, const struct hp_labels *labels)
{
	struct hp_json *pairs = NULL;

	if (!labels || !labels->count)
		return;
	pairs = hp_json_object();
	for (size_t i = 0; i < labels->count; i++)
		hp_json_set_str(pairs, labels->items[i].key, labels->items[i].value);
	hp_json_set(o, key, pairs);
}

static void set_lines(struct hp_json *o, const char *key, const struct hp_strv *lines)
{
	if (lines && lines->count)
		hp_json_set_strs(o, key, hp_strv_view(lines));
}

static void set_container(struct hp_json *o, const struct hp_container *c)
{
	struct hp_json *pairs = hp_json_object();

	hp_json_set_str(pairs, "id", c->id);
	hp_json_set_str(pairs, "name", c->name);
	if (c->ns[0])
		hp_json_set_str(pairs, "namespace", c->ns);
	hp_json_set_str(pairs, "engine", c->engine);
	hp_json_set(o, "container", pairs);
}

struct hp_json *hp_chaos_event_to_json(const struct hp_chaos_event *e)
{
	struct hp_json *o = hp_json_object();
	char time[HP_TIME_TEXT];

	hp_time_format(e->time_ns, time);
	hp_json_set_str(o, "schema", SCHEMA);
	hp_json_set_str(o, "run", e->plan->run_id);
	hp_json_set_str(o, "time", time);
	hp_json_set_str(o, "event", hp_chaos_word(e->what));
	hp_json_set_str(o, "action", e->plan->action->name);
	if (e->container)
		set_container(o, e->container);
	if (e->fault_id)
		hp_json_set_str(o, "fault", e->fault_id);
	set_labels(o, "fields", e->fields);
	set_labels(o, "effects", e->effects);
	set_lines(o, "apply", e->apply);
	set_lines(o, "undo", e->undo);
	if (e->output)
		hp_json_set_str(o, "output", e->output);
	if (e->err) {
		struct hp_json *error = hp_json_object();
		hp_json_set_str(error, "code", hp_code_name(e->err->code));
		hp_json_set_str(error, "message", e->err->msg);
		hp_json_set(o, "error", error);
	}
	if (e->what == HP_CHAOS_BEGUN) {
		hp_json_set_u64(o, "seed", e->plan->schedule.seed);
		hp_json_set_bool(o, "dry_run", e->plan->dry_run);
	}
	if (e->what == HP_CHAOS_ROUND || e->what == HP_CHAOS_ENDED)
		hp_json_set_i64(o, "count", e->count);
	return o;
}
