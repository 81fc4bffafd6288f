/* SPDX-License-Identifier: Apache-2.0 */
/* console.h - our stdin, stdout, stderr, terminal and signals, joined to a process in a container
 * until it ends or we leave it. */
#pragma once
#include <signal.h>
#include <stdbool.h>

#include <harpoon/harpoon.h>

#include "base/error.h"
#include "cmd/detach.h"

/* What to join. All is borrowed. */
struct hp_console {
	struct hp_engine *engine;
	const char *ref;
	const char *exec_id; /* NULL: the container's init */
	struct hp_stream *stream;
	struct hp_waiter *waiter;
	bool tty;       /* the process has a terminal: ours becomes raw */
	bool use_stdin; /* what comes in on our stdin goes to the process */
	bool redraw;    /* it was there before us: make it draw its screen again */
	bool sig_proxy; /* signals that we get go to the process; not with a terminal */
	struct hp_detach keys;
	int signal_fd; /* of hp_console_signals() */
};

enum hp_console_how {
	HP_CONSOLE_EXITED,   /* the process ended */
	HP_CONSOLE_DETACHED, /* by the detach keys */
	HP_CONSOLE_HUNG_UP,  /* nobody reads our stdout any more */
	HP_CONSOLE_KILLED, /* by a signal that was for us, or by the third that was not heeded */
};

struct hp_console_end {
	enum hp_console_how how;
	struct hp_exit exit; /* when it exited */
	int signal;          /* when we were killed */
};

/* Take the signals that a console handles, from now on, so that none of them ends us halfway
 * through making a container. Children do not inherit this. Owns: the caller closes *ret_fd. */
int hp_console_signals(int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Give them back; those that came in the meantime take effect. */
void hp_console_release(int take_fd);

/* Stay until the end. All output of a process that ended was written when this returns. */
int hp_console_run(struct hp_console *console, struct hp_console_end *ret_end,
		   struct hp_error *err) MUST_CHECK;

/* The exit status of the program for @end. */
int hp_console_status(const struct hp_console_end *end);
