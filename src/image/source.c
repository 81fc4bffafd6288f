/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - read an archive from a file or a pipe, piece by piece. */
#include "image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"

#define BLOCK_SIZE    ((size_t)256 << 10)
#define STOP_EVERY_MS 200

int hp_source__open(const struct hp_import *what, struct hp_source *ret, struct hp_error *err)
{
	const bool given = hp_str_eq(what->path, "-");
	AUTO_CLOSE int opened = -1;
	struct stat st;

	if (!given) {
		opened = open(what->path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return hp_fail_errno(err, errno, "open '%s'", what->path);
	}
	const int fd = given ? what->fd : opened;
	if (fstat(fd, &st) < 0)
		return hp_fail_errno(err, errno, "look at '%s'", what->path);
	const off_t start = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;

	*ret = (struct hp_source){
		.what = what,
		.word = "read",
		.fd = fd,
		.owned = !given,
		.seekable = start >= 0,
		.start = start >= 0 ? start : 0,
		.total = start >= 0 && st.st_size > start ? (uint64_t)(st.st_size - start) : 0,
		.memory = hp_alloc(BLOCK_SIZE),
	};
	hp_buf_init(&ret->ahead, HP_SOURCE_AHEAD);
	(void)TAKE_FD(opened);
	return 0;
}

void hp_source__close(struct hp_source *s)
{
	if (s->owned)
		close(s->fd);
	s->owned = false;
	hp_buf_free(&s->ahead);
	free(TAKE(s->memory));
}

int hp_source__check_stop(const struct hp_import *what, struct hp_error *err)
{
	if (what->stop && what->stop(what->stop_arg))
		return hp_fail(err, HP_ECANCELED, "canceled");
	return 0;
}

/* A pipe may have nothing for as long as it likes, but stopping must not wait for that. */
static int wait_for_pipe(struct hp_source *s, struct hp_error *err)
{
	int events = s->seekable || !s->what->stop;

	while (events == 0) {
		events = hp_fd_poll(s->fd, POLLIN, STOP_EVERY_MS, err);
		if (events < 0 || hp_source__check_stop(s->what, err) < 0)
			return -1;
	}
	return 0;
}

static ssize_t read_some(struct hp_source *s, void *to, size_t len, struct hp_error *err)
{
	for (;;) {
		if (wait_for_pipe(s, err) < 0)
			return -1;
		const ssize_t n = read(s->fd, to, len);
		if (n >= 0)
			return n;
		if (errno == EAGAIN) {
			if (hp_fd_poll(s->fd, POLLIN, -1, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return hp_fail_errno(err, errno, "read from '%s'", s->what->path);
		}
	}
}

int hp_source__peek(struct hp_source *s, size_t want, struct hp_bytes *ret_ahead,
		    struct hp_error *err)
{
	while (s->ahead.len < want) {
		const size_t missing = want - s->ahead.len;
		const size_t chunk = missing < BLOCK_SIZE ? missing : BLOCK_SIZE;
		uint8_t *room = hp_buf_reserve(&s->ahead, chunk, err);
		if (!room)
			return -1;
		const ssize_t n = read_some(s, room, chunk, err);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		s->ahead.len += (size_t)n;
	}
	*ret_ahead = hp_buf_bytes(&s->ahead);
	return 0;
}

int hp_source__next(struct hp_source *s, struct hp_bytes *ret_piece, struct hp_error *err)
{
	size_t len = s->ahead.len < BLOCK_SIZE ? s->ahead.len : BLOCK_SIZE;

	if (hp_source__check_stop(s->what, err) < 0)
		return -1;
	if (len) {
		memcpy(s->memory, s->ahead.data, len);
		hp_buf_drop(&s->ahead, len);
		if (s->ahead.len == 0)
			hp_buf_free(&s->ahead);
	} else {
		const ssize_t n = read_some(s, s->memory, BLOCK_SIZE, err);
		if (n < 0)
			return -1;
		if (n == 0)
			return 0;
		len = (size_t)n;
	}
	s->block = HP_BYTES(s->memory, len);
	s->done += len;
	if (s->tee && s->tee(s->tee_arg, s->block, err) < 0)
		return -1;
	if (s->what->progress)
		s->what->progress(s->what->progress_arg, s->word, s->done, s->total);
	*ret_piece = s->block;
	return 1;
}
