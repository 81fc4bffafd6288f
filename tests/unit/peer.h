/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - what the tests of net/ share: a client and a fake peer that it talks to. */
#pragma once
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "h2_peer.h"
#include "net/call.h"
#include "net/grpc.h"
#include "scratch.h"

/* Nothing in these tests takes longer, unless it is broken. */
#define PATIENCE_MS 20000

#define SCRIPT "/fake/Script"
#define CHAT   "/fake/Chat"
#define SINK   "/fake/Sink"
#define STUCK  "/fake/Stuck"

struct pair {
	char *dir;
	char *path;
	struct h2_peer *peer;
	struct hp_grpc *g;
};

static inline struct pair pair_new(size_t max_message)
{
	struct pair p = {.dir = scratch_new()};

	p.path = hp_path_join(p.dir, "s");
	p.peer = h2_peer_start(p.path);
	p.g = hp_grpc_new(p.path, max_message);
	return p;
}

/* A peer that says @text to whoever comes, whatever he wants. */
static inline struct pair pair_raw(const char *text, size_t len, bool hold)
{
	struct pair p = {.dir = scratch_new()};

	p.path = hp_path_join(p.dir, "s");
	p.peer = h2_peer_start_raw(p.path, HP_BYTES(text, len), hold);
	p.g = hp_grpc_new(p.path, 0);
	return p;
}

static inline void pair_free(struct pair *p)
{
	hp_grpc_free(p->g);
	h2_peer_stop(p->peer);
	free(p->path);
	scratch_free(p->dir);
}
HP_AUTO_VALUE(struct pair, pair_free);

/* A unary call of the script. Returns: the answer as text; Owns: the caller. NULL with @err. */
static inline char *ask(struct pair *p, const char *script, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf reply;

	hp_buf_init(&reply, (size_t)64 << 20);
	if (hp_grpc_unary(p->g, SCRIPT, hp_deadline_in(PATIENCE_MS), hp_bytes_str(script),
			  &reply, err) < 0)
		return NULL;
	return hp_buf_take_str(&reply);
}

static inline void expect_answer(struct pair *p, const char *script, const char *answer)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = ask(p, script, &err);

	if (!text)
		fail_msg("%s", err.msg);
	assert_string_equal(text, answer);
}

/* The call must fail with @code, the peer's status @sys and a message that holds @part. */
static inline void expect_failure(struct pair *p, const char *script, enum hp_code code,
				  int sys, const char *part)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = ask(p, script, &err);

	if (text)
		fail_msg("'%s' gave '%s'", script, text);
	if (err.code != code || err.sys != sys || !strstr(err.msg, part))
		fail_msg("'%s' failed with code %d, sys %d: %s", script, (int)err.code, err.sys,
			 err.msg);
}

/* Begin a call and send its first message, if there is one. Owns: the caller. */
static inline struct hp_call *begin(struct pair *p, const char *method, const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_call *c = NULL;

	if (hp_call_begin(p->g, method, hp_deadline_in(PATIENCE_MS), &c, &err) < 0)
		fail_msg("%s", err.msg);
	if (text && hp_call_send(c, hp_bytes_str(text), false, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static inline void send_text(struct hp_call *c, const char *text, bool last)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_call_send(c, hp_bytes_str(text), last, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void expect_message(struct hp_call *c, const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf message;

	hp_buf_init(&message, (size_t)64 << 20);
	if (hp_call_recv(c, &message, &err) != HP_NEXT_ITEM)
		fail_msg("no message, but: %s", err.msg);
	AUTO_FREE char *got = hp_buf_take_str(&message);
	assert_string_equal(got, text);
}

static inline void expect_end(struct hp_call *c)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf message;

	hp_buf_init(&message, (size_t)64 << 20);
	if (hp_call_recv(c, &message, &err) != HP_NEXT_END)
		fail_msg("no end, but: %s", err.msg);
}

static inline void expect_broken(struct hp_call *c, enum hp_code code, const char *part)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf message;

	hp_buf_init(&message, (size_t)64 << 20);
	assert_int_equal(hp_call_recv(c, &message, &err), -1);
	if (err.code != code || !strstr(err.msg, part))
		fail_msg("code %d: %s", (int)err.code, err.msg);
}

static inline bool fd_rings(int fd, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, timeout_ms) > 0;
}
