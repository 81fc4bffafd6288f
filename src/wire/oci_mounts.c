/* SPDX-License-Identifier: Apache-2.0 */
/* oci_mounts.c - what is mounted in a container: the usual file systems, then what is asked for. */
#include "wire/oci_parts.h"

#include "base/alloc.h"
#include "base/path.h"

#define MAX_OPTIONS 8

/* A default mount. From: moby oci/defaults.go, DefaultLinuxSpec; OCI runtime-spec
 * config-linux.md, "Default Filesystems". */
struct default_mount {
	const char *target;
	const char *type;
	const char *source;
	bool ro;             /* docker shows it read-only, unless the container is privileged */
	bool stays_writable; /* with a read-only root too */
	const char *options[MAX_OPTIONS];
};

/* clang-format off: one row a mount */
static const struct default_mount default_mounts[] = {
	{"/proc", "proc", "proc", false, true, {"nosuid", "noexec", "nodev"}},
	{"/dev",
	 "tmpfs",
	 "tmpfs",
	 false,
	 true,
	 {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{"/dev/pts",
	 "devpts",
	 "devpts",
	 false,
	 true,
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	{"/sys", "sysfs", "sysfs", true, false, {"nosuid", "noexec", "nodev"}},
	{"/sys/fs/cgroup", "cgroup", "cgroup", true, false, {"nosuid", "noexec", "nodev"}},
	{"/dev/mqueue", "mqueue", "mqueue", false, true, {"nosuid", "noexec", "nodev"}},
	{"/dev/shm",
	 "tmpfs",
	 "shm",
	 false,
	 true,
	 {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
};
/* clang-format on */

/* The host's own, when its IPC namespace is shared. A new mount of mqueue shows the host's anyway. */
static const struct default_mount host_shm = {
	"/dev/shm", "bind", "/dev/shm", false, true, {"rbind", "rprivate"},
};

static struct hp_json *build_mount(const char *target, const char *type, const char *source,
				   const char *const *options)
{
	struct hp_json *v = hp_json_object();

	hp_json_set_str(v, "destination", target);
	hp_json_set_str(v, "type", type);
	hp_json_set_str(v, "source", source);
	hp_json_set_strs(v, "options", options);
	return v;
}

/* Does a mount that was asked for take the place of a default one, or of what that is in? */
static bool is_replaced(const struct hp_oci_input *in, const char *target)
{
	for (size_t i = 0; i < in->n_mounts; i++) {
		AUTO_FREE char *other = hp_path_clean(in->mounts[i].target);

		if (hp_str_eq(other, target))
			return true;
		/* What is in /dev comes with a /dev from outside. From: moby daemon/oci_linux.go. */
		if (hp_str_eq(other, "/dev") && hp_str_starts(target, "/dev/"))
			return true;
	}
	return false;
}

static void add_defaults(const struct hp_oci_input *in, struct hp_json *list)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(default_mounts); i++) {
		const struct default_mount *m = &default_mounts[i];
		AUTO(hp_strv_free) struct hp_strv options = {0};

		if (is_replaced(in, m->target))
			continue;
		if (hp_oci__is_host(in->spec->ipc_mode) &&
		    hp_str_eq(m->target, host_shm.target))
			m = &host_shm;
		for (size_t o = 0; m->options[o]; o++)
			hp_strv_add(&options, m->options[o]);
		if ((m->ro && !in->spec->privileged) ||
		    (in->spec->read_only && !m->stays_writable))
			hp_strv_add(&options, "ro");
		hp_json_add(list,
			    build_mount(m->target, m->type, m->source, hp_strv_view(&options)));
	}
}

/* Is one of the words in the space-separated @words an option? */
static bool has_any(const struct hp_strv *options, const char *words)
{
	AUTO(hp_strv_free) struct hp_strv list = {0};

	hp_strv_split(&list, words, ' ');
	for (size_t i = 0; i < list.count; i++)
		if (hp_strv_has(options, list.items[i]))
			return true;
	return false;
}

/* Binds are recursive and private unless it is said otherwise.
 * From: docker run's reference, "--mount", "bind-propagation". */
static void default_bind_options(struct hp_strv *options)
{
	if (!has_any(options, "bind rbind"))
		hp_strv_add(options, "rbind");
	if (!has_any(options, "shared rshared slave rslave private rprivate unbindable "
			      "runbindable"))
		hp_strv_add(options, "rprivate");
}

/* From: docker run's reference, "--tmpfs": its default options. */
static void default_tmpfs_options(struct hp_strv *options)
{
	static const struct {
		const char *word;
		const char *opposite;
	} defaults[] = {
		{"noexec", "noexec exec"},
		{"nosuid", "nosuid suid"},
		{"nodev", "nodev dev"},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(defaults); i++)
		if (!has_any(options, defaults[i].opposite))
			hp_strv_add(options, defaults[i].word);
}

static struct hp_json *build_asked(const struct hp_oci_mount *m)
{
	AUTO_FREE char *target = hp_path_clean(m->target);
	AUTO(hp_strv_free) struct hp_strv options = {0};
	bool is_tmpfs = hp_str_eq(m->type, "tmpfs");

	for (size_t i = 0; m->options && m->options[i]; i++)
		hp_strv_add(&options, m->options[i]);
	if (is_tmpfs)
		default_tmpfs_options(&options);
	else
		default_bind_options(&options);
	return build_mount(target, m->type, is_tmpfs ? "tmpfs" : m->source,
			   hp_strv_view(&options));
}

/* Components of a path: "/a/b" has two. */
static size_t depth(const char *path)
{
	AUTO_FREE char *clean = hp_path_clean(path);
	size_t n = 0;

	for (const char *c = clean; *c; c++)
		n += *c == '/' && c[1];
	return n;
}

static int check_asked(const struct hp_oci_input *in, size_t at, struct hp_error *err)
{
	const struct hp_oci_mount *m = &in->mounts[at];
	const char *const texts[] = {m->target, m->source ? m->source : "", NULL};
	AUTO_FREE char *target = hp_path_clean(m->target);

	if (*m->target != '/' || hp_str_eq(target, "/"))
		return hp_fail(err, HP_EINVALID,
			       "mount target '%.200s': expected an absolute path below '/'",
			       m->target);
	for (size_t i = 0; i < at; i++) {
		AUTO_FREE char *other = hp_path_clean(in->mounts[i].target);

		if (hp_str_eq(other, target))
			return hp_fail(err, HP_EINVALID, "two mounts for the target '%.200s'",
				       target);
	}
	return hp_oci__texts_check("path of a mount", texts, err);
}

/* The shallow ones first, so that no mount hides one below it. */
static int add_asked(const struct hp_oci_input *in, struct hp_json *list, struct hp_error *err)
{
	size_t deepest = 0;

	for (size_t i = 0; i < in->n_mounts; i++) {
		size_t d = depth(in->mounts[i].target);

		if (check_asked(in, i, err) < 0)
			return -1;
		deepest = d > deepest ? d : deepest;
	}
	for (size_t d = 1; d <= deepest; d++)
		for (size_t i = 0; i < in->n_mounts; i++)
			if (depth(in->mounts[i].target) == d)
				hp_json_add(list, build_asked(&in->mounts[i]));
	return 0;
}

int hp_oci__mounts(const struct hp_oci_input *in, struct hp_json **ret, struct hp_error *err)
{
	static const char *const init_options[] = {"bind", "ro", NULL};
	AUTO(hp_json_free) struct hp_json *list = hp_json_array();

	add_defaults(in, list);
	if (add_asked(in, list, err) < 0)
		return -1;
	if (in->spec->init && hp_str_empty(in->init_path))
		return hp_fail(err, HP_EINVALID, "no init program is installed on this host");
	/* Last, so that a volume over /sbin does not hide it. */
	if (in->spec->init)
		hp_json_add(list, build_mount("/sbin/docker-init", "bind", in->init_path,
					      init_options));
	*ret = TAKE(list);
	return 0;
}
