/* SPDX-License-Identifier: Apache-2.0 */
/* docker_config.h - who we are to a registry, as docker's config.json and its helpers say.
 * From: docker/cli cli/config/configfile/file.go and types/authconfig.go;
 * docker/docker-credential-helpers credentials/credentials.go. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* Strings are NULL when there is none. */
struct hp_credentials {
	char *user;
	char *password;
	char *identity_token; /* in place of both: a refresh token */
	char *helper;         /* in place of all: docker-credential-<helper> knows them */
};
void hp_credentials_clear(struct hp_credentials *c); /* wipes the secrets */
HP_AUTO_VALUE(struct hp_credentials, hp_credentials_clear);

/* Find what the text of a config.json has for registry @host ("host[:port]", docker.io for the
 * Hub). Returns: 1 found, 0 nothing, -1.
 * Fails: HP_ECORRUPT - no JSON, or an entry that cannot be read. */
int hp_docker_config_find(struct hp_bytes text, const char *host, struct hp_credentials *ret,
			  struct hp_error *err) MUST_CHECK;
/* Read what a helper answered to "get". Fails: HP_ECORRUPT. */
int hp_docker_config_read_answer(struct hp_bytes text, struct hp_credentials *ret,
				 struct hp_error *err) MUST_CHECK;
/* The name under which docker keeps @host's credentials. Returns: @host or static. */
const char *hp_docker_config_key(const char *host);
