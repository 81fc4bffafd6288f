/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - the cgroup of the host that the spec names: the shim, the VMM and the file server of a
 * container are in it, so that its cost can be seen, and bounded from above. What the container
 * may use is limited in the guest. */
#pragma once
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* One directory for each hierarchy that the host has mounted. */
struct hp_shim_cgroup {
	struct hp_strv
		dirs; /* the container's; they may not be there. None: the spec has no path */
	struct hp_strv homes; /* those that this process is in, in the same order */
};
void hp_shim_cgroup_clear(struct hp_shim_cgroup *c);
HP_AUTO_VALUE(struct hp_shim_cgroup, hp_shim_cgroup_clear);

/* @path: the spec's cgroupsPath, in either form; "" or NULL: none. To be called before this process
 * joins, so that homes are where it came from. Makes nothing. */
int hp_shim_cgroup_find(const char *path, struct hp_shim_cgroup *ret,
			struct hp_error *err) MUST_CHECK;
/* Make the directories and put those processes in. One that is gone is fine. The first one takes
 * the kernel some milliseconds. */
int hp_shim_cgroup_join(const struct hp_shim_cgroup *c, const pid_t *pids, size_t n,
			struct hp_error *err) MUST_CHECK;
/* Put all who are left there into homes, and remove the directories, but not what they are in.
 * Missing ones are fine. */
int hp_shim_cgroup_remove(const struct hp_shim_cgroup *c, struct hp_error *err) MUST_CHECK;

/* cgroup_path.c: below a hierarchy's root, what @path means there: "/a/b" is itself, and
 * "a-b.slice:docker:id" is "/a.slice/a-b.slice/docker-id.scope". Owns: the caller.
 * Fails: HP_EINVALID - it is neither, or the root itself.
 * From: opencontainers/runc docs/systemd.md; systemd.slice(5). */
int hp_shim__cgroup_path(const char *path, char **ret, struct hp_error *err) MUST_CHECK;
/* The same of /proc/PID/mountinfo and /proc/PID/cgroup as texts. From: proc(5), cgroups(7). */
void hp_shim__cgroup_places(const char *mounts, const char *own, const char *below,
			    struct hp_shim_cgroup *ret);
