/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-bootstrap.c - the standard input of the shim's `start`. */
#include "fuzz.h"
#include "shim/bootstrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(hp_shim_bootstrap_clear) struct hp_shim_bootstrap b = {0};
	struct hp_error err = HP_ERROR_INIT;
	int rc = hp_shim_bootstrap_read(HP_BYTES(data, size), "web", "ns", &b, &err);

	FUZZ_CHECK(rc == 0 ? b.config_path && b.socket_dir && b.ttrpc_address
			   : err.code == HP_EINVALID && !b.config_path);
	return 0;
}
