/* SPDX-License-Identifier: Apache-2.0 */
/* shim-client_shell.c - tests of src/shim/client_shell.c, against a shim in another process. */
#include <fcntl.h>
#include <sys/wait.h>

#include "fake/shim_calls.h"
#include "shim/client.h"

/* Be the shim: its guest runs what it is asked for, writes a line, and ends. */
static _Noreturn void be_shim(const char *socket)
{
	static const uint32_t exits[][2] = {{1, 3}};
	struct hp_error err = HP_ERROR_INIT;
	struct shim_world w;
	bool told = false;
	int fd;

	shim_world_open(&w);
	world_run(&w);
	if (hp_unix_listen(socket, 0600, &fd, &err) < 0 ||
	    hp_ttrpc_server_listen(w.shim.server, fd, &err) < 0)
		_exit(1);
	/* Until what has ended has been deleted. */
	while ((!told || w.shim.first->next) && hp_loop_once(w.loop, PATIENCE_MS, &err) > 0) {
		if (told || !w.guest.watch || !guest_find(&w.guest, "Exec", 0))
			continue;
		links_settle(w.loop);
		world_output(&w, 1, "a line\n");
		world_output_on(&w, 1, 2, "");
		guest_tell(&w.guest, exits, 1, false);
		told = true;
	}
	links_settle(w.loop);
	shim_world_close(&w);
	_exit(0);
}

static pid_t start_shim(const char *socket)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		be_shim(socket);
	for (int i = 0; i < 1000 && !scratch_has(socket); i++)
		hp_clock_sleep_ms(5);
	return pid;
}

/* With our streams replaced by files. */
static int run_shell(const struct hp_shim_shell *shell, const char *out, int *ret_status,
		     struct hp_error *err)
{
	int saved_in = dup(STDIN_FILENO);
	int saved_out = dup(STDOUT_FILENO);
	int in_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out_fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int rc;

	fflush(stdout);
	dup2(in_fd, STDIN_FILENO);
	dup2(out_fd, STDOUT_FILENO);
	rc = hp_shim_ask_shell(shell, ret_status, err);
	dup2(saved_in, STDIN_FILENO);
	dup2(saved_out, STDOUT_FILENO);
	close(saved_in);
	close(saved_out);
	close(in_fd);
	close(out_fd);
	return rc;
}

static void runs_programs(void **state)
{
	static const char *const words[] = {"dmesg", NULL};
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *socket = hp_path_join(dir, "s");
	AUTO_FREE char *out = hp_path_join(dir, "out");
	AUTO(hp_buf_free) struct hp_buf text = {0};
	const struct hp_shim_shell shell = {.socket = socket, .id = "web", .words = words};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid = start_shim(socket);
	int status = 0;

	(void)state;
	assert_int_equal(run_shell(&shell, out, &status, &err), 0);
	assert_int_equal(status, 3);
	assert_int_equal(hp_file_read(out, 100, &text, &err), 0);
	assert_int_equal(text.len, strlen("a line\n"));
	assert_memory_equal(text.data, "a line\n", text.len);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void tells_when_nobody_answers(void **state)
{
	static const char *const words[] = {"sh", NULL};
	const struct hp_shim_shell shell = {
		.socket = "/nowhere/s", .id = "web", .words = words};
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	(void)state;
	assert_int_equal(hp_shim_ask_shell(&shell, &status, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_int_equal(status, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(runs_programs),
		FDS_TEST(tells_when_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
