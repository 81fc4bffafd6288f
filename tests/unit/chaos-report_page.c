/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-report_page.c - tests of src/chaos/report_page.c. */
#include "chaos/report.h"
#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

#define S INT64_C(1000000000)

static void tell(struct hp_report *r, struct chaos_world *w, enum hp_chaos_what what,
		 int64_t at, struct hp_fault *f)
{
	const struct hp_chaos_event e = {
		.what = what,
		.plan = &w->plan,
		.time_ns = at,
		.container = f ? f->container : NULL,
		.fault_id = f ? f->id : NULL,
	};

	hp_report_event(r, &e);
}

static void is_a_bar_for_what_is_held(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_report_free) struct hp_report *r = hp_report_new();

	chaos_world_open(&w, 2);
	AUTO(hp_fault_free) struct hp_fault *held = chaos_world_fault(&w, "a", 1);
	AUTO(hp_fault_free) struct hp_fault *struck = chaos_world_fault(&w, "b", 2);
	tell(r, &w, HP_CHAOS_BEGUN, 0, NULL);
	tell(r, &w, HP_CHAOS_APPLIED, 2 * S, held);
	tell(r, &w, HP_CHAOS_APPLIED, 3 * S, struck);
	tell(r, &w, HP_CHAOS_UNDOING, 6 * S, held);
	tell(r, &w, HP_CHAOS_UNDONE, 7 * S, held);
	tell(r, &w, HP_CHAOS_ENDED, 10 * S, NULL);
	AUTO_FREE char *page = hp_report_page(r);
	/* From 2 to 7 of 10 seconds, on 810 units that begin at 170. */
	assert_non_null(
		strstr(page, "<rect class='f' rx='3' x='332.0' y='19.0' width='405.0'"));
	assert_non_null(strstr(page, "<line class='s' x1='413.0'"));
	assert_non_null(strstr(page, "mark on 2 containers"));
	assert_non_null(strstr(page, ">10 s<"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "http"));
}

/* Names come from strangers. */
static void names_are_only_text(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_report_free) struct hp_report *r = hp_report_new();

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	hp_field_set(&f->container->name, "<script>alert('\"&')</script>");
	tell(r, &w, HP_CHAOS_APPLIED, S, f);
	tell(r, &w, HP_CHAOS_FAILED, S, f);
	AUTO_FREE char *page = hp_report_page(r);
	assert_null(strstr(page, "<script"));
	assert_non_null(strstr(page, "&lt;script&gt;alert('&quot;&amp;')&lt;/script&gt;"));
	assert_non_null(strstr(page, "<circle class='x'"));
}

static void an_empty_one_is_a_page_too(void **state)
{
	(void)state;
	AUTO(hp_report_free) struct hp_report *r = hp_report_new();
	AUTO_FREE char *page = hp_report_page(r);

	assert_true(hp_str_ends(page, "</body></html>\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_a_bar_for_what_is_held),
		FDS_TEST(names_are_only_text),
		FDS_TEST(an_empty_one_is_a_page_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
