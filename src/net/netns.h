/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - network namespaces: make one, open one, do something in one. The calling thread never
 * leaves its own. */
#pragma once
#include <stdbool.h>

#include "base/error.h"

/* Open the namespace that @path names, such as /proc/PID/ns/net or /run/netns/NAME.
 * Fails: HP_ENOTFOUND; HP_EINVALID - the file is no network namespace. */
int hp_netns_open(const char *path, int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Make a new one, which lives as long as something has it open or is in it. */
int hp_netns_new(int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Is it the one that the calling thread is in? */
int hp_netns_is_ours(int netns_fd, bool *ret, struct hp_error *err) MUST_CHECK;

/* What is done in a namespace: by a thread of its own, while the caller waits. */
typedef int (*hp_netns_fn)(void *data, struct hp_error *err);
/* Returns: what @fn does. Fails: HP_EDENIED - the namespace may not be entered. */
int hp_netns_call(int netns_fd, hp_netns_fn fn, void *data, struct hp_error *err) MUST_CHECK;
