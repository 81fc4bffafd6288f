/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - what arrives over time: stdio of a process, logs, events, an exit.
 *
 * All three handles follow one pattern: a descriptor to poll() for input, and a call that
 * never blocks and says whether there is something, nothing yet, or nothing ever again. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <harpoon/error.h>

/* What a "next" call found. Failures are -1 as everywhere. */
enum hp_next {
	HP_NEXT_END = 0,  /* nothing will come any more */
	HP_NEXT_ITEM = 1, /* the item was written to its ret_ parameter */
	HP_NEXT_WAIT = 2, /* nothing now: poll the descriptor, then call again */
};

enum hp_channel {
	HP_CHANNEL_STDIN = 0,
	HP_CHANNEL_STDOUT = 1,
	HP_CHANNEL_STDERR = 2,
};

/* The stdio of a process (attach, exec) or its log. */
struct hp_stream;

/* A piece of output. data: borrowed from the stream until the next call on it.
 * time_ns: Unix time in nanoseconds for logs, 0 for live output. */
struct hp_chunk {
	enum hp_channel channel;
	int64_t time_ns;
	const char *data;
	size_t len;
};

/* The descriptor to poll() for POLLIN before hp_stream_next(). Owns: the stream. */
HP_API int hp_stream_fd(const struct hp_stream *s);

/* Take the next piece of output, whichever channel it is on.
 * Returns: enum hp_next, or -1.
 * Fails: HP_EIO - the descriptor broke; HP_ECORRUPT - a log line that is no log line. */
HP_API int hp_stream_next(struct hp_stream *s, struct hp_chunk *ret_chunk,
			  struct hp_error *err);

/* The descriptor to poll() for POLLOUT before hp_stream_write(); -1 when there is no stdin.
 * Owns: the stream. */
HP_API int hp_stream_stdin_fd(const struct hp_stream *s);

/* Write to the process' stdin without blocking. Returns: bytes taken, 0 when none fit now, -1.
 * Fails: HP_ESTATE - no stdin, or closed; HP_EIO - the process closed its end. */
HP_API ssize_t hp_stream_write(struct hp_stream *s, const void *data, size_t len,
			       struct hp_error *err);

/* Tell the process that its stdin has ended. Closing twice succeeds.
 * Fails: HP_EUNAVAILABLE - the engine could not be told. */
HP_API int hp_stream_close_stdin(struct hp_stream *s, struct hp_error *err);

/* Let go of the stream: detaches, the process goes on. NULL is fine. */
HP_API void hp_stream_free(struct hp_stream *s);

/* How a process ended. code: its exit status, or 128 + signal.
 * oom: the kernel killed it for its memory limit, as far as the engine can tell.
 * exited_ns: Unix time in nanoseconds, 0 when unknown. */
struct hp_exit {
	int code;
	bool oom;
	int64_t exited_ns;
};

/* A wait for the exit of a process that is under way. */
struct hp_waiter;

/* The descriptor to poll() for POLLIN before hp_waiter_next(). Owns: the waiter. */
HP_API int hp_waiter_fd(const struct hp_waiter *w);

/* Ask whether the process has ended.
 * Returns: HP_NEXT_ITEM with *ret_exit, HP_NEXT_WAIT, or -1; never HP_NEXT_END.
 * Fails: HP_EUNAVAILABLE - the connection was lost; HP_ENOTFOUND - the container went away. */
HP_API int hp_waiter_next(struct hp_waiter *w, struct hp_exit *ret_exit, struct hp_error *err);

/* Stop waiting. NULL is fine. */
HP_API void hp_waiter_free(struct hp_waiter *w);
