/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - owns the level and the form of log lines. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

#define LINE_MAX_BYTES (64 * 1024)
#define UTF8_MAX       4 /* bytes. From: RFC 3629 section 3 */

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* Set once by main() before any other thread is. */
static struct {
	enum hp_log_level level;
	bool json;
} setup = {.level = HP_LOG_WARN};

void hp_log_setup(enum hp_log_level level, bool json)
{
	setup.level = level;
	setup.json = json;
}

int hp_log_level_parse(const char *text, enum hp_log_level *ret, struct hp_error *err)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(level_names); i++) {
		if (hp_str_eq(text, level_names[i])) {
			*ret = (enum hp_log_level)i;
			return 0;
		}
	}
	return hp_fail(err, HP_EINVALID, "log level '%s' is not error, warn, info or debug",
		       text);
}

bool hp_log_on(enum hp_log_level level)
{
	return level <= setup.level;
}

/* Append one character of a message so that no message can end or forge a line.
 * Returns: bytes used of @s, -1 when the line is full. */
static int add_char(struct hp_buf *line, const unsigned char *s, struct hp_error *err)
{
	size_t len = hp_str_utf8_len(s, strnlen((const char *)s, UTF8_MAX));
	int rc;

	if (len > 1)
		return hp_buf_add(line, s, len, err) < 0 ? -1 : (int)len;
	if (setup.json && (*s == '"' || *s == '\\'))
		rc = hp_buf_printf(line, err, "\\%c", *s);
	else if (*s == '\n')
		rc = hp_buf_add(line, "\\n", 2, err);
	else if (*s >= 0x80)
		rc = hp_buf_printf(line, err, setup.json ? "\\ufffd" : "\\x%02x", *s);
	else if (*s < 0x20 || *s == 0x7f)
		rc = hp_buf_printf(line, err, setup.json ? "\\u%04x" : "\\x%02x", *s);
	else
		rc = hp_buf_add(line, s, 1, err);
	return rc < 0 ? -1 : 1;
}

static int add_text(struct hp_buf *line, const char *text, struct hp_error *err)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		int used = add_char(line, s, err);

		if (used < 0)
			return -1;
		s += used;
	}
	return 0;
}

static int build_line(struct hp_buf *line, enum hp_log_level level, const char *area,
		      const char *msg, struct hp_error *err)
{
	char now[HP_TIME_TEXT];

	if (!setup.json) {
		if (hp_buf_printf(line, err, "%s: %s: ", level_names[level], area) < 0)
			return -1;
		return add_text(line, msg, err);
	}
	hp_time_format(hp_clock_unix_ns(), now);
	if (hp_buf_printf(line, err,
			  "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"msg\":\"", now,
			  level_names[level], area) < 0)
		return -1;
	return add_text(line, msg, err);
}

void hp_log(enum hp_log_level level, const char *area, const char *fmt, ...)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf line;
	AUTO_FREE char *msg = NULL;
	int saved = errno;
	va_list args;

	hp_buf_init(&line, LINE_MAX_BYTES);
	if (!hp_log_on(level))
		return;
	va_start(args, fmt);
	msg = hp_vsprintf(fmt, args);
	va_end(args);

	/* A message that does not fit is cut, and its line still ends as it must. */
	if (build_line(&line, level, area, msg, &err) < 0)
		hp_error_clear(&err);
	line.max += 4;
	if (hp_buf_printf(&line, &err, "%s\n", setup.json ? "\"}" : "") < 0)
		hp_error_clear(&err);
	/* One write, so that lines of several processes do not mix. Nobody is left to be told
	 * when it fails. */
	if (write(STDERR_FILENO, line.data, line.len) < 0)
		errno = saved;
	errno = saved;
}
