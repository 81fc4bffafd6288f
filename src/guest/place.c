/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - owns how destinations in a container's root are resolved and made. */
#include "guest/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"

/* As many as the kernel follows. From: path_resolution(7). */
#define LINKS_MAX 40

/* One resolution: a path that grows into what links say. */
struct walk {
	int root_fd;
	char *path;
	bool file;
	int links;
};

void hp_guest_fd_path(int fd, char ret_path[HP_GUEST_FD_PATH])
{
	snprintf(ret_path, HP_GUEST_FD_PATH, "/proc/self/fd/%d", fd);
}

/* Open w->path up to @end. Returns: 1, 0 when it is not there, -1. */
static int open_prefix(const struct walk *w, const char *end, int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *prefix = hp_strndup(w->path, (size_t)(end - w->path));

	if (hp_open_in_root(w->root_fd, prefix, O_PATH, ret_fd, err) == 0)
		return 1;
	if (err->sys != ENOENT)
		return -1;
	hp_error_clear(err);
	return 0;
}

/* The entry at @name of @dir_fd is a link to what is not there: put what it says into the path, in
 * place of all before @rest. */
static int follow(struct walk *w, int dir_fd, const char *name, const char *rest,
		  struct hp_error *err)
{
	size_t before = (size_t)(rest - w->path) - strlen(name);
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	char *path;

	if (n < 0)
		return hp_fail_errno(err, errno, "read link '%s'", w->path);
	if (++w->links > LINKS_MAX)
		return hp_fail_errno(err, ELOOP, "'%s'", w->path);
	target[n] = '\0';
	path = target[0] == '/' ? hp_sprintf("%s%s", target, rest)
				: hp_sprintf("%.*s/%s%s", (int)before, w->path, target, rest);
	free(w->path);
	w->path = path;
	return 0;
}

/* Make entry @name of @dir_fd. Returns: 1, 0 when something is there already, -1. */
static int make(const struct walk *w, int dir_fd, const char *name, bool last,
		struct hp_error *err)
{
	int rc = w->file && last ? mknodat(dir_fd, name, S_IFREG | 0755, 0)
				 : mkdirat(dir_fd, name, 0755);

	if (rc == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	return hp_fail_errno(err, errno, "make '%s'", w->path);
}

/* Take the step to the component that ends at @end. Returns: 1 when it was taken, 0 when a link
 * gave another path to walk, -1. */
static int step(struct walk *w, const char *start, const char *end, int *fd,
		struct hp_error *err)
{
	AUTO_FREE char *name = hp_strndup(start, (size_t)(end - start));
	AUTO_CLOSE int next_fd = -1;
	int there = open_prefix(w, end, &next_fd, err);

	if (there == 0) {
		int made = make(w, *fd, name, end[strspn(end, "/")] == '\0', err);

		if (made < 0)
			return -1;
		if (made == 0)
			return follow(w, *fd, name, end, err);
		there = open_prefix(w, end, &next_fd, err);
	}
	if (there < 0)
		return -1;
	if (there == 0)
		return hp_fail_errno(err, ENOENT, "'%s' was removed at once", w->path);
	close(*fd);
	*fd = TAKE_FD(next_fd);
	return 1;
}

/* Returns: 1 when all steps were taken, 0 when the path has changed, -1. */
static int walk(struct walk *w, int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	const char *at = w->path + strspn(w->path, "/");
	int rc = 1;

	if (hp_open_in_root(w->root_fd, "/", O_PATH, &fd, err) < 0)
		return -1;
	while (*at) {
		const char *end = at + strcspn(at, "/");

		rc = step(w, at, end, &fd, err);
		if (rc <= 0)
			return rc;
		at = end + strspn(end, "/");
	}
	*ret_fd = TAKE_FD(fd);
	return 1;
}

int hp_guest_place(int root_fd, const char *path, bool file, int *ret_fd, struct hp_error *err)
{
	struct walk w = {.root_fd = root_fd, .file = file, .path = hp_strdup(path)};
	int rc = open_prefix(&w, w.path + strlen(w.path), ret_fd, err);

	while (rc == 0)
		rc = walk(&w, ret_fd, err);
	free(w.path);
	return rc < 0 ? -1 : 0;
}

int hp_guest_place_parent(int root_fd, const char *path, int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_path_dir(path);

	return hp_guest_place(root_fd, dir, false, ret_fd, err);
}
