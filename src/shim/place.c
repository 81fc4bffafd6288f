/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - owns when the shim and its children go into the host's cgroup of the container, and when
 * that is left. */
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "shim/shim.h"

void hp_shim_place(struct hp_shim *s)
{
	const char *path = s->spec ? hp_shim_spec_cgroups_path(s->spec) : NULL;
	/* Children that come later are there by birth. */
	const pid_t pids[] = {s->record.vmm.pid, s->record.files.pid, getpid()};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_str_empty(path) || s->cgroup.dirs.count > 0)
		return;
	/* Before anything is made, so that `delete` knows of it whatever happens. */
	s->record.cgroup = hp_strdup(path);
	hp_shim_save(s);
	if (hp_shim_cgroup_find(path, &s->cgroup, &err) < 0 ||
	    hp_shim_cgroup_join(&s->cgroup, pids, HP_ARRAY_LEN(pids), &err) < 0)
		hp_shim_log(s->log, HP_LOG_WARN, "%s", err.msg);
}

void hp_shim_place_leave(struct hp_shim *s)
{
	struct hp_error err = HP_ERROR_INIT;

	if (s->cgroup.dirs.count == 0)
		return;
	if (hp_shim_cgroup_remove(&s->cgroup, &err) < 0)
		hp_shim_log(s->log, HP_LOG_WARN, "%s", err.msg);
	hp_shim_cgroup_clear(&s->cgroup);
}
