/* SPDX-License-Identifier: Apache-2.0 */
/* registry_auth.h - be let in by a registry: passwords and bearer tokens.
 * From: distribution docs/spec/auth/token.md and oauth.md. */
#pragma once
#include "image/credentials.h"
#include "image/endpoint.h"
#include "net/http.h"

struct hp_registry_auth {
	const struct hp_endpoint *where; /* borrowed, as the three below */
	const char *tls_ca;
	const char *config_dir;
	struct hp_http *http; /* for tokens only; NULL until one is asked for */
	bool looked;          /* for credentials */
	struct hp_credentials credentials;
	char *header;        /* "Authorization: ...", NULL as long as nobody asked */
	unsigned generation; /* counts the headers that there were */
};
void hp_registry_auth__clear(struct hp_registry_auth *a);

/* The registry answered 401 with WWW-Authenticate @challenge: make a header for the next try.
 * Fails: HP_EDENIED, saying what is missing; what the token's server makes fail. */
int hp_registry_auth__answer(struct hp_registry_auth *a, const char *challenge,
			     struct hp_error *err) MUST_CHECK;
