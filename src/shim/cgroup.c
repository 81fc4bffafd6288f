/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - make a container's cgroup on the host, fill it, and take it away. */
#include "shim/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

#define TEXT_MAX (1u << 20) /* of /proc/self/mountinfo, or of a list of processes */
#define TRIES    50         /* of removing it while processes are about to end there */
#define TRY_MS   2
#define PROCS    "cgroup.procs"
#define SWITCHES "cgroup.subtree_control"

void hp_shim_cgroup_clear(struct hp_shim_cgroup *c)
{
	hp_strv_free(&c->dirs);
	hp_strv_free(&c->homes);
}

static int read_text(const char *path, char **ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};

	if (hp_file_read(path, TEXT_MAX, &buf, err) < 0)
		return -1;
	*ret = hp_buf_take_str(&buf);
	return 0;
}

int hp_shim_cgroup_find(const char *path, struct hp_shim_cgroup *ret, struct hp_error *err)
{
	struct hp_shim_cgroup c = {0};
	AUTO_FREE char *below = NULL;
	AUTO_FREE char *mounts = NULL;
	AUTO_FREE char *own = NULL;

	if (!hp_str_empty(path) && (hp_shim__cgroup_path(path, &below, err) < 0 ||
				    read_text("/proc/self/mountinfo", &mounts, err) < 0 ||
				    read_text("/proc/self/cgroup", &own, err) < 0))
		return -1;
	if (below)
		hp_shim__cgroup_places(mounts, own, below, &c);
	*ret = c;
	return 0;
}

/* The file must be there: the kernel makes it with its directory. */
static int put(const char *dir, const char *name, const char *text, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return hp_fail_errno(err, errno, "write '%s' to '%s'", text, path);
	return 0;
}

/* A new cpuset of version 1 has no processors, and takes no process until it has. */
static void fill_cpuset(const char *parent, const char *dir)
{
	static const char *const names[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		AUTO_FREE char *from = hp_path_join(parent, names[i]);
		AUTO_FREE char *to = hp_path_join(dir, names[i]);
		AUTO_FREE char *had = NULL;
		AUTO_FREE char *has = NULL;
		struct hp_error ignored = HP_ERROR_INIT;

		if (read_text(to, &has, &ignored) < 0 || has[strspn(has, "\n")] ||
		    read_text(from, &had, &ignored) < 0 ||
		    put(dir, names[i], had, &ignored) < 0)
			return;
	}
}

/* What version 2 counts and bounds is switched on from above, one by one: a host may lack some, or
 * forbid it where processes are. Version 1 has no such file. */
static void switch_on(const char *parent)
{
	static const char *const words[] = {"+cpu", "+memory", "+io", "+pids", "+cpuset"};
	AUTO_FREE char *path = hp_path_join(parent, SWITCHES);

	if (access(path, W_OK) < 0)
		return;
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		struct hp_error ignored = HP_ERROR_INIT;

		if (put(parent, SWITCHES, words[i], &ignored) < 0)
			hp_error_clear(&ignored);
	}
}

/* Make @dir, and what is missing above it. */
static int make(const char *dir, struct hp_error *err)
{
	AUTO_FREE char *parent = hp_path_dir(dir);
	AUTO_FREE char *version1 = hp_path_join(dir, "cpuset.cpus");
	AUTO_FREE char *version2 = hp_path_join(dir, SWITCHES);

	if (access(dir, F_OK) == 0)
		return 0;
	if (make(parent, err) < 0)
		return -1;
	switch_on(parent);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return hp_fail_errno(err, errno, "make '%s'", dir);
	if (access(version2, F_OK) < 0 && access(version1, F_OK) == 0)
		fill_cpuset(parent, dir);
	return 0;
}

/* Put @pid there, unless it has ended. */
static int move(const char *dir, pid_t pid, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (put(dir, PROCS, text, &why) == 0 || why.sys == ESRCH)
		return 0;
	*err = why;
	return -1;
}

static int join_one(const char *dir, const pid_t *pids, size_t n, struct hp_error *err)
{
	if (make(dir, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (pids[i] > 0 && move(dir, pids[i], err) < 0)
			return -1;
	return 0;
}

int hp_shim_cgroup_join(const struct hp_shim_cgroup *c, const pid_t *pids, size_t n,
			struct hp_error *err)
{
	for (size_t i = 0; i < c->dirs.count; i++) {
		struct hp_error why = HP_ERROR_INIT;

		/* What one hierarchy cannot have, others can. */
		if (join_one(c->dirs.items[i], pids, n, &why) < 0 && err->code == HP_OK)
			*err = why;
	}
	return err->code == HP_OK ? 0 : hp_wrap(err, "cgroup of the host");
}

/* Those that are here go home: this process, or a logger that has a last line to write. */
static int send_home(const char *dir, const char *home, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, PROCS);
	AUTO_FREE char *text = NULL;
	AUTO(hp_strv_free) struct hp_strv pids = {0};

	if (read_text(path, &text, err) < 0)
		return -1;
	hp_strv_split(&pids, text, '\n');
	for (size_t i = 0; i < pids.count; i++) {
		uint64_t pid = 0;

		if (!pids.items[i][0])
			continue;
		if (hp_str_u64(pids.items[i], &pid, err) < 0 || move(home, (pid_t)pid, err) < 0)
			return -1;
	}
	return 0;
}

static int remove_one(const char *dir, const char *home, struct hp_error *err)
{
	int sys = EBUSY;

	for (int i = 0; i < TRIES && sys == EBUSY; i++) {
		struct hp_error ignored = HP_ERROR_INIT;

		if (i > 0)
			hp_clock_sleep_ms(TRY_MS);
		/* When home is no more, whoever is here must end first. */
		if (send_home(dir, home, &ignored) < 0)
			hp_error_clear(&ignored);
		sys = rmdir(dir) < 0 ? errno : 0;
	}
	if (sys == 0 || sys == ENOENT)
		return 0;
	return hp_fail_errno(err, sys, "remove '%s'", dir);
}

int hp_shim_cgroup_remove(const struct hp_shim_cgroup *c, struct hp_error *err)
{
	for (size_t i = 0; i < c->dirs.count; i++) {
		struct hp_error why = HP_ERROR_INIT;

		/* The others go all the same. */
		if (remove_one(c->dirs.items[i], c->homes.items[i], &why) < 0 &&
		    err->code == HP_OK)
			*err = why;
	}
	return err->code == HP_OK ? 0 : hp_wrap(err, "cgroup of the host");
}
