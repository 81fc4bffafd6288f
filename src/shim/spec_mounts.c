/* SPDX-License-Identifier: Apache-2.0 */
/* spec_mounts.c - owns "mounts": what the guest mounts by itself, and what it needs shares of.
 * From: OCI runtime-spec config.md, "Mounts". */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/path.h"
#include "shim/mount_options.h"
#include "shim/spec_parts.h"

/* File systems that need nothing of the host. */
static const char *const virtual_types[] = {
	"binfmt_misc", "bpf",        "cgroup2", "configfs", "debugfs",
	"devpts",      "hugetlbfs",  "mqueue",  "proc",     "pstore",
	"ramfs",       "securityfs", "sysfs",   "tmpfs",    "tracefs",
};

static bool is_virtual(const char *type)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(virtual_types); i++)
		if (strcmp(virtual_types[i], type) == 0)
			return true;
	return false;
}

/* A mount as it stands in the configuration. */
struct entry {
	char *destination, *type, *source;
	char **words;
	size_t n_words;
};

static int read_entry(const struct hp_shim__reader *r, const struct hp_json *v,
		      struct entry *ret, struct hp_error *err)
{
	struct entry e = {0};

	if (hp_shim__read_path(r, HP_SHIM_FIELD(v, "mounts", "destination"), &e.destination,
			       err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(v, "mounts", "type"), &e.type, err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(v, "mounts", "source"), &e.source, err) < 0 ||
	    hp_shim__read_strs(r, HP_SHIM_FIELD(v, "mounts", "options"), &e.words, &e.n_words,
			       err) < 0)
		return -1;
	if (!e.destination)
		return hp_fail(err, HP_EINVALID, "mounts: an entry has no destination");
	e.destination = hp_shim__arena_take(r->arena, hp_path_clean(e.destination));
	if (strcmp(e.destination, "/") == 0)
		return hp_fail(err, HP_EINVALID, "mounts: the destination '/' is the root's");
	*ret = e;
	return 0;
}

static Hp__Guest__Mount *add_mount(const struct hp_shim__reader *r, struct hp_shim__mounts *all,
				   const struct entry *e, const struct hp_shim_mount_options *o)
{
	Hp__Guest__Mount *m = hp_shim__arena_alloc(r->arena, sizeof(*m));

	hp__guest__mount__init(m);
	m->destination = e->destination;
	m->flags = o->flags;
	m->propagation = o->propagation;
	m->copy_up = o->copy_up;
	all->mounts[all->n_mounts++] = m;
	return m;
}

static void add_share(const struct hp_shim__reader *r, struct hp_shim__mounts *all,
		      Hp__Guest__Mount *m, const struct hp_shim_mount_options *o, char *source)
{
	struct hp_shim_share *share = &all->shares[all->n_shares++];

	share->name = hp_shim__arena_take(r->arena, hp_sprintf("%zu", all->n_shares));
	share->source = source;
	share->recursive = (o->flags & MS_REC) != 0;
	share->read_only = (o->flags & MS_RDONLY) != 0;
	m->type = hp_shim__arena_str(r->arena, "bind");
	m->source = hp_shim__arena_str(r->arena, share->name);
}

/* Devices that mean the same on every Linux: memory, and the terminal of who opens it.
 * From: Linux Documentation/admin-guide/devices.txt. */
static bool is_everywhere(const struct stat *st)
{
	return S_ISCHR(st->st_mode) &&
	       (major(st->st_rdev) == 1 || st->st_rdev == makedev(5, 0));
}

static void add_device(const struct hp_shim__reader *r, struct hp_shim__mounts *all,
		       const struct entry *e, const struct stat *st)
{
	Hp__Guest__Device *d = hp_shim__arena_alloc(r->arena, sizeof(*d));

	hp__guest__device__init(d);
	d->path = e->destination;
	d->type = S_IFCHR;
	d->major = major(st->st_rdev);
	d->minor = minor(st->st_rdev);
	d->mode = st->st_mode & 0777;
	d->uid = st->st_uid;
	d->gid = st->st_gid;
	all->devices[all->n_devices++] = d;
}

static const char *kind_of(mode_t mode)
{
	if (S_ISSOCK(mode))
		return "socket";
	return S_ISFIFO(mode) ? "FIFO" : "device";
}

static int read_bind(const struct hp_shim__reader *r, const struct entry *e,
		     const struct hp_shim_mount_options *o, struct hp_shim__mounts *all,
		     struct hp_error *err)
{
	char *source;
	struct stat st;

	if (hp_str_empty(e->source))
		return hp_fail(err, HP_EINVALID, "there is no source");
	source = *e->source == '/' ? hp_strdup(e->source) : hp_path_join(r->bundle, e->source);
	hp_shim__arena_take(r->arena, source);
	if (stat(source, &st) < 0)
		return hp_fail_errno(err, errno, "source '%.200s'", source);
	if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) {
		Hp__Guest__Mount *m = add_mount(r, all, e, o);

		m->file = S_ISREG(st.st_mode);
		add_share(r, all, m, o, source);
	} else if (is_everywhere(&st))
		add_device(r, all, e, &st);
	else
		hp_shim__warn(r,
			      "mounts: '%s' is left out: '%s' is a %s, which works on its "
			      "own kernel only",
			      e->destination, source, kind_of(st.st_mode));
	return 0;
}

static int read_mount(const struct hp_shim__reader *r, const struct hp_json *v,
		      struct hp_shim__mounts *all, struct hp_error *err)
{
	AUTO(hp_shim_mount_options_clear) struct hp_shim_mount_options o = {0};
	struct entry e = {0};
	Hp__Guest__Mount *m;

	if (read_entry(r, v, &e, err) < 0)
		return -1;
	if (hp_shim_mount_options_read((const char *const *)e.words, e.n_words, &o, err) < 0)
		return hp_wrap(err, "mounts: '%.200s'", e.destination);
	if (hp_str_eq(e.type, "bind") || (o.flags & MS_BIND)) {
		o.flags |= MS_BIND;
		if (read_bind(r, &e, &o, all, err) < 0)
			return hp_wrap(err, "mounts: '%.200s'", e.destination);
		return 0;
	}
	/* Whatever the host has, a guest has one hierarchy. */
	if (hp_str_eq(e.type, "cgroup")) {
		e.type = hp_shim__arena_str(r->arena, "cgroup2");
		*o.data = '\0';
	}
	if (!e.type || !is_virtual(e.type))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "mounts: '%.200s': a machine cannot mount type '%.64s'",
			       e.destination, e.type ? e.type : "");
	m = add_mount(r, all, &e, &o);
	m->type = e.type;
	m->source = e.source ? e.source : hp_shim__arena_str(r->arena, e.type);
	m->data = hp_shim__arena_str(r->arena, o.data);
	return 0;
}

int hp_shim__spec_mounts(const struct hp_shim__reader *r, const struct hp_json *config,
			 struct hp_shim__mounts *ret, struct hp_error *err)
{
	const struct hp_json *list = NULL;
	struct hp_shim__mounts all = {0};
	size_t n;

	if (hp_shim__read_array(HP_SHIM_FIELD(config, "config.json", "mounts"), &list, err) < 0)
		return -1;
	n = hp_json_count(list);
	if (n > HP_SHIM_MOUNTS_MAX)
		return hp_fail(err, HP_EINVALID, "mounts: more than %d", HP_SHIM_MOUNTS_MAX);
	all.mounts = hp_shim__arena_array(r->arena, n, sizeof(*all.mounts));
	all.shares = hp_shim__arena_array(r->arena, n, sizeof(*all.shares));
	all.devices = hp_shim__arena_array(r->arena, n, sizeof(*all.devices));
	for (size_t i = 0; i < n; i++)
		if (read_mount(r, hp_json_at(list, i), &all, err) < 0)
			return -1;
	*ret = all;
	return 0;
}
