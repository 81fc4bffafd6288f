/* SPDX-License-Identifier: Apache-2.0 */
/* boot.c - boot a machine until its guest answers, and write down what it is then. */
#include "vm/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fd.h"
#include "files/files.h"
#include "net/tap.h"
#include "net/ttrpc_client.h"
#include "vm/console.h"
#include "vm/rehearsal.h"

#define ATTEMPTS     3
#define BOOT_WAIT_MS 30000 /* of the first attempt; each next one has twice the time */
#define SAVE_WAIT_MS 30000
/* After the first answer the guest's kernel still has things to settle, and the mount of its files
 * to get its answer; what it does now, no clone has to. */
#define SETTLE_MS    300
#define ROUNDS       1  /* of the rehearsal */
#define QUIET_MS     20 /* for who serves the files to have answered what came last */
#define STATE_MAX    (64u << 20)
#define STEP         (64 * 1024)
#define PIPE_SIZE    (1024 * 1024)

struct boot {
	const struct hp_boot *wanted;
	struct hp_loop *loop;
	struct hp_vmm *vmm;
	struct hp_ttrpc_client *guest;
	struct hp_rehearsal rehearsal;
	pid_t files_pid; /* serves an empty directory; 0: none */
	int ports[HP_PORTS];
	int guests[HP_PORTS];
	int console_fds[2];
	int save_fds[2];
	int tap_fd;
	struct hp_watch console_watch;
	struct hp_watch save_watch;
	struct hp_timer timer;
	struct hp_console console;
	struct hp_template template;
	bool frozen; /* or being so */
	bool saved;
	bool state_in; /* to its end */
	struct hp_error why;
};

static void fail(struct boot *b, const struct hp_error *why)
{
	if (b->why.code == HP_OK)
		b->why = *why;
	hp_loop_stop(b->loop);
}

static void close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(TAKE_FD(fds[i]));
}

static void end_child(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void boot_clear(struct boot *b)
{
	hp_timer_stop(&b->timer);
	hp_watch_stop(&b->console_watch);
	hp_watch_stop(&b->save_watch);
	hp_ttrpc_client_free(TAKE(b->guest));
	if (b->vmm)
		end_child(hp_vmm_pid(b->vmm));
	hp_vmm_free(TAKE(b->vmm));
	end_child(b->files_pid);
	b->files_pid = 0;
	close_pair(b->console_fds);
	close_pair(b->save_fds);
	for (int i = 0; i < HP_PORTS; i++) {
		close_pair((int[]){b->ports[i], b->guests[i]});
		b->ports[i] = b->guests[i] = -1;
	}
	if (b->tap_fd >= 0)
		close(TAKE_FD(b->tap_fd));
	hp_template_clear(&b->template);
	hp_loop_free(TAKE(b->loop));
}
HP_AUTO_VALUE(struct boot, boot_clear);

static void on_late(void *data, uint32_t events)
{
	struct boot *b = data;
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	hp_fail(&why, HP_ETIMEOUT, "the guest does not %s",
		b->frozen ? "get written down" : "come up");
	fail(b, &why);
}

static void on_console(void *data, uint32_t events)
{
	struct boot *b = data;
	uint8_t bytes[4096];
	ssize_t n = recv(b->console_fds[0], bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)events;
	if (n > 0) {
		hp_console_add(&b->console, HP_BYTES(bytes, n));
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;

	/* It has ended. */
	struct hp_error why = HP_ERROR_INIT;
	char lines[256];
	hp_console_tell(&b->console, lines, sizeof(lines));
	hp_fail(&why, HP_EABORTED, "the machine has ended while it booted: %s%s%s",
		hp_vmm_words(b->vmm), lines[0] ? "; the last of its console: " : "", lines);
	hp_watch_stop(&b->console_watch);
	fail(b, &why);
}

/* Whether each request for files was answered, and each answer is in the machine's memory. What is
 * between here and there would be lost, and its clones would wait for it for ever. */
static bool is_quiet(const struct boot *b)
{
	int unread = 0;
	int unsent = 0;

	return ioctl(b->ports[HP_PORT_FILES], FIONREAD, &unread) == 0 && unread == 0 &&
	       ioctl(b->ports[HP_PORT_FILES], SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

static void on_frozen(void *data, uint32_t events)
{
	struct boot *b = data;
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	if (is_quiet(b)) {
		hp_loop_stop(b->loop);
		return;
	}
	hp_fail(&why, HP_ETIMEOUT, "the guest was asking for files while it was frozen");
	fail(b, &why);
}

static void finish_when_saved(struct boot *b)
{
	if (b->saved && b->state_in)
		hp_timer_start(b->loop, &b->timer, QUIET_MS, on_frozen, b);
}

static void on_saved(void *data, const struct hp_error *why)
{
	struct boot *b = data;

	if (why) {
		fail(b, why);
		return;
	}
	b->saved = true;
	/* Its own end is closed when it has written all; ours is what keeps the pipe open. */
	finish_when_saved(b);
}

/* Take the state as it comes. */
static void on_state(void *data, uint32_t events)
{
	struct boot *b = data;
	AUTO_FREE uint8_t *bytes = hp_alloc(STEP);
	struct hp_error why = HP_ERROR_INIT;
	ssize_t n = read(b->save_fds[0], bytes, STEP);

	(void)events;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		hp_fail_errno(&why, errno, "read the machine's state");
	else if (n > 0 && lseek(b->template.state_fd, 0, SEEK_CUR) + n > (off_t)STATE_MAX)
		hp_fail(&why, HP_EEXHAUSTED, "the machine's state has over %u MiB",
			STATE_MAX >> 20);
	else if (n > 0 && hp_fd_write_all(b->template.state_fd, bytes, (size_t)n, &why) == 0)
		return;
	if (why.code != HP_OK) {
		fail(b, &why);
		return;
	}
	b->state_in = true;
	hp_watch_stop(&b->save_watch);
	finish_when_saved(b);
}

static void freeze(void *data, uint32_t events)
{
	struct boot *b = data;
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	/* A guest that waits for the answer to its mount would wait in each clone. */
	if (waitpid(b->files_pid, NULL, WNOHANG) != 0) {
		b->files_pid = 0;
		hp_fail(&why, HP_EINTERNAL, "nothing serves files to the machine any more");
		fail(b, &why);
		return;
	}
	b->frozen = true;
	hp_timer_start(b->loop, &b->timer, SAVE_WAIT_MS, on_late, b);
	hp_vmm_save(b->vmm, on_saved, b);
	/* QEMU has a duplicate of its own, and the end of the state is the end of that. */
	close(TAKE_FD(b->save_fds[1]));
}

static void on_rehearsed(void *data, const struct hp_error *why)
{
	struct boot *b = data;

	/* It has ended: the end of the console tells more of it. */
	if (why && why->code == HP_EUNAVAILABLE)
		return;
	if (why)
		fail(b, why);
	else
		hp_timer_start(b->loop, &b->timer, SETTLE_MS, freeze, b);
}

/* In a child: answer for a directory with nothing in it, until the machine ends. */
static _Noreturn void serve_nothing(int port)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || dup2(port, STDERR_FILENO + 1) < 0 ||
	    close_range(STDERR_FILENO + 2, ~0u, 0) < 0)
		_exit(1);
	_exit(hp_files_serve(STDERR_FILENO + 1, NULL, 0, 1, &ignored) < 0);
}

static int open_ends(struct boot *b, struct hp_error *err)
{
	int pair[2];

	for (int i = 0; i <= HP_PORTS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return hp_fail_errno(err, errno, "make a socket pair");
		*(i < HP_PORTS ? &b->ports[i] : &b->console_fds[0]) = pair[0];
		*(i < HP_PORTS ? &b->guests[i] : &b->console_fds[1]) = pair[1];
	}
	if (hp_pipe(b->save_fds, err) < 0 || hp_fd_set_nonblock(b->save_fds[0], true, err) < 0)
		return -1;
	(void)fcntl(b->save_fds[1], F_SETPIPE_SZ, PIPE_SIZE);
	if (hp_template_new_file("harpoon-memory", b->wanted->shape.memory_bytes,
				 &b->template.memory_fd, err) < 0 ||
	    hp_template_new_file("harpoon-state", 0, &b->template.state_fd, err) < 0)
		return -1;
	return b->wanted->shape.net ? hp_tap_open_hidden(&b->tap_fd, err) : 0;
}

static int spawn(struct boot *b, struct hp_error *err)
{
	const struct hp_boot *w = b->wanted;
	AUTO_CLOSE int kernel_fd = open(w->images->vmlinux, O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int initrd_fd = open(w->images->initrd, O_RDONLY | O_CLOEXEC);
	struct hp_vmm_spawn s = {
		.id = "template",
		.config = w->config,
		.host = w->host,
		.shape = w->shape,
		.console_fd = b->console_fds[1],
		.tap_fd = b->tap_fd,
		.cgroup_fd = -1,
		.kernel_fd = kernel_fd,
		.initrd_fd = initrd_fd,
		.memory_fd = b->template.memory_fd,
		.save_fd = b->save_fds[1],
		.state_fd = -1,
	};

	if (kernel_fd < 0 || initrd_fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", w->images->dir);
	memcpy(s.ports, b->guests, sizeof(s.ports));
	if (hp_vmm_spawn(b->loop, &s, NULL, NULL, &b->vmm, err) < 0)
		return -1;
	/* So that its end shows. */
	close(TAKE_FD(b->console_fds[1]));
	for (int i = 0; i < HP_PORTS; i++)
		close(TAKE_FD(b->guests[i]));
	return 0;
}

static int begin(struct boot *b, struct hp_error *err)
{

	if (hp_loop_new(&b->loop, err) < 0 || open_ends(b, err) < 0 || spawn(b, err) < 0)
		return -1;
	b->files_pid = fork();
	if (b->files_pid < 0)
		return hp_fail_errno(err, errno, "fork");
	if (b->files_pid == 0)
		serve_nothing(b->ports[HP_PORT_FILES]);
	if (hp_watch_start(b->loop, &b->console_watch, b->console_fds[0], EPOLLIN, on_console,
			   b, err) < 0 ||
	    hp_watch_start(b->loop, &b->save_watch, b->save_fds[0], EPOLLIN, on_state, b, err) <
		    0 ||
	    hp_ttrpc_client_new(b->loop, TAKE_FD(b->ports[HP_PORT_CONTROL]), NULL, NULL,
				&b->guest, err) < 0)
		return -1;
	b->rehearsal = (struct hp_rehearsal){
		.guest = b->guest, .rounds = ROUNDS, .done = on_rehearsed, .data = b};
	hp_rehearse(&b->rehearsal);
	return 0;
}

static int boot_once(const struct hp_boot *w, int64_t wait_ms, struct hp_template *ret,
		     struct hp_error *err)
{
	AUTO(boot_clear)
	struct boot b = {
		.wanted = w,
		.ports = {-1, -1, -1},
		.guests = {-1, -1, -1},
		.console_fds = {-1, -1},
		.save_fds = {-1, -1},
		.tap_fd = -1,
		.template = HP_TEMPLATE_INIT,
	};

	if (begin(&b, err) < 0)
		return -1;
	hp_timer_start(b.loop, &b.timer, wait_ms, on_late, &b);
	if (hp_loop_run(b.loop, err) < 0)
		return -1;
	if (b.why.code != HP_OK) {
		*err = b.why;
		return -1;
	}
	*ret = b.template;
	b.template = (struct hp_template)HP_TEMPLATE_INIT;
	return 0;
}

int hp_boot_and_freeze(const struct hp_boot *b, struct hp_template *ret, struct hp_error *err)
{
	int64_t wait_ms = BOOT_WAIT_MS;

	for (int i = 1; boot_once(b, wait_ms, ret, err) < 0; i++) {
		if (err->code != HP_ETIMEOUT || i == ATTEMPTS)
			return hp_wrap(err, "boot a machine for a template");
		hp_error_clear(err);
		wait_ms *= 2;
	}
	return 0;
}
