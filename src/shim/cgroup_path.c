/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_path.c - where cgroups are: the forms of their paths, in the hierarchies of a host. */
#include <string.h>

#include "base/alloc.h"
#include "base/cgroup.h"
#include "base/path.h"
#include "shim/cgroup.h"

#define SLICE ".slice"
#define SCOPE ".scope"

static bool is_slice(const char *name)
{
	return hp_str_ends(name, SLICE) && !hp_str_eq(name, SLICE);
}

/* "a-b.slice" is in "a.slice". "-.slice" is the root. Owns: the caller. */
static char *slice_path(const char *slice)
{
	AUTO(hp_strv_free) struct hp_strv parts = {0};
	const size_t len = strlen(slice) - strlen(SLICE);

	if (strcmp(slice, "-" SLICE) == 0)
		return hp_strdup("");
	for (size_t i = 1; i <= len; i++)
		if (i == len || slice[i] == '-')
			hp_strv_addf(&parts, "/%.*s" SLICE, (int)i, slice);
	return hp_strv_join(hp_strv_view(&parts), "");
}

static bool is_name(const char *s)
{
	return *s && !strchr(s, '/') && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

/* Of "SLICE:PREFIX:NAME". */
static int systemd_path(const char *path, const struct hp_strv *parts, char **ret,
			struct hp_error *err)
{
	const char *slice = *parts->items[0] ? parts->items[0] : "system" SLICE;
	const char *prefix = parts->items[1];
	const char *name = parts->items[2];

	if (!is_name(slice) || !is_slice(slice) || strstr(slice, "--") || strchr(prefix, '/') ||
	    !is_name(name))
		return hp_fail(err, HP_EINVALID,
			       "linux.cgroupsPath '%.200s' is no SLICE:PREFIX:NAME", path);

	AUTO_FREE char *parent = slice_path(slice);
	if (is_slice(name))
		*ret = slice_path(name);
	else
		*ret = hp_sprintf("%s/%s%s%s" SCOPE, parent, prefix, *prefix ? "-" : "", name);
	return 0;
}

int hp_shim__cgroup_path(const char *path, char **ret, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv parts = {0};

	hp_strv_split(&parts, path, ':');
	if (parts.count == 3 && path[0] != '/')
		return systemd_path(path, &parts, ret, err);

	AUTO_FREE char *clean = hp_path_clean(path);
	if (strcmp(clean, "/") == 0)
		return hp_fail(err, HP_EINVALID,
			       "linux.cgroupsPath '%.200s' is the root of all cgroups", path);
	*ret = TAKE(clean);
	return 0;
}

void hp_shim__cgroup_places(const char *mounts, const char *own, const char *below,
			    struct hp_shim_cgroup *ret)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {0};

	hp_cgroup_places_read(mounts, own, &places);
	for (size_t i = 0; i < places.count; i++) {
		const struct hp_cgroup_place *p = &places.items[i];

		hp_strv_addf(&ret->dirs, "%s%s", p->point, below);
		hp_strv_add(&ret->homes, p->dir ? p->dir : p->point);
	}
}
