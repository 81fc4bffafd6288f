/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-qmp.c - any bytes as what QEMU's monitor says. */
#include "wire/qmp.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	size_t at = 0;

	for (;;) {
		AUTO(hp_qmp_message_clear) struct hp_qmp_message m = {0};
		ssize_t n = hp_qmp_next(HP_BYTES(data + at, size - at), &m, &err);

		if (n < 0) {
			FUZZ_CHECK(err.code == HP_EPROTO && err.msg[0] && !m.body);
			return 0;
		}
		if (n == 0)
			return 0;
		FUZZ_CHECK((size_t)n <= size - at);
		FUZZ_CHECK(memchr(m.name, 0, sizeof(m.name)) && !strchr(m.text, '\n'));
		at += (size_t)n;
	}
}
