/* SPDX-License-Identifier: Apache-2.0 */
/* kill.c - owns Kill. The guest delivers signals; when it does not get to deliver SIGKILL to init,
 * the machine is killed instead. */
#include <signal.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "guest.pb-c.h"
#include "shim/shim.h"

#define SIGNAL_MS 5000
#define GRACE_MS  2000 /* for the guest to kill init, before its machine is killed */
#define SIGNALS   64   /* From: signal(7), the last real-time signal */

static void send_signal(struct hp_shim_process *p, const Hp__Shim__KillRequest *r,
			hp_ttrpc_done_fn done, void *data)
{
	Hp__Guest__SignalRequest request = HP__GUEST__SIGNAL_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};

	request.number = p->number;
	request.signal = r->signal;
	request.all = r->all;
	packed = hp_shim_pack(&request.base);
	hp_shim_guest_call(hp_shim_box_guest(p->shim->box), "Signal", packed.bytes, SIGNAL_MS,
			   done, data);
}

/* A Kill under way. */
struct sent {
	struct hp_shim *shim;
	uint32_t number;
	struct hp_shim_pending *call;
};

static int refuse_finished(struct hp_error *err)
{
	return hp_fail(err, HP_ENOTFOUND, "process already finished");
}

static void on_sent(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	AUTO_FREE struct sent *sent = data;
	const struct hp_shim_process *p = hp_shim_by_number(sent->shim, sent->number);
	struct hp_error finished = HP_ERROR_INIT;

	(void)payload;
	if (!why) {
		hp_shim_pending_done(sent->call);
		return;
	}
	/* It may have ended before the signal came to it, and its machine with it. */
	if (!p || p->exited) {
		(void)refuse_finished(&finished);
		why = &finished;
	}
	hp_shim_pending_refuse(sent->call, why);
}

static void on_grace(void *data, uint32_t events)
{
	struct hp_shim_process *p = data;

	(void)events;
	hp_shim_log(p->shim->log, HP_LOG_WARN,
		    "the guest has not killed init in %d ms: its machine is killed", GRACE_MS);
	hp_shim_box_kill(p->shim->box);
}

static void on_resumed(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	if (!why)
		s->pace = HP_SHIM_GOES;
}

/* Kill of init by SIGKILL ends in the end of init, whatever the guest does. It is answered when
 * that has begun. */
static void kill_init(struct hp_shim_process *p, const Hp__Shim__KillRequest *r,
		      struct hp_ttrpc_call *call)
{
	struct hp_shim *s = p->shim;

	if (p->kill) {
		hp_shim_done(call); /* the one that is under way does it */
		return;
	}
	p->kill = hp_shim_pending_new(call);
	hp_timer_start(s->loop, &p->grace, GRACE_MS, on_grace, p);
	send_signal(p, r, NULL, NULL);
	/* A process that stands still cannot die. Its machine is killed when it cannot be resumed
	 * either. */
	if (s->pace == HP_SHIM_PAUSED)
		hp_shim_box_resume(s->box, on_resumed, s);
}

static int check(const struct hp_shim_process *p, const Hp__Shim__KillRequest *r,
		 struct hp_error *err)
{
	const struct hp_shim *s = p->shim;

	if (r->signal > SIGNALS)
		return hp_fail(err, HP_EINVALID, "there is no signal %u", r->signal);
	if (p->exited)
		return refuse_finished(err);
	if (p != s->first && p->stage == HP_SHIM_CREATED)
		return hp_fail(err, HP_ESTATE, "process '%s' was not started", p->exec_id);
	if (s->box_why.code != HP_OK)
		return hp_fail(err, HP_ENOTFOUND, "process already finished: %s",
			       s->box_why.msg);
	return 0;
}

void hp_shim_on_kill(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request)
{
	const Hp__Shim__KillRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p;
	struct sent *sent;

	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0 || check(p, r, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	if (p == s->first && r->signal == SIGKILL) {
		kill_init(p, r, call);
		return;
	}
	/* While the machine stands still a signal waits for it, as it does in a frozen cgroup. */
	if (s->pace != HP_SHIM_GOES) {
		send_signal(p, r, NULL, NULL);
		hp_shim_done(call);
		return;
	}
	sent = hp_alloc(sizeof(*sent));
	*sent = (struct sent){
		.shim = s, .number = p->number, .call = hp_shim_pending_new(call)};
	send_signal(p, r, on_sent, sent);
}
