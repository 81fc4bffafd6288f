/* SPDX-License-Identifier: Apache-2.0 */
/* fake_task.c - what is done to the processes of a fake container: started, signalled, watched. */
#include <signal.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/fake.h"

/* What the processes here would need if they were some. */
#define MEMORY_BYTES (1u << 20)

/* Find a container that runs. Fails: HP_ESTATE - it does not, HP_ENOTFOUND. */
static int find_running(struct hp_engine *e, const char *ref, struct hp_fake_container **ret,
			struct hp_error *err)
{
	if (hp_fake__container_find(hp_fake__of(e), ref, ret, err) < 0)
		return -1;
	if (!hp_fake__container_runs(*ret))
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	return 0;
}

static struct hp_fake_exec *find_exec(const struct hp_fake_container *c, const char *id)
{
	for (size_t i = 0; i < c->n_execs; i++)
		if (hp_str_eq(c->execs[i]->id, id))
			return c->execs[i];
	return NULL;
}

/* Find what @exec_id means, or the first process when it is NULL. */
static int find_process(const struct hp_fake_container *c, const char *exec_id,
			struct hp_fake_process **ret, struct hp_error *err)
{
	const struct hp_fake_exec *exec = exec_id ? find_exec(c, exec_id) : NULL;

	if (exec_id && !exec)
		return hp_fail(err, HP_ENOTFOUND, "container '%s' has no exec '%s'",
			       c->info->name, exec_id);
	*ret = exec ? exec->process : c->process;
	if ((*ret)->ended)
		return hp_fail(err, HP_ESTATE, "the process of exec '%s' has ended", exec_id);
	return 0;
}

int hp_fake__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		   struct hp_stream **ret_stream, struct hp_error *err)
{
	struct hp_fake_container *c = NULL;
	struct hp_fake_process *p = NULL;
	struct hp_fake_start how;

	(void)cols;
	(void)rows;
	if (hp_fake__container_find(hp_fake__of(e), ref, &c, err) < 0)
		return -1;
	if (hp_fake__container_runs(c))
		return hp_fail(err, HP_ESTATE, "container '%s' is running already", ref);
	hp_fake__container_start(c, &how);
	if (hp_fake__process_new(&how, &p, err) < 0)
		return hp_wrap(err, "start '%s'", ref);
	hp_fake__process_unref(c->process);
	c->process = p;
	c->info->state = HP_STATE_RUNNING;
	c->info->pid = p->pid;
	free(c->info->netns_path);
	c->info->netns_path = hp_sprintf("/proc/%d/ns/net", (int)p->pid);
	if (ret_stream)
		*ret_stream = hp_fake__stream_live(p, c->output->count);
	hp_fake__event(c->engine, "container", "start", c->info->id, NULL);
	hp_fake__process_run(p);
	hp_fake__events_tune(c->engine);
	return 0;
}

static void thaw(struct hp_fake_container *c)
{
	if (c->info->state != HP_STATE_PAUSED)
		return;
	c->info->state = HP_STATE_RUNNING;
	hp_fake__event(c->engine, "container", "unpause", c->info->id, NULL);
	for (size_t i = 0; i < c->n_execs; i++)
		hp_fake__process_freeze(c->execs[i]->process, false);
	hp_fake__process_freeze(c->process, false);
}

int hp_fake__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		  struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (hp_fake__container_find(hp_fake__of(e), ref, &c, err) < 0)
		return -1;
	if (!hp_fake__container_runs(c))
		return 0;
	if (grace_ms < 0)
		grace_ms = c->stop_timeout_ms;
	hp_fake__process_signal(c->process, signal ? signal : c->stop_signal);
	thaw(c);
	if (!hp_fake__process_await(c->process, hp_clock_ms() + grace_ms))
		hp_fake__process_signal(c->process, SIGKILL);
	return 0;
}

int hp_fake__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		  struct hp_error *err)
{
	struct hp_fake_container *c = NULL;
	struct hp_fake_process *p = NULL;

	if (find_running(e, ref, &c, err) < 0 || find_process(c, exec_id, &p, err) < 0)
		return -1;
	hp_fake__process_signal(p, signal);
	return 0;
}

int hp_fake__pause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (find_running(e, ref, &c, err) < 0)
		return -1;
	if (c->info->state == HP_STATE_PAUSED)
		return 0;
	c->info->state = HP_STATE_PAUSED;
	hp_fake__process_freeze(c->process, true);
	for (size_t i = 0; i < c->n_execs; i++)
		hp_fake__process_freeze(c->execs[i]->process, true);
	hp_fake__event(c->engine, "container", "pause", c->info->id, NULL);
	return 0;
}

int hp_fake__unpause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (find_running(e, ref, &c, err) < 0)
		return -1;
	thaw(c);
	return 0;
}

static void on_exec_end(void *owner, struct hp_fake_process *p)
{
	const struct hp_fake_container *c = owner;
	AUTO_FREE char *code = hp_sprintf("%d", p->exit.code);
	const struct hp_label attribute = {.key = (char *)"exitCode", .value = code};

	hp_fake__event(c->engine, "container", "exec_die", c->info->id, &attribute);
}

static struct hp_fake_exec *add_exec(struct hp_fake_container *c,
				     struct hp_fake_process *take_process)
{
	struct hp_fake_exec *exec = hp_alloc(sizeof(*exec));

	exec->id = hp_sprintf("exec-%u", ++c->engine->last_exec);
	exec->process = take_process;
	c->execs = hp_realloc_array(c->execs, c->n_execs + 1, sizeof(struct hp_fake_exec *));
	c->execs[c->n_execs++] = exec;
	return exec;
}

int hp_fake__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		  struct hp_exec **ret, struct hp_error *err)
{
	struct hp_fake_container *c = NULL;
	struct hp_fake_process *p = NULL;

	if (find_running(e, ref, &c, err) < 0)
		return -1;
	if (c->info->state == HP_STATE_PAUSED)
		return hp_fail(err, HP_ESTATE, "container '%s' is paused: unpause it first",
			       ref);
	struct hp_fake_output *output = hp_fake__output_new();
	const struct hp_fake_start how = {
		.argv = spec->args,
		.env = hp_strv_view(&c->env),
		.more_env = spec->env,
		.output = output,
		.stdin_open = spec->stdin_open,
		.tty = spec->tty,
		.pid = ++c->engine->last_pid,
		.on_end = on_exec_end,
		.owner = c,
	};
	int failed = hp_fake__process_new(&how, &p, err);
	hp_fake__output_unref(output);
	if (failed < 0)
		return hp_wrap(err, "exec in '%s'", ref);
	const struct hp_fake_exec *record = add_exec(c, p);
	struct hp_exec *exec = hp_alloc(sizeof(*exec));
	exec->id = hp_strdup(record->id);
	exec->container_id = hp_strdup(c->info->id);
	exec->pid = p->pid;
	exec->stream = spec->detach ? NULL : hp_fake__stream_live(p, 0);
	exec->waiter = spec->detach ? NULL : hp_fake__waiter_new(p);
	hp_fake__event(c->engine, "container", "exec_create", c->info->id, NULL);
	hp_fake__event(c->engine, "container", "exec_start", c->info->id, NULL);
	hp_fake__process_run(p);
	hp_fake__events_tune(c->engine);
	*ret = exec;
	return 0;
}

void hp_fake__exec_free(struct hp_engine *e, struct hp_exec *exec)
{
	struct hp_fake_container *c = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_fake__container_find(hp_fake__of(e), exec->container_id, &c, &ignored) < 0)
		return;
	for (size_t i = 0; i < c->n_execs; i++) {
		struct hp_fake_exec *record = c->execs[i];
		if (!hp_str_eq(record->id, exec->id) || !record->process->ended)
			continue;
		hp_fake__process_unref(record->process);
		free(record->id);
		free(record);
		c->execs[i] = c->execs[--c->n_execs];
		return;
	}
}

int hp_fake__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		    struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (find_running(e, ref, &c, err) < 0)
		return -1;
	*ret = hp_fake__stream_live(c->process, c->output->count);
	return 0;
}

int hp_fake__resize(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		    uint16_t rows, struct hp_error *err)
{
	struct hp_fake_container *c = NULL;
	struct hp_fake_process *p = NULL;

	if (find_running(e, ref, &c, err) < 0 || find_process(c, exec_id, &p, err) < 0)
		return -1;
	if (!p->tty)
		return hp_fail(err, HP_ESTATE, "container '%s' has no terminal of %ux%u", ref,
			       cols, rows);
	return 0;
}

int hp_fake__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		  struct hp_stream **ret, struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (hp_fake__container_find(hp_fake__of(e), ref, &c, err) < 0)
		return -1;
	if (!c->keeps_log)
		return hp_fail(err, HP_EUNSUPPORTED, "container '%s' keeps no log", ref);
	*ret = hp_fake__stream_log(c->output, c->process, what);
	return 0;
}

int hp_fake__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		    struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (hp_fake__container_find(hp_fake__of(e), ref, &c, err) < 0)
		return -1;
	if (!c->process)
		return hp_fail(err, HP_ESTATE, "container '%s' was never started", ref);
	*ret = hp_fake__waiter_new(c->process);
	return 0;
}

int hp_fake__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		   struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (find_running(e, ref, &c, err) < 0)
		return -1;
	uint64_t n = 1;
	for (size_t i = 0; i < c->n_execs; i++)
		n += !c->execs[i]->process->ended;
	*ret = (struct hp_stats){
		.time_ns = hp_clock_unix_ns(),
		.cpu_ns = n * 1000000,
		.memory_bytes = n * MEMORY_BYTES,
		.memory_limit_bytes = (uint64_t)c->resources.memory_bytes,
		.pids = n,
		.pids_limit =
			c->resources.pids_limit > 0 ? (uint64_t)c->resources.pids_limit : 0,
	};
	return 0;
}
