/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - owns the start of programs and the wait for their end. */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/fd.h"

#define CLOSE_FALLBACK_MAX 65536
#define WATCH_MS           5
#define DETACH_STACK       (256 * 1024)
#define DEFAULT_PATH       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What the child tells through the pipe: its pid, or the step that failed. */
enum step {
	STEP_PID,
	STEP_FDS,
	STEP_CGROUP,
	STEP_CWD,
	STEP_SESSION,
	STEP_USER,
	STEP_PARENT,
	STEP_EXEC
};

struct report {
	int step;  /* enum step */
	int value; /* pid or errno */
};

/* A start under way. The child shares our memory until it has executed its program (vfork), so
 * it allocates nothing and writes to nothing but @sources and its own stack. */
struct start {
	const struct hp_child *c;
	int *sources; /* where fds[i] was put out of the way of the targets */
	int n_fds;    /* at least 3 */
	int report_fd;
	pid_t parent;
	char *stack; /* DETACH_STACK bytes for the grandchild; NULL without detach */
};

static _Noreturn void give_up(const struct start *s, enum step step)
{
	struct report r = {.step = step, .value = errno};

	/* When not even this works, the parent sees the pipe end without a pid. */
	if (write(s->report_fd, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/* Move everything that is to be kept above the targets, then onto them. */
static int place_fds(struct start *s)
{
	int fd = HP_SYS("fcntl", fcntl(s->report_fd, F_DUPFD_CLOEXEC, s->n_fds));

	if (fd < 0)
		return -1;
	s->report_fd = fd;
	for (int i = 0; i < s->n_fds; i++) {
		int from = (size_t)i < s->c->n_fds ? s->c->fds[i] : -1;
		int opened = from;

		if (from < 0)
			opened = HP_SYS("open", open("/dev/null", O_RDWR | O_CLOEXEC));
		if (opened < 0)
			return -1;
		s->sources[i] = HP_SYS("fcntl", fcntl(opened, F_DUPFD_CLOEXEC, s->n_fds));
		if (s->sources[i] < 0)
			return -1;
	}
	for (int i = 0; i < s->n_fds; i++)
		if (HP_SYS("dup2", dup2(s->sources[i], i)) < 0)
			return -1;
	return 0;
}

/* Close all but the targets and the report pipe. */
static int close_others(struct start *s)
{
	struct rlimit limit = {.rlim_cur = CLOSE_FALLBACK_MAX};

	if (s->report_fd != s->n_fds) {
		if (HP_SYS("dup3", dup3(s->report_fd, s->n_fds, O_CLOEXEC)) < 0)
			return -1;
		s->report_fd = s->n_fds;
	}
	if (HP_SYS("close_range", close_range((unsigned)s->n_fds + 1, ~0u, 0)) == 0)
		return 0;
	/* A sandbox may refuse the call as unknown; then one by one. */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = s->n_fds + 1; fd < CLOSE_FALLBACK_MAX && (rlim_t)fd < limit.rlim_cur;
	     fd++)
		close(fd);
	return 0;
}

void hp_child_reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int arm_parent_death(const struct start *s)
{
	if (!s->c->parent_death_signal)
		return 0;
	if (HP_SYS("prctl", prctl(PR_SET_PDEATHSIG, s->c->parent_death_signal)) < 0)
		return -1;
	/* It may have died before the line above. */
	errno = ESRCH;
	return getppid() == s->parent ? 0 : -1;
}

static int join_cgroup(const struct start *s)
{
	int fd;
	ssize_t n;

	if (!s->c->cgroup_fd)
		return 0;
	fd = HP_SYS("open", openat(*s->c->cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC));
	if (fd < 0)
		return -1;
	n = HP_SYS("write", write(fd, "0", 1));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* System calls and not the C library's functions of their names, which would have other threads
 * of the parent, whose memory this is, change too. */
static int become_user(const struct start *s)
{
	const struct hp_child_user *user = s->c->user;

	if (s->c->no_new_privs && HP_SYS("prctl", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) < 0)
		return -1;
	if (!user)
		return 0;
	if (HP_SYS("setgroups", (int)syscall(SYS_setgroups, 0, NULL)) < 0 ||
	    HP_SYS("setgid", (int)syscall(SYS_setresgid, user->gid, user->gid, user->gid)) < 0)
		return -1;
	return HP_SYS("setuid", (int)syscall(SYS_setresuid, user->uid, user->uid, user->uid));
}

/* Execute the program, looked for in PATH when its name has no slash. Not execvpe(3): that hands
 * what the kernel cannot execute to a shell. Returns: only on failure, with errno. */
static void execute(const char *path, char *const *argv, char *const *env)
{
	const char *dir = strchr(path, '/') ? "" : getenv("PATH");
	bool denied = false;
	char full[PATH_MAX];

	if (*path == '\0') {
		errno = ENOENT;
		return;
	}
	if (!dir)
		dir = DEFAULT_PATH;
	for (bool more = true; more;) {
		size_t len = strcspn(dir, ":");
		int n = snprintf(full, sizeof(full), "%.*s%s%s", (int)len, dir, len ? "/" : "",
				 path);

		more = dir[len] == ':';
		dir += len + 1;
		errno = ENAMETOOLONG;
		if (n < 0 || (size_t)n >= sizeof(full))
			continue;
		if (HP_SYS("exec", execve(full, argv, env)) < 0 && errno == EACCES)
			denied = true;
		else if (errno != ENOENT && errno != ENOTDIR)
			return;
	}
	/* As execvp(3) says: found but not executable, if it was not found anywhere else. */
	if (denied)
		errno = EACCES;
}

/* Become the program. */
static _Noreturn void run(struct start *s)
{
	struct report r = {.step = STEP_PID, .value = getpid()};
	char *const *argv = (char *const *)(uintptr_t)s->c->argv;
	char *const *env = s->c->env ? (char *const *)(uintptr_t)s->c->env : environ;

	hp_child_reset_signals();
	/* Before its directory is closed. */
	if (join_cgroup(s) < 0)
		give_up(s, STEP_CGROUP);
	if (place_fds(s) < 0 || close_others(s) < 0)
		give_up(s, STEP_FDS);
	if ((s->c->detach || s->c->new_session) && HP_SYS("setsid", setsid()) < 0)
		give_up(s, STEP_SESSION);
	if (s->c->cwd && HP_SYS("chdir", chdir(s->c->cwd)) < 0)
		give_up(s, STEP_CWD);
	if (become_user(s) < 0)
		give_up(s, STEP_USER);
	/* After that, for another user's signal is forgotten. */
	if (arm_parent_death(s) < 0)
		give_up(s, STEP_PARENT);
	if (HP_SYS("write", write(s->report_fd, &r, sizeof(r))) < 0)
		give_up(s, STEP_FDS);
	execute(s->c->path, argv, env);
	give_up(s, STEP_EXEC);
}

/* AddressSanitizer, which does not know this stack, would complain of leaving it. */
static __attribute__((no_sanitize("address"))) int run_detached(void *arg)
{
	run(arg);
}

/* In the child: with detach, leave the program to a child of its own, which init adopts. That one
 * is made by clone(2) with a stack of its own, as a second vfork() inside of the first would
 * overwrite what AddressSanitizer remembers to return from the first. */
static _Noreturn void run_or_detach(struct start *s)
{
	pid_t pid;

	if (!s->c->detach)
		run(s);
	pid = HP_SYS("fork", clone(run_detached, s->stack + DETACH_STACK,
				   CLONE_VM | CLONE_VFORK | SIGCHLD, s));
	if (pid < 0)
		give_up(s, STEP_SESSION);
	_exit(0);
}

/* vfork() costs the same however big we are, where fork() copies page tables. The frame that
 * calls it must stay until the child is gone, so this does nothing else. */
static __attribute__((noinline)) pid_t spawn(struct start *s)
{
	pid_t pid = HP_SYS("fork", vfork());

	if (pid == 0)
		run_or_detach(s);
	return pid;
}

/* No handler of ours may run in the child, on memory that is ours. */
static pid_t spawn_masked(struct start *s)
{
	sigset_t all;
	sigset_t saved;
	int sys;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	pid = spawn(s);
	sys = errno;
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	errno = sys;
	return pid;
}

static int fail_start(const struct hp_child *c, const struct report *r, struct hp_error *err)
{
	static const char *const doing[] = {
		[STEP_PID] = "report",
		[STEP_FDS] = "set up its descriptors",
		[STEP_CGROUP] = "join its cgroup",
		[STEP_SESSION] = "detach",
		[STEP_USER] = "become its user",
		[STEP_PARENT] = "tie it to its parent",
	};

	if (r->step == STEP_CWD)
		return hp_fail_errno(err, r->value, "start '%s': change to '%s'", c->path,
				     c->cwd);
	if (r->step != STEP_EXEC)
		return hp_fail_errno(err, r->value, "start '%s': %s", c->path, doing[r->step]);
	hp_fail_errno(err, r->value, "start '%s'", c->path);
	if (r->value == ENOENT || r->value == ENOTDIR)
		err->code = HP_ENOCMD;
	else if (err->code != HP_EEXHAUSTED)
		err->code = HP_ENOEXEC;
	return -1;
}

/* Read reports until the program runs, which closes the pipe, or has failed to. */
static int read_reports(const struct hp_child *c, int fd, pid_t *ret_pid, struct hp_error *err)
{
	struct report r;
	pid_t pid = 0;
	ssize_t n;

	for (;;) {
		do
			n = HP_SYS("read", read(fd, &r, sizeof(r)));
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return hp_fail_errno(err, errno, "start '%s': hear from it", c->path);
		if (n == 0)
			break;
		if (r.step != STEP_PID)
			return fail_start(c, &r, err);
		pid = r.value;
	}
	if (pid == 0)
		return hp_fail(err, HP_EINTERNAL, "start '%s': it ended before it began",
			       c->path);
	*ret_pid = pid;
	return 0;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int hp_child_start(const struct hp_child *c, pid_t *ret_pid, struct hp_error *err)
{
	AUTO_FREE int *sources = hp_alloc_array(c->n_fds + 3, sizeof(*sources));
	AUTO_FREE char *stack = c->detach ? hp_alloc(DETACH_STACK) : NULL;
	AUTO_CLOSE int read_fd = -1;
	struct start s = {.c = c, .sources = sources, .parent = getpid(), .stack = stack};
	int fds[2];
	pid_t pid;
	int sys;
	int rc;

	s.n_fds = c->n_fds > 3 ? (int)c->n_fds : 3;
	if (hp_pipe(fds, err) < 0)
		return hp_wrap(err, "start '%s'", c->path);
	read_fd = fds[0];
	s.report_fd = fds[1];
	pid = spawn_masked(&s);
	sys = errno;
	/* Not s.report_fd: the child, sharing it, moved its own. */
	close(fds[1]);
	if (pid < 0)
		return hp_fail_errno(err, sys, "start '%s': fork", c->path);

	rc = read_reports(c, read_fd, ret_pid, err);
	if (rc < 0 && !c->detach)
		kill(pid, SIGKILL);
	if (rc < 0 || c->detach)
		reap(pid);
	return rc;
}

/* Without pidfds, look again and again. Returns: as wait_exit(). */
static int watch_exit(pid_t pid, int64_t timeout_ms, struct hp_error *err)
{
	int64_t deadline = hp_deadline_in(timeout_ms);

	for (;;) {
		siginfo_t info = {0};

		if (HP_SYS("waitid",
			   waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT)) < 0)
			return hp_fail_errno(err, errno, "wait for process %d", (int)pid);
		if (info.si_pid == pid)
			return 1;
		if (hp_deadline_left_ms(deadline) == 0)
			return 0;
		hp_clock_sleep_ms(WATCH_MS);
	}
}

/* Wait until process @pid can be reaped. Returns: positive when it can, 0 when the time is over,
 * -1. */
static int wait_exit(pid_t pid, int64_t timeout_ms, struct hp_error *err)
{
	AUTO_CLOSE int fd = (int)HP_SYS("pidfd_open", syscall(SYS_pidfd_open, pid, 0));

	/* A sandbox may refuse the call as unknown, one way or another. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return watch_exit(pid, timeout_ms, err);
	if (fd < 0)
		return hp_fail_errno(err, errno, "wait for process %d", (int)pid);
	return hp_fd_poll(fd, POLLIN, timeout_ms, err);
}

int hp_child_wait(pid_t pid, int64_t timeout_ms, int *ret_status, struct hp_error *err)
{
	int status;
	pid_t rc;

	if (timeout_ms > 0) {
		int n = wait_exit(pid, timeout_ms, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return hp_fail(err, HP_ETIMEOUT, "process %d still runs after %lld ms",
				       (int)pid, (long long)timeout_ms);
	}
	do
		rc = HP_SYS("wait", waitpid(pid, &status, 0));
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return hp_fail_errno(err, errno, "wait for process %d", (int)pid);
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}
