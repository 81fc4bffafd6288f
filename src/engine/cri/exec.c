/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - further processes in a running container, and the size of terminals.
 *
 * The call gives a URL; the process is started when it is opened, and is told to end when the
 * connection does. So it cannot be let go, nor signalled, and its pid is not known. */
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"
#include "wire/json.h"

struct cri_exec {
	struct cri_exec *next;
	char *id;
	struct hp_remote *remote;
};

struct exec_waiter {
	struct hp_waiter base;
	struct cri *c;
	struct hp_remote *remote;
	char *container_id;
	char *program;
};

static struct exec_waiter *waiter_of(const struct hp_waiter *w)
{
	return container_of(w, struct exec_waiter, base);
}

static int exec_waiter_fd(const struct hp_waiter *w)
{
	return hp_remote_end_fd(waiter_of(w)->remote);
}

/* Whether the container has ended, and so every process of it. A runtime that is about to start one
 * then says so as a failure, before or after it knows of the container's end itself. */
static bool container_ended(const struct exec_waiter *self, const char *message)
{
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	/* From: containerd runtime/v2/runc and pkg/process/init_state.go. */
	if (strstr(message, "in a stopped state") || strstr(message, "is not running"))
		return true;
	if (hp_cri__status(self->c, self->container_id, false, &status, &ignored) < 0)
		return ignored.code == HP_ENOTFOUND;
	return status->status->state == HP__CRI_CONTAINER_STATE__CRI_EXITED;
}

static int exec_waiter_next(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	struct exec_waiter *self = waiter_of(w);
	struct hp_remote_end end;
	int got = hp_remote_end(self->remote, &end, err);

	if (got != HP_NEXT_ITEM)
		return got;
	*ret = (struct hp_exit){.code = end.code, .exited_ns = hp_clock_unix_ns()};
	if (hp_str_empty(end.message))
		return HP_NEXT_ITEM;
	if (container_ended(self, end.message)) {
		ret->code = 128 + SIGKILL;
		return HP_NEXT_ITEM;
	}
	hp_fail(err, HP_EFAILED, "%s", end.message);
	hp_runtime_failed(err, self->program);
	return hp_wrap(err, "exec '%s'", self->program);
}

static void exec_waiter_free(struct hp_waiter *w)
{
	struct exec_waiter *self = waiter_of(w);

	hp_remote_unref(self->remote);
	free(self->container_id);
	free(self->program);
	free(self);
}

static const struct hp_waiter_ops exec_waiter_ops = {
	.fd = exec_waiter_fd,
	.next = exec_waiter_next,
	.free = exec_waiter_free,
};

/* Where programs are looked for in a container. Owns: the caller; NULL when it is not known. */
static char *path_of(const Hp__CriContainerStatusResponse *status)
{
	const char *text = hp_cri__pair(status->info, status->n_info, "info");
	AUTO(hp_json_free) struct hp_json *info = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (!text || hp_json_parse(hp_bytes_str(text), &info, &ignored) < 0)
		return NULL;
	const struct hp_json *env = hp_json_path(info, "runtimeSpec.process.env");
	for (size_t i = 0; i < hp_json_count(env); i++) {
		const char *one = hp_json_str(hp_json_at(env, i));
		if (one && hp_str_starts(one, "PATH="))
			return hp_strdup(one + strlen("PATH="));
	}
	return NULL;
}

/* The runtime says that a program is missing only when the session ends, and of one that runs it says
 * nothing; so where the container's root can be seen from here, it is looked at before. */
static int check_program(const char *id, const Hp__CriContainerStatusResponse *status,
			 const char *program, struct hp_error *err)
{
	pid_t pid = hp_cri__pid(status);
	AUTO_CLOSE int pidfd = hp_cri__pidfd(id, pid);
	AUTO_FREE char *path = path_of(status);

	return pidfd < 0 ? 0 : hp_cri__check_program(pid, program, path, err);
}

static int open_session(struct cri *c, const char *id, const struct hp_exec_spec *spec,
			struct hp_remote **ret, struct hp_error *err)
{
	Hp__CriExecRequest request = HP__CRI_EXEC_REQUEST__INIT;
	AUTO_REPLY Hp__CriUrlResponse *reply = NULL;

	request.container_id = (char *)id;
	request.cmd = (char **)spec->args;
	while (spec->args[request.n_cmd])
		request.n_cmd++;
	request.tty = spec->tty;
	request.stdin = spec->stdin_open;
	request.stdout = true;
	request.stderr = !spec->tty;
	if (hp_cri__call(c, HP_SVC_RUNTIME "Exec", &request.base,
			 &hp__cri_url_response__descriptor, &reply, err) < 0)
		return -1;
	const struct hp_remote_want want = {
		.url = reply->url,
		.in = spec->stdin_open,
		.out = true,
		.err = !spec->tty,
		.tty = spec->tty,
	};
	return hp_remote_open(&want, hp_cri__deadline(c), ret, err);
}

static struct hp_waiter *waiter_new(struct cri *c, const char *id, struct hp_remote *remote,
				    const char *program)
{
	struct exec_waiter *w = hp_alloc(sizeof(*w));

	w->base.ops = &exec_waiter_ops;
	w->c = c;
	w->container_id = hp_strdup(id);
	w->remote = hp_remote_ref(remote);
	w->program = hp_strdup(program);
	return &w->base;
}

int hp_cri__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		 struct hp_exec **ret, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;
	AUTO(hp_remote_unref) struct hp_remote *remote = NULL;

	if (hp_cri__find_running(c, ref, &found, &status, err) < 0)
		return -1;
	const char *id = found.container->id;
	if (check_program(id, status, spec->args[0], err) < 0 ||
	    open_session(c, id, spec, &remote, err) < 0)
		return hp_wrap(err, "exec in '%s'", ref);
	/* One that ends at once has no terminal any more, and no need of a size. */
	if (spec->tty && spec->cols &&
	    hp_remote_resize(remote, spec->cols, spec->rows, err) < 0)
		hp_error_clear(err);
	struct cri_exec *own = hp_alloc(sizeof(*own));
	AUTO_FREE char *random = hp_engine__random_hex(8);
	*own = (struct cri_exec){.next = c->execs,
				 .id = hp_sprintf("exec-%s", random),
				 .remote = hp_remote_ref(remote)};
	c->execs = own;
	struct hp_exec *x = hp_alloc(sizeof(*x));
	x->id = hp_strdup(own->id);
	x->container_id = hp_strdup(id);
	x->waiter = waiter_new(c, id, remote, spec->args[0]);
	x->stream = hp_cri__remote_stream(TAKE(remote));
	*ret = x;
	return 0;
}

void hp_cri__exec_free(struct hp_engine *e, struct hp_exec *exec)
{
	struct cri_exec **at = &hp_cri__of(e)->execs;

	while (*at && !hp_str_eq((*at)->id, exec->id))
		at = &(*at)->next;
	if (!*at)
		return;
	struct cri_exec *own = *at;
	*at = own->next;
	hp_remote_unref(own->remote);
	free(own->id);
	free(own);
}

/* So long the runtime may take to pass a size on before the session ends. */
#define RESIZE_MS 300

/* A session that looks on, says the size, and stays until the runtime has read it: what comes back
 * shows that, or the time is over. */
static int resize_container(struct cri *c, const char *id, uint16_t cols, uint16_t rows,
			    struct hp_error *err)
{
	const struct hp_remote_want want = {.out = true, .tty = true};
	AUTO(hp_remote_unref) struct hp_remote *remote = NULL;

	if (hp_cri__attach_remote(c, id, &want, &remote, err) < 0 ||
	    hp_remote_resize(remote, cols, rows, err) < 0)
		return -1;
	int64_t deadline = hp_deadline_in(RESIZE_MS);
	struct hp_remote_end end;
	struct hp_error ignored = HP_ERROR_INIT;
	while (hp_deadline_left_ms(deadline) > 0 &&
	       hp_remote_end(remote, &end, &ignored) == HP_NEXT_WAIT)
		hp_clock_sleep_ms(10);
	return 0;
}

int hp_cri__resize(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		   uint16_t rows, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (exec_id) {
		const struct cri_exec *own = c->execs;
		while (own && !hp_str_eq(own->id, exec_id))
			own = own->next;
		if (!own)
			return hp_fail(err, HP_ENOTFOUND, "no such exec: '%s'", exec_id);
		return hp_remote_resize(own->remote, cols, rows, err);
	}
	if (hp_cri__find_running(c, ref, &found, &status, err) < 0)
		return -1;
	if (resize_container(c, found.container->id, cols, rows, err) < 0)
		return hp_wrap(err, "resize '%s'", ref);
	return 0;
}
