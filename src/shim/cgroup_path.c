/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_path.c - where cgroups are: the forms of their paths, and the hierarchies of a host. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "shim/cgroup.h"

#define SLICE ".slice"
#define SCOPE ".scope"

/* Fields of a line of mountinfo. */
enum { FIELD_ROOT = 3, FIELD_POINT = 4, FIELD_OPTIONAL = 6 };

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

/* Is this word one of the list? */
static bool has_word(const char *list, const char *word, size_t len)
{
	while (*list) {
		const size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, word, n) == 0)
			return true;
		list += n;
		list += *list == ',';
	}
	return false;
}

/* The path of this process in the hierarchy of these controllers, of which @options has the names;
 * NULL: it is version 2. Owns: the caller, NULL when it is in none. */
static char *own_path(const char *own, const char *options)
{
	AUTO(hp_strv_free) struct hp_strv lines = {0};

	hp_strv_split(&lines, own, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *names = strchr(lines.items[i], ':');
		const char *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		names++;
		/* Names of one hierarchy are all the same or none, so the first tells. */
		const size_t len = strcspn(names, ",:");
		if (options ? len > 0 && has_word(options, names, len) : len == 0)
			return hp_strdup(path + 1);
	}
	return NULL;
}

/* Where it is below @point, at which the hierarchy is mounted from @root on. */
static char *own_dir(const char *own, const char *options, const char *root, const char *point)
{
	AUTO_FREE char *path = own_path(own, options);
	const size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (!path || strncmp(path, root, len) != 0 || path[len] != '/' || !path[len + 1])
		return hp_strdup(point);
	return hp_sprintf("%s%s", point, path + len);
}

static void add_place(const struct hp_strv *fields, const char *own, const char *below,
		      struct hp_shim_cgroup *ret)
{
	size_t i = FIELD_OPTIONAL;

	while (i < fields->count && strcmp(fields->items[i], "-") != 0)
		i++;
	if (i + 3 >= fields->count)
		return;

	const char *type = fields->items[i + 1];
	const char *point = fields->items[FIELD_POINT];
	const bool v2 = strcmp(type, "cgroup2") == 0;
	AUTO_FREE char *dir = hp_sprintf("%s%s", point, below);
	if ((!v2 && strcmp(type, "cgroup") != 0) || hp_strv_has(&ret->dirs, dir))
		return;
	hp_strv_add(&ret->dirs, dir);
	hp_strv_take(&ret->homes, own_dir(own, v2 ? NULL : fields->items[i + 3],
					  fields->items[FIELD_ROOT], point));
}

void hp_shim__cgroup_places(const char *mounts, const char *own, const char *below,
			    struct hp_shim_cgroup *ret)
{
	AUTO(hp_strv_free) struct hp_strv lines = {0};

	hp_strv_split(&lines, mounts, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		AUTO(hp_strv_free) struct hp_strv fields = {0};

		hp_strv_split(&fields, lines.items[i], ' ');
		if (fields.count > FIELD_OPTIONAL)
			add_place(&fields, own, below, ret);
	}
}
