/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c - the engine contract: stdin, stdout, stderr and terminals. */
#include "contract.h"

#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/fd.h"

#define BIG_BYTES (4u << 20)

static void keeps_stdout_and_stderr_apart(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};
	struct hp_container_spec spec =
		spec_of(c, ARGS("sh", "-c", "echo one; echo two >&2; echo three; exit 5"));

	assert_int_equal(run(c, &spec, &o), 5);
	assert_string_equal(o.out, "one\nthree\n");
	assert_string_equal(o.err, "two\n");
}

static void misses_nothing_of_short_runs(void **state)
{
	struct contract *c = *state;

	for (int i = 0; i < 10; i++) {
		AUTO(output_clear) struct output o = {0};
		struct hp_container_spec spec = spec_of(c, ARGS("echo", "-n", "all of it"));
		assert_int_equal(run(c, &spec, &o), 0);
		assert_string_equal(o.out, "all of it");
		assert_string_equal(o.err, "");
	}
}

/* Start cat with an open stdin. */
static char *start_cat(struct contract *c, struct hp_stream **ret)
{
	struct hp_container_spec spec = spec_of(c, ARGS("cat"));

	spec.stdin_open = true;
	char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, ret, &err));
	return id;
}

static void stdin_reaches_the_process_and_ends(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output o = {0};
	AUTO_FREE char *id = start_cat(c, &s);
	struct hp_chunk chunk;
	int found = -1;

	AUTO(hp_container_free) struct hp_container *made = NULL;
	OK(hp_engine_inspect(c->engine, id, &made, &err));
	assert_true(made->stdin_open);
	assert_false(made->tty);
	assert_true(hp_stream_stdin_fd(s) >= 0);
	OK(found = hp_stream_next(s, &chunk, &err));
	assert_int_equal(found, HP_NEXT_WAIT);
	write_all(s, "first\n", 6);
	read_until(s, "first\n");
	write_all(s, "second", 6);
	OK(hp_stream_close_stdin(s, &err));
	OK(hp_stream_close_stdin(s, &err));
	assert_int_equal(hp_stream_stdin_fd(s), -1);
	FAILS(HP_ESTATE, hp_stream_write(s, "x", 1, &err));
	read_all(s, &o);
	assert_string_equal(o.out, "second");
	assert_int_equal(await_exit(c, id), 0);
	drop(c, id);
}

static char pattern(size_t i)
{
	return (char)((i * 2654435761u) >> 13);
}

/* Take what a stream has now. Returns: the new place; @ended tells of its end. */
static size_t check_pattern(struct hp_stream *s, size_t at, bool *ended)
{
	struct hp_chunk chunk;
	int found = HP_NEXT_ITEM;

	while (found == HP_NEXT_ITEM) {
		OK(found = hp_stream_next(s, &chunk, &err));
		for (size_t i = 0; found == HP_NEXT_ITEM && i < chunk.len; i++, at++)
			if (chunk.data[i] != pattern(at))
				fail_msg("byte %zu came back wrong", at);
	}
	*ended = found == HP_NEXT_END;
	return at;
}

static void big_output_comes_whole(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO_FREE char *id = start_cat(c, &s);
	AUTO_FREE char *data = hp_alloc(BIG_BYTES);
	size_t written = 0;
	size_t at = 0;
	bool ended = false;

	for (size_t i = 0; i < BIG_BYTES; i++)
		data[i] = pattern(i);
	while (!ended) {
		struct pollfd fds[2] = {
			{.fd = hp_stream_fd(s), .events = POLLIN},
			{.fd = hp_stream_stdin_fd(s), .events = POLLOUT},
		};
		assert_true(poll(fds, 2, PATIENCE_MS) > 0);
		if (fds[1].revents) {
			ssize_t n = 0;
			OK(n = hp_stream_write(s, data + written, BIG_BYTES - written, &err));
			written += (size_t)n;
			if (written == BIG_BYTES)
				OK(hp_stream_close_stdin(s, &err));
		}
		at = check_pattern(s, at, &ended);
	}
	assert_int_equal(at, BIG_BYTES);
	assert_int_equal(await_exit(c, id), 0);
	drop(c, id);
}

static void a_closed_stdin_takes_nothing(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output o = {0};
	AUTO_FREE char *id = make(c, ARGS("cat"));

	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	assert_int_equal(hp_stream_stdin_fd(s), -1);
	FAILS(HP_ESTATE, hp_stream_write(s, "x", 1, &err));
	OK(hp_stream_close_stdin(s, &err));
	read_all(s, &o);
	assert_string_equal(o.out, "");
	assert_int_equal(await_exit(c, id), 0);
	drop(c, id);
}

static void attach_joins_a_running_container(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *first = NULL;
	AUTO(hp_stream_free) struct hp_stream *second = NULL;
	AUTO(output_clear) struct output o = {0};
	AUTO_FREE char *id = start_cat(c, &first);

	write_all(first, "before\n", 7);
	read_until(first, "before\n");
	OK(hp_engine_attach(c->engine, id, &second, &err));
	write_all(second, "after\n", 6);
	read_until(second, "after\n");
	read_until(first, "after\n");
	/* stdin ends when the last of them has closed it. */
	OK(hp_stream_close_stdin(first, &err));
	OK(hp_stream_close_stdin(second, &err));
	read_all(second, &o);
	assert_string_equal(o.out, "");
	assert_int_equal(await_exit(c, id), 0);
	drop(c, id);
}

static void letting_go_does_not_stop_it(void **state)
{
	struct contract *c = *state;
	struct hp_stream *s = NULL;
	AUTO(hp_stream_free) struct hp_stream *again = NULL;
	AUTO_FREE char *id =
		make(c, ARGS("sh", "-c", "while true; do echo tick; sleep 0.02; done"));

	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	read_until(s, "tick");
	hp_stream_free(s);
	hp_clock_sleep_ms(300);
	assert_int_equal(state_of(c, id), HP_STATE_RUNNING);
	OK(hp_engine_attach(c->engine, id, &again, &err));
	read_until(again, "tick");
	drop(c, id);
}

static void a_stream_ends_with_a_killed_container(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output o = {0};
	AUTO_FREE char *id = start_cat(c, &s);

	OK(hp_engine_kill(c->engine, id, NULL, SIGKILL, &err));
	read_all(s, &o);
	assert_string_equal(o.out, "");
	assert_int_equal(await_exit(c, id), 137);
	drop(c, id);
}

static void a_terminal_has_one_output(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output o = {0};
	struct hp_container_spec spec =
		spec_of(c, ARGS("sh", "-c", "echo one; echo two >&2; sleep 0.3; exit 4"));

	spec.tty = true;
	AUTO_FREE char *id = make_spec(c, &spec);
	AUTO(hp_container_free) struct hp_container *made = NULL;
	OK(hp_engine_inspect(c->engine, id, &made, &err));
	assert_true(made->tty);
	assert_false(made->stdin_open);
	OK(hp_engine_start(c->engine, id, 100, 30, &s, &err));
	if (hp_engine_can(c->engine) & HP_CAN_RESIZE)
		OK(hp_engine_resize(c->engine, id, NULL, 120, 40, &err));
	else
		FAILS(HP_EUNSUPPORTED, hp_engine_resize(c->engine, id, NULL, 120, 40, &err));
	read_all(s, &o);
	assert_string_equal(o.out, "one\r\ntwo\r\n");
	assert_string_equal(o.err, "");
	assert_int_equal(await_exit(c, id), 4);
	drop(c, id);
}

static void the_environment_reaches_the_process(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};
	struct hp_container_spec spec = spec_of(c, ARGS("sh", "-c", "echo \"$ONE-$TWO\""));

	spec.env = ARGS("ONE=1", "TWO=a b");
	assert_int_equal(run(c, &spec, &o), 0);
	assert_string_equal(o.out, "1-a b\n");
}

static void an_entrypoint_goes_before_the_arguments(void **state)
{
	struct contract *c = *state;
	AUTO(output_clear) struct output o = {0};
	AUTO(output_clear) struct output cleared = {0};
	struct hp_container_spec spec = spec_of(c, ARGS("two", "three"));

	spec.entrypoint = ARGS("echo", "one");
	assert_int_equal(run(c, &spec, &o), 0);
	assert_string_equal(o.out, "one two three\n");
	spec.entrypoint = ARGS("");
	spec.args = ARGS("echo", "four");
	assert_int_equal(run(c, &spec, &cleared), 0);
	assert_string_equal(cleared.out, "four\n");
}

const struct CMUnitTest contract_stdio[] = {
	CONTRACT_TEST(keeps_stdout_and_stderr_apart),
	CONTRACT_TEST(misses_nothing_of_short_runs),
	CONTRACT_TEST(stdin_reaches_the_process_and_ends),
	CONTRACT_TEST(big_output_comes_whole),
	CONTRACT_TEST(a_closed_stdin_takes_nothing),
	CONTRACT_TEST(attach_joins_a_running_container),
	CONTRACT_TEST(letting_go_does_not_stop_it),
	CONTRACT_TEST(a_stream_ends_with_a_killed_container),
	CONTRACT_TEST(a_terminal_has_one_output),
	CONTRACT_TEST(the_environment_reaches_the_process),
	CONTRACT_TEST(an_entrypoint_goes_before_the_arguments),
};
const size_t contract_stdio_count = HP_ARRAY_LEN(contract_stdio);
