/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-seccomp.c - any JSON as a seccomp profile of docker's. */
#include "fuzz.h"
#include "wire/oci_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const caps[] = {"CAP_SYS_ADMIN", NULL};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_json_free) struct hp_json *in = NULL;
	AUTO(hp_json_free) struct hp_json *out = NULL;
	AUTO(hp_json_free) struct hp_json *again = NULL;

	if (hp_json_parse(HP_BYTES(data, size), &in, &err) < 0)
		return 0;
	if (hp_oci_seccomp_from_docker(in, size & 1 ? caps : NULL, &out, &err) < 0) {
		FUZZ_CHECK(err.code == HP_EINVALID);
		return 0;
	}
	FUZZ_CHECK(hp_json_get_str(out, "defaultAction"));
	/* What came out is itself a profile. */
	FUZZ_CHECK(hp_oci_seccomp_from_docker(out, NULL, &again, &err) == 0);
	return 0;
}
