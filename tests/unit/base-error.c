/* SPDX-License-Identifier: Apache-2.0 */
/* base-error.c - tests of src/base/error.c. */
#include "base/error.h"

#include <errno.h>

#include "scratch.h"

static void fails_once_and_wraps(void **state)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_fail(&err, HP_EPROTO, "frame of %d bytes", 5), -1);
	assert_int_equal(err.code, HP_EPROTO);
	assert_int_equal(err.sys, 0);
	assert_int_equal(hp_wrap(&err, "read from '%s'", "/run/x"), -1);
	assert_int_equal(hp_wrap(&err, "boot"), -1);
	assert_string_equal(err.msg, "boot: read from '/run/x': frame of 5 bytes");
	assert_int_equal(err.code, HP_EPROTO);
}

static void appends_errno(void **state)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_fail_errno(&err, ENOENT, "open '%s'", "/x"), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.msg, "open '/x': No such file or directory");
}

static void can_be_filled_again_after_clearing(void **state)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_fail_errno(&err, EIO, "one");
	hp_error_clear(&err);
	assert_int_equal(err.code, HP_OK);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.msg, "");
	hp_fail(&err, HP_ESTATE, "two");
	assert_string_equal(err.msg, "two");
}

static void marks_what_it_cut(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	hp_fail(&err, HP_EIO, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 4, "...");

	hp_wrap(&err, "start");
	assert_memory_equal(err.msg, "start: aaa", 10);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 4, "...");

	hp_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 4, "...");

	hp_error_clear(&err);
	hp_fail_errno(&err, EIO, "%s", text);
	assert_string_equal(err.msg + sizeof(err.msg) - 4, "...");
}

static void keeps_a_message_that_just_fits(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char text[sizeof(err.msg)];

	(void)state;
	memset(text, 'b', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	hp_fail(&err, HP_EIO, "%s", text);
	assert_string_equal(err.msg, text);
}

static void cuts_between_characters(void **state)
{
	/* Every start offset of a text of two-byte and four-byte characters. */
	for (int shift = 0; shift < 4; shift++) {
		struct hp_error err = HP_ERROR_INIT;
		char text[1200] = "";
		size_t len = 0;

		(void)state;
		for (int i = 0; i < shift; i++)
			text[len++] = 'a';
		for (int i = 0; i < 250; i++, len += 4)
			memcpy(text + len, "\xf0\x9f\x90\xb3", 4);
		hp_fail(&err, HP_EIO, "%s", text);
		len = strlen(err.msg);
		assert_string_equal(err.msg + len - 3, "...");
		assert_int_equal((len - 3 - (size_t)shift) % 4, 0);
	}
}

static void keeps_messages_on_one_line(void **state)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_fail(&err, HP_EPROTO, "it said '%s'", "a\nb\x1b[2J\x7f\r");
	assert_string_equal(err.msg, "it said 'a b?[2J?\?'");
}

static void fill_twice(void)
{
	struct hp_error err = HP_ERROR_INIT;

	hp_fail(&err, HP_EIO, "one");
	hp_fail(&err, HP_EIO, "two");
}

static void fill_twice_errno(void)
{
	struct hp_error err = HP_ERROR_INIT;

	hp_fail(&err, HP_EIO, "one");
	hp_fail_errno(&err, EIO, "two");
}

static void wrap_nothing(void)
{
	struct hp_error err = HP_ERROR_INIT;

	hp_wrap(&err, "one");
}

static void refuses_to_lose_an_error(void **state)
{
	(void)state;
	assert_true(dies(fill_twice));
	assert_true(dies(fill_twice_errno));
	assert_true(dies(wrap_nothing));
}

static void knows_its_codes(void **state)
{
	(void)state;
	assert_string_equal(hp_code_name(HP_ENOCMD), "HP_ENOCMD");
	assert_string_equal(hp_code_text(HP_ETIMEOUT), "timed out");
	assert_int_equal(hp_code_exit(HP_OK), 0);
	assert_int_equal(hp_code_exit(HP_EUSAGE), 2);
	assert_int_equal(hp_code_exit(HP_ENOEXEC), 126);
	assert_int_equal(hp_code_exit(HP_ENOCMD), 127);
	assert_int_equal(hp_code_exit(HP_ETIMEOUT), 124);
	assert_string_equal(hp_code_name((enum hp_code)999), "HP_EFAILED");
	assert_string_equal(hp_code_text((enum hp_code) - 1), "failed");
	assert_int_equal(hp_code_exit((enum hp_code)999), 1);
}

static void translates_grpc(void **state)
{
	static const enum hp_code expected[] = {
		HP_OK,        HP_ECANCELED, HP_EFAILED,      HP_EINVALID,   HP_ETIMEOUT,
		HP_ENOTFOUND, HP_EEXISTS,   HP_EDENIED,      HP_EEXHAUSTED, HP_ESTATE,
		HP_EABORTED,  HP_ERANGE,    HP_EUNSUPPORTED, HP_EINTERNAL,  HP_EUNAVAILABLE,
		HP_ECORRUPT,  HP_EDENIED,
	};

	(void)state;
	for (int i = 0; i <= 16; i++)
		assert_int_equal(hp_code_from_grpc(i), expected[i]);
	assert_int_equal(hp_code_from_grpc(17), HP_EFAILED);
	assert_int_equal(hp_code_from_grpc(-1), HP_EFAILED);

	assert_int_equal(hp_code_grpc(HP_OK), 0);
	assert_int_equal(hp_code_grpc(HP_ENOTFOUND), 5);
	assert_int_equal(hp_code_grpc(HP_EPROTO), 13);
	assert_int_equal(hp_code_grpc((enum hp_code)999), 2);
}

static void translates_errno(void **state)
{
	(void)state;
	assert_int_equal(hp_code_from_errno(EPERM), HP_EDENIED);
	assert_int_equal(hp_code_from_errno(EACCES), HP_EDENIED);
	assert_int_equal(hp_code_from_errno(EEXIST), HP_EEXISTS);
	assert_int_equal(hp_code_from_errno(ENOSPC), HP_EEXHAUSTED);
	assert_int_equal(hp_code_from_errno(EDQUOT), HP_EEXHAUSTED);
	assert_int_equal(hp_code_from_errno(ENOMEM), HP_EEXHAUSTED);
	assert_int_equal(hp_code_from_errno(EMFILE), HP_EEXHAUSTED);
	assert_int_equal(hp_code_from_errno(ENFILE), HP_EEXHAUSTED);
	assert_int_equal(hp_code_from_errno(ETIMEDOUT), HP_ETIMEOUT);
	assert_int_equal(hp_code_from_errno(EBADF), HP_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(fails_once_and_wraps),
		FDS_TEST(appends_errno),
		FDS_TEST(can_be_filled_again_after_clearing),
		FDS_TEST(marks_what_it_cut),
		FDS_TEST(keeps_a_message_that_just_fits),
		FDS_TEST(cuts_between_characters),
		FDS_TEST(keeps_messages_on_one_line),
		FDS_TEST(refuses_to_lose_an_error),
		FDS_TEST(knows_its_codes),
		FDS_TEST(translates_grpc),
		FDS_TEST(translates_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
