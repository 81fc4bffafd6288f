/* SPDX-License-Identifier: Apache-2.0 */
/* waiter.c - the wait for the end of a process, which survives a restart of the daemon. */
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

#include "metrics.pb-c.h"

/* How often and how long a daemon that went away is asked again. */
#define RETRY_MS     100
#define RETRY_FOR_MS 30000

/* A wait lasts long, so it has a connection of its own: its descriptor then is readable for its
 * answer only, and not for answers to calls that nobody has taken yet. */
/* From: containerd/ttrpc errors.go, ErrClosed, which the daemon passes on. */
#define SHIM_ENDED "ttrpc: closed"

struct waiter {
	struct hp_waiter base;
	struct containerd *c;
	struct hp_grpc *grpc;
	char *id;
	char *exec_id;
	struct hp_rpc rpc;
	int timer_fd;       /* armed while the daemon is away, else -1 */
	int64_t give_up_at; /* deadline while it is away */
};

static struct waiter *waiter_of(const struct hp_waiter *w)
{
	return container_of(w, struct waiter, base);
}

static int waiter_fd(const struct hp_waiter *w)
{
	const struct waiter *self = waiter_of(w);

	return self->timer_fd >= 0 ? self->timer_fd : hp_grpc_fd(self->grpc);
}

static int begin(struct waiter *self, struct hp_error *err)
{
	Hp__WaitRequest request = HP__WAIT_REQUEST__INIT;
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};

	request.container_id = self->id;
	request.exec_id = self->exec_id ? self->exec_id : "";
	if (hp_rpc_begin(HP_RPC_TO(self->grpc, HP_SVC_TASKS "Wait", 0),
			 &hp__wait_response__descriptor, &rpc, err) < 0 ||
	    hp_rpc_send(&rpc, &request.base, true, err) < 0)
		return -1;
	self->rpc = rpc;
	rpc = (struct hp_rpc){0};
	return 0;
}

/* The daemon is away: look again a little later, as its containers go on without it. */
static int arm_retry(struct waiter *self, struct hp_error *err)
{
	struct itimerspec each = {.it_interval.tv_nsec = RETRY_MS * 1000000L,
				  .it_value.tv_nsec = RETRY_MS * 1000000L};

	hp_rpc_end(&self->rpc);
	if (self->timer_fd < 0) {
		self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		self->give_up_at = hp_deadline_in(RETRY_FOR_MS);
	} else if (hp_deadline_left_ms(self->give_up_at) == 0) {
		return -1; /* err says why it could not be reached */
	}
	if (self->timer_fd < 0 || timerfd_settime(self->timer_fd, 0, &each, NULL) < 0)
		return -1;
	hp_error_clear(err);
	return HP_NEXT_WAIT;
}

static int retry(struct waiter *self, struct hp_error *err)
{
	uint64_t expirations;

	if (read(self->timer_fd, &expirations, sizeof(expirations)) < 0)
		return HP_NEXT_WAIT;
	if (begin(self, err) < 0)
		return err->code == HP_EUNAVAILABLE ? arm_retry(self, err) : -1;
	close(TAKE_FD(self->timer_fd));
	return 0;
}

static int waiter_next(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	struct waiter *self = waiter_of(w);
	AUTO_REPLY Hp__WaitResponse *reply = NULL;
	int got;

	if (self->timer_fd >= 0) {
		got = retry(self, err);
		if (got != 0)
			return got;
	}
	got = hp_rpc_next(&self->rpc, &reply, err);
	if (got < 0 && err->code == HP_EUNAVAILABLE)
		return arm_retry(self, err);
	if (got < 0 && strstr(err->msg, SHIM_ENDED)) {
		hp_error_clear(err);
		return hp_fail(err, HP_EABORTED,
			       "the shim of '%s' was killed, which ends all its processes",
			       self->id);
	}
	if (got == HP_NEXT_END)
		return hp_fail(err, HP_EPROTO, "wait for '%s': no answer came", self->id);
	if (got != HP_NEXT_ITEM)
		return got;
	*ret = (struct hp_exit){
		.code = (int)reply->exit_status,
		.oom = !self->exec_id &&
		       hp_containerd__oom_killed(self->c, self->id, (int)reply->exit_status),
		.exited_ns = hp_containerd__time(reply->exited_at),
	};
	return HP_NEXT_ITEM;
}

static void waiter_free(struct hp_waiter *w)
{
	struct waiter *self = waiter_of(w);

	hp_rpc_end(&self->rpc);
	hp_grpc_free(self->grpc);
	hp_close_auto(&self->timer_fd);
	free(self->id);
	free(self->exec_id);
	free(self);
}

static const struct hp_waiter_ops waiter_ops = {
	.fd = waiter_fd,
	.next = waiter_next,
	.free = waiter_free,
};

int hp_containerd__waiter_new(struct containerd *c, const char *id, const char *exec_id,
			      struct hp_waiter **ret_waiter, struct hp_error *err)
{
	struct waiter *self = hp_alloc(sizeof(*self));

	self->base.ops = &waiter_ops;
	self->c = c;
	self->grpc = hp_containerd__connect(c->base.address, c->base.ns);
	self->id = hp_strdup(id);
	self->exec_id = hp_strdup(exec_id);
	self->timer_fd = -1;
	if (begin(self, err) < 0) {
		waiter_free(&self->base);
		return hp_wrap(err, "wait for '%s'", id);
	}
	*ret_waiter = &self->base;
	return 0;
}

int hp_containerd__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret_waiter,
			  struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;

	if (hp_containerd__find(c, ref, &found, err) < 0)
		return -1;
	if (hp_containerd__task(c, found->container->id, &task, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
		return hp_fail(err, HP_ESTATE, "container '%s' was never started", ref);
	}
	return hp_containerd__waiter_new(c, found->container->id, NULL, ret_waiter, err);
}
