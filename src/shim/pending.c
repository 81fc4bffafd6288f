/* SPDX-License-Identifier: Apache-2.0 */
/* pending.c - owns calls until they are answered. */
#include "shim/pending.h"

#include <stdlib.h>

#include "base/alloc.h"

struct hp_shim_pending {
	struct hp_ttrpc_call *call; /* NULL: the client is gone */
	hp_loop_fn fn;              /* NULL: nobody wants to know */
	void *data;
};

static void on_gone(void *data, uint32_t events)
{
	struct hp_shim_pending *p = data;

	p->call = NULL;
	if (p->fn)
		p->fn(p->data, events);
}

struct hp_shim_pending *hp_shim_pending_new(struct hp_ttrpc_call *take_call)
{
	struct hp_shim_pending *p = hp_alloc(sizeof(*p));

	p->call = take_call;
	hp_ttrpc_call_on_gone(take_call, on_gone, p);
	return p;
}

void hp_shim_pending_reply(struct hp_shim_pending *take_p, const ProtobufCMessage *m)
{
	if (take_p && take_p->call)
		hp_shim_reply(take_p->call, m);
	free(take_p);
}

void hp_shim_pending_done(struct hp_shim_pending *take_p)
{
	if (take_p && take_p->call)
		hp_shim_done(take_p->call);
	free(take_p);
}

void hp_shim_pending_refuse(struct hp_shim_pending *take_p, const struct hp_error *why)
{
	if (take_p && take_p->call)
		hp_ttrpc_refuse(take_p->call, why);
	free(take_p);
}

void hp_shim_pending_on_gone(struct hp_shim_pending *p, hp_loop_fn fn, void *data)
{
	p->fn = fn;
	p->data = data;
}

bool hp_shim_pending_gone(const struct hp_shim_pending *p)
{
	return !p->call;
}

void hp_shim_reply(struct hp_ttrpc_call *take_call, const ProtobufCMessage *m)
{
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = hp_shim_pack(m);

	hp_ttrpc_reply(take_call, packed.bytes);
}

void hp_shim_done(struct hp_ttrpc_call *take_call)
{
	hp_ttrpc_reply(take_call, HP_BYTES(NULL, 0));
}
