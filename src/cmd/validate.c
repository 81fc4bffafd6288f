/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - harpoon validate: prove on this machine that the engine does its work. */
#include "cmd/commands.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/cli.h"
#include "proof/proof.h"
#include "wire/json.h"

#define DEFAULT_IMAGE "localhost/busybox:latest"

struct validate_args {
	const char *image;
	const char *runtime;
	int64_t cycles;
	bool json;
	bool quiet;
};

/* clang-format off: one row an option */
static const struct hp_opt validate_opts[] = {
	HP_OPT_STR(0, "image", struct validate_args, image, "IMAGE",
		   "an image with sh, sleep and dd (" DEFAULT_IMAGE ")"),
	HP_OPT_STR(0, "runtime", struct validate_args, runtime, "RUNTIME",
		   "what is validated: runc, crun, a shim such as io.containerd.NAME.v2"),
	HP_OPT_INT(0, "cycles", struct validate_args, cycles,
		   "how often a container is made and removed to find leaks", 1, 100000, 100),
	HP_OPT_FLAG(0, "json", struct validate_args, json,
		    "print one JSON document, not a table"),
	HP_OPT_FLAG('q', "quiet", struct validate_args, quiet, "no progress on stderr"),
	HP_OPT_END,
};
/* clang-format on */

/* Set by the handler of SIGINT, SIGTERM and SIGHUP; a handler has no other way to tell. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* The calls under way go on to their end, so that what they make is known and removed. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void show_progress(void *arg, const char *name, unsigned done, unsigned total)
{
	(void)arg;
	if (total)
		fprintf(stderr, "\r\033[K  %s %u/%u", name, done + 1, total);
	else
		fprintf(stderr, "\r\033[K  %s", name);
}

static void print_table(const struct hp_proof *proof)
{
	unsigned failed = 0;

	printf("%-10s %-26s %-5s %10s  %-44s %s\n", "PHASE", "WHAT", "", "TIME", "MEASURED",
	       "TARGET");
	for (size_t i = 0; i < proof->count; i++) {
		const struct hp_proof_row *row = &proof->rows[i];
		AUTO_FREE char *time =
			row->time_ns ? hp_sprintf("%.1f ms", (double)row->time_ns / 1e6)
				     : hp_strdup("");

		failed += !row->pass;
		printf("%-10s %-26s %-5s %10s  %-44s %s\n", row->phase, row->name,
		       row->pass ? "PASS" : "FAIL", time, row->measured, row->target);
	}
	printf("\n%s: %zu proven, %u failed%s\n", hp_proof_passed(proof) ? "PASS" : "FAIL",
	       proof->count - failed, failed,
	       proof->interrupted ? ", interrupted before the end" : "");
}

static void print_json(const struct hp_proof *proof, const struct validate_args *args,
		       struct hp_engine *engine)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();
	struct hp_json *rows = hp_json_array();
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < proof->count; i++) {
		const struct hp_proof_row *from = &proof->rows[i];
		struct hp_json *row = hp_json_object();

		hp_json_set_str(row, "phase", from->phase);
		hp_json_set_str(row, "name", from->name);
		hp_json_set_bool(row, "pass", from->pass);
		hp_json_set_i64(row, "timeNs", from->time_ns);
		hp_json_set_str(row, "measured", from->measured);
		hp_json_set_str(row, "target", from->target);
		hp_json_add(rows, row);
	}
	hp_json_set_str(top, "engine", hp_engine_name(engine));
	hp_json_set_str(top, "address", hp_engine_address(engine));
	hp_json_set_str(top, "image", args->image ? args->image : DEFAULT_IMAGE);
	hp_json_set_str(top, "runtime", args->runtime ? args->runtime : "");
	hp_json_set_bool(top, "pass", hp_proof_passed(proof));
	hp_json_set_bool(top, "interrupted", proof->interrupted);
	hp_json_set(top, "rows", rows);
	text = hp_json_text(top, true);
	printf("%s\n", text);
}

static int validate_run(const struct hp_use *use, struct hp_error *err)
{
	const struct validate_args *args = use->args;
	bool progress = !args->quiet && isatty(STDERR_FILENO);
	AUTO(hp_proof_clear) struct hp_proof proof = {0};
	struct hp_engine *engine = NULL;
	struct hp_proof_options options = {
		.image = args->image ? args->image : DEFAULT_IMAGE,
		.runtime = args->runtime,
		.cycles = (unsigned)args->cycles,
		.interrupted = &interrupted,
		.progress = progress ? show_progress : NULL,
	};
	int status;

	if (hp_cli_engine(use->cli, &engine, err) < 0)
		return -1;
	catch_signals();
	status = hp_proof_run(engine, &options, &proof, err);
	if (progress)
		fprintf(stderr, "\r\033[K");
	if (args->json)
		print_json(&proof, args, engine);
	else
		print_table(&proof);
	if (status < 0)
		return -1;
	if (proof.interrupted)
		return 128 + (int)interrupted;
	return hp_proof_passed(&proof) ? 0 : 1;
}

const struct hp_cmd hp_cmd_validate = {
	.name = "validate",
	.summary = "prove lifecycle, leaks, limits and speed of the engine on this machine",
	.about =
		"It runs containers of its own and removes them whatever happens. It exits with 0\n"
		"when all was proven, and with 1 when something was not.",
	.opts = validate_opts,
	.args_size = sizeof(struct validate_args),
	.run = validate_run,
};
