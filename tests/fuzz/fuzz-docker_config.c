/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-docker_config.c - any text as docker's config.json and as the answer of a helper. */
#include "fuzz.h"
#include "wire/docker_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"docker.io", "r.io", "[::1]:5000"};

	for (size_t i = 0; i < HP_ARRAY_LEN(hosts); i++) {
		AUTO(hp_credentials_clear) struct hp_credentials c = {0};
		struct hp_error err = HP_ERROR_INIT;
		const int got = hp_docker_config_find(HP_BYTES(data, size), hosts[i], &c, &err);
		FUZZ_CHECK(got >= 0 ? err.code == HP_OK : err.code == HP_ECORRUPT);
		FUZZ_CHECK((got > 0) == (c.user || c.identity_token || c.helper));
		FUZZ_CHECK(!c.user == !c.password);
	}
	AUTO(hp_credentials_clear) struct hp_credentials c = {0};
	struct hp_error err = HP_ERROR_INIT;
	const int got = hp_docker_config_read_answer(HP_BYTES(data, size), &c, &err);
	FUZZ_CHECK(got == 0 ? c.user || c.identity_token : err.code == HP_ECORRUPT);
	return 0;
}
