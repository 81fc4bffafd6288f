/* SPDX-License-Identifier: Apache-2.0 */
/* h2_stream.c - the streams of a connection: what nghttp2 tells us of them, and what we tell it. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "net/h2_conn.h"

/* What one stream may have under way to us before its owner takes any of it. The connection's
 * window is wide, as it is given back at once: only the streams hold their peers back. */
#define STREAM_WINDOW     (1 << 20)
#define CONNECTION_WINDOW (16 << 20)

/* From: RFC 9113 section 6.5.2; the peer is told what we accept as a header list. */
#define HEADER_LIST_MAX (64 * 1024)

void hp_h2__stream_end(struct hp_h2_stream *s, enum hp_h2_end end, uint32_t reset)
{
	if (s->end != HP_H2_OPEN)
		return;
	s->end = end;
	s->reset = reset;
	hp_h2__unwrite(s);
	s->events->ended(s);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *user)
{
	struct hp_h2_stream *s =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags;
	(void)user;
	if (s && s->end == HP_H2_OPEN)
		s->events->header(s, HP_BYTES(name, name_len), HP_BYTES(value, value_len));
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *user)
{
	struct hp_h2_stream *s = nghttp2_session_get_stream_user_data(session, id);

	(void)flags;
	(void)user;
	/* The connection's window is given back at once, so that one stream whose owner takes
	 * his time never stops the others. The stream's own is given back by the owner. */
	nghttp2_session_consume_connection(session, len);
	if (s && s->end == HP_H2_OPEN)
		s->events->data(s, HP_BYTES(data, len));
	else
		nghttp2_session_consume_stream(session, id, len);
	return 0;
}

/* The peer will take no new streams. What it has not looked at, nghttp2 closes as refused. */
static void on_goaway(struct hp_h2 *h2)
{
	h2->closing = true;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct hp_h2 *h2 = user;
	struct hp_h2_stream *s =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	bool carries_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		h2->greeted = true;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		on_goaway(h2);
	if (s && carries_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		hp_h2__stream_end(s, HP_H2_FINISHED, NGHTTP2_NO_ERROR);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	struct hp_h2_stream *s = nghttp2_session_get_stream_user_data(session, id);

	(void)user;
	if (!s)
		return 0;
	s->id = 0;
	s->refused = s->refused || (code == NGHTTP2_REFUSED_STREAM && s->end == HP_H2_OPEN);
	hp_h2__stream_end(s, HP_H2_RESET, code);
	return 0;
}

/* A request that could not be sent, as the peer said GOAWAY first: nghttp2 then closes the
 * stream with an error of its own, which says nothing. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int code,
		       void *user)
{
	struct hp_h2_stream *s =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)code;
	(void)user;
	if (s && frame->hd.type == NGHTTP2_HEADERS && s->end == HP_H2_OPEN) {
		s->refused = true;
		hp_h2__stream_end(s, HP_H2_RESET, NGHTTP2_REFUSED_STREAM);
	}
	return 0;
}

static int on_error(nghttp2_session *session, int code, const char *text, size_t len,
		    void *user)
{
	struct hp_h2 *h2 = user;

	(void)session;
	(void)text;
	(void)len;
	if (code == NGHTTP2_ERR_SETTINGS_EXPECTED)
		h2->not_http2 = true;
	return 0;
}

/* Copy as much of @from to @to as fits. Returns: how much. */
static size_t move_bytes(struct hp_bytes *from, uint8_t *to, size_t room)
{
	size_t len = from->len < room ? from->len : room;

	if (len > 0)
		memcpy(to, from->data, len);
	from->data += len;
	from->len -= len;
	return len;
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
		       uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct hp_h2_stream *s = nghttp2_session_get_stream_user_data(session, id);

	(void)source;
	(void)user;
	if (!s || !s->sending)
		return NGHTTP2_ERR_DEFERRED;

	size_t len = move_bytes(&s->head, to, room);
	len += move_bytes(&s->body, to + len, room - len);
	if (s->head.len > 0 || s->body.len > 0)
		return (ssize_t)len;

	s->sending = false;
	if (s->last)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)len;
}

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *cb = NULL;

	if (nghttp2_session_callbacks_new(&cb) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_not_sent);
	nghttp2_session_callbacks_set_error_callback2(cb, on_error);
	return cb;
}

static int make_session(struct hp_h2 *h2)
{
	nghttp2_session_callbacks *cb = make_callbacks();
	nghttp2_option *option = NULL;
	int code = cb ? nghttp2_option_new(&option) : NGHTTP2_ERR_NOMEM;

	if (code == 0) {
		nghttp2_option_set_no_auto_window_update(option, 1);
		nghttp2_option_set_no_closed_streams(option, 1);
		code = nghttp2_session_client_new2(&h2->session, cb, h2, option);
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
	return code;
}

int hp_h2__session_new(struct hp_h2 *h2, struct hp_error *err)
{
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_LIST_MAX},
	};
	int code = make_session(h2);

	if (code == 0)
		code = nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings,
					       HP_ARRAY_LEN(settings));
	if (code == 0)
		code = nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0,
							     CONNECTION_WINDOW);
	if (code != 0)
		return hp_fail(err, HP_EINTERNAL, "make an HTTP/2 session: %s",
			       nghttp2_strerror(code));
	return 0;
}

int hp_h2__open(struct hp_h2 *h2, struct hp_h2_stream *s, const struct hp_grpc_header *headers,
		size_t count, struct hp_error *err)
{
	const nghttp2_data_provider provider = {.read_callback = on_read};
	AUTO_FREE nghttp2_nv *fields = hp_alloc_array(count, sizeof(*fields));

	assert(h2->session && !s->h2);
	for (size_t i = 0; i < count; i++) {
		fields[i].name = (uint8_t *)headers[i].name;
		fields[i].namelen = strlen(headers[i].name);
		fields[i].value = (uint8_t *)headers[i].value;
		fields[i].valuelen = strlen(headers[i].value);
	}

	int32_t id = nghttp2_submit_request(h2->session, NULL, fields, count, &provider, s);
	if (id < 0)
		return hp_fail(err, HP_EINTERNAL, "open an HTTP/2 stream: %s",
			       nghttp2_strerror(id));
	s->id = id;
	s->h2 = h2;
	s->next = h2->streams;
	h2->streams = s;
	h2->refs++;
	return 0;
}

void hp_h2__write(struct hp_h2_stream *s, struct hp_bytes head, struct hp_bytes body, bool last)
{
	assert(!s->sending && !s->last);
	if (s->end != HP_H2_OPEN) {
		s->cut = true;
		return;
	}
	s->head = head;
	s->body = body;
	s->last = last;
	s->sending = true;
	/* It is an error for a provider that has not been asked yet, and then not needed. */
	(void)nghttp2_session_resume_data(s->h2->session, s->id);
}

bool hp_h2__sent(const struct hp_h2_stream *s)
{
	return !s->sending && s->h2->out_at == s->h2->out.len;
}

void hp_h2__unwrite(struct hp_h2_stream *s)
{
	s->cut = s->cut || s->sending;
	s->sending = false;
	s->head = HP_BYTES(NULL, 0);
	s->body = HP_BYTES(NULL, 0);
}

void hp_h2__credit(struct hp_h2_stream *s, size_t len)
{
	if (len > 0 && s->h2->session && s->id != 0)
		(void)nghttp2_session_consume_stream(s->h2->session, s->id, len);
}

static void unlink_stream(struct hp_h2 *h2, struct hp_h2_stream *s)
{
	struct hp_h2_stream **at = &h2->streams;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
}

void hp_h2__let_go(struct hp_h2_stream *s)
{
	struct hp_h2 *h2 = s->h2;

	if (!h2)
		return;
	if (h2->session && s->id != 0) {
		nghttp2_session_set_stream_user_data(h2->session, s->id, NULL);
		nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, s->id,
					  s->end == HP_H2_FINISHED ? NGHTTP2_NO_ERROR
								   : NGHTTP2_CANCEL);
		hp_h2__flush(h2);
	}
	unlink_stream(h2, s);
	s->h2 = NULL;
	hp_h2__unref(h2);
}
