/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - harpoon events: what happens to containers and images. */
#include "cmd/commands.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/cli.h"
#include "cmd/filter.h"
#include "cmd/out.h"
#include "cmd/own.h"
#include "cmd/words.h"

struct events_args {
	struct hp_strv filters;
	const char *format;
	int64_t for_ms;
};

/* clang-format off: one row an option */
static const struct hp_opt events_opts[] = {
	HP_OPT_LIST('f', "filter", struct events_args, filters, "KEY=VALUE",
		    "only those of this type, event, container, image or label"),
	HP_OPT_MS(0, "for", struct events_args, for_ms, "TIME", "end after this long", 0),
	HP_OPT_STR(0, "format", struct events_args, format, "FORMAT",
		   "json (one object a line) or a template such as '{{.Action}}'"),
	HP_OPT_END,
};
/* clang-format on */

static bool fits_type(const void *item, const char *value)
{
	return hp_str_eq(((const struct hp_event *)item)->type, value);
}

static bool fits_action(const void *item, const char *value)
{
	return hp_str_eq(((const struct hp_event *)item)->action, value);
}

static bool fits_container(const void *item, const char *value)
{
	const struct hp_event *e = item;
	return hp_str_eq(e->type, "container") &&
	       (hp_str_starts(e->id, value) ||
		hp_str_eq(hp_labels_get(&e->attributes, "name"), value));
}

static bool fits_image(const void *item, const char *value)
{
	const struct hp_event *e = item;
	return hp_str_eq(hp_labels_get(&e->attributes, "image"), value) ||
	       (hp_str_eq(e->type, "image") && hp_str_eq(e->id, value));
}

static bool chosen(const struct hp_strv *f, const struct hp_event *e)
{
	return hp_filter_any(f, "type", fits_type, e) &&
	       hp_filter_any(f, "event", fits_action, e) &&
	       hp_filter_any(f, "container", fits_container, e) &&
	       hp_filter_any(f, "image", fits_image, e) && hp_filter_labels(f, &e->attributes);
}

static struct hp_json *row_of(const struct hp_event *e)
{
	struct hp_json *row = hp_json_object();
	struct hp_json *actor = hp_json_object();
	struct hp_json *attributes = hp_json_object();

	for (size_t i = 0; i < e->attributes.count; i++)
		hp_json_set_str(attributes, e->attributes.items[i].key,
				e->attributes.items[i].value);
	hp_json_set_str(actor, "ID", e->id);
	hp_json_set(actor, "Attributes", attributes);
	hp_json_set_str(row, "Type", e->type);
	hp_json_set_str(row, "Action", e->action);
	hp_json_set_str(row, "Status", e->action); /* docker's older word for it */
	hp_json_set_str(row, "ID", e->id);
	hp_json_set(row, "Actor", actor);
	hp_json_set_str(row, "Topic", e->topic);
	hp_json_set_str(row, "Namespace", e->ns);
	hp_json_set_i64(row, "time", e->time_ns / 1000000000);
	hp_json_set_i64(row, "timeNano", e->time_ns);
	return row;
}

static int print(const struct events_args *args, const struct hp_event *e, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	char when[HP_TIME_TEXT];

	if (args->format && !hp_str_eq(args->format, "table")) {
		hp_json_add(rows, row_of(e));
		return hp_out_rows(stdout, rows, NULL, args->format, err);
	}
	AUTO_FREE char *attributes = hp_words_labels(&e->attributes);
	hp_time_format(e->time_ns, when);
	printf("%s %s %s %s", when, e->type, e->action, e->id);
	printf("%s%s%s\n", attributes[0] ? " (" : "", attributes, attributes[0] ? ")" : "");
	return 0;
}

/* Returns: 0 at the end, -1. */
static int follow(struct hp_events *events, const struct events_args *args,
		  struct hp_error *err)
{
	int64_t until = args->for_ms ? hp_deadline_in(args->for_ms) : 0;

	for (;;) {
		AUTO(hp_event_clear) struct hp_event event = {0};
		int rc = hp_events_next(events, &event, err);
		if (rc == HP_NEXT_ITEM && chosen(&args->filters, &event) &&
		    print(args, &event, err) < 0)
			return -1;
		if (rc == HP_NEXT_ITEM)
			continue;
		if (rc != HP_NEXT_WAIT)
			return rc;
		int flushed = hp_out_flush(true, err);
		if (flushed <= 0)
			return flushed;
		rc = hp_fd_poll(hp_events_fd(events), POLLIN, hp_deadline_left_ms(until), err);
		if (rc < 0 || (rc == 0 && hp_deadline_left_ms(until) == 0))
			return rc;
	}
}

static int events_run(const struct hp_use *use, struct hp_error *err)
{
	const struct events_args *args = use->args;
	AUTO(hp_events_free) struct hp_events *events = NULL;
	struct hp_engine *engine = NULL;

	if (hp_filter_check(&args->filters, "type|event|container|image|label", err) < 0 ||
	    hp_cli_engine(use->cli, &engine, err) < 0 ||
	    hp_engine_events(engine, &events, err) < 0)
		return -1;
	return follow(events, args, err);
}

const struct hp_cmd hp_cmd_events = {
	.name = "events",
	.summary = "print what happens to containers and images, from now on",
	.opts = events_opts,
	.args_size = sizeof(struct events_args),
	.run = events_run,
};
