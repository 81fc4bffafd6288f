/* SPDX-License-Identifier: Apache-2.0 */
/* guest-call.h - what tests of the guest share that ask it as the host does. */
#pragma once
#include "guest/process.h"
#include "links.h"
#include "net/ttrpc_client.h"

/* The host's end of the control port. */
struct guest_host {
	struct hp_loop *loop;
	struct hp_ttrpc_client *client;
	struct hp_guest *here; /* the guest is in this process, and its children are ours */
};

/* @loop stays the caller's. */
static inline void guest_host_open(struct guest_host *h, struct hp_loop *loop, int take_fd)
{
	struct hp_error err = HP_ERROR_INIT;

	*h = (struct guest_host){.loop = loop};
	assert_int_equal(hp_ttrpc_client_new(loop, take_fd, NULL, NULL, &h->client, &err), 0);
}

static inline void guest_host_close(struct guest_host *h)
{
	hp_ttrpc_client_free(h->client);
}

/* One call of the host's. */
struct guest_call {
	bool done;
	struct hp_error why; /* HP_OK: it went well, and this is the answer: */
	struct hp_buf answer;
};

static inline void guest_call_done(void *data, struct hp_bytes payload,
				   const struct hp_error *why)
{
	struct guest_call *c = data;
	struct hp_error err = HP_ERROR_INIT;

	c->done = true;
	if (why)
		c->why = *why;
	else
		assert_int_equal(hp_buf_add(&c->answer, payload.data, payload.len, &err), 0);
}

static inline void guest_call_begin(struct guest_host *h, struct guest_call *c,
				    const char *method, const ProtobufCMessage *request)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	AUTO_FREE uint8_t *packed = hp_alloc(len);

	*c = (struct guest_call){.why = HP_ERROR_INIT};
	hp_buf_init(&c->answer, 1 << 20);
	protobuf_c_message_pack(request, packed);
	const struct hp_ttrpc_outgoing o = {.service = "harpoon.guest.v1.Guest",
					    .method = method,
					    .payload = HP_BYTES(packed, len)};
	hp_ttrpc_call(h->client, &o, guest_call_done, c);
}

/* Turn the loop, and take in children that have ended, until @flag is set. */
static inline void guest_until(struct guest_host *h, const bool *flag)
{
	const int64_t deadline = hp_deadline_in(PATIENCE_MS);

	while (!*flag) {
		struct hp_error err = HP_ERROR_INIT;

		if (hp_deadline_left_ms(deadline) == 0)
			fail_msg("it did not come within %d ms", PATIENCE_MS);
		assert_true(hp_loop_once(h->loop, 5, &err) >= 0);
		if (h->here)
			assert_false(hp_guest_process_reap(h->here));
	}
}

static inline void guest_call_wait(struct guest_host *h, struct guest_call *c)
{
	guest_until(h, &c->done);
}

/* The answer of a call that goes well. Owns: the caller. */
static inline void *guest_call_end(struct guest_host *h, struct guest_call *c,
				   const ProtobufCMessageDescriptor *type)
{
	AUTO(hp_buf_free) struct hp_buf answer = {0};
	ProtobufCMessage *m;

	guest_call_wait(h, c);
	answer = c->answer;
	if (c->why.code != HP_OK)
		fail_msg("%s", c->why.msg);
	m = protobuf_c_message_unpack(type, NULL, answer.len, answer.data);
	assert_non_null(m);
	return m;
}

static inline void *guest_ask(struct guest_host *h, const char *method,
			      const ProtobufCMessage *request,
			      const ProtobufCMessageDescriptor *type)
{
	struct guest_call c;

	guest_call_begin(h, &c, method, request);
	return guest_call_end(h, &c, type);
}

/* A call whose answer says nothing. */
static inline void guest_do(struct guest_host *h, const char *method,
			    const ProtobufCMessage *request,
			    const ProtobufCMessageDescriptor *type)
{
	protobuf_c_message_free_unpacked(guest_ask(h, method, request, type), NULL);
}

static inline void guest_refused(struct guest_host *h, const char *method,
				 const ProtobufCMessage *request, enum hp_code code,
				 const char *words)
{
	struct guest_call c;

	guest_call_begin(h, &c, method, request);
	guest_call_wait(h, &c);
	hp_buf_free(&c.answer);
	assert_int_equal(c.why.code, code);
	if (!strstr(c.why.msg, words))
		fail_msg("%s: %s", method, c.why.msg);
}

/* `sh -c @script`, beside init, not in the container. */
static inline void guest_script(Hp__Guest__Process *p, const char *script, char *args[3])
{
	hp__guest__process__init(p);
	args[0] = (char *)"/bin/sh";
	args[1] = (char *)"-c";
	args[2] = (char *)(uintptr_t)script;
	p->args = args;
	p->n_args = 3;
	p->cwd = (char *)"/";
	p->outside = true;
}

/* Run it as process @number. */
static inline void guest_exec(struct guest_host *h, uint32_t number, Hp__Guest__Process *p)
{
	Hp__Guest__ExecRequest r = HP__GUEST__EXEC_REQUEST__INIT;

	r.number = number;
	r.process = p;
	guest_do(h, "Exec", &r.base, &hp__guest__exec_response__descriptor);
}

/* The next end of a process that the host is told of. Returns: its status. */
static inline uint32_t guest_exit(struct guest_host *h, uint32_t number)
{
	Hp__Guest__WatchRequest r = HP__GUEST__WATCH_REQUEST__INIT;
	Hp__Guest__WatchResponse *news =
		guest_ask(h, "Watch", &r.base, &hp__guest__watch_response__descriptor);
	uint32_t status;

	assert_int_equal(news->n_exits, 1);
	assert_int_equal(news->exits[0]->number, number);
	assert_true(news->exits[0]->unix_ns > 0);
	status = news->exits[0]->status;
	hp__guest__watch_response__free_unpacked(news, NULL);
	return status;
}
