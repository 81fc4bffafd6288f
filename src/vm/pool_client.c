/* SPDX-License-Identifier: Apache-2.0 */
/* pool_client.c - ask the pool, and start it when it does not run. */
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fd.h"
#include "vm/pool_wire.h"
#include "vm/program.h"

#define RETRY_MS    5
#define RESTART_MS  1000 /* one that was just about to end keeps a new one from starting */
#define PATIENCE_MS 20000
/* Longer than a boot of the machine that a template is made of, and a queue of such. */
#define ANSWER_MS   600000

struct hp_pool_client {
	struct hp_loop *loop;
	const struct hp_vm_config *config;
	struct hp_pool_request request;
	hp_pool_done_fn done;
	void *data;
	struct hp_watch watch;
	struct hp_timer timer;
	int fd; /* -1: not connected */
	int64_t deadline;
	int64_t restart_at;
	struct hp_error why; /* of a failure that is told later */
};

void hp_pool_client_free(struct hp_pool_client *p)
{
	if (!p)
		return;
	hp_watch_stop(&p->watch);
	hp_timer_stop(&p->timer);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static void tell_failure(void *data, uint32_t events)
{
	struct hp_pool_client *p = data;
	const struct hp_error why = p->why;

	(void)events;
	p->done(p->data, NULL, &why);
}

static void fail_later(struct hp_pool_client *p)
{
	hp_watch_stop(&p->watch);
	hp_timer_start(p->loop, &p->timer, 0, tell_failure, p);
}

static int start_pool(struct hp_error *err)
{
	AUTO_FREE char *beside = hp_vm_own_program("harpoon", "cmd");
	const char *program = beside ? beside : "harpoon";
	const char *const argv[] = {program, "vm", "pool", "--idle", "10m", NULL};
	const struct hp_child child = {
		.path = program, .argv = argv, .cwd = "/", .detach = true};
	pid_t pid;

	if (hp_child_start(&child, &pid, err) == 0)
		return 0;
	if (err->code == HP_ENOCMD)
		err->code = HP_ENOTFOUND;
	return hp_wrap(err,
		       "the program 'harpoon', which makes and keeps templates of machines, "
		       "is neither beside this one nor in PATH");
}

static void try_connect(void *data, uint32_t events);

/* It has gone away, or is not there yet: come again, and start one now and then. */
static void come_again(struct hp_pool_client *p)
{
	const int64_t now = hp_clock_ms();

	hp_watch_stop(&p->watch);
	if (p->fd >= 0)
		close(TAKE_FD(p->fd));
	if (now >= p->deadline) {
		hp_fail(&p->why, HP_ETIMEOUT,
			"the pool of templates does not start: try "
			"'harpoon vm pool', which says why");
		fail_later(p);
		return;
	}
	if (now >= p->restart_at && start_pool(&p->why) < 0) {
		fail_later(p);
		return;
	}
	if (now >= p->restart_at)
		p->restart_at = now + RESTART_MS;
	hp_timer_start(p->loop, &p->timer, RETRY_MS, try_connect, p);
}

/* Read the answer that has come. Returns: 1, 0 when the pool has gone instead, -1. */
static int read_answer(int fd, struct hp_pool_answer *ret, struct hp_error *err)
{
	char line[HP_POOL_LINE];
	int fds[HP_POOL_FDS];
	size_t n_fds = HP_POOL_FDS;
	struct hp_error gone = HP_ERROR_INIT;
	ssize_t n = hp_fd_recv(fd, line, sizeof(line), fds, &n_fds, &gone);

	if (n <= 0)
		return 0;
	return hp_pool__answer_read(HP_BYTES(line, n), fds, n_fds, ret, err) < 0 ? -1 : 1;
}

static void on_answer(void *data, uint32_t events)
{
	struct hp_pool_client *p = data;
	AUTO(hp_pool_answer_clear) struct hp_pool_answer answer = HP_POOL_ANSWER_INIT;
	struct hp_error why = HP_ERROR_INIT;
	int rc = read_answer(p->fd, &answer, &why);

	(void)events;
	if (rc == 0) {
		come_again(p);
		return;
	}
	hp_watch_stop(&p->watch);
	hp_timer_stop(&p->timer);
	p->done(p->data, rc < 0 ? NULL : &answer, rc < 0 ? &why : NULL);
}

static void on_late(void *data, uint32_t events)
{
	struct hp_pool_client *p = data;

	(void)events;
	hp_fail(&p->why, HP_ETIMEOUT, "the pool of templates does not answer");
	tell_failure(p, 0);
}

static int send_request(struct hp_pool_client *p, struct hp_error *err)
{
	AUTO_FREE char *text = hp_pool__request_text(&p->request);

	if (hp_fd_send(p->fd, text, strlen(text), NULL, 0, err) < 0)
		return -1;
	return hp_watch_start(p->loop, &p->watch, p->fd, EPOLLIN, on_answer, p, err);
}

static void try_connect(void *data, uint32_t events)
{
	struct hp_pool_client *p = data;
	AUTO_FREE char *address = hp_pool_address(p->config);
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	if (hp_unix_connect(address, &p->fd, &why) == 0 && send_request(p, &why) == 0)
		hp_timer_start(p->loop, &p->timer, ANSWER_MS, on_late, p);
	else
		come_again(p);
}

int hp_pool_try(const struct hp_vm_config *c, const struct hp_pool_request *request,
		int64_t wait_ms, struct hp_pool_answer *ret, struct hp_error *err)
{
	AUTO_FREE char *address = hp_pool_address(c);
	AUTO_FREE char *text = hp_pool__request_text(request);
	struct hp_error gone = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;

	if (hp_unix_connect(address, &fd, &gone) < 0 ||
	    hp_fd_send(fd, text, strlen(text), NULL, 0, &gone) < 0 ||
	    hp_fd_poll(fd, POLLIN, wait_ms, &gone) <= 0)
		return 0;
	return read_answer(fd, ret, err);
}

struct hp_pool_client *hp_pool_ask(struct hp_loop *l, const struct hp_vm_config *c,
				   const struct hp_pool_request *request, hp_pool_done_fn done,
				   void *data)
{
	struct hp_pool_client *p = hp_alloc(sizeof(*p));

	*p = (struct hp_pool_client){
		.loop = l,
		.config = c,
		.request = *request,
		.done = done,
		.data = data,
		.fd = -1,
		.deadline = hp_clock_ms() + PATIENCE_MS,
	};
	try_connect(p, 0);
	return p;
}
