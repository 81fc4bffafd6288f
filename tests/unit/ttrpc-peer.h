/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc-peer.h - what the tests of ttrpc share: a peer that says and reads frames one by one. */
#pragma once
#include <errno.h>

#include "links.h"
#include "wire/ttrpc.h"

/* The other end of a connection, without a loop of its own. */
struct peer {
	int fd;
	struct hp_buf in;
	size_t used; /* of @in, by the frame that was read last */
};

static inline void peer_init(struct peer *p, int fd)
{
	*p = (struct peer){.fd = fd};
	hp_buf_init(&p->in, (size_t)16 * 1024 * 1024);
}

static inline void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(TAKE_FD(p->fd));
	hp_buf_free(&p->in);
}

static inline void peer_say_bytes(const struct peer *p, const void *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_fd_write_all(p->fd, data, len, &err), 0);
}

static inline void peer_say(const struct peer *p, uint32_t stream, uint8_t type,
			    struct hp_bytes payload)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	const struct hp_ttrpc_frame f = {.stream = stream, .type = type, .payload = payload};

	hp_buf_init(&out, HP_TTRPC_HEADER + payload.len);
	assert_int_equal(hp_ttrpc_frame_put(&out, &f, &err), 0);
	peer_say_bytes(p, out.data, out.len);
}

static inline void peer_ask(const struct peer *p, uint32_t stream, const char *service,
			    const char *method, const char *payload)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_ttrpc_request r = {.payload = hp_bytes_str(payload)};

	hp_buf_init(&out, HP_TTRPC_PAYLOAD);
	snprintf(r.service, sizeof(r.service), "%s", service);
	snprintf(r.method, sizeof(r.method), "%s", method);
	assert_int_equal(hp_ttrpc_request_put(&out, &r, &err), 0);
	peer_say(p, stream, HP_TTRPC_REQUEST, hp_buf_bytes(&out));
}

static inline void peer_answer(const struct peer *p, uint32_t stream, int code,
			       const char *message, const char *payload)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	const struct hp_ttrpc_response r = {.code = code,
					    .message = hp_bytes_str(message),
					    .payload = hp_bytes_str(payload)};

	hp_buf_init(&out, HP_TTRPC_PAYLOAD);
	assert_int_equal(hp_ttrpc_response_put(&out, &r, &err), 0);
	peer_say(p, stream, HP_TTRPC_RESPONSE, hp_buf_bytes(&out));
}

/* Read more, without waiting. Returns: bytes, 0 at the end, -1 when there is nothing for now. */
static inline ssize_t peer_read(struct peer *p)
{
	struct hp_error err = HP_ERROR_INIT;
	uint8_t *into = hp_buf_reserve(&p->in, 65536, &err);
	ssize_t n;

	assert_non_null(into);
	n = recv(p->fd, into, 65536, MSG_DONTWAIT);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	assert_true(n >= 0 || errno == EAGAIN);
	if (n > 0)
		p->in.len += (size_t)n;
	return n;
}

/* The next frame, for which the loop is run. Borrowed until the next one.
 * Returns: false when the connection has ended. */
static inline bool peer_hear(struct peer *p, struct hp_loop *l, struct hp_ttrpc_frame *ret)
{
	const int64_t deadline = hp_deadline_in(PATIENCE_MS);

	hp_buf_drop(&p->in, p->used);
	p->used = 0;
	while (hp_deadline_left_ms(deadline) > 0) {
		struct hp_error err = HP_ERROR_INIT;

		p->used = hp_ttrpc_frame_next(hp_buf_bytes(&p->in), ret);
		if (p->used > 0)
			return true;
		if (peer_read(p) == 0)
			return false;
		assert_true(hp_loop_once(l, 0, &err) >= 0);
	}
	fail_msg("no frame came within %d ms", PATIENCE_MS);
	return false;
}

/* The next response. */
static inline void peer_hear_answer(struct peer *p, struct hp_loop *l, uint32_t stream,
				    struct hp_ttrpc_response *ret)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_frame f;

	assert_true(peer_hear(p, l, &f));
	assert_int_equal(f.type, HP_TTRPC_RESPONSE);
	assert_int_equal(f.flags, 0);
	assert_int_equal(f.stream, stream);
	assert_int_equal(hp_ttrpc_response_read(f.payload, ret, &err), 0);
}
