/* SPDX-License-Identifier: Apache-2.0 */
/* guest-main.c - tests of src/guest/main.c, as the program that it is. */
#include <sys/socket.h>

#include "apart.h"
#include "base/child.h"
#include "guest-call.h"

static void expect_usage(const char *const *argv)
{
	const struct hp_child child = {.path = getenv("HP_TEST_INIT"),
				       .argv = argv,
				       .fds = (int[]){-1, -1, -1},
				       .n_fds = 3};
	AUTO(hp_buf_free) struct hp_buf text;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_child told = child;
	int status = 0;
	int out[2];
	pid_t pid;

	assert_non_null(child.path);
	assert_int_equal(hp_pipe(out, &err), 0);
	told.fds = (int[]){-1, -1, out[1]};
	assert_int_equal(hp_child_start(&told, &pid, &err), 0);
	close(out[1]);
	hp_buf_init(&text, 1 << 16);
	assert_int_equal(hp_fd_read_all(out[0], &text, &err), 0);
	close(out[0]);
	assert_int_equal(hp_child_wait(pid, PATIENCE_MS, &status, &err), 0);
	assert_int_equal(status, hp_code_exit(HP_EUSAGE));
	AUTO_FREE char *said = hp_buf_take_str(&text);
	assert_non_null(strstr(said, "usage: harpoon-init --ports"));
}

static void says_how_it_is_used(void **state)
{
	static const char *const rows[][4] = {
		{"init", NULL},
		{"init", "--what", NULL},
		{"init", "--ports", "1", NULL},
		{"init", "--ports", "1,2,3,4", NULL},
		{"init", "--ports", "-1,2", NULL},
		{"init", "--shares", "/", NULL},
		{"init", "--cgroup", "/", NULL},
		/* All is well but that it is not the first of its namespace. */
		{"init", "--ports", "1,2", NULL},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		expect_usage(rows[i]);
}

/* The first process of a namespace, with the ports 10 and 11, below a process that tells how it has
 * ended. Each pair's second end is its. Returns: the pid of that. */
static pid_t start(const int *control, const int *io, const char *shares)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	close(control[0]);
	close(io[0]);
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		_exit(100);
	pid = fork();
	if (pid == 0) {
		if (dup2(control[1], 10) < 0 || dup2(io[1], 11) < 0)
			_exit(101);
		execl(getenv("HP_TEST_INIT"), "init", "--ports", "10,11", "--shares", shares,
		      NULL);
		_exit(102);
	}
	close(control[1]);
	close(io[1]);

	struct hp_error err = HP_ERROR_INIT;
	int status = 103;

	_exit(hp_child_wait(pid, PATIENCE_MS, &status, &err) < 0 ? 104 : status);
}

static int status_of(pid_t pid)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	assert_int_equal(hp_child_wait(pid, PATIENCE_MS, &status, &err), 0);
	return status;
}

static void serves_inside_of_namespaces(void **state)
{
	Hp__Guest__HelloRequest r = HP__GUEST__HELLO_REQUEST__INIT;
	struct hp_loop *loop = links_loop();
	struct guest_host host;
	int control[2], io[2];
	pid_t pid;

	(void)state;
	links_pair(control);
	links_pair(io);
	pid = start(control, io, "/");
	close(control[1]);
	close(io[1]);
	guest_host_open(&host, loop, control[0]);
	guest_do(&host, "Hello", &r.base, &hp__guest__hello_response__descriptor);
	guest_host_close(&host);
	assert_int_equal(status_of(pid), 0);
	close(io[0]);
	hp_loop_free(loop);
}

static void ends_when_it_cannot_begin(void **state)
{
	int control[2], io[2];
	pid_t pid;

	(void)state;
	links_pair(control);
	links_pair(io);
	pid = start(control, io, "/no/such/place");
	assert_int_equal(status_of(pid), hp_code_exit(HP_ENOTFOUND));
	for (int i = 0; i < 2; i++) {
		close(control[i]);
		close(io[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(says_how_it_is_used),
		FDS_TEST(serves_inside_of_namespaces),
		FDS_TEST(ends_when_it_cannot_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
