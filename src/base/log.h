/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - log lines on stderr, "area: message key=value", as text or JSON. */
#pragma once
#include <stdbool.h>

#include "base/error.h"

enum hp_log_level { HP_LOG_ERROR, HP_LOG_WARN, HP_LOG_INFO, HP_LOG_DEBUG };

void hp_log_setup(enum hp_log_level level, bool json);
/* "error", "warn", "info", "debug". Fails: HP_EINVALID. */
int hp_log_level_parse(const char *text, enum hp_log_level *ret,
		       struct hp_error *err) MUST_CHECK;
bool hp_log_on(enum hp_log_level level);
void hp_log(enum hp_log_level level, const char *area, const char *fmt, ...) PRINTF(3, 4);
