/* SPDX-License-Identifier: Apache-2.0 */
/* stress_place.c - owns in which cgroups a fault's processes are, and their end there.
 *
 * Version 1: in each hierarchy a child of the target's, which has its own counts and all limits of
 * the target. Version 2: the same, and no controller is turned on for the child, which the kernel
 * would forbid where processes are: what its processes use counts as the target's own. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "chaos/stress.h"

void hp_stress_place_clear(struct hp_stress_place *p)
{
	hp_strv_free(&p->dirs);
	hp_strv_free(&p->target);
}

int hp_stress_place_find(const struct hp_cgroup_places *places, const char *child,
			 struct hp_stress_place *ret, struct hp_error *err)
{
	struct hp_stress_place p = {.own = child != NULL};

	for (size_t i = 0; i < places->count; i++) {
		const char *dir = places->items[i].dir;

		if (!dir)
			continue;
		hp_strv_add(&p.target, dir);
		hp_strv_take(&p.dirs, child ? hp_path_join(dir, child) : hp_strdup(dir));
	}
	if (p.dirs.count == 0)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "no cgroups are mounted here in which the target is: mount "
			       "/sys/fs/cgroup");
	*ret = p;
	return 0;
}

struct hp_json *hp_stress_place_to_json(const struct hp_stress_place *p)
{
	struct hp_json *o = hp_json_object();

	hp_json_set_strs(o, "dirs", hp_strv_view(&p->dirs));
	hp_json_set_strs(o, "target", hp_strv_view(&p->target));
	hp_json_set_bool(o, "own", p->own);
	return o;
}

static void read_strs(const struct hp_json *v, struct hp_strv *ret)
{
	for (size_t i = 0; i < hp_json_count(v); i++) {
		const char *s = hp_json_str(hp_json_at(v, i));

		if (s && s[0] == '/')
			hp_strv_add(ret, s);
	}
}

void hp_stress_place_from_json(const struct hp_json *v, struct hp_stress_place *ret)
{
	*ret = (struct hp_stress_place){.own = hp_json_bool(hp_json_get(v, "own"), false)};
	read_strs(hp_json_get(v, "dirs"), &ret->dirs);
	read_strs(hp_json_get(v, "target"), &ret->target);
}

int hp_stress_place_make(const struct hp_stress_place *p, struct hp_error *err)
{
	for (size_t i = 0; p->own && i < p->dirs.count; i++)
		if (hp_cgroup_make(p->dirs.items[i], err) < 0)
			return hp_wrap(err, "cgroup of the stress");
	return 0;
}

int hp_stress_place_join(const struct hp_stress_place *p, pid_t pid, struct hp_error *err)
{
	for (size_t i = 0; i < p->dirs.count; i++)
		if (hp_cgroup_join(p->dirs.items[i], pid, err) < 0)
			return hp_wrap(err, "put the stress into the target's cgroup");
	return 0;
}

/* A process that is frozen with the target dies only when it leaves that hierarchy. */
static void thaw(const char *dir, const char *target, pid_t pid)
{
	AUTO_FREE char *state = hp_path_join(dir, "freezer.state");
	AUTO_FREE char *up = hp_path_dir(target);
	struct hp_error ignored = HP_ERROR_INIT;

	if (access(state, F_OK) == 0 && hp_cgroup_join(up, pid, &ignored) < 0)
		hp_error_clear(&ignored);
}

/* Returns: how many were there; a directory that has gone has none. */
static int kill_all(const char *dir, const char *target, struct hp_error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t count = 0;

	if (hp_cgroup_pids(dir, &pids, &count, err) < 0) {
		if (err->code != HP_ENOTFOUND && err->sys != ENODEV)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		thaw(dir, target, pids[i]);
	}
	return (int)count;
}

int hp_stress_place_remove(const struct hp_stress_place *p, struct hp_error *err)
{
	int left = 0;

	for (size_t i = 0; p->own && i < p->dirs.count; i++) {
		const char *dir = p->dirs.items[i];
		struct hp_error ignored = HP_ERROR_INIT;

		/* All at once, where the kernel can; else those who are there, again and again. */
		if (hp_cgroup_put(dir, "cgroup.kill", "1", &ignored) < 0)
			hp_error_clear(&ignored);
		if (kill_all(dir, i < p->target.count ? p->target.items[i] : "/", err) < 0)
			return -1;
		if (rmdir(dir) == 0 || errno == ENOENT)
			continue;
		if (errno != EBUSY)
			return hp_fail_errno(err, errno, "remove the cgroup '%s'", dir);
		left++;
	}
	return left;
}
