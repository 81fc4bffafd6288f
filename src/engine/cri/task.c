/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - start a container, send it a signal, and stop it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"

/* From: kubernetes' and docker's default of a stop. */
#define DEFAULT_GRACE_MS 10000

static int refuse_start(const char *ref, const Hp__CriContainerStatus *status,
			struct hp_error *err)
{
	if (status->state == HP__CRI_CONTAINER_STATE__CRI_RUNNING)
		return hp_fail(err, HP_ESTATE, "container '%s' is running already", ref);
	/* What has failed once fails again, in the words of the first time. */
	if (hp_cri__never_ran(status)) {
		hp_fail(err, HP_ESTATE, "%s", status->message);
		hp_runtime_failed(err, NULL);
		return hp_wrap(err, "start '%s'", ref);
	}
	return hp_fail(err, HP_EUNSUPPORTED,
		       "container '%s' has ended, and a container of cri runs once: kubelet "
		       "makes a new one in its place; make one anew",
		       ref);
}

static int start_container(struct cri *c, const char *ref, const Hp__CriContainer *container,
			   struct hp_error *err)
{
	Hp__CriContainerRequest request = HP__CRI_CONTAINER_REQUEST__INIT;

	request.container_id = container->id;
	if (hp_cri__call(c, HP_SVC_RUNTIME "StartContainer", &request.base,
			 &hp__empty__descriptor, NULL, err) == 0)
		return 0;
	hp_runtime_failed(err, NULL);
	return hp_wrap(err, "start '%s'", ref);
}

int hp_cri__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		  struct hp_stream **ret_stream, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__find(c, ref, &found, err) < 0 ||
	    hp_cri__status(c, found.container->id, false, &status, err) < 0)
		return -1;
	if (status->status->state != HP__CRI_CONTAINER_STATE__CRI_CREATED)
		return refuse_start(ref, status->status, err);
	if (start_container(c, ref, found.container, err) < 0)
		return -1;
	if (ret_stream && hp_cri__stdio_new(c, &found, true, ret_stream, err) < 0)
		return hp_wrap(err, "attach to '%s'", ref);
	/* One that has ended by now has no terminal, and no need of a size. */
	if (cols && rows && hp_cri__annotation(found.container, HP_LABEL_TTY) &&
	    hp_cri__resize(e, found.container->id, NULL, cols, rows, err) < 0)
		hp_error_clear(err);
	return 0;
}

static int stop_call(struct cri *c, const char *id, int64_t grace_ms, struct hp_error *err)
{
	Hp__CriStopRequest request = HP__CRI_STOP_REQUEST__INIT;

	request.container_id = (char *)id;
	request.timeout = (grace_ms + 999) / 1000;
	return hp_cri__call_long(c, HP_SVC_RUNTIME "StopContainer", request.timeout * 1000,
				 &request.base, err);
}

/* CRI has no call for a signal, so it goes from here to the init, of whose identity there must be no
 * doubt. */
static int send_signal(const char *ref, const char *id,
		       const Hp__CriContainerStatusResponse *status, int number,
		       struct hp_error *err)
{
	AUTO_CLOSE int pidfd = hp_cri__pidfd(id, hp_cri__pid(status));

	if (pidfd < 0)
		return hp_fail(
			err, HP_EUNSUPPORTED,
			"cri has no call that sends a signal, and the init of '%s' is no "
			"process that is seen from here: only KILL can be sent",
			ref);
	if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) == 0)
		return 0;
	if (errno == ESRCH)
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	return hp_fail_errno(err, errno, "send signal %d to '%s'", number, ref);
}

int hp_cri__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		 struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	(void)exec_id; /* the capability is off */
	if (hp_cri__find_running(c, ref, &found, &status, err) < 0)
		return -1;
	/* The runtime kills by the id, which cannot mean another process. */
	int rc = signal == SIGKILL ? stop_call(c, found.container->id, 0, err)
				   : send_signal(ref, found.container->id, status, signal, err);
	return rc < 0 ? hp_wrap(err, "kill '%s'", ref) : 0;
}

static int64_t own_grace(const Hp__CriContainer *container)
{
	const char *text = hp_cri__annotation(container, HP_LABEL_STOP_TIMEOUT);
	struct hp_error ignored = HP_ERROR_INIT;
	int64_t ms;

	if (!text || hp_str_i64(text, &ms, &ignored) < 0 || ms < 0 || ms > INT32_MAX)
		return DEFAULT_GRACE_MS;
	return ms;
}

static int own_signal(const Hp__CriContainer *container)
{
	const char *text = hp_cri__annotation(container, HP_LABEL_STOP_SIGNAL);
	struct hp_error ignored = HP_ERROR_INIT;
	int number = 0;

	if (!text || hp_signal_parse(text, &number, &ignored) < 0)
		return 0;
	return number;
}

/* Ask by @signal. Returns: 1 when it has ended within @grace_ms, 0, -1. */
static int ask(struct cri *c, const char *ref, const Hp__CriContainerStatusResponse *status,
	       int signal, int64_t grace_ms, struct hp_error *err)
{
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	const char *id = status->status->id;

	if (hp_cri__waiter_new(c, id, &waiter, err) < 0)
		return -1;
	if (send_signal(ref, id, status, signal, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
		return 1;
	}
	return hp_engine__await_end(waiter, grace_ms, err);
}

int hp_cri__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		 struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__find_running(c, ref, &found, &status, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	if (grace_ms < 0)
		grace_ms = own_grace(found.container);
	if (!signal)
		signal = own_signal(found.container);
	/* Without a signal of its own the runtime knows best, from the image. */
	if (signal && grace_ms > 0) {
		int ended = ask(c, ref, status, signal, grace_ms, err);
		if (ended != 0)
			return ended < 0 ? hp_wrap(err, "stop '%s'", ref) : 0;
		grace_ms = 0;
	}
	if (stop_call(c, found.container->id, grace_ms, err) < 0)
		return hp_wrap(err, "stop '%s'", ref);
	return 0;
}
