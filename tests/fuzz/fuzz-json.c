/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-json.c - any bytes as JSON; what is accepted must survive printing and parsing again. */
#include "wire/json.h"

#include "fuzz.h"

/* Use the reading functions on all of @v. */
static void walk(const struct hp_json *v)
{
	hp_json_str(v);
	hp_json_i64(v, 0);
	hp_json_u64(v, 0);
	hp_json_bool(v, false);
	for (size_t i = 0; i < hp_json_count(v) && i < 64; i++) {
		walk(hp_json_at(v, i));
		walk(hp_json_value_at(v, i));
		hp_json_path(v, hp_json_key_at(v, i) ? hp_json_key_at(v, i) : "a.b");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_json_free) struct hp_json *v = NULL;
	AUTO(hp_json_free) struct hp_json *again = NULL;

	if (hp_json_parse(HP_BYTES(data, size), &v, &err) < 0) {
		FUZZ_CHECK(err.code == HP_ECORRUPT && err.msg[0]);
		return 0;
	}
	walk(v);

	AUTO(hp_json_free) struct hp_json *copy = hp_json_copy(v);
	AUTO_FREE char *text = hp_json_text(copy, size & 1);

	FUZZ_CHECK(hp_json_parse(hp_bytes_str(text), &again, &err) == 0);

	AUTO_FREE char *text_again = hp_json_text(again, size & 1);

	FUZZ_CHECK(strcmp(text, text_again) == 0);
	return 0;
}
