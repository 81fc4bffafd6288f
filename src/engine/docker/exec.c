/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - further processes in docker's containers.
 *
 * Docker answers the start of one before it tries to, so whether there is a process is asked for; and
 * it tells of the end by an event only. */
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

/* How long a start is waited for between two questions, the first time and at most. */
#define PAUSE_MIN_MS 2
#define PAUSE_MAX_MS 50
/* What the daemon says of a start that failed. */
#define WORDS_MAX    16384U
/* What a process ends with that is killed together with its container. */
#define KILLED       137

struct exec_waiter {
	struct hp_waiter base;
	struct docker *docker;
	struct hp_docker_lines events;
	int fd;
	char *id;
	bool known;
	struct hp_exit end;
};

static struct exec_waiter *waiter_of(const struct hp_waiter *w)
{
	return container_of(w, struct exec_waiter, base);
}

static int waiter_fd(const struct hp_waiter *w)
{
	return waiter_of(w)->fd;
}

static int look(struct docker *d, const char *id, struct hp_json **ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_sprintf("/exec/%s/json", id);

	return hp_docker__get(d, path, ret, err);
}

/* Its container has ended, and the daemon may have forgotten it. */
static void end_with_container(struct exec_waiter *w, int64_t time_ns)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	const struct hp_json *code = NULL;

	if (look(w->docker, w->id, &document, &ignored) == 0)
		code = hp_json_get(document, "ExitCode");
	w->known = true;
	w->end.code = (int)hp_json_i64(code, KILLED);
	w->end.exited_ns = time_ns;
}

static void take_event(struct exec_waiter *w, const struct hp_event *event)
{
	struct hp_error ignored = HP_ERROR_INIT;
	const char *code = hp_labels_get(&event->attributes, "exitCode");
	int64_t number = 0;

	if (hp_str_eq(event->action, "die")) {
		end_with_container(w, event->time_ns);
		return;
	}
	if (!hp_str_eq(event->action, "exec_die") ||
	    !hp_str_eq(hp_labels_get(&event->attributes, "execID"), w->id))
		return;
	w->known = true;
	w->end.code = code && hp_str_i64(code, &number, &ignored) == 0 ? (int)number : KILLED;
	w->end.exited_ns = event->time_ns;
}

static int waiter_next(struct hp_waiter *base, struct hp_exit *ret, struct hp_error *err)
{
	struct exec_waiter *w = waiter_of(base);

	while (!w->known) {
		AUTO(hp_json_free) struct hp_json *line = NULL;
		AUTO(hp_event_clear) struct hp_event event = {0};
		const int found = hp_docker__lines_next(&w->events, &line, err);
		if (found == HP_NEXT_END)
			return hp_fail(err, HP_EUNAVAILABLE, "the daemon ended its events");
		if (found != HP_NEXT_ITEM)
			return found;
		if (hp_docker__event_read(line, &event))
			take_event(w, &event);
	}
	*ret = w->end;
	return HP_NEXT_ITEM;
}

static void waiter_free(struct hp_waiter *base)
{
	struct exec_waiter *w = waiter_of(base);

	hp_docker__lines_clear(&w->events);
	free(w->id);
	free(w);
}

static const struct hp_waiter_ops waiter_ops = {
	.fd = waiter_fd,
	.next = waiter_next,
	.free = waiter_free,
};

/* Subscribe before the process begins, so that no end is missed. */
static int waiter_new(struct docker *d, const struct hp_exec *exec, struct hp_waiter **ret,
		      struct hp_error *err)
{
	AUTO_FREE char *filters = hp_sprintf("{\"type\":[\"container\"],\"container\":[\"%s\"],"
					     "\"event\":[\"exec_die\",\"die\"]}",
					     exec->container_id);
	struct exec_waiter *w = hp_alloc(sizeof(*w));

	w->base.ops = &waiter_ops;
	w->docker = d;
	w->id = hp_strdup(exec->id);
	if (hp_docker__events_open(d, filters, &w->events, &w->fd, err) < 0) {
		free(w->id);
		free(w);
		return -1;
	}
	*ret = &w->base;
	return 0;
}

static struct hp_json *body_of(const struct hp_exec_spec *spec)
{
	struct hp_json *body = hp_json_object();

	hp_json_set_bool(body, "AttachStdin", spec->stdin_open && !spec->detach);
	hp_json_set_bool(body, "AttachStdout", !spec->detach);
	hp_json_set_bool(body, "AttachStderr", !spec->detach);
	hp_json_set_bool(body, "Tty", spec->tty);
	/* As at hp_docker__attach_to(), but JSON has no bytes that are no text. */
	if (spec->tty)
		hp_json_set_str(body, "DetachKeys", "ctrl-^,ctrl-^,ctrl-^,ctrl-^");
	hp_json_set_bool(body, "Privileged", spec->privileged);
	hp_json_set_strs(body, "Cmd", spec->args);
	if (spec->env)
		hp_json_set_strs(body, "Env", spec->env);
	if (!hp_str_empty(spec->workdir))
		hp_json_set_str(body, "WorkingDir", spec->workdir);
	if (!hp_str_empty(spec->user))
		hp_json_set_str(body, "User", spec->user);
	return body;
}

static int exec_create(struct docker *d, const char *ref, const struct hp_exec_spec *spec,
		       struct hp_exec *exec, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *body = body_of(spec);
	AUTO(hp_json_free) struct hp_json *reply = NULL;
	AUTO_FREE char *path = NULL;

	if (hp_docker__container_path(ref, "exec", &path, err) < 0)
		return -1;
	const struct hp_docker_call call = {.method = "POST", .path = path, .body = body};
	if (hp_docker__call(d, &call, &reply, err) < 0)
		return -1;
	const char *id = hp_json_get_str(reply, "Id");
	if (hp_str_empty(id))
		return hp_fail(err, HP_EPROTO, "the answer holds no id");
	exec->id = hp_strdup(id);
	return 0;
}

/* The process could not be started: the daemon has said why where its output would be. */
static int explain(struct docker *d, struct hp_stream *stream, int code, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(d->base.timeout_ms);
	AUTO(hp_buf_free) struct hp_buf words;
	struct hp_error ignored = HP_ERROR_INIT;
	int found = HP_NEXT_ITEM;

	hp_buf_init(&words, WORDS_MAX);
	while (stream && found > 0) {
		struct hp_chunk chunk;
		found = hp_stream_next(stream, &chunk, &ignored);
		if (found == HP_NEXT_ITEM &&
		    hp_buf_add(&words, chunk.data, chunk.len, &ignored) < 0)
			break;
		if (found == HP_NEXT_WAIT &&
		    hp_fd_poll(hp_stream_fd(stream), POLLIN, hp_deadline_left_ms(deadline),
			       &ignored) <= 0)
			break;
	}
	AUTO_FREE char *text = hp_buf_take_str(&words);
	text[strcspn(text, "\r\n")] = '\0';
	(void)hp_fail(err, code == 127 ? HP_ENOCMD : HP_ENOEXEC, "%s",
		      text[0] ? text : "the process could not be started");
	if (strstr(text, "unable to find user") || strstr(text, "unable to find group"))
		err->code = HP_ENOTFOUND;
	return hp_runtime_failed(err, NULL);
}

/* Is there a process by now? Returns: 1 with exec->pid, 0 not yet, -1 it was never one. */
static int has_begun(struct docker *d, struct hp_exec *exec, int *refusals,
		     struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (look(d, exec->id, &document, err) < 0)
		return -1;
	const int64_t pid = hp_json_i64(hp_json_get(document, "Pid"), 0);
	const int64_t code = hp_json_i64(hp_json_get(document, "ExitCode"), -1);
	if (pid > 0) {
		exec->pid = (pid_t)pid;
		return 1;
	}
	if (hp_json_bool(hp_json_get(document, "Running"), false) || code < 0)
		return 0;
	/* The pid of what has ended at once comes a moment after its status, and newer daemons
	 * take it away. Only these two are told of what could not be started. */
	if (code != 126 && code != 127)
		return 1;
	if (++*refusals < 2)
		return 0;
	return explain(d, exec->stream, (int)code, err);
}

static int await_begin(struct docker *d, struct hp_exec *exec, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(d->base.timeout_ms);
	int64_t pause = PAUSE_MIN_MS;
	int refusals = 0;

	for (;;) {
		const int begun = has_begun(d, exec, &refusals, err);
		if (begun)
			return begun < 0 ? -1 : 0;
		if (hp_deadline_left_ms(deadline) == 0)
			return hp_fail(err, HP_ETIMEOUT, "the process does not begin");
		hp_clock_sleep_ms(pause);
		pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	}
}

static int exec_start(struct docker *d, const struct hp_exec_spec *spec, struct hp_exec *exec,
		      struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *body = hp_json_object();
	AUTO_FREE char *path = hp_sprintf("/exec/%s/start", exec->id);
	const struct hp_docker_call call = {.method = "POST", .path = path, .body = body};
	struct hp_error ignored = HP_ERROR_INIT;

	hp_json_set_bool(body, "Detach", spec->detach);
	hp_json_set_bool(body, "Tty", spec->tty);
	if (spec->detach) {
		if (hp_docker__call(d, &call, NULL, err) < 0)
			return hp_runtime_failed(err, spec->args[0]);
		return await_begin(d, exec, err);
	}
	if (waiter_new(d, exec, &exec->waiter, err) < 0 ||
	    hp_docker__hijack(d, &call, spec->tty, spec->stdin_open, &exec->stream, err) < 0 ||
	    await_begin(d, exec, err) < 0)
		return -1;
	/* What has ended already has no terminal, and no size. */
	if (spec->tty && spec->cols && spec->rows &&
	    hp_docker__resize(&d->base, exec->container_id, exec->id, spec->cols, spec->rows,
			      &ignored) < 0)
		hp_error_clear(&ignored);
	return 0;
}

int hp_docker__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		    struct hp_exec **ret, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	struct hp_exec *exec = hp_alloc(sizeof(*exec));
	exec->container_id = hp_strdup(hp_json_get_str(document, "Id"));
	if (exec_create(d, exec->container_id, spec, exec, err) < 0 ||
	    exec_start(d, spec, exec, err) < 0) {
		hp_exec_free(e, exec);
		return hp_wrap(err, "exec in '%s'", ref);
	}
	*ret = exec;
	return 0;
}
