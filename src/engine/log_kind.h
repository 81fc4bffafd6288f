/* SPDX-License-Identifier: Apache-2.0 */
/* log_kind.h - what differs between the kinds of log files that are read as streams. */
#pragma once
#include "engine/engine_impl.h"

struct hp_log_kind {
	/* Decode @line of @len bytes in place; line[@len] is the newline behind it, which may be made
	 * part of the chunk. An empty chunk is passed over. Fails: HP_ECORRUPT. */
	int (*parse)(char *line, size_t len, struct hp_chunk *ret, struct hp_error *err);
	/* May somebody write to @fd still? Asked at the end of the file by a follower; must not block
	 * for long. */
	bool (*lives)(int fd, void *arg);
	void (*free)(void *arg); /* NULL is fine */
	/* The file is renamed when it is large, and another one with its name goes on. */
	bool rotates;
	/* Once the writer has closed the file, it is asked so soon and so often whether it lives. */
	int close_ms;
	unsigned closes;
};

/* Docker's json-file log, whose writer holds a flock(LOCK_EX). */
extern const struct hp_log_kind hp_log_kind__json;

/* Read the log at @path as a stream. @take_arg goes to @kind's calls, and is freed by it whatever
 * happens. Fails: HP_ENOTFOUND - no such file. */
int hp_stream__from_log(const char *path, const struct hp_logs *what,
			const struct hp_log_kind *kind, void *take_arg, struct hp_stream **ret,
			struct hp_error *err) MUST_CHECK;
