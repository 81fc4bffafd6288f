/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-x509.c - any bytes as a certificate in PEM. */
#include "wire/x509.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t before = -1, after = -1;

	if (hp_x509_validity(HP_BYTES(data, size), &before, &after, &err) < 0)
		FUZZ_CHECK(err.code == HP_ECORRUPT && err.msg[0] && before == -1 &&
			   after == -1);
	return 0;
}
