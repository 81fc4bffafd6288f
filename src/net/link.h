/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - a byte stream in a loop, a socket or the port of a machine: what comes is gathered, what
 * goes is queued, and nothing blocks. What the bytes mean is its owner's business. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/loop.h"

/* Part of its owner's struct, zeroed before hp_link__open(). */
struct hp_link {
	struct hp_loop *loop; /* NULL: not open */
	int fd;
	bool is_socket;
	bool deaf;    /* nothing is read, so that the peer has to wait */
	bool eager;   /* call back when more can be written, though nothing is queued */
	bool blocked; /* the peer takes nothing more for now */
	bool ended;   /* the peer sends no more, or reading failed */
	bool broken;  /* writing failed: what was queued is dropped */
	struct hp_watch watch;
	struct hp_timer later; /* calls back for what broke inside of a call from above */
	struct hp_buf in;
	size_t in_at; /* so many bytes of @in have been used */
	struct hp_buf out;
	size_t out_at; /* so many bytes of @out have been written */
	hp_loop_fn ready;
	void *data;
};

/* The most bytes that are held: that came and were not used, that wait to be sent. */
struct hp_link_limits {
	size_t in, out;
};

/* Take @take_fd, which is made non-blocking, and call @ready when something comes or can be sent, or
 * the end has come; it begins with hp_link__receive(). On failure the descriptor is closed. */
int hp_link__open(struct hp_link *k, struct hp_loop *l, int take_fd,
		  const struct hp_link_limits *limits, hp_loop_fn ready, void *data,
		  struct hp_error *err) MUST_CHECK;
void hp_link__close(struct hp_link *k); /* one that is not open is fine */

/* Read what is there, within reason, and send what is queued. @events: as they came to @ready.
 * Returns: false when the link is of no more use, once the input that is left has been looked at. */
bool hp_link__receive(struct hp_link *k, uint32_t events);
/* What has come and was not used. Borrowed until the next hp_link__receive(). */
struct hp_bytes hp_link__input(const struct hp_link *k);
void hp_link__use(struct hp_link *k, size_t len);

/* The queue, with room for @len bytes that are to be appended. Returns: NULL when that is over the
 * limit, or the link is broken or closed. */
struct hp_buf *hp_link__queue(struct hp_link *k, size_t len);
/* Send as much of the queue as the peer takes. Never calls back: if it fails, @ready is later. */
void hp_link__send(struct hp_link *k);
/* How many bytes wait to be sent. */
size_t hp_link__queued(const struct hp_link *k);
/* Give it up for a reason of ours: @ready is called later, and told by hp_link__receive(). */
void hp_link__break(struct hp_link *k);

/* Stop reading, or go on. */
void hp_link__set_deaf(struct hp_link *k, bool deaf);
/* Have @ready called as long as something can be written, or only as long as something waits. */
void hp_link__set_eager(struct hp_link *k, bool eager);
