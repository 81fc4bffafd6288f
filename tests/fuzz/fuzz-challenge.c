/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-challenge.c - any text as a WWW-Authenticate header, and as what else registries' headers say. */
#include <string.h>

#include "base/alloc.h"
#include "fuzz.h"
#include "image/registry_reply.h"
#include "wire/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = hp_strndup((const char *)data, size);
	AUTO(hp_challenge_clear) struct hp_challenge c = {0};
	struct hp_error err = HP_ERROR_INIT;
	int64_t from = 0;

	hp_challenge_parse(text, &c);
	FUZZ_CHECK(c.scheme != HP_CHALLENGE_NONE || (!c.realm && !c.service && !c.scope));
	FUZZ_CHECK(!c.realm || strlen(c.realm) <= size);
	FUZZ_CHECK(!hp_registry__range_start(text, &from) || from >= 0);
	FUZZ_CHECK(hp_registry__retry_after_ms(text) >= -1);
	FUZZ_CHECK(hp_registry__retry_after_ms(text) <= 60000);
	FUZZ_CHECK(hp_registry__refused(400, HP_BYTES(data, size), &err) == -1 && err.code);
	for (const char *p = err.msg; *p; p++)
		FUZZ_CHECK((unsigned char)*p >= ' ' && (unsigned char)*p < 0x7f);
	return 0;
}
