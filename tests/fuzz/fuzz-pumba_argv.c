/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-pumba_argv.c - any words as the command line of chaos, up to the plan; nothing is run. */
#include <string.h>

#include "base/alloc.h"
#include "cmd/chaos.h"
#include "cmd/pumba_help.h"
#include "fuzz.h"
#include "words.h"

static void check_plan(const struct hp_chaos_use *use, const struct hp_chaos_cmd *cmd)
{
	struct hp_plan plan = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_json_free) struct hp_json *args = NULL;

	if (cmd->plan(use, &plan, &args, &err) < 0) {
		FUZZ_CHECK(err.code != HP_OK && err.msg[0]);
		return;
	}
	FUZZ_CHECK(err.code == HP_OK && plan.action && hp_json_is_object(args));
	FUZZ_CHECK(plan.duration_ns >= 0);
}

/* Parse @words as what follows @cmd, and go into its commands. */
static void check_command(struct hp_chaos *chaos, const struct hp_chaos_cmd *cmd,
			  const void *parent, const char *const *words)
{
	AUTO_FREE void *args = hp_alloc(cmd->args_size + 1);
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (!cmd->flags)
		return;
	FUZZ_CHECK(hp_pflags_preset(cmd->flags, args, &err) == 0);
	int rc = hp_pflags_parse(cmd->flags, !cmd->subs, words, args, &operands, &err);
	FUZZ_CHECK((rc < 0) == (err.code != HP_OK));
	const struct hp_chaos_use use = {.chaos = chaos,
					 .args = args,
					 .parent = parent,
					 .operands = hp_strv_view(&operands)};
	if (rc == 0 && cmd->plan)
		check_plan(&use, cmd);
	for (const struct hp_chaos_cmd *const *s = cmd->subs; rc == 0 && s && *s; s++)
		check_command(chaos, *s, args, use.operands);
	hp_pflags_clear(cmd->flags, args);
}

static void check_completion(const char *const *words)
{
	char *printed = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&printed, &len);

	FUZZ_CHECK(out);
	hp_pumba_complete(out, words);
	fclose(out);
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *words[MAX_WORDS + 1];
	AUTO_FREE char *text = hp_strndup((const char *)data, size);
	AUTO(hp_strv_free) struct hp_strv rest = {0};
	struct hp_chaos chaos = {.called = "pumba"};
	struct hp_error err = HP_ERROR_INIT;

	split(text, words);
	check_completion(words);
	FUZZ_CHECK(hp_pflags_preset(hp_chaos_flags, &chaos.globals, &err) == 0);
	int rc = hp_pflags_parse(hp_chaos_flags, false, words, &chaos.globals, &rest, &err);
	FUZZ_CHECK((rc < 0) == (err.code != HP_OK));
	if (rc == 0)
		rc = hp_chaos_check(&chaos.globals, &err);
	FUZZ_CHECK((rc < 0) == (err.code != HP_OK));
	for (const struct hp_chaos_cmd *const *c = hp_chaos_cmds; *c; c++)
		check_command(&chaos, *c, NULL, rc == 0 ? hp_strv_view(&rest) : words);
	hp_pflags_clear(hp_chaos_flags, &chaos.globals);
	return 0;
}
