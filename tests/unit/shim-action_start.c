/* SPDX-License-Identifier: Apache-2.0 */
/* shim-action_start.c - tests of src/shim/action_start.c. */
#include <signal.h>

#include "shim-program.h"
#include "shim/record.h"

static void end(const struct bundle *b)
{
	AUTO(run_clear) struct run r = {0};

	bundle_run(b, "delete", &r);
	assert_int_equal(r.status, 0);
}

static void leaves_a_daemon_behind(void **state)
{
	AUTO(run_clear) struct run r = {0};
	AUTO(run_clear) struct run again = {0};
	AUTO(hp_shim_record_clear) struct hp_shim_record record = {0};
	AUTO(hp_buf_free) struct hp_buf address = {0};
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = -1;
	struct hp_error err = HP_ERROR_INIT;
	struct bundle b;

	(void)state;
	bundle_open(&b, "{]");
	bundle_run(&b, "start", &r);
	assert_string_equal(r.err, "");
	assert_int_equal(r.status, 0);
	/* The address and nothing else; whoever dials at once is answered. */
	assert_true(hp_str_starts(r.out, "unix:///"));
	assert_null(strchr(r.out, '\n'));
	assert_int_equal(hp_unix_connect(r.out + strlen("unix://"), &fd, &err), 0);
	path = hp_path_join(b.bundle, "address");
	assert_int_equal(hp_file_read(path, 200, &address, &err), 0);
	text = hp_buf_take_str(&address);
	assert_string_equal(text, r.out);
	/* Asked for twice, it is the same one. */
	bundle_run(&b, "start", &again);
	assert_int_equal(again.status, 0);
	assert_string_equal(again.out, r.out);
	for (int i = 0; i < 1000 && hp_shim_record_read(b.bundle, &record, &err) < 0; i++) {
		hp_error_clear(&err);
		hp_clock_sleep_ms(5);
	}
	assert_string_equal(record.socket, r.out + strlen("unix://"));
	assert_true(hp_shim_pid_alive(record.shim));
	end(&b);
	assert_false(hp_shim_pid_alive(record.shim));
	assert_false(scratch_has(record.socket));
	bundle_close(&b);
}

static void tells_why_it_cannot(void **state)
{
	AUTO(run_clear) struct run garbage = {0};
	const char *argv[] = {"shim", "-namespace", "ns", "-id", "web", "start", NULL};
	struct bundle b;

	(void)state;
	bundle_open(&b, NULL);
	run_program(b.bundle, hp_bytes_str("\xff\xff\xff"), argv, &garbage);
	assert_int_equal(garbage.status, 1);
	assert_string_equal(garbage.out, "");
	assert_non_null(strstr(garbage.err, "neither options nor BootstrapParams"));
	bundle_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(leaves_a_daemon_behind),
		FDS_TEST(tells_why_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
