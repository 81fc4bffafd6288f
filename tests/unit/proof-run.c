/* SPDX-License-Identifier: Apache-2.0 */
/* proof-run.c - tests of src/proof on the fake engine, honest and lying. */
#include "proof/run.h"

#include "base/alloc.h"
#include "base/str.h"
#include "engine/engine_impl.h"

#include "fds.h"

/* The fake engine with some operations replaced. */
struct world {
	struct hp_engine *engine;
	struct hp_engine_ops ops;
	struct hp_proof proof;
	struct hp_error err;
};

/* The fake runs no processes, so its pids are nobody's; ours stands in for them. */
static int inspect_with_real_pid(struct hp_engine *e, const char *ref,
				 struct hp_container **ret, struct hp_error *err)
{
	if (hp_engine__fake.inspect(e, ref, ret, err) < 0)
		return -1;
	if ((*ret)->pid)
		(*ret)->pid = getpid();
	return 0;
}

static void world_open(struct world *w)
{
	*w = (struct world){0};
	if (hp_engine_open("fake", NULL, &w->engine, &w->err) < 0)
		fail_msg("open: %s", w->err.msg);
	w->ops = *w->engine->ops;
	w->ops.inspect = inspect_with_real_pid;
	w->engine->ops = &w->ops;
}

static void world_close(struct world *w)
{
	hp_proof_clear(&w->proof);
	w->engine->ops = &hp_engine__fake;
	hp_engine_free(w->engine);
}
HP_AUTO_VALUE(struct world, world_close);

static const struct hp_proof_options options = {
	.image = "localhost/busybox:latest", .cycles = 3, .settle_ms = 1, .cpu_ms = 50};

/* Run a proof in the world, which must end with @status. */
static void world_prove(struct world *w, const struct hp_proof_options *with, int status)
{
	assert_int_equal(hp_proof_run(w->engine, with, &w->proof, &w->err), status);
}

static const struct hp_proof_row *row_find(const struct hp_proof *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (hp_str_eq(p->rows[i].name, name))
			return &p->rows[i];
	return NULL;
}

static void assert_row(const struct hp_proof *p, const char *name, bool pass)
{
	const struct hp_proof_row *row = row_find(p, name);

	if (!row)
		fail_msg("no row '%s'", name);
	if (row->pass != pass)
		fail_msg("row '%s' is %s: %s", name, row->pass ? "PASS" : "FAIL",
			 row->measured);
}

static size_t containers_left(struct hp_engine *engine)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_engine_list(engine, &list, &err), 0);
	return list->count;
}

static void proves_lifecycle_and_leaks(void **state)
{
	static const char *const rows[] = {
		"connect",         "image",       "create",        "start",
		"status",          "memory",      "stop",          "delete",
		"cycles",          "client RSS",  "client heap",   "tasks left",
		"containers left", "leases left", "snapshots left"};
	AUTO(world_close) struct world w;

	(void)state;
	world_open(&w);
	world_prove(&w, &options, 0);
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		assert_row(&w.proof, rows[i], true);
	assert_int_equal(containers_left(w.engine), 0);
}

/* The fake limits nothing and has no dd: a proof of limits must not pass on it. */
static void limits_that_do_not_hold_fail(void **state)
{
	AUTO(world_close) struct world w;

	(void)state;
	world_open(&w);
	world_prove(&w, &options, 0);
	assert_row(&w.proof, "256 MiB within 128 MiB", false);
	assert_false(hp_proof_passed(&w.proof));
	assert_int_equal(containers_left(w.engine), 0);
}

static void pid_of_nobody_fails(void **state)
{
	AUTO(world_close) struct world w;

	(void)state;
	world_open(&w);
	w.ops.inspect = hp_engine__fake.inspect;
	world_prove(&w, &options, 0);
	assert_row(&w.proof, "status", false);
	assert_int_equal(containers_left(w.engine), 0);
}

static void missing_image_says_what_to_do(void **state)
{
	AUTO(world_close) struct world w;
	struct hp_proof_options other = options;

	(void)state;
	world_open(&w);
	other.image = "localhost/nosuch:latest";
	world_prove(&w, &other, 0);
	assert_row(&w.proof, "image", false);
	assert_non_null(strstr(row_find(&w.proof, "image")->measured, "harpoon import"));
	assert_null(row_find(&w.proof, "create"));
	assert_false(hp_proof_passed(&w.proof));
}

static void interrupted_stops_and_does_not_pass(void **state)
{
	static volatile sig_atomic_t stop = SIGINT;
	AUTO(world_close) struct world w;
	struct hp_proof_options other = options;

	(void)state;
	world_open(&w);
	other.interrupted = &stop;
	world_prove(&w, &other, 0);
	assert_true(w.proof.interrupted);
	assert_false(hp_proof_passed(&w.proof));
	assert_int_equal(containers_left(w.engine), 0);
}

static int remove_nothing(struct hp_engine *e, const char *ref, bool force, bool volumes,
			  struct hp_error *err)
{
	(void)e, (void)ref, (void)force, (void)volumes, (void)err;
	return 0;
}

static void delete_that_deletes_nothing_fails(void **state)
{
	AUTO(world_close) struct world w;

	(void)state;
	world_open(&w);
	w.ops.remove = remove_nothing;
	world_prove(&w, &options, 0);
	assert_row(&w.proof, "delete", false);
	assert_null(row_find(&w.proof, "cycles"));
	assert_false(hp_proof_passed(&w.proof));
}

static int refuse_removal(struct hp_engine *e, const char *ref, bool force, bool volumes,
			  struct hp_error *err)
{
	(void)e, (void)force, (void)volumes;
	return hp_fail(err, HP_EIO, "container '%s' cannot be removed", ref);
}

static void clean_up_that_fails_is_an_error(void **state)
{
	AUTO(world_close) struct world w;

	(void)state;
	world_open(&w);
	w.ops.remove = refuse_removal;
	world_prove(&w, &options, -1);
	assert_int_equal(w.err.code, HP_EIO);
	assert_non_null(strstr(w.err.msg, "clean up"));
	assert_row(&w.proof, "delete", false);
}

static int more_each_time(struct hp_engine *e, struct hp_census *ret, struct hp_error *err)
{
	static uint64_t calls;

	(void)e, (void)err;
	*ret = (struct hp_census){.snapshots = ++calls};
	return 0;
}

static void snapshots_that_stay_are_a_leak(void **state)
{
	AUTO(world_close) struct world w;

	(void)state;
	world_open(&w);
	w.ops.can |= HP_CAN_CENSUS;
	w.ops.census = more_each_time;
	world_prove(&w, &options, 0);
	assert_row(&w.proof, "snapshots left", false);
	assert_row(&w.proof, "tasks left", true);
	assert_false(hp_proof_passed(&w.proof));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proves_lifecycle_and_leaks),
		cmocka_unit_test(limits_that_do_not_hold_fail),
		cmocka_unit_test(pid_of_nobody_fails),
		cmocka_unit_test(missing_image_says_what_to_do),
		cmocka_unit_test(interrupted_stops_and_does_not_pass),
		cmocka_unit_test(delete_that_deletes_nothing_fails),
		cmocka_unit_test(clean_up_that_fails_is_an_error),
		cmocka_unit_test(snapshots_that_stay_are_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
