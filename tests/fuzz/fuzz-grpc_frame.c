/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-grpc_frame.c - any bytes as gRPC messages, statuses and encoded texts. */
#include "wire/grpc_frame.h"

#include "fuzz.h"

#define MAX_MESSAGE 1000

static void read_messages(struct hp_bytes in)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes message = {0};
	int found = 1;

	while (found > 0) {
		found = hp_grpc_message_next(in, MAX_MESSAGE, &message, &err);
		if (found <= 0)
			break;
		FUZZ_CHECK(message.len <= MAX_MESSAGE);
		FUZZ_CHECK(message.data == in.data + HP_GRPC_PREFIX);
		FUZZ_CHECK(message.len <= in.len - HP_GRPC_PREFIX);

		uint8_t prefix[HP_GRPC_PREFIX];
		hp_grpc_prefix_write((uint32_t)message.len, prefix);
		FUZZ_CHECK(memcmp(prefix, in.data, sizeof(prefix)) == 0);
		in.data += HP_GRPC_PREFIX + message.len;
		in.len -= HP_GRPC_PREFIX + message.len;
	}
	FUZZ_CHECK(found == 0 || err.code != HP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	size_t max = size > 0 ? data[0] : 0;
	AUTO_FREE char *text = hp_grpc_text_decode(HP_BYTES(data, size), max);
	int status = -1;

	FUZZ_CHECK(strlen(text) <= max);
	for (const char *p = text; *p; p++)
		FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
	if (hp_grpc_status_parse(HP_BYTES(data, size), &status, &err) == 0)
		FUZZ_CHECK(status >= 0 && status <= HP_GRPC_STATUS_MAX);
	else
		FUZZ_CHECK(err.code == HP_EPROTO && status == -1);
	read_messages(HP_BYTES(data, size));
	return 0;
}
