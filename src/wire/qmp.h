/* SPDX-License-Identifier: Apache-2.0 */
/* qmp.h - QEMU's monitor protocol: commands out, and what comes back, as lines of JSON. No I/O
 * happens here. From: QEMU docs/interop/qmp-spec.txt. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "wire/json.h"

#define HP_QMP_LINE (256 * 1024) /* bytes, the longest that is taken; ours, QEMU names none */

enum hp_qmp_kind {
	HP_QMP_GREETING,
	HP_QMP_RETURN, /* id says of which command */
	HP_QMP_ERROR,  /* the same */
	HP_QMP_EVENT,
};

struct hp_qmp_message {
	enum hp_qmp_kind kind;
	uint64_t id;    /* of the command; 0: it had none */
	char name[64];  /* of an event, such as "RESUME"; an error's class */
	char text[256]; /* an error's words, on one line */
	/* The version, the returned value, the event's data. Owned; NULL: there is none. */
	struct hp_json *body;
};

void hp_qmp_message_clear(struct hp_qmp_message *m);
HP_AUTO_VALUE(struct hp_qmp_message, hp_qmp_message_clear);

/* Take the next message from the front of @in. Empty lines are passed over.
 * Returns: bytes used, 0 when @in holds no whole line yet.
 * Fails: HP_EPROTO - a line that is no message, or is too long. */
ssize_t hp_qmp_next(struct hp_bytes in, struct hp_qmp_message *ret,
		    struct hp_error *err) MUST_CHECK;

/* Append the command @name. @arguments: borrowed; NULL: none. @id: 0: none.
 * Fails: HP_EEXHAUSTED - @out is full. */
int hp_qmp_put(struct hp_buf *out, const char *name, const struct hp_json *arguments,
	       uint64_t id, struct hp_error *err) MUST_CHECK;
