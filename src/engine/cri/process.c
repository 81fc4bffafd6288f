/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - what this host knows of a container's init, of which the runtime has told the pid.
 *
 * A pid may be of another host, of another PID namespace, or of another process by now. The runtime
 * puts the container's id into the name of its cgroup, and that is what is looked at. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/cri/cri.h"

#define PROC_FILE_MAX 65536u
/* The kernel's "no limit" is the largest multiple of a page; nothing real comes near it. */
#define LIMIT_NONE    (UINT64_C(1) << 60)

/* From: what login(1) and docker give: where a program is looked for when nothing else is said. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The text of a small file of the kernel; NULL when it is not there. Owns: the caller. */
static char *read_text(const char *path)
{
	AUTO(hp_buf_free) struct hp_buf text;
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&text, PROC_FILE_MAX);
	if (hp_file_read(path, PROC_FILE_MAX, &text, &ignored) < 0)
		return NULL;
	return hp_buf_take_str(&text);
}

/* /proc/PID/cgroup, when it names container @id; else NULL. Owns: the caller. */
static char *cgroups_of(const char *id, pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/cgroup", (int)pid);
	AUTO_FREE char *text = pid > 0 ? read_text(path) : NULL;

	return text && !hp_str_empty(id) && strstr(text, id) ? TAKE(text) : NULL;
}

int hp_cri__pidfd(const char *id, pid_t pid)
{
	AUTO_CLOSE int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (fd < 0)
		return -1;
	/* Looked at after the descriptor is there, so that it is of the same process. */
	AUTO_FREE char *cgroups = cgroups_of(id, pid);
	return cgroups ? TAKE_FD(fd) : -1;
}

/* Where controller @name of version 1 has the cgroup, or version 2 when it has none.
 * From: cgroups(7), /proc/PID/cgroup. Owns: the caller; NULL when there is none. */
static char *cgroup_dir(const char *cgroups, const char *name)
{
	AUTO_FREE char *copy = hp_strdup(cgroups);
	char *rest = copy;
	char *found = NULL;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *names = strchr(line, ':');
		char *path = names ? strchr(names + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		AUTO(hp_strv_free) struct hp_strv controllers = {0};
		hp_strv_split(&controllers, names + 1, ',');
		if (!hp_strv_has(&controllers, name) && (found || names[1] != '\0'))
			continue;
		free(found);
		found = names[1] ? hp_sprintf("/sys/fs/cgroup/%s%s", names + 1, path)
				 : hp_sprintf("/sys/fs/cgroup%s", path);
		if (names[1])
			break;
	}
	return found;
}

static uint64_t read_number(const char *dir, const char *file)
{
	AUTO_FREE char *path = hp_sprintf("%s/%s", dir, file);
	AUTO_FREE char *text = read_text(path);
	struct hp_error ignored = HP_ERROR_INIT;
	uint64_t value = 0;

	if (!text)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (hp_str_u64(text, &value, &ignored) < 0 || value >= LIMIT_NONE)
		return 0;
	return value;
}

/* The number behind @key in a file of lines "key number". */
static uint64_t read_keyed(const char *dir, const char *file, const char *key)
{
	AUTO_FREE char *path = hp_sprintf("%s/%s", dir, file);
	AUTO_FREE char *text = read_text(path);
	char *rest = text;
	uint64_t value = 0;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (hp_str_starts(line, key) &&
		    sscanf(line + strlen(key), " %" SCNu64, &value) == 1)
			return value;
	return 0;
}

/* From: kernel Documentation/admin-guide/cgroup-v2.rst, io.stat; cgroup-v1/blkio-controller.rst. */
static void read_io(const char *dir, struct hp_stats *stats)
{
	AUTO_FREE char *v2_path = hp_sprintf("%s/io.stat", dir);
	AUTO_FREE char *v1_path = hp_sprintf("%s/blkio.throttle.io_service_bytes", dir);
	AUTO_FREE char *v2 = read_text(v2_path);
	AUTO_FREE char *v1 = v2 ? NULL : read_text(v1_path);
	char *rest = v2 ? v2 : v1;
	uint64_t n, m;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (sscanf(line, "%*u:%*u rbytes=%" SCNu64 " wbytes=%" SCNu64, &n, &m) == 2) {
			stats->block_read_bytes += n;
			stats->block_write_bytes += m;
		} else if (sscanf(line, "%*u:%*u Read %" SCNu64, &n) == 1) {
			stats->block_read_bytes += n;
		} else if (sscanf(line, "%*u:%*u Write %" SCNu64, &n) == 1) {
			stats->block_write_bytes += n;
		}
	}
}

void hp_cri__cgroup_stats(const char *id, pid_t pid, struct hp_stats *stats)
{
	AUTO_FREE char *cgroups = cgroups_of(id, pid);

	if (!cgroups)
		return;
	AUTO_FREE char *pids = cgroup_dir(cgroups, "pids");
	AUTO_FREE char *memory = cgroup_dir(cgroups, "memory");
	AUTO_FREE char *io = cgroup_dir(cgroups, "blkio");
	if (pids) {
		stats->pids = read_number(pids, "pids.current");
		stats->pids_limit = read_number(pids, "pids.max");
	}
	if (memory) {
		/* Each version has its own names, so one of two is 0. */
		stats->memory_limit_bytes = read_number(memory, "memory.max") +
					    read_number(memory, "memory.limit_in_bytes");
		stats->oom_kills = read_keyed(memory, "memory.events", "oom_kill ") +
				   read_keyed(memory, "memory.oom_control", "oom_kill ");
	}
	if (io)
		read_io(io, stats);
	hp_engine__count_network(pid, stats);
}

/* Returns: HP_OK when it can be executed, HP_ENOCMD, HP_ENOEXEC. */
static enum hp_code look_at(int root, const char *path)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (hp_open_in_root(root, path, O_PATH, &fd, &ignored) < 0 || fstat(fd, &st) < 0)
		return ignored.code == HP_ENOTFOUND ? HP_ENOCMD : HP_OK;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? HP_OK : HP_ENOEXEC;
}

/* The way of execvp(3): the first that can be executed, and else the best failure. */
static enum hp_code look_along(int root, const char *program, const char *path)
{
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	enum hp_code best = HP_ENOCMD;

	hp_strv_split(&dirs, hp_str_empty(path) ? DEFAULT_PATH : path, ':');
	for (size_t i = 0; i < dirs.count; i++) {
		AUTO_FREE char *full = hp_sprintf("%s/%s", dirs.items[i], program);
		enum hp_code code = look_at(root, full);
		if (code == HP_OK)
			return HP_OK;
		if (code == HP_ENOEXEC)
			best = code;
	}
	return best;
}

int hp_cri__check_program(pid_t pid, const char *program, const char *path,
			  struct hp_error *err)
{
	AUTO_FREE char *where = hp_sprintf("/proc/%d/root", (int)pid);
	AUTO_CLOSE int root = open(where, O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* What is relative depends on the working directory, which the runtime knows. */
	if (root < 0 || (program[0] != '/' && strchr(program, '/')))
		return 0;
	enum hp_code code =
		program[0] == '/' ? look_at(root, program) : look_along(root, program, path);
	if (code == HP_OK)
		return 0;
	return hp_fail(err, code,
		       code == HP_ENOCMD ? "'%s': no such program in the container"
					 : "'%s' cannot be executed in the container",
		       program);
}
