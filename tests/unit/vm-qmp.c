/* SPDX-License-Identifier: Apache-2.0 */
/* vm-qmp.c - tests of src/vm/qmp.c. */
#include "vm/qmp.h"

#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "scratch.h"

struct world {
	struct hp_loop *loop;
	struct hp_qmp *qmp;
	int peer;
	unsigned answers;
	char last[512]; /* what was heard last */
	bool free_it;   /* from inside of the next callback */
};

static void note(struct world *w, const char *text)
{
	w->answers++;
	snprintf(w->last, sizeof(w->last), "%s", text);
	if (w->free_it)
		hp_qmp_free(TAKE(w->qmp));
}

static void on_event(void *data, const char *name, const struct hp_json *value)
{
	(void)value;
	note(data, name);
}

static void on_done(void *data, const struct hp_json *value, const struct hp_error *why)
{
	AUTO_FREE char *text = value ? hp_json_text(value, false) : hp_strdup("ok");

	note(data, why ? why->msg : text);
}

static void world_open(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int pair[2];

	*w = (struct world){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	w->peer = pair[1];
	if (hp_loop_new(&w->loop, &err) < 0 ||
	    hp_qmp_new(w->loop, pair[0], on_event, w, &w->qmp, &err) < 0)
		fail_msg("%s", err.msg);
}

static void world_close(struct world *w)
{
	hp_qmp_free(w->qmp);
	if (w->peer >= 0)
		close(w->peer);
	hp_loop_free(w->loop);
}

static void turn(struct world *w)
{
	for (int i = 0; i < 5; i++) {
		struct hp_error err = HP_ERROR_INIT;

		if (hp_loop_once(w->loop, 10, &err) < 0)
			fail_msg("%s", err.msg);
	}
}

static void say(struct world *w, const char *text)
{
	assert_int_equal(write(w->peer, text, strlen(text)), strlen(text));
	turn(w);
}

static void expect_said(struct world *w, const char *want)
{
	char text[4096];
	ssize_t n = recv(w->peer, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, want);
}

static void calls_before_anybody_listens(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	hp_qmp_call(w.qmp, "query-status", NULL, on_done, &w);
	expect_said(&w, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
			"{\"execute\":\"query-status\",\"id\":2}\n");
	say(&w,
	    "{\"QMP\":{}}\r\n{\"return\":{},\"id\":1}\r\n{\"return\":{\"a\":1},\"id\":2}\r\n");
	assert_string_equal(w.last, "{\"a\":1}");
	say(&w, "{\"event\":\"STOP\"}\n{\"ret");
	assert_string_equal(w.last, "STOP");
	hp_qmp_call(w.qmp, "cont", NULL, on_done, &w);
	say(&w,
	    "urn\":{},\"id\":77}\n{\"error\":{\"class\":\"G\",\"desc\":\"no\"},\"id\":3}\n");
	assert_string_equal(w.last, "QEMU refuses cont: no");
	assert_int_equal(w.answers, 3);
	world_close(&w);
}

static void fails_what_waits_when_it_goes(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	hp_qmp_call(w.qmp, "stop", NULL, on_done, &w);
	close(TAKE_FD(w.peer));
	turn(&w);
	assert_int_equal(w.answers, 1);
	/* Those that come later, and not inside of the call. */
	hp_qmp_call(w.qmp, "stop", NULL, on_done, &w);
	assert_int_equal(w.answers, 1);
	turn(&w);
	assert_int_equal(w.answers, 2);
	world_close(&w);
}

static void fails_what_waits_when_it_raves(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	hp_qmp_call(w.qmp, "stop", NULL, on_done, &w);
	say(&w, "hello\n");
	assert_int_equal(w.answers, 1);
	assert_non_null(strstr(w.last, "QMP"));
	world_close(&w);
}

static void may_be_freed_in_callbacks(void **state)
{
	static const char *const said[] = {"{\"event\":\"X\"}\n{\"event\":\"Y\"}\n",
					   "{\"return\":{},\"id\":2}\n{\"event\":\"Y\"}\n",
					   "?\n"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(said); i++) {
		struct world w;

		world_open(&w);
		w.free_it = true;
		hp_qmp_call(w.qmp, "a", NULL, on_done, &w);
		hp_qmp_call(w.qmp, "b", NULL, on_done, &w);
		say(&w, said[i]);
		assert_int_equal(w.answers, 1);
		assert_null(w.qmp);
		world_close(&w);
	}
}

static void passes_descriptors(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct world w;
	char text[4096];
	int fds[4];
	size_t n_fds = HP_ARRAY_LEN(fds);

	(void)state;
	world_open(&w);
	expect_said(&w, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
	hp_qmp_pass(w.qmp, "f", STDIN_FILENO, on_done, &w);
	assert_true(hp_fd_recv(w.peer, text, sizeof(text), fds, &n_fds, &err) > 0);
	assert_int_equal(n_fds, 1);
	close(fds[0]);
	assert_non_null(strstr(text, "\"fdname\":\"f\""));
	say(&w, "{\"return\":{},\"id\":2}\n");
	assert_int_equal(w.answers, 1);
	world_close(&w);
}

/* A peer that reads nothing: what is queued has a limit, and then it is broken. */
static void does_not_hoard(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (int i = 0; i < 20000; i++)
		hp_qmp_call(w.qmp, "query-status", NULL, NULL, NULL);
	hp_qmp_call(w.qmp, "query-status", NULL, on_done, &w);
	hp_qmp_pass(w.qmp, "f", STDIN_FILENO, on_done, &w);
	turn(&w);
	assert_int_equal(w.answers, 2);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(calls_before_anybody_listens),
		FDS_TEST(fails_what_waits_when_it_goes),
		FDS_TEST(fails_what_waits_when_it_raves),
		FDS_TEST(may_be_freed_in_callbacks),
		FDS_TEST(passes_descriptors),
		FDS_TEST(does_not_hoard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
