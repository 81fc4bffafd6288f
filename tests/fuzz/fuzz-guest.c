/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-guest.c - any bytes as requests to the guest: the first chooses the method. */
#include "guest/request.h"

#include "fuzz.h"

static const char *const methods[] = {"Hello",  "Setup",  "Create", "Start", "Exec",  "Signal",
				      "Resize", "Update", "Stats",  "Watch", "Clock", "Log"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ProtobufCMessage *request = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (size == 0)
		return 0;
	if (hp_guest_request_read(methods[data[0] % HP_ARRAY_LEN(methods)],
				  HP_BYTES(data + 1, size - 1), &request, &err) < 0) {
		FUZZ_CHECK(!request && err.msg[0]);
		FUZZ_CHECK(err.code == HP_EPROTO || err.code == HP_EINVALID);
		return 0;
	}
	FUZZ_CHECK(request && err.code == HP_OK);
	protobuf_c_message_free_unpacked(request, NULL);
	return 0;
}
