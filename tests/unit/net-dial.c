/* SPDX-License-Identifier: Apache-2.0 */
/* net-dial.c - tests of src/net/dial.c: each reason for which a daemon cannot be reached. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "peer.h"

static void expect_refusal(const char *address, enum hp_code code, const char *part)
{
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;

	assert_int_equal(hp_grpc__dial(address, &fd, &err), -1);
	assert_int_equal(fd, -1);
	if (err.code != code || !strstr(err.msg, part) ||
	    (address[0] && !strstr(err.msg, address)))
		fail_msg("code %d: %s", (int)err.code, err.msg);
}

/* A socket of @type bound to @path. Returns: its descriptor. */
static int bind_socket(const char *path, int type)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static void says_what_is_missing(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *nothing = hp_path_join(dir, "nothing");
	AUTO_FREE char *file = scratch_file(dir, "file", "text");
	AUTO_FREE char *below = hp_path_join(file, "sock");
	AUTO_FREE char *stale = hp_path_join(dir, "stale");

	(void)state;
	close(bind_socket(stale, SOCK_STREAM));
	expect_refusal(nothing, HP_EUNAVAILABLE, "harpoon up");
	expect_refusal(nothing, HP_EUNAVAILABLE, "--address");
	expect_refusal(below, HP_EUNAVAILABLE, "no socket");
	expect_refusal(file, HP_EUNAVAILABLE, "is not a socket");
	expect_refusal(dir, HP_EUNAVAILABLE, "is not a socket");
	expect_refusal(stale, HP_EUNAVAILABLE, "nobody listens");
	expect_refusal("", HP_EUNAVAILABLE, "address is empty");
}

static void knows_another_kind_of_socket(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "datagram");

	(void)state;
	AUTO_CLOSE int fd = bind_socket(path, SOCK_SEQPACKET);
	assert_int_equal(listen(fd, 1), 0);
	expect_refusal(path, HP_EUNAVAILABLE, "does not speak gRPC");
}

/* Runs in a child, as it gives its rights up. */
static int dial_as_nobody(const char *path)
{
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 2;
	if (hp_grpc__dial(path, &fd, &err) == 0)
		return 3;
	return err.code == HP_EDENIED && strstr(err.msg, "run as root") ? 0 : 4;
}

static void says_who_may(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "s");
	struct h2_peer *peer = h2_peer_start(path);
	int status = 0;

	(void)state;
	/* Without root there is nobody to become, and the mode shuts ourselves out. */
	bool root = geteuid() == 0;
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, root ? 0600 : 0), 0);
	if (root) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(dial_as_nobody(path));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	} else {
		expect_refusal(path, HP_EDENIED, "run as root");
	}
	h2_peer_stop(peer);
}

static void reaches_long_paths(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *deep = hp_sprintf("%s/%0100d", dir, 1);
	AUTO_FREE char *path = hp_path_join(deep, "socket");
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;

	(void)state;
	assert_int_equal(mkdir(deep, 0700), 0);
	struct h2_peer *peer = h2_peer_start(path);
	if (hp_grpc__dial(path, &fd, &err) < 0)
		fail_msg("%s", err.msg);
	close(fd);
	h2_peer_stop(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(says_what_is_missing),
		FDS_TEST(knows_another_kind_of_socket),
		FDS_TEST(says_who_may),
		FDS_TEST(reaches_long_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
