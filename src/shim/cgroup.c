/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - make a container's cgroup on the host, fill it, and take it away. */
#include "shim/cgroup.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cgroup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

#define TEXT_MAX (1u << 20) /* of /proc/self/mountinfo, or of a list of processes */
#define TRIES    50         /* of removing it while processes are about to end there */
#define TRY_MS   2
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

		if (hp_cgroup_put(parent, SWITCHES, words[i], &ignored) < 0)
			hp_error_clear(&ignored);
	}
}

/* Make @dir, and what is missing above it. */
static int make(const char *dir, struct hp_error *err)
{
	AUTO_FREE char *parent = hp_path_dir(dir);

	if (access(dir, F_OK) == 0)
		return 0;
	if (make(parent, err) < 0)
		return -1;
	switch_on(parent);
	return hp_cgroup_make(dir, err);
}

static int join_one(const char *dir, const pid_t *pids, size_t n, struct hp_error *err)
{
	if (make(dir, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (pids[i] > 0 && hp_cgroup_join(dir, pids[i], err) < 0)
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
	AUTO_FREE pid_t *pids = NULL;
	size_t count = 0;

	if (hp_cgroup_pids(dir, &pids, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (hp_cgroup_join(home, pids[i], err) < 0)
			return -1;
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
