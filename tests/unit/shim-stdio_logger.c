/* SPDX-License-Identifier: Apache-2.0 */
/* shim-stdio_logger.c - tests of src/shim/stdio_logger.c. */
#include <signal.h>

#include "base/child.h"
#include "shim-bundle.h"
#include "shim/stdio_parts.h"

/* A logger that is a script, and what it did. */
struct world {
	char *dir, *script, *out;
	struct hp_loop *loop;
	struct hp_shim__logger *logger;
	int fds[2];
	bool told;
	struct hp_error why;
};

static void set_up(struct world *w, const char *script, bool says_ready, int ready_ms)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim__place place = {.kind = HP_SHIM_PLACE_LOGGER, .says_ready = says_ready};
	const struct hp_shim__logger_spec spec = {.place = &place,
						  .container = "c1",
						  .ns = "default",
						  .ready_ms = ready_ms,
						  .end_ms = 500};
	AUTO_FREE char *text = NULL;

	*w = (struct world){.dir = scratch_new()};
	w->out = hp_path_join(w->dir, "out");
	text = hp_sprintf("#!/bin/sh\nexec >'%s'\n%s\n", w->out, script);
	w->script = scratch_file(w->dir, "logger", text);
	assert_int_equal(chmod(w->script, 0755), 0);
	assert_int_equal(hp_loop_new(&w->loop, &err), 0);
	place.path = w->script;
	hp_strv_add(&place.args, "key");
	hp_strv_add(&place.args, "a value");
	if (hp_shim__logger_start(w->loop, &spec, &w->logger, w->fds, &err) < 0)
		fail_msg("%s", err.msg);
	hp_strv_free(&place.args);
}

static void on_ready(void *data, const struct hp_error *why)
{
	struct world *w = data;

	assert_false(w->told);
	w->told = true;
	if (why)
		w->why = *why;
}

static void wait_ready(struct world *w)
{
	hp_shim__logger_when_ready(w->logger, on_ready, w);
	assert_false(w->told);
	turn_until(w->loop, &w->told);
}

static void close_pipes(struct world *w)
{
	close(w->fds[0]);
	close(w->fds[1]);
}

/* What the logger has written once it has written @end. */
static char *output(struct world *w, const char *end)
{
	int64_t deadline = hp_deadline_in(20000);

	while (hp_deadline_left_ms(deadline) > 0) {
		AUTO(hp_buf_free) struct hp_buf text;
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *all = NULL;

		hp_buf_init(&text, 1 << 16);
		if (hp_file_read(w->out, text.max, &text, &err) == 0) {
			all = hp_buf_take_str(&text);
			if (hp_str_ends(all, end))
				return TAKE(all);
		}
		turn_for(w->loop, 20);
	}
	fail_msg("the logger did not write '%s'", end);
	return NULL;
}

static void tear_down(struct world *w)
{
	hp_shim__logger_free(w->logger);
	hp_loop_free(w->loop);
	free(w->script);
	free(w->out);
	scratch_free(w->dir);
}

static void gives_it_what_it_needs(void **state)
{
	struct world w;
	AUTO_FREE char *text = NULL;

	(void)state;
	set_up(&w,
	       "echo \"$1|$2|$#|$CONTAINER_ID|$CONTAINER_NAMESPACE\"; ls /proc/self/fd | wc -l\n"
	       "exec 5>&-; cat <&3; cat <&4; echo end",
	       false, 20000);
	wait_ready(&w);
	assert_int_equal(w.why.code, HP_OK);
	assert_int_equal(write(w.fds[0], "one ", 4), 4);
	assert_int_equal(write(w.fds[1], "two ", 4), 4);
	close_pipes(&w);
	hp_shim__logger_finish(w.logger);
	text = output(&w, "end\n");
	assert_true(hp_str_starts(text, "key|a value|2|c1|default\n"));
	assert_non_null(strstr(text, "one two end"));
	tear_down(&w);
}

static void waits_for_a_byte(void **state)
{
	struct world w;

	(void)state;
	set_up(&w, "sleep 0.1; printf x >&5; cat <&3", true, 20000);
	wait_ready(&w);
	assert_int_equal(w.why.code, HP_OK);
	/* Asked late, it says so all the same. */
	w.told = false;
	wait_ready(&w);
	assert_int_equal(w.why.code, HP_OK);
	close_pipes(&w);
	tear_down(&w);
}

static void tells_when_it_is_not_ready(void **state)
{
	struct world w;

	(void)state;
	set_up(&w, "exit 3", true, 20000);
	wait_ready(&w);
	assert_int_equal(w.why.code, HP_EUNAVAILABLE);
	close_pipes(&w);
	tear_down(&w);

	set_up(&w, "sleep 100 & cat <&3; kill $!", false, 50);
	wait_ready(&w);
	assert_int_equal(w.why.code, HP_ETIMEOUT);
	close_pipes(&w);
	tear_down(&w);
}

static void asks_it_to_end(void **state)
{
	struct world w;
	AUTO_FREE char *text = NULL;

	(void)state;
	set_up(&w, "exec 5>&-; trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done",
	       false, 20000);
	wait_ready(&w);
	close_pipes(&w);
	hp_shim__logger_finish(w.logger);
	text = output(&w, "asked\n");
	tear_down(&w);
}

/* Once nothing holds the file that it writes to any more, it is gone. */
static void kills_one_that_does_not_end(bool finish)
{
	struct world w;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *command = NULL;
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;
	pid_t pid;

	set_up(&w, "exec 5>&-; trap '' TERM; echo $$; while :; do sleep 0.05; done", false,
	       20000);
	wait_ready(&w);
	text = output(&w, "\n");
	close_pipes(&w);
	pid = (pid_t)strtol(text, NULL, 10);
	assert_true(pid > 1);
	if (finish)
		hp_shim__logger_finish(w.logger);
	else
		hp_shim__logger_free(TAKE(w.logger));
	if (finish) {
		int64_t deadline = hp_deadline_in(20000);

		while (kill(pid, 0) == 0 && hp_deadline_left_ms(deadline) > 0)
			turn_for(w.loop, 50);
		assert_int_equal(kill(pid, 0), -1);
	} else {
		/* Nobody but its guard looks after it, and reaping it is left to us. */
		assert_int_equal(hp_child_wait(pid, 20000, &status, &err), 0);
		assert_int_equal(status, 128 + SIGKILL);
	}
	tear_down(&w);
}

static void kills_in_the_loop(void **state)
{
	(void)state;
	kills_one_that_does_not_end(true);
}

static void kills_without_the_loop(void **state)
{
	(void)state;
	kills_one_that_does_not_end(false);
}

static void needs_a_program(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct hp_error err = HP_ERROR_INIT;
	char path[] = "/nonexistent/logger";
	struct hp_shim__place place = {.kind = HP_SHIM_PLACE_LOGGER, .path = path};
	const struct hp_shim__logger_spec spec = {.place = &place};
	struct hp_shim__logger *g = NULL;
	int fds[2];

	(void)state;
	assert_int_equal(hp_loop_new(&l, &err), 0);
	assert_int_equal(hp_shim__logger_start(l, &spec, &g, fds, &err), -1);
	assert_int_equal(err.code, HP_ENOCMD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(gives_it_what_it_needs),
		FDS_TEST(waits_for_a_byte),
		FDS_TEST(tells_when_it_is_not_ready),
		FDS_TEST(asks_it_to_end),
		FDS_TEST(kills_in_the_loop),
		FDS_TEST(kills_without_the_loop),
		FDS_TEST(needs_a_program),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
