/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - owns the container's cgroup: its directory, limits and kills. */
#include "guest/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define NAME      "container"
/* A container can have as many processes as the kernel has numbers; a line holds 8 bytes. */
#define PROCS_MAX (32 * 1024 * 1024)
#define PATHS_MAX (64 * 1024)
/* How far below its cgroup a container's own cgroups are looked for. */
#define DEPTH_MAX 16

/* Write a file of @dir_fd. Returns: 0 or errno. */
static int put(int dir_fd, const char *file, const char *value)
{
	AUTO_CLOSE int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, value, strlen(value)) < 0 ? errno : 0;
}

static int set(int dir_fd, const char *file, const char *value, struct hp_error *err)
{
	int sys = put(dir_fd, file, value);

	if (sys == ENOENT)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "%s: this machine's kernel has no such limit", file);
	return sys ? hp_fail_errno(err, sys, "write '%s' to %s", value, file) : 0;
}

static int read_file(int dir_fd, const char *file, size_t max, struct hp_buf *ret,
		     struct hp_error *err)
{
	AUTO_CLOSE int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open %s", file);
	hp_buf_init(ret, max);
	return hp_fd_read_all(fd, ret, err);
}

/* One by one: a single one that cannot be had would keep all others off. */
static int turn_on_controllers(int parent_fd, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO_FREE char *names = NULL;
	char *rest, *name;

	if (read_file(parent_fd, "cgroup.controllers", 4096, &text, err) < 0)
		return -1;
	names = rest = hp_buf_take_str(&text);
	while ((name = strsep(&rest, " \n"))) {
		char on[64];

		snprintf(on, sizeof(on), "+%s", name);
		if (*name && put(parent_fd, "cgroup.subtree_control", on) == ENOENT)
			return hp_fail(err, HP_EUNSUPPORTED, "it has no subtree_control");
	}
	return 0;
}

int hp_guest_cgroup_open(const char *parent, struct hp_guest_cgroup *ret, struct hp_error *err)
{
	AUTO_CLOSE int parent_fd = -1;
	int fd;

	ret->fd = -1;
	if (!parent)
		return 0;
	parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent_fd < 0)
		return hp_fail_errno(err, errno, "open cgroup '%s'", parent);
	if (turn_on_controllers(parent_fd, err) < 0)
		return hp_wrap(err, "cgroup '%s'", parent);
	if (mkdirat(parent_fd, NAME, 0755) < 0 && errno != EEXIST)
		return hp_fail_errno(err, errno, "make a cgroup in '%s'", parent);
	fd = openat(parent_fd, NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open the cgroup in '%s'", parent);
	ret->fd = fd;
	return 0;
}

void hp_guest_cgroup_close(struct hp_guest_cgroup *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

/* Set what is there of a limit; less than 0 is none. */
static int limit(const struct hp_guest_cgroup *g, const char *file, const Hp__Guest__Int *value,
		 struct hp_error *err)
{
	char text[24];

	if (!value)
		return 0;
	if (value->value < 0)
		return set(g->fd, file, "max", err);
	snprintf(text, sizeof(text), "%lld", (long long)value->value);
	return set(g->fd, file, text, err);
}

/* From: Linux admin-guide/cgroup-v2.rst, cpu.max: "$MAX $PERIOD"; a period alone cannot be set. */
static int limit_cpu(const struct hp_guest_cgroup *g, const Hp__Guest__Resources *r,
		     struct hp_error *err)
{
	char text[48];
	int n;

	if (!r->cpu_quota_us && !r->cpu_period_us)
		return 0;
	if (r->cpu_quota_us && r->cpu_quota_us->value > 0)
		n = snprintf(text, sizeof(text), "%lld", (long long)r->cpu_quota_us->value);
	else
		n = snprintf(text, sizeof(text), "max");
	if (r->cpu_period_us && r->cpu_period_us->value > 0)
		snprintf(text + n, sizeof(text) - (size_t)n, " %lld",
			 (long long)r->cpu_period_us->value);
	return set(g->fd, "cpu.max", text, err);
}

static int limit_rest(const struct hp_guest_cgroup *g, const Hp__Guest__Resources *r,
		      struct hp_error *err)
{
	if (*r->cpuset_cpus && set(g->fd, "cpuset.cpus", r->cpuset_cpus, err) < 0)
		return -1;
	if (*r->cpuset_mems && set(g->fd, "cpuset.mems", r->cpuset_mems, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_unified; i++)
		if (set(g->fd, r->unified[i]->key, r->unified[i]->value, err) < 0)
			return -1;
	return 0;
}

int hp_guest_cgroup_limit(const struct hp_guest_cgroup *g, const Hp__Guest__Resources *r,
			  struct hp_error *err)
{
	struct hp_error swap = HP_ERROR_INIT;

	if (g->fd < 0)
		return hp_fail(err, HP_EUNSUPPORTED, "limits: there is no cgroup here");
	/* A machine has no swap: a kernel that cannot count it keeps to any limit. */
	if (limit(g, "memory.swap.max", r->memory_swap_max, &swap) < 0 &&
	    swap.code != HP_EUNSUPPORTED)
		return hp_fail(err, swap.code, "%s", swap.msg);
	if (limit(g, "memory.max", r->memory_max, err) < 0 ||
	    limit(g, "memory.low", r->memory_low, err) < 0 || limit_cpu(g, r, err) < 0 ||
	    limit(g, "cpu.weight", r->cpu_weight, err) < 0 ||
	    limit(g, "pids.max", r->pids_max, err) < 0)
		return -1;
	return limit_rest(g, r, err);
}

static void close_dir(DIR *const *dir)
{
	if (*dir)
		closedir(*dir);
}

static int signal_procs(int dir_fd, int sig, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO_FREE char *lines = NULL;
	char *rest, *line;

	if (read_file(dir_fd, "cgroup.procs", PROCS_MAX, &text, err) < 0)
		return -1;
	lines = rest = hp_buf_take_str(&text);
	while ((line = strsep(&rest, "\n"))) {
		struct hp_error ignored = HP_ERROR_INIT;
		int64_t pid = 0;

		/* One that has ended meanwhile is no failure. */
		if (hp_str_i64(line, &pid, &ignored) == 0 && pid > 1)
			kill((pid_t)pid, sig);
	}
	return 0;
}

static int signal_tree(int dir_fd, int sig, int depth, struct hp_error *err)
{
	int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_dir))) DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;

	if (!dir)
		return hp_fail_errno(err, errno, "list a cgroup");
	if (signal_procs(dir_fd, sig, err) < 0)
		return -1;
	while (depth < DEPTH_MAX && (entry = readdir(dir))) {
		AUTO_CLOSE int fd = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && signal_tree(fd, sig, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

int hp_guest_cgroup_signal(const struct hp_guest_cgroup *g, int sig, struct hp_error *err)
{
	if (g->fd < 0)
		return 0;
	/* All at once, so that none can fork away. From: cgroup-v2.rst, cgroup.kill. */
	if (sig == SIGKILL && put(g->fd, "cgroup.kill", "1") == 0)
		return 0;
	return signal_tree(g->fd, sig, 0, err);
}

/* From: cgroups(7), /proc/[pid]/cgroup: version 2 is the line of "0::/PATH". What is above ours in the
 * path depends on the namespace, and what is below it has names of the container's. */
int hp_guest_cgroup_open_of(const struct hp_guest_cgroup *g, pid_t pid, int *ret_fd,
			    struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO_FREE char *lines = NULL;
	char name[32];
	char *path, *below;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	if (read_file(AT_FDCWD, name, PATHS_MAX, &text, err) < 0)
		return -1;
	lines = hp_buf_take_str(&text);
	path = strncmp(lines, "0::", 3) == 0 ? lines : strstr(lines, "\n0::");
	below = path ? strstr(path, "/" NAME) : NULL;
	if (!below)
		return hp_fail(err, HP_EINTERNAL, "process %d is in no cgroup of the container",
			       (int)pid);
	below += strlen("/" NAME);
	below[strcspn(below, "\n")] = '\0';
	*ret_fd = openat(g->fd, *below ? below + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? hp_fail_errno(err, errno, "open cgroup '%.200s'", below) : 0;
}

int hp_guest_cgroup_open_events(const struct hp_guest_cgroup *g)
{
	return g->fd < 0 ? -1 : openat(g->fd, "memory.events", O_RDONLY | O_CLOEXEC);
}

uint64_t hp_guest_cgroup_oom_kills(int events_fd)
{
	char text[512];
	const char *at;
	ssize_t n = events_fd < 0 ? -1 : pread(events_fd, text, sizeof(text) - 1, 0);
	unsigned long long kills = 0;

	if (n < 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, "oom_kill ");
	return at && sscanf(at, "oom_kill %llu", &kills) == 1 ? kills : 0;
}
