/* SPDX-License-Identifier: Apache-2.0 */
/* service.c - owns what each method of the guest does. */
#include "guest/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "guest/answer.h"
#include "guest/klog.h"
#include "guest/metrics.h"
#include "guest/network.h"
#include "guest/news.h"
#include "guest/process.h"
#include "guest/request.h"
#include "guest/setup.h"
#include "guest/terminal.h"

#define SERVICE "harpoon.guest.v1.Guest"
#define VERSION 1

/* A method. Returns: 0 when the call was answered or will be, *call is NULL then; -1 to refuse it. The
 * request may be taken. */
typedef int (*method_fn)(struct hp_guest *g, ProtobufCMessage **request,
			 struct hp_ttrpc_call **call, struct hp_error *err);

static void answer_hello(struct hp_ttrpc_call **call)
{
	Hp__Guest__HelloResponse response = HP__GUEST__HELLO_RESPONSE__INIT;
	struct utsname name = {0};

	/* It fails for a bad address only. */
	(void)uname(&name);
	response.version = VERSION;
	response.kernel = name.release;
	response.uptime_ms = (uint64_t)hp_clock_ms();
	hp_guest_answer(call, &response.base);
}

static void on_settling_gone(void *data, uint32_t events)
{
	struct hp_guest *g = data;

	(void)events;
	g->settling = NULL;
}

static int say_hello(struct hp_guest *g, ProtobufCMessage **request,
		     struct hp_ttrpc_call **call, struct hp_error *err)
{
	const Hp__Guest__HelloRequest *r = (const Hp__Guest__HelloRequest *)*request;

	if (!r->settled || g->files_fd < 0) {
		answer_hello(call);
		return 0;
	}
	if (g->settling)
		return hp_fail(err, HP_ESTATE, "another waits already until all is settled");
	g->settling = TAKE(*call);
	hp_ttrpc_call_on_gone(g->settling, on_settling_gone, g);
	return 0;
}

void hp_guest_service_settled(struct hp_guest *g)
{
	answer_hello(&g->settling);
}

static int set_up(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		  struct hp_error *err)
{
	const Hp__Guest__SetupRequest *r = (const Hp__Guest__SetupRequest *)*request;
	Hp__Guest__SetupResponse response = HP__GUEST__SETUP_RESPONSE__INIT;

	if (hp_guest_setup(r, err) < 0)
		return -1;
	if (r->network && hp_guest_network_set(&g->devices, r->network, err) < 0)
		return hp_wrap(err, "network");
	hp_guest_answer(call, &response.base);
	return 0;
}

static int create(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		  struct hp_error *err)
{
	Hp__Guest__CreateRequest *r = (Hp__Guest__CreateRequest *)*request;
	const Hp__Guest__Container *c = r->container;

	if (g->stage != HP_GUEST_EMPTY)
		return hp_fail(err, HP_ESTATE, "this machine has a container already");
	if (c->resources && g->cgroup.fd < 0)
		hp_log(HP_LOG_WARN, "guest", "no limits are set: there is no cgroup here");
	else if (c->resources && hp_guest_cgroup_limit(&g->cgroup, c->resources, err) < 0)
		return -1;
	g->request = r;
	if (hp_guest_process_start(g, 0, c->process, *call, err) < 0) {
		g->request = NULL;
		return -1;
	}
	*request = NULL;
	*call = NULL;
	g->stage = HP_GUEST_CREATING;
	return 0;
}

static int start(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		 struct hp_error *err)
{
	struct hp_guest_process *init = hp_guest_process_find(g, 0);

	(void)request;
	if (g->stage != HP_GUEST_CREATED || !init)
		return hp_fail(err, HP_ESTATE, "there is no container to be started");
	if (hp_guest_process_release(init, *call, err) < 0)
		return -1;
	*call = NULL;
	return 0;
}

static int exec(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		struct hp_error *err)
{
	const Hp__Guest__ExecRequest *r = (const Hp__Guest__ExecRequest *)*request;

	if (!r->process->outside && g->stage != HP_GUEST_RUNNING)
		return hp_fail(err, HP_ESTATE, "the container does not run");
	if (hp_guest_process_start(g, r->number, r->process, *call, err) < 0)
		return -1;
	*call = NULL;
	return 0;
}

/* What ends a program that does nothing about it. From: signal(7), "Standard signals". */
static bool is_deadly(int sig)
{
	return sig != SIGCHLD && sig != SIGCONT && sig != SIGURG && sig != SIGWINCH &&
	       sig != SIGSTOP && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU;
}

static void signal_all(struct hp_guest *g, int sig)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_guest_cgroup_signal(&g->cgroup, sig, &ignored) < 0 || g->cgroup.fd < 0)
		for (struct hp_guest_process *p = g->processes; p; p = p->next)
			if (p->pid && !p->outside)
				kill(p->pid, sig);
}

static int send_signal(struct hp_guest *g, ProtobufCMessage **request,
		       struct hp_ttrpc_call **call, struct hp_error *err)
{
	const Hp__Guest__SignalRequest *r = (const Hp__Guest__SignalRequest *)*request;
	Hp__Guest__SignalResponse response = HP__GUEST__SIGNAL_RESPONSE__INIT;
	struct hp_guest_process *p = hp_guest_process_find(g, r->number);
	int sig = (int)r->signal;

	if (!p)
		return hp_fail(err, HP_ENOTFOUND, "process already finished");
	/* What waits to be init has no handlers, and the kernel keeps all but SIGKILL from it. */
	if (p->number == 0 && g->stage == HP_GUEST_CREATED && is_deadly(sig))
		sig = SIGKILL;
	if (r->all)
		signal_all(g, sig);
	else if (kill(p->pid, sig) < 0)
		return hp_fail_errno(err, errno, "signal %d to process %u", sig, p->number);
	hp_guest_answer(call, &response.base);
	return 0;
}

static int resize(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		  struct hp_error *err)
{
	const Hp__Guest__ResizeRequest *r = (const Hp__Guest__ResizeRequest *)*request;
	Hp__Guest__ResizeResponse response = HP__GUEST__RESIZE_RESPONSE__INIT;
	struct hp_guest_process *p = hp_guest_process_find(g, r->number);
	const struct hp_guest_relay *terminal = p ? &p->streams.relays[HP_GUEST_STDOUT] : NULL;

	if (!p)
		return hp_fail(err, HP_ENOTFOUND, "process already finished");
	/* Without a terminal there is nothing to be done, which is fine. */
	if (terminal->terminal && terminal->fd >= 0 &&
	    hp_guest_terminal_resize(terminal->fd, r->width, r->height, err) < 0)
		return -1;
	hp_guest_answer(call, &response.base);
	return 0;
}

static int update(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		  struct hp_error *err)
{
	const Hp__Guest__UpdateRequest *r = (const Hp__Guest__UpdateRequest *)*request;
	Hp__Guest__UpdateResponse response = HP__GUEST__UPDATE_RESPONSE__INIT;

	if (hp_guest_cgroup_limit(&g->cgroup, r->resources, err) < 0)
		return -1;
	hp_guest_answer(call, &response.base);
	return 0;
}

static int stats(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		 struct hp_error *err)
{
	Hp__Guest__StatsResponse response = HP__GUEST__STATS_RESPONSE__INIT;
	AUTO(hp_buf_free) struct hp_buf packed = {0};

	(void)request;
	(void)err;
	hp_guest_metrics_pack(&g->cgroup, &packed);
	response.metrics.data = packed.data;
	response.metrics.len = packed.len;
	hp_guest_answer(call, &response.base);
	return 0;
}

static int watch(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		 struct hp_error *err)
{
	(void)request;
	if (hp_guest_news_watch(g, *call, err) < 0)
		return -1;
	*call = NULL;
	return 0;
}

static int set_clock(struct hp_guest *g, ProtobufCMessage **request,
		     struct hp_ttrpc_call **call, struct hp_error *err)
{
	const Hp__Guest__ClockRequest *r = (const Hp__Guest__ClockRequest *)*request;
	Hp__Guest__ClockResponse response = HP__GUEST__CLOCK_RESPONSE__INIT;

	(void)g;
	if (hp_guest_setup_clock(r->unix_ns, err) < 0)
		return -1;
	hp_guest_answer(call, &response.base);
	return 0;
}

static int read_log(struct hp_guest *g, ProtobufCMessage **request, struct hp_ttrpc_call **call,
		    struct hp_error *err)
{
	const Hp__Guest__LogRequest *r = (const Hp__Guest__LogRequest *)*request;
	Hp__Guest__LogResponse response = HP__GUEST__LOG_RESPONSE__INIT;
	AUTO(hp_buf_free) struct hp_buf text = {0};

	(void)g;
	if (hp_guest_klog_read(r->bytes, &text, err) < 0)
		return -1;
	response.text.data = text.data;
	response.text.len = text.len;
	hp_guest_answer(call, &response.base);
	return 0;
}

/* clang-format off: one row a method */
static const struct {
	const char *name;
	method_fn run;
} runs[] = {
	{"Hello", say_hello}, {"Setup", set_up},       {"Create", create},   {"Start", start},
	{"Exec", exec},       {"Signal", send_signal}, {"Resize", resize},   {"Update", update},
	{"Stats", stats},     {"Watch", watch},        {"Clock", set_clock}, {"Log", read_log},
};
/* clang-format on */

static void on_call(void *data, struct hp_ttrpc_call *call)
{
	const char *method = hp_ttrpc_call_method(call);
	ProtobufCMessage *request = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_guest_request_read(method, hp_ttrpc_call_payload(call), &request, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	for (size_t i = 0; call && i < HP_ARRAY_LEN(runs); i++)
		if (hp_str_eq(runs[i].name, method) &&
		    runs[i].run(data, &request, &call, &err) < 0)
			hp_guest_refuse(&call, &err);
	protobuf_c_message_free_unpacked(request, NULL);
}

/* clang-format off: one row a method */
static const struct hp_ttrpc_method methods[] = {
	{SERVICE, "Hello", on_call},  {SERVICE, "Setup", on_call},
	{SERVICE, "Create", on_call}, {SERVICE, "Start", on_call},
	{SERVICE, "Exec", on_call},   {SERVICE, "Signal", on_call},
	{SERVICE, "Resize", on_call}, {SERVICE, "Update", on_call},
	{SERVICE, "Stats", on_call},  {SERVICE, "Watch", on_call},
	{SERVICE, "Clock", on_call},  {SERVICE, "Log", on_call},
	{NULL, NULL, NULL},
};
/* clang-format on */

const struct hp_ttrpc_method *hp_guest_service(void)
{
	return methods;
}
