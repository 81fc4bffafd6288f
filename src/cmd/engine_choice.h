/* SPDX-License-Identifier: Apache-2.0 */
/* engine_choice.h - which engine to talk to when nobody names one: the first that there is. */
#pragma once

/* Where engine @name listens, by its variables of the environment and its usual places; NULL when
 * there is nothing, or no such engine. An address of another host counts as there.
 * Owns: the caller. From: what docker(1), containerd, podman(1) and crictl(1) look at. */
char *hp_engine_place(const char *name);
/* The first of @names, which ends with NULL, that is somewhere; NULL when none is.
 * ret_place: where; Owns: the caller. */
const char *hp_engine_choose(const char *const *names, char **ret_place);
