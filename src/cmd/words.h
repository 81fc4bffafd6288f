/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - texts that several commands take or print in the same way. */
#pragma once
#include <harpoon/harpoon.h>

#include "base/error.h"
#include "base/str.h"

/* "key=value,key=value". Owns: the caller. */
char *hp_words_labels(const struct hp_labels *labels);

/* Read a file of "KEY=VALUE" lines. Empty lines and those beginning with '#' do not count; KEY
 * alone takes its value from our environment when @from_env, and is left out when it is not set
 * there, else it is "KEY=". @option names it in errors.
 * Fails: HP_EINVALID - a key with a space or none, with the line's number. */
int hp_words_read_file(const char *option, const char *path, bool from_env, struct hp_strv *out,
		       struct hp_error *err) MUST_CHECK;
/* Append one "KEY=VALUE" of --env; KEY alone as above. */
int hp_words_add_env(const char *text, struct hp_strv *out, struct hp_error *err) MUST_CHECK;
