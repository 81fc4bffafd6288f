/* SPDX-License-Identifier: Apache-2.0 */
/* podman.h - operations that podman has in ways of its own; see engine_impl.h. */
#pragma once
#include "engine/engine_impl.h"

/* podman_exec.c, podman_logs.c, podman_events.c */
int hp_podman__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		    struct hp_exec **ret, struct hp_error *err);
int hp_podman__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		    struct hp_stream **ret, struct hp_error *err);
int hp_podman__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err);
