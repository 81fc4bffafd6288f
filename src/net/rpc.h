/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.h - typed gRPC calls: protobuf-c messages over hp_grpc. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "net/grpc.h"

/* An unpacked reply that frees itself: AUTO_REPLY Hp__XResponse *reply = NULL; */
#define AUTO_REPLY __attribute__((cleanup(hp_rpc_free_auto)))
void hp_rpc_free_auto(void *reply);

/* A call that has been begun, and what its messages are. */
struct hp_rpc {
	struct hp_call *call;
	const ProtobufCMessageDescriptor *type;
};
void hp_rpc_end(struct hp_rpc *r); /* forget it; the peer is told when it is not over */
HP_AUTO_VALUE(struct hp_rpc, hp_rpc_end);

/* What is called, and until when it may take. */
struct hp_rpc_to {
	struct hp_grpc *grpc;
	const char *method;
	int64_t deadline;
};
#define HP_RPC_TO(grpc_, method_, deadline_)                                                   \
	(&(const struct hp_rpc_to){                                                            \
		.grpc = (grpc_), .method = (method_), .deadline = (deadline_)})

/* One message there, one back. @ret_reply: address of a pointer to a message of @type; NULL when
 * the reply does not matter. Fails: as hp_grpc_unary(); HP_EPROTO - the reply does not decode. */
int hp_rpc_call(const struct hp_rpc_to *to, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *ret_reply, struct hp_error *err);

/* Begin a call whose requests are sent one by one; replies are of @type. */
int hp_rpc_begin(const struct hp_rpc_to *to, const ProtobufCMessageDescriptor *type,
		 struct hp_rpc *ret_rpc, struct hp_error *err);
int hp_rpc_send(struct hp_rpc *r, const ProtobufCMessage *request, bool last,
		struct hp_error *err);
/* The next reply: HP_NEXT_ITEM with *ret_reply (freed with hp_rpc_free_auto), HP_NEXT_END, -1. */
int hp_rpc_recv(struct hp_rpc *r, void *ret_reply, struct hp_error *err);
/* The same without blocking: HP_NEXT_WAIT when nothing has come. */
int hp_rpc_next(struct hp_rpc *r, void *ret_reply, struct hp_error *err);
