/* SPDX-License-Identifier: Apache-2.0 */
/* shim-hooks.c - tests of src/shim/hooks.c. */
#include "shim/hooks.h"

#include "links.h"

struct world {
	struct hp_loop *loop;
	char *dir;
	struct hp_shim_spec *spec;
	struct hp_shim_hooks *hooks;
	unsigned done;
	struct hp_error why;
};

static void on_done(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->done++;
	if (why)
		w->why = *why;
}

static bool is_done(void *arg)
{
	const struct world *w = arg;

	return w->done > 0;
}

/* A bundle whose createRuntime hooks are @hooks, a JSON array. */
static void world_open(struct world *w, const char *hooks)
{
	AUTO_FREE char *config = hp_sprintf(
		"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/"
		"\","
		"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},"
		"\"annotations\":{\"a.b/c\":\"d \\\"e\\\"\"},"
		"\"hooks\":{\"createRuntime\":%s},\"linux\":{}}",
		hooks);
	struct hp_error err = HP_ERROR_INIT;

	*w = (struct world){.loop = links_loop(), .dir = scratch_new()};
	free(scratch_file(w->dir, "config.json", config));
	assert_int_equal(hp_shim_spec_read(w->dir, &w->spec, &err), 0);
}

static void run_some(struct world *w, bool all)
{
	static const enum hp_shim_hook_kind kinds[] = {HP_SHIM_HOOK_PRESTART,
						       HP_SHIM_HOOK_CREATE_RUNTIME};
	const struct hp_shim_hooks_spec spec = {.spec = w->spec,
						.kinds = kinds,
						.n_kinds = 2,
						.id = "web",
						.bundle = w->dir,
						.status = "creating",
						.pid = 77,
						.all = all};

	w->hooks = hp_shim_hooks_run(w->loop, &spec, on_done, w);
	assert_int_equal(w->done, 0);
}

static void run(struct world *w)
{
	run_some(w, false);
}

static void world_close(struct world *w)
{
	hp_shim_hooks_free(w->hooks);
	hp_shim_spec_free(w->spec);
	hp_loop_free(w->loop);
	scratch_free(w->dir);
}

static void has_nothing_to_do(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "[]");
	run(&w);
	links_until(w.loop, is_done, &w);
	assert_int_equal(w.why.code, HP_OK);
	world_close(&w);
}

static void gives_the_state(void **state)
{
	AUTO_FREE char *hooks = NULL;
	AUTO_FREE char *path = NULL;
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO_FREE char *text = NULL;
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	struct world w;

	(void)state;
	path = hp_path_join(dir, "out");
	hooks = hp_sprintf(
		"[{\"path\":\"/bin/sh\",\"args\":[\"hook\",\"-c\",\"echo $0 $X > %s; "
		"cat >> %s\"],\"env\":[\"X=y\"]},{\"path\":\"/bin/sh\",\"args\":"
		"[\"h\",\"-c\",\"echo; echo second >> %s\"]}]",
		path, path, path);
	world_open(&w, hooks);
	run(&w);
	links_until(w.loop, is_done, &w);
	assert_int_equal(w.why.code, HP_OK);
	assert_int_equal(hp_file_read(path, 4096, &buf, &err), 0);
	text = hp_buf_take_str(&buf);
	assert_int_equal(strncmp(text, "/bin/sh y\n{", 11) == 0 ||
				 strncmp(text, "hook y\n{", 8) == 0,
			 1);
	assert_non_null(strstr(text, "\"id\":\"web\""));
	assert_non_null(strstr(text, "\"status\":\"creating\""));
	assert_non_null(strstr(text, "\"pid\":77"));
	assert_non_null(strstr(text, "\"bundle\":\"/"));
	assert_non_null(strstr(text, "\"a.b/c\":\"d \\\"e\\\"\""));
	assert_non_null(strstr(text, "second\n"));
	world_close(&w);
}

/* The first that failed is told, when all have been run. */
static void goes_on_when_it_is_to(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "out");
	AUTO_FREE char *hooks =
		hp_sprintf("[{\"path\":\"/bin/false\"},{\"path\":\"/no/such/program\"},"
			   "{\"path\":\"/bin/sleep\",\"args\":[\"sleep\",\"100\"],"
			   "\"timeout\":1},{\"path\":\"/bin/touch\",\"args\":[\"t\",\"%s\"]}]",
			   path);
	struct world w;

	(void)state;
	world_open(&w, hooks);
	run_some(&w, true);
	links_until(w.loop, is_done, &w);
	assert_int_equal(w.why.code, HP_EFAILED);
	assert_non_null(strstr(w.why.msg, "/bin/false"));
	assert_true(scratch_has(path));
	world_close(&w);
}

static void tells_what_failed(void **state)
{
	static const struct {
		const char *hooks;
		const char *says;
	} rows[] = {
		{"[{\"path\":\"/bin/sh\",\"args\":[\"h\",\"-c\",\"echo out; echo no such net "
		 ">&2; exit 3\"]},{\"path\":\"/bin/touch\",\"args\":[\"touch\",\"/nowhere/x\"]}]",
		 "hook '/bin/sh' ended with status 3: out no such net"},
		{"[{\"path\":\"/no/such/program\"}]", "hook '/no/such/program'"},
		{"[{\"path\":\"/bin/sleep\",\"args\":[\"sleep\",\"100\"],\"timeout\":1}]",
		 "hook '/bin/sleep' has not ended in time"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct world w;

		world_open(&w, rows[i].hooks);
		run(&w);
		links_until(w.loop, is_done, &w);
		assert_int_equal(w.done, 1);
		assert_non_null(strstr(w.why.msg, rows[i].says));
		world_close(&w);
	}
}

static void is_stopped(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "[{\"path\":\"/bin/sleep\",\"args\":[\"sleep\",\"100\"]}]");
	run(&w);
	links_settle(w.loop);
	world_close(&w);
	assert_int_equal(w.done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_nothing_to_do),
		FDS_TEST(gives_the_state),
		FDS_TEST(goes_on_when_it_is_to),
		FDS_TEST(tells_what_failed),
		FDS_TEST(is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
