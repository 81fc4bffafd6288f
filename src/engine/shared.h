/* SPDX-License-Identifier: Apache-2.0 */
/* shared.h - what engines of their own folders need alike. */
#pragma once
#include "engine/engine_impl.h"

/* Labels that Harpoon puts on its containers. Their values are what `inspect` and the other
 * verbs need and the daemon has no field for. */
#define HP_LABEL_OWN          "harpoon/"
#define HP_LABEL_STOP_SIGNAL  "harpoon/stop-signal"
#define HP_LABEL_STOP_TIMEOUT "harpoon/stop-timeout-ms"
#define HP_LABEL_STDIN        "harpoon/stdin" /* "open" or "once"; absent: none */
#define HP_LABEL_TTY          "harpoon/tty"
#define HP_LABEL_REMOVE       "harpoon/auto-remove"
#define HP_LABEL_NETWORK      "harpoon/network-mode"
/* The argument vector as one line, so that a list need not read every spec. */
#define HP_LABEL_COMMAND      "harpoon/command"
#define HP_LABEL_IMAGE_ID     "harpoon/image-id"

/* "1f0c..." of @bytes random bytes, 32 at most. Owns: the caller. */
char *hp_engine__random_hex(size_t bytes);

/* Add the traffic of process @pid's network to @stats, but for its loopback's; of one that shares
 * our network, or is gone, nothing. */
void hp_engine__count_network(pid_t pid, struct hp_stats *stats);

/* Wait for the end that @w waits for; a container that somebody else deletes has ended too.
 * Returns: 1 when it has ended, 0 when @timeout_ms has passed, -1. */
int hp_engine__await_end(struct hp_waiter *w, int64_t timeout_ms, struct hp_error *err);

/* Has anybody the log @fd open for writing? Returns: 1, 0, -1 when the file system or our rights do not
 * let us know. */
int hp_engine__log_is_written(int fd);
/* Of a container that has ended all of the log is wanted, and the last of it may not be there yet: wait
 * a moment for its writer to close it. */
void hp_engine__log_await_end(const char *path);
