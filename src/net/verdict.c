/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c - how a call ended: what the peer's statuses, resets and silences mean. */
#include <inttypes.h>
#include <nghttp2/nghttp2.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/call.h"
#include "wire/grpc_frame.h"

/* From: grpc/grpc doc/PROTOCOL-HTTP2.md, "Content-Type": may go on with "+proto" or ";...". */
#define CONTENT_TYPE "application/grpc"

static bool is_grpc_type(const char *type)
{
	size_t len = strlen(CONTENT_TYPE);

	return type && strncmp(type, CONTENT_TYPE, len) == 0 &&
	       (type[len] == '\0' || type[len] == '+' || type[len] == ';');
}

bool hp_call__is_foreign(const struct hp_call *c)
{
	return c->http_status != 0 && (c->http_status != 200 || !is_grpc_type(c->content_type));
}

static int fail_foreign(const struct hp_call *c, struct hp_error *err)
{
	return hp_fail(
		err, HP_EUNAVAILABLE,
		"what listens on '%s' speaks HTTP/2 but not gRPC: it answered %s with HTTP "
		"status %d and content type '%s'; name containerd's socket with --address",
		c->grpc->address, c->method, c->http_status,
		c->content_type ? c->content_type : "");
}

/* The server's own words, or the best that can be said without them. */
static int fail_status(const struct hp_call *c, struct hp_error *err)
{
	enum hp_code code = hp_code_from_grpc(c->status);

	if (c->status == HP_GRPC_UNIMPLEMENTED)
		hp_fail(err, HP_EUNSUPPORTED,
			"the daemon at '%s' does not know %s: it is too old, or runs without that "
			"plugin (it said: %s)",
			c->grpc->address, c->method, c->message ? c->message : "nothing");
	else if (c->status == HP_GRPC_DEADLINE_EXCEEDED)
		hp_fail(err, code, "the daemon at '%s' did not finish %s in time (it said: %s)",
			c->grpc->address, c->method, c->message ? c->message : "nothing");
	else if (hp_str_empty(c->message))
		hp_fail(err, code, "%s failed with status %d (%s) and no message", c->method,
			c->status, hp_grpc_status_name(c->status));
	else
		hp_fail(err, code, "%s", c->message);
	err->sys = c->status;
	return -1;
}

static int judge_finished(const struct hp_call *c, struct hp_error *err)
{
	/* A status is taken as it is, whatever HTTP says: proxies and servers of old differ. */
	if (c->has_status && c->status != HP_GRPC_OK)
		return fail_status(c, err);
	if (hp_call__is_foreign(c))
		return fail_foreign(c, err);
	if (!c->has_status)
		return hp_fail(err, HP_EPROTO,
			       "the answer of '%s' to %s ended without a grpc-status",
			       c->grpc->address, c->method);
	if (hp_call__is_torn(c))
		return hp_fail(err, HP_EPROTO,
			       "the answer of '%s' to %s ended in the middle of a message",
			       c->grpc->address, c->method);
	return HP_NEXT_END;
}

/* From: grpc/grpc doc/PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping, Errors". */
static int judge_reset(const struct hp_call *c, struct hp_error *err)
{
	static const struct {
		uint32_t reset;
		int status;
		enum hp_code code;
	} rows[] = {
		{NGHTTP2_REFUSED_STREAM, HP_GRPC_UNAVAILABLE, HP_EUNAVAILABLE},
		{NGHTTP2_CANCEL, HP_GRPC_CANCELLED, HP_ECANCELED},
		{NGHTTP2_ENHANCE_YOUR_CALM, HP_GRPC_RESOURCE_EXHAUSTED, HP_EEXHAUSTED},
		{NGHTTP2_INADEQUATE_SECURITY, HP_GRPC_PERMISSION_DENIED, HP_EDENIED},
	};
	int status = HP_GRPC_INTERNAL;
	enum hp_code code = HP_EPROTO;

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		if (rows[i].reset != c->stream.reset)
			continue;
		status = rows[i].status;
		code = rows[i].code;
	}
	hp_fail(err, code, "the daemon at '%s' broke off %s (%s)", c->grpc->address, c->method,
		nghttp2_http2_strerror(c->stream.reset));
	err->sys = status;
	return -1;
}

int hp_call__verdict(const struct hp_call *c, struct hp_error *err)
{
	if (c->failure.code != HP_OK) {
		*err = c->failure;
		return -1;
	}
	switch (c->stream.end) {
	case HP_H2_FINISHED:
		return judge_finished(c, err);
	case HP_H2_RESET:
		return judge_reset(c, err);
	case HP_H2_LOST:
		*err = *hp_h2__failure(c->stream.h2);
		return -1;
	case HP_H2_OPEN:
		break;
	}
	return hp_fail(err, HP_EINTERNAL, "%s is still under way", c->method);
}

int hp_call__fail_late(const struct hp_call *c, struct hp_error *err)
{
	int64_t waited_ms = hp_clock_ms() - c->begun_ms;
	bool greeted = c->stream.h2 && hp_h2__greeted(c->stream.h2);

	if (greeted)
		hp_fail(err, HP_ETIMEOUT,
			"the daemon at '%s' did not answer %s within %" PRId64 " ms",
			c->grpc->address, c->method, waited_ms);
	else
		hp_fail(err, HP_ETIMEOUT,
			"what listens on '%s' said nothing within %" PRId64 " ms, not even the "
			"greeting of HTTP/2: is it containerd? See --address",
			c->grpc->address, waited_ms);
	err->sys = HP_GRPC_DEADLINE_EXCEEDED;
	return -1;
}
