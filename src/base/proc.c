/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - read /proc for single processes. */
#include "base/proc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

enum { MAX_PROC_BYTES = 256 * 1024, FIELD_STATE = 3, FIELD_START = 22 };

/* The file @name of @pid as a string, its length in *ret_len; NULL when it cannot be read. */
static char *read_proc(pid_t pid, const char *name, size_t *ret_len)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf;
	AUTO_FREE char *path = hp_sprintf("/proc/%lld/%s", (long long)pid, name);

	hp_buf_init(&buf, MAX_PROC_BYTES);
	if (pid <= 0 || hp_file_read(path, MAX_PROC_BYTES, &buf, &ignored) < 0)
		return NULL;
	*ret_len = buf.len;
	return hp_buf_take_str(&buf);
}

uint64_t hp_proc_start_ticks(pid_t pid)
{
	size_t len = 0;
	AUTO_FREE char *text = read_proc(pid, "stat", &len);
	/* Field 2 is the name, which may have blanks and parentheses in it. */
	char *field = text ? strrchr(text, ')') : NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	uint64_t ticks = 0;

	if (!field || field[1] != ' ')
		return 0;
	AUTO(hp_strv_free) struct hp_strv fields = {0};
	hp_strv_split(&fields, field + 2, ' ');
	if (fields.count <= FIELD_START - FIELD_STATE || fields.items[0][0] == 'Z' ||
	    hp_str_u64(fields.items[FIELD_START - FIELD_STATE], &ticks, &ignored) < 0)
		return 0;
	return ticks;
}

int64_t hp_proc_start_ns(pid_t pid)
{
	uint64_t ticks = hp_proc_start_ticks(pid);
	struct timespec boot = {0};

	if (ticks == 0 || clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return 0;
	int64_t since_boot = (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec;
	int64_t at = (int64_t)ticks * (1000000000 / sysconf(_SC_CLK_TCK));
	return hp_clock_unix_ns() - (since_boot - at);
}

char *hp_proc_exe(pid_t pid)
{
	AUTO_FREE char *link = hp_sprintf("/proc/%lld/exe", (long long)pid);
	char path[4096];
	ssize_t len = readlink(link, path, sizeof(path) - 1);

	if (len < 0)
		return NULL;
	path[len] = '\0';
	return hp_strdup(path);
}

bool hp_proc_has_word(pid_t pid, const char *word)
{
	size_t len = 0;
	AUTO_FREE char *text = read_proc(pid, "cmdline", &len);

	for (size_t at = 0; text && at < len; at += strlen(text + at) + 1)
		if (hp_str_eq(text + at, word))
			return true;
	return false;
}
