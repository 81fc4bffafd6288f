/* SPDX-License-Identifier: Apache-2.0 */
/* engine_choice.h - which engine to talk to when nobody names one: the first that there is; and how
 * docker's options for TLS reach it. */
#pragma once
#include <harpoon/engine.h>

#include "base/str.h"

/* Where engine @name listens, by its variables of the environment and its usual places; NULL when
 * there is nothing, or no such engine. An address of another host counts as there.
 * Owns: the caller. From: what docker(1), containerd, podman(1) and crictl(1) look at. */
char *hp_engine_place(const char *name);
/* The first of @names, which ends with NULL, that is somewhere; NULL when none is.
 * ret_place: where; Owns: the caller. */
const char *hp_engine_choose(const char *const *names, char **ret_place);

/* What docker(1)'s options of the same names say; texts may be NULL or empty. */
struct hp_engine_tls {
	bool tls;       /* whatever certificate the daemon has */
	bool tlsverify; /* only with one that the CA has signed */
	const char *tlscacert;
	const char *tlscert;
	const char *tlskey;
};
/* Have @config reach a daemon so; its address is set before. Files that are not named are those of
 * docker in $DOCKER_CERT_PATH or, where they are there, /etc/ssl/docker.
 * @owned: gets the texts that @config borrows. From: docker docs, "Protect the Docker daemon socket";
 * Pumba 1.1, its directory. */
void hp_engine_use_tls(const struct hp_engine_tls *options, struct hp_client_config *config,
		       struct hp_strv *owned);
