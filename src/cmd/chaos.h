/* SPDX-License-Identifier: Apache-2.0 */
/* chaos.h - the command line of chaos: `harpoon chaos ...`, and the same program called as pumba.
 *
 * A command is one file with one struct hp_chaos_cmd, and a row in chaos_commands.c. Its flags are a
 * table (pumba_flag.h); it checks them and turns them into a plan, which chaos_run.c executes. */
#pragma once
#include "chaos/plan.h"
#include "cmd/chaos_log.h"
#include "cmd/cli.h"
#include "cmd/pumba_flag.h"

/* The flags before the command. */
struct hp_chaos_globals {
	struct hp_pflags_base base;
	bool version;
	/* Engine. */
	const char *runtime;
	const char *host;
	const char *containerd_socket;
	const char *containerd_namespace;
	const char *podman_socket;
	const char *cri_socket;
	bool tls;
	bool tls_verify;
	const char *tls_ca;
	const char *tls_cert;
	const char *tls_key;
	/* What is told, and to whom. */
	const char *log_level;
	bool json;
	const char *slack_hook;
	const char *slack_channel;
	const char *webhook;
	const char *output;
	const char *report;
	/* Which containers, and when. */
	struct hp_strv labels;
	bool random;
	struct hp_span interval;
	int64_t start_delay_ns;
	int64_t count;
	int64_t max_duration_ns;
	int64_t seed;
	const char *run_id;
	bool dry_run;
	bool skip_error;
	bool fail_if_none;
	bool follow;
	bool allow_host;
};
extern const struct hp_pflag hp_chaos_flags[]; /* of struct hp_chaos_globals */

/* One run of the program. */
struct hp_chaos {
	struct hp_cli *cli; /* harpoon's own options, which stand before "chaos" */
	const char *called; /* "pumba" or "harpoon chaos" */
	struct hp_chaos_globals globals;
	struct hp_chaos_log log;
	struct hp_strv owned; /* texts that the engine's configuration borrows */
};

/* One use of a command. All is borrowed for the call. */
struct hp_chaos_use {
	struct hp_chaos *chaos;
	const void *args;   /* of the command's args_size, filled by its flags */
	const void *parent; /* of its group; NULL when it is in none */
	const char *const *operands;
};

struct hp_chaos_cmd {
	const char *name;
	const char *usage;    /* one line without a full stop */
	const char *operands; /* NULL: containers; "": none */
	const char *about;    /* what help says further; NULL is nothing */
	const struct hp_pflag *flags;
	size_t args_size;
	/* A group has commands instead of plan() and run(). Ends with NULL. */
	const struct hp_chaos_cmd *const *subs;
	/* Check the flags, and fill action, duration_ns and select.limit of the zeroed plan.
	 * ret_args: the action's parameters; Owns: the caller. */
	int (*plan)(const struct hp_chaos_use *use, struct hp_plan *plan,
		    struct hp_json **ret_args, struct hp_error *err);
	/* Commands that break nothing. Returns: the exit status, or -1 with *err filled. */
	int (*run)(const struct hp_chaos_use *use, struct hp_error *err);
};

/* All commands in the order of their help; ends with NULL. */
extern const struct hp_chaos_cmd *const hp_chaos_cmds[];
extern const struct hp_chaos_cmd hp_chaos_cmd_exec;
extern const struct hp_chaos_cmd hp_chaos_cmd_iptables;
extern const struct hp_chaos_cmd hp_chaos_cmd_kill;
extern const struct hp_chaos_cmd hp_chaos_cmd_ls;
extern const struct hp_chaos_cmd hp_chaos_cmd_netem;
extern const struct hp_chaos_cmd hp_chaos_cmd_pause;
extern const struct hp_chaos_cmd hp_chaos_cmd_recover;
extern const struct hp_chaos_cmd hp_chaos_cmd_restart;
extern const struct hp_chaos_cmd hp_chaos_cmd_revert;
extern const struct hp_chaos_cmd hp_chaos_cmd_rm;
extern const struct hp_chaos_cmd hp_chaos_cmd_schema;
extern const struct hp_chaos_cmd hp_chaos_cmd_status;
extern const struct hp_chaos_cmd hp_chaos_cmd_stop;
extern const struct hp_chaos_cmd hp_chaos_cmd_stress;

/* The whole of it. @argv: without the program's name. Returns: the exit status. */
int hp_chaos_main(struct hp_cli *cli, const char *called, const char *const *argv);
/* The version that --version and help tell. Returns: static. */
const char *hp_pumba_version(void);

/* Check the global flags for what their types alone cannot tell. Fails: HP_EUSAGE. */
int hp_chaos_check(const struct hp_chaos_globals *globals, struct hp_error *err) MUST_CHECK;
/* Execute what @use of @cmd asks for. Returns: 0, or -1. */
int hp_chaos_execute(const struct hp_chaos_use *use, const struct hp_chaos_cmd *cmd,
		     struct hp_error *err) MUST_CHECK;
/* The engine that the flags, the environment or what there is on this host choose.
 * ret_config: for who opens it again; borrows from @chaos. Owns: the caller. */
int hp_chaos_engine(struct hp_chaos *chaos, struct hp_engine **ret_engine,
		    struct hp_client_config *ret_config, struct hp_error *err) MUST_CHECK;

/* A duration that was given as text: Pumba's "unset or invalid duration value" unless it is more
 * than nothing. */
int hp_chaos_duration(const char *text, int64_t *ret_ns, struct hp_error *err) MUST_CHECK;
