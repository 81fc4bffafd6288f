/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - docker's short texts for what a container gets: --volume, --tmpfs, --device, --ulimit. */
#include "engine/spec_text.h"

#include <ctype.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"
#include "wire/oci_spec.h"

/* The public structures hold borrowed strings; these were made here. */
static void drop(const char **s)
{
	free((char *)(uintptr_t)*s);
	*s = NULL;
}

void hp_mount_clear(struct hp_mount *mount)
{
	drop(&mount->source);
	drop(&mount->target);
	drop(&mount->options);
	*mount = (struct hp_mount){0};
}

void hp_device_clear(struct hp_device *device)
{
	drop(&device->host_path);
	drop(&device->container_path);
	drop(&device->cgroup_rwm);
	*device = (struct hp_device){0};
}

void hp_ulimit_clear(struct hp_ulimit *ulimit)
{
	drop(&ulimit->name);
	*ulimit = (struct hp_ulimit){0};
}

/* From: moby volume/names.go, RestrictedNameChars. */
static bool is_volume_name(const char *s)
{
	if (!isalnum((unsigned char)*s) || !s[1])
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-", *s))
			return false;
	return true;
}

int hp_spec__set_target(struct hp_mount *m, const char *path, struct hp_error *err)
{
	if (*path != '/')
		return hp_fail(err, HP_EINVALID, "target '%.200s': expected an absolute path",
			       path);
	drop(&m->target);
	m->target = hp_path_clean(path);
	if (hp_str_eq(m->target, "/"))
		return hp_fail(err, HP_EINVALID, "target '%.200s': it cannot be '/'", path);
	return 0;
}

int hp_spec__set_source(struct hp_mount *m, const char *source, struct hp_error *err)
{
	bool is_path = *source == '/' || hp_str_eq(source, ".") || hp_str_eq(source, "..") ||
		       hp_str_starts(source, "./") || hp_str_starts(source, "../");

	drop(&m->source);
	m->type = is_path ? HP_MOUNT_BIND : HP_MOUNT_VOLUME;
	/* "./x" is the caller's own directory, as docker's CLI has it since 23.0. */
	if (is_path) {
		char *path = NULL;

		if (hp_path_absolute(source, &path, err) < 0)
			return -1;
		m->source = path;
		return 0;
	}
	if (!is_volume_name(source))
		return hp_fail(err, HP_EINVALID,
			       "source '%.200s': expected an absolute path or the name of a "
			       "volume ([A-Za-z0-9][A-Za-z0-9_.-]+)",
			       source);
	m->source = hp_strdup(source);
	return 0;
}

void hp_spec__take_options(struct hp_mount *m, const struct hp_strv *options)
{
	drop(&m->options);
	if (options->count > 0)
		m->options = hp_strv_join(hp_strv_view(options), ",");
}

/* One word of a volume's options. Words that mean nothing here are dropped as docker does on
 * Linux without SELinux: labels, consistency, and not copying, as nothing is ever copied. */
static int read_volume_word(const char *word, struct hp_mount *m, struct hp_strv *options,
			    struct hp_error *err)
{
	static const char kept[] = " bind rbind private rprivate shared rshared slave rslave "
				   "nosuid suid nodev dev noexec exec noatime relatime ";
	static const char dropped[] = " rw z Z nocopy consistent cached delegated ";
	AUTO_FREE char *padded = hp_sprintf(" %s ", word);

	if (hp_str_eq(word, "ro"))
		m->read_only = true;
	else if (!*word || strchr(word, ' '))
		return hp_fail(err, HP_EINVALID, "empty option");
	else if (strstr(kept, padded))
		hp_strv_add(options, word);
	else if (!strstr(dropped, padded))
		return hp_fail(err, HP_EINVALID, "unknown option '%.64s'", word);
	return 0;
}

static int read_volume_options(const char *text, struct hp_mount *m, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO(hp_strv_free) struct hp_strv options = {0};

	hp_strv_split(&words, text, ',');
	for (size_t i = 0; i < words.count; i++)
		if (read_volume_word(words.items[i], m, &options, err) < 0)
			return -1;
	if (words.count == 0 || (m->read_only && hp_strv_has(&words, "rw")))
		return hp_fail(err, HP_EINVALID, "options '%.64s': expected 'ro' or 'rw'",
			       text);
	hp_spec__take_options(m, &options);
	return 0;
}

static int read_volume(const struct hp_strv *parts, struct hp_mount *m, struct hp_error *err)
{
	if (parts->count == 0 || parts->count > 3)
		return hp_fail(err, HP_EINVALID, "expected [HOST|NAME:]TARGET[:OPTIONS]");
	m->create_source = true;
	m->type = HP_MOUNT_VOLUME;
	/* A target alone is an anonymous volume. */
	if (parts->count == 1) {
		m->source = hp_strdup("");
		return hp_spec__set_target(m, parts->items[0], err);
	}
	if (hp_spec__set_source(m, parts->items[0], err) < 0 ||
	    hp_spec__set_target(m, parts->items[1], err) < 0)
		return -1;
	return parts->count == 3 ? read_volume_options(parts->items[2], m, err) : 0;
}

/* From: docker run's reference, "--volume"; moby volume/mounts/linux_parser.go. */
int hp_mount_parse_volume(const char *text, struct hp_mount *ret_mount, struct hp_error *err)
{
	AUTO(hp_mount_clear) struct hp_mount m = {0};
	AUTO(hp_strv_free) struct hp_strv parts = {0};

	hp_strv_split(&parts, text, ':');
	if (read_volume(&parts, &m, err) < 0)
		return hp_wrap(err, "volume '%.200s'", text);
	*ret_mount = m;
	m = (struct hp_mount){0};
	return 0;
}

/* From: tmpfs(5), "Mount options"; mount(8), "Filesystem-independent mount options". */
static bool is_tmpfs_word(const char *word)
{
	static const char flags[] = " suid nosuid dev nodev exec noexec sync async dirsync "
				    "atime noatime diratime nodiratime relatime norelatime "
				    "strictatime nostrictatime ";
	static const char keys[] = " size mode uid gid nr_inodes nr_blocks mpol huge ";
	const char *equals = strchr(word, '=');
	AUTO_FREE char *padded = hp_sprintf(
		" %.*s ", (int)(equals ? equals - word : (ssize_t)strlen(word)), word);

	if (!*word || strchr(word, ' '))
		return false;
	return equals ? equals[1] && strstr(keys, padded) : strstr(flags, padded) != NULL;
}

static int read_tmpfs_options(const char *text, struct hp_mount *m, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO(hp_strv_free) struct hp_strv options = {0};

	hp_strv_split(&words, text, ',');
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (hp_str_eq(word, "ro"))
			m->read_only = true;
		else if (hp_str_eq(word, "rw"))
			m->read_only = false;
		else if (is_tmpfs_word(word))
			hp_strv_add(&options, word);
		else if (!hp_str_eq(word, "defaults"))
			return hp_fail(err, HP_EINVALID, "unknown option '%.64s'", word);
	}
	hp_spec__take_options(m, &options);
	return 0;
}

/* From: docker run's reference, "--tmpfs". */
int hp_mount_parse_tmpfs(const char *text, struct hp_mount *ret_mount, struct hp_error *err)
{
	AUTO(hp_mount_clear) struct hp_mount m = {.type = HP_MOUNT_TMPFS};
	AUTO_FREE char *copy = hp_strdup(text);
	char *options = copy;
	const char *target = strsep(&options, ":");

	m.source = hp_strdup("");
	if (hp_spec__set_target(&m, target, err) < 0 ||
	    (options && read_tmpfs_options(options, &m, err) < 0))
		return hp_wrap(err, "tmpfs '%.200s': expected TARGET[:OPTIONS]", text);
	*ret_mount = m;
	m = (struct hp_mount){0};
	return 0;
}

/* "r", "w" and "m", each at most once. */
static bool is_rwm(const char *s)
{
	return *s && s[strspn(s, "rwm")] == '\0' && strlen(s) <= 3 &&
	       strchr(s, 'r') == strrchr(s, 'r') && strchr(s, 'w') == strrchr(s, 'w') &&
	       strchr(s, 'm') == strrchr(s, 'm');
}

/* From: docker run's reference, "--device"; its CLI's opts.go, parseLinuxDevice. */
int hp_device_parse(const char *text, struct hp_device *ret_device, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv parts = {0};
	const char *target = NULL;
	const char *rwm = NULL;

	hp_strv_split(&parts, text, ':');
	if (parts.count == 2 && is_rwm(parts.items[1]))
		rwm = parts.items[1];
	else if (parts.count >= 2)
		target = parts.items[1];
	if (parts.count == 3)
		rwm = parts.items[2];
	if (parts.count == 0 || parts.count > 3 || *parts.items[0] != '/' ||
	    (target && *target != '/') || (rwm && !is_rwm(rwm)))
		return hp_fail(err, HP_EINVALID,
			       "device '%.200s': expected HOST[:CONTAINER][:rwm], two absolute "
			       "paths and some of the letters r, w, m",
			       text);
	*ret_device = (struct hp_device){
		.host_path = hp_path_clean(parts.items[0]),
		.container_path = target ? hp_path_clean(target) : NULL,
		.cgroup_rwm = hp_strdup(rwm),
	};
	return 0;
}

static int read_limit(const char *text, uint64_t *ret, struct hp_error *err)
{
	if (hp_str_eq(text, "-1") || hp_str_eq(text, "unlimited")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return hp_str_u64(text, ret, err);
}

static int read_ulimit(char *text, struct hp_ulimit *u, struct hp_error *err)
{
	char *hard = text;
	const char *name = strsep(&hard, "=");
	const char *soft = hard ? strsep(&hard, ":") : NULL;

	if (!soft)
		return hp_fail(err, HP_EINVALID, "expected NAME=SOFT[:HARD]");
	if (!hp_oci_ulimit_known(name))
		return hp_fail(err, HP_EINVALID, "no limit is called '%.64s'", name);
	if (read_limit(soft, &u->soft, err) < 0 ||
	    read_limit(hard ? hard : soft, &u->hard, err) < 0)
		return -1;
	if (u->soft > u->hard)
		return hp_fail(err, HP_EINVALID, "the soft limit is over the hard limit");
	u->name = hp_strdup(name);
	return 0;
}

/* From: docker run's reference, "--ulimit". */
int hp_ulimit_parse(const char *text, struct hp_ulimit *ret_ulimit, struct hp_error *err)
{
	AUTO_FREE char *copy = hp_strdup(text);
	struct hp_ulimit u = {0};

	if (read_ulimit(copy, &u, err) < 0) {
		/* Also a number that does not fit is a bad text. */
		err->code = HP_EINVALID;
		return hp_wrap(err, "ulimit '%.200s'", text);
	}
	*ret_ulimit = u;
	return 0;
}
