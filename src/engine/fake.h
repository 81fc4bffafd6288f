/* SPDX-License-Identifier: Apache-2.0 */
/* fake.h - what the files of the fake engine share: the engine, its containers and events. */
#pragma once
#include "base/str.h"
#include "engine/fake_process.h"

struct hp_fake_events;

/* A process of exec. It is found by its id until the caller of exec has let go of it. */
struct hp_fake_exec {
	char *id;
	struct hp_fake_process *process;
};

/* A container. info: what lists show; its state is kept by hp_fake__container_look().
 * process: of its last start, NULL before the first. */
struct hp_fake_container {
	struct hp_fake *engine;
	struct hp_container *info;
	struct hp_strv args;
	struct hp_strv env;
	struct hp_resources resources;
	char *cpuset_cpus; /* owns what resources points to */
	bool tty;
	bool stdin_open;
	bool shared_pids; /* its first process is not PID 1 */
	bool keeps_log;
	int stop_signal;
	uint32_t stop_timeout_ms;
	struct hp_fake_output *output;
	struct hp_fake_process *process;
	struct hp_fake_exec **execs;
	size_t n_execs;
};

struct hp_fake {
	struct hp_engine base;
	struct hp_fake_container **containers;
	size_t n_containers;
	struct hp_image_list images;
	struct hp_fake_events *subscriptions;
	pid_t last_pid;
	unsigned last_exec;
};

static inline struct hp_fake *hp_fake__of(struct hp_engine *e)
{
	return container_of(e, struct hp_fake, base);
}

/* fake_container.c: find one, with its state as it is by now. Fails: HP_ENOTFOUND, HP_EINVALID. */
int hp_fake__container_find(struct hp_fake *f, const char *ref, struct hp_fake_container **ret,
			    struct hp_error *err) MUST_CHECK;
/* Bring the state of a container up to date. */
void hp_fake__container_look(struct hp_fake_container *c);
bool hp_fake__container_runs(const struct hp_fake_container *c);
/* How its first process is to be started; borrows from @c. */
void hp_fake__container_start(struct hp_fake_container *c, struct hp_fake_start *ret_how);
void hp_fake__container_free(struct hp_fake_container *c);
/* A copy of its info, with detail_json when @detail is set. */
struct hp_container *hp_fake__container_copy(const struct hp_fake_container *c, bool detail);

int hp_fake__create(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		    struct hp_error *err);
int hp_fake__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
		    struct hp_error *err);
int hp_fake__update(struct hp_engine *e, const char *ref, const struct hp_resources *resources,
		    struct hp_error *err);

/* fake_task.c: what is done to a container's processes. */
int hp_fake__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		   struct hp_stream **ret_stream, struct hp_error *err);
int hp_fake__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		  struct hp_error *err);
int hp_fake__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		  struct hp_error *err);
int hp_fake__pause(struct hp_engine *e, const char *ref, struct hp_error *err);
int hp_fake__unpause(struct hp_engine *e, const char *ref, struct hp_error *err);
int hp_fake__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		  struct hp_exec **ret, struct hp_error *err);
void hp_fake__exec_free(struct hp_engine *e, struct hp_exec *exec);
int hp_fake__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		    struct hp_error *err);
int hp_fake__resize(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		    uint16_t rows, struct hp_error *err);
int hp_fake__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		  struct hp_stream **ret, struct hp_error *err);
int hp_fake__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		    struct hp_error *err);
int hp_fake__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		   struct hp_error *err);

/* fake_image.c */
void hp_fake__image_add(struct hp_fake *f, const char *name, const char *digest, int64_t size);
int hp_fake__image_find(const struct hp_fake *f, const char *ref,
			const struct hp_image **ret_image, struct hp_error *err) MUST_CHECK;
int hp_fake__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err);
int hp_fake__import(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
		    struct hp_error *err);
int hp_fake__remove_image(struct hp_engine *e, const char *ref, bool force,
			  struct hp_error *err);
int hp_fake__tag(struct hp_engine *e, const char *ref, const char *name, struct hp_error *err);

/* fake_event.c: tell all subscribers; @attribute may be NULL. */
void hp_fake__event(struct hp_fake *f, const char *type, const char *action, const char *id,
		    const struct hp_label *attribute);
int hp_fake__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err);
/* The engine is going away: subscriptions end when they were read. */
void hp_fake__events_close(struct hp_fake *f);
/* Tune the bells of all subscriptions, after processes were let go on. */
void hp_fake__events_tune(struct hp_fake *f);
