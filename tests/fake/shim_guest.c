/* SPDX-License-Identifier: Apache-2.0 */
/* shim_guest.c - plays the guest. */
#include "fake/shim_guest.h"

#include "unit/links.h"

#define GUEST_SERVICE "harpoon.guest.v1.Guest"

static const ProtobufCMessageDescriptor *guest_request_of(const char *method)
{
	static const struct {
		const char *method;
		const ProtobufCMessageDescriptor *request;
	} rows[] = {
		{"Hello", &hp__guest__hello_request__descriptor},
		{"Setup", &hp__guest__setup_request__descriptor},
		{"Create", &hp__guest__create_request__descriptor},
		{"Exec", &hp__guest__exec_request__descriptor},
		{"Signal", &hp__guest__signal_request__descriptor},
		{"Resize", &hp__guest__resize_request__descriptor},
		{"Update", &hp__guest__update_request__descriptor},
		{"Clock", &hp__guest__clock_request__descriptor},
		{"Log", &hp__guest__log_request__descriptor},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (hp_str_eq(rows[i].method, method))
			return rows[i].request;
	return NULL;
}

static void guest_reply(struct hp_ttrpc_call *call, const ProtobufCMessage *m)
{
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = hp_shim_pack(m);

	hp_ttrpc_reply(call, packed.bytes);
}

static void guest_answer(struct guest *g, const char *method, struct hp_ttrpc_call *call)
{
	Hp__Guest__HelloResponse hello = HP__GUEST__HELLO_RESPONSE__INIT;
	Hp__Guest__CreateResponse create = HP__GUEST__CREATE_RESPONSE__INIT;
	Hp__Guest__ExecResponse exec = HP__GUEST__EXEC_RESPONSE__INIT;
	Hp__Guest__LogResponse log = HP__GUEST__LOG_RESPONSE__INIT;

	hello.version = g->version;
	hello.kernel = (char *)(uintptr_t) "6.1.0-test";
	create.pid = 17;
	exec.pid = 18;
	log.text.data = (uint8_t *)(uintptr_t) "klog";
	log.text.len = 4;
	if (hp_str_eq(method, "Hello"))
		guest_reply(call, &hello.base);
	else if (hp_str_eq(method, "Create"))
		guest_reply(call, &create.base);
	else if (hp_str_eq(method, "Exec"))
		guest_reply(call, &exec.base);
	else if (hp_str_eq(method, "Log"))
		guest_reply(call, &log.base);
	else if (hp_str_eq(method, "Watch"))
		g->watch = call;
	else
		hp_ttrpc_reply(call, HP_BYTES(NULL, 0));
}

static void guest_on_call(void *data, struct hp_ttrpc_call *call)
{
	struct guest *g = data;
	struct guest_call *c = &g->calls[g->n++];
	const ProtobufCMessageDescriptor *type;
	struct hp_error err = HP_ERROR_INIT;

	assert_true(g->n < GUEST_CALLS_MAX);
	snprintf(c->method, sizeof(c->method), "%s", hp_ttrpc_call_method(call));
	type = guest_request_of(c->method);
	if (type)
		assert_int_equal(
			hp_shim_unpack(type, hp_ttrpc_call_payload(call), &c->request, &err),
			0);
	if (hp_str_eq(g->mute, c->method)) {
		g->held = call;
		return;
	}
	if (hp_str_eq(g->garble, c->method)) {
		hp_ttrpc_reply(call, hp_bytes_str("\xff\xff\xff"));
		return;
	}
	if (hp_str_eq(g->refuse, c->method)) {
		hp_fail(&err, g->refusal, "%s", g->refuse_words);
		hp_ttrpc_refuse(call, &err);
		return;
	}
	guest_answer(g, c->method, call);
}

static void guest_on_gone(void *data, uint32_t events)
{
	struct guest *g = data;

	(void)events;
	g->gone = true;
	g->watch = NULL;
	g->held = NULL;
}

void guest_open(struct guest *g, struct hp_loop *l, int take_fd)
{
	static const struct hp_ttrpc_method methods[] = {
		{GUEST_SERVICE, "Hello", guest_on_call},
		{GUEST_SERVICE, "Setup", guest_on_call},
		{GUEST_SERVICE, "Create", guest_on_call},
		{GUEST_SERVICE, "Start", guest_on_call},
		{GUEST_SERVICE, "Exec", guest_on_call},
		{GUEST_SERVICE, "Signal", guest_on_call},
		{GUEST_SERVICE, "Resize", guest_on_call},
		{GUEST_SERVICE, "Update", guest_on_call},
		{GUEST_SERVICE, "Stats", guest_on_call},
		{GUEST_SERVICE, "Watch", guest_on_call},
		{GUEST_SERVICE, "Clock", guest_on_call},
		{GUEST_SERVICE, "Log", guest_on_call},
		{NULL, NULL, NULL},
	};
	struct hp_error err = HP_ERROR_INIT;

	*g = (struct guest){.version = 1};
	g->server = hp_ttrpc_server_new(l, methods, g);
	assert_int_equal(hp_ttrpc_server_serve(g->server, take_fd, guest_on_gone, g, &err), 0);
}

void guest_release(struct guest *g)
{
	assert_non_null(g->held);
	g->mute = NULL;
	hp_ttrpc_reply(TAKE(g->held), HP_BYTES(NULL, 0));
}

void guest_die(struct guest *g)
{
	g->watch = NULL;
	g->held = NULL;
	hp_ttrpc_server_free(TAKE(g->server));
}

void guest_close(struct guest *g)
{
	guest_die(g);
	for (size_t i = 0; i < g->n; i++)
		hp_shim_msg_free(TAKE(g->calls[i].request));
}

const struct guest_call *guest_find(const struct guest *g, const char *method, size_t nth)
{
	for (size_t i = 0; i < g->n; i++)
		if (hp_str_eq(g->calls[i].method, method) && nth-- == 0)
			return &g->calls[i];
	return NULL;
}

void guest_tell(struct guest *g, const uint32_t (*exits)[2], size_t n, bool oom)
{
	Hp__Guest__WatchResponse news = HP__GUEST__WATCH_RESPONSE__INIT;
	Hp__Guest__Exit rows[8];
	Hp__Guest__Exit *list[8];

	assert_non_null(g->watch);
	assert_true(n <= HP_ARRAY_LEN(rows));
	for (size_t i = 0; i < n; i++) {
		rows[i] = (Hp__Guest__Exit)HP__GUEST__EXIT__INIT;
		rows[i].number = exits[i][0];
		rows[i].status = exits[i][1];
		rows[i].unix_ns = hp_clock_unix_ns();
		list[i] = &rows[i];
	}
	news.n_exits = n;
	news.exits = list;
	news.oom = oom;
	guest_reply(TAKE(g->watch), &news.base);
}
