/* SPDX-License-Identifier: Apache-2.0 */
/* args.h - the shim's own command line, in the syntax of Go's flag package: one dash or two,
 * "-flag value" or "-flag=value", switches without a value, and the action is the first other word.
 * From: containerd pkg/shim/shim.go, parseFlags(). */
#pragma once
#include <stdbool.h>

#include "base/error.h"

enum hp_shim_action {
	HP_SHIM_NOTHING, /* no word, and no switch that is an action */
	HP_SHIM_START,
	HP_SHIM_DELETE,
	HP_SHIM_VERSION,
	HP_SHIM_INFO,
	HP_SHIM_HELP,
};

/* Strings are borrowed from argv; "" when they were not given. */
struct hp_shim_args {
	enum hp_shim_action action;
	const char *ns, *address, *publish_binary, *id, *bundle, *socket, *debug_socket;
	bool debug;
};

/* Fails: HP_EUSAGE - an unknown flag or action, a flag without its value; HP_EINVALID - an id or
 * namespace that is none, or is missing where the action needs it. */
int hp_shim_args_parse(int argc, const char *const *argv, struct hp_shim_args *ret,
		       struct hp_error *err) MUST_CHECK;
/* What --help prints; static. */
const char *hp_shim_args_help(void);
