/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.h - the streams of one process: FIFOs, files and loggers on the host's side, relayed to the
 * streams of the machine's stdio port. */
#pragma once
#include <stdbool.h>

#include "base/loop.h"
#include "net/mux.h"

struct hp_shim_stdio;

/* What the caller of Create or Exec gave; borrowed. Empty or NULL: no such stream. */
struct hp_shim_stdio_spec {
	const char *in, *out, *err; /* a path, or fifo://, file://, binary:// */
	bool terminal;              /* out has all output; err must be empty */
	const char *container;      /* for loggers: CONTAINER_ID */
	const char *ns;             /* and CONTAINER_NAMESPACE */
};

/* Open all that is named, and start loggers; nothing is waited for. Of stdin's FIFO this only makes
 * sure that it is there.
 * Fails: HP_EINVALID - an unknown scheme, a query that is none; HP_ENOTFOUND, HP_EDENIED, HP_EIO -
 * it cannot be opened; HP_ENOCMD, HP_ENOEXEC - the logger. */
int hp_shim_stdio_open(struct hp_loop *l, const struct hp_shim_stdio_spec *spec,
		       struct hp_shim_stdio **ret, struct hp_error *err) MUST_CHECK;
/* Closes everything. A logger that still runs is left with time to end by itself, then asked to, and
 * killed in the end, even when the shim is gone by then. NULL is fine. */
void hp_shim_stdio_free(struct hp_shim_stdio *s);
HP_AUTO_PTR(struct hp_shim_stdio, hp_shim_stdio_free);

/* Call @fn once, never from inside of this call, when the loggers are ready; at the next turn of
 * the loop when there are none. @why: NULL, or what is wrong with the logger. */
typedef void (*hp_shim_stdio_ready_fn)(void *data, const struct hp_error *why);
void hp_shim_stdio_when_ready(struct hp_shim_stdio *s, hp_shim_stdio_ready_fn fn, void *data);

/* Open the streams of process @number, before the guest is asked for the process. The mux must live
 * as long as the streams, or hp_shim_stdio_detach() be called first.
 * Fails: as hp_mux_stream_open(). */
int hp_shim_stdio_attach(struct hp_shim_stdio *s, struct hp_mux *mux, uint32_t number,
			 struct hp_error *err) MUST_CHECK;
/* The machine is gone: forget its streams, keep and pass on what has come. */
void hp_shim_stdio_detach(struct hp_shim_stdio *s);
/* The process runs, or is about to: stdin is opened, and may flow. */
void hp_shim_stdio_begin(struct hp_shim_stdio *s);
/* CloseIO: after what is in the FIFO, the process gets the end of its input. Also before begin. */
void hp_shim_stdio_close_stdin(struct hp_shim_stdio *s);
/* The process has ended. Call @done once, never from inside of this call: when all its output has been
 * passed on and our ends are closed; or when nobody has read any of it for @limit_ms: then what is
 * left is here, the machine is not needed any more, and it goes on being passed on, and our ends
 * closed after it, until this is freed. */
void hp_shim_stdio_finish(struct hp_shim_stdio *s, int64_t limit_ms, hp_loop_fn done,
			  void *data);
