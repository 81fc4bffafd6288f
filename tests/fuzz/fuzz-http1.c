/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-http1.c - any bytes as what an HTTP/1.1 server says. */
#include "wire/http1.h"

#include "base/alloc.h"
#include "fuzz.h"

/* The whole of a body. Returns: whether it was one. */
static void take_body(const struct hp_http1_head *head, struct hp_bytes in)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_http1_body body;
	size_t at = 0;

	hp_http1_body_begin(&body, head);
	for (;;) {
		struct hp_bytes piece;
		const ssize_t used = hp_http1_body_next(
			&body, HP_BYTES(in.data + at, in.len - at), &piece, &err);
		if (used < 0) {
			FUZZ_CHECK(err.code == HP_EPROTO && err.msg[0]);
			return;
		}
		FUZZ_CHECK((size_t)used <= in.len - at && piece.len <= (size_t)used);
		if (used == 0)
			return;
		at += (size_t)used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(hp_http1_head_clear) struct hp_http1_head head = {0};
	struct hp_error err = HP_ERROR_INIT;
	const ssize_t used = hp_http1_read_head(HP_BYTES(data, size), &head, &err);

	if (used < 0) {
		FUZZ_CHECK(err.code == HP_EPROTO && err.msg[0]);
		return 0;
	}
	FUZZ_CHECK((size_t)used <= size);
	if (used > 0) {
		FUZZ_CHECK(head.status == 101 || (head.status >= 200 && head.status <= 999));
		take_body(&head, HP_BYTES(data + used, size - (size_t)used));
	}
	return 0;
}
