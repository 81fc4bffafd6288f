/* SPDX-License-Identifier: Apache-2.0 */
/* pumba_help.h - help on chaos under the headings that Pumba has, and completion, from the tables. */
#pragma once
#include <stdio.h>

#include "cmd/chaos.h"

/* Help on the program. @called: "pumba" or "harpoon chaos", here and below. */
void hp_pumba_help(FILE *out, const char *called);
/* Help on a command of @group, NULL for one that is in none. */
void hp_pumba_help_command(FILE *out, const char *called, const struct hp_chaos_cmd *group,
			   const struct hp_chaos_cmd *cmd);

/* The sections of the man page that the tables know, as scdoc(5). */
void hp_pumba_man(FILE *out, const char *called);

/* What may come after @words (without the program's name): commands, or flags where the last of
 * them, which is being typed, begins with a dash; one a line. */
void hp_pumba_complete(FILE *out, const char *const *words);
