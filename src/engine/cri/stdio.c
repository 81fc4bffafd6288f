/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c - the stdio of containers: output from the log, which misses nothing, and stdin by Attach.
 *
 * Attach of CRI joins a container that runs, so what it wrote before is not heard by it; and the log
 * has whole lines only. So a terminal that somebody types into is attached to for its output too, as
 * kubectl does: of what it wrote before that moment, the log knows. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"

/* As long as a line of the log may be, and a little. */
#define LINE_MAX_BYTES (512u * 1024)

/* stdin is connected when it is first used: the end of a session is the end of stdin, and one that
 * only looks on shall not bring it about. @in_fd can always be written to until then. */
struct stdio {
	struct hp_stream base;
	struct cri *c;
	char *id;
	struct hp_stream *log;
	struct hp_remote *remote;
	int in_fd; /* -1: there is no stdin, or it was closed */
	bool tty;
	struct hp_buf line; /* of a terminal */
};

static struct stdio *stdio_of(const struct hp_stream *s)
{
	return container_of(s, struct stdio, base);
}

static int stdio_fd(const struct hp_stream *s)
{
	return hp_stream_fd(stdio_of(s)->log);
}

/* The runtime takes the carriage return of a terminal's lines for a part of their end, and leaves it
 * out of the log. From: containerd pkg/cri/io/logger.go, which reads by Go's bufio ReadLine. */
static int return_carriage(struct stdio *self, struct hp_chunk *chunk, struct hp_error *err)
{
	if (!self->tty || chunk->data[chunk->len - 1] != '\n')
		return HP_NEXT_ITEM;
	self->line.len = 0;
	if (hp_buf_add(&self->line, chunk->data, chunk->len - 1, err) < 0 ||
	    hp_buf_add(&self->line, "\r\n", 2, err) < 0)
		return -1;
	chunk->data = (const char *)self->line.data;
	chunk->len = self->line.len;
	return HP_NEXT_ITEM;
}

/* Live output has no time. */
static int stdio_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	struct stdio *self = stdio_of(s);
	struct hp_remote_end ignored;
	struct hp_error failure = HP_ERROR_INIT;

	/* This also sends what is left of stdin. */
	if (self->remote && hp_remote_end(self->remote, &ignored, &failure) < 0)
		hp_error_clear(&failure);
	int got = hp_stream_next(self->log, ret, err);
	if (got != HP_NEXT_ITEM)
		return got;
	ret->time_ns = 0;
	return return_carriage(self, ret, err);
}

static int stdio_stdin_fd(const struct hp_stream *s)
{
	return stdio_of(s)->in_fd;
}

static int connect_stdin(struct stdio *self, struct hp_error *err)
{
	const struct hp_remote_want want = {.in = true};

	if (self->in_fd < 0)
		return hp_fail(err, HP_ESTATE, "the process has no stdin, or it was closed");
	if (self->remote)
		return 0;
	if (hp_cri__attach_remote(self->c, self->id, &want, &self->remote, err) < 0)
		return -1;
	/* The descriptor stays the one that its user polls. */
	if (dup3(hp_remote_in_fd(self->remote), self->in_fd, O_CLOEXEC) < 0)
		return hp_fail_errno(err, errno, "attach to '%s'", self->id);
	return 0;
}

static ssize_t stdio_write(struct hp_stream *s, const void *data, size_t len,
			   struct hp_error *err)
{
	struct stdio *self = stdio_of(s);

	if (connect_stdin(self, err) < 0)
		return -1;
	return hp_remote_write(self->remote, data, len, err);
}

static int stdio_close_stdin(struct hp_stream *s, struct hp_error *err)
{
	struct stdio *self = stdio_of(s);
	struct hp_error ignored = HP_ERROR_INIT;

	if (self->in_fd < 0)
		return 0;
	/* What has ended needs no end of its stdin. */
	if (connect_stdin(self, &ignored) < 0)
		hp_error_clear(&ignored);
	close(TAKE_FD(self->in_fd));
	return self->remote ? hp_remote_close_in(self->remote, err) : 0;
}

static void stdio_free(struct hp_stream *s)
{
	struct stdio *self = stdio_of(s);

	hp_stream_free(self->log);
	hp_remote_unref(self->remote);
	hp_close_auto(&self->in_fd);
	hp_buf_free(&self->line);
	free(self->id);
	free(self);
}

static const struct hp_stream_ops stdio_ops = {
	.fd = stdio_fd,
	.next = stdio_next,
	.stdin_fd = stdio_stdin_fd,
	.write = stdio_write,
	.close_stdin = stdio_close_stdin,
	.free = stdio_free,
};

struct remote_stream {
	struct hp_stream base;
	struct hp_remote *remote;
};

static struct hp_remote *remote_of(const struct hp_stream *s)
{
	return container_of(s, struct remote_stream, base)->remote;
}

static int remote_fd(const struct hp_stream *s)
{
	return hp_remote_out_fd(remote_of(s));
}

static int remote_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	return hp_remote_next(remote_of(s), ret, err);
}

static int remote_stdin_fd(const struct hp_stream *s)
{
	return hp_remote_in_fd(remote_of(s));
}

static ssize_t remote_write(struct hp_stream *s, const void *data, size_t len,
			    struct hp_error *err)
{
	return hp_remote_write(remote_of(s), data, len, err);
}

static int remote_close_stdin(struct hp_stream *s, struct hp_error *err)
{
	return hp_remote_close_in(remote_of(s), err);
}

static void remote_free(struct hp_stream *s)
{
	struct remote_stream *self = container_of(s, struct remote_stream, base);

	hp_remote_unref(self->remote);
	free(self);
}

static const struct hp_stream_ops remote_ops = {
	.fd = remote_fd,
	.next = remote_next,
	.stdin_fd = remote_stdin_fd,
	.write = remote_write,
	.close_stdin = remote_close_stdin,
	.free = remote_free,
};

struct hp_stream *hp_cri__remote_stream(struct hp_remote *take_remote)
{
	struct remote_stream *self = hp_alloc(sizeof(*self));

	self->base.ops = &remote_ops;
	self->remote = take_remote;
	return &self->base;
}

int hp_cri__attach_remote(struct cri *c, const char *id, const struct hp_remote_want *want,
			  struct hp_remote **ret, struct hp_error *err)
{
	Hp__CriAttachRequest request = HP__CRI_ATTACH_REQUEST__INIT;
	AUTO_REPLY Hp__CriUrlResponse *reply = NULL;
	struct hp_remote_want at = *want;

	request.container_id = (char *)id;
	request.stdin = want->in;
	request.stdout = want->out;
	request.stderr = want->err;
	request.tty = want->tty;
	if (hp_cri__call(c, HP_SVC_RUNTIME "Attach", &request.base,
			 &hp__cri_url_response__descriptor, &reply, err) < 0)
		return -1;
	at.url = reply->url;
	return hp_remote_open(&at, hp_cri__deadline(c), ret, err);
}

static int attach_terminal(struct cri *c, const char *id, struct hp_stream **ret,
			   struct hp_error *err)
{
	const struct hp_remote_want want = {.in = true, .out = true, .tty = true};
	struct hp_remote *remote = NULL;

	if (hp_cri__attach_remote(c, id, &want, &remote, err) < 0)
		return -1;
	*ret = hp_cri__remote_stream(remote);
	return 0;
}

int hp_cri__stdio_new(struct cri *c, const struct hp_cri__found *found, bool all,
		      struct hp_stream **ret, struct hp_error *err)
{
	const Hp__CriContainer *container = found->container;
	const struct hp_logs what = {.follow = true, .has_tail = !all};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;
	bool has_stdin = hp_cri__annotation(container, HP_LABEL_STDIN) != NULL;
	struct hp_stream *log = NULL;

	if (has_stdin && hp_cri__annotation(container, HP_LABEL_TTY) &&
	    attach_terminal(c, container->id, ret, err) == 0)
		return 0;
	hp_error_clear(err); /* it has ended by now: the log has all of it */
	if (hp_cri__status(c, container->id, false, &status, err) < 0 ||
	    hp_cri__log_stream(c, container->id, status->status->log_path, &what, &log, err) <
		    0)
		return -1;
	struct stdio *self = hp_alloc(sizeof(*self));
	self->base.ops = &stdio_ops;
	self->c = c;
	self->id = hp_strdup(container->id);
	self->log = log;
	self->tty = hp_cri__annotation(container, HP_LABEL_TTY) != NULL;
	hp_buf_init(&self->line, LINE_MAX_BYTES);
	self->in_fd = has_stdin ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
	*ret = &self->base;
	return 0;
}

int hp_cri__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		   struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__find_running(c, ref, &found, &status, err) < 0)
		return -1;
	if (hp_cri__stdio_new(c, &found, false, ret, err) < 0)
		return hp_wrap(err, "attach to '%s'", ref);
	return 0;
}
