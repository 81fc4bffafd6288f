/* SPDX-License-Identifier: Apache-2.0 */
/* guest-launch.c - tests of src/guest/launch.c, with a child for each process. */
#include "guest/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "base/child.h"
#include "guest-call.h"

/* A process that was launched, and what is heard of it. */
struct launched {
	pid_t pid;
	int report, out;
};

static void launch(struct hp_guest_launch *l, struct launched *ret)
{
	struct hp_error err = HP_ERROR_INIT;
	int pair[2], out[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(hp_pipe(out, &err), 0);
	ret->pid = fork();
	assert_true(ret->pid >= 0);
	if (ret->pid == 0) {
		l->report_fd = pair[1];
		l->fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
		l->fds[1] = l->fds[2] = out[1];
		hp_guest_launch_run(l);
	}
	close(pair[1]);
	close(out[1]);
	ret->report = pair[0];
	ret->out = out[0];
}

/* All that it writes. Owns: the caller. */
static char *slurp(const struct launched *c)
{
	AUTO(hp_buf_free) struct hp_buf text;
	struct hp_error err = HP_ERROR_INIT;

	hp_buf_init(&text, 1 << 20);
	assert_int_equal(hp_fd_read_all(c->out, &text, &err), 0);
	return hp_buf_take_str(&text);
}

static int end_of(const struct launched *c)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;

	close(c->report);
	close(c->out);
	assert_int_equal(hp_child_wait(c->pid, PATIENCE_MS, &status, &err), 0);
	return status;
}

/* Returns: whether there was a report, and no exec. */
static bool hear(const struct launched *c, struct hp_guest_report *ret, int *ret_fd)
{
	struct hp_error err = HP_ERROR_INIT;
	size_t n_fds = 1;

	*ret_fd = -1;
	assert_true(hp_fd_poll(c->report, POLLIN, PATIENCE_MS, &err) > 0);
	return hp_fd_recv(c->report, ret, sizeof(*ret), ret_fd, &n_fds, &err) == sizeof(*ret);
}

static void knows_the_namespaces(void **state)
{
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;

	(void)state;
	assert_int_equal(hp_guest_launch_namespaces(&c), CLONE_NEWNS);
	c.pid_namespace = c.uts_namespace = true;
	assert_int_equal(hp_guest_launch_namespaces(&c),
			 CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS);
	c.ipc_namespace = true;
	/* That is made later, from inside of the cgroup. */
	c.cgroup_namespace = true;
	assert_int_equal(hp_guest_launch_namespaces(&c),
			 CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC);
}

static void executes(void **state)
{
	Hp__Guest__Int mask = HP__GUEST__INT__INIT;
	Hp__Guest__Int score = HP__GUEST__INT__INIT;
	struct hp_guest_report report;
	struct hp_guest_launch l = {0};
	Hp__Guest__Process p;
	AUTO_FREE char *out = NULL;
	struct launched c;
	char *args[3];
	int fd;

	(void)state;
	guest_script(
		&p,
		"umask; ulimit -n; cat /proc/self/oom_score_adj; ls /proc/self/fd | wc -l;"
		"ps -o sid= -p $$ | tr -d ' ' | grep -x $$ >/dev/null && echo leads; exit 5",
		args);
	mask.value = 027;
	score.value = 321;
	p.umask = &mask;
	p.oom_score_adj = &score;
	l.process = &p;
	launch(&l, &c);
	/* No report but its end: it has executed. */
	assert_false(hear(&c, &report, &fd));
	out = slurp(&c);
	assert_int_equal(end_of(&c), 5);
	/* ls has a descriptor of the directory it lists. */
	assert_string_equal(out, "0027\n1024\n321\n4\nleads\n");
}

static void expect_failure(const Hp__Guest__Process *p, enum hp_code code, const char *words)
{
	struct hp_guest_report report = {0};
	struct hp_guest_launch l = {.process = p};
	struct launched c;
	int fd;

	launch(&l, &c);
	assert_true(hear(&c, &report, &fd));
	assert_int_equal(fd, -1);
	assert_int_equal(report.said, HP_GUEST_SAID_FAILED);
	assert_int_equal(report.error.code, code);
	assert_string_equal(report.error.msg, words);
	assert_int_equal(end_of(&c), 1);
}

static void tells_why_it_cannot(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *script = scratch_file(dir, "script", "no program");
	AUTO_FREE char *words = hp_sprintf("exec %s: exec format error", script);
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	assert_int_equal(chmod(script, 0755), 0);
	guest_script(&p, "", args);
	args[0] = (char *)"/no/such";
	expect_failure(&p, HP_ENOTFOUND, "exec: \"/no/such\": no such file or directory");
	args[0] = script;
	expect_failure(&p, hp_code_from_errno(ENOEXEC), words);
	args[0] = (char *)"/bin/sh";
	p.cwd = (char *)"/no/such";
	expect_failure(&p, HP_ENOTFOUND,
		       "chdir to cwd (\"/no/such\") set in config.json failed: "
		       "no such file or directory");
}

static void has_a_terminal(void **state)
{
	struct hp_guest_report report = {0};
	struct hp_guest_launch l = {0};
	struct winsize size;
	Hp__Guest__Process p;
	struct launched c;
	char *args[3];
	char said[64];
	int master;
	int fd;

	(void)state;
	guest_script(&p, "test -t 0 -a -t 1 -a -t 2 && echo yes >/dev/tty; read x; exit 6",
		     args);
	p.terminal = true;
	p.width = 132;
	p.height = 43;
	l.process = &p;
	launch(&l, &c);
	assert_true(hear(&c, &report, &master));
	assert_int_equal(report.said, HP_GUEST_SAID_TERMINAL);
	assert_true(master >= 0);
	assert_int_equal(ioctl(master, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_col, 132);
	assert_int_equal(size.ws_row, 43);
	assert_false(hear(&c, &report, &fd));
	assert_int_equal(read(master, said, sizeof(said)), 5);
	assert_memory_equal(said, "yes\r\n", 5);
	assert_int_equal(write(master, "\n", 1), 1);
	assert_int_equal(end_of(&c), 6);
	close(master);
}

/* Who has asked is gone: nobody is told, and nothing is left. */
static void ends_when_nobody_listens(void **state)
{
	struct hp_guest_launch l = {0};
	Hp__Guest__Process p;
	struct launched c;
	char *args[3];
	int pair[2];

	(void)state;
	guest_script(&p, "", args);
	args[0] = (char *)"/no/such";
	l.process = &p;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	c.pid = fork();
	if (c.pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(pair[0]);
		l.report_fd = pair[1];
		l.fds[0] = l.fds[1] = l.fds[2] = open("/dev/null", O_RDWR | O_CLOEXEC);
		hp_guest_launch_run(&l);
	}
	close(pair[1]);
	c.report = pair[0];
	c.out = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(end_of(&c), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(knows_the_namespaces),     FDS_TEST(executes),
		FDS_TEST(tells_why_it_cannot),      FDS_TEST(has_a_terminal),
		FDS_TEST(ends_when_nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
