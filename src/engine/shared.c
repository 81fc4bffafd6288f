/* SPDX-License-Identifier: Apache-2.0 */
/* shared.c - what engines of their own folders need alike. */
#include "engine/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

char *hp_engine__random_hex(size_t bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *text = hp_alloc(bytes * 2 + 1);
	unsigned char random[32];

	if (getrandom(random, bytes, 0) != (ssize_t)bytes)
		abort();
	for (size_t i = 0; i < bytes; i++) {
		text[i * 2] = digits[random[i] >> 4];
		text[i * 2 + 1] = digits[random[i] & 0xf];
	}
	return text;
}

/* Does @pid share our network? Then its counters are the host's, and no container's. */
static bool shares_our_network(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/ns/net", (int)pid);
	struct stat theirs, ours;

	return stat(path, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0 ||
	       (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino);
}

/* From: proc(5), /proc/net/dev: "name: rx_bytes and 7 more, tx_bytes and 7 more". */
void hp_engine__count_network(pid_t pid, struct hp_stats *s)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/net/dev", (int)pid);
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_FREE char *owned = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	char *rest;

	hp_buf_init(&text, 1 << 20);
	if (shares_our_network(pid) || hp_file_read(path, 1 << 20, &text, &ignored) < 0)
		return; /* it ended just now */
	rest = owned = hp_buf_take_str(&text);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char name[32];
		uint64_t rx, tx;

		if (sscanf(line, " %31[^:]: %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			   name, &rx, &tx) != 3 ||
		    hp_str_eq(name, "lo"))
			continue;
		s->net_rx_bytes += rx;
		s->net_tx_bytes += tx;
	}
}

int hp_engine__await_end(struct hp_waiter *w, int64_t timeout_ms, struct hp_error *err)
{
	int64_t deadline = hp_deadline_in(timeout_ms > 0 ? timeout_ms : 1);
	struct hp_exit ignored;

	for (;;) {
		int64_t left = hp_deadline_left_ms(deadline);
		int got = hp_waiter_next(w, &ignored, err);

		if (got < 0 && err->code == HP_ENOTFOUND) { /* deleted by somebody else */
			hp_error_clear(err);
			return 1;
		}
		if (got != HP_NEXT_WAIT)
			return got;
		if (left <= 0)
			return 0;
		if (hp_fd_poll(hp_waiter_fd(w), POLLIN, left, err) < 0)
			return -1;
	}
}

/* So long the last of a log is waited for. */
#define LOG_REST_MS  500
#define LOG_PAUSE_MS 5

/* From: fcntl(2), F_SETLEASE: a lease for reading is given only when nobody has the file open for
 * writing. One that is broken tells by a signal, so by one that is ignored. */
int hp_engine__log_is_written(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0)
		return -1;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
		return 0;
	}
	return errno == EAGAIN ? 1 : -1;
}

void hp_engine__log_await_end(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int64_t deadline = hp_deadline_in(LOG_REST_MS);

	while (fd >= 0 && hp_engine__log_is_written(fd) > 0 &&
	       hp_deadline_left_ms(deadline) > 0)
		hp_clock_sleep_ms(LOG_PAUSE_MS);
}
