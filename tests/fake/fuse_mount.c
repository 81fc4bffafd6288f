/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_mount.c - mount a file server's shares on this host. */
#include "fake/fuse_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "wire/fuse.h"

/* How long the server and the pump may take to end. */
#define END_MS 10000

struct pump {
	int dev_fd;
	int port;
};

/* Requests, one a read. */
static void *pump_requests(void *arg)
{
	const struct pump *p = arg;
	AUTO_FREE uint8_t *message = hp_alloc(HP_FUSE_MESSAGE_MAX);
	struct hp_error err = HP_ERROR_INIT;
	ssize_t n;

	for (;;) {
		n = read(p->dev_fd, message, HP_FUSE_MESSAGE_MAX);
		if (n < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		/* ENODEV: it was unmounted. */
		if (n <= 0 || hp_fd_write_all(p->port, message, (size_t)n, &err) < 0)
			break;
	}
	shutdown(p->port, SHUT_WR);
	return NULL;
}

static bool receive_all(int fd, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, to, len, MSG_WAITALL);

		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

/* Answers, one a write. That nobody waits for one any more, ENOENT, is no failure. */
static void pump_answers(const struct pump *p)
{
	AUTO_FREE uint8_t *message = hp_alloc(HP_FUSE_MESSAGE_MAX);
	struct fuse_out_header head;

	while (receive_all(p->port, message, sizeof(head))) {
		memcpy(&head, message, sizeof(head));
		if (head.len < sizeof(head) || head.len > HP_FUSE_MESSAGE_MAX ||
		    !receive_all(p->port, message + sizeof(head), head.len - sizeof(head)))
			_exit(2);
		if (write(p->dev_fd, message, head.len) < 0 && errno != ENOENT)
			fprintf(stderr, "pump: answer %d of %u bytes: %s\n", head.error,
				head.len, strerror(errno));
	}
}

static int run_pump(int dev_fd, int port)
{
	struct pump p = {.dev_fd = dev_fd, .port = port};
	pthread_t requests;

	if (pthread_create(&requests, NULL, pump_requests, &p) != 0)
		return 1;
	pump_answers(&p);
	pthread_join(requests, NULL);
	return 0;
}

static int run_server(int port, const struct hp_files_share *shares, size_t n)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_files_serve(port, shares, n, 0, &err) == 0)
		return 0;
	fprintf(stderr, "server: %s\n", err.msg);
	return 1;
}

/* Fork. In the child: what is passed in @keep_fd stays open, and @close_fd does not. */
static pid_t fork_with(int close_fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(close_fd);
	}
	return pid;
}

static int mount_at(const char *at, int dev_fd, struct hp_error *err)
{
	AUTO_FREE char *options = hp_sprintf(
		"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
		dev_fd);

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		return hp_fail_errno(err, errno, "make a mount namespace");
	if (mount("harpoon", at, "fuse", 0, options) < 0)
		return hp_fail_errno(err, errno, "mount FUSE at '%s'", at);
	return 0;
}

int fuse_mount_start(const char *at, const struct hp_files_share *shares, size_t n,
		     struct fuse_mount *ret, struct hp_error *err)
{
	AUTO_CLOSE int dev_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int pump_end = -1;
	AUTO_CLOSE int server_end = -1;
	int ends[2];

	if (dev_fd < 0)
		return hp_fail_errno(err, errno, "open /dev/fuse");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return hp_fail_errno(err, errno, "make a socket pair");
	pump_end = ends[0];
	server_end = ends[1];
	/* The server is made first: what it has open cannot keep the mount busy. */
	ret->server = fork_with(pump_end);
	if (ret->server == 0) {
		close(dev_fd);
		_exit(run_server(server_end, shares, n));
	}
	if (mount_at(at, dev_fd, err) < 0)
		return -1;
	ret->pump = fork_with(server_end);
	if (ret->pump == 0)
		_exit(run_pump(dev_fd, pump_end));
	ret->at = at;
	return 0;
}

static int wait_for(pid_t pid, const char *what, struct hp_error *err)
{
	int status = -1;

	for (int i = 0; i < END_MS / 10; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return 0;
		if (got == pid)
			return hp_fail(err, HP_ESTATE, "the %s ended with status %#x", what,
				       (unsigned)status);
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return hp_fail(err, HP_ESTATE, "the %s did not end", what);
}

int fuse_mount_stop(struct fuse_mount *m, struct hp_error *err)
{
	struct hp_error second = HP_ERROR_INIT;
	int rc;

	if (umount(m->at) < 0 && umount2(m->at, MNT_DETACH) < 0)
		return hp_fail_errno(err, errno, "unmount '%s'", m->at);
	rc = wait_for(m->pump, "pump", err);
	return wait_for(m->server, "server", rc < 0 ? &second : err) < 0 ? -1 : rc;
}
