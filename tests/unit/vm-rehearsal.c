/* SPDX-License-Identifier: Apache-2.0 */
/* vm-rehearsal.c - tests of src/vm/rehearsal.c. */
#include "vm/rehearsal.h"

#include <linux/filter.h>

#include "guest.pb-c.h"
#include "guest/request.h"
#include "links.h"
#include "net/ttrpc_server.h"

/* It is what a container has, and the guest takes it. */
static void is_a_container(void **state)
{
	AUTO_FREE unsigned char *bytes = NULL;
	struct hp_error err = HP_ERROR_INIT;
	ProtobufCMessage *m = NULL;
	size_t len = 0;

	(void)state;
	bytes = hp_rehearsal_create(&len);
	assert_int_equal(hp_guest_request_read("Create", HP_BYTES(bytes, len), &m, &err), 0);

	const Hp__Guest__Container *c = ((const Hp__Guest__CreateRequest *)m)->container;
	assert_true(c->rehearsal);
	assert_true(c->pid_namespace && c->ipc_namespace && c->uts_namespace &&
		    c->cgroup_namespace);
	assert_string_equal(c->mounts[0]->destination, "/proc");
	assert_true(c->n_masked_paths > 0 && c->n_readonly_paths > 0);
	assert_true(c->seccomp.len >= sizeof(struct sock_filter));
	assert_false(c->process->outside);
	protobuf_c_message_free_unpacked(m, NULL);
}

/* A guest that answers, tells of an end, and counts. */
struct world {
	struct hp_loop *loop;
	struct hp_ttrpc_server *server;
	struct hp_ttrpc_client *client;
	unsigned hellos, creates, starts, watches, done;
	bool refuse;
	struct hp_error why;
};

static void on_hello(void *data, struct hp_ttrpc_call *call)
{
	((struct world *)data)->hellos++;
	hp_ttrpc_reply(call, HP_BYTES(NULL, 0));
}

static void on_create(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;
	struct hp_error why = HP_ERROR_INIT;

	w->creates++;
	hp_fail(&why, HP_EFAILED, "no room");
	if (w->refuse)
		hp_ttrpc_refuse(call, &why);
	else
		hp_ttrpc_reply(call, HP_BYTES(NULL, 0));
}

static void on_start(void *data, struct hp_ttrpc_call *call)
{
	((struct world *)data)->starts++;
	hp_ttrpc_reply(call, HP_BYTES(NULL, 0));
}

/* The first news of a round is none of an end. */
static void on_watch(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;
	Hp__Guest__WatchResponse news = HP__GUEST__WATCH_RESPONSE__INIT;
	Hp__Guest__Exit exited = HP__GUEST__EXIT__INIT;
	Hp__Guest__Exit *exits[] = {&exited};
	uint8_t bytes[64];

	if (w->watches++ % 2 == 1) {
		news.exits = exits;
		news.n_exits = 1;
	} else {
		news.oom = true;
	}
	hp_ttrpc_reply(call, HP_BYTES(bytes, hp__guest__watch_response__pack(&news, bytes)));
}

static void on_done(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->done++;
	if (why)
		w->why = *why;
}

static void rehearse(struct world *w, bool refuse)
{
	static const struct hp_ttrpc_method methods[] = {
		{"harpoon.guest.v1.Guest", "Hello", on_hello},
		{"harpoon.guest.v1.Guest", "Create", on_create},
		{"harpoon.guest.v1.Guest", "Start", on_start},
		{"harpoon.guest.v1.Guest", "Watch", on_watch},
		{NULL, NULL, NULL}};
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.loop = links_loop(), .refuse = refuse};
	w->server = hp_ttrpc_server_new(w->loop, methods, w);
	links_pair(fds);
	assert_int_equal(hp_ttrpc_server_serve(w->server, fds[0], NULL, NULL, &err), 0);
	assert_int_equal(hp_ttrpc_client_new(w->loop, fds[1], NULL, NULL, &w->client, &err), 0);
	struct hp_rehearsal r = {.guest = w->client, .rounds = 3, .done = on_done, .data = w};
	hp_rehearse(&r);
	assert_int_equal(w->done, 0);
	links_settle(w->loop);
	assert_int_equal(w->done, 1);
	hp_ttrpc_client_free(w->client);
	hp_ttrpc_server_free(w->server);
	hp_loop_free(w->loop);
}

static void runs_in_rounds(void **state)
{
	struct world w;

	(void)state;
	rehearse(&w, false);
	assert_int_equal(w.why.code, HP_OK);
	assert_int_equal(w.hellos, 1);
	assert_int_equal(w.creates, 3);
	assert_int_equal(w.starts, 3);
	assert_int_equal(w.watches, 6);
}

static void tells_what_failed(void **state)
{
	struct world w;

	(void)state;
	rehearse(&w, true);
	assert_int_equal(w.why.code, HP_EFAILED);
	assert_non_null(strstr(w.why.msg, "no room"));
	assert_int_equal(w.creates, 1);
	assert_int_equal(w.starts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_a_container),
		FDS_TEST(runs_in_rounds),
		FDS_TEST(tells_what_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
