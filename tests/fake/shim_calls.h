/* SPDX-License-Identifier: Apache-2.0 */
/* shim_calls.h - calls of the shim by what most tests say: container "web", and an exec. */
#pragma once
#include "fake/shim_world.h"

/* Calls by what most tests say. */
enum hp_code world_create(struct shim_world *w, const char *out);

enum hp_code world_start(struct shim_world *w, const char *exec_id);

enum hp_code world_exec(struct shim_world *w, const char *exec_id, const char *out);

enum hp_code world_delete(struct shim_world *w, const char *exec_id);

struct reply *world_kill(struct shim_world *w, const char *exec_id, uint32_t signal, bool all);

struct reply *world_wait(struct shim_world *w, const char *exec_id);

/* A method whose request is the id alone. */
enum hp_code world_id_call(struct shim_world *w, const char *method);

/* The state of a process. It has to be there. */
const Hp__Shim__StateResponse *world_state(struct shim_world *w, const char *exec_id);

/* Create and start the container. */
void world_run(struct shim_world *w);
