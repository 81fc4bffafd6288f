/* SPDX-License-Identifier: Apache-2.0 */
/* waiter.c - the wait for the end of a container.
 *
 * CRI can only be asked again and again. Where the container's init can be watched by its descriptor,
 * its end says when; else a timer does. GetContainerEvents is no way: containerd 1.7 hands each event
 * to one listener only, and that must be kubelet. From: containerd issue 7318. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/cri/cri.h"

/* How often the runtime is asked: for as long as the init lives and can be watched, that it cannot, and
 * once it has ended. */
#define WATCHED_MS 5000
#define BLIND_MS   100
#define ENDED_MS   10
/* So long a runtime that went away is waited for. */
#define AWAY_MS    30000

struct waiter {
	struct hp_waiter base;
	struct cri *c;
	char *id;
	int epoll_fd;
	int timer_fd;
	int pidfd;          /* -1: it cannot be watched, or has ended */
	int64_t give_up_at; /* 0: the runtime is there */
	bool asked;         /* once at least, so that what has ended already is told at once */
};

static struct waiter *waiter_of(const struct hp_waiter *w)
{
	return container_of(w, struct waiter, base);
}

static int waiter_fd(const struct hp_waiter *w)
{
	return waiter_of(w)->epoll_fd;
}

static void arm(struct waiter *self, int ms)
{
	const struct itimerspec when = {
		.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L},
		.it_interval = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L},
	};

	timerfd_settime(self->timer_fd, 0, &when, NULL);
}

/* Whether it is time to ask. */
static bool due(struct waiter *self)
{
	struct pollfd gone = {.fd = self->pidfd, .events = POLLIN};
	uint64_t ticks;
	bool now = read(self->timer_fd, &ticks, sizeof(ticks)) > 0 || !self->asked;

	if (self->pidfd >= 0 && poll(&gone, 1, 0) > 0) {
		close(TAKE_FD(self->pidfd));
		arm(self, ENDED_MS);
		now = true;
	}
	self->asked = true;
	return now;
}

/* Its containers go on while a runtime is restarted. */
static int away(struct waiter *self, struct hp_error *err)
{
	if (!self->give_up_at)
		self->give_up_at = hp_deadline_in(AWAY_MS);
	if (hp_deadline_left_ms(self->give_up_at) == 0)
		return -1;
	hp_error_clear(err);
	arm(self, BLIND_MS);
	return HP_NEXT_WAIT;
}

static int waiter_next(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	struct waiter *self = waiter_of(w);
	AUTO_REPLY Hp__CriContainerStatusResponse *reply = NULL;

	if (!due(self))
		return HP_NEXT_WAIT;
	if (hp_cri__status(self->c, self->id, false, &reply, err) < 0)
		return err->code == HP_EUNAVAILABLE ? away(self, err) : -1;
	self->give_up_at = 0;
	if (reply->status->state != HP__CRI_CONTAINER_STATE__CRI_EXITED)
		return HP_NEXT_WAIT;
	*ret = (struct hp_exit){
		.code = reply->status->exit_code,
		.oom = hp_str_eq(reply->status->reason, "OOMKilled"),
		.exited_ns = reply->status->finished_at,
	};
	/* It has the answer for whoever asks once more. */
	self->asked = false;
	return HP_NEXT_ITEM;
}

static void waiter_free(struct hp_waiter *w)
{
	struct waiter *self = waiter_of(w);

	hp_close_auto(&self->epoll_fd);
	hp_close_auto(&self->timer_fd);
	hp_close_auto(&self->pidfd);
	free(self->id);
	free(self);
}

static const struct hp_waiter_ops waiter_ops = {
	.fd = waiter_fd,
	.next = waiter_next,
	.free = waiter_free,
};

static int watch(struct waiter *self, int fd, struct hp_error *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (fd < 0 || epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return hp_fail_errno(err, errno, "watch for the end of '%s'", self->id);
	return 0;
}

static int open_watches(struct waiter *self, pid_t pid, struct hp_error *err)
{
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	self->pidfd = hp_cri__pidfd(self->id, pid);
	if (watch(self, self->timer_fd, err) < 0 ||
	    (self->pidfd >= 0 && watch(self, self->pidfd, err) < 0))
		return -1;
	arm(self, self->pidfd >= 0 ? WATCHED_MS : BLIND_MS);
	return 0;
}

int hp_cri__waiter_new(struct cri *c, const char *id, struct hp_waiter **ret,
		       struct hp_error *err)
{
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__status(c, id, true, &status, err) < 0)
		return -1;
	if (hp_cri__never_ran(status->status))
		return hp_fail(err, HP_ESTATE, "container '%s' was never started", id);
	struct waiter *self = hp_alloc(sizeof(*self));
	self->base.ops = &waiter_ops;
	self->c = c;
	self->id = hp_strdup(id);
	self->epoll_fd = self->timer_fd = self->pidfd = -1;
	if (open_watches(self, hp_cri__pid(status), err) < 0) {
		waiter_free(&self->base);
		return -1;
	}
	*ret = &self->base;
	return 0;
}

int hp_cri__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		   struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};

	if (hp_cri__find(c, ref, &found, err) < 0)
		return -1;
	return hp_cri__waiter_new(c, found.container->id, ret, err);
}
