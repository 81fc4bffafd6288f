/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-journal.c - tests of src/chaos/journal.c. */
#include "chaos/journal.h"

#include <fcntl.h>

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

/* In another process: does the entry look held there, and can it be adopted? */
static int seen_from_elsewhere(const char *journal, bool adopt)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct hp_journal_list list = {0};
		struct hp_error err = HP_ERROR_INIT;
		if (hp_journal_read(journal, &list, &err) < 0 || list.count != 1)
			_exit(9);
		_exit(adopt ? hp_journal_adopt(&list.items[0], &err) : list.items[0].held);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void is_held_by_who_wrote_it(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	OK(hp_journal_write(f, &err));
	OK(hp_journal_read(w.journal, &list, &err));
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].held);
	assert_string_equal(list.items[0].fault->id, "test-1");
	/* Reading it has not let go of it. */
	assert_int_equal(seen_from_elsewhere(w.journal, false), 1);
	assert_int_equal(seen_from_elsewhere(w.journal, true), 0);
	/* Nor has writing it anew, with other arguments. */
	hp_json_set_str(f->args, "more", "x");
	OK(hp_fault_save(f, &err));
	assert_int_equal(seen_from_elsewhere(w.journal, true), 0);
	hp_journal_list_clear(&list);
	OK(hp_journal_read(w.journal, &list, &err));
	assert_string_equal(hp_json_get_str(list.items[0].fault->args, "more"), "x");
	hp_journal_remove(f);
	assert_int_equal(chaos_world_entries(&w), 0);
	hp_journal_remove(f);
}

static void an_orphan_is_adopted_once(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	chaos_world_open(&w, 1);
	struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	OK(hp_journal_write(f, &err));
	hp_fault_free(f);
	OK(hp_journal_read(w.journal, &list, &err));
	assert_false(list.items[0].held);
	int adopted = 0;
	OK(adopted = hp_journal_adopt(&list.items[0], &err));
	assert_int_equal(adopted, 1);
	assert_int_equal(seen_from_elsewhere(w.journal, true), 0);
	hp_journal_remove(list.items[0].fault);
	/* It has gone, which is no failure. */
	OK(adopted = hp_journal_adopt(&list.items[0], &err));
	assert_int_equal(adopted, 0);
}

static void two_of_one_id_are_refused(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	AUTO(hp_fault_free) struct hp_fault *g = chaos_world_fault(&w, "a", 1);
	OK(hp_journal_write(f, &err));
	FAILS(HP_EEXISTS, hp_journal_write(g, &err));
	hp_journal_remove(g);
	assert_int_equal(chaos_world_entries(&w), 1);
	hp_journal_remove(f);
}

static void refuses_ids_that_lead_elsewhere(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "..", ".x", "a/b", "../x", "a b", "a\nb", "\xff"};
	AUTO_FREE char *lengthy = hp_alloc(200);

	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++)
		FAILS(HP_EINVALID, hp_journal_check_id(bad[i], &err));
	memset(lengthy, 'a', 199);
	FAILS(HP_EINVALID, hp_journal_check_id(lengthy, &err));
	OK(hp_journal_check_id("Run_1.2-33", &err));
}

static void tells_what_it_cannot_read(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	OK(hp_journal_write(f, &err));
	AUTO_FREE char *broken = scratch_file(w.journal, "broken.json", "{");
	AUTO_FREE char *text = hp_sprintf("%s/test-1.json", w.journal);
	AUTO_FREE char *other = hp_sprintf("%s/other.json", w.journal);
	assert_int_equal(link(text, other), 0);
	OK(hp_journal_read(w.journal, &list, &err));
	assert_int_equal(list.count, 3);
	for (int i = 0; i < 2; i++) {
		assert_null(list.items[i].fault);
		assert_int_equal(list.items[i].why.code, HP_ECORRUPT);
		assert_non_null(strstr(list.items[i].why.msg, list.items[i].path));
	}
	assert_non_null(list.items[2].fault);
	unlink(broken);
	unlink(other);
	hp_journal_remove(f);
}

static void nothing_there_is_an_empty_one(void **state)
{
	(void)state;
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	OK(hp_journal_read("/nowhere/at/all", &list, &err));
	assert_int_equal(list.count, 0);
	AUTO_FREE char *usual = hp_journal_dir(NULL);
	assert_string_equal(usual, "/run/harpoon/chaos");
}

static void one_at_a_time(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	int fds[2], lock = -1;
	char done = 0;

	chaos_world_open(&w, 0);
	assert_int_equal(pipe(fds), 0);
	OK(hp_journal_lock(w.journal, &lock, &err));
	pid_t pid = fork();
	if (pid == 0) {
		struct hp_error err = HP_ERROR_INIT;
		int mine = -1;
		close(lock);
		_exit(hp_journal_lock(w.journal, &mine, &err) < 0 ||
		      write(fds[1], "x", 1) != 1);
	}
	/* It waits for us. */
	hp_clock_sleep_ms(50);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_true(read(fds[0], &done, 1) < 0);
	close(lock);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], &done, 1), 1);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_held_by_who_wrote_it),
		FDS_TEST(an_orphan_is_adopted_once),
		FDS_TEST(two_of_one_id_are_refused),
		FDS_TEST(refuses_ids_that_lead_elsewhere),
		FDS_TEST(tells_what_it_cannot_read),
		FDS_TEST(nothing_there_is_an_empty_one),
		FDS_TEST(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
