/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle.c - one container from image to deletion, each step seen and timed. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "proof/run.h"

#define PHASE         "lifecycle"
#define STOP_MS       10000
#define ASK_AGAIN_MS  250
#define LOOK_AGAIN_MS 5
#define COMM_MAX      64

/* The one container of this phase. */
struct life {
	struct hp_run *run;
	char *id;
};

static int step_connect(struct life *l, char **ret_measured, struct hp_error *err)
{
	struct hp_version version;

	if (hp_engine_version(l->run->engine, &version, err) < 0)
		return -1;
	*ret_measured = hp_sprintf("%s %s", hp_engine_name(l->run->engine), version.version);
	hp_version_clear(&version);
	return 0;
}

static int step_image(struct life *l, char **ret_measured, struct hp_error *err)
{
	const char *want = l->run->options->image;
	struct hp_image_list *list = NULL;
	const char *id = NULL;

	if (hp_engine_images(l->run->engine, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (hp_str_eq(list->items[i]->name, want))
			id = list->items[i]->id;
	*ret_measured = id ? hp_sprintf("%s %.19s", want, id) : NULL;
	hp_image_list_free(list);
	if (!*ret_measured)
		return hp_fail(err, HP_ENOTFOUND,
			       "no image '%s' here: name another with --image, or bring one in "
			       "with `harpoon import`",
			       want);
	return 0;
}

static int step_create(struct life *l, char **ret_measured, struct hp_error *err)
{
	if (hp_run__create(l->run, hp_run__sleeper, NULL, &l->id, err) < 0)
		return -1;
	*ret_measured = hp_sprintf("%.40s", l->id);
	return 0;
}

static int step_start(struct life *l, char **ret_measured, struct hp_error *err)
{
	if (hp_engine_start(l->run->engine, l->id, 0, 0, NULL, err) < 0)
		return -1;
	*ret_measured = hp_strdup("started");
	return 0;
}

static int step_status(struct life *l, char **ret_measured, struct hp_error *err)
{
	struct hp_container *c = NULL;
	int status = 0;

	if (hp_engine_inspect(l->run->engine, l->id, &c, err) < 0)
		return -1;
	if (c->state != HP_STATE_RUNNING)
		status = hp_fail(err, HP_ESTATE, "state is %s, not running",
				 hp_state_name(c->state));
	else if (c->pid <= 0 || (kill(c->pid, 0) < 0 && errno == ESRCH))
		status = hp_fail(err, HP_ESTATE, "pid %d is no process here", (int)c->pid);
	else
		*ret_measured = hp_sprintf("running, pid %d", (int)c->pid);
	hp_container_free(c);
	return status;
}

static int step_memory(struct life *l, char **ret_measured, struct hp_error *err)
{
	struct hp_stats stats;

	if (hp_engine_stats(l->run->engine, l->id, &stats, err) < 0)
		return -1;
	if (stats.memory_bytes == 0)
		return hp_fail(err, HP_EFAILED, "a running container is said to use no memory");
	*ret_measured = hp_str_human_bytes(stats.memory_bytes);
	return 0;
}

/* What goes by this name has not executed the container's program yet, and dies of SIGTERM in a way of
 * its own. From: runc, libcontainer/nsenter. */
static bool is_runc_init(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/comm", (int)pid);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	if (pid <= 0 || hp_file_read(path, COMM_MAX, &text, &ignored) < 0)
		return false;
	AUTO_FREE char *comm = hp_buf_take_str(&text);
	return hp_str_starts(comm, "runc:[");
}

/* runc says that a container is started when its program is about to be executed. */
static int await_program(struct life *l, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(STOP_MS);
	struct hp_container *c = NULL;
	pid_t pid;

	if (hp_engine_inspect(l->run->engine, l->id, &c, err) < 0)
		return -1;
	pid = c->pid;
	hp_container_free(c);
	while (is_runc_init(pid) && hp_deadline_left_ms(deadline) > 0)
		hp_clock_sleep_ms(LOOK_AGAIN_MS);
	return 0;
}

/* A program that was started just now may not have come so far as to catch SIGTERM, and as the
 * first process of its namespace it is not ended by one then: it is asked again. */
static int ask_to_end(struct life *l, struct hp_exit *ret_ended, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(STOP_MS);

	if (await_program(l, err) < 0 ||
	    hp_engine_kill(l->run->engine, l->id, NULL, SIGTERM, err) < 0)
		return -1;
	for (;;) {
		struct hp_error over = HP_ERROR_INIT;

		if (hp_engine_wait(l->run->engine, l->id, ASK_AGAIN_MS, ret_ended, err) == 0)
			return 0;
		if (err->code != HP_ETIMEOUT || hp_deadline_left_ms(deadline) == 0)
			return -1;
		hp_error_clear(err);
		/* It may have ended by now; whether it has is for the wait to say. */
		(void)hp_engine_kill(l->run->engine, l->id, NULL, SIGTERM, &over);
	}
}

static int step_stop(struct life *l, char **ret_measured, struct hp_error *err)
{
	struct hp_exit ended;

	if (ask_to_end(l, &ended, err) < 0 ||
	    hp_engine_stop(l->run->engine, l->id, 0, STOP_MS, err) < 0)
		return -1;
	if (ended.code != 0)
		return hp_fail(err, HP_EFAILED,
			       "it exited with %d, not 0: SIGTERM did not reach it",
			       ended.code);
	*ret_measured = hp_strdup("exit 0 on SIGTERM");
	return 0;
}

static int step_delete(struct life *l, char **ret_measured, struct hp_error *err)
{
	struct hp_container *c = NULL;

	if (hp_engine_remove(l->run->engine, l->id, false, true, err) < 0)
		return -1;
	if (hp_engine_inspect(l->run->engine, l->id, &c, err) == 0) {
		hp_container_free(c);
		return hp_fail(err, HP_EFAILED, "it is still there");
	}
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	*ret_measured = hp_strdup("gone");
	return 0;
}

static const struct step {
	const char *name;
	int (*run)(struct life *l, char **ret_measured, struct hp_error *err);
} steps[] = {
	{"connect", step_connect}, {"image", step_image},   {"create", step_create},
	{"start", step_start},     {"status", step_status}, {"memory", step_memory},
	{"stop", step_stop},       {"delete", step_delete},
};

bool hp_run__lifecycle(struct hp_run *r)
{
	struct life life = {.run = r};
	bool ok = true;

	for (size_t i = 0; ok && i < HP_ARRAY_LEN(steps) && !hp_run__interrupted(r); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t began = hp_run__begin(r, steps[i].name);
		char *measured = NULL;

		ok = steps[i].run(&life, &measured, &err) == 0;
		if (ok)
			hp_run__pass(r, PHASE, steps[i].name, began, measured, "");
		else
			hp_run__fail(r, PHASE, steps[i].name, began, &err, "");
	}
	free(life.id);
	return ok && !hp_run__interrupted(r);
}
