/* SPDX-License-Identifier: Apache-2.0 */
/* stress_start.c - starts the process of a fault: it is known, written down and put where it belongs
 * before it may do anything, and it ends with whoever has started it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"
#include "chaos/stress.h"

enum { FAILED = 126, FIRST_FREE_FD = 3 };

/* Out of the container's and the host's sight: a session and a directory of its own, no
 * descriptors but /dev/null. */
static int settle(int go_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || setsid() < 0 || chdir("/") < 0)
		return -1;
	for (int fd = 0; fd < FIRST_FREE_FD; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	if (dup3(go_fd, FIRST_FREE_FD, O_CLOEXEC) < 0 && errno != EINVAL)
		return -1;
	return close_range(FIRST_FREE_FD + 1, ~0u, 0);
}

static _Noreturn void run(const struct hp_stress_start *s, int go_fd, pid_t parent)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(FAILED);
	prctl(PR_SET_NAME, "harpoon-stress");
	hp_child_reset_signals();
	/* A byte means that we are where we belong; the end, that whoever puts us there has died. */
	if (settle(go_fd) < 0 || read(FIRST_FREE_FD, &byte, 1) != 1)
		_exit(FAILED);
	if (!s->argv)
		_exit(hp_stress_work(s->own, s->memory_bytes));
	execv(s->argv[0], (char *const *)(uintptr_t)s->argv);
	_exit(FAILED);
}

int hp_stress_start(struct hp_stress_start *s, pid_t *ret_pid, struct hp_error *err)
{
	const pid_t parent = getpid();
	int fds[2];
	pid_t pid;

	if (hp_pipe(fds, err) < 0)
		return hp_wrap(err, "start the stress");
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		run(s, fds[0], parent);
	}
	if (pid < 0) {
		hp_fail_errno(err, errno, "start the stress: fork");
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	close(fds[0]);
	s->go_fd = fds[1];
	*ret_pid = pid;
	return 0;
}

int hp_stress_go(struct hp_stress_start *s, pid_t pid, struct hp_error *err)
{
	AUTO_CLOSE int fd = s->go_fd;

	s->go_fd = -1;
	if (write(fd, "g", 1) != 1)
		return hp_fail_errno(err, errno, "let the stress, process %d, begin", (int)pid);
	return 0;
}
