/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - owns what is known about hierarchies of cgroups, and their files. */
#include "base/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"

#define TEXT_MAX (4u << 20) /* of /proc/self/mountinfo, or of a list of processes */

/* Fields of a line of mountinfo. */
enum { FIELD_ROOT = 3, FIELD_POINT = 4, FIELD_OPTIONAL = 6 };

void hp_cgroup_places_clear(struct hp_cgroup_places *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].point);
		free(p->items[i].options);
		free(p->items[i].dir);
	}
	free(p->items);
	*p = (struct hp_cgroup_places){.count = 0};
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

bool hp_cgroup_place_has(const struct hp_cgroup_place *p, const char *controller)
{
	return !p->options || has_word(p->options, controller, strlen(controller));
}

/* The path of the process in the hierarchy of these controllers, of which @options has the names;
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

	if (!path || strncmp(path, root, len) != 0 || (path[len] != '/' && path[len]))
		return NULL;
	return hp_sprintf("%s%s", point, path[len] && path[len + 1] ? path + len : "");
}

static bool has_point(const struct hp_cgroup_places *p, const char *point)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->items[i].point, point) == 0)
			return true;
	return false;
}

static void add_place(const struct hp_strv *fields, const char *own,
		      struct hp_cgroup_places *ret)
{
	size_t i = FIELD_OPTIONAL;

	while (i < fields->count && strcmp(fields->items[i], "-") != 0)
		i++;
	if (i + 3 >= fields->count)
		return;

	const char *type = fields->items[i + 1];
	const char *point = fields->items[FIELD_POINT];
	const bool v2 = strcmp(type, "cgroup2") == 0;
	const char *options = v2 ? NULL : fields->items[i + 3];
	if ((!v2 && strcmp(type, "cgroup") != 0) || has_point(ret, point))
		return;
	ret->items = hp_realloc_array(ret->items, ret->count + 1, sizeof(*ret->items));
	ret->items[ret->count++] = (struct hp_cgroup_place){
		.point = hp_strdup(point),
		.options = options ? hp_strdup(options) : NULL,
		.dir = own_dir(own, options, fields->items[FIELD_ROOT], point),
	};
}

void hp_cgroup_places_read(const char *mounts, const char *own, struct hp_cgroup_places *ret)
{
	AUTO(hp_strv_free) struct hp_strv lines = {0};

	*ret = (struct hp_cgroup_places){.count = 0};
	hp_strv_split(&lines, mounts, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		AUTO(hp_strv_free) struct hp_strv fields = {0};

		hp_strv_split(&fields, lines.items[i], ' ');
		if (fields.count > FIELD_OPTIONAL)
			add_place(&fields, own, ret);
	}
}

static int read_text(const char *path, char **ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};

	if (hp_file_read(path, TEXT_MAX, &buf, err) < 0)
		return -1;
	*ret = hp_buf_take_str(&buf);
	return 0;
}

int hp_cgroup_places_of(pid_t pid, struct hp_cgroup_places *ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/cgroup", (int)pid);
	AUTO_FREE char *mounts = NULL;
	AUTO_FREE char *own = NULL;

	if (read_text("/proc/self/mountinfo", &mounts, err) < 0 ||
	    read_text(path, &own, err) < 0)
		return -1;
	hp_cgroup_places_read(mounts, own, ret);
	return 0;
}

int hp_cgroup_get(const char *dir, const char *file, char **ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, file);

	return read_text(path, ret, err);
}

int hp_cgroup_put(const char *dir, const char *file, const char *text, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, file);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return hp_fail_errno(err, errno, "write '%s' to '%s'", text, path);
	return 0;
}

/* A new cpuset of version 1 has no processors, and takes no process until it has. */
static void fill_cpuset(const char *dir)
{
	static const char *const names[] = {"cpuset.cpus", "cpuset.mems"};
	AUTO_FREE char *parent = hp_path_dir(dir);

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		AUTO_FREE char *had = NULL;
		AUTO_FREE char *has = NULL;
		struct hp_error ignored = HP_ERROR_INIT;

		if (hp_cgroup_get(dir, names[i], &has, &ignored) < 0 ||
		    has[strspn(has, "\n")] ||
		    hp_cgroup_get(parent, names[i], &had, &ignored) < 0 ||
		    hp_cgroup_put(dir, names[i], had, &ignored) < 0)
			return;
	}
}

int hp_cgroup_make(const char *dir, struct hp_error *err)
{
	AUTO_FREE char *version1 = hp_path_join(dir, "cpuset.cpus");
	AUTO_FREE char *version2 = hp_path_join(dir, "cgroup.subtree_control");

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return hp_fail_errno(err, errno, "make '%s'", dir);
	if (access(version2, F_OK) < 0 && access(version1, F_OK) == 0)
		fill_cpuset(dir);
	return 0;
}

int hp_cgroup_join(const char *dir, pid_t pid, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (hp_cgroup_put(dir, "cgroup.procs", text, &why) == 0 || why.sys == ESRCH)
		return 0;
	*err = why;
	return -1;
}

int hp_cgroup_pids(const char *dir, pid_t **ret, size_t *ret_count, struct hp_error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO(hp_strv_free) struct hp_strv lines = {0};

	if (hp_cgroup_get(dir, "cgroup.procs", &text, err) < 0)
		return -1;
	hp_strv_split(&lines, text, '\n');

	AUTO_FREE pid_t *pids = hp_alloc_array(lines.count + 1, sizeof(*pids));
	size_t count = 0;

	for (size_t i = 0; i < lines.count; i++) {
		uint64_t pid = 0;

		if (!lines.items[i][0])
			continue;
		if (hp_str_u64(lines.items[i], &pid, err) < 0)
			return hp_wrap(err, "processes of '%s'", dir);
		/* Those of another namespace have none here. */
		if (pid > 0)
			pids[count++] = (pid_t)pid;
	}
	*ret = TAKE(pids);
	*ret_count = count;
	return 0;
}
