/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - what this host has that a container's spec depends on. */
#include "engine/containerd/host.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "wire/oci_spec.h"

/* From: statfs(2), CGROUP2_SUPER_MAGIC. */
#define CGROUP2_MAGIC 0x63677270
/* More nodes than any host has; a loop of directories must end somewhere. */
#define DEVICES_MAX   4096
#define DEPTH_MAX     8
/* The kernel keeps capabilities in 64 bits. */
#define CAPS_MAX      63

/* What nobody may have here, such as in a virtual machine that lacks a few, cannot be given on.
 * From: capabilities(7), capability bounding set. */
void hp_host__caps(struct hp_strv *ret_caps)
{
	for (unsigned i = 0; i <= CAPS_MAX; i++) {
		const char *name = hp_oci_cap_name(i);
		int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (has < 0)
			return;
		if (has > 0 && name)
			hp_strv_add(ret_caps, name);
	}
}

bool hp_host__cgroup_v2(void)
{
	struct statfs fs;

	return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
}

bool hp_host__swap_accounting(void)
{
	/* The root cgroup of version 2 has no limits, so any of its children is asked. */
	glob_t found = {0};
	bool has = access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0 ||
		   glob("/sys/fs/cgroup/*/memory.swap.max", GLOB_NOSORT, NULL, &found) == 0;

	globfree(&found);
	return has;
}

bool hp_host__apparmor_has(const char *name)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_FREE char *profiles = NULL;
	AUTO_FREE char *line = hp_sprintf("%s (", name);

	hp_buf_init(&text, 1 << 20);
	if (hp_file_read("/sys/kernel/security/apparmor/profiles", 1 << 20, &text, &ignored) <
	    0)
		return false;
	profiles = hp_buf_take_str(&text);
	return strstr(profiles, line) != NULL;
}

int hp_host__init_program(char **ret_path, struct hp_error *err)
{
	static const char *const names[] = {"docker-init", "tini-static", "catatonit", "tini"};
	static const char *const dirs[] = {"/usr/bin", "/usr/local/bin", "/usr/libexec/docker",
					   "/usr/sbin", "/usr/libexec/podman"};

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++)
		for (size_t k = 0; k < HP_ARRAY_LEN(dirs); k++) {
			AUTO_FREE char *path = hp_path_join(dirs[k], names[i]);

			if (access(path, X_OK) != 0)
				continue;
			*ret_path = TAKE(path);
			return 0;
		}
	return hp_fail(
		err, HP_ENOTFOUND,
		"--init: this host has no docker-init, tini-static or catatonit; install "
		"the package tini or catatonit");
}

void hp_host__devices_clear(struct hp_host_devices *d)
{
	free(d->items);
	hp_strv_free(&d->paths);
	*d = (struct hp_host_devices){0};
}

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static void add_node(struct hp_host_devices *d, const char *path, const char *rwm,
		     const struct stat *st)
{
	d->items = hp_realloc_array(d->items, d->count + 1, sizeof(*d->items));
	hp_strv_add(&d->paths, path);
	hp_strv_add(&d->paths, rwm ? rwm : "rwm");
	d->items[d->count++] = (struct hp_oci_device){
		.path = d->paths.items[d->paths.count - 2],
		.type = S_ISBLK(st->st_mode) ? 'b' : 'c',
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.cgroup_rwm = d->paths.items[d->paths.count - 1],
	};
}

/* What a container has of its own, and so must not get from the host. */
static bool is_own(const char *name)
{
	static const char *const own[] = {"pts",     "shm",  "fd",          "mqueue",
					  "console", ".lxc", ".lxd-mounts", ".udev"};

	for (size_t i = 0; i < HP_ARRAY_LEN(own); i++)
		if (strcmp(name, own[i]) == 0)
			return true;
	return name[0] == '.';
}

static int add_tree(struct hp_host_devices *d, const struct hp_device *want, const char *target,
		    int depth, struct hp_error *err);

static int add_entry(struct hp_host_devices *d, const struct hp_device *dir, const char *target,
		     const char *name, int depth, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir->host_path, name);
	AUTO_FREE char *inside = hp_path_join(target, name);
	struct hp_device want = {.host_path = path, .cgroup_rwm = dir->cgroup_rwm};
	struct stat st;

	if (is_own(name) || lstat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return add_tree(d, &want, inside, depth + 1, err);
	if (!is_device(&st))
		return 0;
	if (d->count >= DEVICES_MAX)
		return hp_fail(err, HP_EEXHAUSTED, "more than %d devices below '%s'",
			       DEVICES_MAX, dir->host_path);
	add_node(d, inside, dir->cgroup_rwm, &st);
	return 0;
}

static void close_dir(DIR *dir)
{
	closedir(dir);
}
HP_AUTO_PTR(DIR, close_dir);

static int add_tree(struct hp_host_devices *d, const struct hp_device *want, const char *target,
		    int depth, struct hp_error *err)
{
	AUTO(close_dir) DIR *dir = opendir(want->host_path);

	if (!dir)
		return hp_fail_errno(err, errno, "open '%s'", want->host_path);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (add_entry(d, want, target, entry->d_name, depth, err) < 0)
			return -1;
	return 0;
}

int hp_host__device_add(struct hp_host_devices *d, const struct hp_device *want,
			struct hp_error *err)
{
	const char *target = want->container_path ? want->container_path : want->host_path;
	size_t before = d->count;
	struct stat st;

	if (stat(want->host_path, &st) < 0)
		return hp_fail_errno(err, errno, "device '%s'", want->host_path);
	if (is_device(&st)) {
		add_node(d, target, want->cgroup_rwm, &st);
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return hp_fail(err, HP_EINVALID, "'%s' is no device node", want->host_path);
	if (add_tree(d, want, target, 0, err) < 0)
		return -1;
	if (d->count == before)
		return hp_fail(err, HP_EINVALID, "no device node is below '%s'",
			       want->host_path);
	return 0;
}

int hp_host__device_add_all(struct hp_host_devices *d, struct hp_error *err)
{
	struct hp_device all = {.host_path = "/dev"};

	return add_tree(d, &all, "/dev", 0, err);
}
