/* SPDX-License-Identifier: Apache-2.0 */
/* mux.h - many byte streams on one channel, each with credit of its own, so that a reader that is
 * slow stops its own stream and no other. The same on both ends: the shim and the guest. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"

struct hp_mux;
struct hp_mux_stream;

/* What happens to a stream. Callbacks may write to it and close it. Any may be NULL. */
struct hp_mux_events {
	/* Bytes have come. Returns: how many were taken. The rest stays here, at most a window of
	 * it, and is offered again by hp_mux_stream_resume(), not from inside of this. Only what
	 * is taken is given back to the peer as credit. NULL: all is taken and dropped. */
	size_t (*on_data)(void *data, struct hp_bytes bytes);
	void (*on_mark)(void *data); /* HP_MUX_MARK; all before it has been taken */
	void (*on_end)(void *data);  /* the peer sends no more; all before it has been taken */
	/* More can be written, after a write took less than all or there was no room. It is this
	 * stream's turn: what it writes from inside, up to a frame, goes before that of others. */
	void (*on_room)(void *data);
	void (*on_reset)(void *data); /* the peer takes no more: what is written is dropped */
};

/* Make an end of @take_fd, which is made non-blocking. @on_broken is called once, when the peer has
 * closed it or has broken the protocol: nothing comes any more, and what is written is not taken.
 * What a stream has left untaken until then is still offered by hp_mux_stream_resume(). */
int hp_mux_new(struct hp_loop *l, int take_fd, hp_loop_fn on_broken, void *data,
	       struct hp_mux **ret, struct hp_error *err) MUST_CHECK;
void hp_mux_free(struct hp_mux *m); /* closes the streams too; NULL is fine */
HP_AUTO_PTR(struct hp_mux, hp_mux_free);

/* Begin a stream; @events is borrowed as long as it lives. Both ends do so with the same @id, once,
 * and without asking each other. Frames of a stream that is not open here are dropped, so the
 * writing end opens, or hears that the other has opened, before it writes.
 * Fails: HP_EEXISTS - it is open; HP_EEXHAUSTED - 4,096 are. */
int hp_mux_stream_open(struct hp_mux *m, uint32_t id, const struct hp_mux_events *events,
		       void *data, struct hp_mux_stream **ret, struct hp_error *err) MUST_CHECK;
/* Forget the stream: the peer is told that no more is sent or taken. NULL is fine. */
void hp_mux_stream_close(struct hp_mux_stream *s);

/* How many bytes hp_mux_stream_write() would take now. When that is 0, on_room is called later. */
size_t hp_mux_stream_room(struct hp_mux_stream *s);
/* Returns: how many were taken, as credit and the channel's queue allow, and as its turn comes. All
 * are after on_reset, which are dropped. */
size_t hp_mux_stream_write(struct hp_mux_stream *s, struct hp_bytes bytes);
void hp_mux_stream_mark(struct hp_mux_stream *s); /* after all that was written; once */
void hp_mux_stream_end(struct hp_mux_stream *s);  /* after all that was written; once */
/* Offer again what on_data left. */
void hp_mux_stream_resume(struct hp_mux_stream *s);
