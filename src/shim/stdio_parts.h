/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_parts.h - the parts that stdio.c is put together from; for this folder only. */
#pragma once
#include <stdbool.h>

#include "base/loop.h"
#include "base/str.h"
#include "shim/stdio.h"

/* What a text such as "file:///var/log/x" names. */
enum hp_shim__place_kind {
	HP_SHIM_PLACE_NONE,
	HP_SHIM_PLACE_PATH,   /* a FIFO, most of the time */
	HP_SHIM_PLACE_FILE,   /* made when missing */
	HP_SHIM_PLACE_LOGGER, /* a program that takes the output */
};
struct hp_shim__place {
	enum hp_shim__place_kind kind;
	char *path;
	struct hp_strv args; /* of the logger: KEY, VALUE, KEY, VALUE... */
	bool says_ready; /* the logger writes a byte when it is ready; others may just close */
};

/* From: containerd pkg/process/io.go (createIO), cmd/containerd-shim-runc-v2/process; Go net/url.
 * Fails: HP_EINVALID - an unknown scheme, a path that is not absolute, no percent-encoding. */
int hp_shim__place_parse(const char *text, struct hp_shim__place *ret,
			 struct hp_error *err) MUST_CHECK;
void hp_shim__place_clear(struct hp_shim__place *p);
HP_AUTO_VALUE(struct hp_shim__place, hp_shim__place_clear);

/* One end that bytes go to or come from. */
struct hp_shim__end {
	int fd;      /* non-blocking; -1: none */
	int keep_fd; /* the FIFO's other end, held so that it never looks left alone; -1: none */
};
#define HP_SHIM_END_INIT                                                                       \
	{                                                                                      \
		.fd = -1, .keep_fd = -1                                                        \
	}
void hp_shim__end_close(struct hp_shim__end *e);
int hp_shim__end_output(const struct hp_shim__place *p, struct hp_shim__end *ret,
			struct hp_error *err) MUST_CHECK;
/* Inputs are opened in two steps: whether there is one is told at once, but who writes to a FIFO hears
 * of its reader only when the second is made. */
int hp_shim__end_find(const struct hp_shim__place *p, int *ret_path_fd,
		      struct hp_error *err) MUST_CHECK;
int hp_shim__end_input(int path_fd, struct hp_shim__end *ret, struct hp_error *err) MUST_CHECK;

/* A logger's program. From: containerd runtime/v2/shim/logging. */
struct hp_shim__logger;
struct hp_shim__logger_spec {
	const struct hp_shim__place *place;
	const char *container, *ns;
	int ready_ms; /* how long it may take until it is ready */
	int end_ms;   /* how long it may go on after SIGTERM */
};
/* Start it. ret_fds: our ends of its standard output and error, non-blocking; the caller's. */
int hp_shim__logger_start(struct hp_loop *l, const struct hp_shim__logger_spec *spec,
			  struct hp_shim__logger **ret, int ret_fds[2],
			  struct hp_error *err) MUST_CHECK;
/* As hp_shim_stdio_when_ready(). */
void hp_shim__logger_when_ready(struct hp_shim__logger *g, hp_shim_stdio_ready_fn fn,
				void *data);
/* Our ends are closed. It has time to write what it has; what remains then is asked to end, and
 * killed when it does not. */
void hp_shim__logger_finish(struct hp_shim__logger *g);
/* The same, without the loop. NULL is fine. */
void hp_shim__logger_free(struct hp_shim__logger *g);
HP_AUTO_PTR(struct hp_shim__logger, hp_shim__logger_free);
