/* SPDX-License-Identifier: Apache-2.0 */
/* net-netns.c - tests of src/net/netns.c. */
#include "net/netns.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "nets.h"
#include "torture.h"

static ino_t here(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static int note_here(void *data, struct hp_error *err)
{
	(void)err;
	*(ino_t *)data = here();
	return 7;
}

static int fail_there(void *data, struct hp_error *err)
{
	return hp_fail(err, HP_ESTATE, "%s", (const char *)data);
}

static void works_in_another(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	ino_t before = here();
	ino_t there = 0;

	(void)state;
	assert_int_equal(hp_netns_new(&fd, &err), 0);
	assert_int_not_equal(inode_of(fd), before);
	assert_int_equal(hp_netns_call(fd, note_here, &there, &err), 7);
	assert_int_equal(there, inode_of(fd));
	assert_int_equal(here(), before);
	assert_int_equal(hp_netns_call(fd, fail_there, (char[]){"no"}, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
	assert_string_equal(err.msg, "no");
	assert_int_equal(here(), before);
}

static void opens_by_path(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;

	(void)state;
	assert_int_equal(hp_netns_open("/proc/self/ns/net", &fd, &err), 0);
	assert_int_equal(inode_of(fd), here());
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void refuses_what_is_none(void **state)
{
	static const char *const others[] = {"/proc/self/ns/mnt", "/proc/self/status", "/"};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd = -7;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(others); i++) {
		assert_int_equal(hp_netns_open(others[i], &fd, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_non_null(strstr(err.msg, others[i]));
		hp_error_clear(&err);
	}
	assert_int_equal(hp_netns_open("/run/netns/none-such", &fd, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_int_equal(fd, -7);
	hp_error_clear(&err);
	assert_int_equal(hp_netns_call(null, note_here, NULL, &err), -1);
	assert_non_null(strstr(err.msg, "enter a network namespace"));
}

static int is_ours_there(void *data, struct hp_error *err)
{
	bool ours = false;

	return hp_netns_is_ours(*(int *)data, &ours, err) < 0 ? -1 : ours;
}

static void knows_its_own(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int here_fd = -1;
	AUTO_CLOSE int there_fd = -1;
	bool ours = false;

	(void)state;
	assert_int_equal(hp_netns_open("/proc/self/ns/net", &here_fd, &err), 0);
	assert_int_equal(hp_netns_new(&there_fd, &err), 0);
	assert_int_equal(hp_netns_is_ours(here_fd, &ours, &err), 0);
	assert_true(ours);
	assert_int_equal(hp_netns_is_ours(there_fd, &ours, &err), 0);
	assert_false(ours);
	assert_int_equal(hp_netns_call(there_fd, is_ours_there, &there_fd, &err), 1);
	assert_int_equal(hp_netns_call(there_fd, is_ours_there, &here_fd, &err), 0);
}

static int all_of_it(void *data, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	ino_t there = 0;
	bool ours = false;

	(void)data;
	if (hp_netns_new(&fd, err) < 0 || hp_netns_is_ours(fd, &ours, err) < 0)
		return -1;
	return hp_netns_call(fd, note_here, &there, err) < 0 ? -1 : 0;
}

static void survives_each_failure(void **state)
{
	ino_t before = here();

	(void)state;
	torture_all(all_of_it, NULL, 5);
	assert_int_equal(here(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(works_in_another),      FDS_TEST(opens_by_path),
		FDS_TEST(refuses_what_is_none),  FDS_TEST(knows_its_own),
		FDS_TEST(survives_each_failure),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
