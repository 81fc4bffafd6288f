/* SPDX-License-Identifier: Apache-2.0 */
/* pull.c - harpoon pull: bring an image from a registry. */
#include "cmd/commands.h"

#include <stdio.h>

#include "cmd/cli.h"
#include "cmd/own.h"
#include "cmd/pull_show.h"

struct pull_args {
	const char *platform, *tls_ca;
	bool plain_http, quiet;
};

/* clang-format off: one row an option */
static const struct hp_opt pull_opts[] = {
	HP_OPT_FLAG(0, "plain-http", struct pull_args, plain_http,
		    "no TLS; a registry on this machine needs no word for it"),
	HP_OPT_STR(0, "platform", struct pull_args, platform, "OS/ARCH[/VARIANT]",
		   "the image for another machine, such as linux/arm64"),
	HP_OPT_FLAG('q', "quiet", struct pull_args, quiet, "no progress"),
	HP_OPT_STR(0, "tls-ca", struct pull_args, tls_ca, "FILE",
		   "trust the authorities in this file, and not the system's"),
	HP_OPT_END,
};
/* clang-format on */

static int pull_run(const struct hp_use *use, struct hp_error *err)
{
	const struct pull_args *args = use->args;
	AUTO(hp_pulled_clear) struct hp_pulled pulled = {0};
	struct hp_engine *engine = NULL;
	struct hp_pull what = {
		.ref = use->operands[0],
		.platform = args->platform,
		.plain_http = args->plain_http,
		.tls_ca = args->tls_ca,
	};

	if (hp_cli_engine(use->cli, &engine, err) < 0 ||
	    hp_pull_show(engine, &what, args->quiet, &pulled, err) < 0)
		return -1;
	if (!args->quiet)
		printf("Digest: %s\nStatus: %s %s\n", pulled.digest,
		       pulled.fresh ? "Downloaded newer image for" : "Image is up to date for",
		       use->operands[0]);
	printf("%s\n", pulled.name);
	return 0;
}

const struct hp_cmd hp_cmd_pull = {
	.name = "pull",
	.summary = "bring an image from a registry",
	.operands = "IMAGE[:TAG|@DIGEST]",
	.about =
		"User and password or token come from docker's config.json, in $DOCKER_CONFIG or\n"
		"~/.docker, or from the credential helper that it names. A registry on this\n"
		"machine (localhost:5000/..., 127.0.0.1:5000/...) is spoken to without TLS\n"
		"unless --tls-ca is given, all others with TLS unless --plain-http is. What is here\n"
		"already is not fetched again, and a pull that is interrupted leaves nothing.",
	.opts = pull_opts,
	.args_size = sizeof(struct pull_args),
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_IMAGE,
	.run = pull_run,
};
