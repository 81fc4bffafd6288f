/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_world.c - see chaos_world.h. It has the table of actions of its own, which tests link in place
 * of the product's. */
#include "fake/chaos_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fd.h"
#include "chaos/event.h"

#define DURATION_NS (10 * INT64_C(1000000000))

static const char *dir_of(const struct hp_fault *f)
{
	return hp_json_get_str(f->args, "dir");
}

static int make_mark(const struct hp_fault *f, const char *name, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir_of(f), name);

	if (hp_file_write(path, "", 0, 0600, err) < 0)
		return -1;
	if (hp_json_bool(hp_json_get(f->args, "refuse"), false))
		return hp_fail(err, HP_EDENIED, "the test refuses");
	return 0;
}

static int remove_mark(const struct hp_fault *f, const char *name, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir_of(f), name);
	AUTO_FREE char *stuck = hp_path_join(dir_of(f), "stuck");

	if (hp_json_bool(hp_json_get(f->args, "stuck"), false) && access(stuck, F_OK) == 0)
		return hp_fail(err, HP_EIO, "the test is stuck");
	unlink(path);
	return 0;
}

static int start_workload(struct hp_fault *f, struct hp_error *err)
{
	const char *program = hp_json_get_str(f->args, "workload");
	const char *const argv[] = {program, NULL};
	const struct hp_child child = {.path = program, .argv = argv};

	return program ? hp_child_start(&child, &f->workload, err) : 0;
}

static int mark_apply(struct hp_fault *f, struct hp_error *err)
{
	f->output = hp_strdup("marked");
	return make_mark(f, f->id, err) < 0 || start_workload(f, err) < 0 ? -1 : 0;
}

static int mark_undo(struct hp_fault *f, struct hp_error *err)
{
	return remove_mark(f, f->id, err);
}

static int mark_observe(struct hp_fault *f, struct hp_labels *ret, struct hp_error *err)
{
	(void)f;
	(void)err;
	hp_labels_add(ret, "marks", "1");
	return 0;
}

static void mark_describe(const struct hp_json *args, struct hp_labels *ret)
{
	hp_labels_add(ret, "dir", hp_json_get_str(args, "dir"));
}

static void mark_steps(const struct hp_fault *f, struct hp_strv *ret_apply,
		       struct hp_strv *ret_undo)
{
	hp_strv_addf(ret_apply, "touch %s", f->id);
	hp_strv_addf(ret_undo, "rm %s", f->id);
}

const struct hp_action chaos_mark = {
	.name = "mark",
	.doing = "marking container",
	.undoing = "unmarking container",
	.apply = mark_apply,
	.undo = mark_undo,
	.observe = mark_observe,
	.describe = mark_describe,
	.steps = mark_steps,
};

static int shared_apply(struct hp_fault *f, struct hp_error *err)
{
	return make_mark(f, "shared", err);
}

static int shared_undo(struct hp_fault *f, struct hp_error *err)
{
	return remove_mark(f, "shared", err);
}

const struct hp_action chaos_mark_shared = {
	.name = "mark-shared",
	.doing = "marking container",
	.undoing = "unmarking container",
	.flags = HP_ACTION_SHARED,
	.apply = shared_apply,
	.undo = shared_undo,
};

const struct hp_action chaos_mark_other = {
	.name = "mark-other",
	.doing = "marking container",
	.undoing = "unmarking container",
	.flags = HP_ACTION_SHARED,
	.apply = shared_apply,
	.undo = shared_undo,
};

static int strike_apply(struct hp_fault *f, struct hp_error *err)
{
	hp_clock_sleep_ms(hp_json_i64(hp_json_get(f->args, "sleep_ms"), 0));
	return make_mark(f, f->id, err);
}

const struct hp_action chaos_strike = {
	.name = "strike",
	.doing = "striking container",
	.apply = strike_apply,
};
const struct hp_action chaos_strike_slow = {
	.name = "strike-slow",
	.doing = "striking container",
	.flags = HP_ACTION_BLOCKS,
	.apply = strike_apply,
};

/* In place of action.c's. */
const struct hp_action *hp_action_find(const char *name)
{
	static const struct hp_action *const all[] = {
		&chaos_mark,       &chaos_mark_shared, &hp_action_iptables,
		&hp_action_stress, &hp_action_pause,   &hp_action_stop_restart,
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(all); i++)
		if (hp_str_eq(all[i]->name, name))
			return all[i];
	return NULL;
}

static void add_lines(struct chaos_world *w, const struct hp_strv *lines)
{
	for (size_t i = 0; lines && i < lines->count; i++)
		hp_strv_add(&w->words, lines->items[i]);
}

static void on_told(void *arg, const struct hp_chaos_event *e)
{
	struct chaos_world *w = arg;

	assert_true(e->plan == &w->plan && e->time_ns > 0);
	if (e->container)
		hp_strv_addf(&w->told, "%s %s", hp_chaos_word(e->what), e->container->name);
	else
		hp_strv_add(&w->told, hp_chaos_word(e->what));
	if (e->output)
		hp_strv_add(&w->words, e->output);
	for (size_t i = 0; e->effects && i < e->effects->count; i++)
		hp_strv_addf(&w->words, "%s=%s", e->effects->items[i].key,
			     e->effects->items[i].value);
	add_lines(w, e->apply);
	add_lines(w, e->undo);
	if (e->err)
		hp_strv_add(&w->words, e->err->msg);
	if (w->on_event)
		w->on_event(w, e);
}

void chaos_world_add(struct chaos_world *w, const char *name, bool start)
{
	static const char *const forever[] = {
		"sh", "-c",
		"trap 'exit 15' TERM; trap 'exit 1' HUP; while true; do sleep 0.05; done",
		NULL};
	const struct hp_container_spec spec = {
		.image = "busybox", .name = name, .args = forever};
	AUTO_FREE char *id = NULL;

	OK(hp_engine_create(w->engine, &spec, &id, &err));
	if (start)
		OK(hp_engine_start(w->engine, id, 0, 0, NULL, &err));
}

void chaos_world_open(struct chaos_world *w, unsigned containers)
{
	char name[2] = "a";

	*w = (struct chaos_world){.dir = hp_strdup("/tmp/hp-chaos.XXXXXX")};
	assert_non_null(mkdtemp(w->dir));
	w->state = hp_sprintf("%s.state", w->dir);
	w->journal = hp_journal_dir(w->state);
	w->config = (struct hp_client_config){.state_root = w->state};
	OK(hp_engine_open("fake", &w->config, &w->engine, &err));
	for (unsigned i = 0; i < containers; i++, name[0]++)
		chaos_world_add(w, name, true);
	w->args = hp_json_object();
	hp_json_set_str(w->args, "dir", w->dir);
	w->plan = (struct hp_plan){.run_id = "test",
				   .action = &chaos_mark,
				   .args = w->args,
				   .duration_ns = DURATION_NS};
	assert_int_equal(pipe2(w->stop_fds, O_CLOEXEC | O_NONBLOCK), 0);
	w->run = (struct hp_chaos_run){.plan = &w->plan,
				       .engine = w->engine,
				       .config = &w->config,
				       .tell = on_told,
				       .arg = w,
				       .stop_fd = w->stop_fds[0]};
}

void chaos_world_close(struct chaos_world *w)
{
	size_t left = chaos_world_entries(w);

	hp_engine_free(w->engine);
	hp_json_free(w->args);
	hp_strv_free(&w->told);
	hp_strv_free(&w->words);
	close(w->stop_fds[0]);
	close(w->stop_fds[1]);
	OK(hp_remove_tree(w->dir, &err));
	OK(hp_remove_tree(w->state, &err));
	free(w->dir);
	free(w->state);
	free(w->journal);
	assert_int_equal(left, 0);
}

enum hp_state chaos_world_state(struct chaos_world *w, const char *name)
{
	struct hp_container *c = NULL;

	OK(hp_engine_inspect(w->engine, name, &c, &err));
	enum hp_state state = c->state;
	hp_container_free(c);
	return state;
}

struct hp_fault *chaos_world_fault(struct chaos_world *w, const char *name, unsigned n)
{
	const struct hp_fault_world world = {
		.engine_name = "fake", .config = &w->config, .journal = w->journal};
	AUTO_FREE char *id = hp_sprintf("test-%u", n);
	struct hp_container *c = NULL;

	OK(hp_engine_inspect(w->engine, name, &c, &err));
	struct hp_fault *f = hp_fault_new(&world, id, w->plan.action, c, w->args);
	f->duration_ns = w->plan.duration_ns;
	hp_container_free(c);
	return f;
}

static size_t files_in(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
		count += d->d_name[0] != '.' && !hp_str_eq(d->d_name, "stuck");
	if (dir)
		closedir(dir);
	return count;
}

bool chaos_world_has(const struct chaos_world *w, const char *mark)
{
	AUTO_FREE char *path = hp_path_join(w->dir, mark);

	return access(path, F_OK) == 0;
}

size_t chaos_world_marks(const struct chaos_world *w)
{
	return files_in(w->dir);
}

size_t chaos_world_entries(const struct chaos_world *w)
{
	return files_in(w->journal);
}

void chaos_world_await_marks(const struct chaos_world *w, size_t count)
{
	int64_t deadline = hp_deadline_in(PATIENCE_MS);

	while (chaos_world_marks(w) != count) {
		if (hp_deadline_left_ms(deadline) == 0)
			fail_msg("%zu marks, never %zu", chaos_world_marks(w), count);
		hp_clock_sleep_ms(5);
	}
}

enum hp_code chaos_world_run(struct chaos_world *w)
{
	struct hp_error err = HP_ERROR_INIT;

	return hp_chaos_run(&w->run, &err) < 0 ? err.code : HP_OK;
}

size_t chaos_world_count(const struct chaos_world *w, const char *told)
{
	size_t count = 0;

	for (size_t i = 0; i < w->told.count; i++)
		count += hp_str_eq(w->told.items[i], told);
	return count;
}
