/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - owns the removal of whole trees, however deep and hostile. */
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fault.h"
#include "base/path.h"

/* Directories below this depth are moved up before they are emptied, so that neither the stack
 * nor the descriptors grow with the tree. */
#define DEPTH_MAX  32
/* A tree into which somebody keeps writing is given up after so many passes, or moves. */
#define PASSES_MAX 64
#define MOVES_MAX  (1u << 20)

/* One removal. */
struct removal {
	uint64_t mount;   /* the only one that it may touch */
	int root_fd;      /* the tree's own directory; -1 until it is open */
	unsigned n_moved; /* directories moved up to it so far */
};

static void close_dir(DIR *const *dir)
{
	if (*dir)
		closedir(*dir);
}

static int remove_dir(struct removal *r, int parent_fd, const char *name, int depth,
		      struct hp_error *err);

/* Move a directory into the root of the tree: a later pass over the root removes it, and after a
 * failure nothing lies outside of the tree. */
static int move_up(struct removal *r, int parent_fd, const char *name, struct hp_error *err)
{
	while (r->n_moved < MOVES_MAX) {
		AUTO_FREE char *to = hp_sprintf(".harpoon-moved-%u", r->n_moved++);

		if (HP_SYS("rename", renameat(parent_fd, name, r->root_fd, to)) == 0)
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return hp_fail_errno(err, errno, "move '%s' up", name);
	}
	return hp_fail(err, HP_EABORTED, "it grows as fast as it is removed");
}

/* Remove entry @name of directory @fd, whatever it is. */
static int remove_entry(struct removal *r, int fd, const char *name, int depth,
			struct hp_error *err)
{
	struct stat st;
	int sys;

	if (HP_SYS("unlink", unlinkat(fd, name, 0)) == 0 || errno == ENOENT)
		return 0;
	/* From: unlink(2), EISDIR for a directory. Some file systems say EPERM, as POSIX does. */
	sys = errno;
	if (sys == EPERM && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		sys = EISDIR;
	if (sys != EISDIR)
		return hp_fail_errno(err, sys, "'%s'", name);
	if (depth >= DEPTH_MAX)
		return move_up(r, fd, name, err);
	return remove_dir(r, fd, name, depth, err);
}

/* Go once through @dir. Returns: 1 when it had entries, 0 when not, -1. */
static int remove_entries(struct removal *r, DIR *dir, int depth, struct hp_error *err)
{
	const struct dirent *entry;
	int found = 0;

	rewinddir(dir);
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		found = 1;
		if (remove_entry(r, dirfd(dir), entry->d_name, depth, err) < 0)
			return -1;
	}
	return errno ? hp_fail_errno(err, errno, "list a directory") : found;
}

/* The mount that @fd is on. From: statx(2), stx_mnt_id; st_dev would not tell a bind mount. */
static int mount_of(int fd, uint64_t *ret_mount, struct hp_error *err)
{
	struct statx st;

	if (HP_SYS("statx", statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st)) < 0)
		return hp_fail_errno(err, errno, "find the mount");
	if (!(st.stx_mask & STATX_MNT_ID))
		return hp_fail(err, HP_EUNSUPPORTED, "this kernel does not tell mounts apart");
	*ret_mount = st.stx_mnt_id;
	return 0;
}

/* Open directory @name to list it. Returns: NULL on failure, else to be closed by closedir(). */
static DIR *open_dir(const struct removal *r, int parent_fd, const char *name,
		     struct hp_error *err)
{
	AUTO_CLOSE int fd =
		HP_SYS("open", openat(parent_fd, name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	uint64_t mount = 0;
	DIR *dir;

	if (fd < 0) {
		hp_fail_errno(err, errno, "open directory '%s'", name);
		return NULL;
	}
	if (mount_of(fd, &mount, err) < 0)
		return NULL;
	if (mount != r->mount) {
		hp_fail(err, HP_ESTATE, "'%s' is a mount point; unmount it first", name);
		return NULL;
	}
	dir = fdopendir(fd);
	if (!dir)
		hp_fail_errno(err, errno, "list directory '%s'", name);
	else
		fd = -1;
	return dir;
}

/* Empty @dir. What is moved up into the root while it is read is found by its next pass. */
static int empty_dir(struct removal *r, DIR *dir, int depth, struct hp_error *err)
{
	int rc = 1;

	for (int i = 0; i < PASSES_MAX && rc > 0;) {
		unsigned moved_before = r->n_moved;

		rc = remove_entries(r, dir, depth + 1, err);
		if (r->n_moved == moved_before)
			i++;
	}
	return rc < 0 ? -1 : 0;
}

static int remove_dir(struct removal *r, int parent_fd, const char *name, int depth,
		      struct hp_error *err)
{
	__attribute__((cleanup(close_dir))) DIR *dir = open_dir(r, parent_fd, name, err);

	if (!dir)
		return -1;
	if (r->root_fd < 0)
		r->root_fd = dirfd(dir);
	if (empty_dir(r, dir, depth, err) < 0)
		return hp_wrap(err, "in '%s'", name);
	if (HP_SYS("rmdir", unlinkat(parent_fd, name, AT_REMOVEDIR)) < 0 && errno != ENOENT)
		return hp_fail_errno(err, errno, "directory '%s'", name);
	return 0;
}

int hp_remove_tree(const char *path, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_path_dir(path);
	AUTO_FREE char *name = hp_strdup(hp_path_base(path));
	AUTO_CLOSE int top_fd = -1;
	struct removal r = {.root_fd = -1};

	name[strcspn(name, "/")] = '\0';
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return hp_fail(err, HP_EINVALID, "remove '%s': not the name of a tree", path);
	top_fd = HP_SYS("open", open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (top_fd < 0)
		return errno == ENOENT ? 0 : hp_fail_errno(err, errno, "open '%s'", dir);
	if (mount_of(top_fd, &r.mount, err) < 0 || remove_entry(&r, top_fd, name, 0, err) < 0)
		return hp_wrap(err, "remove '%s'", path);
	return 0;
}
