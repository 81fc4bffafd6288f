/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-docker_log.c - any bytes as a log that docker sends, framed and of a terminal. */
#include "wire/docker_log.h"

#include "fuzz.h"

static void read_log(bool raw, const uint8_t *data, size_t size)
{
	struct hp_docker_log l = {.raw = raw};
	struct hp_error err = HP_ERROR_INIT;
	size_t at = 0;
	size_t told = 0;
	size_t newlines = 0;

	while (at < size) {
		const size_t step = (size_t)data[0] + 1;
		const struct hp_bytes in =
			HP_BYTES(data + at, size - at < step ? size - at : step);
		struct hp_chunk chunk;
		const ssize_t used = hp_docker_log_next(&l, in, &chunk, &err);

		if (used < 0) {
			FUZZ_CHECK(!raw && err.code == HP_EPROTO && err.msg[0]);
			return;
		}
		FUZZ_CHECK(used > 0 && (size_t)used <= in.len);
		/* Each byte is read, so that one outside of the input shows. */
		for (size_t i = 0; i < chunk.len; i++)
			newlines += chunk.data[i] == '\n';
		told += chunk.len;
		at += (size_t)used;
		FUZZ_CHECK(newlines <= told && told <= at &&
			   l.stamp_len <= HP_DOCKER_LOG_STAMP);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_log(false, data, size);
	read_log(true, data, size);
	return 0;
}
