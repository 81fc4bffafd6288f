/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-ttrpc.c - any bytes as ttrpc's frames and messages, and as what a peer says to a server and
 * to a client. */
#include "wire/ttrpc.h"

#include <sys/socket.h>

#include "fuzz.h"
#include "net/ttrpc_client.h"
#include "net/ttrpc_server.h"

/* A socket holds this, and what is answered to it, without anybody reading. */
#define INPUT_MAX  (16 * 1024)
#define ROUNDS_MAX 1000
#define CALLS      3

struct fuzz_world {
	struct hp_loop *loop;
	struct hp_ttrpc_server *server;
	struct hp_ttrpc_client *client;
	unsigned waiting, done;
	bool server_gone, client_gone;
};

static void read_frames(struct hp_bytes in)
{
	struct hp_ttrpc_frame f;
	size_t used;

	while ((used = hp_ttrpc_frame_next(in, &f)) > 0) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO(hp_buf_free) struct hp_buf out;

		FUZZ_CHECK(used <= in.len && f.payload.len <= HP_TTRPC_PAYLOAD);
		FUZZ_CHECK(f.too_large ? used == HP_TTRPC_HEADER && f.payload.len == 0
				       : used == HP_TTRPC_HEADER + f.payload.len);
		hp_buf_init(&out, used);
		FUZZ_CHECK(hp_ttrpc_frame_put(&out, &f, &err) == 0);
		FUZZ_CHECK(f.too_large ||
			   (out.len == used && memcmp(out.data, in.data, used) == 0));
		in = HP_BYTES(in.data + used, in.len - used);
	}
}

static bool same(struct hp_bytes a, struct hp_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void read_request(struct hp_bytes in)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_ttrpc_request r;
	struct hp_ttrpc_request again;

	hp_buf_init(&out, in.len + 1000);
	if (hp_ttrpc_request_read(in, &r, &err) < 0) {
		FUZZ_CHECK(err.code == HP_EPROTO);
		return;
	}
	FUZZ_CHECK(r.service[0] && r.method[0] && r.timeout_ns >= 0);
	FUZZ_CHECK(hp_ttrpc_request_put(&out, &r, &err) == 0);
	FUZZ_CHECK(hp_ttrpc_request_read(hp_buf_bytes(&out), &again, &err) == 0);
	FUZZ_CHECK(strcmp(r.service, again.service) == 0 && strcmp(r.ns, again.ns) == 0);
	FUZZ_CHECK(strcmp(r.method, again.method) == 0 && r.timeout_ns == again.timeout_ns);
	FUZZ_CHECK(same(r.payload, again.payload));
}

static void read_response(struct hp_bytes in)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_ttrpc_response r;
	struct hp_ttrpc_response again;

	hp_buf_init(&out, in.len + 1000);
	if (hp_ttrpc_response_read(in, &r, &err) < 0) {
		FUZZ_CHECK(err.code == HP_EPROTO);
		return;
	}
	FUZZ_CHECK(hp_ttrpc_response_put(&out, &r, &err) == 0);
	FUZZ_CHECK(hp_ttrpc_response_read(hp_buf_bytes(&out), &again, &err) == 0);
	FUZZ_CHECK(r.code == again.code && r.message.len == again.message.len);
	FUZZ_CHECK(r.code != 0 || same(r.payload, again.payload));
}

static void echo(void *data, struct hp_ttrpc_call *call)
{
	(void)data;
	hp_ttrpc_reply(call, hp_ttrpc_call_payload(call));
}

static void call_gone(void *data, uint32_t events)
{
	struct fuzz_world *w = data;

	(void)events;
	w->waiting--;
}

static void wait_for(void *data, struct hp_ttrpc_call *call)
{
	struct fuzz_world *w = data;

	w->waiting++;
	hp_ttrpc_call_on_gone(call, call_gone, w);
}

static void server_gone(void *data, uint32_t events)
{
	struct fuzz_world *w = data;

	(void)events;
	w->server_gone = true;
}

static void client_gone(void *data, uint32_t events)
{
	struct fuzz_world *w = data;

	(void)events;
	w->client_gone = true;
}

static void done(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct fuzz_world *w = data;

	FUZZ_CHECK(!why || (why->code != HP_OK && why->msg[0] && payload.len == 0));
	w->done++;
}

/* A socket on whose other end the input waits, and then the end. */
static int say(const uint8_t *data, size_t size, int *ret_other)
{
	int fds[2];

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_CHECK(write(fds[1], data, size) == (ssize_t)size);
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	*ret_other = fds[1];
	return fds[0];
}

static void run(struct hp_loop *l, const bool *end)
{
	struct hp_error err = HP_ERROR_INIT;

	for (int i = 0; i < ROUNDS_MAX && !*end; i++)
		FUZZ_CHECK(hp_loop_once(l, 1000, &err) >= 0);
	FUZZ_CHECK(*end);
}

static void talk_to_server(struct fuzz_world *w, const uint8_t *data, size_t size)
{
	static const struct hp_ttrpc_method methods[] = {
		{"a.B", "Echo", echo}, {"a.B", "Wait", wait_for}, {NULL, NULL, NULL}};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int other = -1;
	const int fd = say(data, size, &other);

	w->server = hp_ttrpc_server_new(w->loop, methods, w);
	FUZZ_CHECK(hp_ttrpc_server_serve(w->server, fd, server_gone, w, &err) == 0);
	run(w->loop, &w->server_gone);
	FUZZ_CHECK(w->waiting == 0 && !hp_ttrpc_server_busy(w->server));
	hp_ttrpc_server_free(w->server);
}

static void talk_to_client(struct fuzz_world *w, const uint8_t *data, size_t size)
{
	const struct hp_ttrpc_outgoing o = {.service = "a.B", .method = "Echo"};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int other = -1;
	const int fd = say(data, size, &other);

	FUZZ_CHECK(hp_ttrpc_client_new(w->loop, fd, client_gone, w, &w->client, &err) == 0);
	for (int i = 0; i < CALLS; i++)
		hp_ttrpc_call(w->client, &o, done, w);
	run(w->loop, &w->client_gone);
	FUZZ_CHECK(w->done == CALLS);
	hp_ttrpc_client_free(w->client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	struct fuzz_world w = {0};

	if (size == 0 || size > INPUT_MAX)
		return 0;
	read_frames(HP_BYTES(data, size));
	read_request(HP_BYTES(data, size));
	read_response(HP_BYTES(data, size));
	FUZZ_CHECK(hp_loop_new(&w.loop, &err) == 0);
	talk_to_server(&w, data, size);
	talk_to_client(&w, data, size);
	hp_loop_free(w.loop);
	return 0;
}
