/* SPDX-License-Identifier: Apache-2.0 */
/* challenge.h - what a server wants to know before it answers: the WWW-Authenticate header.
 * From: RFC 9110 section 11.6.1; distribution docs/spec/auth/token.md. */
#pragma once
#include <stdbool.h>

#include "base/cleanup.h"

enum hp_challenge_scheme { HP_CHALLENGE_NONE, HP_CHALLENGE_BASIC, HP_CHALLENGE_BEARER };

/* Strings are NULL when the header does not have them. */
struct hp_challenge {
	enum hp_challenge_scheme scheme;
	char *realm; /* of a bearer token: the URL that gives it */
	char *service;
	char *scope;
};

/* Read @header, which may hold several challenges: a bearer token goes before a password. What is
 * not understood is left out, so that any text has an answer; NULL has none. ret: empty before. */
void hp_challenge_parse(const char *header, struct hp_challenge *ret);
void hp_challenge_clear(struct hp_challenge *c);
HP_AUTO_VALUE(struct hp_challenge, hp_challenge_clear);
