/* SPDX-License-Identifier: Apache-2.0 */
/* reach.c - the ways from a fault to its target: engine, first process, network namespace. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/proc.h"
#include "chaos/fault.h"
#include "net/netns.h"

#define MOUNTS_MAX ((size_t)16 * 1024 * 1024)

/* Fields of a line of mountinfo. */
enum { FIELD_ROOT = 3, FIELD_POINT = 4 };

/* The host's: of its first process, which not everybody may look at, or else our own. */
static bool is_hosts(uint64_t inode)
{
	static const char *const paths[] = {"/proc/1/ns/net", "/proc/self/ns/net"};
	struct stat st;

	for (size_t i = 0; i < HP_ARRAY_LEN(paths); i++)
		if (stat(paths[i], &st) == 0 && st.st_ino == inode)
			return true;
	return false;
}

int hp_fault_engine(struct hp_fault *f, struct hp_engine **ret_engine, struct hp_error *err)
{
	struct hp_fault_reach *r = f->reach;

	if (!r->engine && hp_engine_open(r->engine_name, &r->config, &r->engine, err) < 0)
		return -1;
	*ret_engine = r->engine;
	return 0;
}

int hp_fault_pidfd(struct hp_fault *f, int *ret_fd, struct hp_error *err)
{
	struct hp_fault_reach *r = f->reach;
	pid_t pid = f->container->pid;

	if (r->pidfd < 0 && pid > 1 && r->started) {
		r->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (r->pidfd < 0 && errno != ESRCH)
			return hp_fail_errno(err, errno, "open process %d of container '%s'",
					     (int)pid, f->container->name);
	}
	/* The number may have been given away before the descriptor was opened. */
	if (r->pidfd < 0 || hp_proc_start_ticks(pid) != r->started)
		return hp_fail(err, HP_ENOTFOUND, "container '%s' does not run any more%s",
			       f->container->name,
			       pid ? "" : ", or its process is not on this host");
	*ret_fd = r->pidfd;
	return 0;
}

/* The namespace at @path, when it is the one we look for. */
static int open_if_same(const char *path, uint64_t inode)
{
	struct hp_error ignored = HP_ERROR_INIT;
	struct stat st;
	int fd = -1;

	if (stat(path, &st) < 0 || st.st_ino != inode || hp_netns_open(path, &fd, &ignored) < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_ino == inode)
		return fd;
	close(fd);
	return -1;
}

static int open_of_process(const char *pid, uint64_t inode)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%s/ns/net", pid);

	return open_if_same(path, inode);
}

/* One that is kept by its name alone, as those of pods are: by a file that it is mounted on.
 * From: proc(5), /proc/PID/mountinfo; ip-netns(8). */
static int search_mounts(uint64_t inode)
{
	AUTO_FREE char *root = hp_sprintf("net:[%llu]", (unsigned long long)inode);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO(hp_strv_free) struct hp_strv lines = {0};
	struct hp_error ignored = HP_ERROR_INIT;
	int fd = -1;

	if (hp_file_read("/proc/self/mountinfo", MOUNTS_MAX, &text, &ignored) < 0)
		return -1;

	AUTO_FREE char *mounts = hp_buf_take_str(&text);

	hp_strv_split(&lines, mounts, '\n');
	for (size_t i = 0; i < lines.count && fd < 0; i++) {
		AUTO(hp_strv_free) struct hp_strv fields = {0};

		hp_strv_split(&fields, lines.items[i], ' ');
		if (fields.count > FIELD_POINT && hp_str_eq(fields.items[FIELD_ROOT], root))
			fd = open_if_same(fields.items[FIELD_POINT], inode);
	}
	return fd;
}

/* The target's own process may have gone, and others live on in its namespace. */
static int search_netns(uint64_t inode)
{
	DIR *proc = opendir("/proc");
	int fd = -1;

	if (!proc)
		return -1;
	for (struct dirent *d = readdir(proc); d && fd < 0; d = readdir(proc))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			fd = open_of_process(d->d_name, inode);
	closedir(proc);
	return fd;
}

static int open_netns(const struct hp_fault *f, int *ret_fd, struct hp_error *err)
{
	const struct hp_container *c = f->container;
	AUTO_FREE char *pid = hp_sprintf("%lld", (long long)c->pid);
	uint64_t inode = f->reach->netns_inode;

	if (!inode)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "container '%s' has no process on this host, so its network "
			       "cannot be reached from here",
			       c->name);
	if (!f->allow_host && is_hosts(inode))
		return hp_fail(err, HP_EINVALID,
			       "container '%s' has the host's own network: the fault would hit "
			       "the whole host; --allow-host permits that",
			       c->name);
	AUTO_CLOSE int fd = open_of_process(pid, inode);
	if (fd < 0)
		fd = search_netns(inode);
	if (fd < 0)
		fd = search_mounts(inode);
	if (fd < 0)
		return hp_fail(err, HP_ENOTFOUND,
			       "the network namespace of container '%s' is gone", c->name);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int hp_fault_netns(struct hp_fault *f, int *ret_fd, struct hp_error *err)
{
	if (f->reach->netns_fd < 0 && open_netns(f, &f->reach->netns_fd, err) < 0)
		return -1;
	*ret_fd = f->reach->netns_fd;
	return 0;
}
