/* SPDX-License-Identifier: Apache-2.0 */
/* wire-base64.c - the vectors of RFC 4648, and what is no base64. */
#include "wire/base64.h"

#include "base/alloc.h"
#include "fds.h"

static void there_and_back(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"f\157", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xff\xfe\xfb", "//77"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(pairs); i++) {
		AUTO(hp_buf_free) struct hp_buf back = {0};
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *text = hp_base64_text(hp_bytes_str(pairs[i][0]));
		assert_string_equal(text, pairs[i][1]);
		assert_int_equal(hp_base64_parse(text, &back, &err), 0);
		assert_int_equal(back.len, strlen(pairs[i][0]));
		if (back.len)
			assert_memory_equal(back.data, pairs[i][0], back.len);
	}
}

static void padding_may_be_left_out(void **state)
{
	AUTO(hp_buf_free) struct hp_buf back = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_base64_parse("Zm8", &back, &err), 0);
	assert_int_equal(back.len, 2);
}

static void others_are_refused(void **state)
{
	static const char *const bad[] = {
		"Z", "Zm9v!", "Zm9 v", "Z===", "====", "Zm=v", "Zm9v\n"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_buf back = {0};
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_base64_parse(bad[i], &back, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(padding_may_be_left_out),
		cmocka_unit_test(others_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
