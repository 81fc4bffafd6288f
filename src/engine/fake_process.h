/* SPDX-License-Identifier: Apache-2.0 */
/* fake_process.h - a process of the fake engine: a script that goes on as time passes.
 *
 * Nothing runs in the background. Whoever asks (an op, a stream, a waiter) first lets the process
 * do what it would have done by now; bells make descriptors readable when there is something to
 * ask for, or when the process is going to wake. */
#pragma once
#include "engine/engine_impl.h"
#include "engine/fake_script.h"

#include "base/buf.h"
#include "base/str.h"

/* A descriptor that becomes readable at a moment. @tune sets that moment anew. */
struct hp_fake_bell {
	int fd;
	void (*tune)(struct hp_fake_bell *bell);
	struct hp_fake_bell *next;
};
#define HP_FAKE_NEVER 0
#define HP_FAKE_NOW   1
void hp_fake__bell_open(struct hp_fake_bell *bell, void (*tune)(struct hp_fake_bell *bell));
void hp_fake__bell_close(struct hp_fake_bell *bell);
/* @when: of hp_clock_ns(), or one of the two words above. */
void hp_fake__bell_set(const struct hp_fake_bell *bell, int64_t when);

/* What was written, piece by piece: a line or a part of one. Shared by counting @refs. */
struct hp_fake_piece {
	enum hp_channel channel;
	int64_t time_ns;
	char *data;
	size_t len;
};
struct hp_fake_output {
	int refs;
	struct hp_fake_piece *pieces;
	size_t count;
	size_t bytes;
};
struct hp_fake_output *hp_fake__output_new(void);
struct hp_fake_output *hp_fake__output_ref(struct hp_fake_output *o);
void hp_fake__output_unref(struct hp_fake_output *o);

/* What a signal does. body is NULL while the trap is not set. */
struct hp_fake_trap {
	char *body;
};

/* init: it is PID 1 of its container, which signals without a trap cannot end, SIGKILL aside.
 * From: pid_namespaces(7). wake_ns: of hp_clock_ns(), 0 when it does not sleep.
 * on_end is called once; owner is NULL when its container is gone. */
struct hp_fake_process {
	int refs;
	struct hp_fake_script script;
	struct hp_strv env;
	size_t at;
	int status;
	struct hp_fake_output *output;
	size_t output_end; /* where its part of the output ends, once it has ended */
	struct hp_buf input;
	bool input_open;
	bool input_ended;
	bool tty;
	bool init;
	bool frozen;
	bool ended;
	uint64_t pending; /* signals; bit n - 1 is signal n */
	struct hp_fake_trap traps[65];
	int64_t wake_ns;
	int64_t busy_ns; /* it never rests: when to look at it again */
	pid_t pid;
	struct hp_exit exit;
	struct hp_fake_bell *bells;
	void (*on_end)(void *owner, struct hp_fake_process *p);
	void *owner;
};

/* How to make one. All but the owner is borrowed for the call; @env and then @more_env are what
 * it finds in its environment. */
struct hp_fake_start {
	const char *const *argv;
	const char *const *env;
	const char *const *more_env;
	struct hp_fake_output *output;
	bool stdin_open;
	bool tty;
	bool init;
	pid_t pid;
	void (*on_end)(void *owner, struct hp_fake_process *p);
	void *owner;
};

/* Fails: as hp_fake__script_make(). */
int hp_fake__process_new(const struct hp_fake_start *how, struct hp_fake_process **ret,
			 struct hp_error *err) MUST_CHECK;
struct hp_fake_process *hp_fake__process_ref(struct hp_fake_process *p);
void hp_fake__process_unref(struct hp_fake_process *p); /* NULL is fine */
/* Its container is going away: it is killed and forgets whose it was. */
void hp_fake__process_disown(struct hp_fake_process *p);

/* Let it do what it would have done by now. */
void hp_fake__process_run(struct hp_fake_process *p);
void hp_fake__process_signal(struct hp_fake_process *p, int number);
void hp_fake__process_freeze(struct hp_fake_process *p, bool frozen);
/* Block until it has ended, at most until @deadline of hp_clock_ms(). Returns: whether it has. */
bool hp_fake__process_await(struct hp_fake_process *p, int64_t deadline);

/* When it will do something by itself, of hp_clock_ns(), or HP_FAKE_NEVER. */
int64_t hp_fake__process_wake(const struct hp_fake_process *p);

/* Have @bell tuned whenever the process does something. */
void hp_fake__process_listen(struct hp_fake_process *p, struct hp_fake_bell *bell);
void hp_fake__process_unlisten(struct hp_fake_process *p, struct hp_fake_bell *bell);

/* fake_stream.c: a stream of its output from piece @from on, with its stdin when it has one. */
struct hp_stream *hp_fake__stream_live(struct hp_fake_process *p, size_t from);
/* The pieces of @output that @what wants; @p (NULL: none) is who may write more. */
struct hp_stream *hp_fake__stream_log(struct hp_fake_output *output, struct hp_fake_process *p,
				      const struct hp_logs *what);
struct hp_waiter *hp_fake__waiter_new(struct hp_fake_process *p);
