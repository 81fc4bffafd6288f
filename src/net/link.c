/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - owns reading and writing of a byte stream that never blocks. */
#include "net/link.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/fd.h"

#define READ_MIN  ((size_t)4 * 1024)
#define READ_MAX  ((size_t)128 * 1024)
/* Each round of the loop reads at most so often, so that others get their turn. The port of a
 * machine gives a page at a time. */
#define READS_MAX 32
/* A buffer that is empty and larger than this is given back. */
#define KEEP_MAX  ((size_t)192 * 1024)

int hp_link__open(struct hp_link *k, struct hp_loop *l, int take_fd,
		  const struct hp_link_limits *limits, hp_loop_fn ready, void *data,
		  struct hp_error *err)
{
	AUTO_CLOSE int fd = take_fd;
	struct stat st;

	assert(!k->loop);
	if (hp_fd_set_nonblock(fd, true, err) < 0)
		return -1;
	if (HP_SYS("fstat", fstat(fd, &st)) < 0)
		return hp_fail_errno(err, errno, "look at descriptor %d", fd);
	if (hp_watch_start(l, &k->watch, fd, EPOLLIN, ready, data, err) < 0)
		return -1;
	k->loop = l;
	k->fd = TAKE_FD(fd);
	k->is_socket = S_ISSOCK(st.st_mode);
	k->ready = ready;
	k->data = data;
	hp_buf_init(&k->in, limits->in);
	hp_buf_init(&k->out, limits->out);
	return 0;
}

void hp_link__close(struct hp_link *k)
{
	if (!k->loop)
		return;
	hp_watch_stop(&k->watch);
	hp_timer_stop(&k->later);
	close(k->fd);
	hp_buf_free(&k->in);
	hp_buf_free(&k->out);
	*k = (struct hp_link){.fd = -1};
}

size_t hp_link__queued(const struct hp_link *k)
{
	return k->out.len - k->out_at;
}

static void update_watch(struct hp_link *k)
{
	const bool writing = k->blocked || k->eager;

	if (k->loop)
		hp_watch_set(&k->watch, (k->deaf ? 0u : EPOLLIN) | (writing ? EPOLLOUT : 0u));
}

static void give_back(struct hp_buf *b)
{
	b->len = 0;
	if (b->cap > KEEP_MAX)
		hp_buf_free(b);
}

void hp_link__break(struct hp_link *k)
{
	if (!k->loop)
		return;
	k->broken = true;
	k->blocked = false;
	k->out_at = 0;
	hp_buf_free(&k->out);
	hp_timer_start(k->loop, &k->later, 0, k->ready, k->data);
}

static ssize_t write_some(const struct hp_link *k)
{
	const uint8_t *data = k->out.data + k->out_at;
	const size_t len = hp_link__queued(k);

	if (k->is_socket)
		return HP_SYS("send", send(k->fd, data, len, MSG_NOSIGNAL));
	return HP_SYS("write", write(k->fd, data, len));
}

static void flush(struct hp_link *k)
{
	k->blocked = false;
	while (!k->blocked && hp_link__queued(k) > 0) {
		const ssize_t n = write_some(k);

		if (n >= 0)
			k->out_at += (size_t)n;
		else if (errno == EAGAIN)
			k->blocked = true;
		else if (errno != EINTR)
			hp_link__break(k);
	}
	if (!k->blocked) {
		k->out_at = 0;
		give_back(&k->out);
	}
	update_watch(k);
}

/* How many bytes to ask for: what there is room for anyway, else as much again as has come. */
static size_t read_size(const struct hp_buf *in)
{
	size_t want = in->cap - in->len;

	if (want < READ_MIN)
		want = in->len < READ_MIN ? READ_MIN : in->len;
	if (want > READ_MAX)
		want = READ_MAX;
	return want < in->max - in->len ? want : in->max - in->len;
}

/* Read once. Returns: whether there may be more right now. */
static bool read_some(struct hp_link *k)
{
	struct hp_error err = HP_ERROR_INIT;
	const size_t want = read_size(&k->in);
	uint8_t *into = want > 0 ? hp_buf_reserve(&k->in, want, &err) : NULL;
	ssize_t n;

	if (!into) /* it is full: the rest has to wait */
		return false;
	do
		n = HP_SYS("read", read(k->fd, into, want));
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		k->ended = true;
		return false;
	}
	k->in.len += (size_t)n;
	/* A port gives less than it has; a socket that does so has no more. */
	return !k->is_socket || (size_t)n == want;
}

bool hp_link__receive(struct hp_link *k, uint32_t events)
{
	hp_timer_stop(&k->later);
	if (k->blocked)
		flush(k);
	hp_buf_drop(&k->in, k->in_at);
	k->in_at = 0;
	if (k->in.len == 0)
		give_back(&k->in);
	/* Nobody waits for an answer any more, so what was not read can be forgotten. */
	if (k->deaf)
		return !k->broken && !(events & (EPOLLHUP | EPOLLERR));
	for (int i = 0; i < READS_MAX && read_some(k); i++)
		;
	return !k->broken && !k->ended;
}

struct hp_bytes hp_link__input(const struct hp_link *k)
{
	return HP_BYTES(k->in.data + k->in_at, k->in.len - k->in_at);
}

void hp_link__use(struct hp_link *k, size_t len)
{
	assert(len <= k->in.len - k->in_at);
	k->in_at += len;
}

struct hp_buf *hp_link__queue(struct hp_link *k, size_t len)
{
	if (!k->loop || k->broken || len > k->out.max - hp_link__queued(k))
		return NULL;
	/* What has been written is dropped when that is cheap, or when there is no room else. */
	if (k->out_at > k->out.len / 2 || len > k->out.max - k->out.len) {
		hp_buf_drop(&k->out, k->out_at);
		k->out_at = 0;
	}
	return &k->out;
}

void hp_link__send(struct hp_link *k)
{
	/* While the peer takes nothing, epoll says when that changes. */
	if (!k->blocked)
		flush(k);
}

void hp_link__set_deaf(struct hp_link *k, bool deaf)
{
	k->deaf = deaf;
	update_watch(k);
}

void hp_link__set_eager(struct hp_link *k, bool eager)
{
	k->eager = eager;
	update_watch(k);
}
