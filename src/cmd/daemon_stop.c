/* SPDX-License-Identifier: Apache-2.0 */
/* daemon_stop.c - the private containerd: the end of its tasks, its process, its mounts. */
#include "cmd/daemon.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"

/* From: containerd runtime/v2/bundle.go: a task's bundle is STATE/this/NAMESPACE/ID. */
#define TASKS_DIR      "io.containerd.runtime.v2.task"
/* From: containerd runtime/v2/shim: the bundle's file "address" has "unix://PATH". */
#define ADDRESS_SCHEME "unix://"

enum {
	TERM_MS = 10 * 1000,
	KILL_MS = 5 * 1000,
	CLEAR_MS = 10 * 1000,
	PAUSE_MS = 20,
	MAX_MOUNTS_BYTES = 16 * 1024 * 1024,
};

static void close_dir(DIR *d)
{
	closedir(d);
}
HP_AUTO_PTR(DIR, close_dir);

/* The names in @dir; none when it cannot be read. */
static void list_dir(const char *dir, struct hp_strv *names)
{
	AUTO(close_dir) DIR *d = opendir(dir);
	struct dirent *entry = NULL;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			hp_strv_add(names, entry->d_name);
}

int hp_daemon_tasks(const struct hp_daemon *d, struct hp_strv *ret_tasks, struct hp_error *err)
{
	AUTO_FREE char *top = hp_path_join(d->state, TASKS_DIR);
	AUTO(hp_strv_free) struct hp_strv namespaces = {0};

	if (access(d->state, R_OK | X_OK) < 0)
		return hp_fail_errno(err, errno, "read '%s'", d->state);
	list_dir(top, &namespaces);
	for (size_t i = 0; i < namespaces.count; i++) {
		AUTO_FREE char *dir = hp_path_join(top, namespaces.items[i]);
		AUTO(hp_strv_free) struct hp_strv ids = {0};
		list_dir(dir, &ids);
		for (size_t j = 0; j < ids.count; j++)
			hp_strv_addf(ret_tasks, "%s/%s", namespaces.items[i], ids.items[j]);
	}
	return 0;
}

/* The sockets of all shims: a shim that is killed does not remove its own. */
static void find_sockets(const struct hp_daemon *d, const struct hp_strv *tasks,
			 struct hp_strv *sockets)
{
	for (size_t i = 0; i < tasks->count; i++) {
		struct hp_error ignored = HP_ERROR_INIT;
		AUTO(hp_buf_free) struct hp_buf buf;
		AUTO_FREE char *path =
			hp_sprintf("%s/" TASKS_DIR "/%s/address", d->state, tasks->items[i]);
		hp_buf_init(&buf, 512);
		if (hp_file_read(path, 512, &buf, &ignored) < 0)
			continue;
		AUTO_FREE char *text = hp_buf_take_str(&buf);
		text[strcspn(text, "\n")] = '\0';
		if (hp_str_starts(text, ADDRESS_SCHEME "/"))
			hp_strv_add(sockets, text + strlen(ADDRESS_SCHEME));
	}
}

/* Shims are told the daemon's address on their command line, which nobody else has. The same
 * program, told to "delete", clears up after one. */
static bool is_shim(const struct hp_daemon *d, pid_t pid)
{
	AUTO_FREE char *exe = hp_proc_exe(pid);

	return exe && pid != hp_daemon_pid(d) && pid != getpid() &&
	       hp_proc_has_word(pid, "-address") && hp_proc_has_word(pid, d->address) &&
	       hp_proc_has_word(pid, "-namespace") && !hp_proc_has_word(pid, "delete");
}

static size_t kill_shims(const struct hp_daemon *d)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};
	size_t killed = 0;

	list_dir("/proc", &names);
	for (size_t i = 0; i < names.count; i++) {
		struct hp_error ignored = HP_ERROR_INIT;
		int64_t pid = 0;
		if (!isdigit((unsigned char)names.items[i][0]) ||
		    hp_str_i64(names.items[i], &pid, &ignored) < 0)
			continue;
		if (is_shim(d, (pid_t)pid) && kill((pid_t)pid, SIGKILL) == 0)
			killed++;
	}
	return killed;
}

/* When a shim dies, its daemon runs that shim's "delete": processes, cgroup, mounts and bundle go.
 * From: containerd runtime/v2/shim.go, cleanupAfterDeadShim. */
int hp_daemon_end_tasks(const struct hp_daemon *d, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv tasks = {0};
	AUTO(hp_strv_free) struct hp_strv sockets = {0};
	int64_t deadline = hp_deadline_in(CLEAR_MS);

	if (hp_daemon_tasks(d, &tasks, err) < 0)
		return -1;
	find_sockets(d, &tasks, &sockets);
	while (kill_shims(d) > 0 || tasks.count > 0) {
		if (hp_deadline_left_ms(deadline) == 0)
			return hp_fail(err, HP_ETIMEOUT,
				       "%zu tasks are still there, such as '%s'", tasks.count,
				       tasks.count ? tasks.items[0] : "");
		hp_clock_sleep_ms(PAUSE_MS);
		hp_strv_free(&tasks);
		if (hp_daemon_tasks(d, &tasks, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < sockets.count; i++)
		unlink(sockets.items[i]);
	return 0;
}

/* Returns: true when it is gone. */
static bool await_end(const struct hp_daemon *d, int64_t timeout_ms)
{
	int64_t deadline = hp_deadline_in(timeout_ms);

	while (hp_daemon_pid(d) && hp_deadline_left_ms(deadline) > 0)
		hp_clock_sleep_ms(PAUSE_MS);
	return hp_daemon_pid(d) == 0;
}

int hp_daemon_end(const struct hp_daemon *d, struct hp_error *err)
{
	pid_t pid = hp_daemon_pid(d);

	if (pid && kill(pid, SIGTERM) < 0 && errno != ESRCH)
		return hp_fail_errno(err, errno, "end containerd, process %d", pid);
	if (pid && !await_end(d, TERM_MS) && hp_daemon_pid(d) == pid) {
		kill(pid, SIGKILL);
		if (!await_end(d, KILL_MS))
			return hp_fail(err, HP_ETIMEOUT, "process %d does not end", pid);
	}
	unlink(d->pid_file);
	return 0;
}

/* Undo the "\040" of mountinfo in place. From: proc(5), /proc/PID/mountinfo. */
static void unescape(char *path)
{
	char *out = path;

	for (const char *in = path; *in; in++) {
		if (in[0] == '\\' && in[1] && in[2] && in[3]) {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* Mount points below @dir, in the order in which they were mounted. */
static int list_mounts(const char *dir, struct hp_strv *ret_points, struct hp_error *err)
{
	enum { FIELD_POINT = 4 };
	AUTO(hp_buf_free) struct hp_buf buf;
	AUTO(hp_strv_free) struct hp_strv lines = {0};
	AUTO_FREE char *below = hp_sprintf("%s/", dir);

	hp_buf_init(&buf, MAX_MOUNTS_BYTES);
	if (hp_file_read("/proc/self/mountinfo", MAX_MOUNTS_BYTES, &buf, err) < 0)
		return -1;
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	hp_strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		AUTO(hp_strv_free) struct hp_strv fields = {0};
		hp_strv_split(&fields, lines.items[i], ' ');
		if (fields.count <= FIELD_POINT)
			continue;
		unescape(fields.items[FIELD_POINT]);
		if (hp_str_starts(fields.items[FIELD_POINT], below))
			hp_strv_add(ret_points, fields.items[FIELD_POINT]);
	}
	return 0;
}

int hp_daemon_remove_dir(const char *dir, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv points = {0};

	if (list_mounts(dir, &points, err) < 0)
		return -1;
	for (size_t i = points.count; i > 0; i--)
		if (umount2(points.items[i - 1], MNT_DETACH | UMOUNT_NOFOLLOW) < 0 &&
		    errno != EINVAL)
			return hp_fail_errno(err, errno, "unmount '%s'", points.items[i - 1]);
	if (hp_remove_tree(dir, err) == 0)
		return 0;
	/* What is left is still ours, also when the mark went first. */
	struct hp_error ignored = HP_ERROR_INIT;
	if (hp_daemon_mark(dir, &ignored) < 0)
		return hp_wrap(err, "it has no mark any more (%s)", ignored.msg);
	return -1;
}
