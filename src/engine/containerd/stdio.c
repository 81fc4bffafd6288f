/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c - the directories and FIFOs of a container, and its keeper. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"
#include "keeper/keeper.h"

#define KEEPER         "harpoon-keeper"
/* A keeper is ready in about a millisecond; a loaded machine may take far longer. */
#define KEEPER_WAIT_MS 10000

char *hp_containerd__state_dir(const struct containerd *c, const char *id)
{
	return hp_sprintf("%s/%s/%s", c->state_root, c->base.ns, id);
}

char *hp_containerd__data_dir(const struct containerd *c, const char *id)
{
	return hp_sprintf("%s/containers/%s/%s", c->data_root, c->base.ns, id);
}

char *hp_containerd__volume_dir(const struct containerd *c, const char *name)
{
	return hp_sprintf("%s/volumes/%s/%s", c->data_root, c->base.ns, name);
}

void hp_containerd__stdio_clear(struct hp_stdio_plan *p)
{
	free(p->dir);
	free(p->in);
	free(p->out);
	free(p->err_);
	*p = (struct hp_stdio_plan){0};
}

/* Old FIFOs may still hold bytes of an earlier run, so they are made anew each time. */
static int make_fifo(const char *dir, const char *name, bool wanted, char **ret_path,
		     struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, name);

	if (unlink(path) < 0 && errno != ENOENT)
		return hp_fail_errno(err, errno, "replace '%s'", path);
	if (wanted && mkfifo(path, 0600) < 0)
		return hp_fail_errno(err, errno, "make the FIFO '%s'", path);
	*ret_path = wanted ? TAKE(path) : hp_strdup("");
	return 0;
}

int hp_containerd__stdio_make(const char *dir, bool with_stdin, bool tty,
			      struct hp_stdio_plan *ret, struct hp_error *err)
{
	AUTO(hp_containerd__stdio_clear) struct hp_stdio_plan p = {.tty = tty};

	if (hp_mkdirs(dir, 0700, err) < 0 ||
	    make_fifo(dir, "stdin", with_stdin, &p.in, err) < 0 ||
	    make_fifo(dir, "stdout", true, &p.out, err) < 0 ||
	    make_fifo(dir, "stderr", !tty, &p.err_, err) < 0)
		return -1;
	p.dir = hp_strdup(dir);
	*ret = p;
	p = (struct hp_stdio_plan){0};
	return 0;
}

/* Beside the running program (a build tree, a private copy), in its libexec, or installed. */
static char *keeper_path(const struct containerd *c)
{
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	AUTO_FREE char *dir = NULL;
	char *found;

	if (c->libexec_dir)
		return hp_path_join(c->libexec_dir, KEEPER);
	if (len > 0) {
		exe[len] = '\0';
		dir = hp_path_dir(exe);
		for (size_t i = 0; i < 2; i++) {
			found = hp_path_join(dir, i ? "../keeper/" KEEPER : KEEPER);
			if (access(found, X_OK) == 0)
				return found;
			free(found);
		}
	}
	return hp_path_join(HP_LIBEXECDIR, KEEPER);
}

/* Read what the keeper says of itself: "1", or why it cannot work. */
static int await_ready(int ready_fd, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	int events = hp_fd_poll(ready_fd, POLLIN, KEEPER_WAIT_MS, err);

	if (events < 0)
		return -1;
	if (events == 0)
		return hp_fail(err, HP_ETIMEOUT, "not ready after %d s", KEEPER_WAIT_MS / 1000);
	hp_buf_init(&text, 400);
	if (hp_fd_read_all(ready_fd, &text, err) < 0)
		return -1;
	if (text.len == 1 && text.data[0] == '1')
		return 0;
	return hp_fail(err, HP_EFAILED, "%.*s",
		       text.len ? (int)text.len : (int)strlen("it ended at once"),
		       text.len ? (const char *)text.data : "it ended at once");
}

int hp_containerd__keeper_start(const struct containerd *c, const struct hp_stdio_plan *p,
				const char *log, pid_t *ret_pid, struct hp_error *err)
{
	AUTO_FREE char *path = keeper_path(c);
	const char *argv[12] = {KEEPER, "--dir", p->dir};
	size_t n = 3;
	int pipe_fds[2];
	AUTO_CLOSE int read_end = -1;
	AUTO_CLOSE int write_end = -1;

	if (log) {
		argv[n++] = "--log";
		argv[n++] = log;
	}
	if (p->tty)
		argv[n++] = "--tty";
	/* Whoever writes has the FIFOs open already, or will never have. */
	if (p->running) {
		argv[n++] = "--wait-ms";
		argv[n++] = "1";
	}
	if (hp_pipe(pipe_fds, err) < 0)
		return -1;
	read_end = pipe_fds[0];
	write_end = pipe_fds[1];

	struct hp_child child = {
		.path = path,
		.argv = argv,
		.fds = (const int[]){-1, -1, -1, write_end},
		.n_fds = 4,
		.cwd = "/",
		.detach = true,
	};

	if (hp_child_start(&child, ret_pid, err) < 0)
		return -1;
	close(TAKE_FD(write_end));
	if (await_ready(read_end, err) < 0)
		return hp_wrap(err, "start '%s' for '%s'", path, p->dir);
	return 0;
}

static int keeper_send(const struct hp_stdio_plan *p, const int fds[2], struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(p->dir, HP_KEEPER_SOCKET);
	AUTO_CLOSE int sock = -1;
	char ask = HP_KEEPER_ATTACH;
	char answer = 0;
	size_t n_fds = 0;
	int events;
	ssize_t got;

	if (hp_unix_connect(path, &sock, err) < 0 || hp_fd_send(sock, &ask, 1, fds, 2, err) < 0)
		return -1;
	events = hp_fd_poll(sock, POLLIN, KEEPER_WAIT_MS, err);
	if (events < 0)
		return -1;
	if (events == 0)
		return hp_fail(err, HP_ETIMEOUT, "the keeper at '%s' does not answer", path);
	got = hp_fd_recv(sock, &answer, 1, NULL, &n_fds, err);
	if (got < 0)
		return -1;
	if (got != 1 || answer != HP_KEEPER_OK)
		return hp_fail(err, HP_EUNAVAILABLE, "the keeper at '%s' has ended", path);
	return 0;
}

bool hp_containerd__keeper_waits(const char *dir)
{
	AUTO_FREE char *path = hp_path_join(dir, HP_KEEPER_SOCKET);

	return access(path, F_OK) == 0;
}

void hp_containerd__keeper_end(const char *dir)
{
	AUTO_FREE char *path = hp_path_join(dir, HP_KEEPER_SOCKET);
	AUTO_CLOSE int sock = -1;
	struct hp_error ignored = HP_ERROR_INIT;
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	if (hp_unix_connect(path, &sock, &ignored) < 0)
		return;
	/* From: unix(7), SO_PEERCRED: of whoever called listen(2). */
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 1 &&
	    kill(peer.pid, SIGTERM) == 0 &&
	    hp_fd_poll(sock, POLLIN, KEEPER_WAIT_MS, &ignored) < 0)
		hp_error_clear(&ignored);
}

int hp_containerd__keeper_attach(const struct hp_stdio_plan *p, int *ret_out_fd,
				 int *ret_err_fd, struct hp_error *err)
{
	int out[2], errs[2];

	if (hp_pipe(out, err) < 0)
		return -1;

	AUTO_CLOSE int out_read = out[0];
	AUTO_CLOSE int out_write = out[1];

	if (hp_pipe(errs, err) < 0)
		return -1;

	AUTO_CLOSE int err_read = errs[0];
	AUTO_CLOSE int err_write = errs[1];
	const int ends[2] = {out_write, err_write};

	if (keeper_send(p, ends, err) < 0)
		return -1;
	*ret_out_fd = TAKE_FD(out_read);
	*ret_err_fd = p->tty ? -1 : TAKE_FD(err_read);
	return 0;
}

int hp_containerd__stdin_open(const struct hp_stdio_plan *p, int64_t deadline, int *ret_fd,
			      struct hp_error *err)
{
	/* From: fifo(7): with O_NONBLOCK, ENXIO tells that nobody has it open for reading. A shim
	 * may open it a little later than it answers. */
	for (;;) {
		int fd = open(p->in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0 && errno != ENXIO)
			return hp_fail_errno(err, errno, "open '%s'", p->in);
		if (fd >= 0 || hp_deadline_left_ms(deadline) == 0) {
			*ret_fd = fd;
			return 0;
		}
		hp_clock_sleep_ms(1);
	}
}

/* Who is told that stdin has ended. */
struct close_target {
	struct containerd *c;
	char *id;
	char *exec_id;
};

static int target_close(void *arg, struct hp_error *err)
{
	const struct close_target *t = arg;

	return hp_containerd__close_stdin(t->c, t->id, t->exec_id, err);
}

static void target_free(void *arg)
{
	struct close_target *t = arg;

	free(t->id);
	free(t->exec_id);
	free(t);
}

struct hp_stream *hp_containerd__stream_new(struct containerd *c, const char *id,
					    const char *exec_id, const int take_fds[3])
{
	struct close_target *t = hp_alloc(sizeof(*t));

	*t = (struct close_target){
		.c = c,
		.id = hp_strdup(id),
		.exec_id = hp_strdup(exec_id),
	};
	return hp_stream_from_fds(take_fds[0], take_fds[1], take_fds[2],
				  &(struct hp_stdin_closer){.close = target_close,
							    .free = target_free,
							    .arg = t});
}
