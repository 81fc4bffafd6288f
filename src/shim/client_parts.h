/* SPDX-License-Identifier: Apache-2.0 */
/* client_parts.h - one call to a shim, for the files of client.h only. */
#pragma once
#include "shim/client.h"
#include "shim/msg.h"

#define HP_SHIM__DEBUG "harpoon.shim.v1.Debug"
#define HP_SHIM__TASK  "containerd.task.v2.Task"

/* Call and wait at most @timeout_ms (0: for ever). ret_reply: the payload. */
struct hp_shim__ask {
	const char *socket, *service, *method;
	const ProtobufCMessage *request;
	int64_t timeout_ms;
};
int hp_shim__ask(const struct hp_shim__ask *ask, struct hp_buf *ret_reply,
		 struct hp_error *err) MUST_CHECK;
