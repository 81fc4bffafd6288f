/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-console.c - tests of src/cmd/console.c and tty.c: the program on pipes and on a terminal. */
#include "cmd/console.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <termios.h>

#include "cmd-world.h"

enum { SOON_MS = SOON_S * 1000 };

/* The program while it runs. in and out are the same on a terminal. */
struct running {
	pid_t pid;
	int in;
	int out;
	char said[SAID_BYTES];
	size_t len;
};

static void become(const char *const *argv)
{
	setenv("HARPOON_ENGINE", "fake", 1);
	unsetenv("CONTAINERD_ADDRESS");
	int rc = hp_cli_main(argv, "/bin/true");
	fflush(stdout);
	_exit(rc);
}

static struct running *on_pipes(const char *const *argv)
{
	static struct running r;
	int in[2];
	int out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	r = (struct running){.pid = fork(), .in = in[1], .out = out[0]};
	assert_true(r.pid >= 0);
	if (r.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		/* Its own ends must be the only ones, or no end of file is ever seen. */
		close(in[1]);
		close(out[0]);
		become(argv);
	}
	close(in[0]);
	close(out[1]);
	return &r;
}

static struct running *on_terminal(const char *const *argv, int *ret_terminal)
{
	static struct running r;
	int master = -1;
	int terminal = -1;
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	assert_int_equal(openpty(&master, &terminal, NULL, NULL, &size), 0);
	r = (struct running){.pid = fork(), .in = master, .out = master};
	assert_true(r.pid >= 0);
	if (r.pid == 0) {
		setsid();
		ioctl(terminal, TIOCSCTTY, 0);
		dup2(terminal, 0);
		dup2(terminal, 1);
		become(argv);
	}
	*ret_terminal = terminal;
	return &r;
}

static void type(const struct running *r, const char *text)
{
	assert_int_equal(write(r->in, text, strlen(text)), (ssize_t)strlen(text));
}

/* Read until @text has come. */
static void await_text(struct running *r, const char *text)
{
	while (!strstr(r->said, text)) {
		struct pollfd p = {.fd = r->out, .events = POLLIN};
		assert_int_equal(poll(&p, 1, SOON_MS), 1);
		ssize_t n = read(r->out, r->said + r->len, SAID_BYTES - 1 - r->len);
		if (n <= 0)
			fail_msg("no '%s' in '%s'", text, r->said);
		r->len += (size_t)n;
		r->said[r->len] = '\0';
	}
}

#define PIPES(...) on_pipes((const char *const[]){"harpoon", __VA_ARGS__, NULL})

static void finish(const struct running *r, int wanted)
{
	assert_int_equal(await_child(r->pid), wanted);
	if (r->in != r->out)
		close(r->in);
	close(r->out);
}

static void test_stdin_as_it_comes(void **state)
{
	(void)state;
	struct running *r = PIPES("run", "-i", "busybox", "cat");

	type(r, "one\n");
	await_text(r, "one\n");
	type(r, "two\n");
	await_text(r, "one\ntwo\n");
	close(r->in);
	r->in = r->out;
	finish(r, 0);
}

static void test_signals_go_on(void **state)
{
	(void)state;
	struct running *r =
		PIPES("run", "busybox", "sh", "-c", "trap 'exit 7' TERM; echo ready; sleep 1");

	await_text(r, "ready\n");
	kill(r->pid, SIGTERM);
	finish(r, 7);
}

/* PID 1 of a container is not ended by signals that it has no trap for; the third is for us. */
static void test_signals_that_are_not_heeded(void **state)
{
	(void)state;
	struct running *r = PIPES("run", "-i", "busybox", "cat");

	for (int i = 0; i < 3; i++) {
		type(r, "ready\n");
		await_text(r, "ready\n");
		r->len = 0;
		r->said[0] = '\0';
		kill(r->pid, SIGTERM);
	}
	finish(r, 128 + SIGTERM);
}

/* Without --sig-proxy the signal is for us, and the container goes on. */
static void test_signals_stay(void **state)
{
	(void)state;
	struct running *r = PIPES("run", "-i", "--sig-proxy=false", "busybox", "cat");

	type(r, "ready\n");
	await_text(r, "ready\n");
	kill(r->pid, SIGHUP);
	finish(r, 128 + SIGHUP);
}

static void test_reader_goes_away(void **state)
{
	(void)state;
	struct running *r = PIPES("run", "--rm", "-i", "busybox", "cat");

	type(r, "ready\n");
	await_text(r, "ready\n");
	close(r->out);
	type(r, "more\n");
	assert_int_equal(await_child(r->pid), 128 + SIGPIPE);
	close(r->in);
}

static bool is_raw(int terminal)
{
	struct termios t;
	assert_int_equal(tcgetattr(terminal, &t), 0);
	return !(t.c_lflag & (ICANON | ECHO));
}

static void await_raw(int terminal)
{
	for (int i = 0; i < 1000 && !is_raw(terminal); i++)
		usleep(10000);
	assert_true(is_raw(terminal));
}

static struct running *cat_on_terminal(int *ret_terminal)
{
	return on_terminal(
		(const char *const[]){"harpoon", "run", "-it", "busybox", "cat", NULL},
		ret_terminal);
}

static void test_detach(void **state)
{
	(void)state;
	int terminal = -1;
	struct running *r = cat_on_terminal(&terminal);

	await_raw(terminal);
	type(r, "hello\r\x10");
	await_text(r, "hello");
	assert_true(is_raw(terminal));
	type(r, "\x11");
	assert_int_equal(await_child(r->pid), 0);
	assert_false(is_raw(terminal));
	close(r->in);
	close(terminal);
}

/* Whatever ends us, the terminal is as it was; only SIGKILL cannot be helped. */
static void ends_with_terminal_restored(int number)
{
	int terminal = -1;
	struct running *r = cat_on_terminal(&terminal);

	await_raw(terminal);
	kill(r->pid, number);
	assert_int_equal(await_child(r->pid), 128 + number);
	assert_false(is_raw(terminal));
	close(r->in);
	close(terminal);
}

static void test_terminal_restored(void **state)
{
	(void)state;
	ends_with_terminal_restored(SIGTERM);
	ends_with_terminal_restored(SIGHUP);
	ends_with_terminal_restored(SIGABRT);
	ends_with_terminal_restored(SIGSEGV);
}

/* A stopped program does not keep the terminal either, and takes it again when it goes on. */
static void test_suspend(void **state)
{
	(void)state;
	int terminal = -1;
	int status = 0;
	struct running *r = cat_on_terminal(&terminal);

	await_raw(terminal);
	kill(r->pid, SIGTSTP);
	assert_int_equal(waitpid(r->pid, &status, WUNTRACED), r->pid);
	assert_true(WIFSTOPPED(status));
	assert_false(is_raw(terminal));
	kill(r->pid, SIGCONT);
	await_raw(terminal);
	type(r, "\x10\x11");
	assert_int_equal(await_child(r->pid), 0);
	close(r->in);
	close(terminal);
}

static void test_status(void **state)
{
	(void)state;
	struct hp_console_end end = {.how = HP_CONSOLE_EXITED, .exit.code = 7};

	assert_int_equal(hp_console_status(&end), 7);
	end.how = HP_CONSOLE_DETACHED;
	assert_int_equal(hp_console_status(&end), 0);
	end.how = HP_CONSOLE_HUNG_UP;
	assert_int_equal(hp_console_status(&end), 141);
	end = (struct hp_console_end){.how = HP_CONSOLE_KILLED, .signal = SIGINT};
	assert_int_equal(hp_console_status(&end), 130);
}

/* Signals that came while they were taken have their effect after they are given back. */
static void test_release(void **state)
{
	(void)state;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct hp_error err = HP_ERROR_INIT;
		int fd = -1;
		if (hp_console_signals(&fd, &err) < 0)
			_exit(1);
		raise(SIGTERM);
		hp_console_release(fd);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_stdin_as_it_comes),
		FDS_TEST(test_signals_go_on),
		FDS_TEST(test_signals_that_are_not_heeded),
		FDS_TEST(test_signals_stay),
		FDS_TEST(test_reader_goes_away),
		FDS_TEST(test_detach),
		FDS_TEST(test_terminal_restored),
		FDS_TEST(test_suspend),
		FDS_TEST(test_status),
		FDS_TEST(test_release),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
