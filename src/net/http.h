/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - HTTP and HTTPS requests, any number at a time, all moved by the thread that asks.
 *
 * One request is one exchange: redirects, passwords and retries are the caller's business, as only
 * the caller knows whom to trust with what. libcurl does the work and is loaded at the first use. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct hp_http;          /* transfers that share their connections */
struct hp_http_transfer; /* one request under way or done */

struct hp_http_config {
	const char *tls_ca; /* file with certificates in PEM; NULL: the system's */
};
/* Fails: HP_EUNSUPPORTED - libcurl is not installed; HP_ENOTFOUND - no such file. */
int hp_http_new(const struct hp_http_config *config, struct hp_http **ret,
		struct hp_error *err) MUST_CHECK;
void hp_http_free(struct hp_http *h); /* all its transfers must have been freed */
HP_AUTO_PTR(struct hp_http, hp_http_free);

/* What is asked for; copied by hp_http_start(), but for @arg. */
struct hp_http_request {
	const char *method;         /* "GET", "HEAD", or "POST" with @body */
	const char *url;            /* http or https */
	const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
	const char *body;           /* NULL: none */
	int64_t max; /* bytes of body; a longer one is cut there and ends in HP_ECORRUPT */
	/* Shown the answer's body as it comes, never for HEAD. -1 with its error ends it. */
	int (*data)(void *arg, const struct hp_http_transfer *t, struct hp_bytes data,
		    struct hp_error *err);
	void *arg;
};
/* Begin. It moves in hp_http_next() only. Owns: the caller, until hp_http_transfer_free(). */
int hp_http_start(struct hp_http *h, const struct hp_http_request *r,
		  struct hp_http_transfer **ret, struct hp_error *err) MUST_CHECK;
void hp_http_transfer_free(struct hp_http_transfer *t); /* ends it when it is under way */
HP_AUTO_PTR(struct hp_http_transfer, hp_http_transfer_free);

/* Move all transfers for at most @timeout_ms, until one is done.
 * Returns: 1 with a transfer that is done, each once; 0 when the time is over; -1. */
int hp_http_next(struct hp_http *h, int timeout_ms, struct hp_http_transfer **ret,
		 struct hp_error *err) MUST_CHECK;

/* How a transfer stands. Borrowed from it. */
void *hp_http_arg(const struct hp_http_transfer *t);
int hp_http_status(const struct hp_http_transfer *t); /* 0: no answer yet */
/* The first header of that name; NULL when there is none. */
const char *hp_http_header(const struct hp_http_transfer *t, const char *name);
/* Where a redirect leads to, as a whole URL; NULL when it is none. */
const char *hp_http_location(const struct hp_http_transfer *t);
/* Why a transfer that is done failed; NULL when the answer came whole, whatever its status.
 * HP_EUNAVAILABLE - name, connection; HP_EDENIED - the server's certificate; HP_ETIMEOUT - nothing
 * comes any more; HP_EIO - broken off; HP_ECORRUPT - longer than allowed; or what @data said. */
const struct hp_error *hp_http_failure(const struct hp_http_transfer *t);
/* May a transfer that failed like that succeed when it is tried again? */
bool hp_http_may_retry(const struct hp_http_transfer *t);

/* Does @host (a name or an address, without a port) mean this machine? */
bool hp_http_is_loopback(const char *host);
