/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap.h - what containerd writes to the standard input of `start`: nothing, the task's
 * options as an Any, or from containerd 2.3 on BootstrapParams, which have the options inside.
 * From: containerd core/runtime/v2/binary.go and api/runtime/bootstrap/v1. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* The most that is read. From: containerd pkg/shim/shim.go, ReadRuntimeOptions(). */
#define HP_SHIM_BOOTSTRAP_MAX (10u << 20)

/* Strings are owned by the value; "" when they were not given. */
struct hp_shim_bootstrap {
	char *ttrpc_address;
	char *socket_dir;
	char *config_path; /* of runtimeoptions.v1.Options: settings of the machine */
};

/* @id and @ns tell the two messages apart, for each can be read as the other. Options of other
 * kinds are ignored. Fails: HP_EINVALID - it is neither. */
int hp_shim_bootstrap_read(struct hp_bytes in, const char *id, const char *ns,
			   struct hp_shim_bootstrap *ret, struct hp_error *err) MUST_CHECK;
void hp_shim_bootstrap_clear(struct hp_shim_bootstrap *b);
HP_AUTO_VALUE(struct hp_shim_bootstrap, hp_shim_bootstrap_clear);
