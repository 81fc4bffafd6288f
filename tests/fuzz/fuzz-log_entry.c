/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-log_entry.c - any bytes as a log line; and any output, written by the keeper, comes back. */
#include "engine/log_entry.h"

#include "base/alloc.h"
#include "fuzz.h"
#include "keeper/log.h"

#define HEAD "{\"log\":\""
#define TAIL "\",\"stream\":\"stderr\",\"time\":\"2026-11-21T10:00:00.5Z\"}"

static void parse_any(const uint8_t *data, size_t size)
{
	AUTO_FREE char *line = hp_memdup(data, size);
	struct hp_chunk chunk = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_log_entry__parse(line, size, &chunk, &err) < 0) {
		FUZZ_CHECK(err.code == HP_ECORRUPT && err.msg[0]);
		return;
	}
	FUZZ_CHECK(chunk.data >= line && chunk.data + chunk.len <= line + size);
}

static void come_back(const uint8_t *data, size_t size)
{
	AUTO_FREE char *line = hp_alloc(strlen(HEAD) + size * 6 + strlen(TAIL));
	struct hp_chunk chunk = {0};
	struct hp_error err = HP_ERROR_INIT;
	size_t len = strlen(HEAD);

	memcpy(line, HEAD, len);
	len += hp_keeper__escape(data, size, line + len);
	memcpy(line + len, TAIL, strlen(TAIL));
	len += strlen(TAIL);
	FUZZ_CHECK(hp_log_entry__parse(line, len, &chunk, &err) == 0);
	FUZZ_CHECK(chunk.len == size && chunk.channel == HP_CHANNEL_STDERR);
	FUZZ_CHECK(!size || memcmp(chunk.data, data, size) == 0);
	FUZZ_CHECK(!size || hp_keeper__utf8_cut(data, size) <= size);
	FUZZ_CHECK(!size || hp_keeper__utf8_cut(data, size) + 3 >= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > HP_LOG_LINE_MAX)
		return 0;
	parse_any(data, size);
	come_back(data, size);
	return 0;
}
