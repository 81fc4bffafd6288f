/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-text.c - any text as a number, size, duration, moment, identifier and path. */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "fuzz.h"

/* A parser refuses with an error or gives a value; @value is untouched in the first case. */
static void check(int rc, const struct hp_error *err, int64_t value)
{
	FUZZ_CHECK(rc == 0 ? err->code == HP_OK : err->code != HP_OK && value == -77);
}

static void parse_numbers(const char *text)
{
	static int (*const parsers[])(const char *s, int64_t *ret, struct hp_error *err) = {
		hp_str_i64, hp_str_size, hp_str_nano, hp_str_duration};
	struct hp_error err = HP_ERROR_INIT;
	uint64_t unsigned_value = 77;

	for (size_t i = 0; i < HP_ARRAY_LEN(parsers); i++) {
		struct hp_error why = HP_ERROR_INIT;
		int64_t value = -77;

		check(parsers[i](text, &value, &why), &why, value);
		/* All but the first have no sign. */
		FUZZ_CHECK(i == 0 || why.code != HP_OK || value >= 0);
	}
	if (hp_str_u64(text, &unsigned_value, &err) < 0)
		FUZZ_CHECK(err.code != HP_OK && unsigned_value == 77);
}

/* What is read as a moment must be printed as a text that reads the same. */
static void parse_times(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_error user_err = HP_ERROR_INIT;
	char printed[HP_TIME_TEXT];
	int64_t value = -77;
	int64_t user_value = -77;
	int64_t again = 0;

	check(hp_time_parse_user(text, 1700000000000000000, &user_value, &user_err), &user_err,
	      user_value);
	if (hp_time_parse(text, &value, &err) < 0)
		return;
	hp_time_format(value, printed);
	FUZZ_CHECK(hp_time_parse(printed, &again, &err) == 0 && again == value);

	AUTO_FREE char *ago = hp_time_ago(value, 1700000000000000000);

	FUZZ_CHECK(ago[0]);
}

static void check_paths(const char *text)
{
	AUTO_FREE char *clean = hp_path_clean(text);
	AUTO_FREE char *again = hp_path_clean(clean);
	AUTO_FREE char *dir = hp_path_dir(text);
	AUTO_FREE char *joined = hp_path_join("/root", clean);

	FUZZ_CHECK(clean[0] == '/' && strcmp(clean, again) == 0);
	FUZZ_CHECK(strstr(clean, "/../") == NULL && !hp_str_ends(clean, "/.."));
	FUZZ_CHECK(dir[0] && hp_str_starts(joined, "/root"));
	FUZZ_CHECK(hp_path_base(text) <= text + strlen(text));
}

static void check_ids(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;

	/* What may become a part of a path must not lead anywhere. */
	if (hp_str_check_id("id", text, &err) == 0)
		FUZZ_CHECK(strpbrk(text, "/\n") == NULL && text[0] && text[0] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = hp_strndup((const char *)data, size);
	AUTO(hp_strv_free) struct hp_strv parts = {0};

	parse_numbers(text);
	parse_times(text);
	check_paths(text);
	check_ids(text);
	hp_strv_split(&parts, text, ',');

	AUTO_FREE char *joined = hp_strv_join(hp_strv_view(&parts), ",");

	FUZZ_CHECK(strcmp(joined, text) == 0);
	return 0;
}
