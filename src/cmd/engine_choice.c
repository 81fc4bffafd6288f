/* SPDX-License-Identifier: Apache-2.0 */
/* engine_choice.c - look for the sockets of engines, and for the files of docker's TLS. */
#include "cmd/engine_choice.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

/* Where engines listen: first what variables say, then the usual paths. */
struct place {
	const char *name;
	const char *variables[3];
	const char *paths[3];
	const char *below_runtime_dir; /* of a user, in $XDG_RUNTIME_DIR */
};

static const struct place places[] = {
	{"docker", {"DOCKER_HOST"}, {"/var/run/docker.sock", "/run/docker.sock"}, NULL},
	{"containerd", {"CONTAINERD_ADDRESS"}, {"/run/containerd/containerd.sock"}, NULL},
	{"podman",
	 {"CONTAINER_HOST", "PODMAN_SOCK"},
	 {"/run/podman/podman.sock"},
	 "podman/podman.sock"},
	{"cri",
	 {"CONTAINER_RUNTIME_ENDPOINT"},
	 {"/run/crio/crio.sock", "/run/cri-dockerd.sock"},
	 NULL},
};

/* Is there something at @address? Other schemes than unix cannot be looked at from here. */
static bool is_there(const char *address)
{
	static const char scheme[] = "unix://";

	if (hp_str_starts(address, scheme))
		address += strlen(scheme);
	return address[0] != '/' || access(address, F_OK) == 0;
}

char *hp_engine_place(const char *name)
{
	const struct place *p = NULL;
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	for (size_t i = 0; i < HP_ARRAY_LEN(places); i++)
		if (hp_str_eq(places[i].name, name))
			p = &places[i];
	if (!p)
		return NULL;
	for (size_t i = 0; i < HP_ARRAY_LEN(p->variables) && p->variables[i]; i++) {
		const char *value = getenv(p->variables[i]);
		/* A variable says where it is, so that the usual places do not count. */
		if (!hp_str_empty(value))
			return is_there(value) ? hp_strdup(value) : NULL;
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(p->paths) && p->paths[i]; i++)
		if (is_there(p->paths[i]))
			return hp_strdup(p->paths[i]);
	if (!p->below_runtime_dir || hp_str_empty(runtime_dir))
		return NULL;
	AUTO_FREE char *path = hp_path_join(runtime_dir, p->below_runtime_dir);
	return is_there(path) ? TAKE(path) : NULL;
}

const char *hp_engine_choose(const char *const *names, char **ret_place)
{
	for (; *names; names++) {
		*ret_place = hp_engine_place(*names);
		if (*ret_place)
			return *names;
	}
	return NULL;
}

/* A text that lives as long as @owned. */
static const char *keep(struct hp_strv *owned, char *take_text)
{
	hp_strv_take(owned, take_text);
	return take_text;
}

/* A file for TLS: as given; in docker's directory for them; NULL where none was asked for and none
 * is there. */
static const char *tls_file(const char *given, const char *name, struct hp_strv *owned)
{
	const char *dir = getenv("DOCKER_CERT_PATH");

	if (!hp_str_empty(given))
		return given;
	AUTO_FREE char *path = hp_path_join(hp_str_empty(dir) ? "/etc/ssl/docker" : dir, name);
	if (hp_str_empty(dir) && access(path, F_OK) < 0)
		return NULL;
	return keep(owned, TAKE(path));
}

void hp_engine_use_tls(const struct hp_engine_tls *options, struct hp_client_config *config,
		       struct hp_strv *owned)
{
	static const char open_scheme[] = "tcp://";
	const char *address = config->address ? config->address : getenv("DOCKER_HOST");

	if (!options->tls && !options->tlsverify &&
	    !(address && hp_str_starts(address, "https://")))
		return;
	/* tcp:// leaves open whether it is spoken in clear text, which is not what was asked for. */
	if (address && hp_str_starts(address, open_scheme))
		config->address =
			keep(owned, hp_sprintf("https://%s", address + strlen(open_scheme)));
	config->tls = options->tls;
	config->tls_verify = options->tlsverify;
	config->tls_ca = tls_file(options->tlscacert, "ca.pem", owned);
	config->tls_cert = tls_file(options->tlscert, "cert.pem", owned);
	config->tls_key = tls_file(options->tlskey, "key.pem", owned);
}
