/* SPDX-License-Identifier: Apache-2.0 */
/* qmp.c - send commands to a QEMU, and call back with its answers. */
#include "vm/qmp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/fd.h"

#define OUT_MAX (64 * 1024)
#define STEP    4096

struct call {
	struct call *next;
	uint64_t id;
	char *name;
	hp_qmp_done_fn done;
	void *data;
};

struct hp_qmp {
	struct hp_loop *loop;
	struct hp_watch watch;
	struct hp_timer failing; /* calls fail outside of hp_qmp_call() */
	int fd;
	struct hp_buf in;
	struct hp_buf out;
	struct call *calls; /* oldest first */
	uint64_t last_id;
	struct hp_error broken; /* why nothing more can be sent; code HP_OK: it can */
	hp_qmp_event_fn on_event;
	void *data;
	/* While callbacks run, which may free it, it stays. */
	bool busy;
	bool dead;
};

static void call_free(struct call *c)
{
	free(c->name);
	free(c);
}

static struct call *take_call(struct hp_qmp *q, uint64_t id)
{
	for (struct call **at = &q->calls; *at; at = &(*at)->next) {
		struct call *c = *at;

		if (c->id != id)
			continue;
		*at = c->next;
		return c;
	}
	return NULL;
}

static void end_call(struct call *take, const struct hp_json *value, const struct hp_error *why)
{
	const hp_qmp_done_fn done = take->done;
	void *data = take->data;

	call_free(take);
	if (done)
		done(data, value, why);
}

static void destroy(struct hp_qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	hp_buf_free(&q->in);
	hp_buf_free(&q->out);
	free(q);
}

/* After callbacks. Returns: whether it is still there. */
static bool settle(struct hp_qmp *q)
{
	const bool dead = q->dead;

	q->busy = false;
	if (dead)
		destroy(q);
	return !dead;
}

/* Fail what is under way, oldest first. */
static void fail_calls(void *data, uint32_t events)
{
	struct hp_qmp *q = data;

	(void)events;
	q->busy = true;
	while (q->calls) {
		struct call *c = q->calls;

		q->calls = c->next;
		end_call(c, NULL, &q->broken);
	}
	settle(q);
}

/* Nothing more comes or goes. */
static void break_off(struct hp_qmp *q, const struct hp_error *why)
{
	if (q->broken.code != HP_OK)
		return;
	q->broken = *why;
	hp_watch_stop(&q->watch);
	hp_timer_start(q->loop, &q->failing, 0, fail_calls, q);
}

/* As send(2), with what is queued, and a descriptor that is to go with its first byte. */
static ssize_t send_queue(struct hp_qmp *q, int pass_fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec iov = {.iov_base = q->out.data, .iov_len = q->out.len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (pass_fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		memcpy(CMSG_DATA(&control.header), &pass_fd, sizeof(pass_fd));
	}
	return sendmsg(q->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void flush(struct hp_qmp *q, int pass_fd)
{
	struct hp_error why = HP_ERROR_INIT;

	while (q->out.len > 0) {
		ssize_t n = send_queue(q, pass_fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			hp_fail_errno(&why, errno, "write to QEMU's monitor");
			why.code = HP_EUNAVAILABLE;
			break_off(q, &why);
			return;
		}
		pass_fd = -1;
		hp_buf_drop(&q->out, (size_t)n);
	}
	hp_watch_set(&q->watch, EPOLLIN | (q->out.len > 0 ? EPOLLOUT : 0));
}

static void take_message(struct hp_qmp *q, const struct hp_qmp_message *m)
{
	struct hp_error why = HP_ERROR_INIT;
	struct call *c;

	if (m->kind == HP_QMP_EVENT && q->on_event)
		q->on_event(q->data, m->name, m->body);
	if (m->kind != HP_QMP_RETURN && m->kind != HP_QMP_ERROR)
		return;
	c = take_call(q, m->id);
	if (!c)
		return;
	if (m->kind == HP_QMP_ERROR)
		hp_fail(&why, HP_EFAILED, "QEMU refuses %s: %s", c->name, m->text);
	end_call(c, m->body, m->kind == HP_QMP_ERROR ? &why : NULL);
}

/* Take the messages that are whole; @err is filled when what came is none. */
static void take_messages(struct hp_qmp *q, struct hp_error *err)
{
	ssize_t n;

	do {
		AUTO(hp_qmp_message_clear) struct hp_qmp_message m = {0};

		n = hp_qmp_next(hp_buf_bytes(&q->in), &m, err);
		if (n <= 0)
			return;
		hp_buf_drop(&q->in, (size_t)n);
		take_message(q, &m);
	} while (!q->dead);
}

/* Returns: bytes read, 0 when there are none now, -1. */
static ssize_t read_some(struct hp_qmp *q, struct hp_error *err)
{
	uint8_t *room = hp_buf_reserve(&q->in, STEP, err);
	ssize_t n;

	if (!room)
		return -1;
	n = recv(q->fd, room, STEP, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return hp_fail_errno(err, errno, "read from QEMU's monitor");
	if (n == 0)
		return hp_fail(err, HP_EUNAVAILABLE, "QEMU has closed its monitor");
	q->in.len += (size_t)n;
	return n;
}

static void on_ready(void *data, uint32_t events)
{
	struct hp_qmp *q = data;
	struct hp_error why = HP_ERROR_INIT;
	bool there = true;

	if (events & EPOLLOUT)
		flush(q, -1);
	if (q->broken.code != HP_OK || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	if (read_some(q, &why) > 0) {
		q->busy = true;
		take_messages(q, &why);
		there = settle(q);
	}
	if (there && why.code != HP_OK)
		break_off(q, &why);
}

int hp_qmp_new(struct hp_loop *l, int take_fd, hp_qmp_event_fn on_event, void *data,
	       struct hp_qmp **ret, struct hp_error *err)
{
	AUTO(hp_qmp_free) struct hp_qmp *q = hp_alloc(sizeof(*q));

	q->loop = l;
	q->fd = take_fd;
	q->on_event = on_event;
	q->data = data;
	hp_buf_init(&q->in, HP_QMP_LINE + STEP);
	hp_buf_init(&q->out, OUT_MAX);
	if (hp_watch_start(l, &q->watch, q->fd, EPOLLIN, on_ready, q, err) < 0)
		return hp_wrap(err, "QEMU's monitor");
	/* From: QEMU docs/interop/qmp-spec.txt, 4 "Capabilities Negotiation". */
	hp_qmp_call(q, "qmp_capabilities", NULL, NULL, NULL);
	*ret = TAKE(q);
	return 0;
}

void hp_qmp_free(struct hp_qmp *q)
{
	if (!q)
		return;
	while (q->calls) {
		struct call *c = q->calls;

		q->calls = c->next;
		call_free(c);
	}
	hp_watch_stop(&q->watch);
	hp_timer_stop(&q->failing);
	q->dead = true;
	if (!q->busy)
		destroy(q);
}

int hp_qmp_release(struct hp_qmp *take_q)
{
	const int fd = TAKE_FD(take_q->fd);

	/* Before it is forgotten: it names the descriptor. */
	hp_watch_stop(&take_q->watch);
	hp_qmp_free(take_q);
	return fd;
}

/* Queue a command. Returns: whether it can be sent. */
static bool queue_call(struct hp_qmp *q, const char *name, struct hp_json *take_arguments,
		       hp_qmp_done_fn done, void *data)
{
	AUTO(hp_json_free) struct hp_json *arguments = take_arguments;
	struct hp_error why = HP_ERROR_INIT;
	struct call *c = hp_alloc(sizeof(*c));
	struct call **end = &q->calls;

	*c = (struct call){
		.id = ++q->last_id,
		.name = hp_strdup(name),
		.done = done,
		.data = data,
	};
	while (*end)
		end = &(*end)->next;
	*end = c;
	if (q->broken.code != HP_OK)
		hp_timer_start(q->loop, &q->failing, 0, fail_calls, q);
	else if (hp_qmp_put(&q->out, name, arguments, c->id, &why) < 0)
		break_off(q, &why);
	return q->broken.code == HP_OK;
}

void hp_qmp_call(struct hp_qmp *q, const char *name, struct hp_json *take_arguments,
		 hp_qmp_done_fn done, void *data)
{
	if (queue_call(q, name, take_arguments, done, data))
		flush(q, -1);
}

void hp_qmp_pass(struct hp_qmp *q, const char *name, int fd, hp_qmp_done_fn done, void *data)
{
	struct hp_json *arguments = hp_json_object();
	struct hp_error why = HP_ERROR_INIT;
	const bool idle = q->out.len == 0;

	hp_json_set_str(arguments, "fdname", name);
	if (!queue_call(q, "getfd", arguments, done, data))
		return;
	if (idle)
		flush(q, fd);
	/* It goes with the first byte of its own command, or not at all. */
	if (q->out.len > 0 && q->broken.code == HP_OK) {
		hp_fail(&why, HP_EUNAVAILABLE, "QEMU does not read its monitor");
		break_off(q, &why);
	}
}
