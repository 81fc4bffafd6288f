/* SPDX-License-Identifier: Apache-2.0 */
/* h2_script.c - the methods of the fake peer: an nghttp2 server session that follows scripts. */
#include "h2_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

#define ANSWER_MAX (64 << 20)

/* One request and what is to be answered. */
struct served_call {
	struct h2_served *served;
	struct served_call *next;
	int32_t id;
	char *path;
	struct hp_buf headers; /* of the request, as text */
	struct hp_buf in;      /* of the message that is coming */
	size_t received;
	bool scripted; /* the script was run */
	char http[4];
	char *type;
	bool headed; /* the response's headers were submitted */
	struct hp_buf out;
	size_t out_at;
	bool ended;
	char status[16]; /* "": no trailers */
	char *message;
};

static void put(struct hp_buf *b, const void *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_buf_add(b, data, len, &err) < 0)
		abort();
}

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)name,
		.value = (uint8_t *)value,
		.namelen = strlen(name),
		.valuelen = strlen(value),
	};
}

static void submit_trailers(struct served_call *c)
{
	nghttp2_nv fields[] = {field("grpc-status", c->status),
			       field("grpc-message", c->message)};

	nghttp2_submit_trailer(c->served->session, c->id, fields, 2);
}

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
			   uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct served_call *c = source->ptr;
	size_t len = c->out.len - c->out_at;

	(void)session;
	(void)id;
	(void)user;
	if (len > room)
		len = room;
	if (len > 0)
		memcpy(to, c->out.data + c->out_at, len);
	c->out_at += len;
	if (c->out_at < c->out.len)
		return (ssize_t)len;
	if (!c->ended)
		return len > 0 ? (ssize_t)len : NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (c->status[0]) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		submit_trailers(c);
	}
	return (ssize_t)len;
}

static void submit_headers(struct served_call *c)
{
	nghttp2_nv fields[] = {field(":status", c->http), field("content-type", c->type)};
	nghttp2_data_provider provider = {.source.ptr = c, .read_callback = read_answer};

	if (!c->headed)
		nghttp2_submit_response(c->served->session, c->id, fields, 2, &provider);
	else
		nghttp2_session_resume_data(c->served->session, c->id);
	c->headed = true;
}

static void answer_raw(struct served_call *c, const void *data, size_t len)
{
	put(&c->out, data, len);
	submit_headers(c);
}

static void answer(struct served_call *c, const void *data, size_t len)
{
	uint8_t prefix[5] = {0, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
			     (uint8_t)len};

	put(&c->out, prefix, sizeof(prefix));
	answer_raw(c, data, len);
}

static void end_call(struct served_call *c, const char *status, const char *message)
{
	c->ended = true;
	snprintf(c->status, sizeof(c->status), "%s", status);
	free(c->message);
	c->message = hp_strdup(message);
	if (c->headed || !status[0]) {
		submit_headers(c);
		return;
	}

	nghttp2_nv fields[] = {field(":status", c->http), field("content-type", c->type),
			       field("grpc-status", c->status),
			       field("grpc-message", c->message)};
	nghttp2_submit_response(c->served->session, c->id, fields, 4, NULL);
}

static void step_type(struct served_call *c, const char *arg)
{
	free(c->type);
	c->type = hp_strdup(arg);
}

static void step_http(struct served_call *c, const char *arg)
{
	snprintf(c->http, sizeof(c->http), "%s", arg);
}

static void step_msg(struct served_call *c, const char *arg)
{
	answer(c, arg, strlen(arg));
}

static void step_big(struct served_call *c, const char *arg)
{
	size_t len = strtoul(arg, NULL, 10);
	AUTO_FREE char *data = hp_alloc(len);

	memset(data, 'x', len);
	answer(c, data, len);
}

static void step_raw(struct served_call *c, const char *arg)
{
	for (; arg[0] && arg[1]; arg += 2) {
		const char digits[] = {arg[0], arg[1], '\0'};
		uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);

		put(&c->out, &byte, 1);
	}
	submit_headers(c);
}

static void step_headers(struct served_call *c, const char *arg)
{
	(void)arg;
	answer(c, c->headers.data, c->headers.len);
}

static void step_status(struct served_call *c, const char *arg)
{
	AUTO_FREE char *status = hp_strdup(arg);
	char *text = strchr(status, ' ');

	if (text)
		*text++ = '\0';
	end_call(c, status, text ? text : "");
}

static void step_end(struct served_call *c, const char *arg)
{
	(void)arg;
	end_call(c, "", "");
}

static void step_reset(struct served_call *c, const char *arg)
{
	nghttp2_submit_rst_stream(c->served->session, NGHTTP2_FLAG_NONE, c->id,
				  (uint32_t)strtoul(arg, NULL, 10));
}

static void step_goaway(struct served_call *c, const char *arg)
{
	nghttp2_submit_goaway(c->served->session, NGHTTP2_FLAG_NONE,
			      (int32_t)strtol(arg, NULL, 10), NGHTTP2_NO_ERROR, NULL, 0);
}

static void step_sleep(struct served_call *c, const char *arg)
{
	(void)c;
	hp_clock_sleep_ms(strtol(arg, NULL, 10));
}

static void step_drop(struct served_call *c, const char *arg)
{
	(void)arg;
	c->served->drop = true;
}

static const struct {
	const char *word;
	void (*run)(struct served_call *c, const char *arg);
} steps[] = {
	{"type", step_type},     {"http", step_http},   {"msg", step_msg},
	{"big", step_big},       {"raw", step_raw},     {"headers", step_headers},
	{"status", step_status}, {"end", step_end},     {"reset", step_reset},
	{"goaway", step_goaway}, {"sleep", step_sleep}, {"drop", step_drop},
};

/* The steps that behave otherwise the second time. Returns: whether the script stops here. */
static bool run_once_step(struct served_call *c, const char *word, const char *arg)
{
	if (strcmp(word, "refuse-once") == 0 &&
	    atomic_fetch_add(&c->served->counts->refused, 1) == 0) {
		nghttp2_submit_rst_stream(c->served->session, NGHTTP2_FLAG_NONE, c->id,
					  NGHTTP2_REFUSED_STREAM);
		return true;
	}
	if (strcmp(word, "goaway-once") == 0 &&
	    atomic_fetch_add(&c->served->counts->goaways, 1) == 0) {
		step_goaway(c, arg);
		return true;
	}
	return false;
}

static void run_script(struct served_call *c, char *script)
{
	char *next = NULL;

	c->scripted = true;
	for (char *step = strtok_r(script, ";", &next); step;
	     step = strtok_r(NULL, ";", &next)) {
		char *arg = strchr(step, ' ');

		if (arg)
			*arg++ = '\0';
		else
			arg = strchr(step, '\0');
		if (run_once_step(c, step, arg))
			return;
		for (size_t i = 0; i < HP_ARRAY_LEN(steps); i++)
			if (strcmp(step, steps[i].word) == 0)
				steps[i].run(c, arg);
	}
}

static void take_message(struct served_call *c, const uint8_t *data, size_t len)
{
	if (strcmp(c->path, "/fake/Chat") == 0)
		answer(c, data, len);
	if (strcmp(c->path, "/fake/Script") == 0 && !c->scripted) {
		AUTO_FREE char *script = hp_strndup((const char *)data, len);

		run_script(c, script);
	}
}

static void take_messages(struct served_call *c)
{
	size_t at = 0;

	while (c->in.len - at >= 5) {
		const uint8_t *p = c->in.data + at;
		size_t len = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];

		if (c->in.len - at - 5 < len)
			break;
		take_message(c, p + 5, len);
		at += 5 + len;
	}
	hp_buf_drop(&c->in, at);
}

static void end_of_request(struct served_call *c)
{
	char total[32];

	if (strcmp(c->path, "/fake/Chat") == 0) {
		end_call(c, "0", "");
	} else if (strcmp(c->path, "/fake/Sink") == 0) {
		snprintf(total, sizeof(total), "%zu", c->received);
		answer(c, total, strlen(total));
		end_call(c, "0", "");
	} else if (!hp_str_starts(c->path, "/fake/")) {
		end_call(c, "12", "unknown method");
	}
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_served *served = user;
	struct served_call *c = NULL;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	c = hp_alloc(sizeof(*c));
	c->served = served;
	c->next = served->calls;
	served->calls = c;
	c->id = frame->hd.stream_id;
	c->path = hp_strdup("");
	c->type = hp_strdup("application/grpc");
	c->message = hp_strdup("");
	memcpy(c->http, "200", sizeof("200"));
	hp_buf_init(&c->headers, 64 * 1024);
	hp_buf_init(&c->in, ANSWER_MAX);
	hp_buf_init(&c->out, ANSWER_MAX);
	nghttp2_session_set_stream_user_data(session, c->id, c);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *user)
{
	struct served_call *c =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags;
	(void)user;
	if (!c)
		return 0;
	put(&c->headers, name, name_len);
	put(&c->headers, ": ", 2);
	put(&c->headers, value, value_len);
	put(&c->headers, "\n", 1);
	if (name_len == strlen(":path") && memcmp(name, ":path", name_len) == 0) {
		free(c->path);
		c->path = hp_strndup((const char *)value, value_len);
	}
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *user)
{
	struct served_call *c = nghttp2_session_get_stream_user_data(session, id);

	(void)flags;
	(void)user;
	nghttp2_session_consume_connection(session, len);
	if (!c || strcmp(c->path, "/fake/Stuck") == 0)
		return 0;
	nghttp2_session_consume_stream(session, id, len);
	c->received += len;
	if (strcmp(c->path, "/fake/Sink") == 0)
		return 0;
	put(&c->in, data, len);
	take_messages(c);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_served *served = user;
	struct served_call *c =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_RST_STREAM &&
	    frame->rst_stream.error_code == NGHTTP2_CANCEL)
		atomic_fetch_add(&served->counts->cancels, 1);
	if (c && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
	    (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
		end_of_request(c);
	return 0;
}

static void free_call(struct served_call *c)
{
	struct served_call **at = &c->served->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	hp_buf_free(&c->headers);
	hp_buf_free(&c->in);
	hp_buf_free(&c->out);
	free(c->path);
	free(c->type);
	free(c->message);
	free(c);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	struct served_call *c = nghttp2_session_get_stream_user_data(session, id);

	(void)code;
	(void)user;
	if (c)
		free_call(c);
	return 0;
}

void h2_served_clear(struct h2_served *served)
{
	nghttp2_session_del(served->session);
	while (served->calls)
		free_call(served->calls);
}

void h2_served_init(struct h2_served *served, struct h2_counts *counts)
{
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
	nghttp2_session_callbacks *cb = NULL;
	nghttp2_option *option = NULL;

	*served = (struct h2_served){.counts = counts};
	if (nghttp2_session_callbacks_new(&cb) != 0 || nghttp2_option_new(&option) != 0)
		abort();
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	if (nghttp2_session_server_new2(&served->session, cb, served, option) != 0)
		abort();
	nghttp2_submit_settings(served->session, NGHTTP2_FLAG_NONE, settings, 1);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
}
