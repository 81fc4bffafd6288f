/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - owns the writing end of the bundle's log FIFO. */
#include "shim/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"

/* Under PIPE_BUF, so that a line is written whole or not at all. */
#define LINE_MAX_BYTES 4000

struct hp_shim_log {
	char *path, *id;
	bool debug;
	int fd; /* -1: not open */
};

struct hp_shim_log *hp_shim_log_new(const char *bundle, const char *id, bool debug)
{
	struct hp_shim_log *g = hp_alloc(sizeof(*g));

	g->path = hp_path_join(bundle, "log");
	g->id = hp_strdup(id);
	g->debug = debug;
	g->fd = -1;
	return g;
}

void hp_shim_log_free(struct hp_shim_log *g)
{
	if (!g)
		return;
	if (g->fd >= 0)
		close(g->fd);
	free(g->path);
	free(g->id);
	free(g);
}

/* Make a message fit between double quotes, in place: what would end the line or the quotes is
 * replaced. */
static void tame(char *msg)
{
	for (char *c = msg; *c; c++) {
		if (*c == '"' || *c == '\\')
			*c = '\'';
		else if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
}

static void put(struct hp_shim_log *g, const char *line, size_t len)
{
	ssize_t n;

	/* containerd's end goes with containerd, and comes back with it. */
	if (g->fd < 0)
		g->fd = open(g->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (g->fd < 0)
		return;
	n = write(g->fd, line, len);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		close(g->fd);
		g->fd = -1;
	}
}

void hp_shim_log(struct hp_shim_log *g, enum hp_log_level level, const char *fmt, ...)
{
	static const char *const words[] = {[HP_LOG_ERROR] = "error",
					    [HP_LOG_WARN] = "warning",
					    [HP_LOG_INFO] = "info",
					    [HP_LOG_DEBUG] = "debug"};
	AUTO_FREE char *msg = NULL;
	AUTO_FREE char *line = NULL;
	char now[HP_TIME_TEXT];
	va_list args;

	if (!g || (level == HP_LOG_DEBUG && !g->debug))
		return;
	va_start(args, fmt);
	msg = hp_vsprintf(fmt, args);
	va_end(args);
	tame(msg);
	hp_time_format(hp_clock_unix_ns(), now);
	line = hp_sprintf("time=\"%s\" level=%s msg=\"harpoon: %.*s\" id=%s\n", now,
			  words[level], LINE_MAX_BYTES - 256, msg, g->id);
	put(g, line, strlen(line));
}
