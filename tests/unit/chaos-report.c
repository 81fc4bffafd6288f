/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-report.c - tests of src/chaos/report.c. */
#include "chaos/report.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static char *read_back(const char *path)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};

	OK(hp_file_read(path, 1 << 20, &buf, &err));
	return hp_buf_take_str(&buf);
}

static void writes_lines_or_a_page(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_report_free) struct hp_report *r = hp_report_new();
	AUTO_FREE char *lines = hp_path_join(dir, "r.ndjson");
	AUTO_FREE char *page = hp_path_join(dir, "r.html");
	struct hp_error failure = HP_ERROR_INIT;

	chaos_world_open(&w, 0);
	hp_fail(&failure, HP_EIO, "it broke");
	hp_report_event(r, &(struct hp_chaos_event){.what = HP_CHAOS_BEGUN, .plan = &w.plan});
	hp_report_event(r, &(struct hp_chaos_event){
				   .what = HP_CHAOS_SKIPPED, .plan = &w.plan, .err = &failure});
	assert_int_equal(r->count, 2);
	assert_string_equal(r->run, "test");
	assert_string_equal(r->items[1].details, "it broke");
	OK(hp_report_write(r, lines, &err));
	AUTO_FREE char *text = read_back(lines);
	char *second = strchr(text, '\n');
	assert_non_null(second);
	assert_non_null(strstr(second, "\"skipped\""));
	assert_string_equal(text + strlen(text) - 2, "}\n");
	OK(hp_report_write(r, page, &err));
	AUTO_FREE char *html = read_back(page);
	assert_true(hp_str_starts(html, "<!doctype html>"));
	FAILS(HP_ENOTFOUND, hp_report_write(r, "/nowhere/at/all", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(writes_lines_or_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
