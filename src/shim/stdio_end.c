/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_end.c - owns how FIFOs and files are opened so that nothing ever waits for a peer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "shim/stdio_parts.h"

#define FLAGS (O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

void hp_shim__end_close(struct hp_shim__end *e)
{
	if (e->fd >= 0)
		close(e->fd);
	if (e->keep_fd >= 0)
		close(e->keep_fd);
	*e = (struct hp_shim__end)HP_SHIM_END_INIT;
}

static int reopen(int path_fd, int flags, int *ret_fd, struct hp_error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	*ret_fd = open(path, flags | FLAGS);
	if (*ret_fd < 0)
		return hp_fail_errno(err, errno, "open");
	return 0;
}

/* Both ends of the FIFO, by one look at its name, which its owner may remove or use anew at any
 * time. The reading end comes first: opening the other one fails while there is none. */
static int open_fifo(int path_fd, int *ret_read, int *ret_write, struct hp_error *err)
{
	AUTO_CLOSE int reader = -1;

	if (reopen(path_fd, O_RDONLY, &reader, err) < 0 ||
	    reopen(path_fd, O_WRONLY, ret_write, err) < 0)
		return -1;
	*ret_read = TAKE_FD(reader);
	return 0;
}

static int find(const char *path, int *ret_path_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hp_fail_errno(err, errno, "open");
	if (S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode))
		return hp_fail(err, HP_EINVALID, "it is no FIFO and no file");
	*ret_path_fd = TAKE_FD(fd);
	return 0;
}

static int open_found(int path_fd, bool output, struct hp_shim__end *ret, struct hp_error *err)
{
	struct hp_shim__end e = HP_SHIM_END_INIT;
	struct stat st;
	int rc;

	if (fstat(path_fd, &st) < 0)
		return hp_fail_errno(err, errno, "open");
	if (!S_ISFIFO(st.st_mode))
		rc = reopen(path_fd, output ? O_WRONLY | O_APPEND : O_RDONLY, &e.fd, err);
	else if (output)
		rc = open_fifo(path_fd, &e.keep_fd, &e.fd, err);
	else
		rc = open_fifo(path_fd, &e.fd, &e.keep_fd, err);
	if (rc < 0)
		return -1;
	*ret = e;
	return 0;
}

/* From: containerd cmd/containerd-shim-runc-v2/process/io.go, the modes of "file". */
static int make_file(const char *path, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_path_dir(path);
	AUTO_CLOSE int fd = -1;

	if (hp_mkdirs(dir, 0755, err) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | FLAGS, 0644);
	/* A FIFO that nobody reads is no failure yet. */
	if (fd < 0 && errno != ENXIO)
		return hp_fail_errno(err, errno, "make");
	return 0;
}

int hp_shim__end_output(const struct hp_shim__place *p, struct hp_shim__end *ret,
			struct hp_error *err)
{
	AUTO_CLOSE int path_fd = -1;

	if ((p->kind == HP_SHIM_PLACE_FILE && make_file(p->path, err) < 0) ||
	    find(p->path, &path_fd, err) < 0 || open_found(path_fd, true, ret, err) < 0)
		return hp_wrap(err, "output '%.200s'", p->path);
	return 0;
}

int hp_shim__end_find(const struct hp_shim__place *p, int *ret_path_fd, struct hp_error *err)
{
	if (p->kind == HP_SHIM_PLACE_LOGGER)
		return hp_fail(err, HP_EINVALID, "input '%.200s': a logger gives none",
			       p->path);
	if (find(p->path, ret_path_fd, err) < 0)
		return hp_wrap(err, "input '%.200s'", p->path);
	return 0;
}

int hp_shim__end_input(int path_fd, struct hp_shim__end *ret, struct hp_error *err)
{
	if (open_found(path_fd, false, ret, err) < 0)
		return hp_wrap(err, "input");
	return 0;
}
