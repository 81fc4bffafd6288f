/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_web.h - POST what happens to others, without waiting for them.
 *
 * A process of its own does it, so that a server that is slow or gone holds up no run, and libcurl is
 * loaded only there. */
#pragma once
#include "cmd/chaos_log.h"

struct hp_chaos_web;

/* Start it. @log: where it says what could not be told. Owns: the caller. */
int hp_chaos_web_start(const struct hp_chaos_log *log, struct hp_chaos_web **ret,
		       struct hp_error *err) MUST_CHECK;
/* Have @body, JSON, posted to @url. What comes faster than it can be told is dropped, and counted. */
void hp_chaos_web_post(struct hp_chaos_web *w, const char *url, const char *body);
/* Wait for what is under way, at most @patience_ms, and end it. NULL is fine. */
void hp_chaos_web_end(struct hp_chaos_web *w, int64_t patience_ms);

/* The message that Slack's hooks take for one log line. Owns: the caller.
 * From: Pumba 1.1, its user and icon; Slack's "incoming webhooks". */
char *hp_chaos_slack_body(const char *channel, enum hp_chaos_level level, const char *msg,
			  const struct hp_labels *fields);
