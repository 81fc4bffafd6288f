/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c - the calls of <harpoon/engine.h>: they check what every engine would have to check,
 * refuse what the engine cannot do, and hand the rest to its ops. */
#include "engine/engine_impl.h"

#include <harpoon/harpoon.h>
#include <poll.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/registry.h"

/* How long an unset timeout of the client's configuration is. */
#define DEFAULT_TIMEOUT_MS 30000u

/* Longest text that can name a container or an image. From: distribution/reference, where a
 * name has at most 255 bytes, a tag 128 and a digest 135 or so; this leaves room for more. */
#define MAX_REF 1024u

#define DEFAULT_ENGINE "containerd"

const char *hp_library_version(void)
{
	return HP_VERSION;
}

static int no_such_engine(const char *name, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};

	for (size_t i = 0; hp_engine__registry[i]; i++)
		hp_strv_add(&names, hp_engine__registry[i]->name);
	AUTO_FREE char *list = hp_strv_join(hp_strv_view(&names), ", ");
	return hp_fail(err, HP_EINVALID, "no engine is called '%s'; there are: %s", name, list);
}

int hp_engine_open(const char *name, const struct hp_client_config *config,
		   struct hp_engine **ret_engine, struct hp_error *err)
{
	static const struct hp_client_config defaults;
	const struct hp_engine_ops *ops = NULL;

	if (!name)
		name = DEFAULT_ENGINE;
	if (!config)
		config = &defaults;
	for (size_t i = 0; !ops && hp_engine__registry[i]; i++)
		if (hp_str_eq(hp_engine__registry[i]->name, name))
			ops = hp_engine__registry[i];
	if (!ops)
		return no_such_engine(name, err);
	if (config->ns && !(ops->can & HP_CAN_NAMESPACES))
		return hp_fail(err, HP_EUNSUPPORTED, "namespaces are not supported by %s",
			       ops->name);

	struct hp_engine *e = hp_alloc(ops->size);
	e->ops = ops;
	e->timeout_ms = config->timeout_ms ? config->timeout_ms : DEFAULT_TIMEOUT_MS;
	if (ops->open(e, config, err) < 0) {
		hp_engine_free(e);
		return -1;
	}
	if (!e->address)
		e->address = hp_strdup("");
	if (!e->ns)
		e->ns = hp_strdup("");
	*ret_engine = e;
	return 0;
}

void hp_engine_free(struct hp_engine *engine)
{
	if (!engine)
		return;
	if (engine->ops->close)
		engine->ops->close(engine);
	free(engine->address);
	free(engine->ns);
	free(engine);
}

const char *hp_engine_name(const struct hp_engine *engine)
{
	return engine->ops->name;
}

const char *hp_engine_address(const struct hp_engine *engine)
{
	return engine->address;
}

const char *hp_engine_namespace(const struct hp_engine *engine)
{
	return engine->ns;
}

unsigned hp_engine_can(const struct hp_engine *engine)
{
	return engine->ops->can;
}

/* Fail unless the engine has all of the capabilities @needed for @what. */
static int check_can(const struct hp_engine *e, unsigned needed, const char *what,
		     struct hp_error *err)
{
	if ((e->ops->can & needed) == needed)
		return 0;
	return hp_fail(err, HP_EUNSUPPORTED, "%s is not supported by %s", what, e->ops->name);
}

static int check_ref(const char *what, const char *ref, struct hp_error *err)
{
	if (hp_str_empty(ref))
		return hp_fail(err, HP_EINVALID, "the %s has no name", what);
	if (strlen(ref) > MAX_REF)
		return hp_fail(err, HP_EINVALID, "the name of the %s is over %u bytes long",
			       what, MAX_REF);
	for (const char *c = ref; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return hp_fail(err, HP_EINVALID,
				       "the name of the %s has a blank or a control character",
				       what);
	return 0;
}

static int check_container(const char *ref, struct hp_error *err)
{
	return check_ref("container", ref, err);
}

static int check_image(const char *ref, struct hp_error *err)
{
	return check_ref("image", ref, err);
}

/* @number as kill(2) takes it for a process; 0, which only tests, is none. */
static int check_signal(int number, struct hp_error *err)
{
	if (number >= 1 && number <= 64)
		return 0;
	return hp_fail(err, HP_EINVALID, "there is no signal %d; they go from 1 to 64", number);
}

static int check_resources(const struct hp_resources *r, struct hp_error *err)
{
	if (r->memory_bytes < 0)
		return hp_fail(err, HP_EINVALID, "a memory limit cannot be negative");
	if (r->memory_swap_bytes < -1)
		return hp_fail(err, HP_EINVALID, "a limit of memory and swap is -1 or more");
	if (r->memory_swap_bytes > 0 && r->memory_swap_bytes < r->memory_bytes)
		return hp_fail(err, HP_EINVALID,
			       "the limit of memory and swap together (%lld bytes) is below "
			       "that of memory (%lld bytes)",
			       (long long)r->memory_swap_bytes, (long long)r->memory_bytes);
	if (r->cpu_nano < 0)
		return hp_fail(err, HP_EINVALID, "a number of CPUs cannot be negative");
	if (r->pids_limit < -1)
		return hp_fail(err, HP_EINVALID, "a limit of processes is -1 or more");
	return 0;
}

static int check_pids(const struct hp_engine *e, const struct hp_resources *r,
		      struct hp_error *err)
{
	if (!r->pids_limit)
		return 0;
	return check_can(e, HP_CAN_LIMIT_PIDS, "a limit of processes", err);
}

int hp_engine_version(struct hp_engine *engine, struct hp_version *ret_version,
		      struct hp_error *err)
{
	return engine->ops->version(engine, ret_version, err);
}

void hp_version_clear(struct hp_version *version)
{
	free(version->version);
	free(version->revision);
	free(version->api);
	*version = (struct hp_version){0};
}

int hp_engine_info(struct hp_engine *engine, struct hp_labels *ret_info, struct hp_error *err)
{
	return engine->ops->info(engine, ret_info, err);
}

int hp_engine_list(struct hp_engine *engine, struct hp_container_list **ret_list,
		   struct hp_error *err)
{
	return engine->ops->list(engine, ret_list, err);
}

int hp_engine_list_some(struct hp_engine *engine, const struct hp_list_filter *filter,
			struct hp_container_list **ret_list, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;

	for (size_t i = 0; filter->labels && filter->labels[i]; i++)
		if (!filter->labels[i][0] || filter->labels[i][0] == '=')
			return hp_fail(err, HP_EINVALID, "the filter label '%s' has no key",
				       filter->labels[i]);
	if (engine->ops->list_some ? engine->ops->list_some(engine, filter, &list, err) < 0
				   : engine->ops->list(engine, &list, err) < 0)
		return -1;
	hp_container_list_filter(list, filter);
	*ret_list = TAKE(list);
	return 0;
}

int hp_engine_inspect(struct hp_engine *engine, const char *ref,
		      struct hp_container **ret_container, struct hp_error *err)
{
	if (check_container(ref, err) < 0)
		return -1;
	return engine->ops->inspect(engine, ref, ret_container, err);
}

int hp_engine_create(struct hp_engine *engine, const struct hp_container_spec *spec,
		     char **ret_id, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_CREATE, "create", err) < 0 ||
	    check_image(spec->image, err) < 0 || check_resources(&spec->resources, err) < 0)
		return -1;
	if (spec->name && hp_str_check_id("container name", spec->name, err) < 0)
		return -1;
	if (hp_str_eq(spec->network, "none") &&
	    check_can(engine, HP_CAN_ISOLATE, "a container without a network", err) < 0)
		return -1;
	if (spec->log_driver == HP_LOG_NONE &&
	    check_can(engine, HP_CAN_LOG_NONE, "a container without a log", err) < 0)
		return -1;
	if (check_pids(engine, &spec->resources, err) < 0)
		return -1;
	int ignored = 0;
	if (spec->stop_signal && hp_signal_parse(spec->stop_signal, &ignored, err) < 0)
		return hp_wrap(err, "stop signal");
	if (spec->resources.memory_swap_bytes > 0 && !spec->resources.memory_bytes)
		return hp_fail(err, HP_EINVALID,
			       "a limit of memory and swap needs a memory limit too");
	return engine->ops->create(engine, spec, ret_id, err);
}

int hp_engine_start(struct hp_engine *engine, const char *ref, uint16_t cols, uint16_t rows,
		    struct hp_stream **ret_stream, struct hp_error *err)
{
	if (check_container(ref, err) < 0)
		return -1;
	if (ret_stream && check_can(engine, HP_CAN_ATTACH, "attach", err) < 0)
		return -1;
	return engine->ops->start(engine, ref, cols, rows, ret_stream, err);
}

int hp_engine_stop(struct hp_engine *engine, const char *ref, int signal, int64_t grace_ms,
		   struct hp_error *err)
{
	if (check_container(ref, err) < 0 || (signal && check_signal(signal, err) < 0))
		return -1;
	return engine->ops->stop(engine, ref, signal, grace_ms, err);
}

int hp_engine_kill(struct hp_engine *engine, const char *ref, const char *exec_id, int signal,
		   struct hp_error *err)
{
	if (check_container(ref, err) < 0 || check_signal(signal, err) < 0)
		return -1;
	if (exec_id && (check_can(engine, HP_CAN_EXEC_KILL, "kill of an exec", err) < 0 ||
			check_ref("exec", exec_id, err) < 0))
		return -1;
	return engine->ops->kill(engine, ref, exec_id, signal, err);
}

int hp_engine_pause(struct hp_engine *engine, const char *ref, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_PAUSE, "pause", err) < 0 || check_container(ref, err) < 0)
		return -1;
	return engine->ops->pause(engine, ref, err);
}

int hp_engine_unpause(struct hp_engine *engine, const char *ref, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_PAUSE, "unpause", err) < 0 ||
	    check_container(ref, err) < 0)
		return -1;
	return engine->ops->unpause(engine, ref, err);
}

int hp_engine_restart(struct hp_engine *engine, const char *ref, int64_t grace_ms,
		      struct hp_error *err)
{
	if (check_container(ref, err) < 0 ||
	    check_can(engine, HP_CAN_RESTART, "restart", err) < 0)
		return -1;
	if (engine->ops->restart)
		return engine->ops->restart(engine, ref, grace_ms, err);
	if (engine->ops->stop(engine, ref, 0, grace_ms, err) < 0)
		return -1;
	return engine->ops->start(engine, ref, 0, 0, NULL, err);
}

int hp_engine_remove(struct hp_engine *engine, const char *ref, bool force, bool volumes,
		     struct hp_error *err)
{
	if (check_container(ref, err) < 0)
		return -1;
	return engine->ops->remove(engine, ref, force, volumes, err);
}

/* Shall a process have something that the container does not have already? */
static bool wants_own(const struct hp_exec_spec *spec)
{
	return (spec->env && spec->env[0]) || !hp_str_empty(spec->workdir) ||
	       !hp_str_empty(spec->user) || spec->privileged;
}

int hp_engine_exec(struct hp_engine *engine, const char *ref, const struct hp_exec_spec *spec,
		   struct hp_exec **ret_exec, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_EXEC, "exec", err) < 0 || check_container(ref, err) < 0)
		return -1;
	if (!spec->args || hp_str_empty(spec->args[0]))
		return hp_fail(err, HP_EINVALID, "exec in '%s': no command is given", ref);
	if (wants_own(spec) &&
	    check_can(
		    engine, HP_CAN_EXEC_AS,
		    "an exec with an environment, a directory, a user or privileges of its own",
		    err) < 0)
		return -1;
	if (spec->detach &&
	    check_can(engine, HP_CAN_EXEC_DETACH, "an exec that nobody waits for", err) < 0)
		return -1;
	return engine->ops->exec(engine, ref, spec, ret_exec, err);
}

void hp_exec_free(struct hp_engine *engine, struct hp_exec *exec)
{
	if (!exec)
		return;
	if (engine->ops->exec_free)
		engine->ops->exec_free(engine, exec);
	hp_stream_free(exec->stream);
	hp_waiter_free(exec->waiter);
	free(exec->id);
	free(exec->container_id);
	free(exec);
}

int hp_engine_attach(struct hp_engine *engine, const char *ref, struct hp_stream **ret_stream,
		     struct hp_error *err)
{
	if (check_can(engine, HP_CAN_ATTACH, "attach", err) < 0 ||
	    check_container(ref, err) < 0)
		return -1;
	return engine->ops->attach(engine, ref, ret_stream, err);
}

int hp_engine_resize(struct hp_engine *engine, const char *ref, const char *exec_id,
		     uint16_t cols, uint16_t rows, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_RESIZE, "resize", err) < 0 ||
	    check_container(ref, err) < 0)
		return -1;
	if (exec_id && check_ref("exec", exec_id, err) < 0)
		return -1;
	if (!cols || !rows)
		return hp_fail(err, HP_EINVALID, "a terminal of %u columns and %u rows", cols,
			       rows);
	return engine->ops->resize(engine, ref, exec_id, cols, rows, err);
}

int hp_engine_logs(struct hp_engine *engine, const char *ref, const struct hp_logs *what,
		   struct hp_stream **ret_stream, struct hp_error *err)
{
	static const struct hp_logs all;

	if (check_can(engine, HP_CAN_LOGS, "logs", err) < 0 || check_container(ref, err) < 0)
		return -1;
	return engine->ops->logs(engine, ref, what ? what : &all, ret_stream, err);
}

int hp_engine_waiter(struct hp_engine *engine, const char *ref, struct hp_waiter **ret_waiter,
		     struct hp_error *err)
{
	if (check_container(ref, err) < 0)
		return -1;
	return engine->ops->waiter(engine, ref, ret_waiter, err);
}

int hp_engine_wait(struct hp_engine *engine, const char *ref, uint32_t timeout_ms,
		   struct hp_exit *ret_exit, struct hp_error *err)
{
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	int64_t deadline = hp_deadline_in(timeout_ms);

	if (hp_engine_waiter(engine, ref, &waiter, err) < 0)
		return -1;
	for (;;) {
		int found = hp_waiter_next(waiter, ret_exit, err);
		if (found < 0)
			return hp_wrap(err, "wait for '%s'", ref);
		if (found == HP_NEXT_ITEM)
			return 0;
		int64_t left = hp_deadline_left_ms(deadline);
		if (left == 0)
			return hp_fail(err, HP_ETIMEOUT,
				       "container '%s' has not ended within %u ms", ref,
				       timeout_ms);
		if (hp_fd_poll(hp_waiter_fd(waiter), POLLIN, left, err) < 0)
			return hp_wrap(err, "wait for '%s'", ref);
	}
}

int hp_engine_update(struct hp_engine *engine, const char *ref,
		     const struct hp_resources *resources, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_UPDATE, "update", err) < 0 ||
	    check_container(ref, err) < 0 || check_resources(resources, err) < 0 ||
	    check_pids(engine, resources, err) < 0)
		return -1;
	return engine->ops->update(engine, ref, resources, err);
}

int hp_engine_stats(struct hp_engine *engine, const char *ref, struct hp_stats *ret_stats,
		    struct hp_error *err)
{
	if (check_can(engine, HP_CAN_STATS, "stats", err) < 0 || check_container(ref, err) < 0)
		return -1;
	return engine->ops->stats(engine, ref, ret_stats, err);
}

int hp_engine_events(struct hp_engine *engine, struct hp_events **ret_events,
		     struct hp_error *err)
{
	if (check_can(engine, HP_CAN_EVENTS, "events", err) < 0)
		return -1;
	return engine->ops->events(engine, ret_events, err);
}

int hp_engine_images(struct hp_engine *engine, struct hp_image_list **ret_list,
		     struct hp_error *err)
{
	return engine->ops->images(engine, ret_list, err);
}

int hp_engine_import(struct hp_engine *engine, const struct hp_import *what, char ***ret_names,
		     struct hp_error *err)
{
	if (check_can(engine, HP_CAN_IMPORT, "import", err) < 0)
		return -1;
	if (hp_str_empty(what->path))
		return hp_fail(err, HP_EINVALID, "import: no archive is given");
	if (what->name && check_image(what->name, err) < 0)
		return hp_wrap(err, "import '%s'", what->path);
	return engine->ops->import(engine, what, ret_names, err);
}

int hp_engine_pull(struct hp_engine *engine, const struct hp_pull *what,
		   struct hp_pulled *ret_pulled, struct hp_error *err)
{
	if (check_can(engine, HP_CAN_PULL, "pull", err) < 0)
		return -1;
	if (check_image(what->ref, err) < 0)
		return hp_wrap(err, "pull");
	return engine->ops->pull(engine, what, ret_pulled, err);
}

int hp_engine_export(struct hp_engine *engine, const char *const *refs, int fd,
		     struct hp_error *err)
{
	if (check_can(engine, HP_CAN_EXPORT, "export", err) < 0)
		return -1;
	if (!refs || !refs[0])
		return hp_fail(err, HP_EINVALID, "export: no image is given");
	for (size_t i = 0; refs[i]; i++)
		if (check_image(refs[i], err) < 0)
			return hp_wrap(err, "export");
	return engine->ops->export(engine, refs, fd, err);
}

int hp_engine_remove_image(struct hp_engine *engine, const char *ref, bool force,
			   struct hp_error *err)
{
	if (check_image(ref, err) < 0)
		return -1;
	return engine->ops->remove_image(engine, ref, force, err);
}

int hp_engine_tag(struct hp_engine *engine, const char *ref, const char *name,
		  struct hp_error *err)
{
	if (check_can(engine, HP_CAN_TAG, "tag", err) < 0 || check_image(ref, err) < 0 ||
	    check_image(name, err) < 0)
		return -1;
	return engine->ops->tag(engine, ref, name, err);
}

int hp_engine_census(struct hp_engine *engine, struct hp_census *ret_census,
		     struct hp_error *err)
{
	if (check_can(engine, HP_CAN_CENSUS, "census", err) < 0)
		return -1;
	return engine->ops->census(engine, ret_census, err);
}
