/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_tell.h - tell of a run's events: log lines, stdout, webhooks, the report. */
#pragma once
#include "chaos/report.h"
#include "cmd/chaos.h"
#include "cmd/chaos_web.h"

/* Whom to tell. */
struct hp_chaos_telling {
	const struct hp_chaos_log *log;
	bool ndjson;            /* events on stdout; else plans of dry runs are */
	const char *webhook;    /* "": none */
	const char *slack_hook; /* the same; log lines go there */
	const char *slack_channel;
	struct hp_chaos_web *web; /* NULL unless something is posted */
	struct hp_report *report; /* NULL: none is written */
};

/* For struct hp_chaos_run; @arg is a struct hp_chaos_telling. */
void hp_chaos_tell(void *arg, const struct hp_chaos_event *event);
