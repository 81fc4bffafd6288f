/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_log.c - the lines of chaos on stderr, as logrus writes them. */
#include "cmd/chaos_log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/go.h"
#include "base/str.h"
#include "wire/json.h"

/* From: logrus text_formatter.go, printColored: colours of ANSI, and the message's width. */
static const struct {
	const char *name;
	int colour;
} levels[] = {
	[HP_CHAOS_PANIC] = {"panic", 31}, [HP_CHAOS_FATAL] = {"fatal", 31},
	[HP_CHAOS_ERROR] = {"error", 31}, [HP_CHAOS_WARNING] = {"warning", 33},
	[HP_CHAOS_INFO] = {"info", 36},   [HP_CHAOS_DEBUG] = {"debug", 37},
};

enum { MESSAGE_WIDTH = 44, LEVEL_WIDTH = 4, TIME_BYTES = 40 };

const char *hp_chaos_level_name(enum hp_chaos_level level)
{
	return levels[level].name;
}

static char *in_capitals(const char *text)
{
	char *upper = hp_strdup(text);

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return upper;
}

enum hp_chaos_level hp_chaos_level_parse(const char *text)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(levels); i++) {
		AUTO_FREE char *upper = in_capitals(levels[i].name);

		if (hp_str_eq(text, levels[i].name) || hp_str_eq(text, upper))
			return (enum hp_chaos_level)i;
	}
	return HP_CHAOS_WARNING;
}

/* RFC 3339 in local time, to the second, as Go's time.RFC3339. */
static void format_time(int64_t unix_ns, char ret_text[TIME_BYTES])
{
	time_t s = (time_t)(unix_ns / 1000000000);
	struct tm tm;
	size_t len;
	long minutes;

	localtime_r(&s, &tm);
	len = strftime(ret_text, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	minutes = tm.tm_gmtoff / 60;
	if (minutes == 0)
		snprintf(ret_text + len, TIME_BYTES - len, "Z");
	else
		snprintf(ret_text + len, TIME_BYTES - len, "%c%02ld:%02ld",
			 minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
}

/* @value as it is when it is plain, else quoted. Owns: the caller. */
static char *value_text(const char *value)
{
	for (const char *c = value; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._/@^+", *c))
			return hp_go_quote(value);
	return hp_strdup(value);
}

/* The name of a field; the three that every line has are not to be shadowed. Owns: the caller. */
static char *field_name(const char *key)
{
	bool taken = hp_str_eq(key, "time") || hp_str_eq(key, "level") || hp_str_eq(key, "msg");

	return hp_sprintf("%s%s", taken ? "fields." : "", key);
}

static void sorted(const struct hp_labels *fields, struct hp_labels *ret)
{
	for (size_t i = 0; fields && i < fields->count; i++) {
		AUTO_FREE char *name = field_name(fields->items[i].key);
		hp_labels_add(ret, name, fields->items[i].value);
	}
	hp_labels_sort(ret);
}

static char *json_line(enum hp_chaos_level level, const char *msg, const char *now,
		       const struct hp_labels *fields)
{
	AUTO(hp_labels_clear) struct hp_labels all = {0};
	AUTO(hp_json_free) struct hp_json *line = hp_json_object();

	hp_labels_copy(&all, fields);
	hp_labels_add(&all, "level", levels[level].name);
	hp_labels_add(&all, "msg", msg);
	hp_labels_add(&all, "time", now);
	hp_labels_sort(&all);
	for (size_t i = 0; i < all.count; i++) {
		const char *value = all.items[i].value;
		bool yes = hp_str_eq(value, "true");
		/* Switches are the only values of fields that read so. */
		if (!hp_str_eq(all.items[i].key, "msg") && (yes || hp_str_eq(value, "false")))
			hp_json_set_bool(line, all.items[i].key, yes);
		else
			hp_json_set_str(line, all.items[i].key, value);
	}
	AUTO_FREE char *text = hp_json_text(line, false);
	return hp_sprintf("%s\n", text);
}

/* "key=value" of each field, between @before and @after of the key. Owns: the caller. */
static char *fields_text(const struct hp_labels *fields, const char *before, const char *after)
{
	AUTO(hp_strv_free) struct hp_strv parts = {0};

	for (size_t i = 0; i < fields->count; i++) {
		AUTO_FREE char *value = value_text(fields->items[i].value);
		hp_strv_addf(&parts, " %s%s%s=%s", before, fields->items[i].key, after, value);
	}
	return hp_strv_join(hp_strv_view(&parts), "");
}

char *hp_chaos_log_line(const struct hp_chaos_log *log, enum hp_chaos_level level,
			const char *msg, const struct hp_labels *fields, int64_t unix_ns)
{
	AUTO(hp_labels_clear) struct hp_labels all = {0};
	char now[TIME_BYTES];
	char colour[16];

	sorted(fields, &all);
	format_time(unix_ns, now);
	if (log->json)
		return json_line(level, msg, now, &all);
	if (!log->terminal) {
		AUTO_FREE char *text = value_text(msg);
		AUTO_FREE char *rest = fields_text(&all, "", "");
		return hp_sprintf("time=\"%s\" level=%s msg=%s%s\n", now, levels[level].name,
				  text, rest);
	}
	snprintf(colour, sizeof(colour), "\033[%dm", levels[level].colour);
	AUTO_FREE char *rest = fields_text(&all, colour, "\033[0m");
	AUTO_FREE char *shown = in_capitals(levels[level].name);
	return hp_sprintf("%s%.*s\033[0m[%04lld] %-*s %s\n", colour, LEVEL_WIDTH, shown,
			  (long long)((hp_clock_ns() - log->began_ns) / 1000000000),
			  MESSAGE_WIDTH, msg, rest);
}

void hp_chaos_log(const struct hp_chaos_log *log, enum hp_chaos_level level, const char *msg,
		  const struct hp_labels *fields)
{
	if (level > log->level)
		return;

	AUTO_FREE char *line = hp_chaos_log_line(log, level, msg, fields, hp_clock_unix_ns());
	/* One write, so that lines of several processes do not mix. Nobody is left to be told
	 * when it fails. */
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
	if (log->also)
		log->also(log->arg, level, msg, fields);
}
