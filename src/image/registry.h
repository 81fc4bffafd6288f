/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - fetch manifests and blobs of one repository from its registry, several at a time.
 * From: distribution-spec spec.md, "Pull". */
#pragma once
#include "image/endpoint.h"
#include "wire/digest.h"

struct hp_registry; /* one repository, and what it takes to be let in */

struct hp_registry_config {
	const char *tls_ca;     /* NULL: the system's certificates */
	const char *config_dir; /* of docker's config.json; NULL: where docker has it */
	int (*stop)(void *arg); /* asked as the work goes on: not 0 ends it; NULL for never */
	void *stop_arg;
};
/* Nothing is sent yet. All is borrowed until hp_registry_free().
 * Fails: HP_EUNSUPPORTED - libcurl is not there; HP_ENOTFOUND - no such file of certificates. */
int hp_registry_open(const struct hp_endpoint *where, const struct hp_registry_config *config,
		     struct hp_registry **ret, struct hp_error *err) MUST_CHECK;
void hp_registry_free(struct hp_registry *r); /* ends what is under way */
HP_AUTO_PTR(struct hp_registry, hp_registry_free);

/* What is to be fetched. Borrowed until it is done, but for what is said to be filled. */
struct hp_fetch {
	const char *what;   /* for messages: "manifest", "layer" */
	const char *path;   /* below the repository: "manifests/latest" */
	const char *accept; /* NULL: anything */
	const char *digest; /* what it must have; NULL: not known */
	int64_t size;       /* what it must have; -1: not known, at most @max */
	int64_t max;
	bool head; /* only the headers */
	/* Given the bytes in order, each once, however often the connection breaks. */
	int (*data)(void *arg, struct hp_bytes data, struct hp_error *err);
	void *arg;

	/* Filled when it is done. */
	int64_t got;               /* bytes */
	int64_t length;            /* Content-Length, -1 when there is none; of a head */
	char type[128];            /* Content-Type without parameters, "" when there is none */
	char said[HP_DIGEST_TEXT]; /* Docker-Content-Digest, "" when there is none */
};
/* Begin; redirects, tokens, passwords, waiting and trying again happen in hp_registry_next(). */
int hp_registry_start(struct hp_registry *r, struct hp_fetch *f,
		      struct hp_error *err) MUST_CHECK;
/* Move all that was begun until one is done. ret: as given to hp_registry_start().
 * Returns: 1; 0 when nothing is under way; -1 when one failed; the others are then ended too.
 * Fails: HP_ENOTFOUND, HP_EDENIED; HP_EUNAVAILABLE, HP_ETIMEOUT, HP_EIO - after several tries;
 * HP_EEXHAUSTED - too many requests; HP_ECORRUPT - not the bytes that it must have;
 * HP_ECANCELED - stop() said so; HP_EPROTO; and what data() says. */
int hp_registry_next(struct hp_registry *r, struct hp_fetch **ret,
		     struct hp_error *err) MUST_CHECK;
/* Start one and wait for it, while nothing else is under way. */
int hp_registry_fetch(struct hp_registry *r, struct hp_fetch *f,
		      struct hp_error *err) MUST_CHECK;
