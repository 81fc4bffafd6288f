/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-reference.c - any text as an image reference: what is taken stays what it is. */
#include "base/alloc.h"
#include "base/str.h"
#include "fuzz.h"
#include "image/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = hp_strndup((const char *)data, size);
	AUTO_FREE char *full = NULL, *again = NULL, *same = NULL, *name = NULL, *tag = NULL;

	hp_reference_split(text, &name, &tag);
	if (hp_reference_expand(text, &full, &err) < 0) {
		FUZZ_CHECK(err.code == HP_EINVALID);
		return 0;
	}
	AUTO_FREE char *shortened = hp_reference_short(full);
	FUZZ_CHECK(hp_reference_expand(full, &again, &err) == 0 && hp_str_eq(full, again));
	FUZZ_CHECK(hp_reference_expand(shortened, &same, &err) == 0 && hp_str_eq(full, same));
	return 0;
}
