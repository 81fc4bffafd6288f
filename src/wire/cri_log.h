/* SPDX-License-Identifier: Apache-2.0 */
/* cri_log.h - one line of a log as container runtimes write it for kubelet; no file is touched here.
 *
 * A line is "2026-11-21T10:00:00.123456789Z stdout F text". The tag is F for a whole line of output
 * and P for the beginning of one; further tags may follow it behind a colon.
 * From: kubernetes/design-proposals-archive node/kubelet-cri-logging.md; kubernetes
 * pkg/kubelet/kuberuntime/logs/logs.go. */
#pragma once
#include <harpoon/stream.h>

#include "base/error.h"

/* Decode @line of @len bytes; line[@len] is the newline behind it. Output that ended in a newline has
 * it in the chunk, and a chunk may be empty: the beginning of a line that has no text yet.
 * ret_chunk: borrows from @line. Fails: HP_ECORRUPT - it is no log line. */
int hp_cri_log_parse(char *line, size_t len, struct hp_chunk *ret_chunk,
		     struct hp_error *err) MUST_CHECK;
