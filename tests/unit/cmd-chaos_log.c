/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-chaos_log.c - tests of src/cmd/chaos_log.c. The lines were read off logrus v1.9.4. */
#include "cmd/chaos_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "fds.h"
#include "wire/json.h"

#define MOMENT INT64_C(1796003820123456789) /* 2026-11-30T01:57:00Z */

static void fill(struct hp_labels *fields)
{
	hp_labels_add(fields, "name", "/web");
	hp_labels_add(fields, "id", "abc");
	hp_labels_add(fields, "dryrun", "false");
	hp_labels_add(fields, "empty", "");
	hp_labels_add(fields, "sp", "a b");
	hp_labels_add(fields, "err", "x\ny");
	hp_labels_add(fields, "msg", "mine");
}

static void test_text(void **state)
{
	const struct hp_chaos_log log = {.level = HP_CHAOS_INFO};
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	(void)state;
	fill(&fields);
	AUTO_FREE char *line =
		hp_chaos_log_line(&log, HP_CHAOS_WARNING, "killing container", &fields, MOMENT);
	assert_string_equal(line, "time=\"2026-11-30T01:57:00Z\" level=warning "
				  "msg=\"killing container\" dryrun=false empty= err=\"x\\ny\" "
				  "fields.msg=mine id=abc name=/web sp=\"a b\"\n");
	AUTO_FREE char *plain = hp_chaos_log_line(&log, HP_CHAOS_FATAL, "done", NULL, MOMENT);
	assert_string_equal(plain, "time=\"2026-11-30T01:57:00Z\" level=fatal msg=done\n");
}

static void test_zone(void **state)
{
	const struct hp_chaos_log log = {.level = HP_CHAOS_INFO};

	(void)state;
	setenv("TZ", "XXX-5:30", 1);
	tzset();
	AUTO_FREE char *east = hp_chaos_log_line(&log, HP_CHAOS_INFO, "m", NULL, MOMENT);
	assert_non_null(strstr(east, "time=\"2026-11-30T07:27:00+05:30\""));
	setenv("TZ", "YYY3:30", 1);
	tzset();
	AUTO_FREE char *west = hp_chaos_log_line(&log, HP_CHAOS_INFO, "m", NULL, MOMENT);
	assert_non_null(strstr(west, "time=\"2026-11-29T22:27:00-03:30\""));
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_terminal(void **state)
{
	const struct hp_chaos_log log = {
		.level = HP_CHAOS_INFO, .terminal = true, .began_ns = hp_clock_ns()};
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	(void)state;
	hp_labels_add(&fields, "name", "/web");
	AUTO_FREE char *line = hp_chaos_log_line(&log, HP_CHAOS_WARNING, "hi", &fields, MOMENT);
	AUTO_FREE char *expected =
		hp_sprintf("\033[33mWARN\033[0m[0000] %-44s  \033[33mname\033[0m=/web\n", "hi");
	assert_string_equal(line, expected);
}

static void test_json(void **state)
{
	const struct hp_chaos_log log = {
		.level = HP_CHAOS_INFO, .json = true, .terminal = true};
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	(void)state;
	fill(&fields);
	AUTO_FREE char *line = hp_chaos_log_line(&log, HP_CHAOS_ERROR, "true", &fields, MOMENT);
	assert_string_equal(line, "{\"dryrun\":false,\"empty\":\"\",\"err\":\"x\\ny\","
				  "\"fields.msg\":\"mine\",\"id\":\"abc\",\"level\":\"error\","
				  "\"msg\":\"true\",\"name\":\"/web\",\"sp\":\"a b\","
				  "\"time\":\"2026-11-30T01:57:00Z\"}\n");
}

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(hp_chaos_level_parse("info"), HP_CHAOS_INFO);
	assert_int_equal(hp_chaos_level_parse("DEBUG"), HP_CHAOS_DEBUG);
	assert_int_equal(hp_chaos_level_parse("Debug"), HP_CHAOS_WARNING);
	assert_int_equal(hp_chaos_level_parse("verbose"), HP_CHAOS_WARNING);
	assert_int_equal(hp_chaos_level_parse("panic"), HP_CHAOS_PANIC);
	assert_string_equal(hp_chaos_level_name(HP_CHAOS_FATAL), "fatal");
}

static void count(void *arg, enum hp_chaos_level level, const char *msg,
		  const struct hp_labels *fields)
{
	(void)level;
	(void)msg;
	(void)fields;
	++*(int *)arg;
}

static void test_also(void **state)
{
	int told = 0;
	const struct hp_chaos_log log = {.level = HP_CHAOS_ERROR, .also = count, .arg = &told};

	(void)state;
	hp_chaos_log(&log, HP_CHAOS_INFO, "not told", NULL);
	assert_int_equal(told, 0);
	hp_chaos_log(&log, HP_CHAOS_ERROR, "told", NULL);
	assert_int_equal(told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_text), FDS_TEST(test_zone),   FDS_TEST(test_terminal),
		FDS_TEST(test_json), FDS_TEST(test_levels), FDS_TEST(test_also),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
