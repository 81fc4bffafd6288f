/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - start a container with its keeper, and attach to one. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

#include "snapshots.pb-c.h"

/* How long the daemon may take to clear up after an earlier start. */
#define CLEAR_MS       5000
#define CLEAR_PAUSE_MS 50

/* A start under way: what must be undone when it fails. */
struct start_job {
	struct containerd *c;
	const Hp__Container *container;
	struct hp_stdio_plan plan;
	pid_t keeper;
	bool task_made;
	int fds[3];
};

static const char *label_of(const Hp__Container *container, const char *key)
{
	return hp_containerd__pair(container->labels, container->n_labels, key);
}

static void job_clear(struct start_job *j)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (j->task_made &&
	    hp_containerd__task_delete(j->c, j->container->id, true, &ignored) < 0)
		hp_error_clear(&ignored); /* the next start tries again */
	/* Without a task nothing will ever write to the FIFOs that the keeper waits for. */
	if (j->keeper > 0)
		kill(j->keeper, SIGTERM);
	hp_containerd__stdio_clear(&j->plan);
	for (size_t i = 0; i < 3; i++)
		hp_close_auto(&j->fds[i]);
}
HP_AUTO_VALUE(struct start_job, job_clear);

static int make_stdio(struct start_job *j, bool attach, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_containerd__state_dir(j->c, j->container->id);
	const char *log = label_of(j->container, HP_LABEL_LOG);
	AUTO_FREE char *log_dir = log ? hp_path_dir(log) : NULL;

	if (hp_containerd__stdio_make(dir, label_of(j->container, HP_LABEL_STDIN) != NULL,
				      label_of(j->container, HP_LABEL_TTY) != NULL, &j->plan,
				      err) < 0 ||
	    (log_dir && hp_mkdirs(log_dir, 0700, err) < 0) ||
	    hp_containerd__keeper_start(j->c, &j->plan, log, &j->keeper, err) < 0)
		return -1;
	return attach ? hp_containerd__keeper_attach(&j->plan, &j->fds[1], &j->fds[2], err) : 0;
}

static int create_once(struct start_job *j, const Hp__MountsResponse *mounts,
		       struct hp_error *err)
{
	Hp__CreateTaskRequest request = HP__CREATE_TASK_REQUEST__INIT;

	request.container_id = j->container->id;
	request.rootfs = mounts->mounts;
	request.n_rootfs = mounts->n_mounts;
	request.stdin = j->plan.in;
	request.stdout = j->plan.out;
	request.stderr = j->plan.err_;
	request.terminal = j->plan.tty;
	return hp_containerd__call(j->c, HP_SVC_TASKS "Create", &request.base,
				   &hp__create_task_response__descriptor, NULL, err);
}

/* The daemon may still be clearing up after a shim that was killed, or an earlier start of which
 * the client was: then its task or the directory of that is in the way, or goes away under the new
 * shim.
 * From: containerd runtime/v2/bundle.go, NewBundle: .../NAMESPACE/ID. */
static bool is_in_the_way(const struct start_job *j, const struct hp_error *err)
{
	AUTO_FREE char *bundle = hp_sprintf("/%s/%s", j->c->base.ns, j->container->id);

	if (err->code == HP_EEXISTS)
		return true;
	/* A program of which the working directory is gone counts as missing too. */
	return (strstr(err->msg, bundle) || strstr(err->msg, "getwd: ") ||
		strstr(err->msg, "fork/exec ")) &&
	       (strstr(err->msg, "file exists") || strstr(err->msg, "no such file"));
}

static int create_task(struct start_job *j, const Hp__MountsResponse *mounts,
		       struct hp_error *err)
{
	int64_t deadline = hp_deadline_in(CLEAR_MS);

	while (create_once(j, mounts, err) < 0) {
		if (!is_in_the_way(j, err) || hp_deadline_left_ms(deadline) == 0)
			return -1;
		hp_error_clear(err);
		hp_clock_sleep_ms(CLEAR_PAUSE_MS);
	}
	return 0;
}

/* The program that the container runs, as far as an error text needs it. */
static const char *program_of(const Hp__Container *container, char buf[128])
{
	/* "args":["prog" in the spec that we wrote ourselves; "" for other tools' specs. */
	static const char key[] = "\"args\":[\"";
	const char *at = container->spec ? memmem(container->spec->value.data,
						  container->spec->value.len, key, strlen(key))
					 : NULL;
	const char *end;
	size_t len;

	buf[0] = '\0';
	if (!at)
		return buf;
	at += strlen(key);
	len = (size_t)((const char *)container->spec->value.data + container->spec->value.len -
		       at);
	end = memchr(at, '"', len);
	if (end && (size_t)(end - at) < 128)
		snprintf(buf, 128, "%.*s", (int)(end - at), at);
	return buf;
}

static int start_task(struct start_job *j, uint16_t cols, uint16_t rows, struct hp_error *err)
{
	Hp__StartRequest request = HP__START_REQUEST__INIT;
	char program[128];

	request.container_id = j->container->id;
	if (hp_containerd__call(j->c, HP_SVC_TASKS "Start", &request.base,
				&hp__start_response__descriptor, NULL, err) < 0)
		return hp_runtime_failed(err, program_of(j->container, program));
	if (j->plan.tty && cols &&
	    hp_containerd__resize(&j->c->base, j->container->id, NULL, cols, rows, err) < 0)
		hp_error_clear(err); /* it has ended already: no terminal, no size */
	return 0;
}

/* Is there a task that stands in the way? What has ended, or was made by a start that died
 * half-way, goes; what runs stays and is the error. */
static int clear_old_task(struct start_job *j, const char *ref, struct hp_error *err)
{
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	int settled = hp_containerd__task_settled(j->c, j->container->id, false, &task, err);

	if (settled <= 0)
		return settled;
	if (task->process->status == HP__TASK_STATUS__TASK_RUNNING ||
	    task->process->status == HP__TASK_STATUS__TASK_PAUSED)
		return hp_fail(err, HP_ESTATE, "container '%s' is running already", ref);
	return hp_containerd__task_delete(j->c, j->container->id, true, err);
}

static int run_job(struct start_job *j, bool attach, uint16_t cols, uint16_t rows,
		   struct hp_error *err)
{
	AUTO_REPLY Hp__MountsResponse *mounts = NULL;
	char program[128];

	if (hp_containerd__snapshot_mounts(j->c, j->container->snapshotter,
					   j->container->snapshot_key, &mounts, err) < 0 ||
	    make_stdio(j, attach, err) < 0)
		return -1;
	if (create_task(j, mounts, err) < 0)
		return hp_runtime_failed(err, program_of(j->container, program));
	j->task_made = true;
	if (start_task(j, cols, rows, err) < 0)
		return -1;
	if (attach && j->plan.in[0] &&
	    hp_containerd__stdin_open(&j->plan, hp_containerd__deadline(j->c), &j->fds[0],
				      err) < 0)
		return -1;
	return 0;
}

static int find_locked(struct containerd *c, const char *ref, Hp__GetContainerResponse **ret,
		       int *ret_lock, struct hp_error *err)
{
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetContainerResponse *again = NULL;
	AUTO_CLOSE int lock = -1;
	int waited;

	if (hp_containerd__find(c, ref, &found, err) < 0)
		return -1;
	waited = hp_containerd__lock(c, found->container->id, &lock, err);
	/* Whoever we waited for may have removed it. */
	if (waited < 0 ||
	    (waited && hp_containerd__find(c, found->container->id, &again, err) < 0))
		return -1;
	*ret = waited ? TAKE(again) : TAKE(found);
	*ret_lock = TAKE_FD(lock);
	return 0;
}

int hp_containerd__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
			 struct hp_stream **ret_stream, struct hp_error *err)
{
	AUTO_CLOSE int lock = -1; /* until all is undone, should it fail */
	AUTO(job_clear) struct start_job j = {.c = hp_containerd__of(e), .fds = {-1, -1, -1}};
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	int fds[3];

	if (find_locked(j.c, ref, &found, &lock, err) < 0)
		return -1;
	j.container = found->container;
	if (clear_old_task(&j, ref, err) < 0)
		return -1;
	if (run_job(&j, ret_stream != NULL, cols, rows, err) < 0)
		return hp_wrap(err, "start '%s'", ref);
	j.task_made = false;
	j.keeper = 0;
	if (!ret_stream)
		return 0;
	for (size_t i = 0; i < 3; i++)
		fds[i] = TAKE_FD(j.fds[i]);
	*ret_stream = hp_containerd__stream_new(j.c, j.container->id, NULL, fds);
	return 0;
}

/* The plan of a container that runs already; nothing is made. */
static void plan_of(const struct containerd *c, const Hp__Container *container,
		    struct hp_stdio_plan *ret)
{
	ret->dir = hp_containerd__state_dir(c, container->id);
	ret->tty = label_of(container, HP_LABEL_TTY) != NULL;
	ret->running = true;
	ret->in = label_of(container, HP_LABEL_STDIN) ? hp_path_join(ret->dir, "stdin")
						      : hp_strdup("");
	ret->out = hp_path_join(ret->dir, "stdout");
	ret->err_ = ret->tty ? hp_strdup("") : hp_path_join(ret->dir, "stderr");
}

/* A keeper that was killed leaves the FIFOs whole: a new one takes them up. That may be another
 * client's, so what counts is whether there is one in the end; a keeper that is started and ends
 * at once has found that the container had ended too. */
static int join_keeper(struct start_job *j, const char *ref, struct hp_error *err)
{
	struct hp_error not_started = HP_ERROR_INIT;
	const char *log = label_of(j->container, HP_LABEL_LOG);
	pid_t keeper;

	if (hp_containerd__keeper_attach(&j->plan, &j->fds[1], &j->fds[2], err) == 0)
		return 0;
	hp_error_clear(err);
	(void)hp_containerd__keeper_start(j->c, &j->plan, log, &keeper, &not_started);
	if (hp_containerd__keeper_attach(&j->plan, &j->fds[1], &j->fds[2], err) == 0)
		return 0;
	if (not_started.code != HP_OK)
		*err = not_started;
	if (err->code != HP_EUNAVAILABLE)
		return hp_wrap(err, "attach to '%s'", ref);
	hp_error_clear(err);
	return hp_fail(err, HP_ESTATE, "container '%s' is not running any more", ref);
}

int hp_containerd__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret_stream,
			  struct hp_error *err)
{
	AUTO(job_clear) struct start_job j = {.c = hp_containerd__of(e), .fds = {-1, -1, -1}};
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	int fds[3];

	if (hp_containerd__find(j.c, ref, &found, err) < 0)
		return -1;
	j.container = found->container;
	if (hp_containerd__task(j.c, j.container->id, &task, err) < 0)
		return -1;
	if (task->process->status == HP__TASK_STATUS__TASK_STOPPED)
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	plan_of(j.c, j.container, &j.plan);
	if (!hp_str_eq(task->process->stdout, j.plan.out))
		return hp_fail(
			err, HP_EUNSUPPORTED,
			"container '%s' was not started by harpoon: its output goes to '%s'",
			ref, task->process->stdout);
	if (join_keeper(&j, ref, err) < 0)
		return -1;
	/* A client before us may have ended it. */
	if (j.plan.in[0] &&
	    hp_containerd__stdin_open(&j.plan, hp_deadline_in(-1), &j.fds[0], err) < 0)
		return hp_wrap(err, "attach to '%s'", ref);
	for (size_t i = 0; i < 3; i++)
		fds[i] = TAKE_FD(j.fds[i]);
	*ret_stream = hp_containerd__stream_new(j.c, j.container->id, NULL, fds);
	return 0;
}
