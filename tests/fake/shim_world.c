/* SPDX-License-Identifier: Apache-2.0 */
/* shim_world.c - puts a shim together for tests. */
#include "fake/shim_world.h"

/* What of an event tests look at. */
static char *world_describe(const char *topic, struct hp_bytes value)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const Hp__TaskExit *exit;
	const Hp__TaskExec *exec;

	if (hp_str_eq(topic, "/tasks/exit")) {
		assert_int_equal(hp_shim_unpack(&hp__task_exit__descriptor, value, &m, &err),
				 0);
		exit = (const Hp__TaskExit *)(const void *)m;
		assert_string_equal(exit->container_id, "web");
		assert_true(exit->exited_at->seconds > 0);
		return hp_sprintf("%s %s %u", topic, exit->id, exit->exit_status);
	}
	if (hp_str_starts(topic, "/tasks/exec-")) {
		assert_int_equal(hp_shim_unpack(&hp__task_exec__descriptor, value, &m, &err),
				 0);
		exec = (const Hp__TaskExec *)(const void *)m;
		assert_string_equal(exec->container_id, "web");
		return hp_sprintf("%s %s", topic, exec->exec_id);
	}
	assert_int_equal(hp_shim_unpack(&hp__named_event__descriptor, value, &m, &err), 0);
	assert_string_equal(((const Hp__NamedEvent *)(const void *)m)->id, "web");
	return hp_strdup(topic);
}

static void world_on_forward(void *data, struct hp_ttrpc_call *call)
{
	struct shim_world *w = data;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const Hp__Envelope *e;

	assert_int_equal(hp_shim_unpack(&hp__shim__forward_request__descriptor,
					hp_ttrpc_call_payload(call), &m, &err),
			 0);
	e = ((const Hp__Shim__ForwardRequest *)(const void *)m)->envelope;
	assert_true(w->n_events < WORLD_EVENTS_MAX);
	w->events[w->n_events++] =
		world_describe(e->topic, HP_BYTES(e->event->value.data, e->event->value.len));
	hp_ttrpc_reply(call, HP_BYTES(NULL, 0));
}

static void world_on_finish(void *data)
{
	struct shim_world *w = data;

	w->finished++;
	hp_shim_pending_done(TAKE(w->shim.shutdown));
}

static void world_open_events(struct shim_world *w)
{
	static const struct hp_ttrpc_method methods[] = {
		{"containerd.services.events.ttrpc.v1.Events", "Forward", world_on_forward},
		{NULL, NULL, NULL},
	};
	struct hp_error err = HP_ERROR_INIT;
	int fd;

	w->events_socket = hp_path_join(w->dir, "events");
	w->events_server = hp_ttrpc_server_new(w->loop, methods, w);
	assert_int_equal(hp_unix_listen(w->events_socket, 0600, &fd, &err), 0);
	assert_int_equal(hp_ttrpc_server_listen(w->events_server, fd, &err), 0);
}

/* The ports of a machine, and the guest at their other ends. */
static void world_open_box(struct shim_world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int ports[HP_PORTS];
	int fds[2];
	const struct hp_shim_box_spec spec = {
		.ports = ports, .hostname = "box", .events = hp_shim_news(), .data = &w->shim};

	links_pair(fds);
	ports[HP_PORT_CONTROL] = fds[0];
	guest_open(&w->guest, w->loop, fds[1]);
	links_pair(fds);
	ports[HP_PORT_STDIO] = fds[0];
	assert_int_equal(hp_mux_new(w->loop, fds[1], NULL, NULL, &w->mux, &err), 0);
	links_pair(fds);
	ports[HP_PORT_FILES] = fds[0];
	w->files_fd = fds[1];
	assert_int_equal(hp_shim_box_open(w->loop, &spec, &w->shim.box, &err), 0);
}

static void world_open_shim(struct shim_world *w, const char *config)
{
	struct hp_shim *s = &w->shim;
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *root = hp_path_join(w->bundle, "rootfs");
	int fds[2];

	assert_int_equal(hp_mkdirs(root, 0755, &err), 0);
	free(scratch_file(w->bundle, "config.json", config));
	s->loop = w->loop;
	s->id = hp_strdup("web");
	s->ns = hp_strdup("ns");
	s->bundle = hp_strdup(w->bundle);
	s->config = &w->config;
	s->finish = world_on_finish;
	s->finish_data = w;
	s->times.executed = hp_clock_ns();
	s->record.id = hp_strdup("web");
	s->record.ns = hp_strdup("ns");
	s->log = hp_shim_log_new(w->bundle, "web", true);
	s->events = hp_shim_events_new(w->loop, w->events_socket, "ns", s->log);
	s->server = hp_ttrpc_server_new(w->loop, hp_shim_methods(), s);
	links_pair(fds);
	assert_int_equal(hp_ttrpc_server_serve(s->server, fds[0], NULL, NULL, &err), 0);
	assert_int_equal(hp_ttrpc_client_new(w->loop, fds[1], NULL, NULL, &w->client, &err), 0);
	if (hp_shim_spec_read(w->bundle, &s->spec, &s->spec_why) == 0)
		assert_int_equal(s->spec_why.code, HP_OK);
}

void shim_world_open_with(struct shim_world *w, const char *config)
{
	*w = (struct shim_world){.loop = links_loop(), .dir = scratch_new()};
	w->bundle = hp_path_join(w->dir, "bundle");
	world_open_events(w);
	world_open_shim(w, config);
	world_open_box(w);
}

void shim_world_open(struct shim_world *w)
{
	shim_world_open_with(w, WORLD_CONFIG);
}

void shim_world_close(struct shim_world *w)
{
	struct hp_loop *loop = w->loop;

	/* The shim frees its loop, which is ours. */
	w->shim.loop = NULL;
	hp_shim_clear(&w->shim);
	hp_ttrpc_client_free(w->client);
	guest_close(&w->guest);
	hp_mux_free(w->mux);
	close(w->files_fd);
	hp_ttrpc_server_free(w->events_server);
	for (size_t i = 0; i < w->n_replies; i++) {
		hp_buf_free(&w->replies[i].payload);
		hp_shim_msg_free(w->replies[i].message);
	}
	for (size_t i = 0; i < w->n_events; i++)
		free(w->events[i]);
	hp_loop_free(loop);
	free(w->events_socket);
	free(w->bundle);
	scratch_free(w->dir);
}

static void world_on_reply(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct reply *r = data;
	struct hp_error err = HP_ERROR_INIT;

	assert_false(r->done);
	r->done = true;
	if (why)
		r->why = *why;
	else
		assert_int_equal(hp_buf_add(&r->payload, payload.data, payload.len, &err), 0);
}

struct reply *world_begin_at(struct shim_world *w, const char *service, const char *method,
			     const ProtobufCMessage *request)
{
	struct hp_shim_packed packed = hp_shim_pack(request);
	struct hp_ttrpc_outgoing o = {
		.service = service, .method = method, .payload = packed.bytes, .ns = "ns"};
	struct reply *r = &w->replies[w->n_replies++];

	assert_true(w->n_replies < WORLD_REPLIES_MAX);
	hp_buf_init(&r->payload, 1u << 20);
	hp_ttrpc_call(w->client, &o, world_on_reply, r);
	hp_shim_packed_free(&packed);
	return r;
}

struct reply *world_begin(struct shim_world *w, const char *method,
			  const ProtobufCMessage *request)
{
	return world_begin_at(w, "containerd.task.v2.Task", method, request);
}

bool reply_is_done(void *arg)
{
	const struct reply *r = arg;

	return r->done;
}

enum hp_code world_call(struct shim_world *w, const char *method,
			const ProtobufCMessage *request)
{
	struct reply *r = world_begin(w, method, request);

	links_until(w->loop, reply_is_done, r);
	return r->why.code;
}

struct reply *world_last(struct shim_world *w)
{
	return &w->replies[w->n_replies - 1];
}

const void *reply_read(struct reply *r, const ProtobufCMessageDescriptor *type)
{
	struct hp_error err = HP_ERROR_INIT;

	assert_true(r->done);
	if (r->why.code != HP_OK)
		fail_msg("%s", r->why.msg);
	assert_int_equal(hp_shim_unpack(type, hp_buf_bytes(&r->payload), &r->message, &err), 0);
	return r->message;
}

bool world_is_watched(void *arg)
{
	const struct shim_world *w = arg;

	return w->guest.watch;
}

void world_exit(struct shim_world *w, uint32_t number, uint32_t status)
{
	const uint32_t exits[][2] = {{number, status}};

	links_until(w->loop, world_is_watched, w);
	guest_tell(&w->guest, exits, 1, false);
}

void world_output_on(struct shim_world *w, uint32_t number, unsigned which, const char *text)
{
	static const struct hp_mux_events none;
	struct hp_mux_stream *stream;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(
		hp_mux_stream_open(w->mux, number * 4 + which, &none, NULL, &stream, &err), 0);
	assert_int_equal(hp_mux_stream_write(stream, hp_bytes_str(text)), strlen(text));
	hp_mux_stream_mark(stream);
	hp_mux_stream_end(stream);
	links_settle(w->loop);
	hp_mux_stream_close(stream);
}

void world_output(struct shim_world *w, uint32_t number, const char *text)
{
	world_output_on(w, number, 1, text);
}

bool world_events_came(void *arg)
{
	const struct shim_world *w = arg;

	return hp_shim_events_waiting(w->shim.events) == 0;
}

void world_expect_events(struct shim_world *w, const char *const *expected)
{
	size_t n = 0;

	links_until(w->loop, world_events_came, w);
	for (; expected[n]; n++) {
		assert_true(n < w->n_events);
		assert_string_equal(w->events[n], expected[n]);
	}
	assert_int_equal(w->n_events, n);
}
