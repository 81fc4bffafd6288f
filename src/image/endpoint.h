/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.h - where an image reference leads to: the registry's address and the path there.
 * From: distribution-spec spec.md, "Endpoints"; docker registry/config.go for the Hub. */
#pragma once
#include <stdbool.h>

#include "base/error.h"

/* Strings are never NULL in a filled one. */
struct hp_endpoint {
	char *host;   /* as the reference says, "docker.io" or "127.0.0.1:5000" */
	char *base;   /* "https://registry-1.docker.io", where requests go */
	char *repo;   /* "library/busybox" */
	char *tag;    /* "" when there is a digest only */
	char *digest; /* "" when there is a tag only */
};

/* How to reach it. */
struct hp_endpoint_how {
	bool plain_http; /* without TLS, wherever it is */
	bool tls;        /* with TLS, on this machine too */
};
/* Take the full reference @full apart. This machine's own registries speak http, unless they are on
 * port 443 or @how says otherwise; all others https.
 * Fails: HP_EINVALID - "localhost/..." without a port names no registry; a digest other than
 * SHA-256. */
int hp_endpoint_of(const char *full, const struct hp_endpoint_how *how, struct hp_endpoint *ret,
		   struct hp_error *err) MUST_CHECK;
void hp_endpoint_clear(struct hp_endpoint *e);
HP_AUTO_VALUE(struct hp_endpoint, hp_endpoint_clear);

/* Does the text that a user gave begin with a registry's address, and is it not one of the names
 * below "localhost/" that images made here have? */
bool hp_endpoint_is_named(const char *reference);
/* Have two URLs the same scheme, host and port, so that one may see what is meant for the other? */
bool hp_endpoint_same_origin(const char *url, const char *other);
