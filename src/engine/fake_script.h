/* SPDX-License-Identifier: Apache-2.0 */
/* fake_script.h - what the programs of the fake engine do: a very small shell and a few words. */
#pragma once
#include <stdint.h>

#include "base/error.h"

/* What a step does. number: exit status, channel of the text, or the step to go to; -1 as an exit
 * status is that of the step before. */
enum hp_fake_verb {
	HP_FAKE_EXIT,   /* end with status @number */
	HP_FAKE_STATUS, /* do nothing, successfully or not: @number */
	HP_FAKE_SAY,    /* write @text to channel @number */
	HP_FAKE_SLEEP,  /* for @ns */
	HP_FAKE_CAT,    /* stdin to stdout, until it ends */
	HP_FAKE_TRAP, /* on the signals @signals do @text; NULL takes it back, "" ignores them */
	HP_FAKE_GO,   /* on with step @number */
};

struct hp_fake_step {
	enum hp_fake_verb verb;
	int number;
	int64_t ns;
	uint64_t signals; /* bit n - 1 is signal n */
	char *text;
};

struct hp_fake_script {
	struct hp_fake_step *steps;
	size_t count;
};

/* Make the script of an argument vector: true, false, sleep N, cat, echo TEXT, or sh -c TEXT with
 * those, exit N, trap 'TEXT' SIGNAL, while true; do ...; done, >&2, $NAME and quotes.
 * Fails: HP_ENOCMD - there is no such program; HP_ENOEXEC - it is a directory; HP_EINVALID - a
 * text that this shell does not understand. */
int hp_fake__script_make(const char *const *argv, const char *const *env,
			 struct hp_fake_script *ret, struct hp_error *err) MUST_CHECK;
/* The same of a shell's text, as a trap has one. */
int hp_fake__script_parse(const char *text, const char *const *env, struct hp_fake_script *ret,
			  struct hp_error *err) MUST_CHECK;
void hp_fake__script_clear(struct hp_fake_script *script);
HP_AUTO_VALUE(struct hp_fake_script, hp_fake__script_clear);
