/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - names of files. No file is opened here. */
#pragma once
#include <stdbool.h>

#include "base/error.h"

char *hp_path_join(const char *a, const char *b); /* one slash between; Owns: the caller */
char *hp_path_dir(const char *path);              /* as dirname(1); Owns: the caller */
const char *hp_path_base(const char *path);       /* borrowed; "a/b/" gives "b/" */
/* An absolute path without ".", "..", "//" and trailing "/". ".." above the root stays there.
 * A relative path is taken from "/". Owns: the caller. */
char *hp_path_clean(const char *path);
/* The same, but a relative path is taken from the working directory. Owns: the caller.
 * Fails: HP_ENOTFOUND - the working directory was removed. */
int hp_path_absolute(const char *path, char **ret_path, struct hp_error *err) MUST_CHECK;
