/* SPDX-License-Identifier: Apache-2.0 */
/* engine-signal.c - tests of src/engine/signal.c. */
#include "engine/engine_impl.h"

#include <signal.h>

#include "fds.h"

static void names_and_numbers_are_signals(void **state)
{
	static const struct {
		const char *text;
		int number;
	} rows[] = {
		{"TERM", SIGTERM},  {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM},
		{"Kill", SIGKILL},  {"15", 15},           {"1", 1},
		{"64", 64},         {"RTMIN", 34},        {"SIGRTMIN+3", 37},
		{"rtmin+0", 34},    {"rtmin+30", 64},     {"RTMAX", 64},
		{"RTMAX-1", 63},    {"sigrtmax-30", 34},  {"IOT", SIGABRT},
		{"SIGPOLL", SIGIO}, {"CLD", SIGCHLD},     {"09", 9},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int number = 0;
		if (hp_signal_parse(rows[i].text, &number, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(number, rows[i].number);
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"",         NULL,        "SIG",      "SIGSIGTERM",
		"TERM ",    " TERM",     "0",        "65",
		"-9",       "+9",        "9x",       "99999999999999999999",
		"RTMIN+",   "RTMIN+31",  "RTMIN-1",  "RTMAX+1",
		"RTMAX-31", "RTMIN+003", "RTMIN+1x", "TERMINATE",
		"sig 15",   "\xff\xfe",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int number = 77;
		if (hp_signal_parse(texts[i], &number, &err) == 0)
			fail_msg("'%s' is %d", texts[i], number);
		assert_int_equal(err.code, HP_EINVALID);
		assert_int_equal(number, 77);
	}
}

static void every_name_leads_back(void **state)
{
	int named = 0;

	(void)state;
	for (int i = -5; i < 100; i++) {
		struct hp_error err = HP_ERROR_INIT;
		const char *name = hp_signal_name(i);
		int number = 0;
		if (!name)
			continue;
		assert_int_equal(hp_signal_parse(name, &number, &err), 0);
		assert_int_equal(number, i);
		named++;
	}
	/* All but 32 and 33, which belong to the C library. */
	assert_int_equal(named, 62);
	assert_string_equal(hp_signal_name(9), "KILL");
	assert_string_equal(hp_signal_name(63), "RTMAX-1");
	assert_null(hp_signal_name(0));
	assert_null(hp_signal_name(65));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_and_numbers_are_signals),
		FDS_TEST(anything_else_is_refused),
		FDS_TEST(every_name_leads_back),
	};

	return cmocka_run_group_tests_name("engine-signal", tests, NULL, NULL);
}
