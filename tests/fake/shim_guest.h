/* SPDX-License-Identifier: Apache-2.0 */
/* shim_guest.h - a guest for tests of the shim, without a machine: it answers the calls of
 * proto/guest.proto as it is told, and remembers them. */
#pragma once
#include "guest.pb-c.h"
#include "net/ttrpc_server.h"
#include "shim/msg.h"

/* What it was asked. */
struct guest_call {
	char method[16];
	ProtobufCMessage *request; /* NULL: of a type that has nothing in it */
};

#define GUEST_CALLS_MAX 256

struct guest {
	struct hp_ttrpc_server *server;
	struct guest_call calls[GUEST_CALLS_MAX];
	size_t n;
	struct hp_ttrpc_call *watch; /* that waits for news */
	uint32_t version;            /* that it says it speaks */
	const char *mute;            /* a method that it does not answer: */
	struct hp_ttrpc_call *held;  /* the last of its calls */
	const char *refuse;          /* a method that it refuses: */
	enum hp_code refusal;
	const char *refuse_words;
	const char *garble; /* a method that it answers with bytes that are no message */
	bool gone;
};

/* Live at the other end of a control port. */
void guest_open(struct guest *g, struct hp_loop *l, int take_fd);

/* Answer the call that was held back. */
void guest_release(struct guest *g);

/* Its end of the port closes. */
void guest_die(struct guest *g);

void guest_close(struct guest *g);

/* The nth call of a method, from 0; NULL: there was none. */
const struct guest_call *guest_find(const struct guest *g, const char *method, size_t nth);

/* Tell of ends of processes: numbers and statuses. The guest must be watched. */
void guest_tell(struct guest *g, const uint32_t (*exits)[2], size_t n, bool oom);
