/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - the program around the commands: global options, the engine, errors, exit status. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "cmd/cmd.h"

/* The options before the command's name. */
struct hp_globals {
	const char *engine;
	const char *address;
	bool tls;
	bool tlsverify;
	const char *tlscacert;
	const char *tlscert;
	const char *tlskey;
	const char *ns;
	const char *snapshotter;
	const char *data_root;
	const char *state_root;
	const char *log_level;
	const char *log_format;
	int64_t timeout_ms;
	bool version;
};

/* One run of the program. */
struct hp_cli {
	const char *program; /* runs this program again, for what outlives us */
	struct hp_globals globals;
	struct hp_engine *engine; /* NULL until a command asks for it */
	bool json_errors;
};

extern const struct hp_opt hp_cli_opts[]; /* of struct hp_globals */

/* The whole program. @program: a path that runs it again, for the process behind --rm; a test must
 * not give itself. Returns: its exit status. */
int hp_cli_main(const char *const *argv, const char *program);

/* The engine that the global options name, opened at the first call.
 * Owns: the program; it lives as long as the call of the command. */
int hp_cli_engine(struct hp_cli *cli, struct hp_engine **ret_engine,
		  struct hp_error *err) MUST_CHECK;
/* The same, when what the engine was asked for last time may have to be asked on a connection of
 * its own. Owns: the caller. */
int hp_cli_engine_new(const struct hp_cli *cli, struct hp_engine **ret_engine,
		      struct hp_error *err) MUST_CHECK;

/* Where things are, by option or by default. Borrowed. */
const char *hp_cli_data_root(const struct hp_cli *cli);
const char *hp_cli_state_root(const struct hp_cli *cli);

/* Print a failure on stderr, as text or JSON. */
void hp_cli_report(const struct hp_cli *cli, const char *command, const struct hp_error *err);

/* Do @one for every operand, going on after failures, each of which is reported. Prints the
 * operand after each success, as docker does, unless @quiet or @one returned 1 and not 0.
 * Returns: 0, or 1 when one failed. */
int hp_cli_each(const struct hp_use *use, bool quiet,
		int (*one)(const struct hp_use *use, struct hp_engine *engine,
			   const char *operand, struct hp_error *err),
		struct hp_error *err) MUST_CHECK;

/* The global options as given, as words for running this program again. */
void hp_cli_words(const struct hp_cli *cli, struct hp_strv *words);
