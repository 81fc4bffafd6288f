/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - lines on the FIFO `log` of the bundle, which containerd copies to its own log. A line
 * that nobody takes is dropped: the shim waits for no reader. */
#pragma once
#include <stdbool.h>

#include "base/log.h"

struct hp_shim_log;

/* Owns: the caller. @debug: lines of HP_LOG_DEBUG too. */
struct hp_shim_log *hp_shim_log_new(const char *bundle, const char *id, bool debug);
void hp_shim_log_free(struct hp_shim_log *g); /* NULL is fine */
HP_AUTO_PTR(struct hp_shim_log, hp_shim_log_free);
/* One line in logrus' form. @g may be NULL: then nothing is written. */
void hp_shim_log(struct hp_shim_log *g, enum hp_log_level level, const char *fmt, ...)
	PRINTF(3, 4);
