/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-docker_stream.c - any bytes as output that docker has mixed. */
#include "wire/docker_stream.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_docker_stream s = {0};
	struct hp_error err = HP_ERROR_INIT;
	size_t at = 0;
	bool inside = false;

	while (at < size) {
		/* The first byte says in which pieces the rest comes. */
		const size_t step = (size_t)data[0] + 1;
		const struct hp_bytes in =
			HP_BYTES(data + at, size - at < step ? size - at : step);
		struct hp_docker_piece piece;
		const ssize_t used = hp_docker_stream_next(&s, in, &piece, &err);

		if (used < 0) {
			FUZZ_CHECK(err.code == HP_EPROTO && err.msg[0]);
			return 0;
		}
		FUZZ_CHECK(used > 0 && (size_t)used <= in.len &&
			   piece.data.len <= (size_t)used);
		if (piece.data.len) {
			FUZZ_CHECK(piece.first == !inside && piece.channel <= HP_DOCKER_SYSTEM);
			inside = !piece.last;
		}
		at += (size_t)used;
	}
	FUZZ_CHECK(!inside || hp_docker_stream_is_torn(&s));
	return 0;
}
