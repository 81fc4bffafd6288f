/* SPDX-License-Identifier: Apache-2.0 */
/* spec_seccomp.c - owns the process that makes a program of "linux.seccomp". */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "shim/spec_parts.h"

#define PROGRAM_MAX (4096 * 8) /* From: Linux BPF_MAXINSNS, of struct sock_filter each. */
#define LIMIT_MS    10000

struct hp_shim__seccomp {
	int fd; /* what the process says; -1: all was read */
	pid_t pid;
	struct hp_buf program;
	uint32_t flags;
};

/* What the process says first; the program follows. */
struct verdict {
	struct hp_error err;
	uint32_t flags;
};

static _Noreturn void run(const struct hp_json *v, int fd)
{
	struct verdict verdict = {.err = HP_ERROR_INIT};
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_buf program;

	hp_buf_init(&program, PROGRAM_MAX);
	/* It holds a copy of whatever the shim has open, and somebody may wait for its end. */
	if (dup2(fd, 3) >= 0)
		close_range(4, ~0u, 0);
	if (hp_shim__seccomp_compile(HP_SHIM_SECCOMP_LIBRARY, v, &program, &verdict.flags,
				     &verdict.err) < 0)
		hp_buf_free(&program);
	if (hp_fd_write_all(3, &verdict, sizeof(verdict), &ignored) < 0 ||
	    hp_fd_write_all(3, program.data, program.len, &ignored) < 0)
		_exit(1);
	_exit(0);
}

int hp_shim__seccomp_begin(const struct hp_json *seccomp, struct hp_shim__seccomp **ret,
			   struct hp_error *err)
{
	AUTO(hp_shim__seccomp_free) struct hp_shim__seccomp *s = hp_alloc(sizeof(*s));
	int fds[2];

	s->fd = -1;
	hp_buf_init(&s->program, PROGRAM_MAX);
	if (hp_pipe(fds, err) < 0)
		return hp_wrap(err, "linux.seccomp");
	s->fd = fds[0];
	s->pid = fork();
	if (s->pid == 0)
		run(seccomp, fds[1]);
	close(fds[1]);
	if (s->pid < 0)
		return hp_fail_errno(err, errno, "linux.seccomp: fork");
	*ret = TAKE(s);
	return 0;
}

static void reap(struct hp_shim__seccomp *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void hp_shim__seccomp_free(struct hp_shim__seccomp *s)
{
	if (!s)
		return;
	reap(s);
	hp_buf_free(&s->program);
	free(s);
}

/* All that the process writes; a pipe holds the whole of it, so that this waits for nothing else. */
static int read_verdict(struct hp_shim__seccomp *s, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf all;
	struct verdict verdict;
	int n = hp_fd_poll(s->fd, POLLIN, LIMIT_MS, err);

	hp_buf_init(&all, sizeof(verdict) + PROGRAM_MAX);
	if (n == 0)
		return hp_fail(err, HP_ETIMEOUT, "not compiled after %d ms", LIMIT_MS);
	if (n < 0 || hp_fd_read_all(s->fd, &all, err) < 0)
		return -1;
	if (all.len < sizeof(verdict))
		return hp_fail(err, HP_EINTERNAL, "the process that compiles it has died");
	memcpy(&verdict, all.data, sizeof(verdict));
	if (verdict.err.code != HP_OK) {
		*err = verdict.err;
		return -1;
	}
	s->flags = verdict.flags;
	return hp_buf_add(&s->program, all.data + sizeof(verdict), all.len - sizeof(verdict),
			  err);
}

int hp_shim__seccomp_take(struct hp_shim__seccomp *s, struct hp_bytes *ret_program,
			  uint32_t *ret_flags, struct hp_error *err)
{
	if (s->fd < 0 && s->program.len == 0)
		return hp_fail(err, HP_ESTATE, "linux.seccomp: it has failed before");
	if (s->fd >= 0) {
		int rc = read_verdict(s, err);

		reap(s);
		if (rc < 0)
			return hp_wrap(err, "linux.seccomp");
	}
	*ret_program = hp_buf_bytes(&s->program);
	*ret_flags = s->flags;
	return 0;
}
