/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.h - what a command is: one file with one of these, and one row in commands.c. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <harpoon/harpoon.h>

#include "base/error.h"
#include "cmd/opt.h"

struct hp_cli;

/* One use of a command. All is borrowed for as long as it runs. */
struct hp_use {
	struct hp_cli *cli;
	const struct hp_cmd *cmd;
	void *args; /* of cmd->args_size, filled by its options */
	const char *const *operands;
	size_t n_operands;
};

enum hp_cmd_flag {
	HP_CMD_HIDDEN = 1u << 0,   /* not for people: no help lists it */
	HP_CMD_VERBATIM = 1u << 1, /* options end at the first operand */
	/* Its exit status is a container's, so that 125 is used for its own failures, and 126
	 * and 127 for a program that cannot be executed or is missing. */
	HP_CMD_STATUS = 1u << 2,
	/* It parses the words behind its name itself, all of which are operands. */
	HP_CMD_RAW = 1u << 3,
};

/* What the operands are; completion offers it. */
enum hp_operand_kind {
	HP_OPERAND_OTHER,
	HP_OPERAND_CONTAINER,
	HP_OPERAND_MACHINE,  /* a container that has one of its own */
	HP_OPERAND_TEMPLATE, /* of machines */
	HP_OPERAND_IMAGE,
	HP_OPERAND_FILE,
	HP_OPERAND_COMMAND,
	HP_OPERAND_SHELL,
};

#define HP_OPERANDS_ANY UINT_MAX

struct hp_cmd {
	const char *name;
	const char *summary;  /* one line without a full stop */
	const char *operands; /* as in the usage line; NULL: it takes none */
	const char *about;    /* what help and the man page say further; NULL is nothing */
	const struct hp_opt *opts;
	size_t args_size;
	unsigned min_operands;
	unsigned max_operands;
	enum hp_operand_kind kind;
	unsigned flags; /* enum hp_cmd_flag */
	/* With HP_CMD_RAW, whose first word may be "help": what its man page says of its
	 * commands, which @called begins. */
	void (*man)(FILE *out, const char *called);
	/* A group has commands instead of run(); their names begin with its own. Ends with NULL. */
	const struct hp_cmd *const *subs;
	/* Returns: the exit status, or -1 with *err filled. */
	int (*run)(const struct hp_use *use, struct hp_error *err);
};

/* All commands in the order of their help; ends with NULL. */
extern const struct hp_cmd *const hp_cmds[];
/* The command called @name, NULL when there is none. */
const struct hp_cmd *hp_cmd_find(const char *name);
/* The same, where there must be one. Returns: NULL with *err filled, naming the nearest. */
const struct hp_cmd *hp_cmd_need(const char *name, struct hp_error *err);
/* The command of the group @cmd that @words, NULL-terminated, name; NULL when none does, or when they
 * ask for help. ret_used: how many words that took. @cmd itself when it is no group. */
const struct hp_cmd *hp_cmd_descend(const struct hp_cmd *cmd, const char *const *words,
				    size_t *ret_used);
/* The name nearest to @name, NULL when none is near. */
const char *hp_cmd_suggest(const char *name);
