/* SPDX-License-Identifier: Apache-2.0 */
/* shim-rootfs_child.c - tests of src/shim/rootfs_child.c. */
#include "shim-served.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>

/* The line of /proc/PID/status that begins with @key. Owns: the caller. */
static char *status_of(const struct served *s, const char *key)
{
	AUTO_FREE char *path = served_proc(s, "status");
	AUTO(hp_buf_free) struct hp_buf buf;
	AUTO_FREE char *text = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const char *at;

	hp_buf_init(&buf, 1 << 16);
	assert_int_equal(hp_file_read(path, buf.max, &buf, &err), 0);
	text = hp_buf_take_str(&buf);
	at = strstr(text, key);
	assert_non_null(at);
	at += strlen(key);
	at += strspn(at, " \t");
	return hp_strndup(at, strcspn(at, "\n"));
}

static void has_little(void **state)
{
	struct served s;
	AUTO_FREE char *caps = NULL;
	AUTO_FREE char *privileges = NULL;
	AUTO_FREE char *umask_text = NULL;
	AUTO_FREE char *fds = NULL;
	uint64_t set;
	DIR *dir;
	int n = 0;

	(void)state;
	served_set_up(&s);
	served_start_bound(
		&s, (struct hp_shim_rootfs_spec){.netns = hp_shim_network_path(s.network)});
	caps = status_of(&s, "\nCapEff:");
	privileges = status_of(&s, "\nNoNewPrivs:");
	umask_text = status_of(&s, "\nUmask:");
	assert_string_equal(privileges, "1");
	assert_string_equal(umask_text, "0000");
	set = strtoull(caps, NULL, 16);
	assert_true(set & 1ull << CAP_CHOWN);
	assert_false(set & 1ull << CAP_NET_ADMIN);
	assert_false(set & 1ull << CAP_SYS_PTRACE);
	assert_false(set & 1ull << CAP_SYS_MODULE);
	/* 0, 1, 2, its two, and the root's. */
	fds = served_proc(&s, "fd");
	dir = opendir(fds);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	assert_int_equal(n - 2, 6);
	assert_int_equal(getsid(hp_shim_rootfs_pid(s.rootfs)), hp_shim_rootfs_pid(s.rootfs));
	served_tear_down(&s);
}

/* The root is the machine's disk: an empty one stands in for it, whatever the mounts are. */
static void serves_no_root_on_a_disk(void **state)
{
	const struct hp_shim_mount mount = {.type = "ext4", .source = "/no/such/image"};
	struct served s;
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *made = NULL;

	(void)state;
	served_set_up(&s);
	served_start(&s, (struct hp_shim_rootfs_spec){.netns = hp_shim_network_path(s.network),
						      .mounts = &mount,
						      .n_mounts = 1,
						      .on_disk = true});
	assert_int_equal(s.ready_why.code, HP_OK);
	line = served_line(&s);
	assert_string_equal(line, "rootfs marker=0;/marker=0");
	made = served_proc(&s, "root/made");
	assert_int_equal(open(made, O_WRONLY | O_CREAT, 0600), -1);
	assert_int_equal(errno, EROFS);
	served_tear_down(&s);
}

static void is_called_by_a_name(void **state)
{
	struct served s;
	AUTO_FREE char *path = NULL;
	AUTO(hp_buf_free) struct hp_buf buf;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&buf, 64);
	served_set_up(&s);
	served_start_bound(&s, (struct hp_shim_rootfs_spec){0});
	path = served_proc(&s, "comm");
	assert_int_equal(hp_file_read(path, 64, &buf, &err), 0);
	assert_memory_equal(buf.data, "harpoon-files\n", 14);
	served_tear_down(&s);
}

static void takes_a_directory_as_its_root(void **state)
{
	struct served s;
	AUTO_FREE char *line = NULL;

	(void)state;
	served_set_up(&s);
	served_start(&s, (struct hp_shim_rootfs_spec){.root = s.source});
	assert_int_equal(s.ready_why.code, HP_OK);
	line = served_line(&s);
	assert_string_equal(line, "rootfs marker=1;/marker=1");
	served_tear_down(&s);
}

static void holds_no_mount_of_the_host(void **state)
{
	struct served s;
	AUTO_FREE char *path = NULL;
	AUTO(hp_buf_free) struct hp_buf buf;
	struct hp_error err = HP_ERROR_INIT;
	size_t lines = 0;

	(void)state;
	hp_buf_init(&buf, 1 << 20);
	served_set_up(&s);
	served_start_bound(&s, (struct hp_shim_rootfs_spec){0});
	path = served_proc(&s, "mountinfo");
	assert_int_equal(hp_file_read(path, buf.max, &buf, &err), 0);
	for (size_t i = 0; i < buf.len; i++)
		lines += buf.data[i] == '\n';
	assert_int_equal(lines, 1);
	served_tear_down(&s);
}

/* A process that starts a server and is killed. Its child tells by its end of the port. */
static void dies_with_its_parent(void **state)
{
	struct served s;
	int fds[2];
	char byte;
	pid_t pid;

	(void)state;
	served_set_up(&s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pid = fork();
	if (pid == 0) {
		const struct hp_shim_rootfs_spec spec = {
			.bundle = s.bundle, .root = s.source, .files_fd = fds[1]};
		struct hp_error err = HP_ERROR_INIT;
		AUTO(hp_loop_free) struct hp_loop *l = NULL;

		if (hp_loop_new(&l, &err) < 0 ||
		    hp_shim_rootfs_serve(l, &spec, &served_events, &s, &s.rootfs, &err) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	/* It serves when it says what it has. */
	assert_int_equal(read(fds[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	while (read(fds[0], &byte, 1) == 1)
		;
	close(fds[0]);
	served_tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_little),
		FDS_TEST(serves_no_root_on_a_disk),
		FDS_TEST(is_called_by_a_name),
		FDS_TEST(takes_a_directory_as_its_root),
		FDS_TEST(holds_no_mount_of_the_host),
		FDS_TEST(dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
