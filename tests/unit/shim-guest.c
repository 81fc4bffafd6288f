/* SPDX-License-Identifier: Apache-2.0 */
/* shim-guest.c - tests of src/shim/guest.c. */
#include "shim/guest.h"

#include "fake/shim_guest.h"
#include "links.h"

struct world {
	struct hp_loop *loop;
	struct guest peer;
	struct hp_shim_guest *guest;
	unsigned ready, failed, broken, gone, ooms;
	struct hp_error why;
	uint32_t exits[8][2];
	size_t n;
	unsigned done;
	struct hp_error call_why;
};

static void on_ready(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->ready += !why;
	w->failed += !!why;
	if (why)
		w->why = *why;
}

static void on_exit_news(void *data, uint32_t number, uint32_t status, int64_t unix_ns)
{
	struct world *w = data;

	assert_true(unix_ns > 0);
	w->exits[w->n][0] = number;
	w->exits[w->n++][1] = status;
}

static void on_oom(void *data)
{
	struct world *w = data;

	assert_int_equal(w->n, 0); /* before the exits that it caused */
	w->ooms++;
}

static void on_broken(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->broken++;
	w->why = *why;
}

static void on_gone(void *data)
{
	struct world *w = data;

	w->gone++;
}

static const struct hp_shim_guest_events events = {.on_ready = on_ready,
						   .on_exit = on_exit_news,
						   .on_oom = on_oom,
						   .on_broken = on_broken,
						   .on_gone = on_gone};

static void world_open(struct world *w, int64_t limit_ms)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.loop = links_loop()};
	links_pair(fds);
	guest_open(&w->peer, w->loop, fds[1]);
	const struct hp_shim_guest_spec spec = {.control_fd = fds[0],
						.hostname = "box",
						.limit_ms = limit_ms,
						.events = &events,
						.data = w};

	assert_int_equal(hp_shim_guest_new(w->loop, &spec, &w->guest, &err), 0);
}

static void world_close(struct world *w)
{
	hp_shim_guest_free(w->guest);
	guest_close(&w->peer);
	hp_loop_free(w->loop);
}

static bool is_decided(void *arg)
{
	const struct world *w = arg;

	return w->ready + w->failed > 0;
}

static bool is_over(void *arg)
{
	const struct world *w = arg;

	return w->broken + w->gone > 0;
}

static void says_hello_and_sets_up(void **state)
{
	const Hp__Guest__SetupRequest *setup;
	const Hp__Guest__ClockRequest *set;
	struct world w;

	(void)state;
	world_open(&w, PATIENCE_MS);
	assert_string_equal(hp_shim_guest_kernel(w.guest), "");
	links_until(w.loop, is_decided, &w);
	links_settle(w.loop);
	assert_int_equal(w.ready, 1);
	assert_string_equal(hp_shim_guest_kernel(w.guest), "6.1.0-test");
	assert_true(hp_shim_guest_hello_ns(w.guest) > 0);
	assert_true(hp_shim_guest_setup_ns(w.guest) >= hp_shim_guest_hello_ns(w.guest));
	setup = (const void *)guest_find(&w.peer, "Setup", 0)->request;
	assert_string_equal(setup->hostname, "box");
	assert_int_equal(setup->entropy.len, 64);
	assert_true(setup->unix_ns > 0);
	assert_non_null(w.peer.watch);

	hp_shim_guest_set_clock(w.guest);
	links_settle(w.loop);
	set = (const void *)guest_find(&w.peer, "Clock", 0)->request;
	assert_true(set->unix_ns >= setup->unix_ns);
	world_close(&w);
}

static void passes_on_news(void **state)
{
	static const uint32_t first[][2] = {{3, 0}, {0, 137}};
	static const uint32_t second[][2] = {{4, 255}};
	struct world w;

	(void)state;
	world_open(&w, PATIENCE_MS);
	links_until(w.loop, is_decided, &w);
	links_settle(w.loop);
	guest_tell(&w.peer, first, 2, true);
	links_settle(w.loop);
	assert_int_equal(w.ooms, 1);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.exits[0][0], 3);
	assert_int_equal(w.exits[1][1], 137);
	/* It is asked again at once. */
	guest_tell(&w.peer, second, 1, false);
	links_settle(w.loop);
	assert_int_equal(w.n, 3);
	assert_int_equal(w.exits[2][1], 255);
	guest_die(&w.peer);
	links_until(w.loop, is_over, &w);
	assert_int_equal(w.gone, 1);
	assert_int_equal(w.broken, 0);
	world_close(&w);
}

static void tells_why_it_is_not_ready(void **state)
{
	static const struct {
		const char *mute, *refuse, *garble;
		uint32_t version;
		enum hp_code code;
		const char *says;
	} rows[] = {
		{.mute = "Hello", .version = 1, .code = HP_ETIMEOUT, .says = "50 ms"},
		{.refuse = "Setup", .version = 1, .code = HP_EDENIED, .says = "no clock"},
		{.garble = "Hello", .version = 1, .code = HP_EINVALID, .says = "HelloResponse"},
		{.version = 2, .code = HP_EPROTO, .says = "harpoon vm template build"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct world w;

		world_open(&w, 50);
		w.peer.mute = rows[i].mute;
		w.peer.refuse = rows[i].refuse;
		w.peer.refusal = HP_EDENIED;
		w.peer.refuse_words = "no clock";
		w.peer.garble = rows[i].garble;
		w.peer.version = rows[i].version;
		links_until(w.loop, is_decided, &w);
		assert_int_equal(w.failed, 1);
		assert_int_equal(w.why.code, rows[i].code);
		assert_non_null(strstr(w.why.msg, rows[i].says));
		world_close(&w);
	}
}

static void distrusts_its_news(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;

		world_open(&w, PATIENCE_MS);
		w.peer.garble = i == 0 ? "Watch" : NULL;
		w.peer.refuse = i == 1 ? "Watch" : NULL;
		w.peer.refusal = HP_EUNSUPPORTED;
		w.peer.refuse_words = "what?";
		links_until(w.loop, is_over, &w);
		assert_int_equal(w.broken, 1);
		assert_int_equal(w.why.code, i == 0 ? HP_EINVALID : HP_EUNSUPPORTED);
		world_close(&w);
	}
}

static void on_done(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct world *w = data;

	(void)payload;
	w->done++;
	if (why)
		w->call_why = *why;
}

static bool is_done(void *arg)
{
	const struct world *w = arg;

	return w->done > 0;
}

static void makes_calls(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, PATIENCE_MS);
	w.peer.mute = "Stats";
	hp_shim_guest_call(w.guest, "Start", HP_BYTES(NULL, 0), 0, on_done, &w);
	links_until(w.loop, is_done, &w);
	assert_int_equal(w.call_why.code, HP_OK);
	w.done = 0;
	hp_shim_guest_call(w.guest, "Stats", HP_BYTES(NULL, 0), 20, on_done, &w);
	links_until(w.loop, is_done, &w);
	assert_int_equal(w.call_why.code, HP_ETIMEOUT);
	/* One that nobody waits for. */
	hp_shim_guest_call(w.guest, "Start", HP_BYTES(NULL, 0), 0, NULL, NULL);
	links_settle(w.loop);
	assert_non_null(guest_find(&w.peer, "Start", 1));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(says_hello_and_sets_up),
		FDS_TEST(passes_on_news),
		FDS_TEST(tells_why_it_is_not_ready),
		FDS_TEST(distrusts_its_news),
		FDS_TEST(makes_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
