/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_cgroup.h - a process in a cgroup of its own in each hierarchy of this host, as a container's is;
 * and trees of files that look like cgroups. */
#pragma once
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "chaos/stress.h"
#include "scratch.h"

struct chaos_cgroup {
	pid_t pid;
	struct hp_strv dirs; /* where it is */
};

/* Wait until @condition holds, at most 30 s: what writes to a disk ends when that has answered. */
#define AWAIT(condition)                                                                       \
	do {                                                                                   \
		int64_t end_ = hp_clock_ms() + 30000;                                          \
		while (!(condition) && hp_clock_ms() < end_)                                   \
			hp_clock_sleep_ms(5);                                                  \
		assert_true(condition);                                                        \
	} while (0)

static inline void chaos_cgroup_open(struct chaos_cgroup *c)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {0};
	struct hp_error err = HP_ERROR_INIT;

	*c = (struct chaos_cgroup){.pid = fork()};
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (hp_cgroup_places_of(getpid(), &places, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < places.count; i++) {
		AUTO_FREE char *dir =
			hp_sprintf("%s/hptest%d", places.items[i].dir, (int)getpid());

		if (hp_cgroup_make(dir, &err) < 0 || hp_cgroup_join(dir, c->pid, &err) < 0)
			fail_msg("%s", err.msg);
		hp_strv_add(&c->dirs, dir);
	}
	assert_true(c->dirs.count > 0);
}

static inline void chaos_cgroup_end(struct chaos_cgroup *c)
{
	if (!c->pid)
		return;
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
	c->pid = 0;
}

/* Fails when something is left in it. */
static inline void chaos_cgroup_close(struct chaos_cgroup *c)
{
	chaos_cgroup_end(c);
	for (size_t i = 0; i < c->dirs.count; i++) {
		const char *dir = c->dirs.items[i];
		int64_t end = hp_clock_ms() + 5000;
		int rc;

		while ((rc = rmdir(dir)) < 0 && errno == EBUSY && hp_clock_ms() < end)
			hp_clock_sleep_ms(5);
		if (rc < 0)
			fail_msg("%s: %s", dir, strerror(errno));
	}
	hp_strv_free(&c->dirs);
}
HP_AUTO_VALUE(struct chaos_cgroup, chaos_cgroup_close);

/* Set a limit where there is such a file. */
static inline void chaos_cgroup_limit(struct chaos_cgroup *c, const char *file,
				      const char *value)
{
	for (size_t i = 0; i < c->dirs.count; i++) {
		AUTO_FREE char *path = hp_path_join(c->dirs.items[i], file);
		struct hp_error err = HP_ERROR_INIT;

		if (scratch_has(path) && hp_cgroup_put(c->dirs.items[i], file, value, &err) < 0)
			fail_msg("%s", err.msg);
	}
}

/* How many processes are in directories of this name below those of the target; NULL: in these. */
static inline size_t chaos_cgroup_count(const struct chaos_cgroup *c, const char *child)
{
	size_t total = 0;

	for (size_t i = 0; i < c->dirs.count; i++) {
		AUTO_FREE char *dir = child ? hp_path_join(c->dirs.items[i], child)
					    : hp_strdup(c->dirs.items[i]);
		AUTO_FREE pid_t *pids = NULL;
		struct hp_error err = HP_ERROR_INIT;
		size_t count = 0;

		if (hp_cgroup_pids(dir, &pids, &count, &err) == 0)
			total += count;
	}
	return total;
}

static inline bool chaos_cgroup_has_child(const struct chaos_cgroup *c, const char *child)
{
	for (size_t i = 0; i < c->dirs.count; i++) {
		AUTO_FREE char *dir = hp_path_join(c->dirs.items[i], child);

		if (scratch_has(dir))
			return true;
	}
	return false;
}
