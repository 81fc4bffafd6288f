/* SPDX-License-Identifier: Apache-2.0 */
/* h2.c - a connection's socket: bytes between it and the session, and what to say when it breaks. */
#include "net/h2.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "net/h2_conn.h"

/* Frames are gathered up to this before they are written, so that a system call carries several;
 * one frame more may come on top of it. */
#define OUT_GATHER (64 * 1024)
#define OUT_MAX    (OUT_GATHER + (128 * 1024))

static void drop_socket(struct hp_h2 *h2)
{
	if (h2->fd < 0)
		return;
	hp_bell__unwatch(h2->bell, h2->fd);
	close(h2->fd);
	h2->fd = -1;
	nghttp2_session_del(h2->session);
	h2->session = NULL;
	hp_buf_free(&h2->out);
	h2->out_at = 0;
}

/* The connection is over for the reason in h2->failure: so are its streams. */
static void end_all(struct hp_h2 *h2)
{
	drop_socket(h2);
	for (struct hp_h2_stream *s = h2->streams; s; s = s->next) {
		s->id = 0;
		hp_h2__stream_end(s, HP_H2_LOST, 0);
	}
}

void hp_h2__break(struct hp_h2 *h2, enum hp_code code, const char *why)
{
	if (h2->failure.code != HP_OK)
		return;
	hp_fail(&h2->failure, code, "connection to '%s': %s", h2->peer, why);
	end_all(h2);
}

/* The peer closed the connection, or it broke with error @sys. */
static void lose(struct hp_h2 *h2, int sys)
{
	if (h2->failure.code != HP_OK)
		return;
	if (!h2->greeted)
		hp_fail(&h2->failure, HP_EUNAVAILABLE,
			"what listens on '%s' closed the connection without a word of HTTP/2: "
			"it is not containerd, or containerd is just stopping; see --address",
			h2->peer);
	else if (h2->closing)
		hp_fail(&h2->failure, HP_EUNAVAILABLE,
			"the daemon at '%s' is shutting down and closed the connection",
			h2->peer);
	else
		hp_fail(&h2->failure, HP_EUNAVAILABLE,
			"the connection to '%s' was lost (%s): the daemon has stopped or crashed",
			h2->peer, sys ? strerror(sys) : "closed by the daemon");
	end_all(h2);
}

/* What came from the peer cannot be HTTP/2. @code: nghttp2's. */
static void lose_sense(struct hp_h2 *h2, int code)
{
	if (h2->failure.code != HP_OK)
		return;
	if (h2->not_http2 || !h2->greeted)
		hp_fail(&h2->failure, HP_EUNAVAILABLE,
			"what listens on '%s' does not speak gRPC: it answered \"%s\"; "
			"name containerd's socket with --address",
			h2->peer, h2->said);
	else
		hp_fail(&h2->failure, HP_EPROTO,
			"the peer at '%s' broke the rules of HTTP/2 (%s)", h2->peer,
			code ? nghttp2_strerror(code) : "protocol error");
	end_all(h2);
}

int hp_h2__new(int take_fd, const char *peer, struct hp_bell *bell, struct hp_h2 **ret_h2,
	       struct hp_error *err)
{
	AUTO(hp_h2__release) struct hp_h2 *h2 = hp_alloc(sizeof(*h2));

	h2->fd = take_fd;
	h2->peer = hp_strdup(peer);
	h2->bell = bell;
	h2->refs = 1;
	hp_buf_init(&h2->out, OUT_MAX);
	if (hp_h2__session_new(h2, err) < 0)
		return -1;
	if (hp_bell__watch(bell, h2->fd, false, err) < 0)
		return -1;

	*ret_h2 = TAKE(h2);
	return 0;
}

void hp_h2__unref(struct hp_h2 *h2)
{
	assert(h2->refs > 0);
	if (--h2->refs > 0)
		return;
	drop_socket(h2);
	free(h2->peer);
	free(h2);
}

void hp_h2__release(struct hp_h2 *h2)
{
	if (!h2)
		return;
	/* Streams that are still there end with the connection; they keep what says why. */
	if (h2->streams)
		hp_h2__break(h2, HP_ECANCELED, "the connection was given up");
	drop_socket(h2);
	hp_h2__unref(h2);
}

bool hp_h2__alive(const struct hp_h2 *h2)
{
	return h2->fd >= 0;
}

bool hp_h2__greeted(const struct hp_h2 *h2)
{
	return h2->greeted;
}

const struct hp_error *hp_h2__failure(const struct hp_h2 *h2)
{
	return &h2->failure;
}

/* Have the session write its next frames into h2->out, which is empty. */
static void gather(struct hp_h2 *h2)
{
	struct hp_error err = HP_ERROR_INIT;

	h2->out.len = 0;
	h2->out_at = 0;
	while (h2->out.len < OUT_GATHER) {
		const uint8_t *data = NULL;
		ssize_t len = nghttp2_session_mem_send(h2->session, &data);

		if (len == 0)
			return;
		if (len < 0 || hp_buf_add(&h2->out, data, (size_t)len, &err) < 0) {
			lose_sense(h2, len < 0 ? (int)len : NGHTTP2_ERR_NOMEM);
			return;
		}
	}
}

/* Write until there is nothing left (false) or the socket takes no more (true). */
static bool send_some(struct hp_h2 *h2)
{
	while (h2->fd >= 0 && !h2->write_broken) {
		if (h2->out_at == h2->out.len)
			gather(h2);
		if (h2->fd < 0 || h2->out.len == 0)
			return false;

		ssize_t done = send(h2->fd, h2->out.data + h2->out_at, h2->out.len - h2->out_at,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done >= 0)
			h2->out_at += (size_t)done;
		else if (errno == EAGAIN)
			return true;
		else if (errno != EINTR)
			h2->write_broken = true;
	}
	/* The peer reads no more. What it wrote before may say why, so reading goes on. */
	h2->out.len = 0;
	h2->out_at = 0;
	return false;
}

/* Keep the beginning of what the peer says, for the case that it makes no sense. */
static void note_said(struct hp_h2 *h2, size_t len)
{
	size_t room = sizeof(h2->said) - 1;
	size_t kept = 0;

	while (kept < len && kept < room && h2->in[kept] != '\r' && h2->in[kept] != '\n') {
		uint8_t c = h2->in[kept];

		h2->said[kept++] = (char)(c >= 0x20 && c < 0x7f ? c : '.');
	}
	h2->said[kept] = '\0';
}

static bool has_open_stream(const struct hp_h2 *h2)
{
	const struct hp_h2_stream *s = h2->streams;

	while (s && s->end != HP_H2_OPEN)
		s = s->next;
	return s != NULL;
}

/* Give @len received bytes to the session. */
static void digest(struct hp_h2 *h2, size_t len)
{
	if (!h2->greeted)
		note_said(h2, len);

	ssize_t used = nghttp2_session_mem_recv(h2->session, h2->in, len);
	if (used < 0 || h2->not_http2) {
		lose_sense(h2, used < 0 ? (int)used : 0);
		return;
	}
	/* Acknowledgements and windows go back at once, and so does what nghttp2 says when it has
	 * found an error: only then does it call the session over. */
	(void)send_some(h2);
	if (h2->fd < 0 || nghttp2_session_want_read(h2->session))
		return;
	if (!h2->closing || has_open_stream(h2))
		lose_sense(h2, 0);
}

/* Read once, without blocking. Returns: whether anything came, an end included. */
static bool receive(struct hp_h2 *h2)
{
	ssize_t len = recv(h2->fd, h2->in, sizeof(h2->in), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0)
		lose(h2, len < 0 ? errno : 0);
	else
		digest(h2, (size_t)len);
	return true;
}

bool hp_h2__usable(struct hp_h2 *h2)
{
	/* What the peer said while nobody looked is bounded by what a socket holds. */
	for (int i = 0; i < 16 && h2->fd >= 0; i++)
		if (!receive(h2))
			break;
	return h2->fd >= 0 && !h2->closing && !h2->write_broken &&
	       nghttp2_session_check_request_allowed(h2->session) &&
	       nghttp2_session_get_next_stream_id(h2->session) <= INT32_MAX;
}

bool hp_h2__pump(struct hp_h2 *h2, int64_t timeout_ms)
{
	struct hp_error err = HP_ERROR_INIT;

	if (h2->fd < 0)
		return false;
	short events = (short)(send_some(h2) ? POLLIN | POLLOUT : POLLIN);
	if (h2->fd < 0)
		return true;

	int ready = hp_fd_poll(h2->fd, events, timeout_ms, &err);
	if (ready == 0)
		return false;
	if (ready < 0)
		hp_h2__break(h2, HP_EIO, err.msg);
	else if (ready & ~POLLOUT)
		receive(h2);
	return true;
}

void hp_h2__send(struct hp_h2 *h2)
{
	if (h2->fd >= 0)
		(void)send_some(h2);
}

void hp_h2__flush(struct hp_h2 *h2)
{
	if (h2->fd < 0)
		return;
	bool writing = send_some(h2);
	if (h2->fd < 0 || writing == h2->writing)
		return;
	hp_bell__set_writing(h2->bell, h2->fd, writing);
	h2->writing = writing;
}
