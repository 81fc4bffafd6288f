/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - owns whole files and directories: read, replace, make, open in a root. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fault.h"

#define OPENAT2_TRIES 64

int hp_file_read(const char *path, size_t max, struct hp_buf *ret, struct hp_error *err)
{
	AUTO_CLOSE int fd = HP_SYS("open", open(path, O_RDONLY | O_CLOEXEC));
	AUTO(hp_buf_free) struct hp_buf buf;

	hp_buf_init(&buf, max);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	if (hp_fd_read_all(fd, &buf, err) < 0)
		return hp_wrap(err, "'%s'", path);
	*ret = buf;
	buf = (struct hp_buf){0};
	return 0;
}

static int fill_and_rename(int fd, const char *temporary, const char *path,
			   struct hp_bytes data, mode_t mode, struct hp_error *err)
{
	if (hp_fd_write_all(fd, data.data, data.len, err) < 0)
		return hp_wrap(err, "'%s'", path);
	if (HP_SYS("fchmod", fchmod(fd, mode)) < 0)
		return hp_fail_errno(err, errno, "set the mode of '%s'", path);
	if (HP_SYS("rename", rename(temporary, path)) < 0)
		return hp_fail_errno(err, errno, "put '%s' in its place", path);
	return 0;
}

int hp_file_write(const char *path, const void *data, size_t len, mode_t mode,
		  struct hp_error *err)
{
	AUTO_FREE char *temporary = hp_sprintf("%s.XXXXXX", path);
	AUTO_CLOSE int fd = HP_SYS("open", mkostemp(temporary, O_CLOEXEC));

	if (fd < 0)
		return hp_fail_errno(err, errno, "make a file beside '%s'", path);
	if (fill_and_rename(fd, temporary, path, HP_BYTES(data, len), mode, err) < 0) {
		unlink(temporary);
		return -1;
	}
	return 0;
}

static int make_dir(const char *path, mode_t mode, struct hp_error *err)
{
	struct stat st;

	if (HP_SYS("mkdir", mkdir(path, mode)) == 0)
		return 0;
	if (errno != EEXIST)
		return hp_fail_errno(err, errno, "make directory '%s'", path);
	/* A link to a directory will do as well. */
	if (HP_SYS("stat", stat(path, &st)) < 0)
		return hp_fail_errno(err, errno, "look at '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return hp_fail(err, HP_EEXISTS, "make directory '%s': a file is in its place",
			       path);
	return 0;
}

int hp_mkdirs(const char *path, mode_t mode, struct hp_error *err)
{
	AUTO_FREE char *part = hp_strdup(path);

	for (char *at = part + strspn(part, "/"); *at;) {
		char *end = at + strcspn(at, "/");
		char saved = *end;

		*end = '\0';
		if (make_dir(part, mode, err) < 0)
			return -1;
		*end = saved;
		at = end + strspn(end, "/");
	}
	return 0;
}

static int try_openat2(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = resolve,
	};
	int fd = -1;

	/* The kernel gives up with EAGAIN when a rename crosses the walk; it is over in a moment. */
	for (int i = 0; i < OPENAT2_TRIES; i++) {
		fd = (int)HP_SYS("openat2",
				 syscall(SYS_openat2, dir_fd, path, &how, sizeof(how)));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

int hp_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct hp_error *err)
{
	/* From: openat2(2). Magic links are /proc/PID/fd and its like, which lead anywhere. */
	int fd = try_openat2(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s' in its root", path);
	*ret_fd = fd;
	return 0;
}
