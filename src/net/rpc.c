/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.c - typed gRPC calls: protobuf-c messages over hp_grpc. */
#include "net/rpc.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

/* From: containerd defaults.DefaultMaxRecvMsgSize; kubelet takes as much from CRI. */
#define REPLY_MAX (16u << 20)

void hp_rpc_free_auto(void *reply)
{
	ProtobufCMessage *message;

	memcpy(&message, reply, sizeof(message));
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
}

static struct hp_bytes pack(const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *data = hp_alloc(len);

	protobuf_c_message_pack(message, data);
	return HP_BYTES(data, len);
}

static int unpack(const ProtobufCMessageDescriptor *type, const struct hp_buf *buf,
		  void *ret_reply, struct hp_error *err)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, buf->len, buf->data);

	if (!message)
		return hp_fail(err, HP_EPROTO, "the %zu byte reply is no %s", buf->len,
			       type->short_name);
	memcpy(ret_reply, &message, sizeof(message));
	return 0;
}

/* What --log-level debug shows: which calls a command makes, and how long each takes. */
static void log_call(const char *method, int64_t since_ns, int rc, const struct hp_error *err)
{
	if (!hp_log_on(HP_LOG_DEBUG))
		return;
	hp_log(HP_LOG_DEBUG, "grpc", "call method=%s us=%lld %s%s", method,
	       (long long)(hp_clock_ns() - since_ns) / 1000, rc < 0 ? "failed=" : "ok",
	       rc < 0 ? err->msg : "");
}

int hp_rpc_call(const struct hp_rpc_to *to, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *ret_reply, struct hp_error *err)
{
	struct hp_bytes packed = pack(request);
	AUTO_FREE void *owned = (void *)packed.data;
	AUTO(hp_buf_free) struct hp_buf reply;
	int64_t since_ns = hp_clock_ns();

	hp_buf_init(&reply, REPLY_MAX);
	int rc = hp_grpc_unary(to->grpc, to->method, to->deadline, HP_BYTES(owned, packed.len),
			       &reply, err);
	log_call(to->method, since_ns, rc, err);
	if (rc < 0)
		return -1;
	return ret_reply ? unpack(type, &reply, ret_reply, err) : 0;
}

int hp_rpc_begin(const struct hp_rpc_to *to, const ProtobufCMessageDescriptor *type,
		 struct hp_rpc *ret_rpc, struct hp_error *err)
{
	struct hp_call *call;

	if (hp_call_begin(to->grpc, to->method, to->deadline, &call, err) < 0)
		return -1;
	hp_log(HP_LOG_DEBUG, "grpc", "begin method=%s", to->method);
	*ret_rpc = (struct hp_rpc){.call = call, .type = type};
	return 0;
}

int hp_rpc_send(struct hp_rpc *r, const ProtobufCMessage *request, bool last,
		struct hp_error *err)
{
	struct hp_bytes packed = pack(request);
	AUTO_FREE void *owned = (void *)packed.data;

	return hp_call_send(r->call, HP_BYTES(owned, packed.len), last, err);
}

static int take(struct hp_rpc *r,
		int (*step)(struct hp_call *, struct hp_buf *, struct hp_error *),
		void *ret_reply, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf message;
	int got;

	hp_buf_init(&message, REPLY_MAX);
	got = step(r->call, &message, err);
	if (got != HP_NEXT_ITEM)
		return got;
	return unpack(r->type, &message, ret_reply, err) < 0 ? -1 : HP_NEXT_ITEM;
}

int hp_rpc_recv(struct hp_rpc *r, void *ret_reply, struct hp_error *err)
{
	return take(r, hp_call_recv, ret_reply, err);
}

int hp_rpc_next(struct hp_rpc *r, void *ret_reply, struct hp_error *err)
{
	return take(r, hp_call_next, ret_reply, err);
}

void hp_rpc_end(struct hp_rpc *r)
{
	hp_call_free(TAKE(r->call));
}
