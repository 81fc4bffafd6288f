/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - further processes in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/host.h"
#include "engine/containerd/ops.h"
#include "wire/oci_spec.h"

#include "snapshots.pb-c.h"

/* From: containerd's typeurl names of the OCI runtime-spec types. */
#define TYPE_PROCESS "types.containerd.io/opencontainers/runtime-spec/1/Process"

/* Everything that belongs to one exec while it is being made. */
struct exec_job {
	struct containerd *c;
	const struct hp_exec_spec *spec;
	const char *id; /* of the container */
	char exec_id[40];
	struct hp_stdio_plan plan;
	int fds[3];
};

static void job_clear(struct exec_job *j)
{
	struct hp_error ignored = HP_ERROR_INIT;

	/* Both ends are open or the exec has failed: the names have done their work. */
	if (j->plan.dir && hp_remove_tree(j->plan.dir, &ignored) < 0)
		hp_error_clear(&ignored);
	hp_containerd__stdio_clear(&j->plan);
	for (size_t i = 0; i < 3; i++)
		hp_close_auto(&j->fds[i]);
}
HP_AUTO_VALUE(struct exec_job, job_clear);

static int read_config(const Hp__Container *container, struct hp_json **ret,
		       struct hp_error *err)
{
	if (!container->spec)
		return hp_fail(err, HP_ECORRUPT, "container '%s' has no spec", container->id);
	if (hp_json_parse(HP_BYTES(container->spec->value.data, container->spec->value.len),
			  ret, err) < 0)
		return hp_wrap(err, "spec of container '%s'", container->id);
	return 0;
}

/* The process' user is looked up in the running container's own root, by way of its init. A
 * VM's init has no root here; then the snapshot is looked at. */
static int find_user(struct exec_job *j, const Hp__Container *container, pid_t pid,
		     struct hp_user *ret, struct hp_error *err)
{
	AUTO_FREE char *root = hp_sprintf("/proc/%d/root", (int)pid);
	AUTO_REPLY Hp__MountsResponse *mounts = NULL;
	bool is_vm = container->runtime &&
		     !hp_str_starts(container->runtime->name, "io.containerd.runc.");

	if (!is_vm)
		return hp_containerd__user_in_root(j->spec->user, root, ret, err);
	if (hp_containerd__snapshot_mounts(j->c, container->snapshotter,
					   container->snapshot_key, &mounts, err) < 0)
		return -1;
	return hp_containerd__user_in_mounts(j->spec->user, mounts->mounts, mounts->n_mounts,
					     ret, err);
}

static int build_process(struct exec_job *j, const Hp__Container *container, pid_t pid,
			 char **ret_text, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *config = NULL;
	AUTO(hp_json_free) struct hp_json *process = NULL;
	AUTO(hp_user_clear) struct hp_user user = {0};
	AUTO(hp_strv_free) struct hp_strv caps = {0};

	if (read_config(container, &config, err) < 0)
		return -1;
	if (!hp_str_empty(j->spec->user) && find_user(j, container, pid, &user, err) < 0)
		return -1;
	hp_host__caps(&caps);
	if (hp_oci_process_build(config, j->spec, hp_str_empty(j->spec->user) ? NULL : &user,
				 hp_strv_view(&caps), &process, err) < 0)
		return -1;
	*ret_text = hp_json_text(process, false);
	return 0;
}

static void make_id(struct exec_job *j)
{
	uint8_t bytes[8];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	snprintf(j->exec_id, sizeof(j->exec_id), "exec-%02x%02x%02x%02x%02x%02x%02x%02x",
		 bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6],
		 bytes[7]);
}

/* Our ends of the output are open before the shim opens its own, so nothing is missed. */
static int open_output(struct exec_job *j, struct hp_error *err)
{
	AUTO_FREE char *state = hp_containerd__state_dir(j->c, j->id);
	AUTO_FREE char *dir = hp_sprintf("%s/%s", state, j->exec_id);

	if (hp_containerd__stdio_make(dir, j->spec->stdin_open, j->spec->tty, &j->plan, err) <
	    0)
		return -1;
	j->fds[1] = open(j->plan.out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (j->fds[1] < 0)
		return hp_fail_errno(err, errno, "open '%s'", j->plan.out);
	if (j->spec->tty)
		return 0;
	j->fds[2] = open(j->plan.err_, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (j->fds[2] < 0)
		return hp_fail_errno(err, errno, "open '%s'", j->plan.err_);
	return 0;
}

static int send_exec(struct exec_job *j, char *process, struct hp_error *err)
{
	Hp__ExecProcessRequest request = HP__EXEC_PROCESS_REQUEST__INIT;
	Hp__Any any = HP__ANY__INIT;

	any.type_url = (char *)TYPE_PROCESS;
	any.value.data = (uint8_t *)process;
	any.value.len = strlen(process);
	request.container_id = (char *)j->id;
	request.exec_id = j->exec_id;
	request.spec = &any;
	request.terminal = j->spec->tty;
	if (j->plan.dir) {
		request.stdin = j->plan.in;
		request.stdout = j->plan.out;
		request.stderr = j->plan.err_;
	}
	return hp_containerd__call(j->c, HP_SVC_TASKS "Exec", &request.base,
				   &hp__empty__descriptor, NULL, err);
}

static void delete_process(struct containerd *c, const char *id, const char *exec_id)
{
	Hp__DeleteProcessRequest request = HP__DELETE_PROCESS_REQUEST__INIT;
	struct hp_error ignored = HP_ERROR_INIT;

	request.container_id = (char *)id;
	request.exec_id = (char *)exec_id;
	/* It may still run, or be gone with its container: both leave nothing to do. */
	if (hp_containerd__call(c, HP_SVC_TASKS "DeleteProcess", &request.base,
				&hp__delete_response__descriptor, NULL, &ignored) < 0)
		hp_error_clear(&ignored);
}

static int start_process(struct exec_job *j, struct hp_exec *to, struct hp_error *err)
{
	Hp__StartRequest request = HP__START_REQUEST__INIT;
	AUTO_REPLY Hp__StartResponse *reply = NULL;

	if (!j->spec->detach &&
	    hp_containerd__waiter_new(j->c, j->id, j->exec_id, &to->waiter, err) < 0)
		return -1;
	request.container_id = (char *)j->id;
	request.exec_id = j->exec_id;
	if (hp_containerd__call(j->c, HP_SVC_TASKS "Start", &request.base,
				&hp__start_response__descriptor, &reply, err) < 0)
		return hp_runtime_failed(err, j->spec->args[0]);
	to->pid = (pid_t)reply->pid;
	if (j->spec->stdin_open && !j->spec->detach &&
	    hp_containerd__stdin_open(&j->plan, hp_containerd__deadline(j->c), &j->fds[0],
				      err) < 0)
		return -1;
	if (j->spec->tty && j->spec->cols &&
	    hp_containerd__resize(&j->c->base, j->id, j->exec_id, j->spec->cols, j->spec->rows,
				  err) < 0)
		hp_error_clear(err); /* it has ended already: no terminal, no size */
	return 0;
}

static void exec_discard(struct containerd *c, struct hp_exec *x)
{
	hp_waiter_free(x->waiter);
	delete_process(c, x->container_id, x->id);
	free(x->id);
	free(x->container_id);
	free(x);
}

static int run_exec(struct exec_job *j, char *process, struct hp_exec **ret,
		    struct hp_error *err)
{
	struct hp_exec *x;

	if (!j->spec->detach && open_output(j, err) < 0)
		return -1;
	if (send_exec(j, process, err) < 0)
		return -1;
	x = hp_alloc(sizeof(*x));
	x->id = hp_strdup(j->exec_id);
	x->container_id = hp_strdup(j->id);
	if (start_process(j, x, err) < 0) {
		exec_discard(j->c, x);
		return -1;
	}
	if (!j->spec->detach) {
		int fds[3] = {TAKE_FD(j->fds[0]), TAKE_FD(j->fds[1]), TAKE_FD(j->fds[2])};

		x->stream = hp_containerd__stream_new(j->c, j->id, j->exec_id, fds);
	}
	*ret = x;
	return 0;
}

int hp_containerd__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
			struct hp_exec **ret_exec, struct hp_error *err)
{
	AUTO(job_clear)
	struct exec_job j = {.c = hp_containerd__of(e), .spec = spec, .fds = {-1, -1, -1}};
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	AUTO_FREE char *process = NULL;

	if (hp_containerd__find(j.c, ref, &found, err) < 0)
		return -1;
	j.id = found->container->id;
	if (hp_containerd__task(j.c, j.id, &task, err) < 0)
		return -1;
	if (task->process->status != HP__TASK_STATUS__TASK_RUNNING)
		return hp_fail(err, HP_ESTATE, "container '%s' is %s", ref,
			       task->process->status == HP__TASK_STATUS__TASK_STOPPED
				       ? "not running"
				       : "paused: unpause it first");
	make_id(&j);
	if (build_process(&j, found->container, (pid_t)task->process->pid, &process, err) < 0 ||
	    run_exec(&j, process, ret_exec, err) < 0)
		return hp_wrap(err, "exec in '%s'", ref);
	return 0;
}

void hp_containerd__exec_free(struct hp_engine *e, struct hp_exec *exec)
{
	/* A detached process has no client to collect its end; its record goes with the task. */
	if (exec->waiter)
		delete_process(hp_containerd__of(e), exec->container_id, exec->id);
}
