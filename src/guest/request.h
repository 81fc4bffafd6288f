/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - what the host asks, decoded and checked. The host is trusted, but nobody who writes a
 * configuration for a container shall be able to confuse the machine. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "guest.pb-c.h"

/* Processes have numbers below this one. */
#define HP_GUEST_NUMBER_MAX (1u << 20)

/* Decode the request of @method. Owns: the caller, by protobuf_c_message_free_unpacked().
 * Fails: HP_EUNSUPPORTED - there is no such method; HP_EPROTO - it is no protobuf; HP_EINVALID - a
 * value that cannot be right, which is named. */
int hp_guest_request_read(const char *method, struct hp_bytes in, ProtobufCMessage **ret,
			  struct hp_error *err) MUST_CHECK;
