/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - a run as a timeline that can be looked at afterwards: a page of HTML that needs nothing
 * beside it, or the events as lines of JSON. */
#pragma once
#include "base/cleanup.h"
#include "chaos/run.h"

struct hp_report;
struct hp_report *hp_report_new(void);
void hp_report_free(struct hp_report *r); /* NULL is fine */
HP_AUTO_PTR(struct hp_report, hp_report_free);

/* Take down what a run has told, in the order of its coming. */
void hp_report_event(struct hp_report *r, const struct hp_chaos_event *e);
/* Write it to @path: a page when that ends in ".html" or ".htm", else lines of JSON (event.h). */
int hp_report_write(const struct hp_report *r, const char *path,
		    struct hp_error *err) MUST_CHECK;

/* What was taken down; for report.c and report_page.c. */
struct hp_report_item {
	enum hp_chaos_what what;
	int64_t time_ns;
	char *container; /* its name; NULL: the run's own */
	char *fault;     /* id; NULL: none */
	char *details;   /* fields, effects and error as one line for people */
	struct hp_json *json;
};
struct hp_report {
	char *run, *action;
	struct hp_report_item *items;
	size_t count;
};
/* The page. Owns: the caller. */
char *hp_report_page(const struct hp_report *r);
