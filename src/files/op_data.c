/* SPDX-License-Identifier: Apache-2.0 */
/* op_data.c - the contents of files. OPEN is answered with ENOSYS, once, after which the guest's
 * kernel opens and closes files without asking: requests then name the file by its node. */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "files/call.h"

/* The most that one request copies, so that no thread is away for long. */
#define COPY_MAX (UINT64_C(256) << 20)

/* On a share that others use too, a file that stays open for writing would show: nobody could
 * execute it. And what is made when it is read is made once for each time it is opened. */
static int open_data(struct hp_files *f, struct hp_node *n, bool writable, struct hp_data **ret)
{
	bool shared = hp_files__root_of(f, n)->share->shared;

	return hp_files__data_get(&f->cache, n, writable, !n->live && !(shared && writable),
				  ret);
}

int hp_files__file_open(struct hp_files_call *c)
{
	bool writes = (c->r->in.open.flags & O_ACCMODE) != O_RDONLY;
	struct fuse_open_out out = {.open_flags =
					    c->node->live ? FOPEN_DIRECT_IO : FOPEN_KEEP_CACHE};

	if (!c->files->opens)
		return ENOSYS;
	if (writes && hp_files__root_of(c->files, c->node)->read_only)
		return EROFS;
	return hp_files__reply(c, &out, sizeof(out));
}

/* There is nothing that was kept for it. */
int hp_files__release(struct hp_files_call *c)
{
	(void)c;
	return 0;
}

/* Short is only what reaches the end: the guest takes it for that. */
static int read_all(int fd, uint64_t offset, uint32_t size, struct hp_files_call *c)
{
	while (c->len < size) {
		ssize_t n = pread(fd, c->out + c->len, size - c->len, (off_t)(offset + c->len));

		if (n < 0 && c->len == 0)
			return errno;
		if (n <= 0)
			break;
		c->len += (size_t)n;
	}
	return 0;
}

int hp_files__read(struct hp_files_call *c)
{
	const struct fuse_read_in *in = &c->r->in.read;
	struct hp_data *data;
	int rc;

	if (in->size > c->room || in->offset > INT64_MAX - HP_FUSE_DATA_MAX)
		return EINVAL;
	rc = open_data(c->files, c->node, false, &data);
	if (rc)
		return rc;
	rc = read_all(data->fd, in->offset, in->size, c);
	hp_files__data_put(data);
	return rc;
}

/* How to write. From: Linux fs/fuse/file.c, fuse_write_flags(): the flags are the open file's, with
 * O_DSYNC and O_SYNC also for what the file system wants so. */
static int write_flags(const struct hp_files_call *c)
{
	const struct fuse_write_in *in = &c->r->in.write;
	bool shared = hp_files__root_of(c->files, c->node)->share->shared;
	int flags = 0;

	/* The guest knows where the end is, unless others append too. */
	if (shared && in->flags & O_APPEND && !(in->write_flags & FUSE_WRITE_CACHE))
		flags |= RWF_APPEND;
	if ((in->flags & O_SYNC) == O_SYNC)
		flags |= RWF_SYNC;
	else if (in->flags & O_DSYNC)
		flags |= RWF_DSYNC;
	return flags;
}

static int write_all(int fd, struct hp_files_call *c, uint32_t *ret_done)
{
	int flags = write_flags(c);
	uint64_t offset = c->r->in.write.offset;
	struct hp_bytes data = c->r->data;
	size_t done = 0;

	while (done < data.len) {
		struct iovec iov = {.iov_base = (void *)(uintptr_t)(data.data + done),
				    .iov_len = data.len - done};
		ssize_t n = pwritev2(fd, &iov, 1, (off_t)(offset + done), flags);

		if (n < 0 && done == 0)
			return errno;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	*ret_done = (uint32_t)done;
	return 0;
}

int hp_files__write(struct hp_files_call *c)
{
	const struct fuse_write_in *in = &c->r->in.write;
	bool kill = (in->write_flags & FUSE_WRITE_KILL_SUIDGID) != 0;
	struct fuse_write_out out = {0};
	struct hp_data *data;
	int rc;

	if (in->offset > INT64_MAX - HP_FUSE_DATA_MAX)
		return EFBIG;
	rc = open_data(c->files, c->node, true, &data);
	if (rc)
		return rc;
	if (kill)
		hp_files__cred_drop_fsetid(c->cred);
	rc = write_all(data->fd, c, &out.size);
	if (kill)
		hp_files__cred_take_fsetid(c->cred);
	hp_files__data_put(data);
	return rc ? rc : hp_files__reply(c, &out, sizeof(out));
}

int hp_files__fsync(struct hp_files_call *c)
{
	struct hp_data *data;
	int rc = open_data(c->files, c->node, false, &data);

	if (rc)
		return rc;
	if (c->r->in.fsync.fsync_flags & FUSE_FSYNC_FDATASYNC)
		rc = fdatasync(data->fd) < 0 ? errno : 0;
	else
		rc = fsync(data->fd) < 0 ? errno : 0;
	hp_files__data_put(data);
	return rc;
}

int hp_files__fallocate(struct hp_files_call *c)
{
	const struct fuse_fallocate_in *in = &c->r->in.fallocate;
	struct hp_data *data;
	int rc;

	if (in->offset > INT64_MAX || in->length > INT64_MAX)
		return EFBIG;
	rc = open_data(c->files, c->node, true, &data);
	if (rc)
		return rc;
	rc = fallocate(data->fd, (int)in->mode, (off_t)in->offset, (off_t)in->length) < 0
		     ? errno
		     : 0;
	hp_files__data_put(data);
	return rc;
}

int hp_files__lseek(struct hp_files_call *c)
{
	const struct fuse_lseek_in *in = &c->r->in.lseek;
	struct fuse_lseek_out out;
	struct hp_data *data;
	off_t at;
	int rc;

	/* The other ways to seek are the guest's own matter. */
	if ((in->whence != SEEK_DATA && in->whence != SEEK_HOLE) || in->offset > INT64_MAX)
		return EINVAL;
	rc = open_data(c->files, c->node, false, &data);
	if (rc)
		return rc;
	at = lseek(data->fd, (off_t)in->offset, (int)in->whence);
	rc = at < 0 ? errno : 0;
	hp_files__data_put(data);
	out.offset = (uint64_t)at;
	return rc ? rc : hp_files__reply(c, &out, sizeof(out));
}

static int copy_range(const struct hp_files_call *c, int from_fd, int to_fd, uint32_t *ret_done)
{
	const struct fuse_copy_file_range_in *in = &c->r->in.copy;
	off_t from = (off_t)in->off_in;
	off_t to = (off_t)in->off_out;
	ssize_t n = copy_file_range(from_fd, &from, to_fd, &to,
				    in->len < COPY_MAX ? in->len : COPY_MAX, 0);

	if (n < 0)
		return errno;
	*ret_done = (uint32_t)n;
	return 0;
}

static int copy_to(struct hp_files_call *c, struct hp_node *to, uint32_t *ret_done)
{
	struct hp_data *to_data;
	struct hp_data *from_data;
	int rc;

	if (!S_ISREG(to->type))
		return EINVAL;
	if (hp_files__root_of(c->files, to)->read_only)
		return EROFS;
	rc = open_data(c->files, to, true, &to_data);
	if (rc)
		return rc;
	rc = open_data(c->files, c->node, false, &from_data);
	if (rc == 0) {
		rc = copy_range(c, from_data->fd, to_data->fd, ret_done);
		hp_files__data_put(from_data);
	}
	hp_files__data_put(to_data);
	return rc;
}

int hp_files__copy(struct hp_files_call *c)
{
	const struct fuse_copy_file_range_in *in = &c->r->in.copy;
	struct fuse_write_out out = {0};
	struct hp_node *to;
	int rc;

	if (in->off_in > INT64_MAX || in->off_out > INT64_MAX || in->flags != 0)
		return EINVAL;
	to = hp_files__node_get(&c->files->nodes, in->nodeid_out);
	if (!to)
		return errno;
	rc = copy_to(c, to, &out.size);
	hp_files__node_put(&c->files->nodes, to);
	return rc ? rc : hp_files__reply(c, &out, sizeof(out));
}
