/* SPDX-License-Identifier: Apache-2.0 */
/* shim-record.c - tests of src/shim/record.c. */
#include "shim/record.h"

#include "scratch.h"

static void comes_back_as_it_was(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *link = hp_shim_record_link(dir, "ns", "web");
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_shim_record written = {.id = (char *)(uintptr_t) "web",
					       .ns = (char *)(uintptr_t) "ns",
					       .socket = (char *)(uintptr_t) "/run/s/1",
					       .link = link,
					       .cgroup = (char *)(uintptr_t) "/ns/web",
					       .shim = {.pid = 10, .started = 100},
					       .vmm = {.pid = 11, .started = UINT64_MAX},
					       .exited = true,
					       .exit_status = 42,
					       .exited_at_ns = 1700000000000000001,
					       .hooks_done = true};

	(void)state;
	assert_int_equal(hp_shim_record_write(dir, &written, &err), 0);
	assert_int_equal(hp_shim_record_publish(dir, &written, &err), 0);
	assert_int_equal(hp_shim_record_publish(dir, &written, &err), 0);
	/* By way of the link, as `harpoon vm` does. */
	assert_int_equal(hp_shim_record_read_file(link, &r, &err), 0);
	assert_string_equal(r.id, "web");
	assert_string_equal(r.ns, "ns");
	assert_string_equal(r.socket, "/run/s/1");
	assert_string_equal(r.link, link);
	assert_string_equal(r.cgroup, "/ns/web");
	assert_int_equal(r.shim.pid, 10);
	assert_int_equal(r.shim.started, 100);
	assert_int_equal(r.vmm.pid, 11);
	assert_true(r.vmm.started == UINT64_MAX);
	assert_int_equal(r.files.pid, 0);
	assert_true(r.exited);
	assert_int_equal(r.exit_status, 42);
	assert_int_equal(r.exited_at_ns, 1700000000000000001);
	assert_true(r.hooks_done);
}

static void reads_nothing_dangerous(void **state)
{
	static const char *const texts[] = {"", "[]", "{", "7"};
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_record_read(dir, &r, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		free(scratch_file(dir, "harpoon.json", texts[i]));
		assert_int_equal(hp_shim_record_read(dir, &r, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
		hp_error_clear(&err);
	}
	/* Numbers by which kill(2) would reach everybody, a group, or the host's init. */
	free(scratch_file(dir, "harpoon.json",
			  "{\"shim\":{\"pid\":-1},\"vmm\":{\"pid\":0},\"files\":{\"pid\":1}}"));
	assert_int_equal(hp_shim_record_read(dir, &r, &err), 0);
	assert_int_equal(r.shim.pid, 0);
	assert_int_equal(r.vmm.pid, 0);
	assert_int_equal(r.files.pid, 0);
	assert_null(r.link);
	assert_string_equal(r.socket, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(comes_back_as_it_was),
		FDS_TEST(reads_nothing_dangerous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
