/* SPDX-License-Identifier: Apache-2.0 */
/* shim-events.c - tests of src/shim/events.c. */
#include "shim/events.h"

#include "links.h"
#include "net/ttrpc_server.h"
#include "shim.pb-c.h"
#include "shim/msg.h"

#define TOPICS_MAX 4096

/* containerd, as far as events go. */
struct world {
	struct hp_loop *loop;
	char *dir, *socket;
	struct hp_ttrpc_server *server;
	struct hp_shim_events *events;
	unsigned ids[TOPICS_MAX]; /* the pid field of each TaskStart that came */
	size_t n, want;
	unsigned refuse; /* so many calls are still refused */
	enum hp_code refusal;
	unsigned drained;
};

static void on_forward(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	AUTO(hp_shim_msg_free) ProtobufCMessage *event = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const Hp__Envelope *e;

	assert_int_equal(hp_shim_unpack(&hp__shim__forward_request__descriptor,
					hp_ttrpc_call_payload(call), &m, &err),
			 0);
	e = ((const Hp__Shim__ForwardRequest *)(const void *)m)->envelope;
	assert_string_equal(e->namespace_, "ns");
	assert_string_equal(e->topic, "/tasks/start");
	assert_string_equal(e->event->type_url, "containerd.events.TaskStart");
	assert_true(e->timestamp->seconds > 0);
	if (w->refuse > 0) {
		w->refuse--;
		hp_fail(&err, w->refusal, "not now");
		hp_ttrpc_refuse(call, &err);
		return;
	}
	assert_int_equal(hp_shim_unpack(&hp__task_start__descriptor,
					HP_BYTES(e->event->value.data, e->event->value.len),
					&event, &err),
			 0);
	assert_true(w->n < TOPICS_MAX);
	w->ids[w->n++] = ((const Hp__TaskStart *)(const void *)event)->pid;
	hp_ttrpc_reply(call, HP_BYTES(NULL, 0));
}

static const struct hp_ttrpc_method methods[] = {
	{"containerd.services.events.ttrpc.v1.Events", "Forward", on_forward},
	{NULL, NULL, NULL},
};

static void serve(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int fd;

	w->server = hp_ttrpc_server_new(w->loop, methods, w);
	assert_int_equal(hp_unix_listen(w->socket, 0600, &fd, &err), 0);
	assert_int_equal(hp_ttrpc_server_listen(w->server, fd, &err), 0);
}

static void world_open(struct world *w)
{
	AUTO_FREE char *address = NULL;

	*w = (struct world){.loop = links_loop(), .dir = scratch_new()};
	w->socket = hp_path_join(w->dir, "s");
	address = hp_sprintf("unix://%s", w->socket);
	w->events = hp_shim_events_new(w->loop, address, "ns", NULL);
}

static void world_close(struct world *w)
{
	hp_shim_events_free(w->events);
	hp_ttrpc_server_free(w->server);
	hp_loop_free(w->loop);
	free(w->socket);
	scratch_free(w->dir);
}

static void publish(struct world *w, unsigned id)
{
	Hp__TaskStart event = HP__TASK_START__INIT;

	event.container_id = (char *)(uintptr_t) "web";
	event.pid = id;
	hp_shim_events_publish(w->events, "/tasks/start", "containerd.events.TaskStart",
			       &event.base);
}

static bool all_came(void *arg)
{
	const struct world *w = arg;

	return w->n >= w->want && hp_shim_events_waiting(w->events) == 0;
}

static void expect(struct world *w, size_t n)
{
	w->want = n;
	links_until(w->loop, all_came, w);
	assert_int_equal(w->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(w->ids[i], i);
}

static void keeps_the_order(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	serve(&w);
	for (unsigned i = 0; i < 100; i++)
		publish(&w, i);
	expect(&w, 100);
	world_close(&w);
}

static void waits_for_containerd(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	publish(&w, 0);
	publish(&w, 1);
	links_settle(w.loop);
	assert_int_equal(hp_shim_events_waiting(w.events), 2);
	serve(&w);
	expect(&w, 2);
	/* containerd is restarted. */
	hp_ttrpc_server_free(TAKE(w.server));
	publish(&w, 2);
	links_settle(w.loop);
	assert_int_equal(hp_shim_events_waiting(w.events), 1);
	serve(&w);
	expect(&w, 3);
	world_close(&w);
}

static void tries_again_and_gives_up(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	serve(&w);
	w.refuse = 2;
	w.refusal = HP_EUNAVAILABLE;
	publish(&w, 0);
	expect(&w, 1);
	/* One that is refused for good does not stop the others. */
	w.refuse = 5;
	w.refusal = HP_EINVALID;
	publish(&w, 77);
	publish(&w, 1);
	expect(&w, 2);
	world_close(&w);
}

static void drops_the_oldest(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (unsigned i = 0; i < HP_SHIM_EVENTS_MAX + 10; i++)
		publish(&w, i);
	assert_int_equal(hp_shim_events_waiting(w.events), HP_SHIM_EVENTS_MAX);
	serve(&w);
	w.want = HP_SHIM_EVENTS_MAX;
	links_until(w.loop, all_came, &w);
	assert_int_equal(w.ids[0], 10);
	assert_int_equal(w.ids[w.n - 1], HP_SHIM_EVENTS_MAX + 9);
	world_close(&w);
}

static void on_drained(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	w->drained++;
}

static bool is_drained(void *arg)
{
	const struct world *w = arg;

	return w->drained > 0;
}

static void tells_when_all_have_left(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	serve(&w);
	publish(&w, 0);
	hp_shim_events_drain(w.events, PATIENCE_MS, on_drained, &w);
	assert_int_equal(w.drained, 0);
	links_until(w.loop, is_drained, &w);
	assert_int_equal(w.n, 1);
	/* Nobody takes this one. */
	hp_ttrpc_server_free(TAKE(w.server));
	w.drained = 0;
	publish(&w, 1);
	hp_shim_events_drain(w.events, 50, on_drained, &w);
	links_until(w.loop, is_drained, &w);
	assert_int_equal(hp_shim_events_waiting(w.events), 1);
	world_close(&w);
}

static void goes_nowhere_without_an_address(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *loop = links_loop();
	AUTO(hp_shim_events_free)
	struct hp_shim_events *events = hp_shim_events_new(loop, "", "ns", NULL);
	Hp__TaskStart event = HP__TASK_START__INIT;

	(void)state;
	hp_shim_events_publish(events, "/tasks/start", "x", &event.base);
	assert_int_equal(hp_shim_events_waiting(events), 0);
	hp_shim_events_free(TAKE(events));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_the_order),          FDS_TEST(waits_for_containerd),
		FDS_TEST(tries_again_and_gives_up), FDS_TEST(drops_the_oldest),
		FDS_TEST(tells_when_all_have_left), FDS_TEST(goes_nowhere_without_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
