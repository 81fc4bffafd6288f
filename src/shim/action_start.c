/* SPDX-License-Identifier: Apache-2.0 */
/* action_start.c - owns `start`, on which containerd waits: everything that can be done later is
 * done by the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "shim/action.h"
#include "shim/bootstrap.h"
#include "shim/daemon.h"
#include "shim/record.h"
#include "shim/socket.h"

#define LISTEN_FD    3
#define GO_FD        4
#define OOM_FILE     "/proc/self/oom_score_adj"
#define OOM_ADJ_MAX  1000
#define FD_MAX       65536
#define TTRPC_SUFFIX ".ttrpc"

static int read_bootstrap(const struct hp_shim_args *args, struct hp_shim_bootstrap *ret,
			  struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf in;

	hp_buf_init(&in, HP_SHIM_BOOTSTRAP_MAX);
	/* At a terminal nobody types protobuf. */
	if (!isatty(STDIN_FILENO) && hp_fd_read_all(STDIN_FILENO, &in, err) < 0)
		return hp_wrap(err, "read standard input");
	return hp_shim_bootstrap_read(hp_buf_bytes(&in), args->id, args->ns, ret, err);
}

/* Where events go: as the environment says, or what the protocol says, or containerd's default
 * beside its other socket. Owns: the caller. */
static char *ttrpc_address(const struct hp_shim_args *args, const struct hp_shim_bootstrap *b)
{
	const char *env = getenv("TTRPC_ADDRESS");

	if (!hp_str_empty(env))
		return hp_strdup(env);
	if (*b->ttrpc_address)
		return hp_strdup(b->ttrpc_address);
	return *args->address ? hp_sprintf("%s" TTRPC_SUFFIX, args->address) : hp_strdup("");
}

/* The kernel shall rather take a shim than containerd. From: containerd pkg/shim/util_linux.go,
 * AdjustOOMScore(). */
static void adjust_oom_score(void)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = -1;
	long adj;

	if (hp_file_read(OOM_FILE, 64, &buf, &ignored) < 0)
		return;
	text = hp_buf_take_str(&buf);
	adj = strtol(text, NULL, 10) + 1;
	fd = open(OOM_FILE, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		dprintf(fd, "%ld", adj > OOM_ADJ_MAX ? OOM_ADJ_MAX : adj);
}

/* Keep nothing of what containerd had open: it waits until the last copy of its pipe is closed. */
static int leave_behind(int listen_fd, int go_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int listening = fcntl(listen_fd, F_DUPFD_CLOEXEC, GO_FD + 1);
	int go = fcntl(go_fd, F_DUPFD_CLOEXEC, GO_FD + 1);

	if (null < 0 || listening < 0 || go < 0)
		return -1;
	for (int fd = 0; fd < LISTEN_FD; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	if (dup3(listening, LISTEN_FD, O_CLOEXEC) < 0 || dup3(go, GO_FD, O_CLOEXEC) < 0)
		return -1;
	if (close_range(GO_FD + 1, ~0u, 0) == 0)
		return 0;
	for (int fd = GO_FD + 1; fd < FD_MAX; fd++)
		close(fd);
	return 0;
}

/* Has `start` written down that this process is there? Otherwise it was killed, and nobody will
 * ever know. */
static bool may_go(void)
{
	ssize_t n;
	char go;

	do
		n = read(GO_FD, &go, sizeof(go));
	while (n < 0 && errno == EINTR);
	close(GO_FD);
	return n == 1;
}

static _Noreturn void be_daemon(struct hp_shim_daemon_spec *spec, int go_fd)
{
	struct hp_error err = HP_ERROR_INIT;

	/* First of all: who has started us takes the end of our outputs for the end of `start`. */
	setsid();
	if (leave_behind(spec->listen_fd, go_fd) < 0)
		_exit(1);
	spec->listen_fd = LISTEN_FD;
	adjust_oom_score();
	if (!may_go()) {
		unlink(spec->socket);
		_exit(1);
	}
	_exit(hp_shim_daemon_run(spec, &err) < 0 ? 1 : 0);
}

/* Another shim of the same container is there already when this one was asked for twice. */
static int listen_or_join(const char *socket, int *ret_fd, struct hp_error *err)
{
	struct hp_error none = HP_ERROR_INIT;
	AUTO_CLOSE int other = -1;

	*ret_fd = -1;
	if (hp_shim_socket_listen(socket, ret_fd, err) == 0)
		return 0;
	if (err->code != HP_EEXISTS || hp_unix_connect(socket, &other, &none) < 0)
		return -1;
	hp_error_clear(err);
	return 0;
}

static int print_address(const char *address, struct hp_error *err)
{
	if (hp_file_write("address", address, strlen(address), 0644, err) < 0)
		return -1;
	return hp_fd_write_all(STDOUT_FILENO, address, strlen(address), err);
}

/* Write down that the daemon @pid is there, for `delete`, which may be next; then let it go. */
static int let_go(const struct hp_shim_daemon_spec *d, pid_t pid, int go_fd,
		  struct hp_error *err)
{
	const struct hp_shim_record r = {.id = (char *)(uintptr_t)d->id,
					 .ns = (char *)(uintptr_t)d->ns,
					 .socket = (char *)(uintptr_t)d->socket,
					 .shim = hp_shim_pid_of(pid),
					 .hooks_done = true};

	if (hp_shim_record_write(d->bundle, &r, err) < 0)
		return -1;
	return hp_fd_write_all(go_fd, "g", 1, err);
}

/* The daemon takes these when it is ready to, and must not die of them before. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int leave_daemon(struct hp_shim_daemon_spec *d, struct hp_error *err)
{
	AUTO_CLOSE int ours = -1;
	int go[2];
	pid_t pid;

	block_signals();
	if (hp_pipe(go, err) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		be_daemon(d, go[0]);
	}
	close(go[0]);
	ours = go[1];
	if (pid < 0)
		return hp_fail_errno(err, errno, "make a process");
	return let_go(d, pid, ours, err);
}

int hp_shim_action_start(const struct hp_shim_args *args, int64_t executed_ns,
			 struct hp_error *err)
{
	AUTO(hp_shim_bootstrap_clear) struct hp_shim_bootstrap b = {0};
	AUTO_FREE char *socket = NULL;
	AUTO_FREE char *bundle = NULL;
	AUTO_FREE char *address = NULL;
	AUTO_FREE char *ttrpc = NULL;
	AUTO_CLOSE int fd = -1;

	if (read_bootstrap(args, &b, err) < 0 || hp_path_absolute(".", &bundle, err) < 0)
		return -1;
	if (hp_shim_socket_path(*b.socket_dir ? b.socket_dir : HP_SHIM_SOCKET_ROOT,
				args->address, args->ns, args->id, &socket, err) < 0)
		return -1;
	if (*b.config_path && setenv("HARPOON_VM_CONFIG", b.config_path, 1) < 0)
		return hp_fail_errno(err, errno, "set the environment");
	ttrpc = ttrpc_address(args, &b);
	address = hp_sprintf("unix://%s", socket);
	if (listen_or_join(socket, &fd, err) < 0)
		return -1;

	struct hp_shim_daemon_spec d = {.id = args->id,
					.ns = args->ns,
					.bundle = bundle,
					.socket = socket,
					.listen_fd = fd,
					.ttrpc_address = ttrpc,
					.debug = args->debug,
					.executed_ns = executed_ns};
	if (fd >= 0 && leave_daemon(&d, err) < 0)
		return -1;
	return print_address(address, err);
}
