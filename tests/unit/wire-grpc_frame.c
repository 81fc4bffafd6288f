/* SPDX-License-Identifier: Apache-2.0 */
/* wire-grpc_frame.c - tests of src/wire/grpc_frame.c. */
#include "wire/grpc_frame.h"

#include "scratch.h"

static int next(const char *bytes, size_t len, size_t max, struct hp_bytes *message,
		struct hp_error *err)
{
	hp_error_clear(err);
	return hp_grpc_message_next(HP_BYTES(bytes, len), max, message, err);
}

static void finds_whole_messages(void **state)
{
	static const char two[] = "\0\0\0\0\3abc\0\0\0\0\0";
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes message = {0};

	(void)state;
	assert_int_equal(next(two, 13, 100, &message, &err), 1);
	assert_int_equal(message.len, 3);
	assert_memory_equal(message.data, "abc", 3);
	assert_int_equal(next(two + 8, 5, 100, &message, &err), 1);
	assert_int_equal(message.len, 0);
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(next(two, len, 100, &message, &err), 0);
	assert_int_equal(next(two, 8, 3, &message, &err), 1);
}

static void refuses_what_is_no_message(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes message = {0};

	(void)state;
	assert_int_equal(next("\0\0\0\0\4", 5, 3, &message, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_non_null(strstr(err.msg, "4 bytes"));
	assert_int_equal(next("\0\377\377\377\377", 5, 1 << 24, &message, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(next("\1", 1, 100, &message, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	assert_non_null(strstr(err.msg, "compressed"));
	assert_int_equal(next("<html>", 6, 100, &message, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

static void writes_what_it_reads(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes message = {0};
	uint8_t prefix[HP_GRPC_PREFIX];

	(void)state;
	hp_grpc_prefix_write(0x01020304, prefix);
	assert_memory_equal(prefix, "\0\1\2\3\4", 5);
	assert_int_equal(hp_grpc_message_next(HP_BYTES(prefix, 5), 0x01020304, &message, &err),
			 0);
	assert_int_equal(hp_grpc_message_next(HP_BYTES(prefix, 5), 0x01020303, &message, &err),
			 -1);
}

static void expect_text(const char *encoded, size_t max, const char *text)
{
	AUTO_FREE char *got = hp_grpc_text_decode(hp_bytes_str(encoded), max);

	assert_string_equal(got, text);
}

static void decodes_messages(void **state)
{
	(void)state;
	expect_text("", 100, "");
	expect_text("plain words", 100, "plain words");
	expect_text("a%20b%2Fc%2f", 100, "a b/c/");
	expect_text("%C3%A9", 100, "\303\251");
	expect_text("100%", 100, "100%");
	expect_text("%4", 100, "%4");
	expect_text("%zz%4x%", 100, "%zz%4x%");
	expect_text("%1B[31mred%0A%00%7f", 100, " [31mred");
	expect_text("0123456789", 4, "0123");
	expect_text("%41%42%43", 2, "AB");
	expect_text("abc", 0, "");
}

static void reads_statuses(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {{"0", 0},
		    {"5", 5},
		    {"16", 16},
		    {"17", 2},
		    {"007", 7},
		    {"999", 2},
		    {"99999999999999999999", 2}};
	static const char *const bad[] = {"", "-1", "ok", "1 ", " 1", "+1", "0x1"};
	int status = -1;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(
			hp_grpc_status_parse(hp_bytes_str(rows[i].text), &status, &err), 0);
		assert_int_equal(status, rows[i].status);
	}
	status = 42;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_grpc_status_parse(hp_bytes_str(bad[i]), &status, &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
	assert_int_equal(status, 42);
}

static void names_statuses(void **state)
{
	(void)state;
	assert_string_equal(hp_grpc_status_name(0), "OK");
	assert_string_equal(hp_grpc_status_name(HP_GRPC_UNAVAILABLE), "UNAVAILABLE");
	assert_string_equal(hp_grpc_status_name(HP_GRPC_UNIMPLEMENTED), "UNIMPLEMENTED");
	assert_string_equal(hp_grpc_status_name(16), "UNAUTHENTICATED");
	assert_string_equal(hp_grpc_status_name(17), "UNKNOWN");
	assert_string_equal(hp_grpc_status_name(-1), "UNKNOWN");
}

static void expect_timeout(int64_t ms, const char *text)
{
	char got[HP_GRPC_TIMEOUT_TEXT];

	hp_grpc_timeout_format(ms, got);
	assert_string_equal(got, text);
}

static void formats_timeouts(void **state)
{
	(void)state;
	expect_timeout(10000, "10000m");
	expect_timeout(1, "1m");
	expect_timeout(0, "1m");
	expect_timeout(-5, "1m");
	expect_timeout(99999999, "99999999m");
	expect_timeout(100000000, "100000S");
	expect_timeout(INT64_MAX, "99999999S");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_whole_messages), FDS_TEST(refuses_what_is_no_message),
		FDS_TEST(writes_what_it_reads), FDS_TEST(decodes_messages),
		FDS_TEST(reads_statuses),       FDS_TEST(names_statuses),
		FDS_TEST(formats_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
