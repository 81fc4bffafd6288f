/* SPDX-License-Identifier: Apache-2.0 */
/* bell.h - one descriptor that is readable while a client has something to do.
 *
 * A socket alone does not do: what one call's wait reads from it may be for another call, and
 * then nothing is left in the socket that would wake the other's poll(2). */
#pragma once
#include <stdbool.h>

#include "base/error.h"

/* Zero is not a bell: descriptors are -1 when there is none. */
struct hp_bell {
	int fd;       /* to be polled; -1 before hp_bell__open() */
	int note_fd;  /* readable while the bell rings by itself */
	bool ringing; /* what note_fd says */
};

#define HP_BELL_INIT                                                                           \
	{                                                                                      \
		.fd = -1, .note_fd = -1                                                        \
	}

/* Make the descriptors; a bell that has them already is left alone. */
int hp_bell__open(struct hp_bell *b, struct hp_error *err) MUST_CHECK;
void hp_bell__close(struct hp_bell *b);

/* Ring while @sock can be read, and while it can be written when @writing. */
int hp_bell__watch(struct hp_bell *b, int sock, bool writing, struct hp_error *err) MUST_CHECK;
/* Change @writing of a watched socket. */
void hp_bell__set_writing(struct hp_bell *b, int sock, bool writing);
void hp_bell__unwatch(struct hp_bell *b, int sock);

/* Ring, or be silent, whatever the socket does. */
void hp_bell__ring(struct hp_bell *b, bool on);
