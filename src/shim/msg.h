/* SPDX-License-Identifier: Apache-2.0 */
/* msg.h - protobuf messages to bytes and back, and the values that all of them share. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "base/buf.h"
#include "types.pb-c.h"

/* A packed message. Owns: the caller, until hp_shim_packed_free(). */
struct hp_shim_packed {
	struct hp_bytes bytes;
};
struct hp_shim_packed hp_shim_pack(const ProtobufCMessage *m);
void hp_shim_packed_free(struct hp_shim_packed *p);
HP_AUTO_VALUE(struct hp_shim_packed, hp_shim_packed_free);

/* Owns: the caller, until hp_shim_msg_free(). Fails: HP_EINVALID - the bytes are no @type. */
int hp_shim_unpack(const ProtobufCMessageDescriptor *type, struct hp_bytes bytes,
		   ProtobufCMessage **ret, struct hp_error *err) MUST_CHECK;
void hp_shim_msg_free(ProtobufCMessage *m); /* NULL is fine */
HP_AUTO_PTR(ProtobufCMessage, hp_shim_msg_free);

Hp__Timestamp hp_shim_time(int64_t unix_ns);
/* The type that a type_url names: what follows its last slash. */
const char *hp_shim_any_type(const Hp__Any *any); /* "" for NULL */
