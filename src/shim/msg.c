/* SPDX-License-Identifier: Apache-2.0 */
/* msg.c - packs and unpacks messages. */
#include "shim/msg.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define NS_PER_S 1000000000

struct hp_shim_packed hp_shim_pack(const ProtobufCMessage *m)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *data = hp_alloc(len);

	protobuf_c_message_pack(m, data);
	return (struct hp_shim_packed){.bytes = HP_BYTES(data, len)};
}

void hp_shim_packed_free(struct hp_shim_packed *p)
{
	free((void *)(uintptr_t)p->bytes.data);
	p->bytes = HP_BYTES(NULL, 0);
}

int hp_shim_unpack(const ProtobufCMessageDescriptor *type, struct hp_bytes bytes,
		   ProtobufCMessage **ret, struct hp_error *err)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);

	if (!m)
		return hp_fail(err, HP_EINVALID, "these %zu bytes are no %s", bytes.len,
			       type->short_name);
	*ret = m;
	return 0;
}

void hp_shim_msg_free(ProtobufCMessage *m)
{
	if (m)
		protobuf_c_message_free_unpacked(m, NULL);
}

Hp__Timestamp hp_shim_time(int64_t unix_ns)
{
	Hp__Timestamp t = HP__TIMESTAMP__INIT;

	t.seconds = unix_ns / NS_PER_S;
	t.nanos = (int32_t)(unix_ns % NS_PER_S);
	return t;
}

const char *hp_shim_any_type(const Hp__Any *any)
{
	const char *slash = any ? strrchr(any->type_url, '/') : NULL;

	if (!any)
		return "";
	return slash ? slash + 1 : any->type_url;
}
