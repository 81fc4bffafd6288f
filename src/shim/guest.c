/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c - owns the control port: the first words with the guest, and the watch for its news. */
#include "shim/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "guest.pb-c.h"
#include "shim/msg.h"

#define SERVICE       "harpoon.guest.v1.Guest"
#define VERSION       1
#define ENTROPY_BYTES 64
#define SETUP_MS      30000
#define CLOCK_MS      2000
#define KERNEL_MAX    64 /* bytes of its name that are kept */

/* A call under way, which has to be told its end in any case: it owns what waits for it. */
struct ask {
	struct ask *next;
	struct ask **link; /* what points to it */
	hp_ttrpc_done_fn done;
	void *data;
};

struct hp_shim_guest {
	struct hp_ttrpc_client *client;
	struct ask *asks;
	bool closing; /* only calls of others are told of their end now */
	struct hp_shim_guest_events events;
	void *data;
	char *hostname;
	char *kernel;
	int64_t hello_ns, setup_ns;
	bool answered; /* on_ready has been called */
	bool broken;   /* on_broken has been called */
};

static void say_ready(struct hp_shim_guest *g, const struct hp_error *why)
{
	if (g->answered)
		return;
	g->answered = true;
	g->events.on_ready(g->data, why);
}

static void say_broken(struct hp_shim_guest *g, const struct hp_error *why)
{
	if (g->broken)
		return;
	g->broken = true;
	g->events.on_broken(g->data, why);
}

static void watch(struct hp_shim_guest *g);

static void pass_on(struct hp_shim_guest *g, const Hp__Guest__WatchResponse *news)
{
	/* First the cause, then what came of it. */
	if (news->oom)
		g->events.on_oom(g->data);
	for (size_t i = 0; i < news->n_exits; i++)
		g->events.on_exit(g->data, news->exits[i]->number, news->exits[i]->status,
				  news->exits[i]->unix_ns);
}

static void on_news(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim_guest *g = data;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;

	/* on_gone tells that. */
	if (g->closing || (why && why->code == HP_EUNAVAILABLE))
		return;
	if (why) {
		say_broken(g, why);
		return;
	}
	if (hp_shim_unpack(&hp__guest__watch_response__descriptor, payload, &m, &err) < 0) {
		say_broken(g, &err);
		return;
	}
	watch(g);
	pass_on(g, (const Hp__Guest__WatchResponse *)(const void *)m);
}

static void watch(struct hp_shim_guest *g)
{
	hp_shim_guest_call(g, "Watch", HP_BYTES(NULL, 0), 0, on_news, g);
}

static void on_setup(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim_guest *g = data;

	(void)payload;
	if (g->closing)
		return;
	if (!why) {
		g->setup_ns = hp_clock_ns();
		watch(g);
	}
	say_ready(g, why);
}

static void set_up(struct hp_shim_guest *g)
{
	Hp__Guest__SetupRequest request = HP__GUEST__SETUP_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};
	uint8_t entropy[ENTROPY_BYTES];
	ssize_t n;

	/* Without waiting: early in the host's life there may be none to give. */
	n = getrandom(entropy, sizeof(entropy), GRND_NONBLOCK);
	request.entropy.data = entropy;
	request.entropy.len = n > 0 ? (size_t)n : 0;
	request.hostname = g->hostname;
	request.unix_ns = hp_clock_unix_ns();
	packed = hp_shim_pack(&request.base);
	hp_shim_guest_call(g, "Setup", packed.bytes, SETUP_MS, on_setup, g);
}

static int read_hello(struct hp_shim_guest *g, struct hp_bytes payload, struct hp_error *err)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	const Hp__Guest__HelloResponse *hello;

	if (hp_shim_unpack(&hp__guest__hello_response__descriptor, payload, &m, err) < 0)
		return -1;
	hello = (const Hp__Guest__HelloResponse *)(const void *)m;
	if (hello->version != VERSION)
		return hp_fail(
			err, HP_EPROTO,
			"its init speaks version %u of the protocol, and not %d: rebuild "
			"the template with 'harpoon vm template build'",
			hello->version, VERSION);
	free(g->kernel);
	g->kernel = hp_strndup(hello->kernel, KERNEL_MAX);
	return 0;
}

static void on_hello(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim_guest *g = data;
	struct hp_error err = HP_ERROR_INIT;

	if (g->closing)
		return;
	if (why) {
		say_ready(g, why);
		return;
	}
	g->hello_ns = hp_clock_ns();
	if (read_hello(g, payload, &err) < 0) {
		say_ready(g, &err);
		return;
	}
	set_up(g);
}

static void on_gone(void *data, uint32_t events)
{
	struct hp_shim_guest *g = data;

	(void)events;
	g->events.on_gone(g->data);
}

static void say_hello(struct hp_shim_guest *g, int64_t limit_ms)
{
	Hp__Guest__HelloRequest request = HP__GUEST__HELLO_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};

	request.version = VERSION;
	packed = hp_shim_pack(&request.base);
	hp_shim_guest_call(g, "Hello", packed.bytes, limit_ms, on_hello, g);
}

int hp_shim_guest_new(struct hp_loop *l, const struct hp_shim_guest_spec *spec,
		      struct hp_shim_guest **ret, struct hp_error *err)
{
	AUTO(hp_shim_guest_free) struct hp_shim_guest *g = hp_alloc(sizeof(*g));

	g->events = *spec->events;
	g->data = spec->data;
	g->hostname = hp_strdup(spec->hostname);
	g->kernel = hp_strdup("");
	if (hp_ttrpc_client_new(l, spec->control_fd, on_gone, g, &g->client, err) < 0)
		return hp_wrap(err, "the machine's control port");
	say_hello(g, spec->limit_ms);
	*ret = TAKE(g);
	return 0;
}

static void end_ask(struct ask *a, struct hp_bytes payload, const struct hp_error *why)
{
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	if (a->done)
		a->done(a->data, payload, why);
	free(a);
}

void hp_shim_guest_free(struct hp_shim_guest *g)
{
	struct hp_error why = HP_ERROR_INIT;

	if (!g)
		return;
	g->closing = true;
	hp_fail(&why, HP_ECANCELED, "the machine was given up");
	hp_ttrpc_client_free(g->client);
	while (g->asks)
		end_ask(g->asks, HP_BYTES(NULL, 0), &why);
	free(g->hostname);
	free(g->kernel);
	free(g);
}

static void on_answer(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	end_ask(data, payload, why);
}

void hp_shim_guest_call(struct hp_shim_guest *g, const char *method, struct hp_bytes payload,
			int64_t timeout_ms, hp_ttrpc_done_fn done, void *data)
{
	struct ask *a = hp_alloc(sizeof(*a));
	struct hp_ttrpc_outgoing o = {.service = SERVICE,
				      .method = method,
				      .payload = payload,
				      .timeout_ms = timeout_ms};

	a->done = done;
	a->data = data;
	a->link = &g->asks;
	a->next = g->asks;
	if (a->next)
		a->next->link = &a->next;
	g->asks = a;
	hp_ttrpc_call(g->client, &o, on_answer, a);
}

void hp_shim_guest_set_clock(struct hp_shim_guest *g)
{
	Hp__Guest__ClockRequest request = HP__GUEST__CLOCK_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};

	request.unix_ns = hp_clock_unix_ns();
	packed = hp_shim_pack(&request.base);
	hp_shim_guest_call(g, "Clock", packed.bytes, CLOCK_MS, NULL, NULL);
}

const char *hp_shim_guest_kernel(const struct hp_shim_guest *g)
{
	return g->kernel;
}

int64_t hp_shim_guest_hello_ns(const struct hp_shim_guest *g)
{
	return g->hello_ns;
}

int64_t hp_shim_guest_setup_ns(const struct hp_shim_guest *g)
{
	return g->setup_ns;
}
