/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap.c - reads the standard input of `start`. */
#include "shim/bootstrap.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "shim.pb-c.h"
#include "shim/msg.h"

static int take_options(const Hp__Any *any, struct hp_shim_bootstrap *b, struct hp_error *err)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;

	if (!hp_str_eq(hp_shim_any_type(any), "runtimeoptions.v1.Options"))
		return 0;
	if (hp_shim_unpack(&hp__shim__runtime_options__descriptor,
			   HP_BYTES(any->value.data, any->value.len), &m, err) < 0)
		return hp_wrap(err, "the runtime's options");
	free(b->config_path);
	b->config_path = hp_strdup(((Hp__Shim__RuntimeOptions *)(void *)m)->config_path);
	return 0;
}

/* Returns: 1 when @in is BootstrapParams of this very container, 0 when it is not, -1. */
static int take_params(struct hp_bytes in, const char *id, const char *ns,
		       struct hp_shim_bootstrap *b, struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	const Hp__Shim__BootstrapParams *p;

	if (hp_shim_unpack(&hp__shim__bootstrap_params__descriptor, in, &m, &ignored) < 0)
		return 0;
	p = (const Hp__Shim__BootstrapParams *)(const void *)m;
	if (!hp_str_eq(p->instance_id, id) || !hp_str_eq(p->namespace_, ns))
		return 0;
	free(b->ttrpc_address);
	b->ttrpc_address = hp_strdup(p->containerd_ttrpc_address);
	free(b->socket_dir);
	b->socket_dir = hp_strdup(p->socket_dir);
	for (size_t i = 0; i < p->n_extensions; i++)
		if (p->extensions[i]->value &&
		    take_options(p->extensions[i]->value, b, err) < 0)
			return -1;
	return 1;
}

static int take_any(struct hp_bytes in, struct hp_shim_bootstrap *b, struct hp_error *err)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;

	if (hp_shim_unpack(&hp__any__descriptor, in, &m, err) < 0)
		return hp_wrap(err, "standard input is neither options nor BootstrapParams");
	return take_options((const Hp__Any *)(const void *)m, b, err);
}

int hp_shim_bootstrap_read(struct hp_bytes in, const char *id, const char *ns,
			   struct hp_shim_bootstrap *ret, struct hp_error *err)
{
	AUTO(hp_shim_bootstrap_clear)
	struct hp_shim_bootstrap b = {.ttrpc_address = hp_strdup(""),
				      .socket_dir = hp_strdup(""),
				      .config_path = hp_strdup("")};
	int rc = take_params(in, id, ns, &b, err);

	if (rc < 0 || (rc == 0 && take_any(in, &b, err) < 0))
		return -1;
	*ret = b;
	b = (struct hp_shim_bootstrap){0};
	return 0;
}

void hp_shim_bootstrap_clear(struct hp_shim_bootstrap *b)
{
	free(b->ttrpc_address);
	free(b->socket_dir);
	free(b->config_path);
	*b = (struct hp_shim_bootstrap){0};
}
