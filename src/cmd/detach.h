/* SPDX-License-Identifier: Apache-2.0 */
/* detach.h - the keys that leave a container's terminal without ending it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define HP_DETACH_DEFAULT "ctrl-p,ctrl-q"
#define HP_DETACH_MAX     16

/* The keys, and how many of them were typed last. Zero has no keys and lets everything pass. */
struct hp_detach {
	unsigned char keys[HP_DETACH_MAX];
	size_t n_keys;
	size_t held;
};

/* Parse "ctrl-p,ctrl-q" or "x,ctrl-@": letters, and ctrl- with one of a-z @ [ \ ] ^ _; "" is no
 * keys. Fails: HP_EUSAGE. From: docker attach reference, "Override the detach sequence". */
int hp_detach_parse(const char *text, struct hp_detach *ret, struct hp_error *err) MUST_CHECK;

/* Take what was typed. What cannot be part of the keys is appended to @out; a beginning of the
 * keys is held back until the next key tells. @out has room for @len + HP_DETACH_MAX bytes.
 * Returns: true when the keys are complete; then what was typed after them is dropped.
 * ret_len: how many bytes were appended. */
bool hp_detach_feed(struct hp_detach *d, const char *typed, size_t len, char *out,
		    size_t *ret_len);
