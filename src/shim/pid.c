/* SPDX-License-Identifier: Apache-2.0 */
/* pid.c - looks processes up in /proc, and kills them. */
#include "shim/pid.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define STAT_MAX     4096
#define FIELD_STATE  3
#define FIELD_START  22
#define LOOK_EACH_MS 5

/* Read the state and the start from the text of a stat file. The name in it can have blanks and
 * parentheses, so fields are counted from its last one on. From: proc(5). */
static bool read_stat(const char *text, char *ret_state, uint64_t *ret_started)
{
	const char *at = strrchr(text, ')');
	unsigned long long started;

	if (!at || at[1] != ' ')
		return false;
	at += 2;
	*ret_state = *at;
	for (int field = FIELD_STATE; field < FIELD_START; field++) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	if (sscanf(at, "%llu", &started) != 1)
		return false;
	*ret_started = started;
	return true;
}

static struct hp_shim_pid look(pid_t pid, char *ret_state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_pid p = {.pid = pid};
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO_FREE char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pid <= 0 || hp_file_read(path, STAT_MAX, &buf, &err) < 0)
		return (struct hp_shim_pid){0};
	text = hp_buf_take_str(&buf);
	if (!read_stat(text, ret_state, &p.started))
		return (struct hp_shim_pid){0};
	return p;
}

struct hp_shim_pid hp_shim_pid_of(pid_t pid)
{
	char state;

	return look(pid, &state);
}

bool hp_shim_pid_alive(struct hp_shim_pid p)
{
	char state = 'X';
	struct hp_shim_pid now = look(p.pid, &state);

	return now.pid > 0 && now.started == p.started && state != 'Z' && state != 'X';
}

bool hp_shim_pid_kill(struct hp_shim_pid p, int64_t until_ms)
{
	AUTO_CLOSE int fd = -1;

	if (p.pid <= 0)
		return true;
	/* The descriptor keeps the number from being given away between the look and the kill. */
	fd = (int)syscall(SYS_pidfd_open, p.pid, 0);
	if (!hp_shim_pid_alive(p))
		return true;
	if (fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	else
		(void)kill(p.pid, SIGKILL);
	while (hp_shim_pid_alive(p)) {
		if (hp_clock_ms() >= until_ms)
			return false;
		hp_clock_sleep_ms(LOOK_EACH_MS);
	}
	return true;
}
