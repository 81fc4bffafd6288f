/* SPDX-License-Identifier: Apache-2.0 */
/* pending.h - calls that are answered later, when their client may be gone already. */
#pragma once
#include "net/ttrpc_server.h"
#include "shim/msg.h"

struct hp_shim_pending;

/* Keep @take_call. Owns: the caller, until one of the answers below, which are all right also when
 * the client is gone. */
struct hp_shim_pending *hp_shim_pending_new(struct hp_ttrpc_call *take_call);
/* Answer with a message, with nothing, or with an error. NULL is fine. */
void hp_shim_pending_reply(struct hp_shim_pending *take_p, const ProtobufCMessage *m);
void hp_shim_pending_done(struct hp_shim_pending *take_p);
void hp_shim_pending_refuse(struct hp_shim_pending *take_p, const struct hp_error *why);
bool hp_shim_pending_gone(const struct hp_shim_pending *p); /* nobody waits any more */
/* Call @fn when the client goes before it was answered. It may answer, which frees @p. */
void hp_shim_pending_on_gone(struct hp_shim_pending *p, hp_loop_fn fn, void *data);

/* Answer a call right away. */
void hp_shim_reply(struct hp_ttrpc_call *take_call, const ProtobufCMessage *m);
void hp_shim_done(struct hp_ttrpc_call *take_call);
