/* SPDX-License-Identifier: Apache-2.0 */
/* shim-pending.c - tests of src/shim/pending.c. */
#include "shim/pending.h"

#include "links.h"
#include "net/ttrpc_client.h"
#include "types.pb-c.h"

struct world {
	struct hp_loop *loop;
	struct hp_ttrpc_server *server;
	struct hp_ttrpc_client *client;
	struct hp_shim_pending *pending;
	unsigned answered, gone;
	struct hp_error why;
	char text[64];
};

static void keep(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;

	w->pending = hp_shim_pending_new(call);
}

static void on_answer(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct world *w = data;

	w->answered++;
	snprintf(w->text, sizeof(w->text), "%.*s", (int)payload.len,
		 payload.len ? (const char *)payload.data : "");
	if (why)
		w->why = *why;
}

static void world_open(struct world *w)
{
	static const struct hp_ttrpc_method methods[] = {{"a.B", "C", keep},
							 {NULL, NULL, NULL}};
	const struct hp_ttrpc_outgoing o = {.service = "a.B", .method = "C"};
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.loop = links_loop()};
	w->server = hp_ttrpc_server_new(w->loop, methods, w);
	links_pair(fds);
	assert_int_equal(hp_ttrpc_server_serve(w->server, fds[0], NULL, NULL, &err), 0);
	assert_int_equal(hp_ttrpc_client_new(w->loop, fds[1], NULL, NULL, &w->client, &err), 0);
	hp_ttrpc_call(w->client, &o, on_answer, w);
	links_settle(w->loop);
	assert_non_null(w->pending);
	assert_false(hp_shim_pending_gone(w->pending));
}

static void world_close(struct world *w)
{
	hp_ttrpc_client_free(w->client);
	hp_ttrpc_server_free(w->server);
	hp_loop_free(w->loop);
}

static void answers_later(void **state)
{
	Hp__Timestamp t = hp_shim_time(7000000000);
	struct hp_error err = HP_ERROR_INIT;
	struct world w;

	(void)state;
	world_open(&w);
	hp_shim_pending_reply(TAKE(w.pending), &t.base);
	links_settle(w.loop);
	assert_int_equal(w.answered, 1);
	assert_string_equal(w.text, "\x08\x07");
	world_close(&w);

	world_open(&w);
	hp_shim_pending_done(TAKE(w.pending));
	links_settle(w.loop);
	assert_int_equal(w.answered, 1);
	assert_int_equal(w.why.code, HP_OK);
	world_close(&w);

	world_open(&w);
	hp_fail(&err, HP_ESTATE, "not now");
	hp_shim_pending_refuse(TAKE(w.pending), &err);
	links_settle(w.loop);
	assert_int_equal(w.why.code, HP_ESTATE);
	world_close(&w);
	hp_shim_pending_done(NULL);
	hp_shim_pending_refuse(NULL, &err);
}

/* The client has gone before the answer, in each of its forms. */
static void answers_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		Hp__Empty empty = HP__EMPTY__INIT;
		struct hp_error err = HP_ERROR_INIT;
		struct world w;

		world_open(&w);
		hp_ttrpc_client_free(TAKE(w.client));
		links_settle(w.loop);
		assert_true(hp_shim_pending_gone(w.pending));
		hp_fail(&err, HP_ESTATE, "not now");
		if (i == 0)
			hp_shim_pending_reply(TAKE(w.pending), &empty.base);
		else if (i == 1)
			hp_shim_pending_done(TAKE(w.pending));
		else
			hp_shim_pending_refuse(TAKE(w.pending), &err);
		assert_int_equal(w.answered, 0);
		world_close(&w);
	}
}

static void count(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	w->gone++;
	hp_shim_pending_done(TAKE(w->pending));
}

static void tells_who_waits(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	hp_shim_pending_on_gone(w.pending, count, &w);
	hp_ttrpc_client_free(TAKE(w.client));
	links_settle(w.loop);
	assert_int_equal(w.gone, 1);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(answers_later),
		FDS_TEST(answers_nobody),
		FDS_TEST(tells_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
