/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-h2_client.c - any bytes as what a daemon says to two calls that are under way. */
#include <sys/socket.h>

#include "base/clock.h"
#include "fuzz.h"
#include "net/call.h"

#define MAX_MESSAGE 4096

/* A socket holds this without anybody reading. */
#define INPUT_MAX (64 * 1024)

static struct hp_call *ask(struct hp_grpc *g)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_call *c = NULL;

	FUZZ_CHECK(hp_call_begin(g, "/a.B/C", hp_deadline_in(5000), &c, &err) == 0);
	FUZZ_CHECK(hp_call_send(c, hp_bytes_str("request"), true, &err) == 0);
	return c;
}

/* The peer has hung up behind its bytes, so each call ends, and without waiting. */
static void hear(struct hp_call *c)
{
	struct hp_error err = HP_ERROR_INIT;
	int found = HP_NEXT_ITEM;

	while (found == HP_NEXT_ITEM) {
		AUTO(hp_buf_free) struct hp_buf message;

		hp_buf_init(&message, MAX_MESSAGE);
		found = hp_call_recv(c, &message, &err);
		FUZZ_CHECK(message.len <= MAX_MESSAGE);
	}
	FUZZ_CHECK(found == HP_NEXT_END || (err.code != HP_OK && err.msg[0]));
	FUZZ_CHECK(err.code != HP_ETIMEOUT || err.sys == 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_grpc_free) struct hp_grpc *g = hp_grpc_new("/nowhere", MAX_MESSAGE);
	int socks[2];

	if (size == 0 || size > INPUT_MAX)
		return 0;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) == 0);
	FUZZ_CHECK(hp_grpc__adopt(g, socks[0], &err) == 0);

	struct hp_call *first = ask(g);
	struct hp_call *second = ask(g);
	FUZZ_CHECK(write(socks[1], data, size) == (ssize_t)size);
	FUZZ_CHECK(shutdown(socks[1], SHUT_WR) == 0);
	hear(second);
	hear(first);
	hp_call_free(first);
	FUZZ_CHECK(g->calls == 1);
	hp_call_free(second);
	FUZZ_CHECK(g->calls == 0 && g->ready == 0);
	close(socks[1]);
	return 0;
}
