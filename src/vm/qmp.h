/* SPDX-License-Identifier: Apache-2.0 */
/* qmp.h - commands for a QEMU on one connection in a loop. */
#pragma once
#include "base/loop.h"
#include "wire/qmp.h"

struct hp_qmp;

/* A command was answered. @value: what it returned, borrowed; @why: NULL when it went well. Called
 * once for each command, never from inside of hp_qmp_call(); not for those that wait when the
 * client is freed. May free the client. */
typedef void (*hp_qmp_done_fn)(void *data, const struct hp_json *value,
			       const struct hp_error *why);
/* @name has happened. May free the client. */
typedef void (*hp_qmp_event_fn)(void *data, const char *name, const struct hp_json *value);

/* Talk to the monitor at the other end of @take_fd, which may not have been started yet: commands
 * wait for it. When it goes away, commands under way fail with HP_EUNAVAILABLE, and later ones. */
int hp_qmp_new(struct hp_loop *l, int take_fd, hp_qmp_event_fn on_event, void *data,
	       struct hp_qmp **ret, struct hp_error *err) MUST_CHECK;
void hp_qmp_free(struct hp_qmp *q); /* NULL is fine */
HP_AUTO_PTR(struct hp_qmp, hp_qmp_free);
/* Free it, but give the connection back, for a new client. No command is under way. */
int hp_qmp_release(struct hp_qmp *take_q);

/* Send a command. @take_arguments: NULL: none. @done: NULL: nobody wants to know. */
void hp_qmp_call(struct hp_qmp *q, const char *name, struct hp_json *take_arguments,
		 hp_qmp_done_fn done, void *data);
/* Give it a duplicate of @fd, which commands may call "fd:@name" from then on. */
void hp_qmp_pass(struct hp_qmp *q, const char *name, int fd, hp_qmp_done_fn done, void *data);
