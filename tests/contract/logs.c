/* SPDX-License-Identifier: Apache-2.0 */
/* logs.c - the engine contract: what containers have written, read later. */
#include "contract.h"

#include <signal.h>

#include "base/clock.h"

static void read_logs(struct contract *c, const char *id, const struct hp_logs *what,
		      struct output *ret)
{
	AUTO(hp_stream_free) struct hp_stream *s = NULL;

	OK(hp_engine_logs(c->engine, id, what, &s, &err));
	assert_int_equal(hp_stream_stdin_fd(s), -1);
	read_all(s, ret);
}

static void check_logs(struct contract *c, const char *id, const struct hp_logs *what,
		       const char *out, const char *errors)
{
	AUTO(output_clear) struct output o = {0};

	read_logs(c, id, what, &o);
	assert_string_equal(o.out, out);
	assert_string_equal(o.err, errors);
}

/* Run something to its end and keep it. */
static char *make_ended(struct contract *c, const char *const *args)
{
	char *id = make_started(c, args);

	await_exit(c, id);
	return id;
}

static void all_of_it_is_there_after_the_end(void **state)
{
	struct contract *c = *state;

	for (int i = 0; i < 5; i++) {
		AUTO_FREE char *id = make_ended(
			c, ARGS("sh", "-c", "echo one; echo two >&2; echo -n three"));
		check_logs(c, id, NULL, "one\nthree", "two\n");
		drop(c, id);
	}
}

static void the_tail_is_counted_in_lines(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id =
		make_ended(c, ARGS("sh", "-c", "echo 1; echo 2; echo 3; echo 4; echo -n 5"));
	static const struct {
		uint64_t tail;
		const char *text;
	} rows[] = {{0, ""}, {1, "5"}, {2, "4\n5"}, {4, "2\n3\n4\n5"}, {99, "1\n2\n3\n4\n5"}};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		const struct hp_logs what = {.has_tail = true, .tail = rows[i].tail};
		check_logs(c, id, &what, rows[i].text, "");
	}
	drop(c, id);
}

static void times_choose_what_is_read(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO_FREE char *id = make(
		c, ARGS("sh", "-c", "echo early; sleep 0.4; echo late; sleep 0.4; echo last"));

	int64_t start = hp_clock_unix_ns();
	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	read_until(s, "early");
	int64_t between = hp_clock_unix_ns() + 100000000;
	read_until(s, "late");
	int64_t after = hp_clock_unix_ns() + 100000000;
	assert_int_equal(await_exit(c, id), 0);

	check_logs(c, id, &(struct hp_logs){.since_ns = between}, "late\nlast\n", "");
	check_logs(c, id, &(struct hp_logs){.until_ns = between}, "early\n", "");
	check_logs(c, id, &(struct hp_logs){.since_ns = between, .until_ns = after}, "late\n",
		   "");
	check_logs(c, id, &(struct hp_logs){.since_ns = start + 3600000000000}, "", "");
	/* Times are told with the text. */
	AUTO(hp_stream_free) struct hp_stream *log = NULL;
	struct hp_chunk chunk;
	OK(hp_engine_logs(c->engine, id, NULL, &log, &err));
	assert_int_equal(next_chunk(log, &chunk), HP_NEXT_ITEM);
	assert_true(chunk.time_ns >= start && chunk.time_ns <= between);
	drop(c, id);
}

static void a_follower_sees_what_comes_and_the_end(void **state)
{
	struct contract *c = *state;
	const struct hp_logs what = {.follow = true};
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output rest = {0};
	AUTO_FREE char *id = make_started(
		c, ARGS("sh", "-c", "echo before; sleep 0.5; echo later; sleep 0.2; echo end"));

	OK(hp_engine_logs(c->engine, id, &what, &s, &err));
	read_until(s, "before\n");
	read_all(s, &rest);
	assert_string_equal(rest.out, "later\nend\n");
	assert_int_equal(await_exit(c, id), 0);
	drop(c, id);
}

static void a_follower_ends_when_it_is_killed(void **state)
{
	struct contract *c = *state;
	const struct hp_logs what = {.follow = true};
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output rest = {0};
	AUTO_FREE char *id = make_started(c, ARGS("sh", "-c", "echo up; sleep 1000"));

	OK(hp_engine_logs(c->engine, id, &what, &s, &err));
	read_until(s, "up\n");
	OK(hp_engine_kill(c->engine, id, NULL, SIGKILL, &err));
	read_all(s, &rest);
	assert_string_equal(rest.out, "");
	assert_int_equal(await_exit(c, id), 137);
	drop(c, id);
}

static void runs_follow_one_another(void **state)
{
	struct contract *c = *state;

	if (!(hp_engine_can(c->engine) & HP_CAN_RESTART))
		return;
	AUTO_FREE char *id = make_ended(c, ARGS("echo", "again"));

	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	await_exit(c, id);
	check_logs(c, id, NULL, "again\nagain\n", "");
	drop(c, id);
}

static void what_never_ran_has_an_empty_log(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *id = make(c, ARGS("true"));

	check_logs(c, id, NULL, "", "");
	check_logs(c, id, &(struct hp_logs){.follow = true}, "", "");
	drop(c, id);
}

static void no_log_is_no_log(void **state)
{
	struct contract *c = *state;
	struct hp_container_spec spec = spec_of(c, ARGS("echo", "lost"));
	AUTO(hp_stream_free) struct hp_stream *live = NULL;
	AUTO(output_clear) struct output o = {0};
	struct hp_stream *s = NULL;

	if (!(hp_engine_can(c->engine) & HP_CAN_LOG_NONE))
		return;
	spec.log_driver = HP_LOG_NONE;
	AUTO_FREE char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, &live, &err));
	read_all(live, &o);
	assert_string_equal(o.out, "lost\n");
	await_exit(c, id);
	FAILS(HP_EUNSUPPORTED, hp_engine_logs(c->engine, id, NULL, &s, &err));
	assert_null(s);
	drop(c, id);
}

/* Each byte of @data that is no ASCII became U+FFFD; none of them is the beginning of UTF-8. */
static void check_text(const struct output *o, const char *data, size_t len)
{
	AUTO_FREE char *want = hp_alloc(3 * len);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)data[i] < 0x80) {
			want[n++] = data[i];
			continue;
		}
		memcpy(want + n, "\xef\xbf\xbd", 3);
		n += 3;
	}
	assert_int_equal(o->out_len, n);
	assert_memory_equal(o->out, want, n);
}

static void any_bytes_come_back(void **state)
{
	struct contract *c = *state;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(output_clear) struct output o = {0};
	struct hp_container_spec spec = spec_of(c, ARGS("cat"));
	char data[512];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	spec.stdin_open = true;
	AUTO_FREE char *id = make_spec(c, &spec);
	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	write_all(s, data, sizeof(data));
	OK(hp_stream_close_stdin(s, &err));
	await_exit(c, id);
	read_logs(c, id, NULL, &o);
	if (hp_engine_can(c->engine) & HP_CAN_LOG_BYTES) {
		assert_int_equal(o.out_len, sizeof(data));
		assert_memory_equal(o.out, data, sizeof(data));
	} else {
		check_text(&o, data, sizeof(data));
	}
	drop(c, id);
}

const struct CMUnitTest contract_logs[] = {
	CONTRACT_TEST(all_of_it_is_there_after_the_end),
	CONTRACT_TEST(the_tail_is_counted_in_lines),
	CONTRACT_TEST(times_choose_what_is_read),
	CONTRACT_TEST(a_follower_sees_what_comes_and_the_end),
	CONTRACT_TEST(a_follower_ends_when_it_is_killed),
	CONTRACT_TEST(runs_follow_one_another),
	CONTRACT_TEST(what_never_ran_has_an_empty_log),
	CONTRACT_TEST(no_log_is_no_log),
	CONTRACT_TEST(any_bytes_come_back),
};
const size_t contract_logs_count = HP_ARRAY_LEN(contract_logs);
