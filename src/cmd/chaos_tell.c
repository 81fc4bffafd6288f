/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_tell.c - turn events of a run into lines. From: Pumba 1.1, its log's messages. */
#include "cmd/chaos_tell.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/go.h"
#include "chaos/event.h"

static void add_target(struct hp_labels *fields, const struct hp_chaos_event *e)
{
	const struct hp_container *c = e->container;
	/* Docker's own names begin with a slash, and Pumba shows them so. */
	bool slash = hp_str_eq(c->engine, "docker") || hp_str_eq(c->engine, "podman");
	AUTO_FREE char *name = hp_sprintf("%s%s", slash ? "/" : "", c->name);

	hp_labels_add(fields, "id", c->id);
	hp_labels_add(fields, "name", name);
}

static void add_all(struct hp_labels *fields, const struct hp_labels *more)
{
	for (size_t i = 0; more && i < more->count; i++)
		hp_labels_add(fields, more->items[i].key, more->items[i].value);
}

static void log_run(const struct hp_chaos_log *log, const struct hp_chaos_event *e)
{
	AUTO(hp_labels_clear) struct hp_labels fields = {0};
	AUTO_FREE char *seed = hp_sprintf("%llu", (unsigned long long)e->plan->schedule.seed);

	hp_labels_add(&fields, "run", e->plan->run_id);
	hp_labels_add(&fields, "seed", seed);
	hp_labels_add(&fields, "action", e->plan->action->name);
	hp_chaos_log(log, HP_CHAOS_INFO, "chaos begins", &fields);
}

static void log_number(const struct hp_chaos_log *log, const char *msg, const char *key,
		       int64_t count)
{
	AUTO(hp_labels_clear) struct hp_labels fields = {0};
	AUTO_FREE char *number = hp_sprintf("%lld", (long long)count);

	hp_labels_add(&fields, key, number);
	hp_chaos_log(log, HP_CHAOS_DEBUG, msg, &fields);
}

/* A line about one container. */
static void log_target(const struct hp_chaos_log *log, enum hp_chaos_level level,
		       const char *msg, const struct hp_chaos_event *e)
{
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	add_target(&fields, e);
	add_all(&fields, e->fields);
	add_all(&fields, e->effects);
	if (e->what == HP_CHAOS_APPLYING || e->what == HP_CHAOS_PLANNED)
		hp_labels_add(&fields, "dryrun", e->plan->dry_run ? "true" : "false");
	if (e->fault_id && e->what != HP_CHAOS_PLANNED)
		hp_labels_add(&fields, "fault", e->fault_id);
	if (e->err && e->err->code != HP_OK)
		hp_labels_add(&fields, "error", e->err->msg);
	hp_chaos_log(log, level, msg, &fields);
}

static void log_error(const struct hp_chaos_log *log, const char *msg,
		      const struct hp_chaos_event *e)
{
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	hp_labels_add(&fields, "error", e->err->msg);
	hp_chaos_log(log, HP_CHAOS_WARNING, msg, &fields);
}

static void log_event(const struct hp_chaos_log *log, const struct hp_chaos_event *e)
{
	const struct hp_action *action = e->plan->action;

	switch (e->what) {
	case HP_CHAOS_BEGUN:
		log_run(log, e);
		break;
	case HP_CHAOS_ROUND:
		log_number(log, "round begins", "round", e->count);
		break;
	case HP_CHAOS_NONE:
		hp_chaos_log(log, HP_CHAOS_WARNING, "no containers found", NULL);
		break;
	case HP_CHAOS_APPLYING:
	case HP_CHAOS_PLANNED:
		log_target(log, HP_CHAOS_INFO, action->doing, e);
		break;
	case HP_CHAOS_APPLIED:
		if (e->output)
			log_target(log, HP_CHAOS_INFO, e->output, e);
		else
			log_target(log, HP_CHAOS_DEBUG, "done", e);
		break;
	case HP_CHAOS_UNDOING:
		log_target(log, HP_CHAOS_INFO, action->undoing, e);
		break;
	case HP_CHAOS_UNDONE:
		log_target(log, HP_CHAOS_DEBUG, "undone", e);
		break;
	case HP_CHAOS_FAILED:
		log_target(log, HP_CHAOS_ERROR, "container failed", e);
		break;
	case HP_CHAOS_SKIPPED:
		log_error(log, "skipping error", e);
		break;
	case HP_CHAOS_GUARD_DIED:
		log_target(log, HP_CHAOS_WARNING,
			   "a guard was killed, and its fault is undone without it", e);
		break;
	case HP_CHAOS_ENDED:
		log_number(log, "chaos ends", "failures", e->count);
		break;
	}
}

/* What a dry run would do to one container, for people. */
static void print_plan(const struct hp_chaos_event *e)
{
	AUTO_FREE char *held = hp_go_duration_text(e->plan->duration_ns);

	printf("plan: %s container %s (%s)%s%s\n", e->plan->action->name, e->container->name,
	       e->container->id, e->plan->duration_ns ? " for " : "",
	       e->plan->duration_ns ? held : "");
	for (size_t i = 0; e->apply && i < e->apply->count; i++)
		printf("  apply: %s\n", e->apply->items[i]);
	for (size_t i = 0; e->undo && i < e->undo->count; i++)
		printf("  revert: %s\n", e->undo->items[i]);
	fflush(stdout);
}

void hp_chaos_tell(void *arg, const struct hp_chaos_event *event)
{
	struct hp_chaos_telling *t = arg;
	bool posted = t->web && t->webhook[0];

	log_event(t->log, event);
	if (event->what == HP_CHAOS_PLANNED && !t->ndjson)
		print_plan(event);
	if (t->report)
		hp_report_event(t->report, event);
	if (!t->ndjson && !posted)
		return;

	AUTO(hp_json_free) struct hp_json *json = hp_chaos_event_to_json(event);
	AUTO_FREE char *line = hp_json_text(json, false);
	if (t->ndjson) {
		printf("%s\n", line);
		fflush(stdout);
	}
	if (posted)
		hp_chaos_web_post(t->web, t->webhook, line);
}
