/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.c - look up users inside a container's root filesystem.
 *
 * The snapshot is mounted in a mount namespace that only one short-lived thread of ours has:
 * nobody else sees the mount, and it is gone when the thread is, however it ends. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/loopback.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

/* Nobody has more users; whoever does can use numbers. */
#define FILE_MAX_BYTES (4u << 20)

/* A directory that every Linux system has, to mount upon; only our thread sees it covered. */
#define MOUNT_POINT "/sys"

struct job {
	const char *user;
	Hp__Mount *const *mounts;
	size_t n_mounts;
	struct hp_user result;
	struct hp_error err;
	int status;
};

/* A missing file is an empty one: many images have none. What is there is looked at before it is
 * opened, as merely opening a device can have effects on the host. */
static int read_in_root(int root, const char *path, struct hp_buf *ret, struct hp_error *err)
{
	AUTO_CLOSE int place = -1;
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *link = NULL;
	struct stat st;

	if (hp_open_in_root(root, path, O_PATH, &place, err) < 0) {
		if (err->code != HP_ENOTFOUND && err->sys != ENOTDIR)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	if (fstat(place, &st) < 0 || !S_ISREG(st.st_mode))
		return hp_fail(err, HP_EINVALID, "'%s' is not a file", path);
	link = hp_sprintf("/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	return hp_fd_read_all(fd, ret, err);
}

static int resolve_at(int root, const char *user, struct hp_user *ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf passwd;
	AUTO(hp_buf_free) struct hp_buf group;

	hp_buf_init(&passwd, FILE_MAX_BYTES);
	hp_buf_init(&group, FILE_MAX_BYTES);
	if (read_in_root(root, "/etc/passwd", &passwd, err) < 0 ||
	    read_in_root(root, "/etc/group", &group, err) < 0)
		return hp_wrap(err, "look up user '%s' in the image", user);
	return hp_user_resolve(user, hp_buf_bytes(&passwd), hp_buf_bytes(&group), NULL, ret,
			       err);
}

int hp_containerd__user_in_root(const char *user, const char *root, struct hp_user *ret_user,
				struct hp_error *err)
{
	AUTO_CLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", root);
	return resolve_at(fd, user, ret_user, err);
}

/* The directory that all of @paths lie below, with its final slash. Owns: the caller. */
static char *common_dir(const struct hp_strv *paths)
{
	size_t same = strlen(paths->items[0]);

	for (size_t i = 1; i < paths->count; i++) {
		size_t k = 0;

		while (k < same && paths->items[i][k] == paths->items[0][k])
			k++;
		same = k;
	}
	while (same > 0 && paths->items[0][same - 1] != '/')
		same--;
	return hp_strndup(paths->items[0], same);
}

/* The layers of an overlay, top first; its upper directory is the topmost. */
static void overlay_layers(const Hp__Mount *m, struct hp_strv *ret_layers)
{
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < m->n_options; i++) {
			const char *key = pass ? "lowerdir=" : "upperdir=";

			if (hp_str_starts(m->options[i], key))
				hp_strv_split(ret_layers, m->options[i] + strlen(key), ':');
		}
}

/* Options of mount(2) end with a page, which the absolute paths of many layers exceed; so they
 * are given relative to the directory that they share. Only this thread's is changed. */
static int mount_overlay(const Hp__Mount *m, const char *where, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv layers = {0};
	AUTO(hp_strv_free) struct hp_strv relative = {0};
	AUTO_FREE char *dir = NULL;
	AUTO_FREE char *joined = NULL;
	AUTO_FREE char *options = NULL;

	overlay_layers(m, &layers);
	if (!layers.count)
		return hp_fail(err, HP_EPROTO, "the snapshot's overlay has no layers");
	dir = common_dir(&layers);
	for (size_t i = 0; i < layers.count; i++)
		hp_strv_add(&relative, layers.items[i] + strlen(dir));
	joined = hp_strv_join(hp_strv_view(&relative), ":");
	options = hp_sprintf("lowerdir=%s", joined);
	if (chdir(dir) < 0)
		return hp_fail_errno(err, errno, "go to the snapshots in '%s'", dir);
	if (mount("overlay", where, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options) < 0)
		return hp_fail_errno(err, errno, "mount the %zu layers of the snapshot",
				     layers.count);
	return 0;
}

static bool wants_loop(const Hp__Mount *m)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (hp_str_eq(m->options[i], "loop"))
			return true;
	return false;
}

/* Only reading is wanted, so whatever it is, it is mounted without its upper directory's lock. */
static int mount_one(const Hp__Mount *m, const char *where, struct hp_error *err)
{
	bool bind = hp_str_eq(m->type, "bind");
	AUTO_FREE char *device = NULL;
	AUTO_CLOSE int device_fd = -1; /* keeps it until it is mounted */

	if (hp_str_eq(m->type, "overlay"))
		return mount_overlay(m, where, err);
	if (wants_loop(m)) {
		device_fd = hp_loopback_attach(m->source, true, &device, err);
		if (device_fd < 0)
			return hp_wrap(err, "mount the snapshot");
	}
	if (mount(device ? device : m->source, where, bind ? NULL : m->type,
		  bind ? MS_BIND | MS_REC : MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		return hp_fail_errno(err, errno, "mount the snapshot '%s' (%s)", m->source,
				     m->type);
	return 0;
}

static int run_job(struct job *job)
{
	struct hp_error *err = &job->err;
	AUTO_CLOSE int root = -1;

	/* The new namespace is this thread's only; private, so that nothing spreads to ours. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return hp_fail_errno(err, errno, "make a private mount namespace");
	for (size_t i = 0; i < job->n_mounts; i++)
		if (mount_one(job->mounts[i], MOUNT_POINT, err) < 0)
			return -1;
	root = open(MOUNT_POINT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return hp_fail_errno(err, errno, "open the mounted snapshot");
	return resolve_at(root, job->user, &job->result, err);
}

static void *thread_main(void *arg)
{
	struct job *job = arg;

	job->status = run_job(job);
	return NULL;
}

int hp_containerd__user_in_mounts(const char *user, Hp__Mount *const *mounts, size_t n_mounts,
				  struct hp_user *ret_user, struct hp_error *err)
{
	struct job job = {.user = user, .mounts = mounts, .n_mounts = n_mounts};
	pthread_t thread;
	int sys = pthread_create(&thread, NULL, thread_main, &job);

	if (sys != 0)
		return hp_fail_errno(err, sys, "start a thread");
	pthread_join(thread, NULL);
	if (job.status < 0) {
		*err = job.err;
		return -1;
	}
	*ret_user = job.result;
	return 0;
}
