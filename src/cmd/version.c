/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - harpoon version: ours and the engine's. */
#include "cmd/commands.h"

#include "base/alloc.h"
#include "cmd/cli.h"
#include "cmd/out.h"
#include "cmd/own.h"

struct version_args {
	const char *format;
	bool client;
};

/* clang-format off: one row an option */
static const struct hp_opt version_opts[] = {
	HP_OPT_FLAG(0, "client", struct version_args, client,
		    "this program's alone; the engine is not asked"),
	HP_OPT_STR('f', "format", struct version_args, format, "FORMAT",
		   "json or a template such as '{{.Server.Version}}'"),
	HP_OPT_END,
};
/* clang-format on */

/* Ask the engine; what it says goes into @top. */
static int add_server(struct hp_cli *cli, struct hp_json *top, struct hp_error *err)
{
	AUTO(hp_version_clear) struct hp_version version = {0};
	struct hp_engine *engine = NULL;

	if (hp_cli_engine(cli, &engine, err) < 0 ||
	    hp_engine_version(engine, &version, err) < 0)
		return -1;
	struct hp_json *server = hp_json_object();
	hp_json_set_str(server, "Name", hp_engine_name(engine));
	hp_json_set_str(server, "Version", version.version);
	hp_json_set_str(server, "Revision", version.revision);
	hp_json_set_str(server, "APIVersion", version.api);
	hp_json_set_str(server, "Address", hp_engine_address(engine));
	hp_json_set(top, "Server", server);
	return 0;
}

static void print_text(const struct hp_json *top)
{
	const struct hp_json *server = hp_json_get(top, "Server");
	const char *api = hp_json_get_str(server, "APIVersion");

	printf("Client:\n Name:      harpoon\n Version:   %s\n", HP_VERSION);
	if (!server)
		return;
	printf("\nServer:\n Name:      %s\n Version:   %s\n Revision:  %s\n",
	       hp_json_get_str(server, "Name"), hp_json_get_str(server, "Version"),
	       hp_json_get_str(server, "Revision"));
	if (!hp_str_empty(api))
		printf(" API:       %s\n", api);
	printf(" Address:   %s\n", hp_json_get_str(server, "Address"));
}

static int version_run(const struct hp_use *use, struct hp_error *err)
{
	const struct version_args *args = use->args;
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	struct hp_json *client = hp_json_object();

	hp_json_set_str(client, "Name", "harpoon");
	hp_json_set_str(client, "Version", HP_VERSION);
	hp_json_set(top, "Client", client);
	/* Ours is worth printing also when the engine does not answer. */
	int rc = args->client ? 0 : add_server(use->cli, top, err);
	if (!args->format) {
		print_text(top);
		return rc;
	}
	struct hp_error printing = HP_ERROR_INIT;
	hp_json_add(rows, TAKE(top));
	if (hp_out_rows(stdout, rows, NULL, args->format, &printing) == 0 || rc < 0)
		return rc;
	*err = printing;
	return -1;
}

const struct hp_cmd hp_cmd_version = {
	.name = "version",
	.summary = "print the versions of harpoon and of the engine",
	.opts = version_opts,
	.args_size = sizeof(struct version_args),
	.run = version_run,
};
