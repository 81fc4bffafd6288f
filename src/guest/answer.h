/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - answers to the host's calls. Each gives the call up: *call is NULL afterwards, and one
 * that is NULL already, as the host is gone, is fine. */
#pragma once
#include "guest.pb-c.h"
#include "net/ttrpc_server.h"

void hp_guest_answer(struct hp_ttrpc_call **call, const ProtobufCMessage *response);
void hp_guest_refuse(struct hp_ttrpc_call **call, const struct hp_error *why);
