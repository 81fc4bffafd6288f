/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - the way of one run of the program: options, command, exit status. */
#include "cmd/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/chaos.h"
#include "cmd/engine_choice.h"
#include "cmd/help.h"
#include "cmd/out.h"
#include "cmd/own.h"
#include "wire/json.h"

/* From: containerd docs/ops.md, the default of grpc.address. */
#define SYSTEM_SOCKET "/run/containerd/containerd.sock"

enum { EXIT_USAGE = 2, EXIT_OURS = 125 };

/* clang-format off: one row an option */
const struct hp_opt hp_cli_opts[] = {
	HP_OPT_STR(
		0, "engine", struct hp_globals, engine, "NAME",
		"engine to talk to: containerd, docker, podman, cri or fake ($HARPOON_ENGINE); "
		"without it the first that is there"),
	HP_OPT_STR('R', "runtime", struct hp_globals, engine, "NAME", "the same as --engine"),
	HP_OPT_STR('a', "address", struct hp_globals, address, "SOCKET",
		   "the engine's socket or URL ($CONTAINERD_ADDRESS, $DOCKER_HOST)"),
	HP_OPT_STR('H', "host", struct hp_globals, address, "URL", "the same as --address"),
	HP_OPT_FLAG(0, "tls", struct hp_globals, tls, "docker: use TLS, with any certificate"),
	HP_OPT_FLAG(0, "tlsverify", struct hp_globals, tlsverify,
		    "docker: use TLS and check the daemon's certificate ($DOCKER_TLS_VERIFY)"),
	HP_OPT_STR(0, "tlscacert", struct hp_globals, tlscacert, "FILE",
		   "docker: who signed it ($DOCKER_CERT_PATH/ca.pem)"),
	HP_OPT_STR(0, "tlscert", struct hp_globals, tlscert, "FILE",
		   "docker: the client's certificate ($DOCKER_CERT_PATH/cert.pem)"),
	HP_OPT_STR(0, "tlskey", struct hp_globals, tlskey, "FILE",
		   "docker: the client's key ($DOCKER_CERT_PATH/key.pem)"),
	HP_OPT_STR('n', "namespace", struct hp_globals, ns, "NAME",
		   "the engine's namespace ($CONTAINERD_NAMESPACE)"),
	HP_OPT_STR(0, "snapshotter", struct hp_globals, snapshotter, "NAME",
		   "containerd's snapshotter ($CONTAINERD_SNAPSHOTTER)"),
	HP_OPT_MS(0, "timeout", struct hp_globals, timeout_ms, "TIME",
		  "how long a call to the engine may take (30s)", 30000),
	HP_OPT_STR(0, "data-root", struct hp_globals, data_root, "DIR",
		   "logs and volumes (/var/lib/harpoon)"),
	HP_OPT_STR(0, "state-root", struct hp_globals, state_root, "DIR",
		   "pipes and sockets (/run/harpoon)"),
	HP_OPT_WORD(0, "log-level", struct hp_globals, log_level, "error|warn|info|debug",
		    "what to tell on stderr (warn)"),
	HP_OPT_WORD(0, "log-format", struct hp_globals, log_format, "text|json",
		    "how to tell it (text)"),
	HP_OPT_FLAG('v', "version", struct hp_globals, version,
		    "print the version of this program"),
	HP_OPT_END,
};
/* clang-format on */

static const char *first_of(const char *option, const char *variable)
{
	const char *value = option ? option : getenv(variable);
	return hp_str_empty(value) ? NULL : value;
}

const char *hp_cli_data_root(const struct hp_cli *cli)
{
	return cli->globals.data_root ? cli->globals.data_root : "/var/lib/harpoon";
}

const char *hp_cli_state_root(const struct hp_cli *cli)
{
	return cli->globals.state_root ? cli->globals.state_root : "/run/harpoon";
}

/* The socket of "harpoon up", when it is there and the system's is not; else NULL. */
static char *find_private_socket(const struct hp_cli *cli)
{
	AUTO_FREE char *usual =
		hp_path_join(hp_cli_state_root(cli), "containerd/containerd.sock");
	AUTO_FREE char *path = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_path_absolute(usual, &path, &ignored) < 0)
		return NULL;
	if (access(SYSTEM_SOCKET, F_OK) == 0 || access(path, F_OK) < 0)
		return NULL;
	hp_log(HP_LOG_INFO, "cli", "using the engine that 'harpoon up' started address=%s",
	       path);
	return TAKE(path);
}

/* Which engine is meant when nobody names one: containerd, be it the system's or that of "harpoon
 * up", before all others. Returns: NULL for containerd. ret_address: NULL for the usual one. */
static const char *find_engine(const struct hp_cli *cli, char **ret_address)
{
	static const char *const others[] = {"docker", "podman", "cri", NULL};
	const char *name;

	*ret_address = find_private_socket(cli);
	if (*ret_address || access(SYSTEM_SOCKET, F_OK) == 0)
		return NULL;
	name = hp_engine_choose(others, ret_address);
	if (name)
		hp_log(HP_LOG_INFO, "cli",
		       "no engine named, using one that is there engine=%s "
		       "address=%s",
		       name, *ret_address);
	return name;
}

/* Docker's own client takes any value of the variable for a yes. */
static void use_tls(const struct hp_globals *g, struct hp_client_config *config,
		    struct hp_strv *owned)
{
	const struct hp_engine_tls options = {
		.tls = g->tls,
		.tlsverify = g->tlsverify || first_of(NULL, "DOCKER_TLS_VERIFY"),
		.tlscacert = g->tlscacert,
		.tlscert = g->tlscert,
		.tlskey = g->tlskey,
	};

	hp_engine_use_tls(&options, config, owned);
}

int hp_cli_engine_new(const struct hp_cli *cli, struct hp_engine **ret_engine,
		      struct hp_error *err)
{
	const char *name = first_of(cli->globals.engine, "HARPOON_ENGINE");
	bool placed = first_of(cli->globals.address, "CONTAINERD_ADDRESS");
	AUTO(hp_strv_free) struct hp_strv owned = {0};
	AUTO_FREE char *found = NULL;

	if (!name)
		name = first_of(NULL, "PUMBA_RUNTIME");
	if (!name && !placed)
		name = find_engine(cli, &found);
	else if (!placed && hp_str_eq(name, "containerd"))
		found = find_private_socket(cli);
	struct hp_client_config config = {
		.address = found ? found : cli->globals.address,
		.ns = cli->globals.ns,
		.snapshotter = cli->globals.snapshotter,
		.timeout_ms = (uint32_t)cli->globals.timeout_ms,
		.data_root = cli->globals.data_root,
		.state_root = cli->globals.state_root,
	};

	if (name && !hp_str_eq(name, "containerd"))
		use_tls(&cli->globals, &config, &owned);
	return hp_engine_open(name, &config, ret_engine, err);
}

int hp_cli_engine(struct hp_cli *cli, struct hp_engine **ret_engine, struct hp_error *err)
{
	if (!cli->engine && hp_cli_engine_new(cli, &cli->engine, err) < 0)
		return -1;
	hp_log(HP_LOG_DEBUG, "cli", "engine name=%s address=%s namespace=%s",
	       hp_engine_name(cli->engine), hp_engine_address(cli->engine),
	       hp_engine_namespace(cli->engine));
	*ret_engine = cli->engine;
	return 0;
}

void hp_cli_words(const struct hp_cli *cli, struct hp_strv *words)
{
	for (const struct hp_opt *o = hp_cli_opts; o->type != HP_OPT_END_TYPE; o++) {
		const void *member = (const char *)&cli->globals + o->at;
		if (o->type == HP_OPT_MS_TYPE) {
			hp_strv_addf(words, "--%s=%lldms", o->name,
				     (long long)*(const int64_t *)member);
		} else if (o->type == HP_OPT_FLAG_TYPE) {
			if (*(const bool *)member)
				hp_strv_addf(words, "--%s", o->name);
		} else if (o->letter != 'R' && o->letter != 'H') {
			/* Those two are other names of what was told already. */
			const char *value = *(const char *const *)member;
			if (value)
				hp_strv_addf(words, "--%s=%s", o->name, value);
		}
	}
}

void hp_cli_report(const struct hp_cli *cli, const char *command, const struct hp_error *err)
{
	if (!cli->json_errors) {
		fprintf(stderr, "harpoon: %s%s%s\n", command ? command : "",
			command ? ": " : "", err->msg);
		return;
	}
	AUTO(hp_json_free) struct hp_json *line = hp_json_object();
	hp_json_set_str(line, "level", "error");
	if (command)
		hp_json_set_str(line, "command", command);
	hp_json_set_str(line, "code", hp_code_name(err->code));
	hp_json_set_str(line, "msg", err->msg);
	AUTO_FREE char *text = hp_json_text(line, false);
	fprintf(stderr, "%s\n", text);
}

int hp_cli_each(const struct hp_use *use, bool quiet,
		int (*one)(const struct hp_use *use, struct hp_engine *engine,
			   const char *operand, struct hp_error *err),
		struct hp_error *err)
{
	struct hp_engine *engine = NULL;
	int status = 0;

	if (hp_cli_engine(use->cli, &engine, err) < 0)
		return -1;
	for (size_t i = 0; i < use->n_operands; i++) {
		struct hp_error failure = HP_ERROR_INIT;
		int rc = one(use, engine, use->operands[i], &failure);
		if (rc < 0) {
			hp_cli_report(use->cli, use->cmd->name, &failure);
			status = 1;
		} else if (rc == 0 && !quiet) {
			printf("%s\n", use->operands[i]);
			fflush(stdout);
		}
	}
	return status;
}

/* The exit status of a command that failed. */
static int exit_status(const struct hp_cmd *cmd, const struct hp_error *err)
{
	bool of_program = err->code == HP_ENOEXEC || err->code == HP_ENOCMD;

	if (cmd && cmd->flags & HP_CMD_STATUS)
		return of_program ? hp_code_exit(err->code) : EXIT_OURS;
	/* A program of the host that is missing is none of a container. */
	return of_program ? hp_code_exit(HP_EFAILED) : hp_code_exit(err->code);
}

static int check_operands(const struct hp_cmd *cmd, size_t count, struct hp_error *err)
{
	if (count >= cmd->min_operands && count <= cmd->max_operands)
		return 0;
	if (cmd->max_operands == 0)
		return hp_fail(err, HP_EUSAGE, "it takes no operands");
	return hp_fail(err, HP_EUSAGE, "%s operands; usage: harpoon %s %s%s",
		       count < cmd->min_operands ? "too few" : "too many", cmd->name,
		       cmd->opts ? "[OPTIONS] " : "", cmd->operands);
}

/* A global option after the command's name is the commonest slip; say where it belongs. */
static void hint_global(struct hp_error *err)
{
	static const char unknown[] = "unknown option --";
	if (!hp_str_starts(err->msg, unknown))
		return;
	const char *given = err->msg + strlen(unknown);
	AUTO_FREE char *name = hp_strndup(given, strcspn(given, ";"));

	if (!hp_opts_find(hp_cli_opts, name))
		return;
	hp_error_clear(err);
	hp_fail(err, HP_EUSAGE, "--%s goes before the command's name", name);
}

/* Whoever got an option wrong wants to see those that there are. */
static int point_to_help(const char *command, struct hp_error *err)
{
	AUTO_FREE char *why = hp_strdup(err->msg);

	hp_error_clear(err);
	return hp_fail(err, HP_EUSAGE, "%s (see 'harpoon help%s%s')", why, command ? " " : "",
		       command ? command : "");
}

/* Parse and run one command. Returns the exit status, or -1. */
static int call_command(struct hp_cli *cli, const struct hp_cmd *cmd, const char *const *argv,
			void *args, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv operands = {0};

	if (cmd->flags & HP_CMD_RAW)
		return cmd->run(&(struct hp_use){.cli = cli, .cmd = cmd, .operands = argv},
				err);
	int rc = hp_opts_parse(cmd->opts, cmd->flags & HP_CMD_VERBATIM, argv, args, &operands,
			       err);

	if (rc < 0)
		hint_global(err);
	if (rc > 0)
		return hp_help_print(stdout, cmd);
	if (rc < 0 || check_operands(cmd, operands.count, err) < 0)
		return point_to_help(cmd->name, err);
	struct hp_use use = {
		.cli = cli,
		.cmd = cmd,
		.args = args,
		.operands = hp_strv_view(&operands),
		.n_operands = operands.count,
	};
	return cmd->run(&use, err);
}

/* A group without one of its commands: show those, or say that there is no such one. */
static int call_group(const struct hp_cmd *group, const char *word, struct hp_error *err)
{
	if (word && !hp_str_eq(word, "--help") && !hp_str_eq(word, "-h")) {
		hp_fail(err, HP_EUSAGE, "there is no command '%s %s'", group->name, word);
		return point_to_help(group->name, err);
	}
	hp_help_print(word ? stdout : stderr, group);
	return word ? 0 : EXIT_USAGE;
}

static int run_command(struct hp_cli *cli, const struct hp_cmd *cmd, const char *const *argv,
		       struct hp_error *err)
{
	AUTO_FREE void *args = hp_alloc(cmd->args_size);
	int status = call_command(cli, cmd, argv, args, err);
	hp_opts_clear(cmd->opts, args);

	/* A table that did not reach its reader is a failure. */
	if (status == 0 && hp_out_flush(true, err) < 0)
		return -1;
	return status;
}

/* Run the command that the words after the first one choose of *@cmd. */
static int run_words(struct hp_cli *cli, const struct hp_cmd **cmd, const char *const *words,
		     struct hp_error *err)
{
	size_t used;
	const struct hp_cmd *chosen = hp_cmd_descend(*cmd, words, &used);

	if (!chosen)
		return call_group(*cmd, words[0], err);
	*cmd = chosen;
	return run_command(cli, chosen, words + used, err);
}

static int setup(struct hp_cli *cli, struct hp_error *err)
{
	enum hp_log_level level = HP_LOG_WARN;

	cli->json_errors = hp_str_eq(cli->globals.log_format, "json");
	if (cli->globals.log_level &&
	    hp_log_level_parse(cli->globals.log_level, &level, err) < 0)
		return -1;
	hp_log_setup(level, cli->json_errors);
	if (cli->globals.timeout_ms <= 0 || cli->globals.timeout_ms > UINT32_MAX)
		return hp_fail(err, HP_EUSAGE, "--timeout must be from 1ms to 49 days");
	return 0;
}

/* Find the command among the words after the global options. Returns NULL with *err filled, or
 * with *ret_status set when there is nothing left to do. */
static const struct hp_cmd *choose(const struct hp_cli *cli, int parsed, const char *word,
				   int *ret_status, struct hp_error *err)
{
	if (parsed < 0)
		return NULL;
	if (cli->globals.version) {
		printf("harpoon %s\n", HP_VERSION);
		*ret_status = 0;
		return NULL;
	}
	if (parsed > 0 || !word) {
		*ret_status = hp_help_print(parsed > 0 ? stdout : stderr, NULL);
		*ret_status = parsed > 0 ? *ret_status : EXIT_USAGE;
		return NULL;
	}
	return hp_cmd_need(word, err);
}

/* Descriptors 0 to 2 that are closed would be taken by the next file opened, which then would get
 * our output. */
static void open_standard_fds(void)
{
	int fd = 0;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The program called as pumba has Pumba's options only, so that the environment says where its state
 * is. */
static int run_pumba(struct hp_cli *cli, const char *const *argv)
{
	cli->globals.data_root = first_of(NULL, "HARPOON_DATA_ROOT");
	cli->globals.state_root = first_of(NULL, "HARPOON_STATE_ROOT");
	return hp_chaos_main(cli, "pumba", argv + 1);
}

int hp_cli_main(const char *const *argv, const char *program)
{
	struct hp_cli cli = {.program = program};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_strv_free) struct hp_strv words = {0};
	const struct hp_cmd *cmd = NULL;
	int status = -1;

	open_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	if (hp_str_eq(hp_path_base(argv[0]), "pumba"))
		return run_pumba(&cli, argv);
	int parsed = hp_opts_parse(hp_cli_opts, true, argv + 1, &cli.globals, &words, &err);
	cli.json_errors = hp_str_eq(cli.globals.log_format, "json");
	if (parsed < 0)
		point_to_help(NULL, &err);
	else if (setup(&cli, &err) < 0)
		parsed = -1;
	const char *const *rest = words.count ? hp_strv_view(&words) : NULL;
	cmd = choose(&cli, parsed, rest ? rest[0] : NULL, &status, &err);
	if (cmd)
		status = run_words(&cli, &cmd, rest + 1, &err);
	if (status < 0 || err.code != HP_OK) {
		hp_cli_report(&cli, cmd ? cmd->name : NULL, &err);
		status = status < 0 ? exit_status(cmd, &err) : status;
	}
	hp_engine_free(cli.engine);
	return status;
}
