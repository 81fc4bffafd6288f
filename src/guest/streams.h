/* SPDX-License-Identifier: Apache-2.0 */
/* streams.h - the streams of one process, between its pipes or terminal and the host. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "guest.pb-c.h"
#include "net/mux.h"

/* From: proto/guest.proto: a process's streams are its number times 4, plus these. */
enum { HP_GUEST_STDIN, HP_GUEST_STDOUT, HP_GUEST_STDERR, HP_GUEST_STREAMS };

/* One descriptor and the host's stream that it is joined to, in one direction or both. */
struct hp_guest_relay {
	struct hp_loop *loop;
	struct hp_watch watch;
	struct hp_mux_stream *stream;
	int fd;      /* -1: not there, or over */
	bool reads;  /* what the process writes goes to the host */
	bool writes; /* what the host sends goes to the process */
	bool terminal;
	bool stuck;    /* the process does not read: the host's bytes wait */
	bool full;     /* the host does not read: the process's bytes wait */
	bool marking;  /* the process has ended; a mark is to be sent... */
	uint64_t owed; /* ...after so many bytes */
};

struct hp_guest_streams {
	struct hp_guest_relay relays[HP_GUEST_STREAMS];
	int child_fds[HP_GUEST_STREAMS]; /* the process's ends, until it has them; -1: none */
};

void hp_guest_streams_init(struct hp_guest_streams *s);
/* Make the pipes that @p wants and begin the streams of process @number; with a terminal, its
 * stream waits for hp_guest_streams_terminal(). Ends that are not wanted are @null_fd. */
int hp_guest_streams_open(struct hp_guest_streams *s, struct hp_loop *l, struct hp_mux *m,
			  uint32_t number, const Hp__Guest__Process *p,
			  struct hp_error *err) MUST_CHECK;
/* The terminal's master is here. It is consumed, also on failure. */
int hp_guest_streams_terminal(struct hp_guest_streams *s, int take_fd,
			      struct hp_error *err) MUST_CHECK;
/* The child has its ends. */
void hp_guest_streams_forked(struct hp_guest_streams *s);
/* The process has ended: a mark follows what it has written, and what others still write after
 * it. */
void hp_guest_streams_ended(struct hp_guest_streams *s);
/* Whether anything is still to be relayed. */
bool hp_guest_streams_busy(const struct hp_guest_streams *s);
/* End all of it, at once. */
void hp_guest_streams_close(struct hp_guest_streams *s);
