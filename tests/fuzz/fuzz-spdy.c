/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-spdy.c - any bytes as frames of SPDY; and what is sent as data comes back. */
#include "wire/spdy.h"

#include "fuzz.h"

static void read_any(struct hp_bytes in)
{
	while (in.len) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_spdy_frame f;
		ssize_t used = hp_spdy_frame_next(in, &f, &err);

		FUZZ_CHECK(used >= 0 || (err.code == HP_EPROTO && err.msg[0]));
		if (used <= 0)
			return;
		FUZZ_CHECK((size_t)used <= in.len && (size_t)used >= HP_SPDY_HEADER);
		FUZZ_CHECK(f.payload.len <= (size_t)used - HP_SPDY_HEADER);
		FUZZ_CHECK(!f.payload.len ||
			   (f.payload.data >= in.data &&
			    f.payload.data + f.payload.len <= in.data + used));
		in = HP_BYTES(in.data + used, in.len - (size_t)used);
	}
}

static void come_back(struct hp_bytes data)
{
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy_frame f;

	hp_buf_init(&out, HP_SPDY_PAYLOAD + HP_SPDY_HEADER);
	FUZZ_CHECK(hp_spdy_put_data(&out, 7, data, true, &err) == 0);
	FUZZ_CHECK(hp_spdy_frame_next(hp_buf_bytes(&out), &f, &err) == (ssize_t)out.len);
	FUZZ_CHECK(f.type == HP_SPDY_DATA && f.stream == 7 && f.fin);
	FUZZ_CHECK(f.payload.len == data.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_any(HP_BYTES(data, size));
	if (size <= HP_SPDY_PAYLOAD)
		come_back(HP_BYTES(data, size));
	return 0;
}
