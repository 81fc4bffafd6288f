/* SPDX-License-Identifier: Apache-2.0 */
/* pumba_flag.h - flags as Pumba's command line has them, in tables: parsing, and the rows from which
 * help, the man page and completion are printed.
 *
 * The grammar is that of Go's package flag below urfave/cli, which differs from opt.h's: one dash or
 * two, values of Go, variables of the environment, and names of one flag that exclude each other. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* What a flag writes into its member of the arguments. */
enum hp_pflag_type {
	HP_PFLAG_END,
	HP_PFLAG_BOOL,     /* bool; "--flag", "--flag=false" */
	HP_PFLAG_INT,      /* int64_t */
	HP_PFLAG_FLOAT,    /* double */
	HP_PFLAG_STR,      /* const char *, borrowed from argv or the environment; never NULL */
	HP_PFLAG_DURATION, /* int64_t, nanoseconds */
	HP_PFLAG_SPAN,     /* struct hp_span; "10s", or "10s~30s" for any time between */
	HP_PFLAG_LIST,     /* struct hp_strv, one item for each use */
};

struct hp_span {
	int64_t min_ns;
	int64_t max_ns;
};

/* One flag. */
struct hp_pflag {
	enum hp_pflag_type type;
	const char *names; /* "log-level, l" */
	const char *env;   /* "LOG_LEVEL"; of several, "A, B", the first with a value counts */
	const char
		*preset; /* its value when nobody gives it, as one would write it; NULL: zero */
	const char *help;
	size_t at; /* offset of the member */
};

/* What the arguments of every table begin with. */
struct hp_pflags_base {
	uint64_t given; /* bit i: row i was in the argument vector */
	bool help;
};

/* Rows of a table of at most 64, which ends with an empty one. */
#define HP_PFLAG_HELP(s)                                                                       \
	{                                                                                      \
		.type = HP_PFLAG_BOOL, .names = "help, h", .help = "show help",                \
		.at = offsetof(s, base.help)                                                   \
	}

/* Give every member of the zeroed @args its preset, or what the environment says.
 * Fails: HP_EUSAGE - a variable that has no value of its flag's type. */
int hp_pflags_preset(const struct hp_pflag *flags, void *args, struct hp_error *err) MUST_CHECK;

/* Parse @argv (NULL-terminated, without the command's name) into @args.
 * @mixed: flags and operands in any order; else the first operand ends the flags. "--" always does.
 * Fails: HP_EUSAGE, in Go's words. Owns: the caller frees ret_operands, which borrow nothing. */
int hp_pflags_parse(const struct hp_pflag *flags, bool mixed, const char *const *argv,
		    void *args, struct hp_strv *ret_operands, struct hp_error *err) MUST_CHECK;
/* Free the lists in @args. */
void hp_pflags_clear(const struct hp_pflag *flags, void *args);

/* Was the flag with the member at @at given in the argument vector? */
bool hp_pflags_given(const struct hp_pflag *flags, const void *args, size_t at);

/* For texts. "--time value, -t value". Owns: the caller. */
char *hp_pflag_form(const struct hp_pflag *flag);
/* What stands behind it: the help, the preset, the variables. Owns: the caller. */
char *hp_pflag_text(const struct hp_pflag *flag);
/* Its names with their dashes, appended. */
void hp_pflag_names(const struct hp_pflag *flag, struct hp_strv *names);
