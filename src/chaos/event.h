/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - what a run tells, as one JSON object an event: for ndjson output, webhooks and reports. */
#pragma once
#include "chaos/run.h"

/* The word for it, such as "applied". */
const char *hp_chaos_word(enum hp_chaos_what what);
/* {"schema": "harpoon.chaos.v1", "run": RUN ID, "time": RFC 3339, "event": WORD, "action": NAME} with,
 * where the event has them, "container" {"id", "name", "namespace", "engine"}, "fault", "fields",
 * "effects", "apply", "undo", "output", "error" {"code", "message"}, "count", "seed" and
 * "dry_run". Owns: the caller. */
struct hp_json *hp_chaos_event_to_json(const struct hp_chaos_event *e);
