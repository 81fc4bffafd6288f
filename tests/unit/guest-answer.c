/* SPDX-License-Identifier: Apache-2.0 */
/* guest-answer.c - tests of src/guest/answer.c. */
#include "guest/answer.h"

#include "ttrpc-peer.h"

/* A service whose only method waits for its answer. */
struct desk {
	struct hp_loop *loop;
	struct hp_ttrpc_server *server;
	struct peer peer;
	struct hp_ttrpc_call *call;
};

static void on_call(void *data, struct hp_ttrpc_call *call)
{
	((struct desk *)data)->call = call;
}

static const struct hp_ttrpc_method methods[] = {{"a.B", "Ask", on_call}, {NULL, NULL, NULL}};

static bool has_come(void *arg)
{
	return ((const struct desk *)arg)->call;
}

static void desk_open(struct desk *d)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*d = (struct desk){.loop = links_loop()};
	d->server = hp_ttrpc_server_new(d->loop, methods, d);
	links_pair(fds);
	peer_init(&d->peer, fds[1]);
	assert_int_equal(hp_ttrpc_server_serve(d->server, fds[0], NULL, NULL, &err), 0);
	peer_ask(&d->peer, 1, "a.B", "Ask", "");
	links_until(d->loop, has_come, d);
}

static void desk_close(struct desk *d)
{
	hp_ttrpc_server_free(d->server);
	peer_close(&d->peer);
	hp_loop_free(d->loop);
}

static void packs_the_answer(void **state)
{
	Hp__Guest__HelloResponse response = HP__GUEST__HELLO_RESPONSE__INIT;
	Hp__Guest__HelloResponse *heard;
	struct hp_ttrpc_response r;
	struct desk d;

	(void)state;
	desk_open(&d);
	response.version = 7;
	response.kernel = (char *)"6.1";
	hp_guest_answer(&d.call, &response.base);
	assert_null(d.call);
	peer_hear_answer(&d.peer, d.loop, 1, &r);
	assert_int_equal(r.code, 0);
	heard = hp__guest__hello_response__unpack(NULL, r.payload.len, r.payload.data);
	assert_non_null(heard);
	assert_int_equal(heard->version, 7);
	assert_string_equal(heard->kernel, "6.1");
	hp__guest__hello_response__free_unpacked(heard, NULL);
	desk_close(&d);
}

static void tells_why_not(void **state)
{
	struct hp_error why = HP_ERROR_INIT;
	AUTO_FREE char *words = NULL;
	struct hp_ttrpc_response r;
	struct desk d;

	(void)state;
	desk_open(&d);
	hp_fail(&why, HP_ESTATE, "not now");
	hp_guest_refuse(&d.call, &why);
	assert_null(d.call);
	peer_hear_answer(&d.peer, d.loop, 1, &r);
	assert_int_equal(r.code, hp_code_grpc(HP_ESTATE));
	words = hp_strndup((const char *)r.message.data, r.message.len);
	assert_string_equal(words, "not now");
	desk_close(&d);
}

/* The host has gone meanwhile: there is nobody to be answered. */
static void passes_over_calls_that_are_gone(void **state)
{
	Hp__Guest__StartResponse response = HP__GUEST__START_RESPONSE__INIT;
	struct hp_error why = HP_ERROR_INIT;
	struct hp_ttrpc_call *none = NULL;
	struct desk d;

	(void)state;
	desk_open(&d);
	hp_fail(&why, HP_ESTATE, "not now");
	hp_guest_answer(&none, &response.base);
	hp_guest_refuse(&none, &why);
	links_settle(d.loop);
	assert_int_equal(peer_read(&d.peer), -1);
	hp_guest_answer(&d.call, &response.base);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(packs_the_answer),
		FDS_TEST(tells_why_not),
		FDS_TEST(passes_over_calls_that_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
