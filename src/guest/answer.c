/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - owns the packing of answers. */
#include "guest/answer.h"

#include "base/alloc.h"

void hp_guest_answer(struct hp_ttrpc_call **call, const ProtobufCMessage *response)
{
	AUTO_FREE uint8_t *packed = NULL;
	size_t len;

	if (!*call)
		return;
	packed = hp_alloc(protobuf_c_message_get_packed_size(response));
	len = protobuf_c_message_pack(response, packed);
	hp_ttrpc_reply(TAKE(*call), HP_BYTES(packed, len));
}

void hp_guest_refuse(struct hp_ttrpc_call **call, const struct hp_error *why)
{
	if (*call)
		hp_ttrpc_refuse(TAKE(*call), why);
}
