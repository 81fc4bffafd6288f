/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-cri_log.c - any bytes as a line of a runtime's log; and any output that is put into one comes
 * back. */
#include "wire/cri_log.h"

#include <string.h>

#include "base/alloc.h"
#include "fuzz.h"

#define HEAD "2026-11-21T10:00:00.5Z stderr P "

/* A line with the newline behind it, as readers have it. Owns: the caller. */
static char *line_of(const char *head, const uint8_t *data, size_t size)
{
	size_t len = strlen(head);
	char *line = hp_alloc(len + size + 1);

	memcpy(line, head, len);
	memcpy(line + len, data, size);
	line[len + size] = '\n';
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *any = line_of("", data, size);
	AUTO_FREE char *whole = line_of(HEAD, data, size);
	struct hp_chunk chunk = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_cri_log_parse(any, size, &chunk, &err) < 0) {
		FUZZ_CHECK(err.code == HP_ECORRUPT && err.msg[0]);
		hp_error_clear(&err);
	} else {
		FUZZ_CHECK(chunk.data >= any && chunk.data + chunk.len <= any + size + 1);
	}
	FUZZ_CHECK(hp_cri_log_parse(whole, strlen(HEAD) + size, &chunk, &err) == 0);
	FUZZ_CHECK(chunk.len == size && chunk.channel == HP_CHANNEL_STDERR);
	FUZZ_CHECK(!size || memcmp(chunk.data, data, size) == 0);
	return 0;
}
