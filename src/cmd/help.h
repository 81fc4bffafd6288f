/* SPDX-License-Identifier: Apache-2.0 */
/* help.h - texts printed from the tables of commands and options. */
#pragma once
#include <stdio.h>

#include "cmd/cmd.h"

/* Help on @cmd, or, with NULL, on the program. Returns: 0. */
int hp_help_print(FILE *out, const struct hp_cmd *cmd);
/* @text with what scdoc reads as markup quoted. From: scdoc(5). */
void hp_help_man_text(FILE *out, const char *text);
/* The form of an option for people: "-t, --tail N". Owns: the caller. */
char *hp_help_form(const struct hp_opt *opt);
