/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - takes down what a run tells. */
#include "chaos/report.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fd.h"
#include "chaos/event.h"

/* A run that goes on for weeks ends with what came first and the number of what did not fit. */
#define ITEMS_MAX 100000
#define FILE_MAX  (256u << 20)

struct hp_report *hp_report_new(void)
{
	struct hp_report *r = hp_alloc(sizeof(*r));

	r->run = hp_strdup("");
	r->action = hp_strdup("");
	return r;
}

void hp_report_free(struct hp_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		free(r->items[i].container);
		free(r->items[i].fault);
		free(r->items[i].details);
		hp_json_free(r->items[i].json);
	}
	free(r->items);
	free(r->run);
	free(r->action);
	free(r);
}

static void add_pairs(struct hp_strv *words, const struct hp_labels *pairs)
{
	for (size_t i = 0; pairs && i < pairs->count; i++)
		hp_strv_addf(words, "%s=%s", pairs->items[i].key, pairs->items[i].value);
}

static char *details_of(const struct hp_chaos_event *e)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	add_pairs(&words, e->fields);
	add_pairs(&words, e->effects);
	if (e->output)
		hp_strv_add(&words, e->output);
	if (e->err)
		hp_strv_add(&words, e->err->msg);
	return hp_strv_join(hp_strv_view(&words), " ");
}

void hp_report_event(struct hp_report *r, const struct hp_chaos_event *e)
{
	/* Room doubles at each power of two. */
	if ((r->count & (r->count - 1)) == 0)
		r->items = hp_realloc_array(r->items, r->count ? r->count * 2 : 1,
					    sizeof(*r->items));
	/* The end of the run is always told. */
	if (r->count >= ITEMS_MAX && e->what != HP_CHAOS_ENDED)
		return;
	hp_field_set(&r->run, e->plan->run_id);
	hp_field_set(&r->action, e->plan->action->name);
	r->items[r->count++] = (struct hp_report_item){
		.what = e->what,
		.time_ns = e->time_ns,
		.container = e->container ? hp_strdup(e->container->name) : NULL,
		.fault = hp_strdup(e->fault_id),
		.details = details_of(e),
		.json = hp_chaos_event_to_json(e),
	};
}

static char *lines_of(const struct hp_report *r)
{
	AUTO(hp_strv_free) struct hp_strv lines = {0};

	for (size_t i = 0; i < r->count; i++)
		hp_strv_take(&lines, hp_json_text(r->items[i].json, false));
	/* Each line ends with a newline. */
	hp_strv_add(&lines, "");
	return hp_strv_join(hp_strv_view(&lines), "\n");
}

int hp_report_write(const struct hp_report *r, const char *path, struct hp_error *err)
{
	bool page = hp_str_ends(path, ".html") || hp_str_ends(path, ".htm");
	AUTO_FREE char *text = page ? hp_report_page(r) : lines_of(r);

	if (hp_file_write(path, text, strlen(text), 0644, err) < 0)
		return hp_wrap(err, "report");
	return 0;
}
