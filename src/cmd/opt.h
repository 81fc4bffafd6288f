/* SPDX-License-Identifier: Apache-2.0 */
/* opt.h - options as tables: parsing, and the rows from which all texts about them are printed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/labels.h"
#include "base/str.h"

/* What an option writes into its member of the arguments. */
enum hp_opt_type {
	HP_OPT_END_TYPE,   /* ends a table */
	HP_OPT_FLAG_TYPE,  /* bool; "--flag", "--flag=false" */
	HP_OPT_STR_TYPE,   /* const char *, borrowed from argv */
	HP_OPT_WORD_TYPE,  /* const char *, one of @words */
	HP_OPT_LIST_TYPE,  /* struct hp_strv, one item for each use */
	HP_OPT_PAIRS_TYPE, /* struct hp_labels, "KEY=VALUE" for each use; KEY alone is "" */
	HP_OPT_INT_TYPE,   /* int64_t from @min to @max */
	HP_OPT_SIZE_TYPE,  /* int64_t, bytes; with @min -1 also "-1" */
	HP_OPT_NANO_TYPE,  /* int64_t, 1e-9 of the number */
	HP_OPT_MS_TYPE,    /* int64_t, milliseconds; a bare number is seconds */
};

/* One option. @otherwise is what its member holds when it is not given. */
struct hp_opt {
	enum hp_opt_type type;
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* its argument's name in help; NULL for flags */
	const char *help;
	size_t at; /* offset of the member */
	int64_t min;
	int64_t max;
	int64_t otherwise;
	const char *words; /* "table|json"; what completion offers; NULL is anything */
};

/* clang-format off: the rows of option tables are made by these */
#define HP_OPT_FLAG(l, n, s, m, h)                                                             \
	{                                                                                      \
		.type = HP_OPT_FLAG_TYPE, .letter = (l), .name = (n), .help = (h),             \
		.at = offsetof(s, m)                                                           \
	}
#define HP_OPT_FLAG_ON(l, n, s, m, h)                                                          \
	{                                                                                      \
		.type = HP_OPT_FLAG_TYPE, .letter = (l), .name = (n), .help = (h),             \
		.at = offsetof(s, m), .otherwise = 1                                           \
	}
#define HP_OPT_ARG_(t, l, n, s, m, a, h)                                                       \
	.type = (t), .letter = (l), .name = (n), .arg = (a), .help = (h), .at = offsetof(s, m)
#define HP_OPT_STR(l, n, s, m, a, h)                                                           \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_STR_TYPE, l, n, s, m, a, h)                                 \
	}
#define HP_OPT_WORD(l, n, s, m, w, h)                                                          \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_WORD_TYPE, l, n, s, m, w, h), .words = (w)                  \
	}
#define HP_OPT_LIST(l, n, s, m, a, h)                                                          \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_LIST_TYPE, l, n, s, m, a, h)                                \
	}
#define HP_OPT_PAIRS(l, n, s, m, a, h)                                                         \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_PAIRS_TYPE, l, n, s, m, a, h)                               \
	}
#define HP_OPT_SIZE(l, n, s, m, a, h)                                                          \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_SIZE_TYPE, l, n, s, m, a, h)                                \
	}
#define HP_OPT_NANO(l, n, s, m, a, h)                                                          \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_NANO_TYPE, l, n, s, m, a, h)                                \
	}
/* A size that may also be -1, for "no limit". */
#define HP_OPT_SIZE_ANY(l, n, s, m, a, h)                                                      \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_SIZE_TYPE, l, n, s, m, a, h), .min = -1                     \
	}
/* @o: what holds when it is not given. */
#define HP_OPT_MS(l, n, s, m, a, h, o)                                                         \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_MS_TYPE, l, n, s, m, a, h), .otherwise = (o)                \
	}
#define HP_OPT_INT(l, n, s, m, h, lo, hi, o)                                                   \
	{                                                                                      \
		HP_OPT_ARG_(HP_OPT_INT_TYPE, l, n, s, m, "N", h), .min = (lo), .max = (hi),    \
								  .otherwise = (o)             \
	}
#define HP_OPT_END                                                                             \
	{                                                                                      \
		.type = HP_OPT_END_TYPE                                                        \
	}
/* clang-format on */

/* Parse @argv (NULL-terminated, without the command's name) into the zeroed @args.
 * @verbatim: the first operand ends the options, so that what follows stays as it is; else
 * options and operands may mix. "--" ends the options always.
 * Returns: 0; 1 when --help was asked for; -1. Owns: the caller frees ret_operands, and @args
 * by hp_opts_clear() in every case.
 * Fails: HP_EUSAGE - an option that there is not, or a value that it does not take. */
int hp_opts_parse(const struct hp_opt *opts, bool verbatim, const char *const *argv, void *args,
		  struct hp_strv *ret_operands, struct hp_error *err) MUST_CHECK;
/* Free the lists in @args. */
void hp_opts_clear(const struct hp_opt *opts, void *args);

/* The row for a name, NULL when there is none. @opts may be NULL. */
const struct hp_opt *hp_opts_find(const struct hp_opt *opts, const char *name);

/* How many single letters must be changed, dropped, added or swapped to make @a from @b; for
 * "did you mean". At most 32 letters of each are looked at. */
size_t hp_opts_distance(const char *a, const char *b);
