/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.h - run the programs that a spec names for moments in a container's life, on the host, with
 * the container's state on their standard input. From: OCI runtime-spec config.md, "POSIX-platform
 * Hooks", and runtime.md, "State". */
#pragma once
#include "base/loop.h"
#include "shim/spec.h"

struct hp_shim_hooks;

/* All but the spec is copied; the spec must outlive the run. */
struct hp_shim_hooks_spec {
	const struct hp_shim_spec *spec;
	const enum hp_shim_hook_kind *kinds; /* run in this order */
	size_t n_kinds;
	const char *id, *bundle;
	const char *status; /* "creating", "running", "stopped" */
	uint32_t pid;       /* 0: none */
	bool all;           /* go on after one that has failed */
};

/* One hook after the other has ended well (@why is NULL), or one has failed: with what it wrote. Of
 * several, the first. */
typedef void (*hp_shim_hooks_fn)(void *data, const struct hp_error *why);

/* Run all. @done is called once, never from inside of this call; it may free the run. A hook
 * without a limit of its own has one minute. Owns: the caller. */
struct hp_shim_hooks *hp_shim_hooks_run(struct hp_loop *l,
					const struct hp_shim_hooks_spec *spec,
					hp_shim_hooks_fn done, void *data);
void hp_shim_hooks_free(struct hp_shim_hooks *h); /* kills what still runs; NULL is fine */
HP_AUTO_PTR(struct hp_shim_hooks, hp_shim_hooks_free);
