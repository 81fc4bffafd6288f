/* SPDX-License-Identifier: Apache-2.0 */
/* remote.h - the stdio and the end of a process behind a URL of kubelet's streaming protocol.
 *
 * Two parties may use one session, whichever way they poll: one takes the output, the other waits for
 * the end. What one of them reads for the other is kept, up to a limit. One thread.
 * From: kubernetes apimachinery pkg/util/remotecommand constants.go (v4.channel.k8s.io) and client-go
 * tools/remotecommand v4.go; SPDY, as its WebSocket form cannot say that stdin has ended. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include <harpoon/stream.h>

struct hp_remote;

/* Which streams the URL was asked for; a terminal has no stderr of its own. */
struct hp_remote_want {
	const char *url;
	bool in, out, err;
	bool tty;
};
/* Fails: as hp_spdy_dial(). */
int hp_remote_open(const struct hp_remote_want *want, int64_t deadline, struct hp_remote **ret,
		   struct hp_error *err) MUST_CHECK;
struct hp_remote *hp_remote_ref(struct hp_remote *r);
/* The last one closes the connection. NULL is fine. */
void hp_remote_unref(struct hp_remote *r);
HP_AUTO_PTR(struct hp_remote, hp_remote_unref);

int hp_remote_out_fd(const struct hp_remote *r); /* to be polled before hp_remote_next() */
int hp_remote_end_fd(const struct hp_remote *r); /* before hp_remote_end() */
/* The next output. Returns: enum hp_next; HP_NEXT_END when there is no more. -1: HP_EPROTO. */
int hp_remote_next(struct hp_remote *r, struct hp_chunk *ret, struct hp_error *err) MUST_CHECK;

/* How it ended: @code is its exit status when @message is ""; else it was not run, or nobody knows,
 * and @message says why. @message is borrowed from the session. */
struct hp_remote_end {
	int code;
	const char *message;
};
/* Returns: HP_NEXT_ITEM, or HP_NEXT_WAIT. -1: HP_EPROTO. */
int hp_remote_end(struct hp_remote *r, struct hp_remote_end *ret,
		  struct hp_error *err) MUST_CHECK;

int hp_remote_in_fd(const struct hp_remote *r); /* -1: no stdin, or closed */
/* Returns: bytes taken, 0 when none fit now. Fails: HP_ESTATE, HP_EIO. */
ssize_t hp_remote_write(struct hp_remote *r, const void *data, size_t len,
			struct hp_error *err) MUST_CHECK;
int hp_remote_close_in(struct hp_remote *r, struct hp_error *err) MUST_CHECK;
/* Tell the terminal's size. Fails: HP_ESTATE - it is none, or gone. */
int hp_remote_resize(struct hp_remote *r, uint16_t cols, uint16_t rows,
		     struct hp_error *err) MUST_CHECK;
