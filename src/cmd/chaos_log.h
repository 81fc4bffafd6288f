/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_log.h - log lines of chaos, in the forms that scripts written for Pumba read.
 *
 * They are those of logrus: text for files, coloured text for terminals, or JSON. hp_log() serves
 * everything else of this program. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/labels.h"

enum hp_chaos_level {
	HP_CHAOS_PANIC,
	HP_CHAOS_FATAL,
	HP_CHAOS_ERROR,
	HP_CHAOS_WARNING,
	HP_CHAOS_INFO,
	HP_CHAOS_DEBUG,
};

struct hp_chaos_log {
	enum hp_chaos_level level; /* what is less urgent is not told */
	bool json;
	bool terminal;
	int64_t began_ns; /* hp_clock_ns() at the start of the program */
	/* Told of each line that was logged; NULL: nobody else is. */
	void (*also)(void *arg, enum hp_chaos_level level, const char *msg,
		     const struct hp_labels *fields);
	void *arg;
};

/* All lower or all upper case; what is none of them is warning, as Pumba has it. */
enum hp_chaos_level hp_chaos_level_parse(const char *text);
const char *hp_chaos_level_name(enum hp_chaos_level level);

/* Log one line on stderr. @fields may be NULL, and come in any order. */
void hp_chaos_log(const struct hp_chaos_log *log, enum hp_chaos_level level, const char *msg,
		  const struct hp_labels *fields);

/* The line itself, with its newline. Owns: the caller.
 * From: logrus v1.9, text_formatter.go and json_formatter.go. */
char *hp_chaos_log_line(const struct hp_chaos_log *log, enum hp_chaos_level level,
			const char *msg, const struct hp_labels *fields, int64_t unix_ns);
