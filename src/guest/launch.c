/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c - owns the way of a forked child to the exec of its program. */
#include "guest/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest/identity.h"
#include "guest/program.h"
#include "guest/root.h"
#include "guest/terminal.h"

/* Of open files, when the container asks for nothing else; what systemd gives to services. */
#define FILES_SOFT 1024

unsigned hp_guest_launch_namespaces(const Hp__Guest__Container *c)
{
	return CLONE_NEWNS | (c->pid_namespace ? CLONE_NEWPID : 0) |
	       (c->ipc_namespace ? CLONE_NEWIPC : 0) | (c->uts_namespace ? CLONE_NEWUTS : 0);
}

/* By the machine's /proc: the container's may be read-only, or missing. */
static int set_oom_score(const Hp__Guest__Process *p, struct hp_error *err)
{
	AUTO_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld",
			 p->oom_score_adj ? (long long)p->oom_score_adj->value : 0);

	if (fd < 0 || write(fd, text, (size_t)n) < 0)
		return hp_fail_errno(err, errno, "set oom_score_adj to %s", text);
	return 0;
}

/* A process begins with what the kernel gives to everybody, not with what init gave itself. */
static int reset(const Hp__Guest__Process *p, struct hp_error *err)
{
	struct rlimit files;
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return hp_fail_errno(err, errno, "unblock signals");
	umask(0);
	if (setsid() < 0)
		return hp_fail_errno(err, errno, "begin a session");
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return hp_fail_errno(err, errno, "look at the limit of files");
	files.rlim_cur = files.rlim_max < FILES_SOFT ? files.rlim_max : FILES_SOFT;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return hp_fail_errno(err, errno, "set the limit of files");
	return set_oom_score(p, err);
}

static int join(const struct hp_guest_launch *l, struct hp_error *err)
{
	int flags = (int)hp_guest_launch_namespaces(l->container) & ~CLONE_NEWPID;

	if (l->container->cgroup_namespace)
		flags |= CLONE_NEWCGROUP;
	if (syscall(SYS_setns, l->join_pidfd, flags) < 0)
		return hp_fail_errno(err, errno, "join the container");
	return 0;
}

static int go_inside(const struct hp_guest_launch *l, struct hp_error *err)
{
	if (!l->container)
		return 0;
	if (!l->is_init)
		return join(l, err);
	/* Now that it is in its cgroup, that is the root of the namespace. */
	if (l->container->cgroup_namespace && unshare(CLONE_NEWCGROUP) < 0)
		return hp_fail_errno(err, errno, "make a cgroup namespace");
	return hp_guest_root_enter(l->container, err);
}

static int take_streams(const struct hp_guest_launch *l, struct hp_error *err)
{
	for (int i = 0; i < 3; i++)
		if (dup2(l->fds[i], i) < 0)
			return hp_fail_errno(err, errno, "take stream %d", i);
	return 0;
}

static int take_terminal(const struct hp_guest_launch *l, struct hp_error *err)
{
	const struct hp_guest_report report = {.said = HP_GUEST_SAID_TERMINAL};
	struct hp_guest_terminal t = {.master_fd = -1, .slave_fd = -1};
	int rc = hp_guest_terminal_open(l->process->width, l->process->height, &t, err);

	if (rc == 0 && l->is_init)
		rc = hp_guest_root_console(t.path, err);
	if (rc == 0)
		rc = hp_guest_terminal_control(&t, err);
	if (rc == 0)
		rc = hp_fd_send(l->report_fd, &report, sizeof(report), &t.master_fd, 1, err);
	hp_guest_terminal_close(&t);
	return rc;
}

/* Nothing of the machine's init stays within reach: what is in the container could open the ports
 * by /proc as long as this process has them. */
static int let_go(struct hp_guest_launch *l, struct hp_error *err)
{
	if (l->report_fd != 3) {
		if (dup3(l->report_fd, 3, O_CLOEXEC) < 0)
			return hp_fail_errno(err, errno, "keep the report socket");
		l->report_fd = 3;
	}
	if (syscall(SYS_close_range, 4, ~0U, 0) < 0)
		return hp_fail_errno(err, errno, "close what is not the container's");
	return 0;
}

/* All up to the exec itself, in runc's order: what is forbidden by then can no longer be done. */
static int prepare(struct hp_guest_launch *l, struct hp_error *err)
{
	const Hp__Guest__Process *p = l->process;
	int rc = reset(p, err);

	if (rc == 0)
		rc = hp_guest_limits_set(p, err);
	if (rc == 0)
		rc = go_inside(l, err);
	if (rc == 0)
		rc = p->terminal ? take_terminal(l, err) : take_streams(l, err);
	if (rc == 0)
		rc = let_go(l, err);
	if (rc == 0 && l->is_init)
		rc = hp_guest_root_finish(l->container, err);
	if (rc == 0 && p->no_new_privileges)
		rc = hp_guest_no_new_privileges(err);
	umask(p->umask ? (mode_t)p->umask->value & 0777 : 0022);
	return rc;
}

static int filter(const struct hp_guest_launch *l, struct hp_error *err)
{
	const Hp__Guest__Container *c = l->container;

	if (!c)
		return 0;
	return hp_guest_seccomp_load(HP_BYTES(c->seccomp.data, c->seccomp.len),
				     c->seccomp_flags, err);
}

/* The parent closes its end when the container is not wanted any more. */
static int wait_for_start(const struct hp_guest_launch *l, struct hp_error *err)
{
	const struct hp_guest_report report = {.said = HP_GUEST_SAID_READY};
	char go;
	ssize_t n;

	if (hp_fd_send(l->report_fd, &report, sizeof(report), NULL, 0, err) < 0)
		return -1;
	do
		n = read(l->report_fd, &go, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : hp_fail(err, HP_ECANCELED, "not started");
}

static int become(const struct hp_guest_launch *l, struct hp_error *err)
{
	const Hp__Guest__Process *p = l->process;
	AUTO(hp_strv_free) struct hp_strv env = {0};
	AUTO(hp_strv_free) struct hp_strv args = {0};
	AUTO_FREE char *path = NULL;

	/* Without no_new_privs a filter needs a capability that the next step may drop; with it, it
	 * comes last, so that it need allow less. */
	if (!p->no_new_privileges && filter(l, err) < 0)
		return -1;
	if (hp_guest_identity_assume(p, err) < 0)
		return -1;
	hp_guest_program_env(p, &env);
	for (size_t i = 0; i < p->n_args; i++)
		hp_strv_add(&args, p->args[i]);
	if (hp_guest_program_find(p->args[0], hp_strv_view(&env), &path, err) < 0)
		return -1;
	if (l->is_init && wait_for_start(l, err) < 0)
		return -1;
	if (p->no_new_privileges && filter(l, err) < 0)
		return -1;
	execve(path, args.items, env.items);
	hp_fail(err, hp_code_from_errno(errno), "exec %s: %s", path,
		hp_guest_errno_text(errno));
	return -1;
}

_Noreturn void hp_guest_launch_run(const struct hp_guest_launch *launch)
{
	struct hp_guest_launch l = *launch;
	struct hp_guest_report report = {.said = HP_GUEST_SAID_FAILED};
	struct hp_error ignored = HP_ERROR_INIT;

	if (prepare(&l, &report.error) == 0)
		become(&l, &report.error);
	/* When the parent does not listen any more, nobody wants to know. */
	if (hp_fd_send(l.report_fd, &report, sizeof(report), NULL, 0, &ignored) < 0)
		_exit(2);
	_exit(1);
}
