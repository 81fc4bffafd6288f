/* SPDX-License-Identifier: Apache-2.0 */
/* net-remote.c - tests of src/net/remote.c, against a server of a few lines. */
#include "net/remote.h"

#include "base/str.h"
#include "fds.h"
#include "spdy-peer.h"

/* In the order in which they are opened. */
#define STATUS 1u

#define SUCCESS "{\"metadata\":{},\"status\":\"Success\"}"
#define EXIT_42                                                                                \
	"{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"message\":\"exit 42\","      \
	"\"details\":{\"causes\":[{\"reason\":\"Other\",\"message\":\"1\"},"                   \
	"{\"reason\":\"ExitCode\",\"message\":\"42\"}]}}"

static struct hp_remote *open_remote(struct spdy_peer *p, struct hp_remote_want want)
{
	struct hp_remote *r = NULL;
	struct hp_error err = HP_ERROR_INIT;

	want.url = p->url;
	if (hp_remote_open(&want, hp_deadline_in(PATIENCE_MS), &r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

/* The next output, waiting for it; NULL at its end. Owns: the caller. */
static char *next(struct hp_remote *r, enum hp_channel channel)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;
	int got;

	while ((got = hp_remote_next(r, &chunk, &err)) == HP_NEXT_WAIT)
		assert_true(hp_fd_poll(hp_remote_out_fd(r), POLLIN, PATIENCE_MS, &err) > 0);
	if (got < 0)
		fail_msg("%s", err.msg);
	if (got == HP_NEXT_END)
		return NULL;
	assert_int_equal(chunk.channel, channel);
	assert_true(chunk.len > 0);
	return hp_strndup(chunk.data, chunk.len);
}

static void expect_text(struct hp_remote *r, enum hp_channel channel, const char *text)
{
	AUTO_FREE char *got = next(r, channel);

	assert_non_null(got);
	assert_string_equal(got, text);
}

static void expect_no_more(struct hp_remote *r)
{
	assert_null(next(r, HP_CHANNEL_STDOUT));
}

static struct hp_remote_end await(struct hp_remote *r)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_remote_end end = {0};
	int got;

	while ((got = hp_remote_end(r, &end, &err)) == HP_NEXT_WAIT)
		assert_true(hp_fd_poll(hp_remote_end_fd(r), POLLIN, PATIENCE_MS, &err) > 0);
	if (got != HP_NEXT_ITEM)
		fail_msg("%d: %s", got, err.msg);
	return end;
}

static void write_both(struct spdy_side *side)
{
	side_opened(side, 3);
	side_data(side, 3, "out", false);
	side_data(side, 5, "err", false);
	side_data(side, 3, "", true);
	side_data(side, STATUS, EXIT_42, true);
}

static void has_output_and_status(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, write_both);
	AUTO(hp_remote_unref)
	struct hp_remote *r = open_remote(p, (struct hp_remote_want){.out = true, .err = true});

	(void)state;
	assert_int_equal(hp_remote_in_fd(r), -1);
	expect_text(r, HP_CHANNEL_STDOUT, "out");
	expect_text(r, HP_CHANNEL_STDERR, "err");
	expect_no_more(r);
	struct hp_remote_end end = await(r);
	assert_int_equal(end.code, 42);
	assert_string_equal(end.message, "");
}

static void keeps_output_for_its_reader(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, write_both);
	AUTO(hp_remote_unref)
	struct hp_remote *r = open_remote(p, (struct hp_remote_want){.out = true, .err = true});

	(void)state;
	assert_int_equal(await(r).code, 42);
	expect_text(r, HP_CHANNEL_STDOUT, "out");
	expect_text(r, HP_CHANNEL_STDERR, "err");
	expect_no_more(r);
	assert_int_equal(await(r).code, 42);
}

/* Half of a megabyte more than is kept. */
static void write_much(struct spdy_side *side)
{
	AUTO_FREE char *text = hp_alloc(65537);

	memset(text, 'x', 65536);
	side_opened(side, 2);
	for (int i = 0; i < 24; i++)
		side_data(side, 3, text, false);
	side_data(side, STATUS, SUCCESS, true);
}

static void does_not_keep_more_than_its_limit(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, write_much);
	AUTO(hp_remote_unref)
	struct hp_remote *r = open_remote(p, (struct hp_remote_want){.out = true});
	struct hp_error err = HP_ERROR_INIT;
	struct hp_remote_end end;
	size_t len = 0;
	int ready = 1;

	(void)state;
	while (ready > 0) {
		assert_int_equal(hp_remote_end(r, &end, &err), HP_NEXT_WAIT);
		ready = hp_fd_poll(hp_remote_end_fd(r), POLLIN, 200, &err);
	}
	assert_int_equal(ready, 0);
	for (;;) {
		AUTO_FREE char *text = next(r, HP_CHANNEL_STDOUT);
		if (!text)
			break;
		len += strlen(text);
	}
	assert_int_equal(len, 24 * 65536);
	assert_int_equal(await(r).code, 0);
}

static void echo(struct spdy_side *side)
{
	struct hp_spdy_frame f = {0};

	side_opened(side, 3);
	while (!f.fin) {
		AUTO_FREE char *text = NULL;
		if (!side_frame(side, &f, &text))
			return;
		side_data(side, 5, text, f.fin);
	}
	side_data(side, STATUS, SUCCESS, false);
	(void)side_read(side); /* until the client goes */
}

static void takes_stdin_to_its_end(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, echo);
	AUTO(hp_remote_unref)
	struct hp_remote *r = open_remote(p, (struct hp_remote_want){.in = true, .out = true});
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_true(hp_remote_in_fd(r) >= 0);
	assert_int_equal(hp_remote_write(r, "hello", 5, &err), 5);
	expect_text(r, HP_CHANNEL_STDOUT, "hello");
	assert_int_equal(hp_remote_close_in(r, &err), 0);
	assert_int_equal(hp_remote_close_in(r, &err), 0);
	assert_int_equal(hp_remote_in_fd(r), -1);
	assert_int_equal(hp_remote_write(r, "x", 1, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
	expect_no_more(r);
	assert_int_equal(await(r).code, 0);
}

/* Send the text of the first frame that is no opening back as output. */
static void tell(struct spdy_side *side)
{
	struct hp_spdy_frame f;
	AUTO_FREE char *text = NULL;

	side_opened(side, 3);
	if (side_frame(side, &f, &text) && f.stream == 5)
		side_data(side, 3, text, true);
}

static void tells_the_size_of_a_terminal(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, tell);
	AUTO(hp_remote_unref)
	struct hp_remote *r =
		open_remote(p, (struct hp_remote_want){.out = true, .err = true, .tty = true});
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_remote_resize(r, 120, 40, &err), 0);
	expect_text(r, HP_CHANNEL_STDOUT, "{\"Width\":120,\"Height\":40}\n");
	expect_no_more(r);
}

static void refuse(struct spdy_side *side)
{
	side_opened(side, 2);
	/* In two pieces. */
	side_data(side, STATUS, "{\"status\":\"Failure\",\"reason\":\"InternalError\",", false);
	side_data(side, STATUS, "\"message\":\"no such program\"}", true);
}

static void gibber(struct spdy_side *side)
{
	side_opened(side, 2);
	side_data(side, STATUS, "gibberish", true);
}

static void vanish(struct spdy_side *side)
{
	side_opened(side, 2);
	side_data(side, 3, "half", false);
}

static void fail_silently(struct spdy_side *side)
{
	side_opened(side, 2);
	side_data(side, STATUS, "{\"status\":\"Failure\"}", true);
}

static void says_why_it_did_not_end_well(void **state)
{
	static const struct {
		void (*serve)(struct spdy_side *side);
		const char *message;
	} rows[] = {
		{refuse, "no such program"},
		{gibber, "no JSON"},
		{vanish, "ended before the process did"},
		{fail_silently, "does not say why"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(spdy_peer_free)
		struct spdy_peer *p = spdy_peer_new(UPGRADED, rows[i].serve);
		AUTO(hp_remote_unref)
		struct hp_remote *r = open_remote(p, (struct hp_remote_want){.out = true});
		struct hp_remote_end end = await(r);

		assert_int_equal(end.code, -1);
		assert_non_null(strstr(end.message, rows[i].message));
	}
}

static void needs_a_server(void **state)
{
	const struct hp_remote_want want = {.url = "http://127.0.0.1:1/x", .out = true};
	struct hp_remote *r = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_remote_open(&want, hp_deadline_in(PATIENCE_MS), &r, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_output_and_status),
		FDS_TEST(keeps_output_for_its_reader),
		FDS_TEST(does_not_keep_more_than_its_limit),
		FDS_TEST(takes_stdin_to_its_end),
		FDS_TEST(tells_the_size_of_a_terminal),
		FDS_TEST(says_why_it_did_not_end_well),
		FDS_TEST(needs_a_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
