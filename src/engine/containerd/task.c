/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - what is done to a running container: signals, stop, pause, terminal size, its end. */
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

/* How long a killed process may take to be reported as ended. */
#define KILL_WAIT_MS     10000
/* From: docker's default of docker stop. */
#define DEFAULT_GRACE_MS 10000
/* How long the daemon may take to undo what a client that died had begun. */
#define SETTLE_MS        3000
#define SETTLE_PAUSE_MS  20

int hp_containerd__task(struct containerd *c, const char *id, Hp__GetTaskResponse **ret,
			struct hp_error *err)
{
	Hp__GetTaskRequest request = HP__GET_TASK_REQUEST__INIT;
	AUTO_REPLY Hp__GetTaskResponse *reply = NULL;

	request.container_id = (char *)id;
	if (hp_containerd__call(c, HP_SVC_TASKS "Get", &request.base,
				&hp__get_task_response__descriptor, &reply, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "container '%s'", id);
		hp_error_clear(err);
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", id);
	}
	if (!reply->process)
		return hp_fail(err, HP_EPROTO, "container '%s': the reply holds no process",
			       id);
	*ret = TAKE(reply);
	return 0;
}

static bool task_ended(const Hp__GetTaskResponse *task)
{
	return task->process->status == HP__TASK_STATUS__TASK_STOPPED;
}

/* The container and its task. Fails: HP_ESTATE - it does not run (created, exited). */
static int find_running(struct containerd *c, const char *ref, Hp__GetContainerResponse **ret,
			Hp__GetTaskResponse **ret_task, struct hp_error *err)
{
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;

	if (hp_containerd__find(c, ref, &found, err) < 0 ||
	    hp_containerd__task(c, found->container->id, &task, err) < 0)
		return -1;
	if (task_ended(task) || task->process->status == HP__TASK_STATUS__TASK_CREATED)
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	*ret = TAKE(found);
	*ret_task = TAKE(task);
	return 0;
}

static int send_signal(struct containerd *c, const char *id, const char *exec_id, int number,
		       struct hp_error *err)
{
	Hp__KillRequest request = HP__KILL_REQUEST__INIT;

	request.container_id = (char *)id;
	request.exec_id = (char *)(exec_id ? exec_id : "");
	request.signal = (uint32_t)number;
	return hp_containerd__call(c, HP_SVC_TASKS "Kill", &request.base,
				   &hp__empty__descriptor, NULL, err);
}

/* The same for a process that is meant to end: that it has ended already is fine. */
static int send_last_signal(struct containerd *c, const char *id, int number,
			    struct hp_error *err)
{
	if (send_signal(c, id, NULL, number, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	return 0;
}

int hp_containerd__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
			struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;

	if (find_running(c, ref, &found, &task, err) < 0)
		return -1;
	if (send_signal(c, found->container->id, exec_id, signal, err) == 0)
		return 0;
	if (err->code == HP_ENOTFOUND) { /* it ended between the two calls */
		hp_error_clear(err);
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	}
	return hp_wrap(err, "kill '%s'", ref);
}

/* Kill a task that may be paused: a frozen process dies only when it is thawed. */
static int kill_and_wait(struct containerd *c, const char *id, struct hp_waiter *w,
			 struct hp_error *err)
{
	int ended;

	if (send_last_signal(c, id, SIGKILL, err) < 0)
		return -1;
	ended = hp_engine__await_end(w, KILL_WAIT_MS, err);
	if (ended == 0)
		return hp_fail(
			err, HP_ETIMEOUT,
			"still running %d s after SIGKILL; a process may hang in the kernel",
			KILL_WAIT_MS / 1000);
	return ended < 0 ? -1 : 0;
}

static int resume(struct containerd *c, const char *id, struct hp_error *err)
{
	Hp__ResumeTaskRequest request = HP__RESUME_TASK_REQUEST__INIT;

	request.container_id = (char *)id;
	return hp_containerd__call(c, HP_SVC_TASKS "Resume", &request.base,
				   &hp__empty__descriptor, NULL, err);
}

static int thaw_if_paused(struct containerd *c, const Hp__GetTaskResponse *task, const char *id,
			  struct hp_error *err)
{
	if (task->process->status != HP__TASK_STATUS__TASK_PAUSED &&
	    task->process->status != HP__TASK_STATUS__TASK_PAUSING)
		return 0;
	return resume(c, id, err);
}

/* After SIGKILL: where the kill alone has ended what was frozen, there is nothing to thaw. Whether
 * it has ended is asked next, so a failure here says nothing. */
static void thaw_killed(struct containerd *c, const Hp__GetTaskResponse *task, const char *id)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (thaw_if_paused(c, task, id, &ignored) < 0)
		hp_error_clear(&ignored);
}

static int label_number(const Hp__Container *container, const char *key, int64_t otherwise)
{
	struct hp_error ignored = HP_ERROR_INIT;
	const char *text = hp_containerd__pair(container->labels, container->n_labels, key);
	int64_t number;

	if (!text || hp_str_i64(text, &number, &ignored) < 0 || number < 0 ||
	    number > INT32_MAX)
		return (int)otherwise;
	return (int)number;
}

static int stop_signal_of(const Hp__Container *container)
{
	const char *text = hp_containerd__pair(container->labels, container->n_labels,
					       HP_LABEL_STOP_SIGNAL);
	struct hp_error ignored = HP_ERROR_INIT;
	int number;

	if (!text || hp_signal_parse(text, &number, &ignored) < 0)
		return SIGTERM;
	return number;
}

int hp_containerd__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
			struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	const char *id;
	int ended;

	if (hp_containerd__find(c, ref, &found, err) < 0)
		return -1;
	id = found->container->id;
	if (hp_containerd__task(c, id, &task, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err); /* never started, or stopped long ago */
		return 0;
	}
	if (task_ended(task))
		return 0;
	if (grace_ms < 0)
		grace_ms =
			label_number(found->container, HP_LABEL_STOP_TIMEOUT, DEFAULT_GRACE_MS);
	if (hp_containerd__waiter_new(c, id, NULL, &waiter, err) < 0 ||
	    send_last_signal(c, id, signal ? signal : stop_signal_of(found->container), err) <
		    0 ||
	    thaw_if_paused(c, task, id, err) < 0)
		return hp_wrap(err, "stop '%s'", ref);
	ended = grace_ms > 0 ? hp_engine__await_end(waiter, grace_ms, err) : 0;
	if (ended < 0 || (ended == 0 && kill_and_wait(c, id, waiter, err) < 0))
		return hp_wrap(err, "stop '%s'", ref);
	return 0;
}

int hp_containerd__pause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	Hp__PauseTaskRequest request = HP__PAUSE_TASK_REQUEST__INIT;

	if (find_running(c, ref, &found, &task, err) < 0)
		return -1;
	if (task->process->status == HP__TASK_STATUS__TASK_PAUSED)
		return 0;
	request.container_id = found->container->id;
	if (hp_containerd__call(c, HP_SVC_TASKS "Pause", &request.base, &hp__empty__descriptor,
				NULL, err) < 0)
		return hp_wrap(err, "pause '%s'", ref);
	return 0;
}

int hp_containerd__unpause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;

	if (find_running(c, ref, &found, &task, err) < 0)
		return -1;
	if (thaw_if_paused(c, task, found->container->id, err) < 0)
		return hp_wrap(err, "unpause '%s'", ref);
	return 0;
}

int hp_containerd__resize(struct hp_engine *e, const char *ref, const char *exec_id,
			  uint16_t cols, uint16_t rows, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	Hp__ResizePtyRequest request = HP__RESIZE_PTY_REQUEST__INIT;
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;

	if (find_running(c, ref, &found, &task, err) < 0)
		return -1;
	request.container_id = found->container->id;
	request.exec_id = (char *)(exec_id ? exec_id : "");
	request.width = cols;
	request.height = rows;
	if (hp_containerd__call(c, HP_SVC_TASKS "ResizePty", &request.base,
				&hp__empty__descriptor, NULL, err) < 0)
		return hp_wrap(err, "resize the terminal of '%s'", ref);
	return 0;
}

int hp_containerd__close_stdin(struct containerd *c, const char *id, const char *exec_id,
			       struct hp_error *err)
{
	Hp__CloseIORequest request = HP__CLOSE_IOREQUEST__INIT;

	request.container_id = (char *)id;
	request.exec_id = (char *)(exec_id ? exec_id : "");
	request.stdin = true;
	if (hp_containerd__call(c, HP_SVC_TASKS "CloseIO", &request.base,
				&hp__empty__descriptor, NULL, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND && err->code != HP_ESTATE)
		return hp_wrap(err, "close stdin of '%s'", id);
	hp_error_clear(err); /* the process has ended: so has its stdin */
	return 0;
}

static bool task_is_gone(struct containerd *c, const char *id)
{
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	struct hp_error err = HP_ERROR_INIT;

	return hp_containerd__task(c, id, &task, &err) < 0 && err.code == HP_ESTATE;
}

/* Of two who delete a task at once, the slower one may find that the shim has closed its connection,
 * which the daemon has no code for: whether the task is gone is what counts. */
static int delete_task(struct containerd *c, const char *id, struct hp_error *err)
{
	Hp__DeleteTaskRequest request = HP__DELETE_TASK_REQUEST__INIT;

	request.container_id = (char *)id;
	if (hp_containerd__call(c, HP_SVC_TASKS "Delete", &request.base,
				&hp__delete_response__descriptor, NULL, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND && !task_is_gone(c, id))
		return hp_wrap(err, "delete the task of '%s'", id);
	hp_error_clear(err);
	return 0;
}

/* A client that is killed while it makes a task leaves the daemon to undo that, for which the
 * keeper must go on reading; what the daemon forgets is a shim without a task. Seeing that end, it
 * clears up what it had; by SIGTERM, on which a shim removes its socket. */
static void end_orphans(struct containerd *c, const char *id)
{
	int64_t deadline = hp_deadline_in(SETTLE_MS);

	if (hp_containerd__shims(c, id, SIGTERM) == 0)
		return;
	while (hp_containerd__shims(c, id, 0) > 0 && hp_deadline_left_ms(deadline) > 0)
		hp_clock_sleep_ms(SETTLE_PAUSE_MS);
}

int hp_containerd__task_settled(struct containerd *c, const char *id, bool thorough,
				Hp__GetTaskResponse **ret, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_containerd__state_dir(c, id);
	int64_t deadline = hp_deadline_in(SETTLE_MS);

	for (;;) {
		if (hp_containerd__task(c, id, ret, err) == 0)
			return 1;
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
		/* To look for shims takes longer than all else, so there must be a reason. */
		if (!thorough && !hp_containerd__keeper_waits(dir))
			return 0;
		if (hp_containerd__shims(c, id, 0) == 0 || hp_deadline_left_ms(deadline) == 0)
			break;
		hp_clock_sleep_ms(SETTLE_PAUSE_MS);
	}
	end_orphans(c, id);
	hp_containerd__shim_socket_clear(c, id);
	hp_containerd__keeper_end(dir);
	return 0;
}

int hp_containerd__task_delete(struct containerd *c, const char *id, bool force,
			       struct hp_error *err)
{
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	/* A client may have been killed while it started the task, or while it deleted it. */
	int settled = hp_containerd__task_settled(c, id, true, &task, err);

	if (settled <= 0)
		return settled;
	if (task_ended(task))
		return delete_task(c, id, err);
	if (!force && task->process->status != HP__TASK_STATUS__TASK_CREATED)
		return hp_fail(
			err, HP_ESTATE,
			"container '%s' is running: stop it first, or remove it with force",
			id);
	if (hp_containerd__waiter_new(c, id, NULL, &waiter, err) < 0 ||
	    send_last_signal(c, id, SIGKILL, err) < 0)
		return hp_wrap(err, "kill '%s'", id);
	thaw_killed(c, task, id);
	if (kill_and_wait(c, id, waiter, err) < 0)
		return hp_wrap(err, "kill '%s'", id);
	return delete_task(c, id, err);
}
