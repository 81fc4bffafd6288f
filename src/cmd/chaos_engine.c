/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_engine.c - which engine a run talks to, and how it is reached. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/chaos.h"
#include "cmd/engine_choice.h"

/* From: Pumba 1.1, the default of --containerd-namespace. */
#define PUMBA_NAMESPACE "k8s.io"

static bool given(const struct hp_chaos *c, size_t at)
{
	return hp_pflags_given(hp_chaos_flags, &c->globals, at);
}
#define GIVEN(c, m) given(c, offsetof(struct hp_chaos_globals, m))

/* An option that belongs to one engine names it, too; but not for Pumba, for which all but
 * --runtime are defaults of engines that one may or may not use. */
static const char *named_by_options(const struct hp_chaos *c)
{
	if (GIVEN(c, containerd_socket) || GIVEN(c, containerd_namespace) ||
	    c->cli->globals.address)
		return "containerd";
	if (GIVEN(c, host) || GIVEN(c, tls) || GIVEN(c, tls_verify))
		return "docker";
	if (GIVEN(c, podman_socket))
		return "podman";
	if (GIVEN(c, cri_socket))
		return "cri";
	return !hp_str_empty(getenv("CONTAINERD_ADDRESS")) ? "containerd" : NULL;
}

static const char *choose(struct hp_chaos *c)
{
	static const char *const order[] = {"docker", "containerd", "podman", "cri", NULL};
	bool pumba = hp_str_eq(c->called, "pumba");
	AUTO_FREE char *place = NULL;
	AUTO(hp_labels_clear) struct hp_labels fields = {0};
	const char *name = c->globals.runtime;

	if (name[0])
		return name;
	if (c->cli->globals.engine)
		return c->cli->globals.engine;
	name = pumba ? NULL : named_by_options(c);
	/* Pumba talks to Docker. Where that is not, and another engine is, that is meant. */
	if (pumba && GIVEN(c, host))
		name = "docker";
	if (name)
		return name;
	name = hp_engine_choose(order, &place);
	if (!name)
		return pumba ? "docker" : "containerd";
	if (!pumba || !hp_str_eq(name, "docker")) {
		hp_labels_add(&fields, "runtime", name);
		hp_labels_add(&fields, "address", place);
		hp_chaos_log(&c->log, HP_CHAOS_INFO,
			     "no runtime named, using one that is there", &fields);
	}
	return name;
}

/* The path behind "unix://", which containerd's own clients do without. */
static const char *bare_path(const char *address)
{
	static const char scheme[] = "unix://";

	return hp_str_starts(address, scheme) ? address + strlen(scheme) : address;
}

static void reach_docker(struct hp_chaos *c, struct hp_client_config *config)
{
	const struct hp_chaos_globals *g = &c->globals;

	config->address =
		GIVEN(c, host) || !c->cli->globals.address ? g->host : c->cli->globals.address;
	hp_engine_use_tls(&(struct hp_engine_tls){.tls = g->tls,
						  .tlsverify = g->tls_verify,
						  .tlscacert = g->tls_ca,
						  .tlscert = g->tls_cert,
						  .tlskey = g->tls_key},
			  config, &c->owned);
}

static void reach_containerd(struct hp_chaos *c, struct hp_client_config *config)
{
	const struct hp_chaos_globals *g = &c->globals;
	const struct hp_globals *own = &c->cli->globals;

	config->address =
		bare_path(!GIVEN(c, containerd_socket) && own->address ? own->address
								       : g->containerd_socket);
	if (!GIVEN(c, containerd_namespace) && own->ns)
		config->ns = own->ns;
	else if (g->containerd_namespace[0])
		config->ns = g->containerd_namespace;
	else if (hp_str_eq(c->called, "pumba"))
		config->ns = PUMBA_NAMESPACE;
}

/* A socket that is named is the one that is meant: no other is looked for, and what is wrong with it
 * is said in Pumba's words. */
static int check_podman(const char *socket, struct hp_error *err)
{
	const char *path = bare_path(socket);

	if (hp_str_starts(socket, "ssh://"))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "podman runtime: explicit socket '%s': ssh is not spoken",
			       socket);
	if (path[0] == '/' && access(path, F_OK) < 0)
		return hp_fail_errno(err, errno, "podman runtime: explicit socket '%s'",
				     socket);
	return 0;
}

static const char *socket_or(const char *flag, const char *otherwise)
{
	return flag[0] ? flag : otherwise;
}

int hp_chaos_engine(struct hp_chaos *c, struct hp_engine **ret_engine,
		    struct hp_client_config *ret_config, struct hp_error *err)
{
	const struct hp_globals *own = &c->cli->globals;
	const char *name = choose(c);
	struct hp_client_config config = {
		.snapshotter = own->snapshotter,
		.timeout_ms = (uint32_t)own->timeout_ms,
		.data_root = own->data_root,
		.state_root = own->state_root,
	};

	if (hp_str_eq(name, "docker"))
		reach_docker(c, &config);
	else if (hp_str_eq(name, "containerd"))
		reach_containerd(c, &config);
	else if (hp_str_eq(name, "podman"))
		config.address = socket_or(c->globals.podman_socket, own->address);
	else if (hp_str_eq(name, "cri"))
		config.address = socket_or(c->globals.cri_socket, own->address);
	if (hp_str_eq(name, "podman") && check_podman(c->globals.podman_socket, err) < 0)
		return -1;
	if (hp_engine_open(name, &config, ret_engine, err) < 0)
		return -1;
	*ret_config = config;
	return 0;
}
