/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c - owns the copying of a tree of files. */
#include "guest/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DEPTH_MAX   128
/* From: Linux include/uapi/linux/limits.h, XATTR_LIST_MAX and XATTR_SIZE_MAX. */
#define XATTR_BYTES 65536

static void close_dir(DIR *const *dir)
{
	if (*dir)
		closedir(*dir);
}

/* Attributes of file systems that have none are no loss. */
static int copy_xattrs(int from_fd, int to_fd, struct hp_error *err)
{
	char names[XATTR_BYTES], value[XATTR_BYTES];
	ssize_t len = flistxattr(from_fd, names, sizeof(names));

	if (len < 0)
		return errno == ENOTSUP ? 0 : hp_fail_errno(err, errno, "list attributes");
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from_fd, name, value, sizeof(value));

		if (n < 0)
			return hp_fail_errno(err, errno, "read attribute '%s'", name);
		if (fsetxattr(to_fd, name, value, (size_t)n, 0) < 0 && errno != ENOTSUP)
			return hp_fail_errno(err, errno, "set attribute '%s'", name);
	}
	return 0;
}

/* Owner first: a change of it drops set-user-ID bits and capabilities. */
static int copy_metadata(int from_fd, int to_fd, const struct stat *st, struct hp_error *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchown(to_fd, st->st_uid, st->st_gid) < 0 || fchmod(to_fd, st->st_mode & 07777) < 0)
		return hp_fail_errno(err, errno, "set owner and mode");
	if (copy_xattrs(from_fd, to_fd, err) < 0)
		return -1;
	if (futimens(to_fd, times) < 0)
		return hp_fail_errno(err, errno, "set times");
	return 0;
}

static int copy_data(int from_fd, int to_fd, struct hp_error *err)
{
	char block[16384];
	ssize_t n;

	while ((n = read(from_fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hp_fail_errno(err, errno, "read");
		for (ssize_t at = 0; at < n;) {
			ssize_t written = write(to_fd, block + at, (size_t)(n - at));

			if (written < 0)
				return hp_fail_errno(err, errno, "write");
			at += written;
		}
	}
	return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st,
		     struct hp_error *err)
{
	AUTO_CLOSE int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int to = openat(to_dir, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (from < 0 || to < 0)
		return hp_fail_errno(err, errno, "open");
	return copy_data(from, to, err) < 0 ? -1 : copy_metadata(from, to, st, err);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st,
		     struct hp_error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return hp_fail_errno(err, errno, "read link");
	target[n] = '\0';
	if (symlinkat(target, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return hp_fail_errno(err, errno, "make link");
	return 0;
}

static int copy_node(int to_dir, const char *name, const struct stat *st, struct hp_error *err)
{
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return hp_fail_errno(err, errno, "make node");
	return 0;
}

static int copy_tree(int from_fd, int to_fd, int depth, struct hp_error *err);

static int copy_dir(int from_dir, int to_dir, const char *name, int depth, struct hp_error *err)
{
	AUTO_CLOSE int from =
		openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int to = -1;

	if (from < 0)
		return hp_fail_errno(err, errno, "open");
	if (mkdirat(to_dir, name, 0700) < 0)
		return hp_fail_errno(err, errno, "make directory");
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return hp_fail_errno(err, errno, "open");
	return copy_tree(from, to, depth + 1, err);
}

static int copy_entry(int from_dir, int to_dir, const char *name, int depth,
		      struct hp_error *err)
{
	struct stat st;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return hp_fail_errno(err, errno, "look");
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from_dir, to_dir, name, &st, err);
	case S_IFDIR:
		return copy_dir(from_dir, to_dir, name, depth, err);
	case S_IFLNK:
		return copy_link(from_dir, to_dir, name, &st, err);
	default:
		return copy_node(to_dir, name, &st, err);
	}
}

/* Metadata comes last, as each entry that is made changes its directory's times. */
static int copy_tree(int from_fd, int to_fd, int depth, struct hp_error *err)
{
	int list_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_dir))) DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;
	struct stat st;

	if (!dir)
		return hp_fail_errno(err, errno, "list");
	if (depth > DEPTH_MAX)
		return hp_fail(err, HP_ERANGE, "over %d directories deep", DEPTH_MAX);
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (copy_entry(from_fd, to_fd, entry->d_name, depth, err) < 0)
			return hp_wrap(err, "'%s'", entry->d_name);
	}
	if (errno)
		return hp_fail_errno(err, errno, "list");
	if (fstat(from_fd, &st) < 0)
		return hp_fail_errno(err, errno, "look");
	return copy_metadata(from_fd, to_fd, &st, err);
}

int hp_guest_copy_tree(int from_fd, int to_fd, struct hp_error *err)
{
	return copy_tree(from_fd, to_fd, 0, err);
}
