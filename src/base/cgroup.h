/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - cgroups of this host, of both versions: where a process is, and one more below that.
 * From: cgroups(7), proc(5), Linux admin-guide/cgroup-v2.rst. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* One hierarchy, and where in it a process is. */
struct hp_cgroup_place {
	char *point; /* where it is mounted */
	char *options; /* of the mount, which name its controllers; NULL: version 2, has them all */
	char *dir;     /* the process's directory; NULL: not below what is mounted */
};
struct hp_cgroup_places {
	struct hp_cgroup_place *items;
	size_t count;
};
void hp_cgroup_places_clear(struct hp_cgroup_places *p);
HP_AUTO_VALUE(struct hp_cgroup_places, hp_cgroup_places_clear);

/* All hierarchies that are mounted here. */
int hp_cgroup_places_of(pid_t pid, struct hp_cgroup_places *ret,
			struct hp_error *err) MUST_CHECK;
/* The same of the texts of /proc/self/mountinfo and /proc/PID/cgroup. */
void hp_cgroup_places_read(const char *mounts, const char *own, struct hp_cgroup_places *ret);
/* Is this the hierarchy of a controller? Of version 2, always. */
bool hp_cgroup_place_has(const struct hp_cgroup_place *p, const char *controller);

/* Read or write one of a cgroup's files, which must be there: the kernel makes it. */
int hp_cgroup_get(const char *dir, const char *file, char **ret,
		  struct hp_error *err) MUST_CHECK;
int hp_cgroup_put(const char *dir, const char *file, const char *text,
		  struct hp_error *err) MUST_CHECK;

/* Make a directory whose parent is there. One that is there is fine. */
int hp_cgroup_make(const char *dir, struct hp_error *err) MUST_CHECK;
/* Put @pid there; one that has ended is fine. */
int hp_cgroup_join(const char *dir, pid_t pid, struct hp_error *err) MUST_CHECK;
/* Who is there. Owns: the caller, free(3). Fails: HP_ENOTFOUND. */
int hp_cgroup_pids(const char *dir, pid_t **ret, size_t *ret_count,
		   struct hp_error *err) MUST_CHECK;
