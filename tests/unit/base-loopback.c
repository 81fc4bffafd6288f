/* SPDX-License-Identifier: Apache-2.0 */
/* base-loopback.c - tests of src/base/loopback.c. */
#include "base/loopback.h"

#include <fcntl.h>

#include "fds.h"
#include "scratch.h"

static void attaches_until_nobody_uses_it(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "image", "content");
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *backing = NULL;
	struct hp_error err = HP_ERROR_INIT;
	char text[8] = "";
	int fd;

	(void)state;
	assert_int_equal(truncate(path, 1 << 20), 0);
	fd = hp_loopback_attach(path, true, &name, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	backing = hp_sprintf("/sys/block/%s/loop/backing_file", hp_path_base(name));
	assert_int_equal(pread(fd, text, 7, 0), 7);
	assert_string_equal(text, "content");
	assert_true(scratch_has(backing));
	close(fd);
	for (int i = 0; i < 100 && scratch_has(backing); i++)
		usleep(50000);
	assert_false(scratch_has(backing));
}

static void needs_a_file(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char *name = NULL;

	(void)state;
	assert_int_equal(hp_loopback_attach("/nonexistent", true, &name, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_null(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(attaches_until_nobody_uses_it),
		FDS_TEST(needs_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
