/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - the bytes of an archive as they come in: counted, told to the user, shown to a tee. */
#pragma once
#include "base/buf.h"
#include <harpoon/image.h>

/* Shown each piece that is read. */
typedef int (*hp_source_tee_fn)(void *arg, struct hp_bytes data, struct hp_error *err);

struct hp_source {
	const struct hp_import *what; /* borrowed: progress */
	const char *word;             /* what the progress is of, borrowed */
	int fd;
	bool owned;    /* close it at the end */
	bool seekable; /* it can be read twice */
	off_t start;
	uint64_t done, total;  /* total: 0 when not known */
	struct hp_buf ahead;   /* read, but not taken yet */
	struct hp_bytes block; /* the last piece handed out */
	uint8_t *memory;
	hp_source_tee_fn tee;
	void *tee_arg;
};

/* Open the file or descriptor that @what says. Fails: HP_ENOTFOUND, HP_EDENIED, HP_EIO. */
int hp_source__open(const struct hp_import *what, struct hp_source *ret,
		    struct hp_error *err) MUST_CHECK;
void hp_source__close(struct hp_source *s);
HP_AUTO_VALUE(struct hp_source, hp_source__close);

/* Does the user want it to stop? Fails: HP_ECANCELED - yes. */
int hp_source__check_stop(const struct hp_import *what, struct hp_error *err) MUST_CHECK;

/* Read ahead until @want bytes are there or the end has come. ret_ahead: good until the next
 * call. Limits: @want is at most HP_SOURCE_AHEAD. */
#define HP_SOURCE_AHEAD (4u << 20)
int hp_source__peek(struct hp_source *s, size_t want, struct hp_bytes *ret_ahead,
		    struct hp_error *err) MUST_CHECK;
/* Take the next piece, good until the next call. Returns: 1, 0 at the end, -1.
 * Fails: HP_ECANCELED - the user of the import wants it to stop. */
int hp_source__next(struct hp_source *s, struct hp_bytes *ret_piece,
		    struct hp_error *err) MUST_CHECK;
