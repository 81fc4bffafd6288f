/* SPDX-License-Identifier: Apache-2.0 */
/* shim-log.c - tests of src/shim/log.c. */
#include "shim/log.h"

#include <fcntl.h>
#include <signal.h>

#include "scratch.h"

/* Read what is in the FIFO. */
static char *read_lines(int fd)
{
	static char text[65536];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void writes_to_whoever_reads(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "log");
	AUTO(hp_shim_log_free) struct hp_shim_log *g = hp_shim_log_new(dir, "web", false);
	const char *text;
	int fd;

	(void)state;
	/* There is no FIFO, nobody reads it, somebody does, has gone, and has come back. */
	hp_shim_log(g, HP_LOG_ERROR, "lost");
	assert_int_equal(mkfifo(path, 0700), 0);
	hp_shim_log(g, HP_LOG_ERROR, "lost");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	hp_shim_log(g, HP_LOG_WARN, "with \"quotes\"\nand \\ lines %d", 1);
	hp_shim_log(g, HP_LOG_DEBUG, "not asked for");
	text = read_lines(fd);
	assert_non_null(strstr(text, " level=warning msg=\"harpoon: with 'quotes' and ' lines "
				     "1\" id=web\n"));
	assert_null(strstr(text, "not asked for"));
	assert_non_null(strstr(text, "time=\"20"));
	close(fd);
	hp_shim_log(g, HP_LOG_ERROR, "lost");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	hp_shim_log(g, HP_LOG_INFO, "found");
	assert_non_null(strstr(read_lines(fd), "found"));
	close(fd);
	hp_shim_log(NULL, HP_LOG_ERROR, "nowhere");
}

static void waits_for_nobody(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "log");
	AUTO(hp_shim_log_free) struct hp_shim_log *g = hp_shim_log_new(dir, "web", true);
	AUTO_FREE char *huge = hp_alloc(100000);
	int fd;

	(void)state;
	memset(huge, 'x', 99999);
	assert_int_equal(mkfifo(path, 0700), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (int i = 0; i < 100; i++)
		hp_shim_log(g, HP_LOG_DEBUG, "%s", huge);
	/* Whole lines, as far as the pipe goes. */
	assert_non_null(strstr(read_lines(fd), "id=web\n"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(writes_to_whoever_reads),
		FDS_TEST(waits_for_nobody),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
