/* SPDX-License-Identifier: Apache-2.0 */
/* shim-rootfs.c - tests of src/shim/rootfs.c. */
#include "shim-served.h"

#include <errno.h>

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void serves_and_ends(void **state)
{
	struct served s;
	AUTO_FREE char *line = NULL;

	(void)state;
	served_set_up(&s);
	served_start_bound(
		&s, (struct hp_shim_rootfs_spec){.netns = hp_shim_network_path(s.network)});
	line = served_line(&s);
	assert_string_equal(line, "rootfs marker=1;/marker=1");
	close(s.port);
	s.port = -1;
	turn_until(s.loop, &s.ended);
	assert_int_equal(s.end_why.code, HP_OK);
	served_tear_down(&s);
}

static void is_the_containers_process(void **state)
{
	struct served s;
	AUTO_FREE char *marker = NULL;
	AUTO_FREE char *net = NULL;
	AUTO_FREE char *on_host = NULL;
	struct stat ours;
	struct stat theirs;

	(void)state;
	served_set_up(&s);
	served_start_bound(
		&s, (struct hp_shim_rootfs_spec){.netns = hp_shim_network_path(s.network)});
	marker = served_proc(&s, "root/marker");
	net = served_proc(&s, "ns/net");
	on_host = hp_path_join(s.bundle, "rootfs/marker");
	assert_true(scratch_has(marker));
	assert_int_equal(stat(net, &theirs), 0);
	assert_int_equal(stat("/proc/self/ns/net", &ours), 0);
	assert_int_not_equal(ours.st_ino, theirs.st_ino);
	/* The host sees nothing of its mounts. */
	assert_false(scratch_has(on_host));
	served_tear_down(&s);
}

static void tells_why_it_cannot(void **state)
{
	static const char *const options[] = {"rbind", NULL};
	static const struct hp_shim_mount mount = {
		.type = "bind", .source = "/nonexistent/snapshot", .options = options};
	static const struct hp_shim_share share = {.name = "1",
						   .source = "/nonexistent/volume"};
	const struct {
		struct hp_shim_rootfs_spec spec;
		const char *words;
	} wrong[] = {
		{{.mounts = &mount, .n_mounts = 1}, "/nonexistent/snapshot"},
		{{.root = "/nonexistent/root"}, "/nonexistent/root"},
		{{.root = "/tmp", .netns = "/nonexistent/netns"}, "/nonexistent/netns"},
		{{.root = "/tmp", .shares = &share, .n_shares = 1}, "/nonexistent/volume"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		struct served s;

		served_set_up(&s);
		served_start(&s, wrong[i].spec);
		assert_int_equal(s.ready_why.code, HP_ENOTFOUND);
		if (!strstr(s.ready_why.msg, wrong[i].words))
			fail_msg("'%s' and not '%s'", s.ready_why.msg, wrong[i].words);
		/* What was never ready does not end. */
		turn_for(s.loop, 50);
		assert_false(s.ended);
		served_tear_down(&s);
	}
}

static void tells_why_it_ended(void **state)
{
	struct served s;

	(void)state;
	served_set_up(&s);
	served_start_bound(&s, (struct hp_shim_rootfs_spec){0});
	assert_int_equal(write(s.port, "f", 1), 1);
	turn_until(s.loop, &s.ended);
	assert_int_equal(s.end_why.code, HP_EPROTO);
	served_tear_down(&s);

	served_set_up(&s);
	served_start_bound(&s, (struct hp_shim_rootfs_spec){0});
	assert_int_equal(write(s.port, "d", 1), 1);
	turn_until(s.loop, &s.ended);
	assert_non_null(strstr(s.end_why.msg, "134"));
	served_tear_down(&s);
}

static void is_killed_when_freed(void **state)
{
	struct served s;
	pid_t pid;

	(void)state;
	served_set_up(&s);
	served_start_bound(&s, (struct hp_shim_rootfs_spec){0});
	pid = hp_shim_rootfs_pid(s.rootfs);
	hp_shim_rootfs_free(TAKE(s.rootfs));
	assert_true(is_gone(pid));
	assert_false(s.ended);
	served_tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(serves_and_ends),      FDS_TEST(is_the_containers_process),
		FDS_TEST(tells_why_it_cannot),  FDS_TEST(tells_why_it_ended),
		FDS_TEST(is_killed_when_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
